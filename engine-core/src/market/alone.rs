//! A market that stands alone: one instrument without an engine around it.

use super::floor::{Floor, Instrument, say_refused_order};
use super::linked::is_well_linked;
use super::many::{Floors, Wanted};
use super::store::Store;
use crate::book::{OrderIds, load};
use crate::command::{Amend, Cancel, Linked, OrderRef, Phase, Place};
use crate::event::{CancelReason, Event, RejectReason, Request};
use crate::spec::InstrumentSpec;
use crate::types::{AccountId, InstrumentId, OrderId, Price, Qty, Side, Timestamp};

/// One instrument with all its rules: order types, phases, auctions.
///
/// Every method appends what happened to the caller's buffer. Time is an input: [`Market::advance`] says what it is.
///
/// ```
/// use engine_core::{Event, InstrumentId, InstrumentSpec, Market, OrderId, OrderIds, Place, Price, Qty, Side};
/// use rust_decimal::Decimal;
///
/// let spec = InstrumentSpec::builder("AAPL", Decimal::new(1, 2), Decimal::ONE).build()?;
/// let aapl = InstrumentId::new(0);
/// let mut market = Market::new(aapl, spec, OrderIds::Chosen { hash_seed: 7 }, 1_000_000);
/// let mut events = Vec::new();
/// market.place(&Place::limit(aapl, OrderId::new(1), Side::Sell, Price::new(19_000), Qty::new(10)), &mut events);
/// market.place(&Place::market(aapl, OrderId::new(2), Side::Buy, Qty::new(4)), &mut events);
/// assert!(matches!(events[3], Event::Traded { quantity, .. } if quantity == Qty::new(4)));
/// assert_eq!(market.best(Side::Sell), Some((Price::new(19_000), Qty::new(6))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Market {
    pub(super) instrument: Instrument,
    pub(super) store: Store,
    pub(super) now: Timestamp,
}

impl Market {
    /// A market without orders, for at most `orders_max` live ones.
    pub fn new(id: InstrumentId, spec: InstrumentSpec, ids: OrderIds, orders_max: u32) -> Self {
        Self {
            instrument: Instrument::new(id, spec),
            store: Store::new(ids, orders_max),
            now: Timestamp::ZERO,
        }
    }

    #[inline]
    fn floor<'a>(&'a mut self, events: &'a mut Vec<Event>) -> Floor<'a> {
        Floor {
            market: &mut self.instrument,
            store: &mut self.store,
            now: self.now,
            events,
        }
    }

    fn floors<'a>(&'a mut self, events: &'a mut Vec<Event>) -> Floors<'a> {
        let instruments = std::slice::from_mut(&mut self.instrument);
        Floors {
            instruments,
            store: &mut self.store,
            now: self.now,
            events,
        }
    }

    /// Enters an order.
    #[inline]
    pub fn place(&mut self, place: &Place, events: &mut Vec<Event>) {
        if place.instrument != self.instrument.id {
            let reason = RejectReason::UnknownInstrument;
            return say_refused_order(events, self.store.orders.ids(), Request::Place, place, reason);
        }
        self.floor(events).place(place);
    }

    /// Enters several orders that depend on each other: all or none. An empty list does nothing.
    pub fn place_linked(&mut self, linked: &Linked, events: &mut Vec<Event>) {
        let Some(first) = linked.orders.first() else {
            return;
        };
        let reason = if !is_well_linked(linked.kind, &linked.orders) {
            RejectReason::InvalidLink
        } else if first.instrument != self.instrument.id {
            RejectReason::UnknownInstrument
        } else {
            return self.floor(events).place_linked(linked);
        };
        say_refused_order(
            events,
            self.store.orders.ids(),
            Request::PlaceLinked,
            first,
            reason,
        );
    }

    /// Takes an order back.
    #[inline]
    pub fn cancel(&mut self, cancel: &Cancel, events: &mut Vec<Event>) {
        match self.store.resolve(&cancel.order, cancel.account) {
            Some(slot) => self.floor(events).cancel_one(slot, CancelReason::User),
            None => say_not_found(events, Request::Cancel, cancel.order, cancel.account),
        }
    }

