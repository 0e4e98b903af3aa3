//! A copy of a displayed book, kept by somebody who gets snapshots and updates.

use std::collections::VecDeque;

use super::checksum::ChecksumUnits;
use super::depth::{DepthLevel, DepthSnapshot, DepthUpdate};
use crate::types::{Price, Seq, Side, Timestamp};

/// A client's copy of a book.
///
/// Updates that come before the first snapshot are kept (the newest of them, at most `updates_max`), so one can
/// subscribe first and ask for the snapshot then. Updates that a snapshot has already are passed over; the
/// first one taken has to cover the batch after the snapshot's; each then follows on the one before. When one
/// does not, or the checksum is wrong, the copy is not to be trusted until the next snapshot.
///
/// ```
/// use engine_core::data::{DepthLevel, DepthReplica, DepthSnapshot, DepthUpdate, Taken};
/// use engine_core::{Price, Qty, Seq, Side};
///
/// let level = |price, quantity| DepthLevel { price: Price::new(price), quantity: Qty::new(quantity) };
/// let mut replica = DepthReplica::new(100);
/// replica.take_snapshot(&DepthSnapshot {
///     sequence: Seq::new(7),
///     bids: vec![level(99, 5)],
///     ..DepthSnapshot::default()
/// })?;
/// let update = DepthUpdate {
///     first_sequence: Seq::new(8),
///     last_sequence: Seq::new(9),
///     bids: vec![level(99, 0), level(98, 2)],
///     ..DepthUpdate::default()
/// };
/// assert_eq!(replica.take_update(&update), Ok(Taken::Applied));
/// assert_eq!(replica.levels(Side::Buy).collect::<Vec<_>>(), [level(98, 2)]);
/// # Ok::<(), engine_core::data::ReplicaError>(())
/// ```
#[derive(Clone, Debug)]
pub struct DepthReplica {
    units: Option<ChecksumUnits>,
    updates_max: usize,
    /// The levels of each side, best last, so that the busy end is the cheap one.
    sides: [Vec<DepthLevel>; 2],
    sequence: Option<Seq>,
    time: Timestamp,
    /// Updates that wait for a snapshot.
    waiting: VecDeque<DepthUpdate>,
}

/// What became of an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// The copy is newer by it.
    Applied,
    /// The copy had it already.
    PassedOver,
    /// It waits for a snapshot.
    Kept,
}

/// Why a copy is not to be trusted any more: ask for a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplicaError {
    /// Updates are missing.
    #[error("the update begins with batch {got}, but {expected} was due")]
    Gap {
        /// The batch that was due.
        expected: Seq,
        /// The first batch of the update.
        got: Seq,
    },
    /// The copy is not the book.
    #[error("after batch {sequence} the checksum is {computed}, but should be {expected}")]
    Checksum {
        /// The last batch.
        sequence: Seq,
        /// What the sender says.
        expected: u32,
        /// What the copy gives.
        computed: u32,
    },
    /// The levels of a snapshot are not in order, or hold nothing.
    #[error("the levels of the snapshot of batch {0} are those of no book")]
    Snapshot(Seq),
}

impl DepthReplica {
    /// No copy yet, and room for `updates_max` updates that come before the first snapshot.
    pub fn new(updates_max: usize) -> Self {
        Self {
            units: None,
            updates_max,
            sides: [Vec::new(), Vec::new()],
            sequence: None,
            time: Timestamp::ZERO,
            waiting: VecDeque::new(),
        }
    }

    /// Checks the checksums of updates that have one.
    pub fn with_checksums(mut self, units: ChecksumUnits) -> Self {
        self.units = Some(units);
        self
    }

    /// The last batch that is in the copy; `None` while it is not to be trusted.
    pub fn sequence(&self) -> Option<Seq> {
        self.sequence
    }

    /// The time of the last snapshot or update taken.
    pub fn time(&self) -> Timestamp {
        self.time
    }

