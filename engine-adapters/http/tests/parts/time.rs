//! A clock for tests.

use engine_core::Timestamp;

/// A moment, in milliseconds after some day in 2027.
pub(crate) fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000 + millis).expect("before the year 2554")
}

pub(crate) const SECOND: u64 = 1_000;
pub(crate) const MINUTE: u64 = 60 * SECOND;
pub(crate) const DAY: u64 = 24 * 60 * MINUTE;
