//! Everything that is fixed about an instrument, checked once, and the only place where decimals become ticks.

use rust_decimal::Decimal;
#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use crate::command::Phase;
use crate::types::{Amount, AssetId, Notional, Price, Qty};

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

/// The plain fields of an [`InstrumentSpec`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct InstrumentTerms {
    /// What people call it.
    pub symbol: String,
    /// One tick, in the quote asset per unit of the base asset.
    pub tick: Decimal,
    /// One lot, in units of the base asset.
    pub lot: Decimal,
    /// What is bought and sold.
    pub base: Option<AssetId>,
    /// What it is paid with.
    pub quote: Option<AssetId>,
    /// The lowest price of an order.
    pub min_price: Price,
    /// The highest price of an order.
    pub max_price: Price,
    /// The least quantity of an order.
    pub min_quantity: Qty,
    /// The greatest quantity of an order.
    pub max_quantity: Qty,
    /// The least value of an order, in the quote asset.
    pub min_notional: Decimal,
    /// Limit prices may be this far from the last trade, in basis points.
    pub price_band_bps: Option<u32>,
    /// A trade further than this from the last one starts an auction instead, in basis points.
    pub dynamic_band_bps: Option<u32>,
    /// How long such an auction lasts in engine time; without it, until a command ends it.
    pub volatility_auction_ns: Option<u64>,
    /// A market order trades at most this far from the best opposite price, in basis points.
    pub market_protection_bps: Option<u32>,
    /// What a maker pays, in millionths of the value; negative is a rebate.
    pub maker_fee_ppm: i32,
    /// What a taker pays, in millionths of the value; negative is a rebate.
    pub taker_fee_ppm: i32,
    /// What accounts pay that have traded much, in rising order of volume.
    pub fee_tiers: Vec<FeeTier>,
    /// Whether accounts pay and deliver at once, or hold positions on margin.
    pub funding: Funding,
    /// Who trades first at a price.
    pub allocation: Allocation,
    /// What sets off stops.
    pub trigger_source: TriggerSource,
    /// The phase in which the market begins.
    pub initial_phase: Phase,
    /// How many parts an iceberg may be shown in.
    pub iceberg_parts_max: u32,
    /// How many stops may wait.
    pub stops_max: u32,
}

/// What an account pays once it has traded so much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct FeeTier {
    /// From this volume on, in the quote asset.
    pub volume_min: Decimal,
    /// What it pays as maker, in millionths of the value; negative is a rebate.
    pub maker_fee_ppm: i32,
    /// What it pays as taker, in millionths of the value; negative is a rebate.
    pub taker_fee_ppm: i32,
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

/// The decimal of `count` times `unit`; the builder has checked that every product fits.
fn scaled(count: i128, unit: Decimal) -> Decimal {
    Decimal::from_i128_with_scale(count * unit.mantissa(), unit.scale()).normalize()
}

/// `mantissa` ÷ 10^`places` in smallest units of an asset, if that is a whole number of 64 bits.
fn whole_units(mantissa: i128, places: u32, asset: &AssetSpec) -> Option<u64> {
    let up = u32::from(asset.scale).saturating_sub(places);
    let down = places.saturating_sub(u32::from(asset.scale));
    let scaled = mantissa.checked_mul(10_i128.checked_pow(up)?)?;
    let divisor = 10_i128.checked_pow(down)?;
    (scaled % divisor == 0)
        .then(|| scaled / divisor)
        .and_then(|units| u64::try_from(units).ok())
}

/// How often `unit`, which is positive, goes into `value`: `None` if that cannot be counted, `Some(None)` if it
/// does not go in wholly.
fn whole_quotient(value: Decimal, unit: Decimal) -> Option<Option<i128>> {
    let (value, unit) = (value.normalize(), unit.normalize());
    // Every multiple of the unit ends at or before the unit's last decimal place.
    let Some(places) = unit.scale().checked_sub(value.scale()) else {
        return Some(None);
    };
    let scaled = 10_i128
        .checked_pow(places)
        .and_then(|power| value.mantissa().checked_mul(power))?;
    Some((scaled % unit.mantissa() == 0).then(|| scaled / unit.mantissa()))
}

