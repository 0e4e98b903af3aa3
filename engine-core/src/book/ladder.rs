//! The displayed levels of one side, by rank: the higher, the better.

use std::ops::Range;

use super::level::Level;
use super::pages::{Group, Pages};
use super::tree::Tree;
use super::window::Window;

/// No rank: lower than every price of either side, and so low that no rank added to it is above 0.
const NONE: i64 = i64::MIN / 2;

/// The groups with which a window starts: 1,024 ranks, for 640 bytes.
pub(super) const WINDOW_MIN: usize = 16;
/// The groups at which it stops growing: 65,536 ranks, for 40 KiB.
pub(super) const WINDOW_MAX: usize = 1024;

/// All levels of one side. A level lies in a page and stays where it is. The pages are known to groups of 64 ranks, which
/// stand in a window near the touch, and in a tree elsewhere.
///
/// The window goes where orders come to rest. It moves and grows seldom: after so many orders outside of it that these
/// have cost as much as that. Where it lies changes what an operation costs and nothing else.
///
/// Invariants: `best` is the best rank that has orders; no group of the tree is empty, or has a number that the window
/// covers.
///
/// What most orders need comes first, in two cache lines: of many books the next one is rarely near.
#[repr(C, align(64))]
pub(crate) struct Ladder {
    best: i64,
    window: Window,
    pages: Pages,
    /// How many orders have come to rest outside of the window since it last moved, and could have been in it.
    missed: usize,
    size_max: usize,
    far: Tree<Group>,
}

const _: () = assert!(std::mem::offset_of!(Ladder, pages) == 64);

impl Default for Ladder {
    /// An empty ladder whose window starts and ends as usual.
    fn default() -> Self {
        Self::new(WINDOW_MIN, WINDOW_MAX)
    }
}

impl Ladder {
    /// An empty ladder whose window starts and ends with so many groups.
    pub(super) fn new(size_min: usize, size_max: usize) -> Self {
        Self {
            best: NONE,
            missed: 0,
            size_max,
            window: Window::new(size_min),
            far: Tree::default(),
            pages: Pages::new(),
        }
    }

    /// The best rank that has orders.
    #[inline]
    pub(crate) fn best(&self) -> Option<i64> {
        (self.best != NONE).then_some(self.best)
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.best == NONE
    }

    /// Whether there are orders at this rank or a better one.
    #[inline]
    pub(super) fn reaches(&self, rank: i64) -> bool {
        self.best >= rank
    }

    /// Whether an order of the other side with this rank would reach an order here: a rank is the negative of that which
    /// the same price has on the other side.
    #[inline]
    pub(super) fn meets(&self, rank: i64) -> bool {
        self.best.wrapping_add(rank) >= 0
    }

    /// The best rank and its level.
    ///
    /// # Panics
    /// If there are no orders.
    #[inline]
    pub(super) fn best_mut(&mut self) -> (i64, &mut Level) {
        let rank = self.best;
        (rank, self.level_mut(rank))
    }

    /// Whether a rank lies in the window.
    #[cfg(test)]
    pub(super) fn is_near(&self, rank: i64) -> bool {
        self.window.covers(Group::number(rank))
    }

    /// The level at a rank, empty or not.
    #[inline]
    pub(crate) fn level(&self, rank: i64) -> &Level {
        let number = Group::number(rank);
        match self.window.group(number).or_else(|| far_group(&self.far, number)) {
            Some(group) => group.level(&self.pages, rank),
            None => &Level::EMPTY,
        }
    }

    /// The level at a rank that has orders. Whoever takes out the last one calls [`close`](Self::close).
    #[inline]
    pub(crate) fn level_mut(&mut self, rank: i64) -> &mut Level {
        let number = Group::number(rank);
        let group = self.window.group(number).or_else(|| far_group(&self.far, number));
        let group = group.expect("a level with orders exists");
        group.level_mut(&mut self.pages, rank)
    }

    /// The level at a rank, for an order to be put in. Whoever puts in the first one calls [`open`](Self::open).
    #[inline]
    pub(crate) fn level_or_new(&mut self, rank: i64) -> &mut Level {
        let number = Group::number(rank);
        if !self.window.covers(number) {
            self.miss(number);
        }
        let Self {
            window, far, pages, ..
        } = self;
        let near = window.group_mut(number);
        let group = near.unwrap_or_else(|| far_group_or_new(far, number));
        group.level_or_new(pages, rank)
    }

    /// Takes note of a level that has got its first order.
    #[inline]
    pub(crate) fn open(&mut self, rank: i64) {
        let number = Group::number(rank);
        match self.window.group_mut(number) {
            Some(group) => {
                group.open(rank);
                self.window.occupy(number);
            }
            None => far_group_or_new(&mut self.far, number).open(rank),
        }
        self.best = self.best.max(rank);
    }

