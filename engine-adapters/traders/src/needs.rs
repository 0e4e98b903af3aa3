//! What traders have to own before they begin.

use engine_core::{AccountId, InstrumentSpec, Price, Qty};
use rust_decimal::Decimal;

/// What an account has to own so that none of its orders is ever refused for want of funds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// Whose account.
    pub account: AccountId,
    /// Of the base asset.
    pub base: Decimal,
    /// Of the quote asset.
    pub quote: Decimal,
}

/// What somebody may use up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Use {
    /// The most that it will own or owe, all open orders included.
    pub(crate) exposure: Qty,
    /// The highest price that it will pay.
    pub(crate) price_max: Price,
    /// The most that it will trade, in lots: of that a hundredth may be lost in fees and spreads.
    pub(crate) turnover: u128,
}

impl Use {
    /// The need of an account, rounded up to whole units of the assets.
    pub(crate) fn need(&self, account: AccountId, spec: &InstrumentSpec) -> Need {
        let lots = u128::from(self.exposure.lots()) + self.turnover / 100;
        let lot = spec.terms().lot;
        let base = whole(u128::from(self.exposure.lots()), lot);
        let worth = whole(lots, lot).saturating_mul(spec.price_decimal(self.price_max));
        // Fees are held beside the price while an order waits.
        let fees = worth / Decimal::from(20);
        Need {
            account,
            base,
            quote: (worth + fees).ceil(),
        }
    }
}

/// So many lots, rounded up to whole units; at most what a decimal holds of them.
fn whole(lots: u128, lot: Decimal) -> Decimal {
    let lots = i128::try_from(lots).unwrap_or(i128::MAX);
    let lots = Decimal::try_from_i128_with_scale(lots, 0).unwrap_or(Decimal::MAX);
    lots.saturating_mul(lot).ceil()
}
