//! What the ledger needs to know of an instrument, checked when it is listed.

use super::column::Column;
use super::fees::{MILLION, RateId, RateTable, Rates, Tier};
use super::lines::Lines;
use super::position::{Cost, Extra, Line};
use crate::{AssetId, AssetSpec, Funding, InstrumentSpec, Limits, Price, Qty, RejectReason};

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

/// What the orders of a side hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub(super) asset: u32,
    /// For which rate, where everybody has the same: none of a sell.
    pub(super) rate: i32,
    /// Smallest units for a lot, of a buy at a price of 1.
    pub(super) units: u64,
    /// Whether that is times the price: 1 if so, else 0.
    pub(super) is_priced: i64,
}

/// An instrument as its ledger sees it.
pub(super) struct Instrument {
    /// The number of the base asset; on margin nothing is delivered, and this is the quote asset.
    pub(super) base: u32,
    /// The number of the quote asset.
    pub(super) quote: u32,
    /// Smallest units of the base asset in one lot.
    pub(super) base_units: u64,
    /// Smallest units of the quote asset in one tick times one lot.
    pub(super) quote_units: u64,
    pub(super) margin: Option<Margin>,
    /// The lowest price and the highest.
    pub(super) prices: (Price, Price),
    /// The spec's own rates.
    pub(super) rates: Rates,
    /// Where they are.
    pub(super) rate_id: RateId,
    /// They, then those from rising volumes on.
    tiers: Vec<Tier>,
    /// What everyone is limited to who has no limits of his own.
    pub(super) limits: Option<Limits>,
    pub(super) last: Option<Price>,
    pub(super) mark: Option<Price>,
    /// Positions and, where they are counted, live orders, by account.
    pub(super) lines: Lines,
    /// What orders hold, by side.
    pub(super) held: [Held; 2],
    /// Spot with two assets, and the same rates for everyone.
    is_simple: bool,
    /// Whether lines say what live orders add up to; see [`count`](super::count).
    pub(super) counted: bool,
    /// No position was ever greater than this, bought or sold.
    pub(super) position_reached: u64,
    /// No more lots than this are in live orders that hold less than a unit for each.
    pub(super) unheld: u64,
    /// What some lines have beside, by number.
    extras: Column<Extra, 16>,
    extra_count: u32,
}

/// Something that an instrument's spec asks for in vain.
type Listed<T> = Result<T, RejectReason>;

impl Instrument {
    /// The instrument of this spec, if its assets are here and fit.
    pub(super) fn new(spec: &InstrumentSpec, assets: &[AssetSpec], table: &mut RateTable) -> Listed<Self> {
        let terms = spec.terms();
        let margin = margin_of(terms.funding);
        let (quote, quote_spec) = known(terms.quote, assets)?;
        let quote_units = spec.quote_units(quote_spec).ok_or(RejectReason::AssetScale)?;
        let (base, base_units) = if margin.is_none() {
            let (base, base_spec) = known(terms.base, assets)?;
            (base, spec.base_units(base_spec).ok_or(RejectReason::AssetScale)?)
        } else {
            (quote, 0)
        };
        let rates = Rates {
            maker: terms.maker_fee_ppm,
            taker: terms.taker_fee_ppm,
        };
        let held = |asset, units, is_priced: bool| Held {
            asset,
            rate: if is_priced { rates.held() } else { 0 },
            units,
            is_priced: is_priced.into(),
        };
        let mut instrument = Self {
            base,
            quote,
            base_units,
            quote_units,
            margin,
            prices: (terms.min_price.max(price_min(margin.is_some())), terms.max_price),
            rates,
            rate_id: RateId::default(),
            tiers: Vec::new(),
            limits: None,
            last: None,
            mark: None,
            lines: Lines::default(),
            held: [held(quote, quote_units, true), held(base, base_units, false)],
            is_simple: false,
            counted: margin.is_some(),
            position_reached: 0,
            unheld: 0,
            extras: Column::new(),
            extra_count: 0,
        };
        instrument.check_prices()?;
        instrument.set_tiers(spec, quote_spec, table)?;
        instrument.is_simple = margin.is_none() && base != quote && !instrument.has_tiers();
        Ok(instrument)
    }

