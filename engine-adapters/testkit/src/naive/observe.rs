//! What can be seen of the naive engine from outside, to compare what others make of its events.

use engine_core::{AccountId, InstrumentId, OrderId, Price, Qty, Side};

use super::NaiveEngine;
use super::order::Order;

/// A live order of a [`NaiveEngine`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveOrder {
    /// Its id.
    pub order: OrderId,
    /// Where.
    pub instrument: InstrumentId,
    /// Whose it is.
    pub account: Option<AccountId>,
    /// Its side.
    pub side: Side,
    /// Its total quantity, what has traded included.
    pub total: Qty,
    /// How much of it has traded.
    pub traded: Qty,
    /// Whether it was set off.
    pub is_triggered: bool,
    /// The price at which it is queued.
    pub queued_at: Option<Price>,
}

impl NaiveEngine {
    /// All live orders, by id.
    pub fn live(&self) -> Vec<LiveOrder> {
        let live = |order: &Order| LiveOrder {
            order: order.id(),
            instrument: order.instrument(),
            account: order.place.account,
            side: order.side(),
            total: order.total,
            traded: order.traded,
            is_triggered: order.triggered,
            queued_at: order.queued_at(),
        };
        let mut orders: Vec<LiveOrder> = self.orders.iter().map(live).collect();
        orders.sort_unstable_by_key(|order| order.order);
        orders
    }

    /// What is displayed of a side, first in priority first: order, price, quantity.
    pub fn displayed(&self, instrument: InstrumentId, side: Side) -> Vec<(OrderId, Price, Qty)> {
        let is_there = |order: &&Order| order.instrument() == instrument && order.side() == side;
        let shown = |order: &&Order| order.displayed().is_some();
        let mut orders: Vec<&Order> = self.orders.iter().filter(is_there).filter(shown).collect();
        orders.sort_unstable_by_key(|order| order.priority());
        let place = |order: &Order| {
            order
                .displayed()
                .map(|place| (order.id(), place.price, place.quantity))
        };
        orders.into_iter().filter_map(place).collect()
    }
}
