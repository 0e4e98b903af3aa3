//! A store that follows another one: its ids are those that the other one hands out.

use super::cell::Kept;
use super::orders::{OrderIds, Orders, Slot};
use super::record::{Links, NIL, Record};
use crate::{OrderId, Price, Qty, Side};

impl<D: Kept> Orders<D> {
    /// Puts an order in, parked, without a price or a quantity, under an id that was chosen or that another
    /// store handed out: then its slot is the one that the id names. `None` if the id is in use, or names no
    /// slot that a store of this size has. The store must not be full.
    ///
    /// What is put in by this leaves by [`forget`](Self::forget).
    #[inline]
    pub(crate) fn follow(&mut self, id: OrderId, side: Side) -> Option<Slot> {
        let (price, quantity) = (Price::new(0), Qty::ZERO);
        if let OrderIds::Chosen { .. } = self.ids() {
            let is_free = self.find(id).is_none();
            return is_free.then(|| self.insert(id, side, price, quantity, D::default()));
        }
        let slot = id.get() as u32;
        while self.slots_used() as u64 <= u64::from(slot) {
            if slot >= self.orders_max {
                return None;
            }
            self.push_slot(Links::free(0, NIL));
        }
        let record = self.record_mut(slot);
        if !record.is_free() {
            return None;
        }
        *record = Record::parked(id.get(), side, price, quantity.lots());
        self.len += 1;
        Some(Slot::new(slot))
    }

    /// Forgets a parked order that was put in by [`follow`](Self::follow).
    #[inline]
    pub(crate) fn forget(&mut self, slot: Slot) {
        if let OrderIds::Chosen { .. } = self.ids() {
            self.remove(slot);
            return;
        }
        let record = self.record_mut(slot.get());
        assert!(record.is_parked(), "an order leaves its queue before its slot");
        // The slot is not listed as free: the other store decides when it is used again.
        *record = Record::FREE;
        *self.links_mut(slot.get()) = Links::free(0, NIL);
        self.len -= 1;
    }
}
