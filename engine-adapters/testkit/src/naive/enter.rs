//! Entering an order: what it does first, and what becomes of what is left of it (2.5, 3.5, 4).

use engine_core::{
    CancelReason, InstrumentId, OrderId, OrderKind, Phase, Place, Price, Qty, Side, TimeInForce,
};

use super::NaiveEngine;
use super::admit::asked_limit;
use super::order::{Form, State};
use super::take::{Bound, Stopped, Taking};

impl NaiveEngine {
    /// 2.5, the list at its end.
    pub(super) fn enter(&mut self, id: OrderId) {
        let order = self.order(id);
        let (at, form) = (order.instrument(), order.form());
        let phase = self.market(at).phase;
        let waits_for_auction = match order.place.time_in_force {
            TimeInForce::AtOpen => phase != Phase::Auction,
            TimeInForce::AtClose => true,
            _ => false,
        };
        if form == Form::Stop {
            // 7.6: what was seen before is not for it.
            if phase == Phase::Continuous && !self.market(at).traded_at.is_empty() {
                self.hold_election(at);
            }
            self.order_mut(id).state = State::Stop { elected: None };
        } else if waits_for_auction {
            self.order_mut(id).state = State::ForAuction;
        } else if phase != Phase::Continuous {
            self.collect(id);
        } else if form == Form::Pegged {
            self.order_mut(id).state = State::PegWithoutPrice; // until it is placed (6.2)
        } else if let Some(limit) = self.limit_on_entry(id) {
            self.order_mut(id).limit = limit;
            self.take_on_entry(id, limit);
        }
    }

    /// An order that arrives while nothing trades (8.2): it is queued, a market order waits in the list.
    fn collect(&mut self, id: OrderId) {
        let order = self.order(id);
        match (order.place.time_in_force, order.form()) {
            (TimeInForce::Ioc, _) => self.cancel(id, CancelReason::IocRemainder),
            (TimeInForce::Fok, _) => self.cancel(id, CancelReason::FokKilled),
            (_, Form::Market) => self.order_mut(id).state = State::MarketInAuction,
            (_, Form::Pegged) => self.order_mut(id).state = State::PegWithoutPrice,
            _ => {
                let limit = order.limit.expect("all other kinds were refused in an auction");
                self.enqueue(id, limit);
            }
        }
    }

    /// 4.5, asked again for an order of a list: its limit now; `None` if it was cancelled.
    fn limit_on_entry(&mut self, id: OrderId) -> Option<Option<Price>> {
        let order = self.order(id);
        let (OrderKind::Limit { .. }, Some(price)) = (order.place.kind, order.limit) else {
            return Some(order.limit);
        };
        let kind = OrderKind::Limit { price };
        let asked = self.check_post_only(&Place { kind, ..order.place });
        if asked.is_err() {
            self.cancel(id, CancelReason::PostOnly);
        }
        asked.ok().map(|place| asked_limit(&place.kind))
    }

    fn take_on_entry(&mut self, id: OrderId, limit: Option<Price>) {
        let taking = self.begin_taking(id);
        let order = self.order(id);
        let wanted = order.remaining();
        let is_fok = order.place.time_in_force == TimeInForce::Fok;
        let is_all_or_none = order.place.all_or_none;
        let min_quantity = self.order_mut(id).min_quantity.take();
        if is_all_or_none && self.executable(&taking) < wanted {
            // 4.3
            if self.order(id).may_stay() {
                let limit = limit.expect("all-or-none is for limit orders only");
                return self.enqueue(id, limit);
            }
            return self.cancel(id, CancelReason::FokKilled);
        }
        if is_fok && self.executable(&taking) < wanted {
            return self.cancel(id, CancelReason::FokKilled); // 4.1
        }
        if min_quantity.is_some_and(|min| self.executable(&taking) < min) {
            return self.cancel(id, CancelReason::MinQuantity); // 4.2
        }
        self.take_and_rest(&taking);
    }

    pub(super) fn begin_taking(&self, id: OrderId) -> Taking {
        let order = self.order(id);
        let at = order.instrument();
        Taking {
            taker: id,
            at,
            side: order.side(),
            bound: self.bound(id),
            last_before: self.market(at).last_trade,
        }
    }

