//! A market from plain data: every order goes back to where it stood, if it can stand there.

use super::alone::Market;
use super::auction::Outcome;
use super::enter::Entry;
use super::floor::{Floor, Instrument, Pending};
use super::linked::Link;
use super::possible::{Home, is_ahead};
use super::store::{Conditions, Details, Store, WaitsFor};
use crate::book::{self, OrderIds, Orders, Queue, Slot};
use crate::command::{LinkKind, Phase, TimeInForce};
use crate::event::OrderType;
use crate::snapshot::{
    ConditionsSnapshot, InstrumentFault, InstrumentSnapshot, LinkFault, LinkSnapshot, MarketSnapshot,
    OrderFault, OrderSnapshot, OrdersSnapshot, RestoreError, SNAPSHOT_COUNT_MAX, SNAPSHOT_VERSION,
    SideSnapshot, Waits,
};
use crate::types::{InstrumentId, OrderId, Price, Qty, Side, Timestamp};

impl Store {
    /// A store as it was, still without its orders, of which there are `live`.
    pub(crate) fn restore(
        ids: OrderIds,
        orders_max: u32,
        live: usize,
        snapshot: &OrdersSnapshot,
    ) -> Result<Self, RestoreError> {
        if snapshot.arrivals > SNAPSHOT_COUNT_MAX {
            return Err(RestoreError::Count(snapshot.arrivals));
        }
        let too_many = RestoreError::TooManyOrders { live, orders_max };
        if live > orders_max as usize {
            return Err(too_many);
        }
        // A place that is not free is retired or has one of the orders, so no number of a snapshot asks for more
        // memory than the snapshot itself.
        let places = live + snapshot.free.len() + snapshot.retired.len();
        let places = u32::try_from(places).map_err(|_| too_many)?;
        if let (OrderIds::Chosen { .. }, Some(place)) = (ids, snapshot.retired.first()) {
            return Err(RestoreError::Place(*place));
        }
        let free: Vec<(u32, u32)> = snapshot
            .free
            .iter()
            .map(|free| (free.place, free.generation))
            .collect();
        let mut store = Self::new(ids, orders_max);
        store.orders = Orders::restore(ids, orders_max, places, &free).map_err(|error| match error {
            book::RestoreError::FreeSlot(place) => RestoreError::Place(place),
            _ => too_many,
        })?;
        store.arrivals = snapshot.arrivals;
        Ok(store)
    }

    /// What can only be seen when all orders are back: arrivals are unique, and the retired places are those said.
    pub(crate) fn check_restored(&self, snapshot: &OrdersSnapshot) -> Result<(), RestoreError> {
        let mut arrivals: Vec<(u64, OrderId)> = self
            .orders
            .iter()
            .map(|slot| (self.details(slot).arrival, self.orders.id(slot)))
            .collect();
        arrivals.sort_unstable();
        if let Some(twice) = arrivals.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(order_fault(twice[0].1, OrderFault::Arrival));
        }
        let mut retired = self.orders.retired();
        match snapshot
            .retired
            .iter()
            .find(|place| retired.next() != Some(**place))
        {
            Some(place) => Err(RestoreError::Place(*place)),
            None => Ok(()),
        }
    }

    /// Takes an order back, parked.
    fn put_back(
        &mut self,
        instrument: InstrumentId,
        side: Side,
        order: &OrderSnapshot,
    ) -> Result<Slot, RestoreError> {
        let details = Details::new(order.account, order.total, order.arrival, instrument);
        let conditions = order.conditions.as_deref();
        let reserve = conditions.map_or(Qty::ZERO, |conditions| conditions.reserve);
        let slot = self
            .orders
            .restore_order(order.id, side, order.price, order.remaining - reserve, details)
            .map_err(|_| order_fault(order.id, OrderFault::Id))?;
        let Some(conditions) = conditions else {
            return Ok(slot);
        };
        if let (Some(account), Some(client_id)) = (order.account, conditions.client_id)
            && self.find_client(account, client_id).is_some()
        {
            return Err(order_fault(order.id, OrderFault::ClientId));
        }
        self.add_conditions(slot, Conditions::restored(conditions));
        Ok(slot)
    }
}

