//! What has changed in the displayed book since somebody was told.

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::DepthLevel;
use crate::book::{price_at, rank};
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

/// The ranks of a group, and bits of a word.
const RANKS: u32 = u64::BITS;

/// More than any rank, in either direction.
const MIDDLE: i64 = 1 << 62;

/// 64 neighbouring ranks of one side, of which some have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Group {
    /// The side in the highest bit, then the number of the group.
    key: u64,
    /// The ranks that have changed.
    bits: u64,
}

impl Group {
    /// The key and the bit of a level. The price is valid, so its rank has 54 bits.
    #[inline]
    fn of(side: Side, price: Price) -> (u64, u64) {
        let rank = (rank(side, price) + MIDDLE) as u64;
        (
            ((side as u64) << 63) | (rank / u64::from(RANKS)),
            1 << (rank % u64::from(RANKS)),
        )
    }

    /// Puts those with the best levels first, side by side.
    fn sort(groups: &mut [Self]) {
        groups.sort_unstable_by_key(|group| std::cmp::Reverse(group.key));
    }

    /// Its levels, best first.
    fn levels(self) -> impl Iterator<Item = (Side, Price)> {
        let side = if self.key >> 63 == 0 {
            Side::Buy
        } else {
            Side::Sell
        };
        let first = ((self.key & !(1 << 63)) * u64::from(RANKS)) as i64 - MIDDLE;
        let best = |bits: u64| bits.checked_ilog2();
        let ranks = std::iter::successors(best(self.bits), move |rank| best(self.bits & ((1 << rank) - 1)));
        ranks.map(move |rank| (side, price_at(side, first + i64::from(rank))))
    }
}

const _: () = assert!(Side::Buy as u64 == 0 && Side::Sell as u64 == 1, "a side is a bit");

/// No group.
const NIL: u32 = u32::MAX;

/// The places with which a table starts.
const PLACES_MIN: usize = 32;

/// The levels that have changed, each once.
///
/// ```text
/// places   hash of a key ──▶ number of its group, in the first free place from there on
/// groups   in the order in which they changed first
/// ```
///
/// Orders come and go at a few prices, which are neighbours: so there are few groups, and a change is found where the
/// one before it was.
///
/// Invariants: every group is in the table, where a search finds it, and has a bit; `len` counts the bits and is at most
/// `changes_max`, or it is too much, and nothing is here; at least half of the places are free.
#[derive(Clone, Debug)]
pub(super) struct Changes {
    places: Vec<u32>,
    groups: Vec<Group>,
    len: usize,
    changes_max: usize,
    is_too_much: bool,
    /// The last batch that was covered by an update.
    covered: Seq,
}

impl Changes {
    pub(super) fn new(changes_max: usize) -> Self {
        Self {
            places: vec![NIL; PLACES_MIN],
            groups: Vec::with_capacity(PLACES_MIN / 2),
            len: 0,
            changes_max,
            is_too_much: false,
            covered: Seq::default(),
        }
    }

    /// The place where a search for a key begins.
    #[inline]
    fn home(&self, key: u64) -> usize {
        let hash = key.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (hash >> 32) as usize & (self.places.len() - 1)
    }

    #[inline]
    pub(super) fn note(&mut self, side: Side, price: Price) {
        let (key, bit) = Group::of(side, price);
        let number = self.places[self.home(key)];
        match self.groups.get_mut(number as usize) {
            Some(group) if group.key == key && self.len < self.changes_max => {
                self.len += usize::from(group.bits & bit == 0);
                group.bits |= bit;
            }
            _ => self.note_further(key, bit),
        }
    }

    #[inline(never)]
    fn note_further(&mut self, key: u64, bit: u64) {
        if self.is_too_much {
            return;
        }
        let at = self.place_of(key);
        if self.places[at] == NIL {
            self.places[at] = self.groups.len() as u32;
            self.groups.push(Group { key, bits: 0 });
        }
        let group = &mut self.groups[self.places[at] as usize];
        self.len += usize::from(group.bits & bit == 0);
        group.bits |= bit;
        if self.len > self.changes_max {
            self.clear();
            self.is_too_much = true;
        } else if 2 * self.groups.len() > self.places.len() {
            self.grow();
        }
    }

    /// The place of a key, or the free one that it would get.
    fn place_of(&self, key: u64) -> usize {
        let mut at = self.home(key);
        while let Some(group) = self.groups.get(self.places[at] as usize)
            && group.key != key
        {
            at = (at + 1) & (self.places.len() - 1);
        }
        at
    }

    #[cold]
    fn grow(&mut self) {
        self.places.resize(2 * self.places.len(), NIL);
        self.places.fill(NIL);
        for number in 0..self.groups.len() {
            let at = self.place_of(self.groups[number].key);
            self.places[at] = number as u32;
        }
    }

    fn clear(&mut self) {
        self.places.fill(NIL);
        self.groups.clear();
        self.len = 0;
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
        if std::mem::take(&mut self.is_too_much) {
            self.covered = last;
            return Drained::TooMuch;
        }
        if self.len == 0 {
            return Drained::Nothing;
        }
        self.groups
            .sort_unstable_by_key(|group| std::cmp::Reverse(group.key));
        for (side, price) in self.groups.iter().flat_map(|group| group.levels()) {
            let level = DepthLevel {
                price,
                quantity: quantity(side, price),
            };
            match side {
                Side::Buy => update.bids.push(level),
                Side::Sell => update.asks.push(level),
            }
        }
        self.clear();
        (update.first_sequence, update.last_sequence) = (self.covered.next(), last);
        self.covered = last;
        Drained::Changes
    }

