//! The levels that are not in the window: those far from the touch, and those that have yet to move.

use super::level::Level;
use super::tree::Tree;
use super::window::Window;

/// All levels of a side that its window does not cover.
///
/// Invariants: a rank that `before` covers has its level there, every other one in the tree; a level in the
/// tree has orders.
#[derive(Default)]
pub(super) struct Far {
    tree: Tree,
    /// The window of half the size, from when a larger one takes its place until its levels have moved.
    before: Option<Window>,
}

impl Far {
    /// Takes over what a smaller window covers.
    pub(super) fn take_over(&mut self, before: Window) {
        assert!(self.before.is_none(), "a window grows when it has settled");
        self.before = Some(before);
    }

    fn before(&self, rank: i64) -> Option<&Window> {
        self.before.as_ref().filter(|before| before.covers(rank))
    }

    fn before_mut(&mut self, rank: i64) -> Option<&mut Window> {
        self.before.as_mut().filter(|before| before.covers(rank))
    }

    /// The level at a rank, empty or not.
    #[inline(never)]
    pub(super) fn level(&self, rank: i64) -> &Level {
        match self.before(rank) {
            Some(before) => before.level(rank),
            None => self.tree.get(rank).unwrap_or(&Level::EMPTY),
        }
    }

    /// The level at a rank that has orders.
    #[inline(never)]
    pub(super) fn level_mut(&mut self, rank: i64) -> &mut Level {
        if self.before(rank).is_some() {
            return self
                .before_mut(rank)
                .expect("it has just been there")
                .level_mut(rank);
        }
        self.tree.level_mut(rank).expect("a level with orders exists")
    }

    /// The level at a rank, which is put in empty if there is none.
    pub(super) fn level_or_new(&mut self, rank: i64) -> &mut Level {
        if self.before(rank).is_some() {
            return self
                .before_mut(rank)
                .expect("it has just been there")
                .level_mut(rank);
        }
        self.tree.entry(rank)
    }

    /// Says that the level at a rank has orders now.
    pub(super) fn occupy(&mut self, rank: i64) {
        if let Some(before) = self.before_mut(rank) {
            before.occupy(rank);
        }
    }

    /// Puts a level in where there is none.
    pub(super) fn insert(&mut self, rank: i64, level: Level) {
        *self.level_or_new(rank) = level;
        self.occupy(rank);
    }

    /// Takes a level out that exists.
    pub(super) fn remove(&mut self, rank: i64) -> Level {
        match self.before_mut(rank) {
            Some(before) => before.take(rank),
            None => self.tree.remove(rank),
        }
    }

    /// The highest rank below `rank` that has orders.
    pub(super) fn below(&self, rank: i64) -> Option<i64> {
        let before = self.before.as_ref().and_then(|before| before.highest_below(rank));
        before.max(self.tree.below(rank))
    }

    /// The lowest rank at or above `rank` that has orders.
    pub(super) fn at_or_above(&self, rank: i64) -> Option<i64> {
        let before = self.before.as_ref().and_then(|before| before.lowest_from(rank));
        let tree = self.tree.at_or_above(rank);
        before.into_iter().chain(tree).min()
    }

    /// Moves levels that nobody has taken into the larger window to the tree, and drops the smaller window
    /// when it has none left. Returns whether it is gone.
    pub(super) fn drain(&mut self, moves: &mut usize) -> bool {
        while let Some(before) = &mut self.before {
            match before.lowest_from(before.low()) {
                None => self.before = None,
                Some(_) if *moves == 0 => return false,
                Some(rank) => {
                    *moves -= 1;
                    *self.tree.entry(rank) = before.take(rank);
                }
            }
        }
        true
    }

    /// The blocks of the tree.
    #[cfg(test)]
    pub(super) fn blocks(&self) -> usize {
        self.tree.blocks()
    }

    /// Walks everything and panics where an invariant of this type is broken.
    pub(super) fn check_invariants(&self) {
        self.tree.check_invariants();
        for (rank, level) in self.tree.iter() {
            assert!(!level.is_empty(), "a level in the tree has orders");
            assert!(self.before(rank).is_none(), "rank {rank} has one place");
        }
        if let Some(before) = &self.before {
            before.check_invariants();
        }
    }
}
