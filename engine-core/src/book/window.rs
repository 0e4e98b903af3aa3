//! The groups near the touch: an array, with a bitmap that finds the next one that has orders.

use std::ops::Range;

use super::pages::Group;

/// The groups of a range of numbers.
///
/// ```text
/// groups     of number low, low + 1, ..
/// words      one bit a group: it is not empty
/// ```
///
/// Invariant: a group has its bit exactly if it is not empty.
#[repr(C)]
pub(super) struct Window {
    low: i64,
    groups: Vec<Group>,
    words: Vec<u64>,
}

impl Window {
    /// A window of so many groups, all empty.
    pub(super) fn new(size: usize) -> Self {
        Self {
            low: 0,
            groups: vec![Group::EMPTY; size],
            words: vec![0; size.div_ceil(64)],
        }
    }

    /// How many groups are covered.
    #[inline]
    pub(super) fn size(&self) -> usize {
        self.groups.len()
    }

    /// The place of the group with a number, or one beyond all places.
    #[inline]
    fn at(&self, number: i64) -> usize {
        number.wrapping_sub(self.low) as usize
    }

    #[inline]
    pub(super) fn covers(&self, number: i64) -> bool {
        self.at(number) < self.groups.len()
    }

    /// The group with a number, if that is covered.
    #[inline]
    pub(super) fn group(&self, number: i64) -> Option<&Group> {
        self.groups.get(self.at(number))
    }

    /// The group with a number, if that is covered. Whoever makes it empty, or no longer empty, says so.
    #[inline]
    pub(super) fn group_mut(&mut self, number: i64) -> Option<&mut Group> {
        let at = self.at(number);
        self.groups.get_mut(at)
    }

    /// Says that the group with a number, which is covered, is not empty now.
    #[inline]
    pub(super) fn occupy(&mut self, number: i64) {
        let at = self.at(number);
        self.words[at / 64] |= 1 << (at % 64);
    }

    /// Says that the group with a number, which is covered, is empty now.
    #[inline]
    pub(super) fn vacate(&mut self, number: i64) {
        let at = self.at(number);
        self.words[at / 64] &= !(1 << (at % 64));
    }

    /// The last group before a number that is not empty, and its own number.
    #[inline]
    pub(super) fn below(&self, number: i64) -> Option<(i64, &Group)> {
        let before = number.saturating_sub(self.low).min(self.groups.len() as i64);
        let last = usize::try_from(before - 1).ok()?;
        let bits = self.words[last / 64] & u64::MAX >> (63 - last % 64);
        let (word, bits) = match bits {
            0 => {
                let words = self.words[..last / 64].iter().copied().enumerate();
                words.rev().find(|(_, bits)| *bits != 0)?
            }
            _ => (last / 64, bits),
        };
        let at = word * 64 + bits.ilog2() as usize;
        Some((self.low + at as i64, &self.groups[at]))
    }

    /// All groups that are not empty, and their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = (i64, &Group)> {
        (self.low..)
            .zip(&self.groups)
            .filter(|(_, group)| !group.is_empty())
    }

    /// Whether more than a quarter of the groups that are not empty lie outside of this range.
    pub(super) fn gives_up_a_quarter(&self, range: &Range<i64>) -> bool {
        let given_up = self.iter().filter(|(number, _)| !range.contains(number));
        4 * given_up.count() > self.iter().count()
    }

    /// Puts a group in at a number that is covered.
    pub(super) fn put(&mut self, number: i64, group: Group) {
        let at = self.at(number);
        self.groups[at] = group;
        self.occupy(number);
    }

    /// Covers another range, not a smaller one. What is not empty outside of it is taken out.
    pub(super) fn place(&mut self, range: &Range<i64>, mut taken_out: impl FnMut(i64, Group)) {
        let size = range.clone().count();
        let by = self.low - range.start;
        if size == self.size() && self.words.iter().all(|bits| *bits == 0) {
            self.low = range.start;
            return;
        }
        for (number, group) in (self.low..).zip(&mut self.groups) {
            if !group.is_empty() && !range.contains(&number) {
                taken_out(number, std::mem::take(group));
            }
        }
        self.groups.resize(size, Group::EMPTY);
        // All that goes around the end is empty.
        self.groups.rotate_right(by.rem_euclid(size as i64) as usize);
        self.low = range.start;
        self.words.resize(size.div_ceil(64), 0);
        for (word, groups) in self.words.iter_mut().zip(self.groups.chunks(64)) {
            let bits = groups.iter().rev().map(|group| u64::from(!group.is_empty()));
            *word = bits.fold(0, |word, bit| word << 1 | bit);
        }
    }

    /// Panics where an invariant of this type is broken.
    pub(super) fn check_invariants(&self) {
        for (at, group) in self.groups.iter().enumerate() {
            let bit = self.words[at / 64] >> (at % 64) & 1 == 1;
            assert_eq!(bit, !group.is_empty(), "the bitmap knows group {at}");
        }
    }
}
