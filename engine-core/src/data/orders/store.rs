//! Where order states live: in slots, found by id, and in lists that are linked through the slots.
//!
//! ```text
//! fills     slot -> what every trade changes (one cache line)
//! details   slot -> the rest
//! lists     account -> its open orders;  closed, first closed first;  free slots
//! ```

use std::fmt;

use super::state::{Details, OrderState, OrderStatus, OrdersImage, OrdersLimits};
use crate::book::{Index, Slot};
use crate::data::feed::{Cursor, Divergence, RestoreError};
use crate::event::OrderType;
use crate::types::{AccountId, Notional, OrderId, Price, Qty, Timestamp};

/// No slot.
const NIL: u32 = u32::MAX;

/// What every trade changes.
#[derive(Clone, Copy)]
struct Fills {
    order: OrderId,
    quantity: Qty,
    filled: Qty,
    cost: Notional,
    updated: Timestamp,
    /// The place of the owner in `accounts`, while the order is open and has one.
    owner: u32,
    prev: u32,
    next: u32,
    status: OrderStatus,
}

const _: () = assert!(size_of::<Fills>() == 64, "a cache line");

/// A list of slots, first in first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct List {
    head: u32,
    tail: u32,
    len: u32,
}

impl List {
    const EMPTY: Self = Self {
        head: NIL,
        tail: NIL,
        len: 0,
    };
}

/// An account that has open orders.
#[derive(Clone, Copy)]
struct Owner {
    account: u64,
    open: List,
}

/// Invariants: an id finds the slot that carries it; a slot is open, closed or free; an open one with an owner
/// is in the owner's list, a closed one in the list of closed ones; an owner has an open order.
pub(super) struct Store {
    limits: OrdersLimits,
    index: Index,
    fills: Vec<Fills>,
    details: Vec<Details>,
    free: Vec<u32>,
    owners: Vec<Owner>,
    owner_index: Index,
    free_owners: Vec<u32>,
    closed: List,
    open_count: u32,
    arrivals: u64,
    closed_lost: u64,
    /// The slot that was taken last: most of what is said about an order is said right after.
    newest: u32,
}

impl Store {
    pub(super) fn new(limits: OrdersLimits) -> Self {
        Self {
            limits,
            index: Index::new(limits.hash_seed),
            fills: Vec::new(),
            details: Vec::new(),
            free: Vec::new(),
            owners: Vec::new(),
            owner_index: Index::new(limits.hash_seed),
            free_owners: Vec::new(),
            closed: List::EMPTY,
            open_count: 0,
            arrivals: 0,
            closed_lost: 0,
            newest: NIL,
        }
    }

    pub(super) fn open_count(&self) -> usize {
        self.open_count as usize
    }

    pub(super) fn closed_lost(&self) -> u64 {
        self.closed_lost
    }

    /// Where an order is that is open or kept.
    #[inline]
    pub(super) fn find(&self, order: OrderId) -> Option<u32> {
        let newest = self.fills.get(self.newest as usize);
        if newest.is_some_and(|newest| newest.order == order) {
            return Some(self.newest);
        }
        let found = self.index.find(order.get(), |slot| self.fills[slot.get() as usize].order.get());
        found.map(Slot::get)
    }

    #[inline]
    fn find_open(&self, order: OrderId) -> Result<u32, Divergence> {
        let open = self.find(order).filter(|slot| !self.fills[*slot as usize].status.is_closed());
        open.ok_or(Divergence::Order(order))
    }

    /// Everything that is known of an order.
    pub(super) fn state(&self, slot: u32) -> OrderState {
        let (fills, details) = (&self.fills[slot as usize], &self.details[slot as usize]);
        OrderState {
            order: fills.order,
            instrument: details.instrument,
            account: details.account,
            client_id: details.client_id,
            side: details.side,
            order_type: details.order_type,
            time_in_force: details.time_in_force,
            price: details.price,
            trigger: details.trigger,
            is_triggered: details.is_triggered,
            quantity: fills.quantity,
            filled: fills.filled,
            cost: fills.cost,
            status: fills.status,
            created: details.created,
            updated: fills.updated,
        }
    }

    /// The open orders of an account, newest first.
    pub(super) fn open(&self, account: AccountId) -> impl Iterator<Item = u32> {
        let owner = self.owner_index.find(account.get(), |slot| self.owners[slot.get() as usize].account);
        let tail = owner.map_or(NIL, |owner| self.owners[owner.get() as usize].open.tail);
        std::iter::successors(some(tail), |slot| some(self.fills[*slot as usize].prev))
    }

    /// The closed orders, first closed first.
    pub(super) fn closed(&self) -> impl Iterator<Item = u32> {
        std::iter::successors(some(self.closed.head), |slot| some(self.fills[*slot as usize].next))
    }

