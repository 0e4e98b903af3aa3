//! The life of every order, as its owner sees it.
//!
//! ```text
//! accepted -> open: a cell, a place in its owner's list, what else there is beside it
//!          -> closed: a state in a ring, until it is handed out or the ring has come round
//! ```

mod closed;
mod image;
mod life;
mod owners;
mod state;

pub use image::OrdersImage;
pub use state::{OrderState, OrderStatus};

use std::hint::select_unpredictable;

use self::closed::Closed;
use self::life::{Ended, Extras, Progress};
use self::owners::Owners;
use super::cells::{Cell, Cells, NIL};
use super::feed::Divergence;
use crate::book::{OrderIds, Slab};
use crate::command::{ClientOrderId, TimeInForce};
use crate::event::{CancelReason, Event, OrderType, RejectReason, Request};
use crate::types::{AccountId, Amount, Notional, OrderId, Price, Qty, Timestamp};

/// What makes order states of the cells of all open orders, and the states of the ones that closed last.
pub(super) struct Lives {
    /// By slot plus one, valid where the cell says so. The first one is of all orders to which nothing has happened.
    progress: Slab<Progress>,
    /// By slot, valid where the cell says so.
    extras: Slab<Extras>,
    owners: Owners,
    closed: Closed,
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
        let mut progress = Slab::new(orders_max as usize + 1);
        progress.push(Progress::NONE);
        Self {
            progress,
            extras: Slab::new(orders_max as usize),
            owners: Owners::new(hash_seed, orders_max),
            closed: Closed::new(closed_max, hash_seed),
            by_value: None,
            refused: Refused::No,
        }
    }

    /// The state of an order that is open or still kept.
    pub(super) fn state(&self, cells: &Cells, order: OrderId) -> Option<OrderState> {
        match cells.find(order) {
            Some(slot) => Some(self.open_state(cells, slot)),
            None => self.closed.find(order),
        }
    }

    /// The open orders of an account, newest first.
    pub(super) fn open<'a>(
        &'a self,
        cells: &'a Cells,
        account: AccountId,
    ) -> impl Iterator<Item = OrderState> + 'a {
        let slots = self.owners.orders(account);
        slots.map(|slot| self.open_state(cells, slot))
    }

    /// The closed orders, first closed first.
    pub(super) fn closed(&self) -> impl Iterator<Item = OrderState> {
        self.closed.iter()
    }

    /// Hands out the order that closed first.
    #[inline]
    pub(super) fn pop_closed(&mut self) -> Option<OrderState> {
        self.closed.pop()
    }

    /// How many closed orders were forgotten without having been handed out.
    pub(super) fn closed_lost(&self) -> u64 {
        self.closed.lost()
    }

    fn open_state(&self, cells: &Cells, slot: u32) -> OrderState {
        let cell = cells.at(slot);
        let progress = self.progress_of(cell, slot);
        let account = self.owners.account(cell.owner);
        let extras = &self.extras[slot];
        let mut order = Ended::NONE;
        order.set(cell, progress, account, progress.status());
        if cell.has_limit_apart {
            order.price = extras.limit;
        }
        order.state(extras)
    }

    /// What has happened to an order so far.
    #[inline]
    fn progress_of(&self, cell: &Cell, slot: u32) -> Progress {
        // Nobody can guess whether anything has, and there is no need to fetch what is not valid.
        let Progress {
            filled,
            cost,
            updated,
        } = self.progress[if cell.has_progress { slot + 1 } else { 0 }];
        let updated = select_unpredictable(cell.has_progress, updated, cell.created);
        Progress {
            filled,
            cost,
            updated,
        }
    }

    /// What few orders have, of an order that is about to have some of it.
    fn extras_mut(&mut self, cell: &mut Cell, slot: u32) -> &mut Extras {
        let extras = &mut self.extras[slot];
        if !cell.has_extras {
            (cell.has_extras, *extras) = (true, Extras::NONE);
        }
        extras
    }

    /// Takes in an order that was accepted.
    #[inline]
    pub(super) fn accept(
        &mut self,
        cells: &mut Cells,
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
        let slot = cells.claim(order)?;
        let owner = self.enter(account, slot);
        *cells.at_mut(slot) = Cell {
            quantity,
            created: time,
            price: price.unwrap_or_default(),
            has_price: price.is_some(),
            order_type,
            owner,
            ..Cell::new(order, instrument, side)
        };
        match order_type {
            OrderType::MarketByQuote => self.by_value = Some(order),
            // It rests elsewhere than at its limit.
            OrderType::Pegged => self.set_limit_apart(cells, slot, price),
            _ => {}
        }
        Ok(())
    }

    /// Makes room for what there is of an order beside its cell, and enters it in the list of its owner.
    #[inline]
    fn enter(&mut self, account: Option<AccountId>, slot: u32) -> u32 {
        if self.extras.len() <= slot as usize {
            self.grow_to(slot);
        }
        match account {
            Some(account) => self.owners.enter(account, slot),
            None => NIL,
        }
    }

    #[cold]
    #[inline(never)]
    fn grow_to(&mut self, slot: u32) {
        while self.extras.len() <= slot as usize {
            self.progress.push(Progress::NONE);
            self.extras.push(Extras::NONE);
            self.owners.add_slot();
        }
    }

    #[cold]
    #[inline(never)]
    fn set_limit_apart(&mut self, cells: &mut Cells, slot: u32, limit: Option<Price>) {
        let cell = cells.at_mut(slot);
        (cell.has_price, cell.has_limit_apart) = (limit.is_some(), true);
        self.extras_mut(cell, slot).limit = limit.unwrap_or_default();
    }

    /// Takes note of a refused order: it is closed at once.
    pub(super) fn reject(&mut self, cells: &Cells, time: Timestamp, event: &Event) {
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
        let is_known = reason == RejectReason::DuplicateOrderId || self.state(cells, order).is_some();
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
        self.closed.push_state(&state);
    }

    /// Notes the owner's own name for the order that was just accepted or refused.
    pub(super) fn name(
        &mut self,
        cells: &mut Cells,
        order: OrderId,
        client_id: ClientOrderId,
    ) -> Result<(), Divergence> {
        match self.refused {
            Refused::No => {
                let slot = cells.known(order)?;
                self.extras_mut(cells.at_mut(slot), slot).client_id = Some(client_id);
            }
            Refused::Kept => self.closed.name_newest(order, client_id),
            Refused::Stateless => {}
        }
        Ok(())
    }

    /// Notes where an order rests: that is its limit now, unless it follows the book.
    #[inline]
    pub(super) fn rest(cell: &mut Cell, price: Price) {
        if cell.order_type != OrderType::Pegged {
            (cell.has_price, cell.price, cell.has_limit_apart) = (true, price, false);
        }
    }

    /// Notes a trade of an order; it is over when all of it has traded.
    #[inline]
    pub(super) fn fill(
        &mut self,
        cells: &mut Cells,
        slot: u32,
        (price, quantity): (Price, Qty),
        time: Timestamp,
    ) -> Result<(), Divergence> {
        let cell = cells.at_mut(slot);
        let before = self.progress_of(cell, slot);
        let filled = before.filled.lots().saturating_add(quantity.lots());
        let cost = before
            .cost
            .units()
            .saturating_add(price.notional(quantity).units());
        let progress = Progress {
            filled: Qty::new(filled),
            cost: Notional::new(cost),
            updated: time,
        };
        // An order by value has no quantity, and is not over by having traded it.
        if cell.quantity.is_zero() || filled < cell.quantity.lots() {
            cell.has_progress = true;
            self.progress[slot + 1].set(progress);
            return Ok(());
        }
        if filled > cell.quantity.lots() {
            return Err(Divergence::Order(cell.id));
        }
        self.close(cells, slot, progress, OrderStatus::Filled)
    }

    /// Notes what an order was charged for a trade, with which it may have closed.
    pub(super) fn charge(&mut self, cells: &mut Cells, order: OrderId, fee: Amount) {
        match cells.find(order) {
            Some(slot) => self.extras_mut(cells.at_mut(slot), slot).charge(fee),
            None => self.closed.charge(order, fee),
        }
    }

    /// Takes what an event says about an order that does not happen to most orders.
    pub(super) fn rare_event(
        &mut self,
        cells: &mut Cells,
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
        let slot = cells.known(order)?;
        let cell = cells.at_mut(slot);
        if cell.created != time {
            let before = self.progress_of(cell, slot);
            self.progress[slot + 1] = Progress {
                updated: time,
                ..before
            };
            cell.has_progress = true;
        }
        match *event {
            Event::Terms {
                time_in_force,
                trigger,
                ..
            } => {
                let extras = self.extras_mut(cell, slot);
                (extras.time_in_force, extras.trigger) = (time_in_force, trigger);
            }
            Event::Amended { price, quantity, .. } => {
                cell.quantity = quantity;
                let is_limit_there = !cell.is_displayed() || cell.has_price && price == Some(cell.price);
                if cell.has_limit_apart || !is_limit_there {
                    self.set_limit_apart(cells, slot, price);
                } else {
                    (cell.has_price, cell.price) = (price.is_some(), price.unwrap_or_default());
                }
            }
            Event::Decremented { by, .. } => cell.quantity = cell.quantity.saturating_sub(by),
            Event::Triggered { .. } => cell.is_triggered = true,
            Event::Armed { quantity, .. } => cell.quantity = quantity,
            _ => {}
        }
        Ok(())
    }

    /// Ends an order that was cancelled.
    #[inline]
    pub(super) fn cancel(
        &mut self,
        cells: &mut Cells,
        slot: u32,
        reason: CancelReason,
        time: Timestamp,
    ) -> Result<(), Divergence> {
        let status = match reason {
            CancelReason::Expired => OrderStatus::Expired,
            reason => OrderStatus::Cancelled(reason),
        };
        let progress = Progress {
            updated: time,
            ..self.progress_of(cells.at(slot), slot)
        };
        self.close(cells, slot, progress, status)
    }

    /// Ends a batch: a market order by value is over, if it was not cancelled.
    #[inline]
    pub(super) fn end_batch(&mut self, cells: &mut Cells, time: Timestamp) -> Result<(), Divergence> {
        match self.by_value.take() {
            None => Ok(()),
            Some(order) => self.end_by_value(cells, order, time),
        }
    }

    #[cold]
    #[inline(never)]
    fn end_by_value(&mut self, cells: &mut Cells, order: OrderId, time: Timestamp) -> Result<(), Divergence> {
        let Some(slot) = cells.find(order) else {
            return Ok(());
        };
        let progress = Progress {
            updated: time,
            ..self.progress_of(cells.at(slot), slot)
        };
        if progress.filled.is_zero() {
            return Err(Divergence::Order(order));
        }
        self.close(cells, slot, progress, OrderStatus::Filled)
    }

    /// Moves an order from the open ones to the closed ones. Nothing of it may be displayed any more.
    #[inline(always)]
    fn close(
        &mut self,
        cells: &mut Cells,
        slot: u32,
        progress: Progress,
        status: OrderStatus,
    ) -> Result<(), Divergence> {
        let cell = cells.at(slot);
        if cell.is_displayed() {
            return Err(Divergence::Order(cell.id));
        }
        let account = self.owners.leave(cell.owner, slot);
        let extras = cell.has_extras.then(|| &self.extras[slot]);
        self.closed.push(cell, progress, (account, status), extras);
        cells.forget(slot);
        Ok(())
    }
}
