//! Small values by account: all in one array, in pages that come when they are needed.

use crate::book::Slab;

/// As many bytes of values are kept in one piece; those beyond are found a little slower.
const NEAR_BYTES: usize = 1 << 22;

/// `T`s by the number of an account, which may have gaps: one far from all others costs a page, and up to 8 bytes for
/// every page's worth of numbers below it.
pub(super) struct Paged<T, const PAGE: u32> {
    /// Where each page begins, and 1 more; 0 where there is none.
    pages: Vec<u32>,
    values: Slab<T>,
}

impl<T: Copy + Default, const PAGE: u32> Paged<T, PAGE> {
    pub(super) fn new() -> Self {
        Self {
            pages: Vec::new(),
            values: Slab::new(NEAR_BYTES / size_of::<T>().max(1)),
        }
    }

    /// Where the value of a number is, if its page was ever written.
    #[inline]
    pub(super) fn find(&self, number: u32) -> Option<u32> {
        let page = *self.pages.get((number / PAGE) as usize)?;
        Some(page.checked_sub(1)? + number % PAGE)
    }

    /// Where the value of a number is; from now on it is somewhere.
    #[inline]
    pub(super) fn ensure(&mut self, number: u32) -> u32 {
        match self.find(number) {
            Some(row) => row,
            None => self.allocate(number),
        }
    }

    #[cold]
    #[inline(never)]
    fn allocate(&mut self, number: u32) -> u32 {
        let page = (number / PAGE) as usize;
        if page >= self.pages.len() {
            // A new block of zeros costs nothing before it is written, so only what there was is moved.
            let mut pages = vec![0; (page + 1).next_power_of_two()];
            pages[..self.pages.len()].copy_from_slice(&self.pages);
            self.pages = pages;
        }
        let first = self.values.len() as u32;
        for _ in 0..PAGE {
            self.values.push(T::default());
        }
        self.pages[page] = first + 1;
        first + number % PAGE
    }

    /// The value in a row that was found.
    #[inline]
    pub(super) fn row(&self, row: u32) -> T {
        self.values[row]
    }

    /// The same, where it is.
    #[inline]
    pub(super) fn at_row(&self, row: u32) -> &T {
        &self.values[row]
    }

    /// The value in a row that was found, to be changed.
    #[inline]
    pub(super) fn row_mut(&mut self, row: u32) -> &mut T {
        &mut self.values[row]
    }

    /// The value of a number, or the default where none was written.
    #[inline]
    pub(super) fn read(&self, number: u32) -> T {
        self.find(number).map_or_else(T::default, |row| self.row(row))
    }

    /// The value of a number, to be changed.
    #[inline]
    pub(super) fn at_mut(&mut self, number: u32) -> &mut T {
        let row = self.ensure(number);
        self.row_mut(row)
    }

    /// All values of all pages with their numbers, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, T)> {
        self.rows().map(|(number, row)| (number, self.row(row)))
    }

    /// All numbers of all pages with their rows, in order.
    pub(super) fn rows(&self) -> impl Iterator<Item = (u32, u32)> {
        let pages = self.pages.iter().zip((0..).step_by(PAGE as usize));
        let pages = pages.filter_map(|(page, number): (&u32, u32)| Some((page.checked_sub(1)?, number)));
        pages.flat_map(|(first, number)| (0..PAGE).map(move |at| (number + at, first + at)))
    }
}