    /// Takes in a new order.
    #[inline]
    pub(super) fn insert(&mut self, order: OrderId, details: Details, quantity: Qty) -> Result<(), Divergence> {
        if let Some(slot) = self.find(order) {
            if !self.fills[slot as usize].status.is_closed() {
                return Err(Divergence::Order(order));
            }
            self.forget_closed(slot);
        }
        if self.open_count >= self.limits.open_max {
            return Err(Divergence::OrdersMax(self.limits.open_max));
        }
        let arrival = self.arrivals;
        let details = Details { arrival, ..details };
        let fills = Fills {
            order,
            quantity,
            filled: Qty::ZERO,
            cost: Notional::ZERO,
            updated: details.created,
            owner: NIL,
            prev: NIL,
            next: NIL,
            status: OrderStatus::Pending,
        };
        let slot = self.take_slot(fills, details);
        self.index.insert(order.get(), Slot::new(slot), |slot| self.fills[slot.get() as usize].order.get());
        if let Some(account) = details.account {
            let owner = self.owner(account);
            self.fills[slot as usize].owner = owner;
            append(&mut self.fills, &mut self.owners[owner as usize].open, slot);
        }
        self.open_count += 1;
        self.arrivals += 1;
        self.newest = slot;
        Ok(())
    }

    #[inline]
    fn take_slot(&mut self, fills: Fills, details: Details) -> u32 {
        if let Some(slot) = self.free.pop() {
            self.fills[slot as usize] = fills;
            self.details[slot as usize] = details;
            return slot;
        }
        self.fills.push(fills);
        self.details.push(details);
        // Open and closed orders together have two limits of 32 bits, of which memory holds a fraction.
        self.fills.len() as u32 - 1
    }

    /// The place of an account in `owners`, new if it has no open order.
    fn owner(&mut self, account: AccountId) -> u32 {
        let number = |owners: &[Owner], slot: Slot| owners[slot.get() as usize].account;
        let account = account.get();
        if let Some(owner) = self.owner_index.find(account, |slot| number(&self.owners, slot)) {
            return owner.get();
        }
        let new = Owner {
            account,
            open: List::EMPTY,
        };
        let owner = self.free_owners.pop().unwrap_or(self.owners.len() as u32);
        match self.owners.get_mut(owner as usize) {
            Some(place) => *place = new,
            None => self.owners.push(new),
        }
        self.owner_index.insert(account, Slot::new(owner), |slot| number(&self.owners, slot));
        owner
    }

    /// Notes a trade of an order at a price.
    #[inline]
    pub(super) fn fill(
        &mut self,
        order: OrderId,
        (price, quantity): (Price, Qty),
        time: Timestamp,
    ) -> Result<(), Divergence> {
        let slot = self.find_open(order)?;
        let fills = &mut self.fills[slot as usize];
        let filled = fills.filled.checked_add(quantity).ok_or(Divergence::Order(order))?;
        fills.filled = filled;
        fills.cost = Notional::new(fills.cost.units().saturating_add(price.notional(quantity).units()));
        fills.updated = time;
        fills.status = OrderStatus::PartiallyFilled;
        // An order by value has no quantity, and is not over by having traded it.
        if fills.quantity.is_zero() || filled < fills.quantity {
            return Ok(());
        }
        if filled > fills.quantity {
            return Err(Divergence::Order(order));
        }
        self.close_slot(slot, OrderStatus::Filled, time);
        Ok(())
    }

    /// Notes where an order rests: a market-to-limit order gets its price there.
    #[inline]
    pub(super) fn rest(&mut self, order: OrderId, price: Price) {
        let newest = self.fills.get(self.newest as usize);
        if newest.is_some_and(|newest| newest.order == order) {
            let details = &mut self.details[self.newest as usize];
            if details.order_type == Some(OrderType::MarketToLimit) {
                details.price = Some(price);
            }
        }
    }

    /// Changes an open order: its details and its total quantity.
    pub(super) fn amend(
        &mut self,
        order: OrderId,
        time: Timestamp,
        change: impl FnOnce(&mut Details, &mut Qty),
    ) -> Result<(), Divergence> {
        let slot = self.find_open(order)?;
        let fills = &mut self.fills[slot as usize];
        change(&mut self.details[slot as usize], &mut fills.quantity);
        fills.updated = time;
        Ok(())
    }

    /// Ends an open order.
    #[inline]
    pub(super) fn close(&mut self, order: OrderId, status: OrderStatus, time: Timestamp) -> Result<(), Divergence> {
        let slot = self.find_open(order)?;
        self.close_slot(slot, status, time);
        Ok(())
    }