impl InstrumentTerms {
    /// Terms without limits beyond those of the engine.
    fn new(symbol: String, tick: Decimal, lot: Decimal) -> Self {
        Self {
            symbol,
            tick: tick.normalize(),
            lot: lot.normalize(),
            base: None,
            quote: None,
            min_price: Price::MIN,
            max_price: Price::MAX,
            min_quantity: Qty::new(1),
            max_quantity: Qty::MAX,
            min_notional: Decimal::ZERO,
            price_band_bps: None,
            dynamic_band_bps: None,
            volatility_auction_ns: None,
            market_protection_bps: None,
            maker_fee_ppm: 0,
            taker_fee_ppm: 0,
            fee_tiers: Vec::new(),
            funding: Funding::Spot,
            allocation: Allocation::PriceTime,
            trigger_source: TriggerSource::LastTrade,
            initial_phase: Phase::Continuous,
            iceberg_parts_max: 10_000,
            stops_max: 100_000,
        }
    }

    /// `value` in ticks times lots, rounded down, and whether that lost something; `None` if it cannot be counted.
    fn units(&self, value: Decimal) -> Option<(i128, bool)> {
        let value = value.normalize();
        let places = i64::from(self.tick.scale() + self.lot.scale()) - i64::from(value.scale());
        let power = 10_i128.checked_pow(u32::try_from(places.unsigned_abs()).ok()?)?;
        let unit = self.tick.mantissa().checked_mul(self.lot.mantissa())?;
        let (dividend, divisor) = if places >= 0 {
            (value.mantissa().checked_mul(power)?, unit)
        } else {
            (value.mantissa(), unit.checked_mul(power)?)
        };
        Some((dividend.div_euclid(divisor), dividend.rem_euclid(divisor) != 0))
    }

    /// The most that an iceberg may have that shows this much at a time.
    pub(crate) fn most_in_parts(&self, display: Qty) -> Qty {
        let lots = display.lots().saturating_mul(u64::from(self.iceberg_parts_max));
        Qty::new(lots).min(Qty::MAX)
    }

    /// Checks everything, in the order of the fields.
    fn check(self) -> Result<InstrumentSpec, SpecError> {
        if self.symbol.is_empty()
            || self.symbol.len() > InstrumentSpec::SYMBOL_MAX
            || self.symbol.chars().any(|c| c.is_control() || c.is_whitespace())
        {
            return Err(SpecError::Symbol(self.symbol));
        }
        self.check_units()?;
        if let Some(base) = self.base.filter(|_| self.base == self.quote) {
            return Err(SpecError::SameAsset(base));
        }
        if self.min_price > self.max_price || !self.min_price.is_valid() || !self.max_price.is_valid() {
            return Err(SpecError::PriceRange {
                min: self.min_price,
                max: self.max_price,
            });
        }
        if self.min_quantity.is_zero()
            || self.min_quantity > self.max_quantity
            || self.max_quantity > Qty::MAX
        {
            return Err(SpecError::QuantityRange {
                min: self.min_quantity,
                max: self.max_quantity,
            });
        }
        let min_notional = match self.units(self.min_notional) {
            Some((units, lossy)) if units >= 0 => Notional::new(units + i128::from(lossy)),
            _ => return Err(SpecError::MinNotional(self.min_notional)),
        };
        self.check_bands()?;
        for (name, limit) in [
            ("iceberg_parts_max", self.iceberg_parts_max),
            ("stops_max", self.stops_max),
        ] {
            if limit == 0 {
                return Err(SpecError::Zero(name));
            }
        }
        Ok(InstrumentSpec {
            terms: self,
            min_notional,
        })
    }

    /// The tick and the lot are positive, and short enough for every price and quantity to be an exact decimal.
    fn check_units(&self) -> Result<(), SpecError> {
        let fits = |unit: Decimal, count: i128| {
            let most = unit.mantissa().checked_mul(count);
            unit > Decimal::ZERO && most.is_some_and(|most| most <= Decimal::MAX.mantissa())
        };
        if !fits(self.tick, i128::from(Price::MAX.ticks())) {
            return Err(SpecError::Tick(self.tick));
        }
        if !fits(self.lot, i128::from(Qty::MAX.lots())) {
            return Err(SpecError::Lot(self.lot));
        }
        Ok(())
    }

    /// Bands, protection and fees are within 100 %.
    fn check_bands(&self) -> Result<(), SpecError> {
        let bands = [
            ("price_band_bps", self.price_band_bps),
            ("dynamic_band_bps", self.dynamic_band_bps),
            ("market_protection_bps", self.market_protection_bps),
        ];
        for (name, bps) in bands {
            if let Some(bps) = bps.filter(|bps| !(1..=10_000).contains(bps)) {
                return Err(SpecError::Band { name, bps });
            }
        }
        if self.volatility_auction_ns == Some(0) {
            return Err(SpecError::Zero("volatility_auction_ns"));
        }
        self.check_fees()
    }

