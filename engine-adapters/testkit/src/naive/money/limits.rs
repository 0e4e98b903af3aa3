//! Limits (10) and orders that only reduce (11).

use engine_core::{AccountId, Price, Qty, RiskLimit, Side};

use super::{Money, margin_of};

/// What is measured.
pub(super) struct Measured {
    pub(super) owner: AccountId,
    pub(super) at: usize,
    pub(super) side: Side,
    pub(super) quantity: Option<Qty>,
    pub(super) value: Option<i128>,
    /// By how much more is open.
    pub(super) more: i128,
    pub(super) limit_price: Option<Price>,
    pub(super) is_new: bool,
}

impl Money {
    fn limits_for(&self, owner: AccountId, at: usize) -> Option<&engine_core::Limits> {
        self.limits
            .get(&(Some(owner), at))
            .or_else(|| self.limits.get(&(None, at)))
    }

    pub(super) fn counts_rate(&self, owner: AccountId, at: usize) -> bool {
        let limits = self.limits_for(owner, at);
        limits.is_some_and(|limits| limits.orders_per_second_max.is_some())
    }

    /// 10.2
    pub(super) fn check_limits(&self, m: &Measured) -> Result<(), RiskLimit> {
        let (owner, at) = (m.owner, m.at);
        let limits = self.limits_for(owner, at).copied().unwrap_or_default();
        let lots = |quantity: Qty| i128::from(quantity.lots());
        let above =
            |value: Option<i128>, limit: Option<i128>| matches!((value, limit), (Some(v), Some(l)) if v > l);
        if above(m.quantity.map(lots), limits.order_quantity_max.map(lots)) {
            return Err(RiskLimit::OrderQuantity);
        }
        if above(m.value, limits.order_notional_max.map(|max| max.units())) {
            return Err(RiskLimit::OrderNotional);
        }
        let live = self
            .orders
            .iter()
            .filter(|order| (order.owner, order.at) == (owner, at))
            .count();
        if m.is_new && limits.open_orders_max.is_some_and(|max| live >= max as usize) {
            return Err(RiskLimit::OpenOrders);
        }
        let open = self.open(owner, at, m.side) + m.more;
        if m.more > 0 && above(Some(open), limits.open_quantity_max.map(lots)) {
            return Err(RiskLimit::OpenQuantity);
        }
        let quantity = self.position(owner, at).quantity;
        let then = if m.side == Side::Buy {
            quantity + open
        } else {
            open - quantity
        };
        let margin = margin_of(&self.instruments[at].spec).map(|(_, _, max)| max);
        let most = [Some(Qty::MAX), limits.position_max, margin]
            .into_iter()
            .flatten()
            .min();
        if m.more > 0 && above(Some(then), most.map(lots)) {
            return Err(RiskLimit::Position);
        }
        if let (Some(limit), Some(last), Some(bps)) =
            (m.limit_price, self.instruments[at].last, limits.price_collar_bps)
        {
            let (limit, last) = (i128::from(limit.ticks()), i128::from(last.ticks()));
            if (limit - last).abs() * 10_000 > i128::from(bps) * last {
                return Err(RiskLimit::PriceCollar);
            }
        }
        let second = self.now.nanos() / 1_000_000_000;
        let so_far = self
            .counted
            .iter()
            .filter(|counted| **counted == (owner, at, second))
            .count();
        if m.is_new
            && limits
                .orders_per_second_max
                .is_some_and(|max| so_far >= max as usize)
        {
            return Err(RiskLimit::OrderRate);
        }
        Ok(())
    }

    /// 11.3, for an order that is not reduce-only, or an amend.
    pub(super) fn check_reducing(
        &self,
        owner: AccountId,
        at: usize,
        side: Side,
        more: i128,
    ) -> Result<(), RiskLimit> {
        let reduces = |order: &super::Order| {
            (order.owner, order.at, order.side, order.reduce_only) == (owner, at, side, true)
        };
        if self.orders.iter().any(reduces) && more > self.reducible(owner, at, side) {
            return Err(RiskLimit::ReduceOnly);
        }
        Ok(())
    }
}
