//! How long a candle lasts, and where it begins.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use crate::types::Timestamp;

const NANOS: u64 = 1_000_000_000;
const UNITS: [(char, u32); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// A length of time in whole seconds, counted from the beginning of 1970 in UTC: intervals that divide a day
/// begin at midnight, every day alike, because Unix time has no leap seconds.
///
/// ```
/// use engine_core::data::Interval;
///
/// assert_eq!("5m".parse(), Ok(Interval::M5));
/// assert_eq!(Interval::seconds(90).map(|interval| interval.to_string()), Some("90s".to_owned()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(transparent))]
pub struct Interval(NonZeroU32);

/// A text that is no interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an interval is a whole number from 1 on with s, m, h or d behind it, such as 5m")]
pub struct IntervalError;

impl Interval {
    /// One minute.
    pub const M1: Self = Self::of(60);
    /// Five minutes.
    pub const M5: Self = Self::of(5 * 60);
    /// Fifteen minutes.
    pub const M15: Self = Self::of(15 * 60);
    /// Thirty minutes.
    pub const M30: Self = Self::of(30 * 60);
    /// One hour.
    pub const H1: Self = Self::of(3_600);
    /// Four hours.
    pub const H4: Self = Self::of(4 * 3_600);
    /// One day.
    pub const D1: Self = Self::of(86_400);
    /// The intervals that charts usually offer.
    pub const USUAL: [Self; 7] = [
        Self::M1,
        Self::M5,
        Self::M15,
        Self::M30,
        Self::H1,
        Self::H4,
        Self::D1,
    ];

    const fn of(seconds: u32) -> Self {
        match NonZeroU32::new(seconds) {
            Some(seconds) => Self(seconds),
            None => panic!("an interval is longer than nothing"),
        }
    }

    /// So many seconds, or `None` for zero.
    pub const fn seconds(seconds: u32) -> Option<Self> {
        match NonZeroU32::new(seconds) {
            Some(seconds) => Some(Self(seconds)),
            None => None,
        }
    }

    /// Its length in seconds.
    pub const fn as_seconds(self) -> u32 {
        self.0.get()
    }

    /// Its length in nanoseconds. Cannot overflow: 32 bits times 30 bits.
    pub const fn as_nanos(self) -> u64 {
        self.0.get() as u64 * NANOS
    }

    /// When the interval in which `time` lies began.
    pub const fn begin(self, time: Timestamp) -> Timestamp {
        Timestamp::from_nanos(time.nanos() - time.nanos() % self.as_nanos())
    }

    /// When the interval in which `time` lies is over; that moment belongs to the next one. The last interval
    /// that there is ends with time itself.
    pub const fn end(self, time: Timestamp) -> Timestamp {
        self.begin(time).saturating_add_nanos(self.as_nanos())
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.as_seconds();
        let unit = UNITS.iter().find(|(_, length)| seconds.is_multiple_of(*length));
        let (name, length) = unit.expect("every interval is a multiple of a second");
        write!(f, "{}{name}", seconds / length)
    }
}

impl FromStr for Interval {
    type Err = IntervalError;

    fn from_str(text: &str) -> Result<Self, IntervalError> {
        let unit = UNITS.iter().find(|(name, _)| text.ends_with(*name));
        let (_, length) = unit.ok_or(IntervalError)?;
        let digits = &text[..text.len() - 1];
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(IntervalError);
        }
        let count: u32 = digits.parse().map_err(|_| IntervalError)?;
        count
            .checked_mul(*length)
            .and_then(Self::seconds)
            .ok_or(IntervalError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_read_back_what_they_print() {
        for (interval, text) in [
            (Interval::M1, "1m"),
            (Interval::M30, "30m"),
            (Interval::H4, "4h"),
            (Interval::D1, "1d"),
        ] {
            assert_eq!(interval.to_string(), text);
            assert_eq!(text.parse(), Ok(interval));
        }
        assert_eq!("60s".parse(), Ok(Interval::M1));
    }

    #[test]
    fn what_is_no_interval_is_refused() {
        for text in [
            "",
            "m",
            "0m",
            "-1m",
            "+1m",
            "1",
            "1w",
            "5000000000s",
            "99999999d",
            "1.5m",
            "１m",
        ] {
            assert_eq!(text.parse::<Interval>(), Err(IntervalError), "{text:?}");
        }
    }

    #[test]
    fn a_moment_at_the_edge_belongs_to_the_later_interval() {
        let edge = Timestamp::from_nanos(60 * NANOS);
        let before = Timestamp::from_nanos(60 * NANOS - 1);
        assert_eq!(Interval::M1.begin(before), Timestamp::ZERO);
        assert_eq!(Interval::M1.end(before), edge);
        assert_eq!(Interval::M1.begin(edge), edge);
        let last = Timestamp::from_nanos(u64::MAX);
        assert_eq!(Interval::D1.end(last), last, "time does not wrap");
    }
}
