//! The plain fields of a spec, and whether they can be an instrument's.

use rust_decimal::Decimal;
#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::error::SpecError;
use super::{Allocation, Funding, InstrumentSpec, TriggerSource};
use crate::command::Phase;
use crate::types::{AssetId, Notional, Price, Qty};

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

impl InstrumentTerms {
    /// Terms without limits beyond those of the engine.
    pub(super) fn new(symbol: String, tick: Decimal, lot: Decimal) -> Self {
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
    pub(super) fn units(&self, value: Decimal) -> Option<(i128, bool)> {
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
    pub(super) fn check(self) -> Result<InstrumentSpec, SpecError> {
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