    /// Changes an order's price or quantity.
    #[inline]
    pub fn amend(&mut self, amend: &Amend, events: &mut Vec<Event>) {
        match self.store.resolve(&amend.order, amend.account) {
            Some(slot) => self.floor(events).amend(slot, amend),
            None => say_not_found(events, Request::Amend, amend.order, amend.account),
        }
    }

    /// Loads the orders that the next commands name, of one market or of many, and changes nothing.
    ///
    /// Markets that do not fit the caches wait for memory several times per command, one load after the other. Asked for
    /// up to 64 commands together, the loads overlap; what is said of more is ignored. In small markets it only
    /// costs time. Id 0 stands for a command that names no order; where ids are chosen a new order is worth its own.
    #[inline]
    pub fn look_ahead<'a>(named: impl IntoIterator<Item = (&'a Self, OrderId)>) {
        load(named.into_iter().map(|(market, id)| (&market.store.orders, id)));
    }

    /// Cancels all orders of an account (or all) on a side (or both), oldest first.
    pub fn cancel_all(&mut self, account: Option<AccountId>, side: Option<Side>, events: &mut Vec<Event>) {
        let wanted = Wanted {
            account,
            side,
            instrument: None,
        };
        self.floors(events).cancel_all(wanted, CancelReason::MassCancel);
    }

    /// Moves the market to another phase.
    pub fn set_phase(&mut self, phase: Phase, events: &mut Vec<Event>) {
        self.floor(events).set_phase(phase);
    }

    /// Ends a call auction.
    pub fn uncross(&mut self, events: &mut Vec<Event>) {
        self.floor(events).end_auction();
    }

    /// Sets the mark price.
    pub fn set_mark(&mut self, price: Price, events: &mut Vec<Event>) {
        self.floor(events).set_mark(price);
    }

    /// Lets time pass: orders whose time is up end, a volatility auction that is over is uncrossed. An earlier time
    /// than the current one changes nothing.
    pub fn advance(&mut self, now: Timestamp, events: &mut Vec<Event>) {
        self.now = self.now.max(now);
        let mut floors = self.floors(events);
        while let Some(moment) = floors.next_due().filter(|moment| *moment <= now) {
            floors.expire(moment);
            floors.end_auctions(moment);
        }
    }

    /// What is fixed about the instrument.
    pub fn spec(&self) -> &InstrumentSpec {
        &self.instrument.spec
    }

    /// The phase that is on.
    pub fn phase(&self) -> Phase {
        self.instrument.phase
    }

    /// The price of the last trade.
    pub fn last(&self) -> Option<Price> {
        self.instrument.last
    }

    /// The number of live orders, waiting ones included.
    pub fn len(&self) -> usize {
        self.store.orders.len()
    }

    /// Whether there is no live order.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The best displayed price of a side, and what is displayed there.
    pub fn best(&self, side: Side) -> Option<(Price, Qty)> {
        let price = self.instrument.sides.best(side)?;
        Some((price, self.instrument.sides.level_quantity(side, price)))
    }

    /// The displayed levels of a side, best first.
    pub fn levels(&self, side: Side) -> impl Iterator<Item = (Price, Qty)> {
        self.instrument.sides.levels(side)
    }

    /// Panics where an invariant is broken. For tests: it walks everything.
    pub fn check_invariants(&self) {
        self.store.check_invariants();
        self.instrument.check_invariants(&self.store);
    }
}

/// Says that an order that a command names is not live, or not theirs who ask.
#[cold]
pub(crate) fn say_not_found(
    events: &mut Vec<Event>,
    request: Request,
    order: OrderRef,
    asks: Option<AccountId>,
) {
    let account = asks.or(order.owner());
    let order = match order {
        OrderRef::Id(id) => id,
        OrderRef::Client(..) => OrderId::new(0),
    };
    let reason = RejectReason::OrderNotFound;
    events.push(Event::Rejected {
        instrument: None,
        order,
        account,
        request,
        reason,
        asked: None,
    });
}
