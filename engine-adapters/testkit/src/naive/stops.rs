//! Stops: when their condition holds, and in which order they are set off (7).

use std::cmp::Reverse;

use engine_core::{Event, InstrumentId, OrderId, OrderKind, Price, Side, Trail, TriggerSource};

use super::NaiveEngine;
use super::order::{Order, State};

impl NaiveEngine {
    /// 7.1
    pub(super) fn trigger_price(&self, at: InstrumentId) -> Option<Price> {
        let market = self.market(at);
        match market.spec.terms().trigger_source {
            TriggerSource::LastTrade => market.last_trade,
            TriggerSource::Mark => market.mark,
        }
    }

    /// 7.3: elects, then sets off the first of the elected; whether there was one.
    pub(super) fn elect_and_set_off(&mut self, at: InstrumentId) -> bool {
        if !self.is_continuous(at) {
            return false;
        }
        self.hold_election(at);
        let elected = |order: &&Order| matches!(order.state, State::Stop { elected: Some(_) });
        let waiting = self.orders.iter().filter(|order| order.instrument() == at);
        let first = waiting.filter(elected).min_by_key(|order| match order.state {
            State::Stop { elected } => elected,
            _ => None,
        });
        let Some(first) = first.map(Order::id) else {
            return false;
        };
        self.set_off(first);
        true
    }

    pub(super) fn hold_election(&mut self, at: InstrumentId) {
        if let Some(price) = self.trigger_price(at) {
            let seen = self.prices_seen(at, price);
            self.move_trailing(at, &seen);
            self.elect(at, price, &seen);
        }
    }

    /// 7.1: the prices seen at this election.
    fn prices_seen(&mut self, at: InstrumentId, price: Price) -> Vec<Price> {
        let market = self.market_mut(at);
        let mut seen = std::mem::take(&mut market.traded_at);
        if market.spec.terms().trigger_source == TriggerSource::Mark {
            seen.clear();
        }
        seen.push(price);
        seen
    }

    /// 7.2: the best price that each trailing stop has seen.
    fn move_trailing(&mut self, at: InstrumentId, seen: &[Price]) {
        let waits =
            |order: &&mut Order| order.instrument() == at && order.state == State::Stop { elected: None };
        for order in self.orders.iter_mut().filter(waits) {
            let prices = seen.iter().copied().chain(order.trail_best);
            order.trail_best = match order.side() {
                Side::Sell => prices.max(),
                Side::Buy => prices.min(),
            };
        }
    }

    fn elect(&mut self, at: InstrumentId, price: Price, seen: &[Price]) {
        let waits = |order: &&Order| order.instrument() == at && order.state == State::Stop { elected: None };
        let waiting = self.orders.iter().filter(waits);
        let mut elected: Vec<&Order> = waiting.filter(|order| order.would_trigger(price, seen)).collect();
        // The rising ones in ascending, then the falling ones in descending order of trigger; then by age.
        elected.sort_by_key(|order| {
            let trigger = order
                .trigger()
                .expect("without a trigger no condition holds")
                .ticks();
            let rises = order.is_rising();
            (
                Reverse(rises),
                if rises { trigger } else { -trigger },
                order.arrival,
            )
        });
        let ids: Vec<OrderId> = elected.iter().map(|order| order.id()).collect();
        for id in ids {
            self.elections += 1;
            let elected = Some(self.elections);
            self.order_mut(id).state = State::Stop { elected };
        }
    }

    /// 7.4, and 9.2 for one that is linked.
    fn set_off(&mut self, id: OrderId) {
        let arrival = self.next_arrival();
        let order = self.order_mut(id);
        order.triggered = true;
        order.arrival = arrival;
        order.state = State::Entering;
        let (instrument, account) = (order.instrument(), order.place.account);
        self.events.push(Event::Triggered {
            instrument,
            order: id,
            account,
        });
        self.cancel_other(id);
        self.enter(id);
    }

    /// 7.5: the elected wait as before.
    pub(super) fn forget_elections(&mut self, at: InstrumentId) {
        for order in self.orders.iter_mut().filter(|order| order.instrument() == at) {
            if let State::Stop { elected } = &mut order.state {
                *elected = None;
            }
        }
    }
}

impl Order {
    /// Its trigger now, of a trailing stop by the best price seen (7.2).
    pub(super) fn trigger(&self) -> Option<Price> {
        match self.place.kind {
            OrderKind::Stop { trigger }
            | OrderKind::StopLimit { trigger, .. }
            | OrderKind::TakeProfit { trigger }
            | OrderKind::TakeProfitLimit { trigger, .. } => Some(trigger),
            OrderKind::TrailingStop { trail } | OrderKind::TrailingStopLimit { trail, .. } => {
                let best = i128::from(self.trail_best?.ticks());
                let distance = match trail {
                    Trail::Ticks(ticks) => i128::from(ticks),
                    Trail::BasisPoints(bps) => ((best.abs() * i128::from(bps) + 9_999) / 10_000).max(1),
                };
                let trigger = match self.side() {
                    Side::Sell => best - distance,
                    Side::Buy => best + distance,
                };
                let [min, max] = self.prices.map(|price| i128::from(price.ticks()));
                Some(Price::new(trigger.clamp(min, max) as i64))
            }
            _ => None,
        }
    }

    /// 7.1: whether its condition is that the price rises to its trigger.
    fn is_rising(&self) -> bool {
        let takes_profit = matches!(
            self.place.kind,
            OrderKind::TakeProfit { .. } | OrderKind::TakeProfitLimit { .. }
        );
        (self.side() == Side::Buy) != takes_profit
    }

    /// 7.1: whether its condition holds, by all prices seen, of a trailing stop by the trigger price as it is.
    pub(super) fn would_trigger(&self, price: Price, seen: &[Price]) -> bool {
        let is_trailing = matches!(
            self.place.kind,
            OrderKind::TrailingStop { .. } | OrderKind::TrailingStopLimit { .. }
        );
        let seen = if is_trailing { &[price] } else { seen };
        self.trigger().is_some_and(|trigger| {
            let mut seen = seen.iter();
            if self.is_rising() {
                seen.any(|price| *price >= trigger)
            } else {
                seen.any(|price| *price <= trigger)
            }
        })
    }
}
