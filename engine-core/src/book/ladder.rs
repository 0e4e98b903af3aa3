//! The displayed levels of one side, by rank: the higher, the better.

use super::far::Far;
use super::level::Level;
use super::window::Window;

/// No rank: lower than every price of either side.
const NONE: i64 = i64::MIN;

/// The size with which a window starts: 4 KiB of levels.
pub(super) const WINDOW_MIN: usize = 256;
/// The size at which it stops growing: 256 KiB of levels, which are laid out in some 50 microseconds.
pub(super) const WINDOW_MAX: usize = 16 * 1024;

/// The most levels that one operation moves between window and tree.
const MOVES_MAX: usize = 4;

/// All levels of one side: those near the best price in a window, the others far from it, in a tree.
///
/// The window follows the best price in small steps. Where it lies changes what an operation costs and nothing
/// else: a rank within its range has its level there, every other rank has it far.
///
/// Invariants: `best` is the best rank that has orders; no level that is far lies in the range of the window.
pub(super) struct Ladder {
    best: i64,
    /// Whether the window lies where it should.
    is_settled: bool,
    size_max: usize,
    /// How often a rank was used that a window of twice the size would cover.
    missed: usize,
    window: Window,
    far: Far,
}

impl Ladder {
    /// An empty ladder whose window starts and ends with these sizes.
    pub(super) fn new(size_min: usize, size_max: usize) -> Self {
        Self {
            best: NONE,
            is_settled: false,
            size_max,
            missed: 0,
            window: Window::new(size_min),
            far: Far::default(),
        }
    }

    /// The best rank that has orders.
    #[inline]
    pub(super) fn best(&self) -> Option<i64> {
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

    /// The best rank and its level.
    ///
    /// # Panics
    /// If there are no orders.
    #[inline]
    pub(super) fn best_mut(&mut self) -> (i64, &mut Level) {
        let rank = self.best;
        (rank, self.level_mut(rank))
    }

    /// The level at a rank, if that lies in the window.
    #[inline]
    pub(super) fn near(&self, rank: i64) -> Option<&Level> {
        self.window.covers(rank).then(|| self.window.level(rank))
    }

    /// The level at a rank, empty or not.
    #[inline]
    pub(super) fn level(&self, rank: i64) -> &Level {
        if self.window.covers(rank) {
            return self.window.level(rank);
        }
        self.far.level(rank)
    }

    /// The level at a rank that has orders. Whoever takes out the last one calls [`close`](Self::close).
    #[inline]
    pub(super) fn level_mut(&mut self, rank: i64) -> &mut Level {
        if self.window.covers(rank) {
            return self.window.level_mut(rank);
        }
        self.far.level_mut(rank)
    }

    /// The level at a rank, for an order to be put in. Whoever puts in the first one calls
    /// [`open`](Self::open).
    #[inline]
    pub(super) fn level_or_new(&mut self, rank: i64) -> &mut Level {
        if self.window.covers(rank) {
            return self.window.level_mut(rank);
        }
        self.far_level_or_new(rank)
    }

    #[inline(never)]
    fn far_level_or_new(&mut self, rank: i64) -> &mut Level {
        let size = self.window.size();
        if rank < self.window.low() && rank >= self.window.low() - size as i64 {
            self.missed += 1;
            if self.missed > size * size / 1024 && size < self.size_max && self.is_settled {
                self.grow();
            }
        }
        if !self.is_settled {
            self.settle();
            if self.window.covers(rank) {
                return self.window.level_mut(rank);
            }
        }
        self.far.level_or_new(rank)
    }

    /// Begins with an empty window of twice the size. The levels move a few at a time, best first.
    fn grow(&mut self) {
        let mut larger = Window::new(self.window.size() * 2);
        larger.set_range(self.window.high(), self.window.high());
        self.far.take_over(std::mem::replace(&mut self.window, larger));
        self.missed = 0;
        self.is_settled = false;
    }

    /// Takes note of a level that has got its first order.
    #[inline]
    pub(super) fn open(&mut self, rank: i64) {
        if self.window.covers(rank) {
            self.window.occupy(rank);
        } else {
            self.far.occupy(rank);
        }
        if rank > self.best {
            self.best = rank;
            self.follow_best();
        } else if !self.is_settled {
            self.settle();
        }
    }

    /// Takes note of a level that has lost its last order.
    #[inline]
    pub(super) fn close(&mut self, rank: i64) {
        if self.window.covers(rank) {
            self.window.vacate(rank);
        } else {
            self.far.remove(rank);
        }
        if rank == self.best {
            self.best = self.below(rank).unwrap_or(NONE);
            self.follow_best();
        } else if !self.is_settled {
            self.settle();
        }
    }

    /// The best rank below `rank` that has orders.
    #[inline]
    pub(super) fn below(&self, rank: i64) -> Option<i64> {
        if self.window.covers(rank) {
            return match self.window.below(rank) {
                None => self.far.below(self.window.low()),
                found => found,
            };
        }
        self.below_far(rank)
    }

    #[inline(never)]
    fn below_far(&self, rank: i64) -> Option<i64> {
        self.far.below(rank).max(self.window.highest_below(rank))
    }

    /// All levels, best first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (i64, &Level)> {
        let ranks = std::iter::successors(self.best(), |rank| self.below(*rank));
        ranks.map(|rank| (rank, self.level(rank)))
    }

