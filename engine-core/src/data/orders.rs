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
use self::life::{Ended, Extras, Life, Open};
use self::owners::Owners;
use super::feed::Divergence;
use crate::book::{OrderIds, Orders, Slab, Slot};
use crate::command::{ClientOrderId, TimeInForce};
use crate::event::{CancelReason, Event, OrderType, RejectReason, Request};
use crate::types::{AccountId, Amount, Notional, OrderId, Price, Qty, Side, Timestamp};

/// The lives of all open orders, and the states of the ones that closed last.
pub(super) struct Lives {
    /// By slot. A slot without an open order has what its last order left.
    lives: Slab<Open>,
    /// By slot, valid where the life says so.
    extras: Slab<Extras>,
    owners: Owners,
    closed: Closed,
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
            extras: Slab::new(orders_max as usize),
            owners: Owners::new(hash_seed, orders_max),
            closed: Closed::new(closed_max, hash_seed),
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
        let slots = self.owners.orders(account);
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

    fn open_state(&self, orders: &Orders<()>, slot: Slot) -> OrderState {
        let life = self.lives[slot.get()].0;
        let order = Ended {
            life,
            order: orders.id(slot),
            account: self.owners.account(slot.get()),
            status: life.status(),
            side: orders.side(slot),
        };
        order.state(self.extras[slot.get()])
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
        let life = Life {
            quantity,
            filled: Qty::ZERO,
            cost: Notional::ZERO,
            created: time,
            updated: time,
            price: price.unwrap_or_default(),
            instrument,
            order_type,
            has_price: price.is_some(),
            is_triggered: false,
            has_extras: false,
        };
        let slot = self.insert(orders, (order, side), life)?;
        if let Some(account) = account {
            self.owners.enter(account, slot.get());
        }
        Ok(())
    }

    /// Puts an open order into the store, parked, and its life beside it.
    #[inline]
    fn insert(
        &mut self,
        orders: &mut Orders<()>,
        (order, side): (OrderId, Side),
        life: Life,
    ) -> Result<Slot, Divergence> {
        let slot = follow(orders, order, side)?;
        while self.lives.len() <= slot.get() as usize {
            self.lives.push(Open(life));
            self.extras.push(Extras::NONE);
            self.owners.add_slot();
        }
        self.lives[slot.get()] = Open(life);
        self.newest = Some((order, slot));
        Ok(slot)
    }

    /// What few orders have, of an order that is about to have some of it.
    fn extras_mut(&mut self, slot: Slot) -> &mut Extras {
        let life = &mut self.lives[slot.get()].0;
        let extras = &mut self.extras[slot.get()];
        if !life.has_extras {
            (life.has_extras, *extras) = (true, Extras::NONE);
        }
        extras
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
            fee: Amount::ZERO,
            status: OrderStatus::Rejected(reason),
            created: time,
            updated: time,
        };
        self.closed.push(Ended::of(&state), &Extras::of(&state));
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
                self.extras_mut(slot).client_id = Some(client_id);
            }
            Refused::Kept => self.closed.name_newest(order, client_id),
            Refused::Stateless => {}
        }
        Ok(())
    }

    /// Notes where an order rests: that is its price now, unless it follows the book.
    #[inline]
    pub(super) fn rest(&mut self, slot: Slot, price: Price) {
        let life = &mut self.lives[slot.get()].0;
        if life.order_type != OrderType::Pegged {
            (life.has_price, life.price) = (true, price);
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
        let life = &mut self.lives[slot.get()].0;
        let filled = life.filled.lots().saturating_add(quantity.lots());
        let cost = life.cost.units().saturating_add(price.notional(quantity).units());
        (life.filled, life.cost, life.updated) = (Qty::new(filled), Notional::new(cost), time);
        // An order by value has no quantity, and is not over by having traded it.
        if life.quantity.is_zero() || filled < life.quantity.lots() {
            return Ok(());
        }
        if filled > life.quantity.lots() {
            return Err(Divergence::Order(orders.id(slot)));
        }
        self.close(orders, slot, OrderStatus::Filled, time)
    }

    /// Notes what an order was charged for a trade, with which it may have closed.
    pub(super) fn charge(&mut self, orders: &Orders<()>, order: OrderId, fee: Amount) {
        match orders.find(order) {
            Some(slot) => self.extras_mut(slot).charge(fee),
            None => self.closed.charge(order, fee),
        }
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
        let slot = self.find(orders, order)?;
        let life = &mut self.lives[slot.get()].0;
        life.updated = time;
        match *event {
            Event::Terms {
                time_in_force,
                trigger,
                ..
            } => {
                let extras = self.extras_mut(slot);
                (extras.time_in_force, extras.trigger) = (time_in_force, trigger);
            }
            Event::Amended { price, quantity, .. } => {
                (life.has_price, life.price) = (price.is_some(), price.unwrap_or_default());
                life.quantity = quantity;
            }
            Event::Decremented { by, .. } => life.quantity = life.quantity.saturating_sub(by),
            Event::Triggered { .. } => life.is_triggered = true,
            Event::Armed { quantity, .. } => life.quantity = quantity,
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
        if self.lives[slot.get()].0.filled.is_zero() {
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
        let mut ended = Ended {
            life: self.lives[slot.get()].0,
            order,
            account: self.owners.leave(slot.get()),
            status,
            side: orders.side(slot),
        };
        ended.life.updated = time;
        self.closed.push(ended, &self.extras[slot.get()]);
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
