//! What an account on margin needs to know: its equity, its requirements, and where a position must be closed.

use super::Ledger;
use super::fees::MILLION;
use super::instrument::Instrument;
use crate::{AccountId, Amount, InstrumentId, Price};

/// How an account stands with a position on margin. Amounts are in the instrument's quote asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarginStatus {
    /// The account's total and the unrealised profits and losses of all its positions settled in the asset.
    pub equity: Amount,
    /// What this position and the orders beside it hold, without their fees.
    pub initial: Amount,
    /// What this position needs to be kept, at the mark price.
    pub maintenance: Amount,
    /// The price of this instrument at which equity is down to what all positions need to be kept.
    pub liquidation_price: Option<Price>,
}

/// All positions of an account that are settled in one asset, but one.
struct Others {
    equity: i128,
    maintenance: i128,
}

impl Ledger {
    /// How an account stands with a position; `None` where the instrument is not on margin, or has no price yet.
    pub(crate) fn margin_status(&self, account: AccountId, instrument: InstrumentId) -> Option<MarginStatus> {
        let kept = self.instruments.get(instrument.get() as usize)?;
        kept.margin?;
        let number = self.number(account)?;
        let line = kept.lines.read(number);
        let cost = kept.cost(number);
        let extra = kept.extra(&line).copied().unwrap_or_default();
        let mark = kept.mark_price()?;
        let others = self.others(number, instrument.get(), kept);
        let gain = cost.position(line.quantity).unrealised(mark).units();
        Some(MarginStatus {
            equity: Amount::new(others.equity + gain * i128::from(kept.quote_units)),
            initial: Amount::new(kept.requirement(&cost, &extra)),
            maintenance: Amount::new(kept.maintenance(line.quantity, mark)),
            liquidation_price: kept.liquidation_price(line.quantity, cost.open, &others),
        })
    }

    fn others(&self, account: u32, but: u32, instrument: &Instrument) -> Others {
        let asset = instrument.quote;
        let mut others = Others {
            equity: self.assets[asset as usize].balances.read(account).total,
            maintenance: 0,
        };
        for number in &self.accounts.at(account).expect("it exists").margin {
            let other = &self.instruments[*number as usize];
            let quantity = other.lines.read(account).quantity;
            if let (true, Some(mark)) = (*number != but && other.quote == asset, other.mark_price()) {
                let gain = other.cost(account).position(quantity).unrealised(mark).units();
                others.equity += gain * i128::from(other.quote_units);
                others.maintenance += other.maintenance(quantity, mark);
            }
        }
        others
    }
}

impl Instrument {
    /// ⌈mark × ∣q∣ × U × maintenance / 10^6⌉.
    fn maintenance(&self, quantity: i64, mark: Price) -> i128 {
        let Some(margin) = self.margin else { return 0 };
        let value =
            i128::from(mark.ticks()) * i128::from(quantity.unsigned_abs()) * i128::from(self.quote_units);
        -(-value * i128::from(margin.maintenance)).div_euclid(i128::from(MILLION))
    }

    /// The worst price at which the account is not better off than its maintenance requirements, everything else
    /// unchanged.
    ///
    /// The equity falls and the requirement moves with the price in steps of whole units, and their difference is
    /// monotone in the price, so the price is found by halving the range: 53 steps, and no fraction is rounded.
    fn liquidation_price(&self, quantity: i64, cost: i128, others: &Others) -> Option<Price> {
        if quantity == 0 {
            return None;
        }
        let is_down = |ticks: i64| {
            let price = Price::new(ticks);
            let gain = (i128::from(ticks) * i128::from(quantity) - cost) * i128::from(self.quote_units);
            others.equity + gain <= others.maintenance + self.maintenance(quantity, price)
        };
        let (lowest, highest) = (self.prices.0.ticks(), self.prices.1.ticks());
        let (mut down, mut up) = if quantity > 0 {
            (lowest, highest)
        } else {
            (highest, lowest)
        };
        if !is_down(down) {
            return None;
        }
        if is_down(up) {
            return Some(Price::new(up));
        }
        while (up - down).abs() > 1 {
            let middle = down + (up - down) / 2;
            if is_down(middle) {
                down = middle;
            } else {
                up = middle;
            }
        }
        Some(Price::new(down))
    }
}
