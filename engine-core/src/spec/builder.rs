//! A spec in the making.

use rust_decimal::Decimal;

use super::error::SpecError;
use super::{Allocation, FeeTier, Funding, InstrumentSpec, InstrumentTerms, TriggerSource};
use crate::command::Phase;
use crate::types::{AssetId, Price, Qty};

/// Collects the terms of an [`InstrumentSpec`].
#[derive(Clone, Debug)]
#[must_use = "nothing is checked before `build`"]
pub struct InstrumentSpecBuilder {
    pub(super) terms: InstrumentTerms,
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
