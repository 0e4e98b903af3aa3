//! What is wrong with a spec, or with a decimal for one.

use rust_decimal::Decimal;

use super::InstrumentSpec;
use crate::types::{AssetId, Price, Qty};

/// Why a spec cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    /// The symbol is empty or longer than [`InstrumentSpec::SYMBOL_MAX`] bytes, or has a control character.
    #[error("symbol {0:?} is not 1 to {max} bytes of printable text", max = InstrumentSpec::SYMBOL_MAX)]
    Symbol(String),
    /// The tick is not positive, or has so many digits that prices would not be exact.
    #[error("tick {0} is not greater than 0, or has too many digits")]
    Tick(Decimal),
    /// The lot is not positive, or has so many digits that quantities would not be exact.
    #[error("lot {0} is not greater than 0, or has too many digits")]
    Lot(Decimal),
    /// The lowest price is above the highest, or one of them is beyond what the engine takes.
    #[error(
        "prices from {min} to {max} ticks are no range within {} to {}",
        Price::MIN,
        Price::MAX
    )]
    PriceRange {
        /// The lowest price.
        min: Price,
        /// The highest price.
        max: Price,
    },
    /// The least quantity is zero or above the greatest, or the greatest is above [`Qty::MAX`].
    #[error("quantities from {min} to {max} lots are no range within 1 to {limit}", limit = Qty::MAX)]
    QuantityRange {
        /// The least quantity.
        min: Qty,
        /// The greatest quantity.
        max: Qty,
    },
    /// The least value is negative, or too large to count.
    #[error("minimum notional {0} is negative or too large")]
    MinNotional(Decimal),
    /// A band or protection of zero or of more than 100 %.
    #[error("{name} of {bps} basis points is not within 1 to 10000")]
    Band {
        /// Which.
        name: &'static str,
        /// The value.
        bps: u32,
    },
    /// A fee of more than 100 %.
    #[error("{name} of {ppm} millionths is not within -1000000 to 1000000")]
    Fee {
        /// Which.
        name: &'static str,
        /// The value.
        ppm: i32,
    },
    /// A tier's volume is not above the one before it.
    #[error("a fee tier from a volume of {0} does not come after the one before it")]
    TierVolume(Decimal),
    /// More tiers than can be told apart.
    #[error("{0} fee tiers are more than {max}", max = InstrumentSpec::TIERS_MAX)]
    TooManyTiers(usize),
    /// A limit of zero.
    #[error("{0} must be at least 1")]
    Zero(&'static str),
    /// The base and the quote asset are the same.
    #[error("base and quote are the same asset {0}")]
    SameAsset(AssetId),
}

/// Why a decimal is no price or quantity of an instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConvertError {
    /// Not a whole number of ticks.
    #[error("{value} is not a multiple of the tick {tick}")]
    NotOnTick {
        /// The price.
        value: Decimal,
        /// The tick.
        tick: Decimal,
    },
    /// Not a whole number of lots.
    #[error("{value} is not a multiple of the lot {lot}")]
    NotOnLot {
        /// The quantity.
        value: Decimal,
        /// The lot.
        lot: Decimal,
    },
    /// Not a whole number of an asset's smallest units.
    #[error("{value} has more than {scale} decimal places")]
    NotOnUnit {
        /// The amount.
        value: Decimal,
        /// The asset's decimal places.
        scale: u32,
    },
    /// Negative, where only zero or more has a meaning.
    #[error("{0} is negative")]
    Negative(Decimal),
    /// Beyond what the engine takes.
    #[error("{0} is beyond what the engine takes")]
    OutOfRange(Decimal),
}
