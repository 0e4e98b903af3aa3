//! The life of every order, as its owner sees it.
//!
//! ```text
//! accepted -> open: a slot of the store, a life beside it, a place in its owner's list
//!          -> closed: a state in a ring, until it is handed out or the ring has come round
//! ```

mod closed;
mod owners;
mod state;

pub use state::{OrderState, OrderStatus, OrdersImage};

use self::closed::Closed;
use self::owners::{Links, Owners};
use super::feed::{Divergence, RestoreError};
use crate::book::{Orders, Slot};
use crate::command::{ClientOrderId, TimeInForce};
use crate::event::{Asked, CancelReason, Event, OrderType, RejectReason, Request};
use crate::types::{AccountId, InstrumentId, Notional, OrderId, Price, Qty, Side, Timestamp};

/// What every trade of an order changes, and where it stands among its owner's.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Fills {
    quantity: Qty,
    filled: Qty,
    cost: Notional,
    updated: Timestamp,
    links: Links,
    instrument: InstrumentId,
    order_type: OrderType,
    /// Whether there are terms of this order.
    has_terms: bool,
    is_triggered: bool,
    /// Whether the price of the details is one.
    has_price: bool,
}

/// What of an order is written once and read seldom.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Details {
    created: Timestamp,
    /// How many orders were accepted before it.
    arrival: u64,
    price: Price,
    client_id: Option<ClientOrderId>,
}

const _: () = assert!(size_of::<Fills>() == 64 && size_of::<Details>() == 64, "a cache line each");

/// What few orders have, and none in the course of its life alone.
#[derive(Clone, Copy)]
struct Terms {
    time_in_force: TimeInForce,
    trigger: Option<Price>,
}

impl Terms {
    const NONE: Self = Self {
        time_in_force: TimeInForce::Gtc,
        trigger: None,
    };
}

/// The lives of all open orders, and the states of the ones that closed last.
pub(super) struct Lives {
    /// By slot. A slot without an open order has what its last order left.
    fills: Vec<Fills>,
    details: Vec<Details>,
    terms: Vec<Terms>,
    owners: Owners,
    closed: Closed,
    arrivals: u64,
    /// The order that was accepted last: most of what is said about an order is said right after.
    newest: Option<(OrderId, Slot)>,
    /// The market order by value that this batch accepted.
    by_value: Option<OrderId>,
    /// Of which order something was said last that no state is kept of: it was refused.
    refused: Refused,
}

/// What becomes of the name that follows on a refusal.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Refused {
    /// The last order was not refused.
    No,
    /// It was, and its state was put to the closed ones.
    Kept,
    /// It was, but its id is none, or stands for another order.
    Stateless,
}

impl Lives {
    /// No orders yet.
    pub(super) fn new(closed_max: u32, hash_seed: u64) -> Self {
        Self {
            fills: Vec::new(),
            details: Vec::new(),
            terms: Vec::new(),
            owners: Owners::new(hash_seed),
            closed: Closed::new(closed_max, hash_seed),
            arrivals: 0,
            newest: None,
            by_value: None,
            refused: Refused::No,
        }
    }

    /// The state of an order that is open or still kept.
    pub(super) fn state(&self, orders: &Orders<()>, order: OrderId) -> Option<OrderState> {
        match orders.find(order) {
            Some(slot) => Some(self.open_state(orders, slot)),
            None => self.closed.find(order).copied(),
        }
    }

