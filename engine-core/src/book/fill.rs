//! Makers that are used up, one after the other: the loop in which a sweep spends its time.

use super::cell::Kept;
use super::orders::{Orders, Slot, generation_after};
use super::record::{Links, NIL, Record};

impl<D: Kept> Orders<D> {
    /// Fills the orders of a queue from `first` on with up to `left` lots, and gives back the slots of those with nothing
    /// left, as [`release`](Self::release) does one by one. It ends before an order with a mark. Every fill is told.
    /// Returns the order that stands first now, or `NIL`, and the lots that are left; the queue is the caller's.
    #[inline(always)]
    pub(super) fn fill_in_turn(
        &mut self,
        first: u32,
        mut left: u64,
        mut filled: impl FnMut(u64, &D, u64),
    ) -> (u32, u64) {
        let (mut at, mut free, mut freed) = (first, self.free, 0);
        while left > 0 && at != NIL {
            let cell = &mut self.cells[at];
            if cell.record.is_marked() {
                break;
            }
            let (id, quantity) = (cell.record.id, cell.record.quantity);
            if quantity > left {
                cell.record.quantity = quantity - left;
                filled(id, &cell.data, left);
                left = 0;
                break;
            }
            cell.record = Record::FREE;
            filled(id, &cell.data, quantity);
            let generation = generation_after(id, self.has_chosen_ids());
            let freed_links = Links::free(generation, free);
            let next = std::mem::replace(&mut self.links[at], freed_links).next;
            // After the last generation comes 0: such a slot stays out of the list.
            if generation != 0 {
                free = at;
            }
            freed += 1;
            left -= quantity;
            if self.has_chosen_ids() {
                self.index.remove(id, Slot(at));
            }
            at = next;
        }
        self.free = free;
        self.len -= freed;
        (at, left)
    }
}
