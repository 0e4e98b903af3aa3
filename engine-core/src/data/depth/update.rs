//! What has changed in the displayed book since somebody was told.

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::DepthLevel;
use crate::data::feed::RestoreError;
use crate::types::{Price, Qty, Seq, Side, Timestamp};

/// The levels that are not what they were, with what they hold now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct DepthUpdate {
    /// The first batch that it covers: the one after the last batch of the update before.
    pub first_sequence: Seq,
    /// The last batch that it covers.
    pub last_sequence: Seq,
    /// The time of the last batch.
    pub time: Timestamp,
    /// What is bid now, highest price first; quantity zero for nothing any more.
    pub bids: Vec<DepthLevel>,
    /// What is asked now, lowest price first; quantity zero for nothing any more.
    pub asks: Vec<DepthLevel>,
    /// The checksum of the book after it, where the sender computes one.
    pub checksum: Option<u32>,
}

/// What [`Projections::drain_depth_update`](crate::data::Projections::drain_depth_update) found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "an update that is not sent is missing"]
pub enum Drained {
    /// Nothing has changed; the update is empty and need not be sent.
    Nothing,
    /// The update has the changes.
    Changes,
    /// More has changed than was to be remembered: send a snapshot. The next update follows on it.
    TooMuch,
}

/// A level in one number: bids before asks, each side's from the lowest price up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key(u64);

/// More than any price has ticks, in either direction.
const MIDDLE: i64 = 1 << 62;

impl Key {
    /// What no level is.
    const NONE: Self = Self(u64::MAX);

    /// Its place among the levels that have been seen.
    #[inline]
    fn place(self) -> usize {
        (self.0.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 58) as usize
    }

    #[inline]
    fn of(side: Side, price: Price) -> Self {
        // Valid prices have 53 bits, so this is positive and below 2^63.
        Self((side as u64) << 63 | (price.ticks() + MIDDLE) as u64)
    }

    #[inline]
    fn level(self) -> (Side, Price) {
        let side = if self.0 >> 63 == 0 { Side::Buy } else { Side::Sell };
        let price = (self.0 & !(1 << 63)) as i64 - MIDDLE;
        (side, Price::new(price))
    }
}

const _: () = assert!(SEEN == 1 << (64 - 58), "six bits make a place");
const _: () = assert!(Side::Buy as u64 == 0 && Side::Sell as u64 == 1, "a side is a bit");

/// How many levels are remembered to be among the changed ones already. Orders come and go at a few prices.
const SEEN: usize = 64;

/// Levels that have changed, in the order of events, some of them more than once.
#[derive(Clone, Debug)]
pub(super) struct Changes {
    /// The first `len` of these.
    levels: Vec<Key>,
    len: usize,
    /// Some of `levels`, each at the place that is its own: what is found here need not be noted again. What has lost
    /// its place to another level is noted once more, which [`Changes::drain`] makes good.
    seen: [Key; SEEN],
    changes_max: usize,
    is_too_much: bool,
    /// The last batch that was covered by an update.
    covered: Seq,
}

impl Changes {
    pub(super) fn new(changes_max: usize) -> Self {
        Self {
            levels: Vec::with_capacity(changes_max.min(1_000)),
            len: 0,
            seen: [Key::NONE; SEEN],
            changes_max,
            is_too_much: false,
            covered: Seq::default(),
        }
    }

    /// The levels that have changed, some of them more than once.
    fn levels(&self) -> &[Key] {
        &self.levels[..self.len]
    }

    #[inline]
    pub(super) fn note(&mut self, side: Side, price: Price) {
        let level = Key::of(side, price);
        let is_new = std::mem::replace(&mut self.seen[level.place()], level) != level;
        // Whether it is new nobody can guess, so it is written in either case.
        match self.levels.get_mut(self.len) {
            Some(next) => {
                *next = level;
                self.len += usize::from(is_new);
            }
            None if is_new => self.note_further(level),
            None => {}
        }
    }

    /// Makes room, if need be by forgetting what is there twice.
    #[cold]
    #[inline(never)]
    fn note_further(&mut self, level: Key) {
        if self.is_too_much {
            return;
        }
        if self.len == self.changes_max {
            self.levels.sort_unstable();
            self.levels.dedup();
            self.len = self.levels.len();
            self.see_again();
            // Half of the room must be free, or this would be done again and again.
            if self.len > self.changes_max / 2 || self.changes_max == 0 {
                self.is_too_much = true;
                self.levels.clear();
                self.len = 0;
                return;
            }
            self.seen[level.place()] = level;
        }
        let room = (2 * self.len).clamp(16, self.changes_max.max(16)).min(self.changes_max);
        self.levels.resize(room, Key::NONE);
        self.levels[self.len] = level;
        self.len += 1;
    }

    /// Makes what is seen follow from the levels alone, so that it need not be kept in an image.
    fn see_again(&mut self) {
        self.seen = [Key::NONE; SEEN];
        for level in &self.levels[..self.len] {
            self.seen[level.place()] = *level;
        }
    }

    pub(super) fn drain(
        &mut self,
        last: Seq,
        update: &mut DepthUpdate,
        quantity: impl Fn(Side, Price) -> Qty,
    ) -> Drained {
        update.bids.clear();
        update.asks.clear();
        update.checksum = None;
        self.seen = [Key::NONE; SEEN];
        if self.is_too_much {
            self.is_too_much = false;
            self.covered = last;
            return Drained::TooMuch;
        }
        if self.len == 0 {
            return Drained::Nothing;
        }
        let changed = &mut self.levels[..self.len];
        changed.sort_unstable();
        for same in changed.chunk_by(|one, next| one == next) {
            let (side, price) = same[0].level();
            let level = DepthLevel {
                price,
                quantity: quantity(side, price),
            };
            match side {
                Side::Buy => update.bids.push(level),
                Side::Sell => update.asks.push(level),
            }
        }
        self.len = 0;
        update.bids.reverse();
        (update.first_sequence, update.last_sequence) = (self.covered.next(), last);
        self.covered = last;
        Drained::Changes
    }

    /// What has changed; `None` if it is too much.
    pub(super) fn remembered(&self) -> Option<Vec<(Side, Price)>> {
        let levels = || self.levels().iter().map(|key| key.level()).collect();
        (!self.is_too_much).then(levels)
    }

    pub(super) fn covered(&self) -> Seq {
        self.covered
    }

    pub(super) fn restore(
        changes_max: usize,
        levels: Option<Vec<(Side, Price)>>,
        covered: Seq,
    ) -> Result<Self, RestoreError> {
        let mut restored = Self::new(changes_max);
        restored.is_too_much = levels.is_none();
        restored.covered = covered;
        let levels = levels.unwrap_or_default();
        if levels.iter().any(|(_, price)| !price.is_valid()) {
            return Err(RestoreError::Inconsistent("a changed level that cannot be"));
        }
        restored
            .levels
            .extend(levels.iter().map(|(side, price)| Key::of(*side, *price)));
        restored.len = restored.levels.len();
        if restored.len > changes_max {
            return Err(RestoreError::Limit {
                name: "changes_max",
                value: changes_max as u64,
            });
        }
        restored.see_again();
        Ok(restored)
    }
}
