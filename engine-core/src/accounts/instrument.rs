//! What the ledger needs to know of an instrument, checked when it is listed.

use super::column::Column;
use super::fees::{MILLION, Rates, Tier};
use super::position::Line;
use crate::{AssetSpec, Funding, InstrumentSpec, Limits, Price, Qty, RejectReason};

/// The value that no position on margin may exceed: with it a thousand instruments and a hundred million accounts
/// cannot owe so much that a sum leaves 128 bits.
const MARGIN_VALUE_MAX: i128 = 1 << 90;

/// The terms of positions on margin.
#[derive(Clone, Copy, Debug)]
pub(super) struct Margin {
    pub(super) initial: u32,
    pub(super) maintenance: u32,
    pub(super) position_max: Qty,
}

/// An instrument as its ledger sees it.
pub(super) struct Instrument {
    /// The number of the base asset; on margin there is none.
    pub(super) base: u32,
    /// The number of the quote asset.
    pub(super) quote: u32,
    /// Smallest units of the base asset in one lot.
    pub(super) base_units: u64,
    /// Smallest units of the quote asset in one tick times one lot.
    pub(super) quote_units: u64,
    pub(super) margin: Option<Margin>,
    /// The highest price, and the lowest.
    pub(super) prices: (Price, Price),
    /// The spec's own rates, then those from rising volumes on.
    tiers: Vec<Tier>,
    /// What everyone is limited to who has no limits of his own.
    pub(super) limits: Option<Limits>,
    pub(super) last: Option<Price>,
    pub(super) mark: Option<Price>,
    /// The accounts that have traded here or tried to, by account.
    pub(super) lines: Column<Line, 16>,
}

impl Instrument {
    /// The instrument of this spec, if its assets are here and fit.
    pub(super) fn new(spec: &InstrumentSpec, assets: &[AssetSpec]) -> Result<Self, RejectReason> {
        let terms = spec.terms();
        let margin = match terms.funding {
            Funding::Spot => None,
            Funding::Margin {
                initial_ppm,
                maintenance_ppm,
                position_max,
            } => Some(Margin {
                initial: initial_ppm,
                maintenance: maintenance_ppm,
                position_max,
            }),
        };
        let known = |asset: Option<crate::AssetId>| {
            let asset = asset.ok_or(RejectReason::AssetRequired)?.get();
            let spec = assets.get(asset as usize).ok_or(RejectReason::UnknownAsset)?;
            Ok((asset, spec))
        };
        let (quote, quote_spec) = known(terms.quote)?;
        let quote_units = spec.quote_units(quote_spec).ok_or(RejectReason::AssetScale)?;
        let (base, base_units) = if margin.is_none() {
            let (base, base_spec) = known(terms.base)?;
            (base, spec.base_units(base_spec).ok_or(RejectReason::AssetScale)?)
        } else {
            (quote, 0)
        };
        let instrument = Self {
            base,
            quote,
            base_units,
            quote_units,
            margin,
            prices: (terms.min_price, terms.max_price),
            tiers: tiers(spec, quote_spec)?,
            limits: None,
            last: None,
            mark: None,
            lines: Column::new(),
        };
        instrument.check(terms.max_price)?;
        Ok(instrument)
    }

    fn check(&self, max_price: Price) -> Result<(), RejectReason> {
        if max_price < self.price_min() {
            return Err(RejectReason::InvalidPrice);
        }
        let least = |rate: fn(&Tier) -> i32| self.tiers.iter().map(rate).min().unwrap_or_default();
        if least(|tier| tier.rates.maker) + least(|tier| tier.rates.taker) < 0 {
            return Err(RejectReason::FeesBelowZero);
        }
        let Some(margin) = self.margin else {
            return Ok(());
        };
        let most = max_price.notional(margin.position_max).units();
        let fits = most
            .checked_mul(i128::from(self.quote_units))
            .is_some_and(|most| most < MARGIN_VALUE_MAX);
        let ordered = 1 <= margin.maintenance && margin.maintenance <= margin.initial;
        if !fits || !ordered || i64::from(margin.initial) > MILLION || margin.position_max.is_zero() {
            return Err(RejectReason::MarginTerms);
        }
        Ok(())
    }

    /// The lowest price that accounts can have: below it the seller would pay the buyer.
    pub(super) fn price_min(&self) -> Price {
        Price::new(i64::from(self.margin.is_some()))
    }

    #[inline]
    pub(super) fn has_tiers(&self) -> bool {
        self.tiers.len() > 1
    }

    /// The rates of the spec itself.
    #[inline]
    pub(super) fn base_rates(&self) -> Rates {
        self.tiers[0].rates
    }

    /// The rates of a tier; beyond the last tier, of the last.
    pub(super) fn rates_of_tier(&self, tier: u8) -> Rates {
        self.tiers[usize::from(tier).min(self.tiers.len() - 1)].rates
    }

    /// The rates of who has traded this much.
    pub(super) fn rates_of_volume(&self, volume: i128) -> Rates {
        let reached = self.tiers.partition_point(|tier| tier.volume_min <= volume);
        self.tiers[reached - 1].rates
    }

    /// The mark price, or the last trade's.
    pub(super) fn mark_price(&self) -> Option<Price> {
        self.mark.or(self.last)
    }

    /// A value in units of the quote asset, or `None` if it is more than 128 bits can say.
    #[inline]
    pub(super) fn value(&self, notional: i128) -> Option<i128> {
        match u64::try_from(notional) {
            // 64 times 64 bits; only the very top does not fit in a signed number.
            Ok(notional) => i128::try_from(u128::from(notional) * u128::from(self.quote_units)).ok(),
            Err(_) => notional.checked_mul(i128::from(self.quote_units)),
        }
    }
}

/// The spec's own rates and its tiers, their volumes in units of the quote asset.
fn tiers(spec: &InstrumentSpec, quote: &AssetSpec) -> Result<Vec<Tier>, RejectReason> {
    let terms = spec.terms();
    let mut tiers = vec![Tier {
        volume_min: 0,
        rates: Rates {
            maker: terms.maker_fee_ppm,
            taker: terms.taker_fee_ppm,
        },
    }];
    for tier in &terms.fee_tiers {
        let volume_min = quote
            .amount(tier.volume_min)
            .map_err(|_| RejectReason::AssetScale)?;
        tiers.push(Tier {
            volume_min: volume_min.units(),
            rates: Rates {
                maker: tier.maker_fee_ppm,
                taker: tier.taker_fee_ppm,
            },
        });
    }
    Ok(tiers)
}
