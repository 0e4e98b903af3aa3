//! Whether an account can afford what an amend makes of an order.

use super::admit::{Admitted, Reach, Refusal};
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
    /// The total quantity that it will have.
    pub(crate) quantity: Qty,
}

impl Ledger {
    /// Admits an amend, or says why not.
    pub(crate) fn admit_amend(&self, amend: &AmendCheck, reach: &impl Reach) -> Result<Admitted, Refusal> {
        let at = self
            .orders
            .find(amend.order)
            .expect("an order that can be amended is live");
        let order = *self.orders.at(at);
        if self.flags[order.account as usize] & FROZEN != 0 {
            return Err(RejectReason::AccountFrozen.into());
        }
        let instrument = &self.instruments[amend.instrument.get() as usize];
        let then = amended(instrument, &order, amend, reach);
        self.check_amend_limits(instrument, &order, &then, amend)?;
        if order.is_unarmed() {
            // Its quantity is replaced when it is armed; what it holds follows its entry.
            self.check_pair(instrument, at, &then)?;
            return Ok(Admitted::Amend(then.price()));
        }
        if self.is_in_pair(at) {
            self.check_pair(instrument, at, &then)?;
        } else {
            let held = instrument.hold(then.side(), then.price(), then.remaining(), then.fees());
            let after = held.map(|held| instrument.present(&then.holding(held)));
            self.check_growth(
                instrument,
                (order.account, order.side()),
                Some(instrument.present(&order)),
                after,
            )?;
            if order.bond().is_some() {
                self.check_pair(instrument, at, &then)?;
            }
        }
        Ok(Admitted::Amend(then.price()))
    }

    fn check_amend_limits(
        &self,
        instrument: &Instrument,
        order: &OpenOrder,
        then: &OpenOrder,
        amend: &AmendCheck,
    ) -> Result<(), Refusal> {
        let line = instrument.lines.read(order.account);
        let more = if order.is_unarmed() {
            0
        } else {
            then.remaining().saturating_sub(order.remaining()).lots()
        };
        let notional = |order: &OpenOrder| order.price().notional(order.total()).units();
        let measured = Measured {
            side: order.side(),
            quantity: (then.total() > order.total()).then_some(then.total()),
            notional: (notional(then) > notional(order)).then(|| notional(then)),
            more,
            limit_price: amend.price,
            new_at: None,
        };
        self.check_limits(instrument, &line, &measured)?;
        let side = order.side();
        if more > line.reducible(side) && line.reduce_only[side as usize] > 0 {
            return Err(RiskLimit::ReduceOnly.into());
        }
        Ok(())
    }

    /// Whether a pair's hold may become what an amended order in it, or its entry, makes it.
    fn check_pair(&self, instrument: &Instrument, at: u32, then: &OpenOrder) -> Result<(), Refusal> {
        let order = self.orders.at(at);
        let bond = order.bond().expect("an order in a pair has a bond");
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
        let Some((before, after)) = before.zip(after) else {
            return Err(Refusal::short(owner, AssetId::new(asset), i128::MAX, free));
        };
        let line = instrument.lines.read(account);
        let more = Footprint {
            held: after.held - before.held,
            quantity: 0,
            exposure: after.exposure - before.exposure,
        };
        let needed = instrument.need(&line, side, &more);
        if needed > 0 && needed > free {
            return Err(Refusal::short(owner, AssetId::new(asset), needed, free));
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
    then.set_remaining(order.remaining() + amend.quantity - order.total());
    then.set_total(amend.quantity);
    then
}
