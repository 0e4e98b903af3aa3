//! The levels near the touch: a ring of levels with a bitmap that finds the next one.

use super::level::Level;

/// The levels of a range of ranks, each found by masking its rank.
///
/// ```text
/// ranks     low ............................ high      high - low <= size, a power of two
/// ring      a rank's level is at rank & (size - 1), so sliding the range moves no level
/// words     one bit a level: it has orders
/// summary   one bit a word: it has bits
/// ```
///
/// Invariants: a level outside the range, or without its bit, is empty; a level with its bit is not; a word has
/// its bit in the summary exactly if it is not 0.
pub(super) struct Window {
    low: i64,
    high: i64,
    levels: Vec<Level>,
    words: Vec<u64>,
    summary: Vec<u64>,
}

impl Window {
    /// A window that covers nothing yet and can cover `size` ranks, a power of two from 64.
    pub(super) fn new(size: usize) -> Self {
        assert!(
            size.is_power_of_two() && size >= 64,
            "the mask and the words need it"
        );
        Self {
            low: 0,
            high: 0,
            levels: vec![Level::EMPTY; size],
            words: vec![0; size / 64],
            summary: vec![0; size.div_ceil(64 * 64)],
        }
    }

    /// The most ranks that the window can cover.
    #[inline]
    pub(super) fn size(&self) -> usize {
        self.levels.len()
    }

    /// The lowest rank covered.
    #[inline]
    pub(super) fn low(&self) -> i64 {
        self.low
    }

    /// The rank after the highest one covered.
    #[inline]
    pub(super) fn high(&self) -> i64 {
        self.high
    }

    /// Covers another range. The levels that fall out are empty, and no level that comes in exists elsewhere.
    #[inline]
    pub(super) fn set_range(&mut self, low: i64, high: i64) {
        debug_assert!(
            low <= high && high - low <= self.size() as i64,
            "the ring has room"
        );
        (self.low, self.high) = (low, high);
    }

    #[inline]
    pub(super) fn covers(&self, rank: i64) -> bool {
        self.low <= rank && rank < self.high
    }

    #[inline]
    fn index(&self, rank: i64) -> usize {
        rank as usize & (self.levels.len() - 1)
    }

    /// The level at a covered rank, empty or not.
    #[inline]
    pub(super) fn level(&self, rank: i64) -> &Level {
        &self.levels[self.index(rank)]
    }

    /// The level at a covered rank, empty or not. Who puts in the first order or takes out the last one tells
    /// the bitmap.
    #[inline]
    pub(super) fn level_mut(&mut self, rank: i64) -> &mut Level {
        let index = self.index(rank);
        &mut self.levels[index]
    }

    /// Says that the level at a rank has orders now.
    #[inline]
    pub(super) fn occupy(&mut self, rank: i64) {
        let index = self.index(rank);
        let word = index / 64;
        self.words[word] |= 1 << (index % 64);
        self.summary[word / 64] |= 1 << (word % 64);
    }

    /// Says that the level at a rank has no orders any more.
    #[inline]
    pub(super) fn vacate(&mut self, rank: i64) {
        let index = self.index(rank);
        let word = index / 64;
        self.words[word] &= !(1 << (index % 64));
        if self.words[word] == 0 {
            self.summary[word / 64] &= !(1 << (word % 64));
        }
    }

    /// Takes the level at a covered rank out.
    pub(super) fn take(&mut self, rank: i64) -> Level {
        let level = std::mem::replace(self.level_mut(rank), Level::EMPTY);
        self.vacate(rank);
        level
    }

    /// The highest rank below `rank` that has orders; `rank` is covered, or the first one above the range.
    #[inline]
    pub(super) fn below(&self, rank: i64) -> Option<i64> {
        // Going down around the ring from here, the ranks below come first, then nothing, then those above:
        // what lies further down than the range's end is one of the latter.
        let from = self.index(rank - 1);
        let word = from / 64;
        let bits = self.words[word] & u64::MAX >> (63 - from % 64);
        let found = match bits {
            0 => self.highest_before(word)?,
            _ => word * 64 + 63 - bits.leading_zeros() as usize,
        };
        let distance = from.wrapping_sub(found) & (self.levels.len() - 1);
        let below = rank - 1 - distance as i64;
        (below >= self.low).then_some(below)
    }

    /// The highest bit of the first word that is not 0, going down around the ring from `word`, which comes
    /// last.
    #[inline(never)]
    fn highest_before(&self, word: usize) -> Option<usize> {
        let at = word / 64;
        let bits = self.summary[at] & !(u64::MAX << (word % 64));
        let rest = (0..at).rev().chain((at..self.summary.len()).rev());
        let found = std::iter::once((at, bits))
            .chain(rest.map(|at| (at, self.summary[at])))
            .find(|(_, bits)| *bits != 0);
        let (at, bits) = found?;
        let word = at * 64 + 63 - bits.leading_zeros() as usize;
        Some(word * 64 + 63 - self.words[word].leading_zeros() as usize)
    }

    /// The highest rank below any `rank` that has orders.
    pub(super) fn highest_below(&self, rank: i64) -> Option<i64> {
        let rank = rank.min(self.high);
        (rank > self.low).then(|| self.below(rank)).flatten()
    }

    /// The lowest rank at or above any `rank` that has orders.
    pub(super) fn lowest_from(&self, rank: i64) -> Option<i64> {
        let rank = rank.max(self.low);
        if rank >= self.high {
            return None;
        }
        let from = self.index(rank);
        let word = from / 64;
        let bits = self.words[word] & u64::MAX << (from % 64);
        let found = match bits {
            0 => self.lowest_after(word)?,
            _ => word * 64 + bits.trailing_zeros() as usize,
        };
        let distance = found.wrapping_sub(from) & (self.levels.len() - 1);
        let lowest = rank + distance as i64;
        (lowest < self.high).then_some(lowest)
    }

    /// The lowest bit of the first word that is not 0, going up around the ring from `word`, which comes last.
    fn lowest_after(&self, word: usize) -> Option<usize> {
        let at = word / 64;
        let bits = self.summary[at] & (u64::MAX << (word % 64)) << 1;
        let rest = (at + 1..self.summary.len()).chain(0..=at);
        let found = std::iter::once((at, bits))
            .chain(rest.map(|at| (at, self.summary[at])))
            .find(|(_, bits)| *bits != 0);
        let (at, bits) = found?;
        let word = at * 64 + bits.trailing_zeros() as usize;
        Some(word * 64 + self.words[word].trailing_zeros() as usize)
    }

    /// Walks everything and panics where an invariant of this type is broken.
    pub(super) fn check_invariants(&self) {
        assert!(
            self.low <= self.high && self.high - self.low <= self.size() as i64,
            "the ring has room"
        );
        let mut covered = vec![false; self.size()];
        for rank in self.low..self.high {
            covered[self.index(rank)] = true;
        }
        for (index, level) in self.levels.iter().enumerate() {
            let bit = self.words[index / 64] >> (index % 64) & 1 == 1;
            assert_eq!(bit, *level != Level::EMPTY, "the bitmap knows level {index}");
            assert!(covered[index] || !bit, "level {index} is in the range");
        }
        for (word, bits) in self.words.iter().enumerate() {
            let bit = self.summary[word / 64] >> (word % 64) & 1 == 1;
            assert_eq!(bit, *bits != 0, "the summary knows word {word}");
        }
    }
}
