//! One order as the matching loop needs it, and its place in a queue.

use super::orders::Queue;
use crate::{Price, Side};

/// No slot: the end of a queue or of the free list.
pub(super) const NIL: u32 = u32::MAX;

/// What a slot without an order carries as its id. No slot has the number `u32::MAX`, so no id that is
/// handed out can be this one.
const NO_ID: u64 = u64::MAX;

/// What a slot holds: an order, or none.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct Record {
    pub(super) id: u64,
    /// What of the order stands in its queue.
    pub(super) quantity: u64,
    /// The price in the upper 54 bits, then the mark, the side and the state.
    key: u64,
}

/// Where the order of a slot stands in its queue, or a free slot in the free list. Of a parked order they mean nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(8))]
pub(super) struct Links {
    /// The next order of the queue, or the next free slot.
    pub(super) next: u32,
    /// The order before it in the queue; of a free slot the generation that its next id gets.
    pub(super) prev: u32,
}

const _: () = assert!(size_of::<Record>() == 24 && size_of::<Links>() == 8);

impl Links {
    /// Of a free slot in front of another one in the free list.
    #[inline]
    pub(super) fn free(generation: u32, next: u32) -> Self {
        Self {
            next,
            prev: generation,
        }
    }
}

const PRICE_SHIFT: u32 = 10;
const MARK_SHIFT: u32 = 3;
/// The highest mark: seven bits.
pub(super) const MARK_MAX: u8 = (1 << (PRICE_SHIFT - MARK_SHIFT)) - 1;
const SELL_SHIFT: u32 = 2;
const SELL: u64 = 1 << SELL_SHIFT;

/// The state of a slot. Queued ones have the second bit.
const STATE: u64 = 0b11;
const FREE: u64 = 0;
const PARKED: u64 = 1;
const DISPLAYED: u64 = 2;
const BEHIND: u64 = 3;

impl Record {
    /// A parked order.
    #[inline]
    pub(super) fn parked(id: u64, side: Side, price: Price, quantity: u64) -> Self {
        Self {
            id,
            quantity,
            key: (price.ticks() << PRICE_SHIFT) as u64 | (side as u64) << SELL_SHIFT | PARKED,
        }
    }

    /// An order in the displayed queue of its price.
    #[inline]
    pub(super) fn displayed(id: u64, side: Side, price: Price, quantity: u64) -> Self {
        let parked = Self::parked(id, side, price, quantity);
        Self {
            key: parked.key & !STATE | DISPLAYED,
            ..parked
        }
    }

    /// No order.
    pub(super) const FREE: Self = Self {
        id: NO_ID,
        quantity: 0,
        key: FREE,
    };

    #[inline]
    pub(super) fn price(&self) -> Price {
        Price::new(self.key as i64 >> PRICE_SHIFT)
    }

    #[inline]
    pub(super) fn set_price(&mut self, price: Price) {
        self.key = (price.ticks() << PRICE_SHIFT) as u64 | self.key & ((1 << PRICE_SHIFT) - 1);
    }

    #[inline]
    pub(super) fn side(&self) -> Side {
        if self.key & SELL == 0 {
            Side::Buy
        } else {
            Side::Sell
        }
    }

    #[inline]
    pub(super) fn rank(&self) -> i64 {
        rank(self.side(), self.price())
    }

    #[inline]
    pub(super) fn mark(&self) -> u8 {
        (self.key >> MARK_SHIFT) as u8 & MARK_MAX
    }

    #[inline]
    pub(super) fn is_marked(&self) -> bool {
        self.key & u64::from(MARK_MAX) << MARK_SHIFT != 0
    }

    /// Whether it stands in the displayed queue without a mark.
    #[inline]
    pub(super) fn is_plain(&self) -> bool {
        self.key & (u64::from(MARK_MAX) << MARK_SHIFT | STATE) == DISPLAYED
    }

    #[inline]
    pub(super) fn set_mark(&mut self, mark: u8) {
        self.key = self.key & !(u64::from(MARK_MAX) << MARK_SHIFT) | u64::from(mark) << MARK_SHIFT;
    }

    #[inline]
    pub(super) fn queue(&self) -> Option<Queue> {
        match self.key & STATE {
            DISPLAYED => Some(Queue::Displayed),
            BEHIND => Some(Queue::Behind),
            _ => None,
        }
    }

    #[inline]
    pub(super) fn set_queue(&mut self, queue: Option<Queue>) {
        let state = match queue {
            None => PARKED,
            Some(Queue::Displayed) => DISPLAYED,
            Some(Queue::Behind) => BEHIND,
        };
        self.key = self.key & !STATE | state;
    }

    #[inline]
    pub(super) fn is_free(&self) -> bool {
        self.key & STATE == FREE
    }

    #[inline]
    pub(super) fn is_parked(&self) -> bool {
        self.key & STATE == PARKED
    }

    #[inline]
    pub(super) fn has_no_id(&self) -> bool {
        self.id == NO_ID
    }
}

/// The place of `price` among the prices of `side`: the higher, the better. One code serves both sides, without a
/// branch: sides come in no order that a processor could guess.
#[inline]
pub(crate) fn rank(side: Side, price: Price) -> i64 {
    signed(side, price.ticks())
}

/// The price at `rank`: the inverse of [`rank`].
#[inline]
pub(crate) fn price_at(side: Side, rank: i64) -> Price {
    Price::new(signed(side, rank))
}

/// The number itself for buyers, its negative for sellers. Only a number that is no price wraps; nothing is found there.
#[inline]
fn signed(side: Side, number: i64) -> i64 {
    number.wrapping_mul(1 - 2 * side as i64)
}
