//! Everything that is fixed about an instrument, checked once, and the only place where decimals become ticks.

use rust_decimal::Decimal;
#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

mod asset;
mod builder;
mod convert;
mod error;
mod terms;

pub use asset::AssetSpec;
pub use builder::InstrumentSpecBuilder;
pub use error::{ConvertError, SpecError};
pub use terms::{FeeTier, InstrumentTerms};

use self::convert::{scaled, whole_quotient, whole_units};
use crate::types::{Notional, Price, Qty};

/// Everything that is fixed about an instrument. Made by [`InstrumentSpec::builder`], which checks it.
///
/// ```
/// use engine_core::InstrumentSpec;
/// use rust_decimal::Decimal;
///
/// let spec = InstrumentSpec::builder("BTC-KRW", Decimal::from(1000), Decimal::new(1, 8))
///     .min_notional(Decimal::from(5000))
///     .build()?;
/// assert_eq!(spec.price(Decimal::from(50_000_000))?.ticks(), 50_000);
/// assert_eq!(spec.quantity(Decimal::new(1, 3))?.lots(), 100_000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(try_from = "InstrumentTerms", into = "InstrumentTerms")
)]
pub struct InstrumentSpec {
    terms: InstrumentTerms,
    min_notional: Notional,
}

/// How accounts pay for what they buy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum Funding {
    /// Both sides deliver at once, and nobody can sell what he does not have.
    #[default]
    Spot,
    /// Nothing is delivered; profits and losses are paid in the quote asset when a position is closed.
    Margin {
        /// What a position needs to be opened, in millionths of its value.
        initial_ppm: u32,
        /// What it needs to be kept, in millionths of its value.
        maintenance_ppm: u32,
        /// The greatest position of an account, bought or sold.
        position_max: Qty,
    },
}

/// How a level's resting quantity is shared out to a taker that does not need all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum Allocation {
    /// The older order first.
    #[default]
    PriceTime,
    /// In proportion to size.
    ProRata {
        /// The oldest order of the level is filled before the others share.
        top_order: bool,
        /// A share below this is nothing.
        min_lots: Qty,
    },
}

/// Which price sets off stops.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum TriggerSource {
    /// The last trade's.
    #[default]
    LastTrade,
    /// The mark price, set by command.
    Mark,
}

impl InstrumentSpec {
    /// The greatest length of a symbol in bytes.
    pub const SYMBOL_MAX: usize = 32;
    /// The most fee tiers beside the spec's own rates.
    pub const TIERS_MAX: usize = 100;

    /// Begins a spec with the three things that have no default.
    pub fn builder(symbol: impl Into<String>, tick: Decimal, lot: Decimal) -> InstrumentSpecBuilder {
        InstrumentSpecBuilder {
            terms: InstrumentTerms::new(symbol.into(), tick, lot),
        }
    }

    /// The plain fields.
    pub fn terms(&self) -> &InstrumentTerms {
        &self.terms
    }

    /// The least value of an order, in ticks times lots, rounded up.
    #[inline]
    pub fn min_notional(&self) -> Notional {
        self.min_notional
    }

    /// The price of this decimal, exactly.
    ///
    /// # Errors
    /// When it is no whole number of ticks, or beyond the limits.
    pub fn price(&self, value: Decimal) -> Result<Price, ConvertError> {
        let tick = self.terms.tick;
        let ticks = whole_quotient(value, tick)
            .ok_or(ConvertError::OutOfRange(value))?
            .ok_or(ConvertError::NotOnTick { value, tick })?;
        let price = i64::try_from(ticks)
            .ok()
            .map(Price::new)
            .filter(|price| price.is_valid());
        price.ok_or(ConvertError::OutOfRange(value))
    }

    /// The quantity of this decimal, exactly.
    ///
    /// # Errors
    /// When it is negative, no whole number of lots, or beyond the limits.
    pub fn quantity(&self, value: Decimal) -> Result<Qty, ConvertError> {
        if value.is_sign_negative() && !value.is_zero() {
            return Err(ConvertError::Negative(value));
        }
        let lot = self.terms.lot;
        let lots = whole_quotient(value, lot)
            .ok_or(ConvertError::OutOfRange(value))?
            .ok_or(ConvertError::NotOnLot { value, lot })?;
        let quantity = u64::try_from(lots)
            .ok()
            .map(Qty::new)
            .filter(|quantity| *quantity <= Qty::MAX);
        quantity.ok_or(ConvertError::OutOfRange(value))
    }

    /// The value of this decimal of the quote asset in ticks times lots, rounded down: a budget is never exceeded.
    ///
    /// # Errors
    /// When it is beyond the limits.
    pub fn notional(&self, value: Decimal) -> Result<Notional, ConvertError> {
        let (units, _) = self.terms.units(value).ok_or(ConvertError::OutOfRange(value))?;
        Ok(Notional::new(units))
    }

    /// Whether an order may have this price.
    #[inline]
    pub fn allows_price(&self, price: Price) -> bool {
        self.terms.min_price <= price && price <= self.terms.max_price
    }

    /// The price that an order may have which is nearest to this one.
    #[inline]
    pub(crate) fn nearest_price(&self, price: Price) -> Price {
        price.clamp(self.terms.min_price, self.terms.max_price)
    }

    /// How many smallest units of a quote asset one tick times one lot is, if that is a whole number of 64 bits.
    pub(crate) fn quote_units(&self, quote: &AssetSpec) -> Option<u64> {
        let (tick, lot) = (self.terms.tick, self.terms.lot);
        let mantissa = tick.mantissa().checked_mul(lot.mantissa())?;
        whole_units(mantissa, tick.scale() + lot.scale(), quote)
    }

    /// How many smallest units of a base asset one lot is, if that is a whole number of 64 bits.
    pub(crate) fn base_units(&self, base: &AssetSpec) -> Option<u64> {
        whole_units(self.terms.lot.mantissa(), self.terms.lot.scale(), base)
    }

    /// The same instrument without prices below `min`.
    pub(crate) fn with_price_min(mut self, min: Price) -> Self {
        self.terms.min_price = self.terms.min_price.max(min);
        self
    }

    /// The decimal of a price within [`Price::MIN`] and [`Price::MAX`], exactly.
    pub fn price_decimal(&self, price: Price) -> Decimal {
        scaled(i128::from(price.ticks()), self.terms.tick)
    }

    /// The decimal of a quantity of up to [`Qty::MAX`], exactly.
    pub fn quantity_decimal(&self, quantity: Qty) -> Decimal {
        scaled(i128::from(quantity.lots()), self.terms.lot)
    }
}

impl TryFrom<InstrumentTerms> for InstrumentSpec {
    type Error = SpecError;

    fn try_from(terms: InstrumentTerms) -> Result<Self, SpecError> {
        terms.check()
    }
}

impl From<InstrumentSpec> for InstrumentTerms {
    fn from(spec: InstrumentSpec) -> Self {
        spec.terms
    }
}
