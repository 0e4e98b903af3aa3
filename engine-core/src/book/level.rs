//! One price of one side: its orders from first to last, and what they hold together.

use super::cell::Kept;
use super::orders::Orders;
use super::record::{Links, NIL};

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
    pub(super) fn append<D: Kept>(&mut self, orders: &mut Orders<D>, slot: u32, quantity: u64) -> bool {
        let tail = self.tail;
        self.tail = slot;
        self.quantity += quantity;
        *orders.links_mut(slot) = Links {
            next: NIL,
            prev: tail,
        };
        if tail == NIL {
            self.head = slot;
            return true;
        }
        orders.links_mut(tail).next = slot;
        false
    }

    /// Takes out an order that carries `quantity` and has these links. Returns whether it was the last one.
    #[inline]
    pub(super) fn unlink<D: Kept>(
        &mut self,
        orders: &mut Orders<D>,
        Links { next, prev }: Links,
        quantity: u64,
    ) -> bool {
        self.quantity -= quantity;
        if prev == NIL {
            self.head = next;
        } else {
            orders.links_mut(prev).next = next;
        }
        if next == NIL {
            self.tail = prev;
        } else {
            orders.links_mut(next).prev = prev;
        }
        self.head == NIL
    }
}