    /// 3.2
    fn bound(&self, id: OrderId) -> Bound {
        let order = self.order(id);
        let (at, side) = (order.instrument(), order.side());
        match order.form() {
            Form::ToLimit => self.best_to_take(at, side).map_or(Bound::Nothing, Bound::Price),
            Form::Market | Form::ByQuote => {
                let Some(bps) = self.market(at).spec.terms().market_protection_bps else {
                    return Bound::None;
                };
                let Some(from) = order.trigger().or_else(|| self.best_to_take(at, side)) else {
                    return Bound::Nothing;
                };
                Bound::Price(protected_from(from, bps, side))
            }
            _ => Bound::Price(order.limit.expect("what is no market order has a limit price")),
        }
    }

    /// The best price of the other side, for rule 3.2: all-or-none makers do not count.
    pub(super) fn best_to_take(&self, at: InstrumentId, side: Side) -> Option<Price> {
        let queued = self.queued(at, side.opposite());
        let others = queued.filter(|order| !order.place.all_or_none);
        others.min_by_key(|order| order.priority())?.queued_at()
    }

    /// Takes, then deals with what is left (3.4, 3.5, 3.6).
    pub(super) fn take_and_rest(&mut self, taking: &Taking) {
        let id = taking.taker;
        let traded_before = self.order(id).traded;
        self.take_and_deal_with_rest(taking);
        if self.find(id).is_some_and(|order| order.traded > traded_before) {
            self.touch(id);
        }
    }

    fn take_and_deal_with_rest(&mut self, taking: &Taking) {
        let id = taking.taker;
        match self.take(taking) {
            Stopped::Over => {}
            Stopped::OutsideBand => self.interrupt(taking),
            Stopped::NothingToTake => {
                let order = self.order(id);
                let is_ioc = order.place.time_in_force == TimeInForce::Ioc;
                match (order.form(), taking.bound) {
                    (Form::Market | Form::ByQuote, _) | (Form::ToLimit, Bound::Nothing) => {
                        self.cancel(id, CancelReason::NoLiquidity);
                    }
                    _ if is_ioc => self.cancel(id, CancelReason::IocRemainder),
                    (form, Bound::Price(price)) => {
                        if form == Form::ToLimit {
                            self.order_mut(id).limit = Some(price);
                        }
                        self.enqueue(id, price);
                    }
                    _ => unreachable!("a limit order and a market-to-limit order have a bound"),
                }
            }
        }
    }

    /// 3.6: the taker's rest is dealt with, then an auction begins.
    fn interrupt(&mut self, taking: &Taking) {
        let order = self.order(taking.taker);
        match (order.form(), taking.bound) {
            (Form::Limit | Form::Pegged, Bound::Price(limit))
                if order.may_stay() && !order.place.all_or_none =>
            {
                self.enqueue(taking.taker, limit);
            }
            _ => self.cancel(taking.taker, CancelReason::VolatilityInterruption),
        }
        let market = self.market_mut(taking.at);
        let lasts = market.spec.terms().volatility_auction_ns;
        let now = self.now;
        self.begin_auction(taking.at);
        self.market_mut(taking.at).auction_until = lasts.map(|lasts| now.saturating_add_nanos(lasts));
    }

    /// How much of the order may still be taken at this price (3.4).
    pub(super) fn wanted_at(&self, id: OrderId, price: Price) -> Qty {
        let order = self.order(id);
        if order.form() != Form::ByQuote {
            return order.remaining();
        }
        if price.ticks() <= 0 {
            return Qty::ZERO;
        }
        let quantity = order.budget / i128::from(price.ticks());
        Qty::new(quantity.min(i128::from(Qty::MAX.lots())) as u64)
    }
}

/// 3.2: how far protection lets an order go from a price.
pub(super) fn protected_from(price: Price, bps: u32, side: Side) -> Price {
    let from = i128::from(price.ticks());
    let away = from.abs() * i128::from(bps) / 10_000;
    let bound = match side {
        Side::Buy => from + away,
        Side::Sell => from - away,
    };
    // A price has 54 bits and the distance is at most as much, so the sum fits.
    Price::new(bound as i64)
}
