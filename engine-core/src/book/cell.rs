//! An order and what its owner keeps with it, side by side in memory.

use super::record::Record;

/// What is kept with an order.
pub(crate) trait Kept: Copy + Default {
    /// A type aligned as a cell with this in it shall be.
    type Alignment: Copy;
}

/// As a cache line: no order needs a second one.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(crate) struct CacheLine;

/// What the caller of an [`OrderBook`](super::OrderBook) keeps: of any size, so cells lie as close as they can.
#[derive(Clone, Copy, Default)]
#[repr(transparent)]
pub(crate) struct Any<D>(pub(crate) D);

impl<D: Copy + Default> Kept for Any<D> {
    type Alignment = ();
}

#[cfg(test)]
impl Kept for u64 {
    type Alignment = ();
}

/// An order with what is kept with it.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct Cell<D: Kept> {
    pub(super) record: Record,
    pub(super) data: D,
    alignment: [D::Alignment; 0],
}

impl<D: Kept> Cell<D> {
    #[inline]
    pub(super) fn new(record: Record, data: D) -> Self {
        Self {
            record,
            data,
            alignment: [],
        }
    }

    /// A cell without an order.
    #[inline]
    pub(super) fn free() -> Self {
        Self::new(Record::FREE, D::default())
    }
}