    /// The open orders of an account, newest first.
    pub(super) fn open<'a>(
        &'a self,
        orders: &'a Orders<()>,
        account: AccountId,
    ) -> impl Iterator<Item = OrderState> + 'a {
        let before = |slot: &u32| self.fills[*slot as usize].links.prev();
        let slots = std::iter::successors(self.owners.newest(account), before);
        slots.map(|slot| self.open_state(orders, Slot::new(slot)))
    }

    /// The closed orders.
    pub(super) fn closed(&self) -> &Closed {
        &self.closed
    }

    /// The closed orders, to be handed out.
    pub(super) fn closed_mut(&mut self) -> &mut Closed {
        &mut self.closed
    }

    fn open_state(&self, orders: &Orders<()>, slot: Slot) -> OrderState {
        let at = slot.get() as usize;
        let (fills, details) = (&self.fills[at], &self.details[at]);
        let terms = if fills.has_terms { self.terms[at] } else { Terms::NONE };
        OrderState {
            order: orders.id(slot),
            instrument: fills.instrument,
            account: self.owners.account(fills.links),
            client_id: details.client_id,
            side: orders.side(slot),
            order_type: fills.order_type,
            time_in_force: terms.time_in_force,
            price: fills.has_price.then_some(details.price),
            trigger: terms.trigger,
            is_triggered: fills.is_triggered,
            quantity: fills.quantity,
            filled: fills.filled,
            cost: fills.cost,
            status: if fills.filled.is_zero() {
                OrderStatus::Pending
            } else {
                OrderStatus::PartiallyFilled
            },
            created: details.created,
            updated: fills.updated,
        }
    }

    /// Where an open order lives.
    #[inline]
    pub(super) fn find(&self, orders: &Orders<()>, order: OrderId) -> Result<Slot, Divergence> {
        match self.newest {
            Some((newest, slot)) if newest == order => Ok(slot),
            _ => orders.find(order).ok_or(Divergence::Order(order)),
        }
    }

    /// Takes in an order that was accepted.
    #[inline]
    pub(super) fn accept(
        &mut self,
        orders: &mut Orders<()>,
        time: Timestamp,
        event: &Event,
    ) -> Result<(), Divergence> {
        let Event::Accepted {
            instrument,
            order,
            account,
            side,
            order_type,
            price,
            quantity,
        } = *event
        else {
            return Ok(());
        };
        self.refused = Refused::No;
        if order_type == OrderType::MarketByQuote {
            self.by_value = Some(order);
        }
        let fills = Fills {
            quantity,
            filled: Qty::ZERO,
            cost: Notional::ZERO,
            updated: time,
            links: Links::NONE,
            instrument,
            order_type,
            has_terms: false,
            is_triggered: false,
            has_price: price.is_some(),
        };
        let details = Details {
            created: time,
            arrival: self.arrivals,
            price: price.unwrap_or_default(),
            client_id: None,
        };
        let slot = self.insert(orders, (order, side), fills, details)?;
        if let Some(account) = account {
            self.owners.enter(&mut self.fills, account, slot.get());
        }
        Ok(())
    }

    /// Puts an open order into the store, parked, and its life beside it.
    #[inline]
    fn insert(
        &mut self,
        orders: &mut Orders<()>,
        (order, side): (OrderId, Side),
        fills: Fills,
        details: Details,
    ) -> Result<Slot, Divergence> {
        if orders.find(order).is_some() {
            return Err(Divergence::Order(order));
        }
        let slot = insert_parked(orders, order, side)?;
        let at = slot.get() as usize;
        if at < self.fills.len() {
            self.fills[at] = fills;
            self.details[at] = details;
        } else {
            // The store hands out the next new slot when it has no free one.
            self.fills.push(fills);
            self.details.push(details);
            self.terms.push(Terms::NONE);
        }
        self.arrivals += 1;
        self.newest = Some((order, slot));
        Ok(slot)
    }

    fn restore_open(&mut self, orders: &mut Orders<()>, state: &OrderState) -> Result<(), Divergence> {
        let fills = Fills {
            quantity: state.quantity,
            filled: state.filled,
            cost: state.cost,
            updated: state.updated,
            links: Links::NONE,
            instrument: state.instrument,
            order_type: state.order_type,
            has_terms: true,
            is_triggered: state.is_triggered,
            has_price: state.price.is_some(),
        };
        let details = Details {
            created: state.created,
            arrival: self.arrivals,
            price: state.price.unwrap_or_default(),
            client_id: state.client_id,
        };
        let slot = self.insert(orders, (state.order, state.side), fills, details)?;
        self.terms[slot.get() as usize] = Terms {
            time_in_force: state.time_in_force,
            trigger: state.trigger,
        };
        if let Some(account) = state.account {
            self.owners.enter(&mut self.fills, account, slot.get());
        }
        Ok(())
    }

    /// Takes note of a refused order: it is closed at once.
    pub(super) fn reject(&mut self, orders: &Orders<()>, time: Timestamp, event: &Event) {
        let Event::Rejected {
            instrument: Some(instrument),
            order,
            account,
            request: Request::Place | Request::PlaceLinked,
            reason,
            asked: Some(asked),
        } = *event
        else {
            return;
        };
        let is_known = reason == RejectReason::DuplicateOrderId || self.state(orders, order).is_some();
        if is_known || order == OrderId::default() {
            self.refused = Refused::Stateless;
            return;
        }
        self.refused = Refused::Kept;
        let state = OrderState::new((order, instrument, account), asked, time);
        self.closed.push(OrderState {
            status: OrderStatus::Rejected(reason),
            ..state
        });
    }

    /// Notes the owner's own name for the order that was just accepted or refused.
    pub(super) fn name(
        &mut self,
        orders: &Orders<()>,
        order: OrderId,
        client_id: ClientOrderId,
    ) -> Result<(), Divergence> {
        match self.refused {
            Refused::No => {
                let slot = self.find(orders, order)?;
                self.details[slot.get() as usize].client_id = Some(client_id);
            }
            Refused::Kept => self.closed.name_newest(order, client_id),
            Refused::Stateless => {}
        }
        Ok(())
    }

    /// Notes where an order rests: that is its price now, unless it follows the book.
    #[inline]
    pub(super) fn rest(&mut self, slot: Slot, price: Price) {
        let fills = &mut self.fills[slot.get() as usize];
        if fills.order_type != OrderType::Pegged {
            fills.has_price = true;
            self.details[slot.get() as usize].price = price;
        }
    }

    /// Notes a trade of an order; it is over when all of it has traded.
    #[inline]
    pub(super) fn fill(
        &mut self,
        orders: &mut Orders<()>,
        slot: Slot,
        (price, quantity): (Price, Qty),
        time: Timestamp,
    ) -> Result<(), Divergence> {
        let fills = &mut self.fills[slot.get() as usize];
        let filled = fills.filled.lots().saturating_add(quantity.lots());
        fills.filled = Qty::new(filled);
        fills.cost = Notional::new(
            fills
                .cost
                .units()
                .saturating_add(price.notional(quantity).units()),
        );
        fills.updated = time;
        // An order by value has no quantity, and is not over by having traded it.
        if fills.quantity.is_zero() || filled < fills.quantity.lots() {
            return Ok(());
        }
        if filled > fills.quantity.lots() {
            return Err(Divergence::Order(orders.id(slot)));
        }
        self.close(orders, slot, OrderStatus::Filled, time)
    }

    /// Takes what an event says about an order that does not happen to most orders.
    pub(super) fn rare_event(
        &mut self,
        orders: &mut Orders<()>,
        time: Timestamp,
        event: &Event,
    ) -> Result<(), Divergence> {
        let (Event::Terms { order, .. }
        | Event::Amended { order, .. }
        | Event::Decremented { order, .. }
        | Event::Triggered { order, .. }
        | Event::Armed { order, .. }) = *event
        else {
            return Ok(());
        };
        let at = self.find(orders, order)?.get() as usize;
        let (fills, details) = (&mut self.fills[at], &mut self.details[at]);
        fills.updated = time;
        match *event {
            Event::Terms {
                time_in_force,
                trigger,
                ..
            } => {
                fills.has_terms = true;
                self.terms[at] = Terms {
                    time_in_force,
                    trigger,
                };
            }
            Event::Amended { price, quantity, .. } => {
                fills.has_price = price.is_some();
                details.price = price.unwrap_or_default();
                fills.quantity = quantity;
            }
            Event::Decremented { by, .. } => fills.quantity = fills.quantity.saturating_sub(by),
            Event::Triggered { .. } => fills.is_triggered = true,
            Event::Armed { quantity, .. } => fills.quantity = quantity,
            _ => {}
        }
        Ok(())
    }

    /// Ends an order that was cancelled.
    #[inline]
    pub(super) fn cancel(
        &mut self,
        orders: &mut Orders<()>,
        slot: Slot,
        reason: CancelReason,
        time: Timestamp,
    ) -> Result<(), Divergence> {
        let status = match reason {
            CancelReason::Expired => OrderStatus::Expired,
            reason => OrderStatus::Cancelled(reason),
        };
        self.close(orders, slot, status, time)
    }

    /// Ends a batch: a market order by value is over, if it was not cancelled.
    #[inline]
    pub(super) fn end_batch(&mut self, orders: &mut Orders<()>, time: Timestamp) -> Result<(), Divergence> {
        let Some(slot) = self.by_value.take().and_then(|order| orders.find(order)) else {
            return Ok(());
        };
        if self.fills[slot.get() as usize].filled.is_zero() {
            return Err(Divergence::Order(orders.id(slot)));
        }
        self.close(orders, slot, OrderStatus::Filled, time)
    }

    /// Moves an order from the open ones to the closed ones. Nothing of it may be displayed any more.
    #[inline]
    fn close(
        &mut self,
        orders: &mut Orders<()>,
        slot: Slot,
        status: OrderStatus,
        time: Timestamp,
    ) -> Result<(), Divergence> {
        let order = orders.id(slot);
        if orders.queue(slot).is_some() {
            return Err(Divergence::Order(order));
        }
        let state = OrderState {
            status,
            updated: time,
            ..self.open_state(orders, slot)
        };
        self.closed.push(state);
        self.owners.leave(&mut self.fills, slot.get());
        orders.remove(slot);
        if self.newest.is_some_and(|(newest, _)| newest == order) {
            self.newest = None;
        }
        Ok(())
    }

    pub(super) fn image(&self, orders: &Orders<()>) -> OrdersImage {
        let mut open: Vec<Slot> = orders.iter().collect();
        open.sort_unstable_by_key(|slot| self.details[slot.get() as usize].arrival);
        OrdersImage {
            open: open
                .into_iter()
                .map(|slot| self.open_state(orders, slot))
                .collect(),
            closed: self.closed.iter().copied().collect(),
            closed_lost: self.closed.lost(),
        }
    }

    /// The lives of an image. Its open orders are put into the store, parked.
    pub(super) fn restore(
        image: OrdersImage,
        (closed_max, hash_seed): (u32, u64),
        orders: &mut Orders<()>,
    ) -> Result<Self, RestoreError> {
        let mut restored = Self::new(closed_max, hash_seed);
        if image.closed.len() > closed_max as usize {
            return Err(RestoreError::Inconsistent("more closed orders than may be kept"));
        }
        for state in &image.open {
            let is_open = state.status == OrderStatus::Pending && state.filled.is_zero()
                || state.status == OrderStatus::PartiallyFilled && !state.filled.is_zero();
            let inserted = restored.restore_open(orders, state);
            if !is_open || inserted.is_err() {
                return Err(RestoreError::Inconsistent("an open order that cannot be"));
            }
        }
        for state in image.closed {
            if !state.status.is_closed() {
                return Err(RestoreError::Inconsistent("an open order among the closed ones"));
            }
            restored.closed.push(state);
        }
        restored.closed.set_lost(image.closed_lost);
        restored.newest = None;
        Ok(restored)
    }
}

/// Puts an order into the store that stands in no queue yet.
#[inline]
pub(super) fn insert_parked(orders: &mut Orders<()>, order: OrderId, side: Side) -> Result<Slot, Divergence> {
    if orders.is_full() {
        return Err(Divergence::OrdersMax);
    }
    Ok(orders.insert(order, side, Price::new(0), Qty::ZERO, ()))
}