    /// Every rate is within 100 %, and each tier asks for more volume than the one before.
    fn check_fees(&self) -> Result<(), SpecError> {
        let own = (self.maker_fee_ppm, self.taker_fee_ppm);
        let tiers = self
            .fee_tiers
            .iter()
            .map(|tier| (tier.maker_fee_ppm, tier.taker_fee_ppm));
        for (maker, taker) in std::iter::once(own).chain(tiers) {
            for (name, ppm) in [("maker_fee_ppm", maker), ("taker_fee_ppm", taker)] {
                if !(-1_000_000..=1_000_000).contains(&ppm) {
                    return Err(SpecError::Fee { name, ppm });
                }
            }
        }
        let mut below = Decimal::ZERO;
        for tier in &self.fee_tiers {
            if tier.volume_min <= below {
                return Err(SpecError::TierVolume(tier.volume_min));
            }
            below = tier.volume_min;
        }
        if self.fee_tiers.len() > InstrumentSpec::TIERS_MAX {
            return Err(SpecError::TooManyTiers(self.fee_tiers.len()));
        }
        Ok(())
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

/// Collects the terms of an [`InstrumentSpec`].
#[derive(Clone, Debug)]
#[must_use = "nothing is checked before `build`"]
pub struct InstrumentSpecBuilder {
    terms: InstrumentTerms,
}

impl InstrumentSpecBuilder {
    /// Names what is traded and what it is paid with; accounts need both.
    pub fn assets(mut self, base: AssetId, quote: AssetId) -> Self {
        (self.terms.base, self.terms.quote) = (Some(base), Some(quote));
        self
    }

    /// Sets the lowest and the highest price.
    pub fn prices(mut self, min: Price, max: Price) -> Self {
        (self.terms.min_price, self.terms.max_price) = (min, max);
        self
    }

    /// Sets the least and the greatest quantity of an order.
    pub fn quantities(mut self, min: Qty, max: Qty) -> Self {
        (self.terms.min_quantity, self.terms.max_quantity) = (min, max);
        self
    }

    /// Sets the least value of an order, in the quote asset.
    pub fn min_notional(mut self, value: Decimal) -> Self {
        self.terms.min_notional = value;
        self
    }

    /// Sets how far limit prices may be from the last trade.
    pub fn price_band_bps(mut self, bps: u32) -> Self {
        self.terms.price_band_bps = Some(bps);
        self
    }

    /// Sets how far a trade may be from the last one before an auction is held instead, and how long that lasts.
    pub fn dynamic_band_bps(mut self, bps: u32, auction_ns: Option<u64>) -> Self {
        (self.terms.dynamic_band_bps, self.terms.volatility_auction_ns) = (Some(bps), auction_ns);
        self
    }

    /// Sets how far from the best price market orders may trade.
    pub fn market_protection_bps(mut self, bps: u32) -> Self {
        self.terms.market_protection_bps = Some(bps);
        self
    }

    /// Sets the fees in millionths of the value; negative is a rebate.
    pub fn fees_ppm(mut self, maker: i32, taker: i32) -> Self {
        (self.terms.maker_fee_ppm, self.terms.taker_fee_ppm) = (maker, taker);
        self
    }

    /// Adds a tier of fees for accounts that have traded `volume_min` of the quote asset or more in 30 days.
    pub fn fee_tier(mut self, volume_min: Decimal, maker_fee_ppm: i32, taker_fee_ppm: i32) -> Self {
        self.terms.fee_tiers.push(FeeTier {
            volume_min,
            maker_fee_ppm,
            taker_fee_ppm,
        });
        self
    }

    /// Sets how accounts pay for what they buy.
    pub fn funding(mut self, funding: Funding) -> Self {
        self.terms.funding = funding;
        self
    }

    /// Sets who trades first at a price.
    pub fn allocation(mut self, allocation: Allocation) -> Self {
        self.terms.allocation = allocation;
        self
    }

    /// Sets what sets off stops.
    pub fn trigger_source(mut self, source: TriggerSource) -> Self {
        self.terms.trigger_source = source;
        self
    }

    /// Sets the phase in which the market begins.
    pub fn initial_phase(mut self, phase: Phase) -> Self {
        self.terms.initial_phase = phase;
        self
    }

    /// Sets how many parts an iceberg may be shown in.
    pub fn iceberg_parts_max(mut self, parts: u32) -> Self {
        self.terms.iceberg_parts_max = parts;
        self
    }

    /// Sets how many stops may wait.
    pub fn stops_max(mut self, stops: u32) -> Self {
        self.terms.stops_max = stops;
        self
    }

    /// Checks everything.
    ///
    /// # Errors
    /// The first field that cannot be, with its value.
    pub fn build(self) -> Result<InstrumentSpec, SpecError> {
        self.terms.check()
    }
}
