//! The checks of an amend (3.4).

use engine_core::{OrderId, Price, Qty, RejectReason, Side};

use super::super::NaiveEngine;
use super::limits::Measured;
use super::{Money, Refused};

impl NaiveEngine {
    /// `price`: the limit that it will have, if one was asked for.
    pub(in super::super) fn admit_paid_amend(
        &mut self,
        id: OrderId,
        price: Option<Price>,
        total: Qty,
    ) -> Result<(), Refused> {
        let order = self.order(id);
        let (total_before, left) = (order.total, total - order.traded);
        let best = self
            .queue(order.instrument(), Side::Buy)
            .first()
            .and_then(|order| order.queued_at());
        let Some(money) = &mut self.money else {
            return Ok(());
        };
        let before = money.order(id).clone();
        if money
            .account(before.owner)
            .is_some_and(|account| account.is_frozen)
        {
            return Err(RejectReason::AccountFrozen.into());
        }
        let mut then = before.clone();
        if let Some(price) = price {
            let is_margin_sell = before.side == Side::Sell && money.is_margin(before.at);
            then.price = if is_margin_sell {
                best.map_or(price, |best| best.max(price))
            } else {
                price
            };
        }
        if !before.is_unarmed {
            then.left = left;
        }
        let value = |price: Price, total| price.notional(total).units();
        let (value_before, value_then) = (value(before.price, total_before), value(then.price, total));
        let more = i128::from(then.left.lots()) - i128::from(before.left.lots());
        money
            .check_limits(&Measured {
                owner: before.owner,
                at: before.at,
                side: before.side,
                quantity: (total > total_before).then_some(total),
                value: (value_then > value_before).then_some(value_then),
                more: more.max(0),
                limit_price: price,
                is_new: false,
            })
            .map_err(RejectReason::RiskLimit)?;
        money
            .check_reducing(before.owner, before.at, before.side, more.max(0))
            .map_err(RejectReason::RiskLimit)?;
        let mut changed = money.clone();
        *changed.order_mut(id) = then.clone();
        for asset in money.assets_of(id) {
            money.check_growth(&changed, before.owner, asset)?;
        }
        money.amended = (then.price, then.left);
        Ok(())
    }
}

impl Money {
    /// The asset that an order holds, then that of the pair that lives off it.
    pub(super) fn assets_of(&self, id: OrderId) -> Vec<usize> {
        let order = self.order(id);
        let paid = &self.instruments[order.at];
        let own = paid.asset_held(order.side);
        let pair = self.list_of(order).and_then(|list| self.pair_place(list));
        let pairs = pair
            .map(|(_, _, side)| paid.asset_held(side))
            .filter(|asset| *asset != own);
        std::iter::once(own).chain(pairs).collect()
    }

    fn check_growth(
        &self,
        changed: &Self,
        owner: engine_core::AccountId,
        asset: usize,
    ) -> Result<(), Refused> {
        let free = self.free(owner, asset);
        let needed = match changed.try_held(owner, asset) {
            Some(held) => held - self.held(owner, asset),
            None => i128::MAX,
        };
        if needed > 0 && needed > free {
            return Err(Self::short(owner, asset, needed, free));
        }
        Ok(())
    }
}
