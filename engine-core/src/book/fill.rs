//! Makers that are used up, one after the other: the loop in which a sweep spends its time.

use super::orders::{OrderIds, Orders, Slot};
use super::record::{NIL, Record};

impl<D: Copy + Default> Orders<D> {
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
        let has_generations = self.ids() == OrderIds::Assigned;
        let (mut at, mut free, mut freed) = (first, self.free, 0);
        while left > 0 && at != NIL {
            let record = &mut self.records[at];
            if record.is_marked() {
                break;
            }
            let (id, quantity, next) = (record.id, record.quantity, record.next);
            if quantity > left {
                record.quantity = quantity - left;
                filled(id, &self.data[at], left);
                left = 0;
                break;
            }
            let generation = if has_generations {
                ((id >> 32) as u32).wrapping_add(1)
            } else {
                1
            };
            *record = Record::free(generation, free);
            // After the last generation comes 0: such a slot stays out of the list.
            if generation != 0 {
                free = at;
            }
            freed += 1;
            left -= quantity;
            filled(id, &self.data[at], quantity);
            if let Some(index) = &mut self.index {
                index.remove(id, Slot(at));
            }
            at = next;
        }
        self.free = free;
        self.len -= freed;
        (at, left)
    }
}
