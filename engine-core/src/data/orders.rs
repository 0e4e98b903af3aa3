//! The life of every order, as its owner sees it.
//!
//! ```text
//! accepted -> open: a slot of the store, a life beside it, a place in its owner's list
//!          -> closed: a state in a ring, until it is handed out or the ring has come round
//! ```

mod closed;
mod image;
mod life;
mod owners;
mod state;

pub use image::OrdersImage;
pub use state::{OrderState, OrderStatus};

use self::closed::Closed;
use self::life::{Details, Fills, Life, Open, Terms};
use self::owners::{Links, Owners};
use super::feed::Divergence;
use crate::book::{OrderIds, Orders, Slab, Slot};
use crate::command::{ClientOrderId, TimeInForce};
use crate::event::{CancelReason, Event, OrderType, RejectReason, Request};
use crate::types::{AccountId, Notional, OrderId, Price, Qty, Side, Timestamp};

/// The lives of all open orders, and the states of the ones that closed last.
pub(super) struct Lives {
    /// By slot. A slot without an open order has what its last order left.
    lives: Slab<Open>,
    terms: Slab<Terms>,
    owners: Owners,
    closed: Closed,
    arrivals: u64,
    /// The order that was accepted last: most of what is said about an order is said right after.
    newest: Option<(OrderId, Slot)>,
    /// The market order by value that this batch accepted.
    by_value: Option<OrderId>,
    /// What becomes of a name that is said next.
    refused: Refused,
}

/// Whether the name that is said next is that of a refused order.
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
    pub(super) fn new(closed_max: u32, ids: OrderIds, orders_max: u32) -> Self {
        let hash_seed = match ids {
            OrderIds::Assigned => 0,
            OrderIds::Chosen { hash_seed } => hash_seed,
        };
        Self {
            lives: Slab::new(orders_max as usize),
            terms: Slab::new(orders_max as usize),
            owners: Owners::new(hash_seed, orders_max),
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
            None => self.closed.find(order),
        }
    }

    /// The open orders of an account, newest first.
    pub(super) fn open<'a>(
        &'a self,
        orders: &'a Orders<()>,
        account: AccountId,
    ) -> impl Iterator<Item = OrderState> + 'a {
        let before = |slot: &u32| self.lives[*slot].fills.links.prev();
        let slots = std::iter::successors(self.owners.newest(account), before);
        slots.map(|slot| self.open_state(orders, Slot::new(slot)))
    }

    /// The closed orders, first closed first.
    pub(super) fn closed(&self) -> impl Iterator<Item = OrderState> {
        self.closed.iter()
    }

    /// Hands out the order that closed first.
    pub(super) fn pop_closed(&mut self) -> Option<OrderState> {
        self.closed.pop()
    }

    /// How many closed orders were forgotten without having been handed out.
    pub(super) fn closed_lost(&self) -> u64 {
        self.closed.lost()
    }

    /// Everything that is kept of an open order, but its terms.
    #[inline]
    fn life(&self, orders: &Orders<()>, slot: Slot) -> Life {
        let Open { fills, details } = &self.lives[slot.get()];
        Life {
            order: orders.id(slot),
            account: self.owners.account(fills.links),
            quantity: fills.quantity,
            filled: fills.filled,
            cost: fills.cost,
            created: details.created,
            updated: fills.updated,
            price: details.price,
            client_id: details.client_id,
            instrument: fills.instrument,
            status: if fills.filled.is_zero() {
                OrderStatus::Pending
            } else {
                OrderStatus::PartiallyFilled
            },
            side: orders.side(slot),
            order_type: fills.order_type,
            has_terms: fills.has_terms,
            is_triggered: fills.is_triggered,
            has_price: fills.has_price,
        }
    }

    fn open_state(&self, orders: &Orders<()>, slot: Slot) -> OrderState {
        self.life(orders, slot).state(self.terms[slot.get()])
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
            self.owners.enter(&mut self.lives, account, slot.get());
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
        let slot = follow(orders, order, side)?;
        let life = Open { fills, details };
        while self.lives.len() <= slot.get() as usize {
            self.lives.push(life);
            self.terms.push(Terms::NONE);
        }
        self.lives[slot.get()] = life;
        self.arrivals += 1;
        self.newest = Some((order, slot));
        Ok(slot)
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
        let state = OrderState {
            order,
            instrument,
            account,
            client_id: None,
            side: asked.side,
            order_type: asked.order_type,
            time_in_force: TimeInForce::Gtc,
            price: asked.price,
            trigger: None,
            is_triggered: false,
            quantity: asked.quantity,
            filled: Qty::ZERO,
            cost: Notional::ZERO,
            status: OrderStatus::Rejected(reason),
            created: time,
            updated: time,
        };
        self.closed.push(Life::of(&state), Terms::of(&state));
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
                self.lives[slot.get()].details.client_id = Some(client_id);
            }
            Refused::Kept => self.closed.name_newest(order, client_id),
            Refused::Stateless => {}
        }
        Ok(())
    }

    /// Notes where an order rests: that is its price now, unless it follows the book.
    #[inline]
    pub(super) fn rest(&mut self, slot: Slot, price: Price) {
        let life = &mut self.lives[slot.get()];
        if life.fills.order_type != OrderType::Pegged {
            life.fills.has_price = true;
            life.details.price = price;
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
        let fills = &mut self.lives[slot.get()].fills;
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
        let at = self.find(orders, order)?.get();
        let Open { fills, details } = &mut self.lives[at];
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
        if self.lives[slot.get()].fills.filled.is_zero() {
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
        let mut life = self.life(orders, slot);
        (life.status, life.updated) = (status, time);
        self.closed.push(life, self.terms[slot.get()]);
        self.owners.leave(&mut self.lives, slot.get());
        orders.forget(slot);
        if self.newest.is_some_and(|(newest, _)| newest == order) {
            self.newest = None;
        }
        Ok(())
    }
}

/// Puts an order into the store that stands in no queue yet.
#[inline]
pub(super) fn follow(orders: &mut Orders<()>, order: OrderId, side: Side) -> Result<Slot, Divergence> {
    if orders.is_full() {
        return Err(Divergence::OrdersMax);
    }
    orders.follow(order, side).ok_or(Divergence::Order(order))
}
