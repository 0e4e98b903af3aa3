//! What of a store has to be kept so that it goes on as before: which ids it hands out next.

use super::cell::{Cell, Kept};
use super::orders::{OrderIds, Orders, Slot};
use super::record::{Links, NIL, Record};
use crate::{OrderId, Price, Qty, Side};

/// Why stored orders cannot be put back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum RestoreError {
    /// More orders than the limit allows.
    #[error("more than {orders_max} orders")]
    TooManyOrders {
        /// The limit.
        orders_max: u32,
    },
    /// Two orders with one id, or an id whose slot is free or does not exist.
    #[error("order id {0} is not possible here")]
    Id(OrderId),
    /// A free slot that is named twice, does not exist, or has generation 0.
    #[error("free slot {0} is not possible here")]
    FreeSlot(u32),
}

impl<D: Kept> Orders<D> {
    /// The number of slots that ever were in use: with the ids in use and the free list it decides every id
    /// handed out later. 0 where ids are chosen, because slot numbers mean nothing there.
    #[cfg(test)]
    pub(crate) fn slots(&self) -> u32 {
        match self.ids() {
            OrderIds::Assigned => self.slots_used() as u32,
            OrderIds::Chosen { .. } => 0,
        }
    }

    /// The free slots in the order in which they will be taken, each with the generation that its next id
    /// gets. Empty where ids are chosen.
    pub(crate) fn free_list(&self) -> impl Iterator<Item = (u32, u32)> {
        let first = match self.ids() {
            OrderIds::Assigned => self.free,
            OrderIds::Chosen { .. } => NIL,
        };
        let slot = |slot: u32| (slot != NIL).then_some(slot);
        std::iter::successors(slot(first), move |at| slot(self.links(*at).next))
            .map(|at| (at, self.links(at).prev))
    }

    /// The slots that no order will ever take again, because their ids are used up.
    pub(crate) fn retired(&self) -> impl Iterator<Item = u32> {
        (0..self.slots_used() as u32).filter(|slot| self.leads_nowhere(*slot))
    }

    /// Whether a slot has neither an order nor a generation left.
    fn leads_nowhere(&self, slot: u32) -> bool {
        self.record(slot).is_free() && self.links(slot).prev == 0
    }

    /// A store as it was when [`slots`](Self::slots) and [`free_list`](Self::free_list) were read, still
    /// without its orders: [`restore_order`](Self::restore_order) puts them back. A slot that is neither free
    /// nor gets its order back is a retired one.
    ///
    /// # Errors
    /// If the free list is not one that such a store can have.
    pub(crate) fn restore(
        ids: OrderIds,
        orders_max: u32,
        slots: u32,
        free_list: &[(u32, u32)],
    ) -> Result<Self, RestoreError> {
        let mut orders = Self::new(ids, orders_max);
        let slots = match ids {
            OrderIds::Assigned if slots == NIL => return Err(RestoreError::FreeSlot(slots)),
            OrderIds::Assigned => slots,
            OrderIds::Chosen { .. } => 0,
        };
        for _ in 0..slots {
            orders.push_slot(Links::free(0, NIL));
        }
        for (slot, generation) in free_list.iter().rev() {
            let links = orders.links.element_mut(*slot);
            let links = links.filter(|links| links.prev == 0 && *generation != 0);
            *links.ok_or(RestoreError::FreeSlot(*slot))? = Links::free(*generation, orders.free);
            orders.free = *slot;
        }
        Ok(orders)
    }

    /// Puts an order back under the id that it had, parked. The price is valid.
    ///
    /// # Errors
    /// If the store is full, or this store cannot have an order with this id.
    pub(crate) fn restore_order(
        &mut self,
        id: OrderId,
        side: Side,
        price: Price,
        quantity: Qty,
        data: D,
    ) -> Result<Slot, RestoreError> {
        if self.len >= self.orders_max {
            let orders_max = self.orders_max;
            return Err(RestoreError::TooManyOrders { orders_max });
        }
        if let OrderIds::Chosen { .. } = self.ids() {
            return match self.find(id) {
                Some(_) => Err(RestoreError::Id(id)),
                None => Ok(self.insert(id, side, price, quantity, data)),
            };
        }
        let slot = id.get() as u32;
        let exists = (slot as usize) < self.slots_used();
        if !exists || id.get() >> 32 == 0 || !self.leads_nowhere(slot) {
            return Err(RestoreError::Id(id));
        }
        let order = Record::parked(id.get(), side, price, quantity.lots());
        self.cells[slot] = Cell::new(order, data);
        self.len += 1;
        Ok(Slot(slot))
    }
}