    /// The levels, best first.
    pub fn levels(&self, side: Side) -> impl Iterator<Item = DepthLevel> {
        self.sides[side as usize].iter().rev().copied()
    }

    /// Begins anew with a snapshot of the whole book, and with the updates that have been waiting for it.
    ///
    /// # Errors
    /// When the snapshot is that of no book, or an update that waited does not follow on it.
    pub fn take_snapshot(&mut self, snapshot: &DepthSnapshot) -> Result<(), ReplicaError> {
        self.sequence = None;
        for (side, levels) in [(Side::Buy, &snapshot.bids), (Side::Sell, &snapshot.asks)] {
            let ordered = levels.is_sorted_by(|one, next| one.price.is_better(next.price, side));
            if !ordered || levels.iter().any(|level| level.quantity.is_zero()) {
                return Err(ReplicaError::Snapshot(snapshot.sequence));
            }
            let copy = &mut self.sides[side as usize];
            copy.clear();
            copy.extend(levels.iter().rev());
        }
        (self.sequence, self.time) = (Some(snapshot.sequence), snapshot.time);
        while let Some(update) = self.waiting.pop_front() {
            if let Err(error) = self.take_update(&update) {
                // The update after a gap went to the back of those that follow on it.
                if matches!(error, ReplicaError::Gap { .. }) && self.updates_max > 0 {
                    self.waiting.rotate_right(1);
                }
                return Err(error);
            }
        }
        Ok(())
    }

    /// Takes an update.
    ///
    /// # Errors
    /// When an update is missing before this one, or the copy has not the checksum that it should have. From
    /// then on updates wait for a snapshot; one after a gap does too.
    pub fn take_update(&mut self, update: &DepthUpdate) -> Result<Taken, ReplicaError> {
        let Some(sequence) = self.sequence else {
            self.keep(update);
            return Ok(Taken::Kept);
        };
        if update.last_sequence <= sequence {
            return Ok(Taken::PassedOver);
        }
        if update.first_sequence > sequence.next() {
            self.sequence = None;
            self.keep(update);
            return Err(ReplicaError::Gap {
                expected: sequence.next(),
                got: update.first_sequence,
            });
        }
        for (side, levels) in [(Side::Buy, &update.bids), (Side::Sell, &update.asks)] {
            for level in levels {
                set_level(&mut self.sides[side as usize], side, *level);
            }
        }
        self.check(update)?;
        (self.sequence, self.time) = (Some(update.last_sequence), update.time);
        Ok(Taken::Applied)
    }

    fn keep(&mut self, update: &DepthUpdate) {
        if self.waiting.len() >= self.updates_max {
            self.waiting.pop_front();
        }
        if self.updates_max > 0 {
            self.waiting.push_back(update.clone());
        }
    }

    fn check(&mut self, update: &DepthUpdate) -> Result<(), ReplicaError> {
        let Some((units, expected)) = self.units.zip(update.checksum) else {
            return Ok(());
        };
        let computed = units.checksum(self.levels(Side::Sell), self.levels(Side::Buy));
        if computed == expected {
            return Ok(());
        }
        self.sequence = None;
        Err(ReplicaError::Checksum {
            sequence: update.last_sequence,
            expected,
            computed,
        })
    }
}

/// Puts a level in, changes it, or takes it out. `levels` have the best last.
fn set_level(levels: &mut Vec<DepthLevel>, side: Side, level: DepthLevel) {
    let rank = |price: Price| match side {
        Side::Buy => price.ticks(),
        Side::Sell => -price.ticks(),
    };
    match levels.binary_search_by_key(&rank(level.price), |other| rank(other.price)) {
        Ok(at) if level.quantity.is_zero() => drop(levels.remove(at)),
        Ok(at) => levels[at] = level,
        Err(_) if level.quantity.is_zero() => {}
        Err(at) => levels.insert(at, level),
    }
}
