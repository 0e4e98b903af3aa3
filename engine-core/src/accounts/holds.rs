//! What orders hold, as a function of their terms, what is left of them and their carry.

use super::Ledger;
use super::fees::{FeeState, MILLION};
use super::instrument::Instrument;
use super::orders::OpenOrder;
use super::position::Line;
use crate::{Amount, Price, Qty, Side};

/// What one order, or a pair that shares, adds to what its account holds and has open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Footprint {
    /// Of its asset; on margin for its fee only.
    pub(super) held: i128,
    /// In lots.
    pub(super) quantity: u64,
    /// On margin, its value in ticks times lots, unless it only reduces.
    pub(super) exposure: i128,
}

impl Footprint {
    /// What two orders hold of which only one can trade.
    pub(super) fn shared(self, other: Self) -> Self {
        Self {
            held: self.held.max(other.held),
            quantity: self.quantity.max(other.quantity),
            exposure: self.exposure.max(other.exposure),
        }
    }
}

impl Instrument {
    /// The asset that orders of a side hold.
    #[inline]
    pub(super) fn held_asset(&self, side: Side) -> u32 {
        match side {
            Side::Buy => self.quote,
            Side::Sell => self.base,
        }
    }

    /// What an order holds, or `None` where that is more than there can be of its asset.
    #[inline]
    pub(super) fn hold(&self, side: Side, price: Price, quantity: Qty, fees: FeeState) -> Option<i128> {
        if side == Side::Sell && self.margin.is_none() {
            // 64 times 63 bits.
            return Some(i128::from(self.base_units) * i128::from(quantity.lots()));
        }
        let value = self.value(price.notional(quantity).units())?;
        if value > Amount::MAX.units() {
            return None;
        }
        let fee = fees.bound(value);
        Some(if self.margin.is_some() { fee } else { value + fee })
    }

    /// What an order of this quantity adds. Its hold was found possible when it was admitted.
    #[inline]
    pub(super) fn footprint(&self, order: &OpenOrder, held_for: Qty, counted: Qty) -> Footprint {
        let held = self.hold(order.side(), order.price(), held_for, order.fees());
        let exposed = self.margin.is_some() && !order.is_reduce_only();
        Footprint {
            held: held.expect("an admitted order's hold can be counted, and it only becomes less"),
            quantity: counted.lots(),
            exposure: if exposed {
                order.price().notional(counted).units()
            } else {
                0
            },
        }
    }

    /// What an order that shares with no other adds now.
    #[inline]
    pub(super) fn present(&self, order: &OpenOrder) -> Footprint {
        if order.is_immediate() {
            return Footprint::default();
        }
        let exposed = self.margin.is_some() && !order.is_reduce_only();
        Footprint {
            held: order.held,
            quantity: order.remaining().lots(),
            exposure: if exposed {
                order.price().notional(order.remaining()).units()
            } else {
                0
            },
        }
    }

    /// What a position and the orders beside it hold on margin: ⌈max(E⁺, E⁻) × U × initial / 10^6⌉.
    ///
    /// Both are some positions of the greatest size at most, less than 2^96 units, and the rate has 20 bits.
    pub(super) fn requirement(&self, line: &Line) -> i128 {
        let Some(margin) = self.margin else { return 0 };
        let long = line.cost + line.exposure[Side::Buy as usize];
        let short = line.exposure[Side::Sell as usize] - line.cost;
        let most = long.max(short).max(0) * i128::from(self.quote_units);
        -(-most * i128::from(margin.initial)).div_euclid(i128::from(MILLION))
    }

    /// What a line would hold in addition with one more footprint.
    pub(super) fn need(&self, line: &Line, side: Side, more: &Footprint) -> i128 {
        if self.margin.is_none() {
            return more.held;
        }
        let mut then = *line;
        then.exposure[side as usize] += more.exposure;
        more.held + self.requirement(&then) - self.requirement(line)
    }
}

impl Ledger {
    /// Puts one footprint in the place of another and says whether that changed what is held.
    #[inline]
    pub(super) fn adjust(
        &mut self,
        (instrument, account): (u32, u32),
        side: Side,
        before: &Footprint,
        after: &Footprint,
    ) -> bool {
        let instrument = &mut self.instruments[instrument as usize];
        let mut held = after.held - before.held;
        if instrument.margin.is_some() {
            let mut line = instrument.lines.read(account);
            let required = instrument.requirement(&line);
            line.exposure[side as usize] += after.exposure - before.exposure;
            held += instrument.requirement(&line) - required;
            instrument.lines.at_mut(account).exposure = line.exposure;
        }
        let open = &mut instrument.lines.at_mut(account).open[side as usize];
        *open = *open - before.quantity + after.quantity;
        if held == 0 {
            return false;
        }
        let asset = instrument.held_asset(side);
        self.assets[asset as usize].balances.at_mut(account).held += held;
        true
    }

    /// What is free of an asset: what is not held, less what positions on margin have lost so far.
    #[inline]
    pub(super) fn free(&self, account: u32, asset: u32) -> i128 {
        let balance = self.assets[asset as usize].balances.read(account);
        let available = balance.total - balance.held;
        if self.flags[account as usize] & super::ON_MARGIN == 0 {
            return available;
        }
        available - self.unrealised_losses(account, asset)
    }

    #[cold]
    fn unrealised_losses(&self, account: u32, asset: u32) -> i128 {
        let mut losses = 0;
        for number in &self.accounts.at(account).expect("it exists").margin {
            let instrument = &self.instruments[*number as usize];
            let line = instrument.lines.read(account);
            if let (true, Some(mark)) = (instrument.quote == asset, instrument.mark_price()) {
                let gain = line.position().unrealised(mark).units();
                losses -= gain.min(0) * i128::from(instrument.quote_units);
            }
        }
        losses
    }
}
