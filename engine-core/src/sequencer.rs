//! The only place that decides order, time and idempotency.

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use crate::types::{Seq, Timestamp};

/// A value with its place and time in the one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Sequenced<T> {
    /// Its place; the first has 1, and there are no gaps.
    pub seq: Seq,
    /// Its time, which never goes back.
    pub time: Timestamp,
    /// The value.
    pub value: T,
}
