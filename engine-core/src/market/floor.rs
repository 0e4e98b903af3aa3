//! One instrument's state, and the floor on which a command is carried out.

use std::collections::{BTreeMap, VecDeque};

use super::auction::Auction;
use super::bounds::Bounds;
use super::linked::Link;
use super::stops::Stops;
use super::store::{Store, WaitsFor, flag};
use crate::book::{OrderIds, Queue, Sides, Slot};
use crate::command::{Phase, Place, TimeInForce};
use crate::event::{Asked, CancelReason, Displayed, Event, OrderType, RejectReason, Request};
use crate::spec::{InstrumentSpec, TriggerSource};
use crate::types::{AccountId, InstrumentId, OrderId, Price, Qty, Side, Timestamp};

/// Everything that one instrument's market remembers, but for its orders, which live in the [`Store`].
///
/// Invariants: `live` is the sum of what its live orders have left; outside an auction, and a halt after one, the
/// displayed sides do not reach each other; what follows from a command (`pending`) is empty between commands;
/// every waiting order stands in exactly one of `stops`, `pegs`, `for_auction`, `auction` and `links`.
///
/// What a plain order needs comes first, down to `phase`, in one cache line: of many markets the next one is rarely near.
#[repr(C, align(64))]
pub(crate) struct Instrument {
    bounds: Bounds,
    /// What all live orders of a side have left.
    pub(crate) live: [Qty; 2],
    pub(crate) id: InstrumentId,
    /// Whether nothing reacts to others, as it was when it last came to rest.
    is_plain: bool,
    pub(crate) phase: Phase,
    pub(crate) sides: Sides,
    /// The price of the last trade.
    pub(crate) last: Option<Price>,
    pub(crate) spec: InstrumentSpec,
    /// The mark price.
    pub(crate) marked: Option<Price>,
    pub(crate) stops: Stops,
    /// Live orders of stop kinds that were not set off.
    pub(crate) stop_count: u32,
    /// Pegged orders, queued or not, by arrival.
    pub(crate) pegs: BTreeMap<u64, Slot>,
    /// Queued all-or-none orders, by rank (the best first) and arrival.
    pub(crate) all_or_none: [BTreeMap<(i64, u64), Slot>; 2],
    /// At-the-open and at-the-close orders, queued or not, by arrival.
    pub(crate) for_auction: BTreeMap<u64, Slot>,
    pub(crate) auction: Auction,
    pub(crate) links: BTreeMap<u64, Link>,
    pub(crate) pending: Pending,
}

const _: () = assert!(std::mem::offset_of!(Instrument, sides) <= 64);

/// What still follows from the command that is being carried out.
#[derive(Default)]
pub(crate) struct Pending {
    /// Links of which an order has traded, was set off or is over.
    pub(crate) touched: VecDeque<u64>,
    /// Stops that have been elected and wait for their turn.
    pub(crate) elected: VecDeque<OrderId>,
    /// An order was queued since all-or-none orders were last tried.
    pub(crate) queued: bool,
    /// Stops have to be looked at: the trigger price may have changed, or one has come.
    pub(crate) trigger_moved: bool,
    /// The lowest and the highest price of a trade since stops were last looked at.
    pub(crate) seen: Option<(Price, Price)>,
    /// A peg may stand at another price than it should.
    pub(crate) book_moved: bool,
}

impl Instrument {
    /// A market without orders.
    pub(crate) fn new(id: InstrumentId, spec: InstrumentSpec) -> Self {
        Self {
            bounds: Bounds::of(&spec),
            id,
            phase: spec.terms().initial_phase,
            spec,
            sides: Sides::new(),
            live: [Qty::ZERO; 2],
            last: None,
            marked: None,
            stops: Stops::default(),
            stop_count: 0,
            pegs: BTreeMap::new(),
            all_or_none: [BTreeMap::new(), BTreeMap::new()],
            for_auction: BTreeMap::new(),
            auction: Auction::default(),
            links: BTreeMap::new(),
            pending: Pending::default(),
            is_plain: false,
        }
        .at_rest()
    }