impl Conditions {
    /// The conditions that a snapshot says; what they wait for and depend on is found elsewhere.
    fn restored(snapshot: &ConditionsSnapshot) -> Self {
        Self {
            order_type: snapshot.order_type,
            time_in_force: snapshot.time_in_force,
            visibility: snapshot.visibility,
            post_only: snapshot.post_only,
            all_or_none: snapshot.all_or_none,
            reduce_only: snapshot.reduce_only,
            self_trade: snapshot.self_trade,
            group: snapshot.group,
            client_id: snapshot.client_id,
            reserve: snapshot.reserve,
            trigger: snapshot.trigger,
            trail: snapshot.trail.map(|trail| trail.distance),
            trail_best: snapshot.trail.and_then(|trail| trail.best),
            peg: snapshot.peg.map(|peg| (peg.peg, peg.offset)),
            peg_limit: snapshot.peg.and_then(|peg| peg.limit),
            link: None,
            waits: None,
        }
    }
}

impl Market {
    /// The market of a snapshot: it says to everything that it is asked what the other would have said.
    ///
    /// # Errors
    /// When no market can have this snapshot. There is no market then: all is restored, or nothing.
    pub fn restore(snapshot: &MarketSnapshot) -> Result<Self, RestoreError> {
        let MarketSnapshot {
            version,
            id,
            ids,
            orders_max,
            now,
            ref orders,
            ref market,
        } = *snapshot;
        if version != SNAPSHOT_VERSION {
            return Err(RestoreError::Version { found: version });
        }
        let mut store = Store::restore(ids, orders_max, market.live(), orders)?;
        let instrument = Instrument::restore(id, market, &mut store, now)?;
        store.check_restored(orders)?;
        Ok(Self {
            instrument,
            store,
            now,
        })
    }
}

fn order_fault(order: OrderId, fault: OrderFault) -> RestoreError {
    RestoreError::Order { order, fault }
}

impl Instrument {
    /// A market as it was; its orders go into `store`.
    pub(crate) fn restore(
        id: InstrumentId,
        snapshot: &InstrumentSnapshot,
        store: &mut Store,
        now: Timestamp,
    ) -> Result<Self, RestoreError> {
        let fault = |fault| RestoreError::Instrument {
            instrument: id,
            fault,
        };
        let prices = [snapshot.last, snapshot.marked].into_iter().flatten();
        if prices.into_iter().any(|price| !snapshot.spec.allows_price(price)) {
            return Err(fault(InstrumentFault::Price));
        }
        let mut market = Self::new(id, snapshot.spec.clone());
        (market.phase, market.last, market.marked) = (snapshot.phase, snapshot.last, snapshot.marked);
        // Going back to its place an order says what it said when it came there: that is history.
        let mut history = Vec::new();
        let mut floor = Floor {
            market: &mut market,
            store,
            now,
            events: &mut history,
        };
        floor.put_back_side(Side::Buy, &snapshot.buys)?;
        floor.put_back_side(Side::Sell, &snapshot.sells)?;
        floor.put_back_links(&snapshot.links)?;
        floor.check_stops_and_pegs()?;
        floor
            .put_back_auction(snapshot)
            .and_then(|()| floor.market.check_restored())
            .map_err(fault)?;
        market.pending = Pending::default();
        Ok(market.at_rest())
    }

    fn check_restored(&self) -> Result<(), InstrumentFault> {
        if self.stop_count > self.spec.terms().stops_max {
            return Err(InstrumentFault::TooManyStops);
        }
        match (
            self.phase,
            self.sides.best(Side::Buy),
            self.sides.best(Side::Sell),
        ) {
            (Phase::Continuous, Some(bid), Some(ask)) if bid >= ask => {
                Err(InstrumentFault::Crossed { bid, ask })
            }
            _ => Ok(()),
        }
    }
}

