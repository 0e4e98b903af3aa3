//! Stops: when their condition holds, and in which order they are set off (7).

use std::cmp::Reverse;

use engine_core::{Event, InstrumentId, OrderId, OrderKind, Price, Side, Trail, TriggerSource};

use super::NaiveEngine;
use super::order::{Link, Order, State};

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
        if let Some(price) = self.trigger_price(at) {
            self.move_trailing(at, price);
            self.elect(at, price);
        }
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

    /// 7.2: the best price that each trailing stop has seen.
    fn move_trailing(&mut self, at: InstrumentId, price: Price) {
        for order in self.orders.iter_mut().filter(|order| order.instrument() == at) {
            let best = order.trail_best.unwrap_or(price);
            order.trail_best = Some(match order.side() {
                Side::Sell => best.max(price),
                Side::Buy => best.min(price),
            });
        }
    }

    fn elect(&mut self, at: InstrumentId, price: Price) {
        let waits = |order: &&Order| order.instrument() == at && order.state == State::Stop { elected: None };
        let waiting = self.orders.iter().filter(waits);
        let mut elected: Vec<&Order> = waiting.filter(|order| order.would_trigger(price)).collect();
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
        if let Link::Other(other) = self.order(id).link {
            self.unlink(id);
            self.cancel_linked(other);
        }
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
                let (min, max) = (Price::MIN.ticks(), Price::MAX.ticks());
                Some(Price::new(trigger.clamp(min.into(), max.into()) as i64))
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

    /// Whether its condition holds at this trigger price.
    pub(super) fn would_trigger(&self, price: Price) -> bool {
        self.trigger().is_some_and(|trigger| {
            if self.is_rising() {
                price >= trigger
            } else {
                price <= trigger
            }
        })
    }
}