    /// What the spec says about plain orders.
    #[inline]
    pub(super) fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// Whether nothing can follow from a command but what it does itself: the market is continuous and has no order
    /// that reacts to others. Between commands only.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.is_plain
    }

    /// Looks at whether it is a plain market from now on.
    pub(super) fn at_rest(mut self) -> Self {
        self.is_plain = self.nothing_reacts();
        self
    }

    fn nothing_reacts(&self) -> bool {
        self.phase == Phase::Continuous
            && self.stop_count == 0
            && self.pegs.is_empty()
            && self.links.is_empty()
            && self.all_or_none.iter().all(BTreeMap::is_empty)
    }

    /// Panics where an invariant of this type is broken.
    pub(crate) fn check_invariants(&self, store: &Store) {
        let mut queued = 0;
        let mut live = [Qty::ZERO; 2];
        let mut stops = 0;
        let own = store
            .orders
            .iter()
            .filter(|slot| store.details(*slot).instrument == self.id);
        for slot in own {
            live[store.orders.side(slot) as usize] += store.remaining(slot);
            assert!(
                store.remaining(slot) <= store.details(slot).total,
                "an order has at most its total left"
            );
            let waits = store.conditions(slot).and_then(|conditions| conditions.waits);
            assert_eq!(
                waits.is_none(),
                store.orders.queue(slot).is_some(),
                "an order is queued, or it waits"
            );
            queued += usize::from(waits.is_none());
            stops += u32::from(store.order_type(slot).is_stop());
            self.check_waiting(store, slot, waits);
        }
        assert_eq!(self.live, live, "a side has left what its orders have left");
        assert_eq!(self.stop_count, stops, "stops are counted");
        assert_eq!(self.is_plain, self.nothing_reacts(), "what reacts is known");
        assert_eq!(self.bounds, Bounds::of(&self.spec), "the bounds are the spec's");
        assert_eq!(
            self.sides.check_invariants(&store.orders),
            queued,
            "every queued order is in the book"
        );
        assert!(
            self.pending.touched.is_empty() && self.pending.elected.is_empty(),
            "nothing is left to do"
        );
        if self.phase == Phase::Continuous {
            assert_eq!(
                self.pending.seen, None,
                "the next stop has not seen earlier trades"
            );
            assert_eq!(
                self.reached_stop(),
                None,
                "a stop whose price has come does not wait"
            );
        }
        if let (Phase::Continuous, Some(bid), Some(ask)) = (
            self.phase,
            self.sides.best(Side::Buy),
            self.sides.best(Side::Sell),
        ) {
            assert!(
                bid < ask,
                "displayed sides do not reach each other: {bid} and {ask}"
            );
        }
    }

    /// A waiting order stands in the list that belongs to what it waits for.
    fn check_waiting(&self, store: &Store, slot: Slot, waits: Option<WaitsFor>) {
        let arrival = store.details(slot).arrival;
        let listed = match waits {
            None => true,
            Some(WaitsFor::Trigger) => self.stops.contains(slot),
            Some(WaitsFor::Turn) => false,
            Some(WaitsFor::Auction) => self.for_auction.get(&arrival) == Some(&slot),
            Some(WaitsFor::Uncrossing) => {
                self.auction.markets[store.orders.side(slot) as usize].get(&arrival) == Some(&slot)
            }
            Some(WaitsFor::Peg) => self.pegs.get(&arrival) == Some(&slot),
            Some(WaitsFor::Arming) => store
                .conditions(slot)
                .is_some_and(|conditions| conditions.link.is_some_and(|link| self.links.contains_key(&link))),
        };
        assert!(listed, "an order that waits for {waits:?} is listed");
    }

    /// The price that sets off stops.
    pub(crate) fn trigger_price(&self) -> Option<Price> {
        match self.spec.terms().trigger_source {
            TriggerSource::LastTrade => self.last,
            TriggerSource::Mark => self.marked,
        }
    }
}

/// Where one command is carried out: an instrument, the orders, the time, and the events that it leaves.
pub(crate) struct Floor<'a> {
    pub(crate) market: &'a mut Instrument,
    pub(crate) store: &'a mut Store,
    pub(crate) now: Timestamp,
    pub(crate) events: &'a mut Vec<Event>,
}

