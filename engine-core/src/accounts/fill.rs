//! What one side of a trade does: it is charged, pays and gets, and holds less.

use super::fees::{charge, day_of};
use super::instrument::Instrument;
use super::orders::{At, OpenOrder};
use super::{Asset, Ledger, Row};
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
    pub(super) fn fill(&mut self, fill: &Fill, now: Timestamp) -> i128 {
        let order = *self.orders.at(fill.at);
        let before = self.footprint(fill.instrument, &order);
        let rates = self.rates.at(order.rates());
        let rate = if fill.is_maker { rates.maker } else { rates.taker };
        let (fee, carry) = charge(fill.value, rate, order.carry());
        let mut then = order;
        then.set_carry(carry);
        // An order by value has no quantity to begin with.
        then.set_remaining(order.remaining().saturating_sub(fill.quantity));
        *self.orders.at_mut(fill.at) = then;
        let instrument = &mut self.instruments[fill.instrument as usize];
        pay(instrument, &mut self.assets, &order, fill, fee);
        if instrument.has_tiers() {
            let volumes = &mut self.assets[instrument.quote as usize].volumes;
            volumes.at_mut(order.account).add(day_of(now), fill.value);
        }
        if self.is_in_pair(fill.at) {
            let bond = order.bond().expect("an order of a pair has a bond");
            self.take_lead(bond, fill.at);
            self.refit(bond);
        } else {
            let after = self.footprint(fill.instrument, &then);
            self.adjust((fill.instrument, order.account), order.side(), &before, &after);
            if let Some(bond) = order.bond() {
                self.entry_traded(bond, fill.quantity);
                self.refit(bond);
            }
        }
        if then.remaining().is_zero() && !order.is_by_value() {
            self.close(fill.instrument, fill.at, &order);
        }
        fee
    }

    /// Forgets an order that is over and whose own hold is released. Says whether that changed what its pair holds.
    #[inline]
    pub(super) fn close(&mut self, instrument: u32, at: At, order: &OpenOrder) -> bool {
        let kept = &mut self.instruments[instrument as usize];
        if kept.counted {
            kept.lines.open_mut(order.account).orders -= 1;
        }
        if order.is_reduce_only() {
            kept.extra_mut(order.account).reduce_only[order.side() as usize] -= 1;
        }
        let changed = order.bond().is_some_and(|bond| self.untie(bond, at));
        self.orders.remove(at);
        changed
    }
}

/// Moves the money and the position.
fn pay(instrument: &mut Instrument, assets: &mut [Asset], order: &OpenOrder, fill: &Fill, fee: i128) {
    let (account, side) = (order.account, order.side());
    let mut cost = instrument.cost(account);
    let extra = instrument.extra(&instrument.lines.read(account)).copied();
    let extra = extra.unwrap_or_default();
    let required = instrument.requirement(&cost, &extra);
    let line = instrument.lines.at_mut(account);
    let realised = line.trade(&mut cost, side, fill.price, fill.quantity);
    let quantity = line.quantity;
    instrument.lines.set_cost(account, cost);
    instrument.reach_position(quantity.unsigned_abs());
    if instrument.margin.is_some() {
        let more = Row {
            total: realised * i128::from(instrument.quote_units) - fee,
            held: instrument.requirement(&cost, &extra) - required,
        };
        assets[instrument.quote as usize].balances.add(account, more);
        return;
    }
    let delivered = i128::from(instrument.base_units) * i128::from(fill.quantity.lots());
    let (base, quote) = match side {
        Side::Buy => (delivered, -fill.value),
        Side::Sell => (-delivered, fill.value),
    };
    let row = |total| Row { total, held: 0 };
    assets[instrument.base as usize].balances.add(account, row(base));
    assets[instrument.quote as usize]
        .balances
        .add(account, row(quote - fee));
}