    /// What has changed, asks before bids, best first; `None` if it is too much.
    pub(super) fn remembered(&self) -> Option<Vec<(Side, Price)>> {
        let mut groups = self.groups.clone();
        Group::sort(&mut groups);
        let levels = || groups.iter().flat_map(|group| group.levels()).collect();
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
        restored.covered = covered;
        let Some(levels) = levels else {
            restored.is_too_much = true;
            return Ok(restored);
        };
        if levels.len() > changes_max {
            return Err(RestoreError::Limit {
                name: "changes_max",
                value: changes_max as u64,
            });
        }
        for (side, price) in levels.iter().filter(|(_, price)| price.is_valid()) {
            restored.note(*side, *price);
        }
        if restored.remembered().as_ref() != Some(&levels) {
            return Err(RestoreError::Inconsistent(
                "changed levels that cannot be, or are not in order",
            ));
        }
        Ok(restored)
    }

    /// Panics where an invariant is broken.
    pub(super) fn check_invariants(&self) {
        for (number, group) in (0..).zip(&self.groups) {
            assert_eq!(self.places[self.place_of(group.key)], number, "a group is found");
            assert_ne!(group.bits, 0, "a group has changed");
        }
        let bits: u32 = self.groups.iter().map(|group| group.bits.count_ones()).sum();
        assert_eq!(bits as usize, self.len, "every change is counted once");
        assert!(self.len <= self.changes_max, "so much is remembered");
        assert!(
            2 * self.groups.len() <= self.places.len(),
            "half of the places are free"
        );
        let used = self.places.iter().filter(|number| **number != NIL).count();
        assert_eq!(used, self.groups.len(), "nothing else is in the table");
        assert!(!self.is_too_much || self.len == 0, "too much is nothing");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn drained(changes: &mut Changes) -> (Drained, Vec<(Side, Price)>) {
        let mut update = DepthUpdate::default();
        let drained = changes.drain(Seq::new(1), &mut update, |_, price| {
            Qty::new(price.ticks().unsigned_abs())
        });
        let bids = update.bids.iter().map(|level| (Side::Buy, level.price));
        let asks = update.asks.iter().map(|level| (Side::Sell, level.price));
        let right = |level: &DepthLevel| level.quantity.lots() == level.price.ticks().unsigned_abs();
        assert!(
            update.bids.iter().chain(&update.asks).all(right),
            "a level has its own quantity"
        );
        (drained, bids.chain(asks).collect())
    }

    /// Prices that are neighbours, far apart, and at the limits.
    fn levels() -> impl Strategy<Value = (Side, Price)> {
        let ticks = prop_oneof![
            4 => -70..70_i64,
            3 => (-300..300_i64).prop_map(|far| far * 1_000_003),
            1 => Just(Price::MAX.ticks()),
            1 => Just(Price::MIN.ticks()),
        ];
        (any::<bool>(), ticks)
            .prop_map(|(is_bid, ticks)| (if is_bid { Side::Buy } else { Side::Sell }, Price::new(ticks)))
    }

    proptest! {
        /// An update has every level that has changed, once and best first, until there are more than were to be
        /// remembered; and an image of it goes on as it does.
        #[test]
        fn changes_are_a_set_of_levels(
            changes_max in 0..120_usize,
            noted in prop::collection::vec(prop::collection::vec(levels(), 0..160), 1..4),
        ) {
            let mut changes = Changes::new(changes_max);
            for noted in noted {
                let mut model = BTreeSet::new();
                for (number, (side, price)) in noted.into_iter().enumerate() {
                    changes.note(side, price);
                    model.insert((side, if side == Side::Buy { -price.ticks() } else { price.ticks() }));
                    if number % 7 == 0 {
                        changes = Changes::restore(changes_max, changes.remembered(), changes.covered())
                            .expect("an image of changes");
                    }
                    changes.check_invariants();
                    prop_assert_eq!(changes.remembered().is_none(), model.len() > changes_max);
                    if model.len() > changes_max {
                        break;
                    }
                }
                let signed = |(side, ticks): (Side, i64)| {
                    (side, Price::new(if side == Side::Buy { -ticks } else { ticks }))
                };
                let expected = match model.len() {
                    0 => (Drained::Nothing, Vec::new()),
                    len if len > changes_max => (Drained::TooMuch, Vec::new()),
                    _ => (Drained::Changes, model.into_iter().map(signed).collect()),
                };
                prop_assert_eq!(drained(&mut changes), expected);
                changes.check_invariants();
            }
        }
    }

    #[test]
    fn an_image_that_no_changes_have_is_refused() {
        let level = |ticks| (Side::Sell, Price::new(ticks));
        let restored =
            |levels: &[(Side, Price)]| Changes::restore(2, Some(levels.to_vec()), Seq::new(1)).is_ok();
        assert!(restored(&[level(1), level(2)]));
        for wrong in [
            [level(1), level(1)].as_slice(),
            &[level(2), level(1)],
            &[level(1), level(2), level(3)],
            &[level(i64::MAX)],
        ] {
            assert!(!restored(wrong), "{wrong:?}");
        }
    }
}
