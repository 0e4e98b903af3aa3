//! Exact quotients: averages and changes that no decimal could hold.

use rust_decimal::Decimal;

/// The most decimal places that a [`Decimal`] has.
const PLACES_MAX: u32 = Decimal::MAX_SCALE;

/// A quotient of two whole numbers, not rounded. The denominator is greater than zero.
///
/// ```
/// use engine_core::data::Ratio;
///
/// let third = Ratio::new(1, 3).expect("three is not zero");
/// assert_eq!(third.rounded(4).expect("it is small").to_string(), "0.3333");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Ratio {
    numerator: i128,
    denominator: i128,
}

impl Ratio {
    /// The quotient, or `None` for a denominator of zero (or one that has no positive opposite).
    pub fn new(numerator: i128, denominator: i128) -> Option<Self> {
        let (numerator, denominator) = match denominator {
            0 => return None,
            1.. => (numerator, denominator),
            _ => (numerator.checked_neg()?, denominator.checked_neg()?),
        };
        Some(Self {
            numerator,
            denominator,
        })
    }

    /// What is divided.
    pub fn numerator(self) -> i128 {
        self.numerator
    }

    /// What it is divided by; greater than zero.
    pub fn denominator(self) -> i128 {
        self.denominator
    }

    /// This many times `unit`: an average in ticks becomes a price by `times(tick)`. `None` if the numbers
    /// become too large.
    pub fn times(self, unit: Decimal) -> Option<Self> {
        let unit = unit.normalize();
        Some(Self {
            numerator: self.numerator.checked_mul(unit.mantissa())?,
            denominator: self.denominator.checked_mul(10_i128.checked_pow(unit.scale())?)?,
        })
    }

    /// The nearest decimal with this many places (of two as near, the one further from zero), or `None` if it
    /// has too many digits for a [`Decimal`].
    pub fn rounded(self, places: u32) -> Option<Decimal> {
        if places > PLACES_MAX {
            return None;
        }
        let (mut digits, mut rest) = (
            self.numerator.unsigned_abs() / self.denominator.unsigned_abs(),
            self.numerator.unsigned_abs() % self.denominator.unsigned_abs(),
        );
        let denominator = self.denominator.unsigned_abs();
        for _ in 0..places {
            rest = rest.checked_mul(10)?;
            digits = digits.checked_mul(10)?.checked_add(rest / denominator)?;
            rest %= denominator;
        }
        // The rest is less than the denominator, which is less than half of what its type holds.
        digits = digits.checked_add(u128::from(rest * 2 >= denominator))?;
        let mantissa = i128::try_from(digits).ok()? * self.numerator.signum();
        Decimal::try_from_i128_with_scale(mantissa, places).ok()
    }
}

impl PartialEq for Ratio {
    /// Quotients are equal if their values are: 1/2 is 2/4.
    fn eq(&self, other: &Self) -> bool {
        let (one, two) = (self.lowest(), other.lowest());
        one.numerator == two.numerator && one.denominator == two.denominator
    }
}

impl Eq for Ratio {}

impl Ratio {
    /// The same value in lowest terms.
    fn lowest(self) -> Self {
        let (mut a, mut b) = (self.numerator.unsigned_abs(), self.denominator.unsigned_abs());
        while b != 0 {
            (a, b) = (b, a % b);
        }
        // The divisor is at most the denominator, which fits.
        let divisor = a as i128;
        Self {
            numerator: self.numerator / divisor,
            denominator: self.denominator / divisor,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounded(numerator: i128, denominator: i128, places: u32) -> Option<String> {
        let ratio = Ratio::new(numerator, denominator).expect("not divided by zero");
        ratio.rounded(places).map(|decimal| decimal.to_string())
    }

    #[test]
    fn a_quotient_is_rounded_to_the_nearest_away_from_zero() {
        assert_eq!(rounded(2, 3, 2).as_deref(), Some("0.67"));
        assert_eq!(rounded(1, 8, 2).as_deref(), Some("0.13"));
        assert_eq!(rounded(-1, 8, 2).as_deref(), Some("-0.13"));
        assert_eq!(rounded(1, -8, 2).as_deref(), Some("-0.13"));
        assert_eq!(rounded(199, 200, 1).as_deref(), Some("1.0"));
        assert_eq!(rounded(7, 1, 0).as_deref(), Some("7"));
        assert_eq!(rounded(0, 5, 1).as_deref(), Some("0.0"));
    }

    #[test]
    fn what_a_decimal_does_not_hold_is_none() {
        assert_eq!(rounded(i128::MAX, 1, 0), None);
        assert_eq!(rounded(1, 3, 29), None);
        assert_eq!(
            rounded(1, i128::MAX, 28).as_deref(),
            Some("0.0000000000000000000000000000")
        );
        assert_eq!(
            rounded(i128::MAX - 1, i128::MAX, 3),
            None,
            "its digits cannot be computed"
        );
        assert_eq!(Ratio::new(1, 0), None);
        assert_eq!(Ratio::new(1, i128::MIN), None);
    }

    #[test]
    fn equal_quotients_are_equal_however_they_are_written() {
        assert_eq!(Ratio::new(2, 4), Ratio::new(-1, -2));
        assert_eq!(Ratio::new(0, 4), Ratio::new(0, -9));
        assert_ne!(Ratio::new(1, 2), Ratio::new(-1, 2));
        assert_eq!(Ratio::new(i128::MIN, 2), Ratio::new(i128::MIN / 2, 1));
    }

    #[test]
    fn an_average_in_ticks_becomes_a_price() {
        let average = Ratio::new(301, 3).expect("not divided by zero");
        let price = average
            .times(Decimal::new(50, 2))
            .and_then(|price| price.rounded(3));
        assert_eq!(price.map(|price| price.to_string()).as_deref(), Some("50.167"));
    }
}