    #[inline]
    fn close_slot(&mut self, slot: u32, status: OrderStatus, time: Timestamp) {
        let fills = &mut self.fills[slot as usize];
        (fills.status, fills.updated) = (status, time);
        let owner = std::mem::replace(&mut fills.owner, NIL);
        if owner != NIL {
            self.leave(owner, slot);
        }
        append(&mut self.fills, &mut self.closed, slot);
        self.open_count -= 1;
        if self.closed.len > self.limits.closed_max {
            self.closed_lost += 1;
            self.forget_closed(self.closed.head);
        }
    }

    /// Takes an order out of its owner's list; an owner without open orders is forgotten.
    fn leave(&mut self, owner: u32, slot: u32) {
        let list = &mut self.owners[owner as usize].open;
        unlink(&mut self.fills, list, slot);
        if list.len == 0 {
            let account = self.owners[owner as usize].account;
            self.owner_index.remove(account, Slot::new(owner));
            self.free_owners.push(owner);
        }
    }

    /// Hands out the order that closed first and forgets it.
    pub(super) fn pop_closed(&mut self) -> Option<OrderState> {
        let slot = some(self.closed.head)?;
        let state = self.state(slot);
        self.forget_closed(slot);
        Some(state)
    }

    fn forget_closed(&mut self, slot: u32) {
        unlink(&mut self.fills, &mut self.closed, slot);
        self.index.remove(self.fills[slot as usize].order.get(), Slot::new(slot));
        self.free.push(slot);
        if slot == self.newest {
            self.newest = NIL;
        }
    }

    pub(super) fn image(&self, cursor: Cursor) -> OrdersImage {
        let mut is_open = vec![true; self.fills.len()];
        for slot in self.free.iter().copied().chain(self.closed()) {
            is_open[slot as usize] = false;
        }
        let mut open: Vec<u32> = (0..).zip(is_open).filter_map(|(slot, is_open)| is_open.then_some(slot)).collect();
        open.sort_unstable_by_key(|slot| self.details[*slot as usize].arrival);
        OrdersImage {
            cursor,
            limits: self.limits,
            open: open.into_iter().map(|slot| self.state(slot)).collect(),
            closed: self.closed().map(|slot| self.state(slot)).collect(),
            closed_lost: self.closed_lost,
        }
    }

    pub(super) fn restore(image: OrdersImage) -> Result<Self, RestoreError> {
        let mut restored = Self::new(image.limits);
        if image.closed.len() > image.limits.closed_max as usize {
            return Err(RestoreError::Inconsistent("more closed orders than may be kept"));
        }
        for state in &image.closed {
            restored.restore_state(state, true)?;
        }
        for state in &image.open {
            restored.restore_state(state, false)?;
        }
        restored.closed_lost = image.closed_lost;
        restored.newest = NIL;
        Ok(restored)
    }

    fn restore_state(&mut self, state: &OrderState, is_closed: bool) -> Result<(), RestoreError> {
        if state.status.is_closed() != is_closed || self.find(state.order).is_some() {
            return Err(RestoreError::Inconsistent("an order in the wrong list, or twice"));
        }
        let details = Details {
            instrument: state.instrument,
            account: state.account,
            client_id: state.client_id,
            side: state.side,
            order_type: state.order_type,
            time_in_force: state.time_in_force,
            price: state.price,
            trigger: state.trigger,
            is_triggered: state.is_triggered,
            created: state.created,
            arrival: 0,
        };
        let inserted = self.insert(state.order, details, state.quantity);
        inserted.map_err(|_| RestoreError::Inconsistent("more open orders than there may be"))?;
        let fills = &mut self.fills[self.newest as usize];
        (fills.filled, fills.cost, fills.status) = (state.filled, state.cost, state.status);
        if is_closed {
            self.close_slot(self.newest, state.status, state.updated);
        } else {
            self.fills[self.newest as usize].updated = state.updated;
        }
        Ok(())
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("open", &self.open_count)
            .field("closed", &self.closed.len)
            .finish_non_exhaustive()
    }
}

#[inline]
fn some(slot: u32) -> Option<u32> {
    (slot != NIL).then_some(slot)
}

/// Puts a slot at the end of a list.
#[inline]
fn append(fills: &mut [Fills], list: &mut List, slot: u32) {
    (fills[slot as usize].prev, fills[slot as usize].next) = (list.tail, NIL);
    match some(list.tail) {
        Some(tail) => fills[tail as usize].next = slot,
        None => list.head = slot,
    }
    list.tail = slot;
    list.len += 1;
}

/// Takes a slot out of its list.
#[inline]
fn unlink(fills: &mut [Fills], list: &mut List, slot: u32) {
    let (prev, next) = (fills[slot as usize].prev, fills[slot as usize].next);
    match some(prev) {
        Some(prev) => fills[prev as usize].next = next,
        None => list.head = next,
    }
    match some(next) {
        Some(next) => fills[next as usize].prev = prev,
        None => list.tail = prev,
    }
    list.len -= 1;
}
