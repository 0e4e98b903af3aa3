//! What one side of a trade does: it is charged, pays and gets, and holds less.

use super::fees::day_of;
use super::instrument::Instrument;
use super::orders::{At, OpenOrder};
use super::{Asset, Ledger};
use crate::{Price, Qty, Side, Timestamp};

/// One side of a trade.
#[derive(Clone, Copy)]
pub(super) struct Fill {
    pub(super) instrument: u32,
    pub(super) at: At,
    pub(super) is_maker: bool,
    pub(super) price: Price,
    pub(super) quantity: Qty,
    /// In units of the quote asset.
    pub(super) value: i128,
}

impl Ledger {
    /// Settles one side of a trade and returns what it was charged.
    #[inline]
    pub(super) fn fill(&mut self, fill: &Fill, now: Timestamp) -> i128 {
        let instrument = &mut self.instruments[fill.instrument as usize];
        let order = self.orders.at_mut(fill.at);
        let before = instrument.present(order);
        let mut fees = order.fees();
        let rates = fees.rates();
        let rate = if fill.is_maker { rates.maker } else { rates.taker };
        let fee = fees.charge(fill.value, rate);
        order.set_fees(fees);
        // An order by value has no quantity to begin with.
        order.set_remaining(order.remaining().saturating_sub(fill.quantity));
        if !order.is_immediate() {
            let held = instrument.hold(order.side(), order.price(), order.remaining(), fees);
            order.held = held.expect("an order that trades holds less than before");
        }
        let order = *order;
        let after = instrument.present(&order);
        pay(instrument, &mut self.assets, &order, fill, fee);
        if instrument.has_tiers() {
            let volumes = &mut self.assets[instrument.quote as usize].volumes;
            volumes.at_mut(order.account).add(day_of(now), fill.value);
        }
        match order.bond() {
            None => {
                self.adjust((fill.instrument, order.account), order.side(), &before, &after);
            }
            Some(bond) if self.is_in_pair(fill.at) => {
                self.take_lead(bond, fill.at);
                self.refit(bond);
            }
            Some(bond) => {
                self.adjust((fill.instrument, order.account), order.side(), &before, &after);
                self.entry_traded(bond, fill.quantity);
                self.refit(bond);
            }
        }
        if order.remaining().is_zero() && !order.is_immediate() {
            self.close(fill.instrument, fill.at, &order);
        }
        fee
    }

    /// Forgets an order that is over and whose own hold is released. Says whether that changed what its pair holds.
    #[inline]
    pub(super) fn close(&mut self, instrument: u32, at: At, order: &OpenOrder) -> bool {
        let line = self.instruments[instrument as usize].lines.at_mut(order.account);
        line.open_orders -= 1;
        line.reduce_only[order.side() as usize] -= u32::from(order.is_reduce_only());
        let changed = order.bond().is_some_and(|bond| self.untie(bond, at));
        self.orders.remove(at);
        changed
    }
}

/// Moves the money and the position.
#[inline]
fn pay(instrument: &mut Instrument, assets: &mut [Asset], order: &OpenOrder, fill: &Fill, fee: i128) {
    let account = order.account;
    if instrument.margin.is_some() {
        return pay_on_margin(instrument, assets, order, fill, fee);
    }
    instrument
        .lines
        .at_mut(account)
        .trade(order.side(), fill.price, fill.quantity);
    let delivered = i128::from(instrument.base_units) * i128::from(fill.quantity.lots());
    let (got_base, got_quote) = match order.side() {
        Side::Buy => (delivered, -fill.value),
        Side::Sell => (-delivered, fill.value),
    };
    assets[instrument.base as usize].balances.at_mut(account).total += got_base;
    assets[instrument.quote as usize].balances.at_mut(account).total += got_quote - fee;
}

/// On margin only what is realised moves, and what the position holds.
#[inline(never)]
fn pay_on_margin(
    instrument: &mut Instrument,
    assets: &mut [Asset],
    order: &OpenOrder,
    fill: &Fill,
    fee: i128,
) {
    let mut line = instrument.lines.read(order.account);
    let required = instrument.requirement(&line);
    let realised = line.trade(order.side(), fill.price, fill.quantity);
    let row = assets[instrument.quote as usize].balances.at_mut(order.account);
    row.total += realised * i128::from(instrument.quote_units) - fee;
    row.held += instrument.requirement(&line) - required;
    *instrument.lines.at_mut(order.account) = line;
}
