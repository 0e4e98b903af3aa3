//! Numbers and times as scripts write them.

use std::str::FromStr;

use engine_core::Timestamp;

/// The units of time, the longest first.
const UNITS: [(&str, u64); 4] = [("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000), ("ns", 1)];

/// Reads `12`, or `MAX`, `MIN`, `MAX+1` with these limits.
pub(super) fn number<T>(word: &str, limits: [i128; 2]) -> Option<T>
where
    T: FromStr + TryFrom<i128>,
{
    let [min, max] = limits;
    let (base, rest) = match (word.strip_prefix("MAX"), word.strip_prefix("MIN")) {
        (Some(rest), _) => (max, rest),
        (_, Some(rest)) => (min, rest),
        _ => return word.parse().ok(),
    };
    let more: i128 = if rest.is_empty() { 0 } else { rest.parse().ok()? };
    T::try_from(base + more).ok()
}

/// Reads `5s`, `20ms`, `3us`, `7ns` or a number of nanoseconds.
pub(super) fn nanos(word: &str) -> Option<u64> {
    let digits = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
    let (number, unit) = word.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let (_, in_unit) = UNITS
        .into_iter()
        .find(|(name, _)| *name == if unit.is_empty() { "ns" } else { unit })?;
    number.checked_mul(in_unit)
}

pub(super) fn time(word: &str) -> Option<Timestamp> {
    nanos(word).map(Timestamp::from_nanos)
}

/// Writes nanoseconds in the longest unit that is exact.
pub(super) fn write_nanos(nanos: u64) -> String {
    let exact = UNITS
        .into_iter()
        .find(|(_, in_unit)| nanos.is_multiple_of(*in_unit));
    let (unit, in_unit) = exact.expect("every number of nanoseconds is a multiple of one");
    format!("{}{unit}", nanos / in_unit)
}