impl Floor<'_> {
    fn put_back_side(&mut self, side: Side, snapshot: &SideSnapshot) -> Result<(), RestoreError> {
        let mut before: Option<(Price, Queue)> = None;
        for order in &snapshot.queued {
            let slot = self.put_back(side, true, order)?;
            let queue = Entry::again(self.store.conditions(slot)).queue();
            let in_turn = before.is_none_or(|(price, before)| {
                price.is_better(order.price, side)
                    || price == order.price && (before == Queue::Displayed || queue == Queue::Behind)
            });
            if !in_turn {
                return Err(order_fault(order.id, OrderFault::Priority));
            }
            before = Some((order.price, queue));
            self.queue(slot, queue);
            self.events.clear();
            self.list_queued(slot);
        }
        let mut last_arrival = 0;
        for order in &snapshot.waiting {
            let slot = self.put_back(side, false, order)?;
            if order.arrival <= last_arrival {
                return Err(order_fault(order.id, OrderFault::Arrival));
            }
            last_arrival = order.arrival;
            let waits = order
                .conditions
                .as_deref()
                .and_then(|conditions| conditions.waits);
            self.list_waiting(
                slot,
                waits.expect("only an order that waits can live out of the book"),
            );
        }
        Ok(())
    }

    /// Takes an order back that can live here, with its share of what is counted.
    fn put_back(&mut self, side: Side, queued: bool, order: &OrderSnapshot) -> Result<Slot, RestoreError> {
        let home = Home {
            spec: &self.market.spec,
            phase: self.market.phase,
            side,
            queued,
            now: self.now,
            arrivals: self.store.arrivals,
        };
        home.admits(order).map_err(|fault| order_fault(order.id, fault))?;
        let slot = self.store.put_back(self.market.id, side, order)?;
        let live = &mut self.market.live[side as usize];
        *live = live
            .checked_add(order.remaining)
            .ok_or(RestoreError::Instrument {
                instrument: self.market.id,
                fault: InstrumentFault::TooMuch(side),
            })?;
        self.market.stop_count += u32::from(self.store.order_type(slot).is_stop());
        Ok(slot)
    }

    /// Puts an order of the book into the lists in which it stands beside.
    fn list_queued(&mut self, slot: Slot) {
        let Some(conditions) = self.store.conditions(slot) else {
            return;
        };
        let arrival = self.store.details(slot).arrival;
        if conditions.order_type == OrderType::Pegged {
            self.market.pegs.insert(arrival, slot);
        }
        if conditions.time_in_force == TimeInForce::AtOpen {
            self.market.for_auction.insert(arrival, slot);
        }
    }

    /// Puts an order into the lists of those that wait for the same.
    fn list_waiting(&mut self, slot: Slot, waits: Waits) {
        let arrival = self.store.details(slot).arrival;
        let time_in_force = self.store.conditions_mut(slot).time_in_force;
        if matches!(time_in_force, TimeInForce::AtOpen | TimeInForce::AtClose) {
            self.market.for_auction.insert(arrival, slot);
        }
        match waits {
            Waits::Trigger => self.wait_for_trigger(slot),
            Waits::Peg => self.wait_for_peg(slot),
            Waits::Auction => self.store.wait(slot, WaitsFor::Auction),
            Waits::Arming => self.store.wait(slot, WaitsFor::Arming),
            Waits::Uncrossing => {
                self.store.wait(slot, WaitsFor::Uncrossing);
                let side = self.store.orders.side(slot);
                self.market.auction.markets[side as usize].insert(arrival, slot);
            }
        }
    }

    fn put_back_links(&mut self, links: &[LinkSnapshot]) -> Result<(), RestoreError> {
        let instrument = self.market.id;
        let mut last = 0;
        for link in links {
            let fault = |fault| RestoreError::Link {
                instrument,
                link: link.id,
                fault,
            };
            if link.id <= last || link.id > self.store.arrivals {
                return Err(fault(LinkFault::Id));
            }
            last = link.id;
            self.put_back_link(link).map_err(fault)?;
        }
        let unlinked = |slot: &Slot| {
            self.store.details(*slot).instrument == instrument
                && self.store.conditions(*slot).is_some_and(|conditions| {
                    conditions.waits == Some(WaitsFor::Arming) && conditions.link.is_none()
                })
        };
        match self.store.orders.iter().find(unlinked) {
            Some(slot) => Err(order_fault(self.store.orders.id(slot), OrderFault::Unlinked)),
            None => Ok(()),
        }
    }

    fn put_back_link(&mut self, link: &LinkSnapshot) -> Result<(), LinkFault> {
        let count = match link.kind {
            LinkKind::OneCancelsOther => 1..=2,
            LinkKind::Bracket => 1..=3,
        };
        if !count.contains(&link.orders.len()) {
            return Err(LinkFault::Count);
        }
        let mut members = [None; 3];
        for (id, member) in link.orders.iter().zip(&mut members) {
            let slot = self.store.orders.find(*id);
            let slot = slot.filter(|slot| self.store.details(*slot).instrument == self.market.id);
            let slot = slot.filter(|slot| {
                let conditions = self.store.conditions(*slot);
                conditions.is_none_or(|conditions| conditions.link.is_none())
            });
            let slot = slot.ok_or(LinkFault::Order(*id))?;
            self.store.link(slot, link.id);
            *member = Some(slot);
        }
        if !self.goes_together(link.kind, &members) {
            return Err(LinkFault::Orders);
        }
        self.market.links.insert(link.id, Link::new(link.kind, members));
        Ok(())
    }

    /// Rule 9.1, of what is left of a list.
    fn goes_together(&self, kind: LinkKind, members: &[Option<Slot>; 3]) -> bool {
        let live: Vec<Slot> = members.iter().flatten().copied().collect();
        let orders = &self.store.orders;
        let (first, others) = live.split_first().expect("a list with orders was asked for");
        let account = |slot: &Slot| self.store.details(*slot).account;
        let is_exit = |slot: &Slot| self.waits(*slot) == Some(WaitsFor::Arming);
        let is_limit = |slot: &Slot| self.store.order_type(*slot) == OrderType::Limit;
        let lasts = |slot: &Slot| {
            let conditions = self
                .store
                .conditions(*slot)
                .expect("an order of a list has conditions");
            matches!(
                conditions.time_in_force,
                TimeInForce::Gtc | TimeInForce::Gtd(_) | TimeInForce::Day
            ) && (is_limit(slot) || conditions.order_type.is_stop())
        };
        let one_owner = others.iter().all(|slot| account(slot) == account(first));
        let rules = match kind {
            LinkKind::OneCancelsOther => {
                live.iter().all(|slot| lasts(slot) && !is_exit(slot))
                    && others
                        .iter()
                        .all(|slot| orders.side(*slot) == orders.side(*first))
                    && live.iter().filter(|slot| is_limit(slot)).count() < 2
            }
            LinkKind::Bracket => {
                !is_exit(first)
                    && self.store.order_type(*first) != OrderType::Pegged
                    && others.iter().all(|slot| lasts(slot) && is_exit(slot))
                    && others
                        .iter()
                        .all(|slot| orders.side(*slot) != orders.side(*first))
            }
        };
        one_owner && rules
    }

    /// Between commands a continuous market has no stop whose price has come, and its pegs stand where they belong.
    fn check_stops_and_pegs(&self) -> Result<(), RestoreError> {
        if self.market.phase != Phase::Continuous {
            return Ok(());
        }
        if let Some(slot) = self.market.reached_stop() {
            return Err(order_fault(self.store.orders.id(slot), OrderFault::Trigger));
        }
        let misplaced = |slot: &&Slot| self.is_misplaced(**slot);
        match self.market.pegs.values().find(misplaced) {
            Some(slot) => Err(order_fault(self.store.orders.id(*slot), OrderFault::Peg)),
            None => Ok(()),
        }
    }

    /// What was said of an auction must be what it would do, and an end that it has must be ahead.
    fn put_back_auction(&mut self, snapshot: &InstrumentSnapshot) -> Result<(), InstrumentFault> {
        let in_auction = self.market.phase == Phase::Auction;
        let expected = if in_auction {
            self.auction_outcome()
        } else {
            Outcome::default()
        };
        let said = Outcome {
            price: snapshot.indicative.price,
            quantity: snapshot.indicative.quantity,
            imbalance: snapshot.indicative.imbalance,
        };
        if said != expected {
            return Err(InstrumentFault::Indicative);
        }
        self.market.auction.said = said;
        if let Some(end) = snapshot.auction_ends {
            if !in_auction || !is_ahead(end, self.now) {
                return Err(InstrumentFault::AuctionEnd);
            }
            self.market.auction.ends = Some(end);
            self.store.set_auction_end(self.market.id, None, Some(end));
        }
        Ok(())
    }
}
