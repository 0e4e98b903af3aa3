//! What orders hold, as a function of their terms, what is left of them and their carry.

use super::fees::{Fees, MILLION, SMALL_MAX, charge_small};
use super::flags::ON_MARGIN;
use super::instrument::Instrument;
use super::orders::OpenOrder;
use super::position::{Cost, Extra};
use super::{Ledger, Row};
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
        self.held[side as usize].asset
    }

    /// What an order holds, or `None` where that is more than there can be of its asset.
    #[inline]
    pub(super) fn hold(&self, side: Side, price: Price, quantity: Qty, fees: Fees) -> Option<i128> {
        if side == Side::Sell && self.margin.is_none() {
            // 64 times 63 bits.
            return Some(i128::from(self.base_units) * i128::from(quantity.lots()));
        }
        match self.hold_small(price, quantity, fees) {
            Some(held) => Some(i128::from(held)),
            None => self.hold_large(price, quantity, fees),
        }
    }

    /// What an order holds that is paid for, if its value is small; no price with accounts is below zero.
    #[inline]
    fn hold_small(&self, price: Price, quantity: Qty, fees: Fees) -> Option<i64> {
        let value = self.value_small(price, quantity)?;
        let (fee, _) = charge_small(value.unsigned_abs(), fees.rates.held(), fees.carry);
        Some(if self.margin.is_some() { fee } else { value + fee })
    }

    /// What a quantity is worth, if that is below [`SMALL_MAX`].
    #[inline]
    pub(super) fn value_small(&self, price: Price, quantity: Qty) -> Option<i64> {
        let notional = u64::try_from(price.ticks()).ok()?.checked_mul(quantity.lots())?;
        let value = notional.checked_mul(self.quote_units)?;
        (value < SMALL_MAX).then_some(value as i64)
    }

    /// How much of the base a quantity is, if that is below [`SMALL_MAX`].
    #[inline]
    pub(super) fn delivered_small(&self, quantity: Qty) -> Option<i64> {
        let delivered = self.base_units.checked_mul(quantity.lots())?;
        (delivered < SMALL_MAX).then_some(delivered as i64)
    }

    /// What a plain order holds, if that is not much: an order in a spot instrument where everybody has the same rates.
    ///
    /// Nobody can guess the side of the next order, so there is no branch on it: a sell holds as a buy at a price of 1
    /// without a fee would.
    #[inline(always)]
    pub(super) fn hold_plain(&self, side: Side, price: Price, quantity: Qty, carry: u32) -> Option<i64> {
        let held = &self.held[side as usize];
        let price = (price.ticks() - 1) * held.is_priced + 1;
        let lots = u64::try_from(price).ok()?.checked_mul(quantity.lots())?;
        let value = lots.checked_mul(held.units)?;
        if value >= SMALL_MAX {
            return None;
        }
        let (fee, _) = charge_small(value, held.rate, carry);
        Some(value as i64 + fee)
    }

    #[cold]
    fn hold_large(&self, price: Price, quantity: Qty, fees: Fees) -> Option<i128> {
        let value = self.value(price.notional(quantity).units())?;
        if value > Amount::MAX.units() {
            return None;
        }
        let fee = fees.bound(value);
        Some(if self.margin.is_some() { fee } else { value + fee })
    }

    /// What an order adds that holds for one quantity and counts with another. `None` if that is more than there can
    /// be of its asset.
    #[inline]
    pub(super) fn footprint(
        &self,
        order: &OpenOrder,
        fees: Fees,
        held_for: Qty,
        counted: Qty,
    ) -> Option<Footprint> {
        if order.is_immediate() {
            return Some(Footprint::default());
        }
        let exposed = self.margin.is_some() && !order.is_reduce_only();
        Some(Footprint {
            held: self.hold(order.side(), order.price(), held_for, fees)?,
            quantity: counted.lots(),
            exposure: if exposed {
                order.price().notional(counted).units()
            } else {
                0
            },
        })
    }

    /// What a position and the orders beside it hold on margin: ⌈max(E⁺, E⁻) × U × initial / 10^6⌉.
    ///
    /// Both are some positions of the greatest size at most, less than 2^96 units, and the rate has 20 bits.
    pub(super) fn requirement(&self, cost: &Cost, extra: &Extra) -> i128 {
        let Some(margin) = self.margin else { return 0 };
        let long = cost.open + extra.exposure[Side::Buy as usize];
        let short = extra.exposure[Side::Sell as usize] - cost.open;
        let most = long.max(short).max(0) * i128::from(self.quote_units);
        -(-most * i128::from(margin.initial)).div_euclid(i128::from(MILLION))
    }

    /// What an account would hold in addition with one more footprint.
    #[inline]
    pub(super) fn need(&self, account: u32, side: Side, more: &Footprint) -> i128 {
        if self.margin.is_none() {
            return more.held;
        }
        let cost = self.cost(account);
        let extra = self.extra(&self.lines.read(account)).copied().unwrap_or_default();
        let mut then = extra;
        then.exposure[side as usize] += more.exposure;
        more.held + self.requirement(&cost, &then) - self.requirement(&cost, &extra)
    }

    /// Changes what an account's orders come to on margin, and returns by how much more it then holds.
    #[inline(never)]
    fn expose(&mut self, account: u32, side: Side, more: i128) -> i128 {
        let cost = self.cost(account);
        let mut extra = *self.extra_mut(account);
        let required = self.requirement(&cost, &extra);
        extra.exposure[side as usize] += more;
        let held = self.requirement(&cost, &extra) - required;
        *self.extra_mut(account) = extra;
        held
    }
}

impl Ledger {
    /// An order's rates and its carry.
    #[inline]
    pub(super) fn fees(&self, order: &OpenOrder) -> Fees {
        Fees {
            rates: self.rates.at(order.rates()),
            carry: order.carry(),
        }
    }

    /// What an order that shares with no other adds.
    #[inline]
    pub(super) fn footprint(&self, instrument: u32, order: &OpenOrder) -> Footprint {
        let remaining = order.remaining();
        let instrument = &self.instruments[instrument as usize];
        let footprint = instrument.footprint(order, self.fees(order), remaining, remaining);
        footprint.expect("an admitted order's hold can be counted, and what changes it is admitted too")
    }

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
            held += instrument.expose(account, side, after.exposure - before.exposure);
        }
        if instrument.counted {
            let open = &mut instrument.lines.open_mut(account).lots[side as usize];
            *open = *open - before.quantity + after.quantity;
        }
        if held == 0 {
            return false;
        }
        let asset = instrument.held_asset(side);
        let balances = &mut self.assets[asset as usize].balances;
        balances.add(account, Row { total: 0, held });
        true
    }

    /// What is free of an asset: what is not held, less what positions on margin have lost so far.
    #[inline]
    pub(super) fn free(&self, account: u32, asset: u32) -> i128 {
        let balance = self.assets[asset as usize].balances.read(account);
        let available = balance.total - balance.held;
        if !self.flags.has(account, ON_MARGIN) {
            return available;
        }
        available - self.unrealised_losses(account, asset)
    }

    #[cold]
    fn unrealised_losses(&self, account: u32, asset: u32) -> i128 {
        let mut losses = 0;
        for number in &self.accounts.at(account).expect("it exists").margin {
            let instrument = &self.instruments[*number as usize];
            let quantity = instrument.lines.read(account).quantity;
            if let (true, Some(mark)) = (instrument.quote == asset, instrument.mark_price()) {
                let position = instrument.cost(account).position(quantity);
                losses -= position.unrealised(mark).units().min(0) * i128::from(instrument.quote_units);
            }
        }
        losses
    }
}
