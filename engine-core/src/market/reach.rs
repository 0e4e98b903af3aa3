//! What accounts ask about a new order before it comes in: how far it could go, and what that would come to.

use super::floor::{Floor, Instrument};
use super::stops::trigger_behind;
use super::store::{Store, WaitsFor, flag};
use super::take::affordable;
use crate::accounts::{LiveOrder, Reach};
use crate::book::Slot;
use crate::command::{OrderKind, Phase, Place, SelfTrade, TimeInForce};
use crate::event::OrderType;
use crate::types::{Notional, Price, Qty, Side};

/// The all-or-none orders that a walk has passed over.
#[derive(Default)]
struct Passed {
    lowest: Option<Price>,
    highest: Option<Price>,
    quantity: Qty,
}

impl Passed {
    fn add(&mut self, price: Price, quantity: Qty) {
        self.lowest = Some(self.lowest.map_or(price, |lowest| lowest.min(price)));
        self.highest = Some(self.highest.map_or(price, |highest| highest.max(price)));
        self.quantity += quantity;
    }
}

impl Reach for Floor<'_> {
    fn best(&self, side: Side) -> Option<Price> {
        let first = self.market.sides.first(&self.store.orders, side.opposite())?;
        Some(self.store.orders.price(first))
    }

    fn bound(&self, place: &Place) -> Option<Price> {
        if place.kind == OrderKind::MarketToLimit {
            return self.market.best_for_market(place.side.opposite(), self.store);
        }
        let bps = self.market.spec.terms().market_protection_bps?;
        Some(self.market.bound_from(self.trigger(place)?, bps, place.side))
    }

    fn trigger(&self, place: &Place) -> Option<Price> {
        match place.kind {
            OrderKind::TrailingStop { trail } | OrderKind::TrailingStopLimit { trail, .. } => {
                let best = self.market.trigger_price()?;
                Some(trigger_behind(best, trail, place.side, &self.market.spec))
            }
            kind => kind.trigger(),
        }
    }

    fn waits(&self, place: &Place) -> bool {
        self.market.phase != Phase::Continuous
            || matches!(place.time_in_force, TimeInForce::AtOpen | TimeInForce::AtClose)
    }

    fn worst_cost(&self, place: &Place) -> i128 {
        let mut wanted = place.quantity;
        let mut cost = 0;
        let mut passed = Passed::default();
        for (maker, price) in self.reached(place) {
            if wanted.is_zero() {
                break;
            }
            let has = self.store.remaining(maker);
            if self.store.orders.mark(maker) & flag::ALL_OR_NONE != 0 {
                passed.add(price, has);
            } else if !self.would_prevent(place, maker) {
                let quantity = has.min(wanted);
                cost += price.notional(quantity).units();
                wanted -= quantity;
            }
        }
        let rest = passed
            .highest
            .map_or(0, |highest| highest.notional(wanted).units());
        cost + rest
    }

    fn worst_quantity(&self, place: &Place) -> Qty {
        let OrderKind::MarketByQuote { budget } = place.kind else {
            return place.quantity;
        };
        let mut left = budget;
        let mut sold = Qty::ZERO;
        let mut passed = Passed::default();
        for (maker, price) in self.reached(place) {
            let wanted = affordable(left, price);
            let has = self.store.remaining(maker);
            if self.store.orders.mark(maker) & flag::ALL_OR_NONE != 0 {
                passed.add(price, has);
            } else if wanted.is_zero() {
                return sold;
            } else if !self.would_prevent(place, maker) {
                let quantity = has.min(wanted);
                left = Notional::new(left.units() - price.notional(quantity).units());
                sold += quantity;
            }
        }
        let rest = passed.lowest.map_or(Qty::ZERO, |lowest| affordable(left, lowest));
        sold + rest.min(passed.quantity)
    }
}

impl Instrument {
    /// A live order as the ledger checks it.
    pub(crate) fn live_order(&self, store: &Store, slot: Slot) -> LiveOrder {
        let details = store.details(slot);
        let conditions = store.conditions(slot);
        LiveOrder {
            id: store.orders.id(slot),
            instrument: self.id,
            account: details.account,
            side: store.orders.side(slot),
            total: details.total,
            remaining: store.remaining(slot),
            worst_price: self.worst_price(store, slot),
            reduce_only: conditions.is_some_and(|conditions| conditions.reduce_only),
            unarmed: conditions.is_some_and(|conditions| conditions.waits == Some(WaitsFor::Arming)),
        }
    }

    /// Beyond which price a live order cannot trade, if there is one.
    fn worst_price(&self, store: &Store, slot: Slot) -> Option<Price> {
        let order_type = store.order_type(slot);
        let conditions = store.conditions(slot);
        if order_type.has_limit() {
            return Some(store.orders.price(slot));
        }
        if order_type == OrderType::Pegged {
            return conditions?.peg_limit;
        }
        let bps = self.spec.terms().market_protection_bps?;
        Some(self.bound_from(conditions?.trigger?, bps, store.orders.side(slot)))
    }
}

impl Floor<'_> {
    /// The orders of the other side that an order at market reaches, in priority order.
    fn reached(&self, place: &Place) -> impl Iterator<Item = (Slot, Price)> {
        let orders = &self.store.orders;
        let bps = self.market.spec.terms().market_protection_bps;
        let best = self.market.best_for_market(place.side.opposite(), self.store);
        let bound = bps.map(|bps| best.map(|best| self.market.bound_from(best, bps, place.side)));
        let side = place.side;
        let within = move |price: Price| match bound {
            None => true,
            Some(bound) => bound.is_some_and(|bound| bound.reaches(price, side)),
        };
        let next = move |slot: &Slot| self.market.sides.next(orders, *slot);
        std::iter::successors(self.market.sides.first(orders, side.opposite()), next)
            .map(move |slot| (slot, orders.price(slot)))
            .take_while(move |(_, price)| within(*price))
    }

    /// Whether self-trade prevention would keep this order from trading with that maker.
    fn would_prevent(&self, place: &Place, maker: Slot) -> bool {
        place.self_trade != SelfTrade::None && self.store.is_own(place.account, place.group, maker)
    }
}
