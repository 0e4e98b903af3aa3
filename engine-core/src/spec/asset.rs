//! Assets: what is bought and sold, and what it is paid with.

use rust_decimal::Decimal;
#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::error::ConvertError;
use crate::types::Amount;

/// What there is to know about an asset: a currency or a thing. What is given here is checked by the engine.
///
/// ```
/// use engine_core::{Amount, AssetSpec};
/// use rust_decimal::Decimal;
///
/// let krw = AssetSpec { name: "KRW".into(), scale: 8 };
/// assert_eq!(krw.amount(Decimal::new(15, 1))?, Amount::new(150_000_000));
/// assert_eq!(krw.decimal(Amount::new(150_000_000)), Some(Decimal::new(15, 1)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct AssetSpec {
    /// What people call it: 1 to [`AssetSpec::NAME_MAX`] printable ASCII characters without spaces.
    pub name: String,
    /// How many decimal places it has: one of it is 10 to this power smallest units.
    pub scale: u8,
}

impl AssetSpec {
    /// The greatest length of a name.
    pub const NAME_MAX: usize = 16;
    /// The most decimal places.
    pub const SCALE_MAX: u8 = 18;

    /// The amount of this decimal, exactly.
    ///
    /// # Errors
    /// When it is no whole number of smallest units, or beyond ± [`Amount::MAX`].
    pub fn amount(&self, value: Decimal) -> Result<Amount, ConvertError> {
        let scale = u32::from(self.scale);
        let value = value.normalize();
        let places = scale.checked_sub(value.scale());
        let places = places.ok_or(ConvertError::NotOnUnit { value, scale })?;
        let units = 10_i128
            .checked_pow(places)
            .and_then(|power| value.mantissa().checked_mul(power))
            .filter(|units| units.abs() <= Amount::MAX.units());
        units.map(Amount::new).ok_or(ConvertError::OutOfRange(value))
    }

    /// The decimal of an amount, exactly, or `None` beyond ± [`Amount::MAX`].
    pub fn decimal(&self, amount: Amount) -> Option<Decimal> {
        let decimal = Decimal::try_from_i128_with_scale(amount.units(), u32::from(self.scale)).ok()?;
        Some(decimal.normalize())
    }
}