    /// Takes note of a level that has lost its last order, and is empty.
    #[inline]
    pub(crate) fn close(&mut self, rank: i64) {
        let number = Group::number(rank);
        match self.window.group_mut(number) {
            Some(group) => {
                group.close(&mut self.pages, rank);
                if group.is_empty() {
                    self.window.vacate(number);
                }
            }
            None => self.close_far(rank),
        }
        if rank == self.best {
            self.best = self.below(rank).unwrap_or(NONE);
        }
    }

    #[inline(never)]
    fn close_far(&mut self, rank: i64) {
        let number = Group::number(rank);
        let group = far_group_or_new(&mut self.far, number);
        group.close(&mut self.pages, rank);
        if group.is_empty() {
            self.far.remove(number);
        }
    }

    /// The best rank below `rank` that has orders.
    #[inline]
    pub(super) fn below(&self, rank: i64) -> Option<i64> {
        let number = Group::number(rank);
        let group = self.window.group(number).or_else(|| far_group(&self.far, number));
        match group.and_then(|group| group.below(rank)) {
            Some(below) => Some(number * Group::RANKS + below),
            None => self.last_before(number),
        }
    }

    /// The best rank that has orders in the groups before a number.
    #[inline(never)]
    fn last_before(&self, number: i64) -> Option<i64> {
        let near = self.window.below(number);
        let far = self
            .far
            .below(number)
            .filter(|far| near.is_none_or(|(near, _)| near < *far));
        let (number, group) = match far {
            Some(far) => (far, self.far.get(far)?),
            None => near?,
        };
        Some(number * Group::RANKS + group.last()?)
    }

    /// Takes note of an order that comes to rest outside of the window, which moves if that pays.
    #[inline(never)]
    fn miss(&mut self, number: i64) {
        let best = self.best().map_or(number, Group::number);
        let apart = usize::try_from(best.abs_diff(number)).unwrap_or(usize::MAX / 4);
        // A quarter of the window is room for what comes next.
        if 4 * apart >= 3 * self.size_max {
            return;
        }
        self.missed += 1;
        let size = (apart + apart / 2).next_power_of_two();
        let size = size.clamp(self.window.size(), self.size_max);
        if self.missed < size / 4 && !self.is_empty() {
            return;
        }
        self.missed = 0;
        let middle = best.midpoint(number);
        let around = |size: i64| middle - size / 2..middle - size / 2 + size;
        let range = around(size as i64);
        // What the window leaves behind is likely to be wanted again: rather than much of that, it grows.
        if size < self.size_max && self.window.gives_up_a_quarter(&range) {
            self.place(&around(2 * size as i64));
        } else {
            self.place(&range);
        }
    }

    /// Puts the window somewhere else. This alone moves groups between it and the tree.
    fn place(&mut self, range: &Range<i64>) {
        let Self { window, far, .. } = self;
        window.place(range, |number, group| *far.entry_or_put(number) = group);
        let next = |far: &Tree<Group>| far.at_or_above(range.start).filter(|number| *number < range.end);
        while let Some(number) = next(far) {
            window.put(number, far.remove(number));
        }
    }

    /// All levels, best first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (i64, &Level)> {
        let ranks = std::iter::successors(self.best(), |rank| self.below(*rank));
        ranks.map(|rank| (rank, self.level(rank)))
    }

    /// The groups of the window, the pages, and the blocks of the tree.
    #[cfg(test)]
    pub(super) fn footprint(&self) -> [usize; 3] {
        [self.window.size(), self.pages.len(), self.far.blocks()]
    }

    /// Walks everything and panics where an invariant of this type is broken.
    pub(crate) fn check_invariants(&self) {
        self.window.check_invariants();
        self.far.check_invariants();
        for (number, group) in self.far.iter() {
            assert!(!group.is_empty(), "group {number} in the tree has orders");
            assert!(!self.window.covers(number), "group {number} has one place");
        }
        let groups = || self.window.iter().chain(self.far.iter());
        let last = |(number, group): (i64, &Group)| Some(number * Group::RANKS + group.last()?);
        let best = groups().filter_map(last).max();
        assert_eq!(self.best(), best, "best is the best of all");
        self.pages.check_invariants(groups().map(|(_, group)| group));
    }
}

#[inline(never)]
fn far_group(far: &Tree<Group>, number: i64) -> Option<&Group> {
    far.get(number)
}

#[inline(never)]
fn far_group_or_new(far: &mut Tree<Group>, number: i64) -> &mut Group {
    far.entry_or_put(number)
}
