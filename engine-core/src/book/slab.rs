//! A growing array that never moves more than a few thousand elements at once.
//!
//! ```text
//! near     one block; room for most of what may come is reserved, not touched, when it leaves its first pages
//! beyond   blocks of equal size
//! ```
//!
//! A `Vec` that doubles copies everything it has: a million orders stall the book for milliseconds. Blocks
//! alone would cost every access another load, which is 3 ns of the 25 that an order takes. Here that load is
//! paid behind the check that would otherwise panic.

use std::ops::{Index, IndexMut};

/// Up to so many bytes the near block grows by doubling: little is copied, and small books stay small.
const DOUBLING_BYTES: usize = 32 << 10;

/// The most bytes that the near block reserves.
const NEAR_BYTES: usize = if usize::BITS < 64 { 8 << 20 } else { 128 << 20 };

/// Elements of one block beyond the near one.
const BLOCK: usize = 4096;

/// An array of at most `u32::MAX` elements that grows at its end.
///
/// Invariants: `beyond` has blocks only if `near` has `near_max` elements; all of them but the last are full.
#[repr(C)]
pub(crate) struct Slab<T> {
    near: Vec<T>,
    near_max: usize,
    beyond: Vec<Vec<T>>,
}

impl<T: Copy> Slab<T> {
    /// An empty array that is expected to grow to `len_max` elements at most.
    pub(crate) fn new(len_max: usize) -> Self {
        Self::with_near(len_max.min(NEAR_BYTES / size_of::<T>().max(1)))
    }

    /// An empty array with at most `near_max` elements in its near block.
    pub(super) fn with_near(near_max: usize) -> Self {
        Self {
            near: Vec::new(),
            near_max,
            beyond: Vec::new(),
        }
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        match self.beyond.last() {
            None => self.near.len(),
            Some(last) => self.near_max + (self.beyond.len() - 1) * BLOCK + last.len(),
        }
    }

    /// The element at a place, if it lies in the near block. This calls nothing, so a function that leaves the others to
    /// another one at its end saves no registers.
    #[inline]
    pub(super) fn near(&self, at: u32) -> Option<&T> {
        self.near.get(at as usize)
    }

    /// The same, to be changed.
    #[inline]
    pub(super) fn near_mut(&mut self, at: u32) -> Option<&mut T> {
        self.near.get_mut(at as usize)
    }

    #[inline]
    pub(crate) fn get(&self, at: u32) -> Option<&T> {
        match self.near.get(at as usize) {
            None => self.beyond_at(at),
            found => found,
        }
    }

    #[cold]
    #[inline(never)]
    fn beyond_at(&self, at: u32) -> Option<&T> {
        let at = (at as usize).checked_sub(self.near_max)?;
        self.beyond.get(at / BLOCK)?.get(at % BLOCK)
    }

    #[inline]
    pub(super) fn element_mut(&mut self, at: u32) -> Option<&mut T> {
        if (at as usize) < self.near.len() {
            return self.near.get_mut(at as usize);
        }
        self.beyond_at_mut(at)
    }

    #[cold]
    #[inline(never)]
    fn beyond_at_mut(&mut self, at: u32) -> Option<&mut T> {
        let at = (at as usize).checked_sub(self.near_max)?;
        self.beyond.get_mut(at / BLOCK)?.get_mut(at % BLOCK)
    }

    #[inline]
    pub(crate) fn push(&mut self, element: T) {
        if self.near.len() < self.near.capacity().min(self.near_max) {
            self.near.push(element);
            return;
        }
        self.push_with_growth(element);
    }

    #[cold]
    #[inline(never)]
    fn push_with_growth(&mut self, element: T) {
        let len = self.near.len();
        if len < self.near_max {
            let room = if len * size_of::<T>() < DOUBLING_BYTES {
                len.max(16)
            } else {
                self.near_max - len
            };
            self.near.reserve_exact(room.min(self.near_max - len));
            self.near.push(element);
            return;
        }
        if self.beyond.last().is_none_or(|last| last.len() == BLOCK) {
            self.beyond.push(Vec::with_capacity(BLOCK));
        }
        let last = self
            .beyond
            .last_mut()
            .expect("a block was put in if there was none with room");
        last.push(element);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.near.iter().chain(self.beyond.iter().flatten())
    }
}

impl<T: Copy> Index<u32> for Slab<T> {
    type Output = T;

    #[inline]
    fn index(&self, at: u32) -> &T {
        self.get(at)
            .expect("a number that was given out is within the array")
    }
}

impl<T: Copy> IndexMut<u32> for Slab<T> {
    #[inline]
    fn index_mut(&mut self, at: u32) -> &mut T {
        self.element_mut(at)
            .expect("a number that was given out is within the array")
    }
}
