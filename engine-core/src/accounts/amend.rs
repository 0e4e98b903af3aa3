//! Whether an account can afford what an amend makes of an order.

use super::admit::{Reach, Refusal};
use super::holds::Footprint;
use super::instrument::Instrument;
use super::limits::Measured;
use super::orders::OpenOrder;
use super::{FROZEN, Ledger};
use crate::{AssetId, InstrumentId, OrderId, Price, Qty, RejectReason, RiskLimit, Side};

/// An amend that passed the market's checks.
pub(crate) struct AmendCheck {
    pub(crate) instrument: InstrumentId,
    pub(crate) order: OrderId,
    /// The limit price that it will have, if another is asked for.
    pub(crate) price: Option<Price>,
    /// The total quantity that it has, and that it will have.
    pub(crate) totals: (Qty, Qty),
    /// What will be left of it.
    pub(crate) remaining: Qty,
}

/// An order as an admitted amend makes it, for when it is said.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Amended(pub(super) OpenOrder);

impl Ledger {
    /// Admits an amend, or says why not.
    pub(crate) fn admit_amend(&self, amend: &AmendCheck, reach: &impl Reach) -> Result<Amended, Refusal> {
        let at = self.orders.find(amend.order);
        let at = at.expect("an order that can be amended is live");
        let order = *self.orders.at(at);
        if self.flags.has(order.account, FROZEN) {
            return Err(RejectReason::AccountFrozen.into());
        }
        let instrument = &self.instruments[amend.instrument.get() as usize];
        let then = amended(instrument, &order, amend, reach);
        check_limits(instrument, &order, &then, amend)?;
        if !self.is_in_pair(at) {
            let before = self.footprint(amend.instrument.get(), &order);
            let remaining = then.remaining();
            let after = instrument.footprint(&then, self.fees(&then), remaining, remaining);
            self.check_growth(instrument, (order.account, order.side()), Some(before), after)?;
        }
        if order.bond().is_some() {
            self.check_pair(instrument, at, &then)?;
        }
        Ok(Amended(then))
    }

    /// Whether a pair's hold may become what an amended order in it, or its entry, makes it.
    fn check_pair(&self, instrument: &Instrument, at: u32, then: &OpenOrder) -> Result<(), Refusal> {
        let order = self.orders.at(at);
        let bond = order.bond().expect("an order of a pair has a bond");
        let exits = self.bonds.at(bond).side;
        let before = self.pair_footprint(bond, None);
        let after = self.pair_footprint(bond, Some((at, then)));
        self.check_growth(instrument, (order.account, exits), before, after)
    }

    /// Whether what is held may grow from one footprint to another.
    fn check_growth(
        &self,
        instrument: &Instrument,
        (account, side): (u32, Side),
        before: Option<Footprint>,
        after: Option<Footprint>,
    ) -> Result<(), Refusal> {
        let asset = instrument.held_asset(side);
        let owner = self.accounts.at(account).and_then(|account| account.id);
        let owner = owner.expect("an account that has orders has its id");
        let free = self.free(account, asset);
        let short = |needed| Err(Refusal::short(owner, AssetId::new(asset), needed, free));
        let Some((before, after)) = before.zip(after) else {
            return short(i128::MAX);
        };
        let more = Footprint {
            held: after.held - before.held,
            quantity: 0,
            exposure: after.exposure - before.exposure,
        };
        let needed = instrument.need(account, side, &more);
        if needed > 0 && needed > free {
            return short(needed);
        }
        Ok(())
    }
}

/// The order as the amend makes it.
fn amended(instrument: &Instrument, order: &OpenOrder, amend: &AmendCheck, reach: &impl Reach) -> OpenOrder {
    let mut then = *order;
    if let Some(price) = amend.price {
        let best = match order.side() {
            Side::Sell if instrument.margin.is_some() => reach.best(Side::Sell),
            _ => None,
        };
        then.set_price(best.map_or(price, |best| best.max(price)));
    }
    if !order.is_unarmed() {
        // An exit that is not armed has no quantity of its own yet.
        then.set_remaining(amend.remaining);
    }
    then
}

/// The limits that the amend makes the order come nearer to.
fn check_limits(
    instrument: &Instrument,
    order: &OpenOrder,
    then: &OpenOrder,
    amend: &AmendCheck,
) -> Result<(), Refusal> {
    let (total, total_then) = amend.totals;
    let value = then.price().notional(total_then);
    let measured = Measured {
        side: order.side(),
        quantity: (total_then > total).then_some(total_then),
        notional: (value > order.price().notional(total)).then_some(value.units()),
        more: then.remaining().saturating_sub(order.remaining()).lots(),
        limit_price: amend.price,
        new_at: None,
    };
    let line = instrument.lines.read(order.account);
    instrument.check_limits(&line, &measured)?;
    let side = order.side();
    let reduces = instrument
        .extra(&line)
        .is_some_and(|extra| extra.reduce_only[side as usize] > 0);
    if reduces && measured.more > line.reducible(side) {
        return Err(RiskLimit::ReduceOnly.into());
    }
    Ok(())
}
