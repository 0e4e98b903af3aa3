//! Numbers with twelve decimal places.

use std::fmt;

use rust_decimal::Decimal;
#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use crate::data::ratio::Ratio;
use crate::types::Price;

/// A number with twelve decimal places, rounded to the nearest (of two as near, the one further from zero).
///
/// Values of prices are in ticks: one is a tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(transparent))]
pub struct Fixed(i128);

impl Fixed {
    /// The number of decimal places.
    pub const PLACES: u32 = 12;
    /// One.
    pub const ONE: Self = Self(10_i128.pow(Self::PLACES));
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// More than any indicator of prices within their limits has, and little enough that no step of any of
    /// them overflows. Images with more are refused.
    pub(super) const MAX: Self = Self(1 << 96);

    /// The number of trillionths (10^-12).
    pub const fn trillionths(self) -> i128 {
        self.0
    }

    /// The number as an exact quotient: `ratio().times(tick)` is a price.
    pub fn ratio(self) -> Ratio {
        Ratio::new(self.0, Self::ONE.0).expect("one is not zero")
    }

    /// The number as an exact decimal. There is one for every price, average and range; bands may be wider than
    /// a decimal holds.
    pub fn decimal(self) -> Option<Decimal> {
        Decimal::try_from_i128_with_scale(self.0, Self::PLACES).ok()
    }

    /// A price in ticks; one beyond the engine's limits counts as the limit.
    pub(super) fn of_price(price: Price) -> Self {
        let price = price.clamp(Price::MIN, Price::MAX);
        Self(i128::from(price.ticks()) * Self::ONE.0)
    }

    pub(super) const fn of_trillionths(trillionths: i128) -> Self {
        Self(trillionths)
    }

    /// Whether an image may have this.
    pub(super) fn is_possible(self) -> bool {
        -Self::MAX <= self && self <= Self::MAX
    }

    pub(super) fn max(self, other: Self) -> Self {
        Ord::max(self, other)
    }

    pub(super) fn abs(self) -> Self {
        Self(self.0.abs())
    }

    /// This many times a whole number.
    pub(super) fn times(self, factor: u32) -> Self {
        Self(self.0 * i128::from(factor))
    }

    /// One part of `parts`, to the nearest.
    pub(super) fn divided(self, parts: u32) -> Self {
        Self(divide_to_nearest(self.0, i128::from(parts)))
    }

    /// How many hundredths of `whole`, which is greater than zero, this part of it is.
    pub(super) fn percent_of(self, whole: Self) -> Self {
        // 80 bits times 47 bits fit. Where the whole has more than 80, what is cut off is below 10^-23 of it.
        let spare = (128 - whole.0.leading_zeros()).saturating_sub(80);
        let (part, whole) = (self.0 >> spare, whole.0 >> spare);
        Self(divide_to_nearest(part * 100 * Self::ONE.0, whole))
    }
}

impl std::ops::Neg for Fixed {
    type Output = Self;

    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl std::ops::Add for Fixed {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl std::ops::Sub for Fixed {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl fmt::Display for Fixed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, places) = (self.0.unsigned_abs(), Self::ONE.0.unsigned_abs());
        write!(f, "{sign}{}.{:012}", whole / places, whole % places)
    }
}

/// The nearest whole number to a quotient; of two as near, the one further from zero. `by` is positive.
pub(super) fn divide_to_nearest(value: i128, by: i128) -> i128 {
    let (whole, rest) = (value / by, value % by);
    // |rest| < by, and by is far below half of what its type holds.
    if rest.abs() * 2 >= by {
        whole + value.signum()
    } else {
        whole
    }
}
