//! From an order that may come in to one that has traded, rests, waits or is over.

use std::collections::BTreeMap;

use super::admit::NOT_REDUCIBLE;
use super::floor::Floor;
use super::store::{Conditions, WaitsFor};
use super::take::{Bound, Taken, Taker};
use crate::book::{Queue, Slot};
use crate::command::{OrderKind, Phase, Place, PostOnly, TimeInForce, Visibility};
use crate::event::{CancelReason, Event, OrderType, Request};
use crate::types::{Notional, OrderId, Price, Qty};

/// What an order asks for when it is entered, beside what is kept with it.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    pub(super) order_type: OrderType,
    pub(super) time_in_force: TimeInForce,
    pub(super) visibility: Visibility,
    pub(super) all_or_none: bool,
    pub(super) min_quantity: Option<Qty>,
    pub(super) budget: Option<Notional>,
}

impl Entry {
    /// What a new order asks for.
    #[inline]
    fn of(place: &Place) -> Self {
        Self {
            order_type: OrderType::of(&place.kind),
            time_in_force: place.time_in_force,
            visibility: place.visibility,
            all_or_none: place.all_or_none,
            min_quantity: place.min_quantity,
            budget: match place.kind {
                OrderKind::MarketByQuote { budget } => Some(budget),
                _ => None,
            },
        }
    }

    /// A limit order good till cancelled, without conditions.
    pub(super) const PLAIN: Self = Self {
        order_type: OrderType::Limit,
        time_in_force: TimeInForce::Gtc,
        visibility: Visibility::Displayed,
        all_or_none: false,
        min_quantity: None,
        budget: None,
    };

    /// What a live order asks for when it is entered again.
    pub(super) fn again(conditions: Option<&Conditions>) -> Self {
        conditions.map_or(Self::PLAIN, |conditions| Self {
            order_type: conditions.order_type,
            time_in_force: conditions.time_in_force,
            visibility: conditions.visibility,
            all_or_none: conditions.all_or_none,
            ..Self::PLAIN
        })
    }

    /// The queue in which it rests.
    #[inline]
    pub(super) fn queue(&self) -> Queue {
        let behind =
            self.visibility == Visibility::Hidden || self.all_or_none || self.order_type == OrderType::Pegged;
        if behind { Queue::Behind } else { Queue::Displayed }
    }

    /// Whether its rest may stand in the book.
    #[inline]
    fn rests(&self) -> bool {
        !self.order_type.is_market() && !matches!(self.time_in_force, TimeInForce::Ioc | TimeInForce::Fok)
    }
}