    /// Sets the window in motion when the best rank has left the middle of it: a quarter of the range is to lie
    /// above the best rank, and between none and a half may, before levels move.
    #[inline]
    fn follow_best(&mut self) {
        let above = self.window.high().wrapping_sub(self.best);
        let half = self.window.size() as i64 / 2;
        if !self.is_settled || above <= 0 || above > half {
            self.settle();
        }
    }

    /// Moves the window towards its place around the best rank, and a few levels with it.
    #[inline(never)]
    fn settle(&mut self) {
        if self.best == NONE {
            return;
        }
        let size = self.window.size() as i64;
        let high = self.best + 1 + size / 4;
        let low = high - size;
        let mut moves = MOVES_MAX;
        // No level stands above the best rank, so the top of the range can come down at once.
        let top = self.window.high().min(high);
        self.window.set_range(self.window.low().min(top), top);
        self.is_settled = self.raise_low(low, high, &mut moves)
            && self.raise_high(high, &mut moves)
            && self.lower_low(low, &mut moves)
            && self.far.drain(&mut moves);
    }

    /// Moves levels below `low` out of the window. A window that falls empty goes straight to `high`.
    fn raise_low(&mut self, low: i64, high: i64, moves: &mut usize) -> bool {
        while self.window.low() < low {
            match self.window.lowest_from(self.window.low()) {
                None => self.window.set_range(high, high),
                Some(rank) if rank >= low => self.window.set_range(low, self.window.high()),
                Some(_) if *moves == 0 => return false,
                Some(rank) => {
                    *moves -= 1;
                    let level = self.window.take(rank);
                    self.window.set_range(rank + 1, self.window.high());
                    self.far.insert(rank, level);
                }
            }
        }
        true
    }

    /// Extends the range up to `high` and takes in the levels there.
    fn raise_high(&mut self, high: i64, moves: &mut usize) -> bool {
        while self.window.high() < high {
            match self
                .far
                .at_or_above(self.window.high())
                .filter(|rank| *rank < high)
            {
                None => self.window.set_range(self.window.low(), high),
                Some(_) if *moves == 0 => return false,
                Some(rank) => {
                    *moves -= 1;
                    self.window.set_range(self.window.low(), rank + 1);
                    self.take_in(rank);
                }
            }
        }
        true
    }

    /// Extends the range down to `low` and takes in the levels there.
    fn lower_low(&mut self, low: i64, moves: &mut usize) -> bool {
        while self.window.low() > low {
            match self.far.below(self.window.low()).filter(|rank| *rank >= low) {
                None => self.window.set_range(low, self.window.high()),
                Some(_) if *moves == 0 => return false,
                Some(rank) => {
                    *moves -= 1;
                    self.window.set_range(rank, self.window.high());
                    self.take_in(rank);
                }
            }
        }
        true
    }

    /// Moves a level to its place in the window, which covers it.
    fn take_in(&mut self, rank: i64) {
        *self.window.level_mut(rank) = self.far.remove(rank);
        self.window.occupy(rank);
    }

    /// The levels of the window and the blocks of the tree.
    #[cfg(test)]
    pub(super) fn footprint(&self) -> [usize; 2] {
        [self.window.size(), self.far.blocks()]
    }

    /// Walks everything and panics where an invariant of this type is broken.
    pub(super) fn check_invariants(&self) {
        self.window.check_invariants();
        self.far.check_invariants();
        let (low, high) = (self.window.low(), self.window.high());
        let far = self.far.at_or_above(low);
        assert!(
            far.is_none_or(|rank| rank >= high),
            "no level that is far lies in the window's range"
        );
        if self.is_settled && self.best != NONE {
            assert!(
                self.window.covers(self.best),
                "a window that has settled lies around the best rank"
            );
            assert_eq!(
                high - low,
                self.window.size() as i64,
                "and is as wide as it can be"
            );
        }
        let best = self.far.below(i64::MAX).max(self.window.highest_below(high));
        assert_eq!(self.best(), best, "best is the best of both");
    }
}