    fn check_prices(&self) -> Listed<()> {
        let highest = self.prices.1;
        if highest < self.prices.0 {
            return Err(RejectReason::InvalidPrice);
        }
        let Some(margin) = self.margin else {
            return Ok(());
        };
        let most = highest.notional(margin.position_max).units();
        let fits = most
            .checked_mul(i128::from(self.quote_units))
            .is_some_and(|most| most < MARGIN_VALUE_MAX);
        let ordered = 1 <= margin.maintenance && margin.maintenance <= margin.initial;
        if !fits || !ordered || i64::from(margin.initial) > MILLION || margin.position_max.is_zero() {
            return Err(RejectReason::MarginTerms);
        }
        Ok(())
    }

    /// Takes the spec's own rates and those of its tiers, with their volumes in units of the quote asset.
    fn set_tiers(&mut self, spec: &InstrumentSpec, quote: &AssetSpec, table: &mut RateTable) -> Listed<()> {
        let terms = spec.terms();
        let rates = |maker, taker| Rates { maker, taker };
        let mut all = vec![(0, self.rates)];
        for tier in &terms.fee_tiers {
            let volume = quote
                .amount(tier.volume_min)
                .map_err(|_| RejectReason::AssetScale)?;
            all.push((volume.units(), rates(tier.maker_fee_ppm, tier.taker_fee_ppm)));
        }
        let least = |rate: fn(&Rates) -> i32| all.iter().map(|(_, rates)| rate(rates)).min();
        let sum = least(|rates| rates.maker).zip(least(|rates| rates.taker));
        if sum.is_some_and(|(maker, taker)| maker + taker < 0) {
            return Err(RejectReason::FeesBelowZero);
        }
        for (volume_min, rates) in all {
            let rates = table.intern(rates).ok_or(RejectReason::TooManyRates)?;
            self.tiers.push(Tier { volume_min, rates });
        }
        self.rate_id = self.tiers[0].rates;
        Ok(())
    }

    #[inline]
    pub(super) fn has_tiers(&self) -> bool {
        self.tiers.len() > 1
    }

    /// Whether nothing but funds has to be looked at for most orders: spot, and no limits or tiers for everyone.
    #[inline]
    pub(super) fn is_plain(&self) -> bool {
        self.is_simple && self.limits.is_none()
    }

    /// The rates of a tier; beyond the last tier, of the last.
    pub(super) fn rates_of_tier(&self, tier: u8) -> RateId {
        self.tiers[usize::from(tier).min(self.tiers.len() - 1)].rates
    }

    /// The rates of who has traded this much.
    pub(super) fn rates_of_volume(&self, volume: i128) -> RateId {
        let reached = self.tiers.partition_point(|tier| tier.volume_min <= volume);
        self.tiers[reached - 1].rates
    }

    /// The greatest position of an account that there can be, bought or sold.
    #[inline]
    pub(super) fn position_max(&self) -> Qty {
        self.margin.map_or(Qty::MAX, |margin| margin.position_max)
    }

    /// Whether some of its tiers have these rates.
    pub(super) fn has_rates(&self, rates: RateId) -> bool {
        self.tiers.iter().any(|tier| tier.rates == rates)
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

    /// What an account's position cost.
    pub(super) fn cost(&self, account: u32) -> Cost {
        self.lines.cost(account)
    }

    /// Notes that there is a position of this quantity.
    #[inline]
    pub(super) fn reach_position(&mut self, quantity: u64) {
        self.position_reached = self.position_reached.max(quantity);
    }

    /// Whether any line has something beside.
    pub(super) fn has_extras(&self) -> bool {
        self.extra_count > 0
    }

    /// What a line has beside, if anything.
    #[inline]
    pub(super) fn extra(&self, line: &Line) -> Option<&Extra> {
        self.extras.at(line.extra.checked_sub(1)?)
    }

    /// What an account's line has beside, to be changed; from now on it has it.
    pub(super) fn extra_mut(&mut self, account: u32) -> &mut Extra {
        let line = self.lines.at_mut(account);
        if line.extra == 0 {
            self.extra_count += 1;
            line.extra = self.extra_count;
        }
        self.extras.at_mut(line.extra - 1)
    }
}

/// The lowest price that accounts can have: below it the seller would pay the buyer.
fn price_min(on_margin: bool) -> Price {
    Price::new(i64::from(on_margin))
}

fn margin_of(funding: Funding) -> Option<Margin> {
    match funding {
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
    }
}

/// The number and the spec of an asset that a spec has to name.
fn known(asset: Option<AssetId>, assets: &[AssetSpec]) -> Listed<(u32, &AssetSpec)> {
    let asset = asset.ok_or(RejectReason::AssetRequired)?.get();
    let spec = assets.get(asset as usize).ok_or(RejectReason::UnknownAsset)?;
    Ok((asset, spec))
}
