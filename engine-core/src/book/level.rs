//! One price of one side: its orders from first to last, and what they hold together.

use super::orders::Orders;
use super::record::NIL;

/// A queue of orders, linked through their slots.
///
/// Invariants: `quantity` is the sum of its orders; without an order it equals [`Level::EMPTY`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(16))]
pub(crate) struct Level {
    pub(crate) head: u32,
    pub(crate) tail: u32,
    pub(crate) quantity: u64,
}

const _: () = assert!(size_of::<Level>() == 16);

impl Default for Level {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl Level {
    pub(super) const EMPTY: Self = Self {
        head: NIL,
        tail: NIL,
        quantity: 0,
    };

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.head == NIL
    }

    /// Puts an order that carries `quantity` at the back. Returns whether it is the first one.
    #[inline]
    pub(super) fn append<D: Copy + Default>(
        &mut self,
        orders: &mut Orders<D>,
        slot: u32,
        quantity: u64,
    ) -> bool {
        let tail = self.tail;
        self.tail = slot;
        self.quantity += quantity;
        let record = orders.record_mut(slot);
        record.prev = tail;
        record.next = NIL;
        if tail == NIL {
            self.head = slot;
            return true;
        }
        orders.record_mut(tail).next = slot;
        false
    }

    /// Takes out an order that carries `quantity` and stands between `prev` and `next`. Returns whether it was
    /// the last one.
    #[inline]
    pub(super) fn unlink<D: Copy + Default>(
        &mut self,
        orders: &mut Orders<D>,
        (prev, next): (u32, u32),
        quantity: u64,
    ) -> bool {
        self.quantity -= quantity;
        if prev == NIL {
            self.head = next;
        } else {
            orders.record_mut(prev).next = next;
        }
        if next == NIL {
            self.tail = prev;
        } else {
            orders.record_mut(next).prev = prev;
        }
        self.head == NIL
    }
}
