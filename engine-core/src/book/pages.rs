//! Where the displayed levels of one side lie: in pages of neighbouring ranks, taken from a pool when they are needed.

use super::level::Level;
use super::record::NIL;
use super::slab::Slab;

/// Ranks of one page: two cache lines. A level that stands alone takes no more memory than that.
const RANKS: usize = 8;
/// Pages of a group: as many as give it the ranks that a word has bits.
const PAGES: usize = 8;

/// So many pages lie in one block, which is reserved, not touched: 2 MiB.
const NEAR_MAX: usize = 16 * 1024;

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Page([Level; RANKS]);

/// The pool of pages.
///
/// Invariants: a page is free, or belongs to one group. A free page has only empty levels, but for the head of the first
/// one, which is the next free page.
#[repr(C)]
pub(super) struct Pages {
    pages: Slab<Page>,
    free: u32,
}

/// 64 ranks: which of them have orders, and in which pages their levels lie.
///
/// Invariants: a rank has its bit exactly if its level has orders; a group has a page exactly if a rank of that page has
/// its bit.
#[derive(Clone, Copy)]
pub(super) struct Group {
    bits: u64,
    pages: [u32; PAGES],
}

const _: () = assert!(size_of::<Page>() == 128 && size_of::<Group>() == 40);
const _: () = assert!(RANKS * PAGES == u64::BITS as usize && Group::RANKS == u64::BITS as i64);

impl Pages {
    pub(super) fn new() -> Self {
        Self {
            pages: Slab::with_near(NEAR_MAX),
            free: NIL,
        }
    }

    #[inline(never)]
    fn take(&mut self) -> u32 {
        let page = self.free;
        if page == NIL {
            self.pages.push(Page([Level::EMPTY; RANKS]));
            return self.pages.len() as u32 - 1;
        }
        self.free = std::mem::replace(&mut self.pages[page].0[0].head, NIL);
        page
    }

    #[inline]
    fn give_back(&mut self, page: u32) {
        self.pages[page].0[0].head = std::mem::replace(&mut self.free, page);
    }

    /// The pages that exist, free or not.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.pages.len()
    }

    /// Panics where an invariant is broken. The groups are all that are not empty.
    pub(super) fn check_invariants<'a>(&self, groups: impl Iterator<Item = &'a Group>) {
        let mut is_met = vec![false; self.pages.len()];
        let mut meet = |page: u32| {
            let before = std::mem::replace(&mut is_met[page as usize], true);
            assert!(!before, "page {page} has one use");
        };
        for group in groups {
            group.check_invariants(self);
            group
                .pages
                .iter()
                .filter(|page| **page != NIL)
                .for_each(|page| meet(*page));
        }
        let mut at = self.free;
        while at != NIL {
            meet(at);
            let mut levels = self.pages[at].0;
            at = std::mem::replace(&mut levels[0].head, NIL);
            assert!(levels == [Level::EMPTY; RANKS], "a free page is empty");
        }
        assert!(is_met.iter().all(|is_met| *is_met), "no page is lost");
    }
}

impl Default for Group {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl Group {
    pub(super) const EMPTY: Self = Self {
        bits: 0,
        pages: [NIL; PAGES],
    };

    /// Ranks of a group.
    pub(super) const RANKS: i64 = 64;

    /// The number of the group to which a rank belongs.
    #[inline]
    pub(super) fn number(rank: i64) -> i64 {
        rank.div_euclid(Self::RANKS)
    }

    /// Whether no rank has orders.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.bits == 0
    }

    /// The level at a rank, empty or not.
    #[inline]
    pub(super) fn level<'a>(&self, pages: &'a Pages, rank: i64) -> &'a Level {
        match self.pages[page_at(rank)] {
            NIL => &Level::EMPTY,
            page => &pages.pages[page].0[level_at(rank)],
        }
    }

    /// The level at a rank that has orders.
    #[inline]
    pub(super) fn level_mut<'a>(&self, pages: &'a mut Pages, rank: i64) -> &'a mut Level {
        let page = self.pages[page_at(rank)];
        &mut pages.pages[page].0[level_at(rank)]
    }

    /// The level at a rank, for an order to be put in. Whoever puts in the first one calls [`open`](Self::open).
    #[inline]
    pub(super) fn level_or_new<'a>(&mut self, pages: &'a mut Pages, rank: i64) -> &'a mut Level {
        let page = &mut self.pages[page_at(rank)];
        if *page == NIL {
            *page = pages.take();
        }
        &mut pages.pages[*page].0[level_at(rank)]
    }

    /// Says that the level at a rank has orders now.
    #[inline]
    pub(super) fn open(&mut self, rank: i64) {
        self.bits |= bit(rank);
    }

    /// Says that the level at a rank, which is empty, has no orders any more.
    #[inline]
    pub(super) fn close(&mut self, pages: &mut Pages, rank: i64) {
        self.bits &= !bit(rank);
        if self.page_bits(rank) == 0 {
            pages.give_back(std::mem::replace(&mut self.pages[page_at(rank)], NIL));
        }
    }

    /// The highest rank with orders below `rank`, counted from the first of the group.
    #[inline]
    pub(super) fn below(&self, rank: i64) -> Option<i64> {
        highest(self.bits & (bit(rank) - 1))
    }

    /// The highest rank with orders, counted from the first of the group.
    #[inline]
    pub(super) fn last(&self) -> Option<i64> {
        highest(self.bits)
    }

    /// The bits of the page to which a rank belongs.
    #[inline]
    fn page_bits(&self, rank: i64) -> u8 {
        (self.bits >> (page_at(rank) * RANKS)) as u8
    }

    fn check_invariants(&self, pages: &Pages) {
        for rank in 0..Self::RANKS {
            let has_orders = !self.level(pages, rank).is_empty();
            assert_eq!(
                self.bits & bit(rank) != 0,
                has_orders,
                "the bits know level {rank}"
            );
            let has_page = self.pages[page_at(rank)] != NIL;
            assert_eq!(self.page_bits(rank) != 0, has_page, "the page of level {rank}");
        }
    }
}

#[inline]
fn bit(rank: i64) -> u64 {
    1 << (rank as u64 % u64::from(u64::BITS))
}

#[inline]
fn page_at(rank: i64) -> usize {
    rank as usize / RANKS % PAGES
}

#[inline]
fn level_at(rank: i64) -> usize {
    rank as usize % RANKS
}

#[inline]
fn highest(bits: u64) -> Option<i64> {
    bits.checked_ilog2().map(i64::from)
}
