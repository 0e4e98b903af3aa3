//! Sums over many trades, which are larger than any one quantity or value may be.

use rust_decimal::Decimal;
#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::ratio::Ratio;
use crate::types::{Notional, Qty};

/// What traded in many trades together, in lots. Not limited to [`Qty::MAX`], which holds for one side of a
/// book at one time; 2^64 of the largest trades fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(transparent))]
pub struct Volume(u128);

impl Volume {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// A volume of `lots` lots.
    pub const fn new(lots: u128) -> Self {
        Self(lots)
    }

    /// The number of lots.
    #[inline]
    pub const fn lots(self) -> u128 {
        self.0
    }

    /// Whether nothing traded.
    #[inline]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The same as a quantity, if it is one.
    pub fn quantity(self) -> Option<Qty> {
        u64::try_from(self.0)
            .ok()
            .map(Qty::new)
            .filter(|quantity| *quantity <= Qty::MAX)
    }

    /// The volume as a decimal, where one lot is `lot`; `None` if it has too many digits.
    pub fn decimal(self, lot: Decimal) -> Option<Decimal> {
        let lot = lot.normalize();
        let mantissa = i128::try_from(self.0).ok()?.checked_mul(lot.mantissa())?;
        Decimal::try_from_i128_with_scale(mantissa, lot.scale())
            .ok()
            .map(|decimal| decimal.normalize())
    }

    /// More by a quantity; the greatest volume there is if that is more.
    #[inline]
    pub(super) fn plus(self, quantity: Qty) -> Self {
        Self(self.0.saturating_add(u128::from(quantity.lots())))
    }

    /// Both together; the greatest volume there is if they are more.
    #[inline]
    pub(super) fn joined(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// Less by a part of it.
    #[inline]
    pub(super) fn minus(self, part: Self) -> Self {
        Self(self.0 - part.0)
    }
}

/// A sum of values that stays exact however many are added and taken away again, in ticks times lots.
///
/// Two thousand trades at the greatest price with the greatest quantity are more than a [`Notional`] holds. A
/// sum that stopped there would stay wrong when they have left it, so this one has 192 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Turnover {
    low: u128,
    high: i64,
}

impl Turnover {
    /// The sum, or the nearest value that a [`Notional`] holds.
    pub fn notional(self) -> Notional {
        match (self.high, self.low as i128) {
            (0, low @ 0..) => Notional::new(low),
            (-1, low @ ..0) => Notional::new(low),
            (0.., _) => Notional::new(i128::MAX),
            (..0, _) => Notional::new(i128::MIN),
        }
    }

    /// The sum divided by a volume: the average price in ticks. `None` if there is none, or if the sum is more
    /// than a [`Notional`] holds.
    pub fn per(self, volume: Volume) -> Option<Ratio> {
        let sum = self.notional().units();
        let exact = sum != i128::MAX && sum != i128::MIN;
        Ratio::new(sum, i128::try_from(volume.lots()).ok()?).filter(|_| exact)
    }

    #[inline]
    pub(super) fn add(&mut self, value: Notional) {
        let (low, carried) = self.low.overflowing_add(value.units() as u128);
        self.low = low;
        self.grow(i64::from(carried) - i64::from(value.units() < 0));
    }

    #[inline]
    pub(super) fn add_all(&mut self, other: Self) {
        let (low, carried) = self.low.overflowing_add(other.low);
        self.low = low;
        self.grow(i64::from(carried));
        self.grow(other.high);
    }

    #[inline]
    pub(super) fn subtract(&mut self, value: Notional) {
        let (low, borrowed) = self.low.overflowing_sub(value.units() as u128);
        self.low = low;
        self.grow(i64::from(value.units() < 0) - i64::from(borrowed));
    }

    #[inline]
    pub(super) fn subtract_all(&mut self, other: Self) {
        let (low, borrowed) = self.low.overflowing_sub(other.low);
        self.low = low;
        self.grow(-i64::from(borrowed));
        self.grow(other.high.wrapping_neg());
    }

    /// Wraps only for sums that no trades make: 2^63 times the greatest value of 2^116, and more.
    #[inline]
    fn grow(&mut self, by: i64) {
        self.high = self.high.wrapping_add(by);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values() -> impl Strategy<Value = i128> {
        prop_oneof![
            -5..=5_i128,
            Just(i128::MAX),
            Just(i128::MIN),
            any::<i128>(),
            (-(1_i128 << 116)..1 << 116),
        ]
    }

    proptest! {
        /// The sum of what has not been taken away, to the last unit, however large the sum was in between.
        #[test]
        fn a_turnover_is_the_sum_of_what_is_left(
            gone in prop::collection::vec(values(), 0..20),
            left in prop::collection::vec(-1_000_000..1_000_000_i128, 0..20),
        ) {
            let (mut one_by_one, mut at_once, mut part) = Default::default();
            for value in gone.iter().chain(&left) {
                Turnover::add(&mut one_by_one, Notional::new(*value));
            }
            for value in &gone {
                Turnover::add(&mut part, Notional::new(*value));
                one_by_one.subtract(Notional::new(*value));
            }
            for value in &left {
                Turnover::add(&mut at_once, Notional::new(*value));
            }
            at_once.add_all(part);
            at_once.subtract_all(part);
            prop_assert_eq!(one_by_one, at_once);
            prop_assert_eq!(one_by_one.notional(), Notional::new(left.iter().sum()));
        }
    }

    #[test]
    fn a_turnover_that_is_too_much_for_a_value_is_the_nearest_value() {
        for (value, nearest) in [(i128::MAX, i128::MAX), (i128::MIN, i128::MIN), (-1, -2), (1, 2)] {
            let mut turnover = Turnover::default();
            turnover.add(Notional::new(value));
            assert_eq!(turnover.notional(), Notional::new(value));
            turnover.add(Notional::new(value));
            assert_eq!(turnover.notional(), Notional::new(nearest));
        }
    }

    #[test]
    fn a_volume_is_a_quantity_or_a_decimal_where_it_can_be() {
        let most = u128::from(Qty::MAX.lots());
        assert_eq!(Volume::new(most).quantity(), Some(Qty::MAX));
        assert_eq!(Volume::new(most + 1).quantity(), None);
        let lots = Volume::new(1_500).decimal(Decimal::new(1, 3));
        assert_eq!(lots.map(|lots| lots.to_string()).as_deref(), Some("1.5"));
        assert_eq!(Volume::new(u128::MAX).decimal(Decimal::ONE), None);
        assert_eq!(Volume::new(1 << 100).decimal(Decimal::ONE), None);
    }
}