/// Says that a new order was refused, and what it was to be.
#[cold]
pub(crate) fn say_refused_order(
    events: &mut Vec<Event>,
    ids: OrderIds,
    request: Request,
    place: &Place,
    reason: RejectReason,
) {
    let order = match ids {
        OrderIds::Assigned => OrderId::new(0),
        OrderIds::Chosen { .. } => place.id,
    };
    let asked = Asked {
        side: place.side,
        order_type: OrderType::of(&place.kind),
        price: place.kind.limit(),
        quantity: place.quantity,
    };
    events.push(Event::Rejected {
        instrument: Some(place.instrument),
        order,
        account: place.account,
        request,
        reason,
        asked: Some(asked),
    });
    if let Some(client_id) = place.client_id {
        events.push(Event::Named { order, client_id });
    }
}

impl Floor<'_> {
    #[inline]
    pub(super) fn say(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Says that a command was refused.
    #[cold]
    pub(super) fn refuse(
        &mut self,
        request: Request,
        order: OrderId,
        account: Option<AccountId>,
        reason: RejectReason,
    ) {
        let instrument = Some(self.market.id);
        self.say(Event::Rejected {
            instrument,
            order,
            account,
            request,
            reason,
            asked: None,
        });
    }

    /// Says that a new order was refused, and what it was to be.
    #[cold]
    pub(crate) fn refuse_order(&mut self, request: Request, place: &Place, reason: RejectReason) {
        say_refused_order(self.events, self.store.orders.ids(), request, place, reason);
    }

    /// Puts an order into a queue of its price and says so.
    #[inline]
    pub(super) fn queue(&mut self, slot: Slot, queue: Queue) {
        let Self { market, store, .. } = self;
        market.sides.enqueue(&mut store.orders, slot, queue);
        market.pending.queued = true;
        market.pending.book_moved = true;
        let order = store.orders.view(slot);
        let displayed = match queue {
            Queue::Displayed => order.quantity(),
            Queue::Behind => Qty::ZERO,
        };
        let rested = Event::Rested {
            instrument: market.id,
            order: order.id(),
            side: order.side(),
            price: order.price(),
            displayed,
        };
        self.say(rested);
        if order.mark() & flag::ALL_OR_NONE != 0 {
            let (side, key) = self.all_or_none_key(slot);
            self.market.all_or_none[side as usize].insert(key, slot);
        }
    }

    /// Takes an order out of its queue, alive, and tells where it was displayed.
    pub(super) fn unqueue(&mut self, slot: Slot) -> Option<Displayed> {
        let queue = self.store.orders.queue(slot)?;
        if self.store.orders.mark(slot) & flag::ALL_OR_NONE != 0 {
            let (side, key) = self.all_or_none_key(slot);
            self.market.all_or_none[side as usize].remove(&key);
        }
        let orders = &mut self.store.orders;
        self.market.sides.dequeue(orders, slot);
        self.market.pending.book_moved = true;
        let displayed = Displayed {
            price: orders.price(slot),
            quantity: orders.quantity(slot),
        };
        (queue == Queue::Displayed).then_some(displayed)
    }

    /// Where an all-or-none order stands among those of its side.
    fn all_or_none_key(&self, slot: Slot) -> (Side, (i64, u64)) {
        let side = self.store.orders.side(slot);
        let price = self.store.orders.price(slot).ticks();
        let worse = match side {
            Side::Buy => -price,
            Side::Sell => price,
        };
        (side, (worse, self.store.details(slot).arrival))
    }

    /// The one door out: takes an order from wherever it stands and forgets it. `left` is what it had left.
    #[inline]
    pub(super) fn leave(&mut self, slot: Slot, left: Qty) -> Option<Displayed> {
        let order = self.store.orders.view(slot);
        self.market.live[order.side() as usize] -= left;
        if order.mark() != 0 || order.queue() != Some(Queue::Displayed) {
            return self.leave_special(slot, left);
        }
        let Self { market, store, .. } = self;
        market.pending.book_moved = true;
        market.sides.evict(&mut store.orders, slot);
        Some(Displayed {
            price: order.price(),
            quantity: order.quantity(),
        })
    }

    /// The one door out, for orders that may stand in more than the displayed book.
    fn leave_special(&mut self, slot: Slot, left: Qty) -> Option<Displayed> {
        let displayed = self.unqueue(slot);
        self.unlist(slot, left);
        self.store.remove(slot);
        displayed
    }

    /// Takes an order with conditions out of every list that it stands in.
    #[cold]
    fn unlist(&mut self, slot: Slot, remaining: Qty) {
        let details = *self.store.details(slot);
        let Some(&conditions) = self.store.conditions(slot) else {
            return;
        };
        if conditions.order_type == OrderType::Pegged {
            self.market.pegs.remove(&details.arrival);
        }
        if conditions.order_type.is_stop() {
            self.market.stop_count -= 1;
        }
        if matches!(
            conditions.time_in_force,
            TimeInForce::AtOpen | TimeInForce::AtClose
        ) {
            self.market.for_auction.remove(&details.arrival);
        }
        match conditions.waits {
            Some(WaitsFor::Trigger) => {
                self.market
                    .stops
                    .remove(&conditions, details.arrival, self.store.orders.side(slot))
            }
            Some(WaitsFor::Uncrossing) => {
                self.market.auction.markets[self.store.orders.side(slot) as usize].remove(&details.arrival);
            }
            _ => {}
        }
        if let Some(link) = conditions.link {
            self.unlink(link, slot, details.total - remaining);
        }
    }

    /// Ends an order before all of it traded, and says so. What follows from it waits for `come_to_rest`.
    pub(crate) fn cancel(&mut self, slot: Slot, reason: CancelReason) {
        let remaining = self.store.remaining(slot);
        self.cancel_rest(slot, remaining, remaining, reason);
    }

    /// Like [`Floor::cancel`], for a taker: `left` is what it has left of its quantity, `remaining` what is said.
    pub(super) fn cancel_rest(&mut self, slot: Slot, left: Qty, remaining: Qty, reason: CancelReason) {
        let order = self.store.orders.view(slot);
        let account = self.store.details(slot).account;
        let displayed = self.leave(slot, left);
        self.say(Event::Cancelled {
            instrument: self.market.id,
            order: order.id(),
            account,
            side: order.side(),
            remaining,
            displayed,
            reason,
        });
    }

    /// Gives an order a new place in the order of arrival; it must stand in no list that goes by arrival.
    pub(super) fn arrive_anew(&mut self, slot: Slot) {
        let arrival = self.store.next_arrival();
        self.store.orders.data_mut(slot).arrival = arrival;
    }

    /// Takes a new mark price.
    pub(crate) fn set_mark(&mut self, price: Price) {
        if !self.market.spec.allows_price(price) {
            return self.refuse(
                Request::SetMark,
                OrderId::new(0),
                None,
                RejectReason::InvalidPrice,
            );
        }
        self.market.marked = Some(price);
        self.market.pending.trigger_moved = true;
        self.say(Event::Marked {
            instrument: self.market.id,
            price,
        });
        self.come_to_rest();
    }

    /// Carries out what follows from what has been done, until nothing does: rule 4.6.
    #[inline]
    pub(crate) fn come_to_rest(&mut self) {
        if self.market.nothing_reacts() {
            // A stop that comes later has not seen the trades of now.
            self.market.pending.seen = None;
            self.market.is_plain = true;
        } else {
            self.come_to_rest_step_by_step();
            self.market.is_plain = self.market.nothing_reacts();
        }
    }

    fn come_to_rest_step_by_step(&mut self) {
        loop {
            if let Some(link) = self.market.pending.touched.pop_front() {
                self.settle_link(link);
                continue;
            }
            if self.market.phase != Phase::Continuous {
                break;
            }
            if self.try_all_or_none() || self.elect_and_set_off() || self.place_pegs() {
                continue;
            }
            break;
        }
        if self.market.phase == Phase::Auction {
            self.say_indicative();
        }
    }
}
