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
    levels: Vec<Key>,
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
            seen: [Key::NONE; SEEN],
            changes_max,
            is_too_much: false,
            covered: Seq::default(),
        }
    }

    #[inline]
    pub(super) fn note(&mut self, side: Side, price: Price) {
        let level = Key::of(side, price);
        if std::mem::replace(&mut self.seen[level.place()], level) == level {
            return;
        }
        if self.levels.len() < self.changes_max {
            self.levels.push(level);
        } else if !self.is_too_much {
            self.note_one_more(level);
        }
    }

    /// Makes room by forgetting what is there twice.
    #[cold]
    fn note_one_more(&mut self, level: Key) {
        self.levels.sort_unstable();
        self.levels.dedup();
        self.see_again();
        // Half of the room must be free, or this would be done again and again.
        if self.levels.len() <= self.changes_max / 2 {
            self.seen[level.place()] = level;
            self.levels.push(level);
        } else {
            self.is_too_much = true;
            self.levels.clear();
        }
    }

    /// Makes what is seen follow from the levels alone, so that it need not be kept in an image.
    fn see_again(&mut self) {
        self.seen = [Key::NONE; SEEN];
        for level in &self.levels {
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
            self.levels.clear();
            self.is_too_much = false;
            self.covered = last;
            return Drained::TooMuch;
        }
        if self.levels.is_empty() {
            return Drained::Nothing;
        }
        self.levels.sort_unstable();
        self.levels.dedup();
        for (side, price) in self.levels.drain(..).map(Key::level) {
            let level = DepthLevel {
                price,
                quantity: quantity(side, price),
            };
            match side {
                Side::Buy => update.bids.push(level),
                Side::Sell => update.asks.push(level),
            }
        }
        update.bids.reverse();
        (update.first_sequence, update.last_sequence) = (self.covered.next(), last);
        self.covered = last;
        Drained::Changes
    }

    /// What has changed; `None` if it is too much.
    pub(super) fn remembered(&self) -> Option<Vec<(Side, Price)>> {
        let levels = || self.levels.iter().map(|key| key.level()).collect();
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
        if restored.levels.len() > changes_max {
            return Err(RestoreError::Limit {
                name: "changes_max",
                value: changes_max as u64,
            });
        }
        restored.see_again();
        Ok(restored)
    }
}