impl Floor<'_> {
    /// Carries out any new order.
    #[inline(never)]
    pub(super) fn place_any(&mut self, place: &Place) {
        let price = self.admit(place, NOT_REDUCIBLE);
        match price.and_then(|price| self.admit_posting(place, price)) {
            Ok(price) => self.carry_out(place, price),
            Err(reason) => self.refuse_order(Request::Place, place, reason),
        }
    }

    /// Carries out a new order that was admitted at a price.
    pub(crate) fn carry_out(&mut self, place: &Place, price: Price) {
        let slot = self.accept(place, price);
        self.enter(slot, &Entry::of(place));
        self.come_to_rest();
    }

    /// Makes an order live and says so.
    pub(super) fn accept(&mut self, place: &Place, price: Price) -> Slot {
        let conditions = Conditions::of(place);
        let slot = self.store.insert(place, price, conditions);
        self.market.live[place.side as usize] += place.quantity;
        let order = self.store.orders.id(slot);
        let order_type = OrderType::of(&place.kind);
        self.say(Event::Accepted {
            instrument: self.market.id,
            order,
            account: place.account,
            side: place.side,
            order_type,
            price: place.kind.limit().map(|limit| {
                if place.post_only == PostOnly::Slide {
                    price
                } else {
                    limit
                }
            }),
            quantity: place.quantity,
        });
        if place.time_in_force != TimeInForce::Gtc || conditions.is_some() {
            self.accept_conditions(slot, order, place);
        }
        slot
    }

    /// Says what else was agreed, and begins to follow the price for an order that trails it.
    #[cold]
    fn accept_conditions(&mut self, slot: Slot, order: OrderId, place: &Place) {
        if self
            .store
            .conditions(slot)
            .is_some_and(|conditions| conditions.trail.is_some())
        {
            self.begin_trailing(slot);
        }
        let trigger = self
            .store
            .conditions(slot)
            .and_then(|conditions| conditions.trigger);
        let is_stop = OrderType::of(&place.kind).is_stop();
        self.market.stop_count += u32::from(is_stop);
        if place.time_in_force != TimeInForce::Gtc || is_stop {
            self.say(Event::Terms {
                order,
                time_in_force: place.time_in_force,
                trigger,
            });
        }
        if let Some(client_id) = place.client_id {
            self.say(Event::Named { order, client_id });
        }
    }

    /// Enters a live order that stands nowhere: rule 2.5.
    pub(super) fn enter(&mut self, slot: Slot, entry: &Entry) {
        let for_auction = matches!(entry.time_in_force, TimeInForce::AtOpen | TimeInForce::AtClose);
        if entry.order_type.is_stop() {
            self.elect_by_what_was_seen();
            self.wait_for_trigger(slot);
        } else if entry.order_type == OrderType::Pegged {
            self.wait_for_peg(slot);
        } else if for_auction {
            self.join_auction(slot, entry);
        } else if self.market.phase != Phase::Continuous {
            self.collect(slot, entry);
        } else {
            self.enter_continuous(slot, entry);
        }
    }

    /// Enters a new order of a list as it was asked for.
    pub(super) fn enter_as(&mut self, slot: Slot, place: &Place) {
        self.enter(slot, &Entry::of(place));
    }

    /// Enters an order that takes what it can at once, and tells whether it has traded.
    pub(super) fn enter_continuous(&mut self, slot: Slot, entry: &Entry) -> bool {
        let mut taker = self.taker(slot, entry);
        if let Some(reason) = self.refused_on_entry(&taker, entry) {
            self.cancel(slot, reason);
            return false;
        }
        if entry.all_or_none && self.executable(&taker, taker.remaining) < taker.remaining {
            self.queue(slot, Queue::Behind);
            return false;
        }
        let taken = self.take(&mut taker);
        self.after_taking(&taker, entry, taken);
        taker.has_traded
    }

    /// Waiting all-or-none orders, tried again when something was queued: rule 4.4. Whether one of them took.
    #[inline]
    pub(super) fn try_all_or_none(&mut self) -> bool {
        std::mem::take(&mut self.market.pending.queued)
            && !self.market.all_or_none.iter().all(BTreeMap::is_empty)
            && self.try_each_all_or_none()
    }

    #[cold]
    fn try_each_all_or_none(&mut self) -> bool {
        let waiting: Vec<Slot> = self
            .market
            .all_or_none
            .iter()
            .flat_map(BTreeMap::values)
            .copied()
            .collect();
        for slot in waiting {
            let entry = Entry::again(self.store.conditions(slot));
            let mut taker = self.taker(slot, &entry);
            if self.executable(&taker, taker.remaining) >= taker.remaining {
                self.unqueue(slot);
                let taken = self.take(&mut taker);
                self.after_taking(&taker, &entry, taken);
                self.market.pending.queued = true;
                return true;
            }
        }
        false
    }

    /// Rules 4.1, 4.2 and 4.3: why an order is over before it takes.
    #[inline]
    fn refused_on_entry(&self, taker: &Taker, entry: &Entry) -> Option<CancelReason> {
        if entry.time_in_force == TimeInForce::Fok || entry.all_or_none && !entry.rests() {
            let enough = self.executable(taker, taker.remaining) >= taker.remaining;
            return (!enough).then_some(CancelReason::FokKilled);
        }
        let least = entry.min_quantity?;
        (self.executable(taker, least) < least).then_some(CancelReason::MinQuantity)
    }

    /// Rules 3.4 to 3.6: deals with what taking has left.
    #[inline]
    fn after_taking(&mut self, taker: &Taker, entry: &Entry, taken: Taken) {
        if taker.has_traded && self.store.orders.mark(taker.slot) != 0 {
            self.touch_link(taker.slot);
        }
        match taken {
            Taken::Over => {}
            Taken::All if taker.has_traded || taker.budget.is_none() => {
                self.leave(taker.slot, Qty::ZERO);
            }
            Taken::NoMore if entry.rests() && taker.bound != Bound::Nowhere => self.rest(taker, entry),
            Taken::All | Taken::NoMore => {
                let nothing_there = entry.order_type.is_market() || taker.bound == Bound::Nowhere;
                let reason = if nothing_there {
                    CancelReason::NoLiquidity
                } else {
                    CancelReason::IocRemainder
                };
                self.cancel_rest(taker.slot, taker.remaining, taker.remaining, reason);
            }
            Taken::Interrupted => self.interrupt(taker, entry),
        }
    }

    /// Rests what a taker has left, at its bound.
    #[inline]
    fn rest(&mut self, taker: &Taker, entry: &Entry) {
        let slot = taker.slot;
        if entry.order_type == OrderType::MarketToLimit {
            let Bound::Price(bound) = taker.bound else {
                unreachable!("a market-to-limit order rests where it is bounded")
            };
            self.store.orders.set_price(slot, bound);
            self.become_type(slot, OrderType::Limit);
        }
        self.show(slot, taker.remaining);
        self.queue(slot, entry.queue());
    }

    /// Sets what a parked order will show of its remaining quantity, and what it keeps back.
    #[inline]
    pub(super) fn show(&mut self, slot: Slot, remaining: Qty) {
        let display = self.store.conditions(slot).and_then(Conditions::display);
        let shown = display.map_or(remaining, |display| display.min(remaining));
        self.store.orders.set_quantity(slot, shown);
        if display.is_some() {
            self.store.conditions_mut(slot).reserve = remaining - shown;
        }
    }

    /// Rule 3.6: a trade that would leave the dynamic band calls an auction instead.
    #[cold]
    fn interrupt(&mut self, taker: &Taker, entry: &Entry) {
        let is_priced = matches!(entry.order_type, OrderType::Limit | OrderType::Pegged);
        if entry.rests() && is_priced && !entry.all_or_none {
            self.rest(taker, entry);
        } else {
            let remaining = taker.remaining;
            self.cancel_rest(
                taker.slot,
                remaining,
                remaining,
                CancelReason::VolatilityInterruption,
            );
        }
        self.begin_volatility_auction();
    }

    /// Rule 8.2: takes an order into an auction (or keeps it through a halt).
    pub(super) fn collect(&mut self, slot: Slot, entry: &Entry) {
        if entry.order_type.is_market() {
            self.store.wait(slot, WaitsFor::Uncrossing);
            let (side, arrival) = (self.store.orders.side(slot), self.store.details(slot).arrival);
            self.market.auction.markets[side as usize].insert(arrival, slot);
            return;
        }
        self.show(slot, self.store.remaining(slot));
        self.queue(slot, entry.queue());
    }

    /// An order for auctions only: it joins one that is on, and else waits for it.
    fn join_auction(&mut self, slot: Slot, entry: &Entry) {
        let arrival = self.store.details(slot).arrival;
        self.market.for_auction.insert(arrival, slot);
        if self.market.phase == Phase::Auction && entry.time_in_force == TimeInForce::AtOpen {
            self.collect(slot, entry);
        } else {
            self.store.wait(slot, WaitsFor::Auction);
        }
    }

    /// Changes what an order is from now on.
    pub(super) fn become_type(&mut self, slot: Slot, order_type: OrderType) {
        self.store.conditions_mut(slot).order_type = order_type;
    }
}
