//! What must hold after every command.

use std::collections::BTreeSet;

use engine_core::{InstrumentId, OrderId, Phase, Qty, Side};

use super::NaiveEngine;
use super::order::{Order, State};

impl NaiveEngine {
    /// Checks what holds whenever a command is done.
    ///
    /// # Panics
    /// When something does not hold.
    pub fn check_invariants(&self) {
        assert!(
            self.orders.len() <= self.config.orders_max as usize,
            "1.4: too many orders live"
        );
        for order in &self.orders {
            assert!(
                !order.remaining().is_zero(),
                "an order without a rest is over: {order:?}"
            );
            assert!(
                order.shown() <= order.remaining(),
                "more is shown than there is: {order:?}"
            );
            let is_somewhere = order.state != State::Entering;
            assert!(is_somewhere, "an order neither queued nor waiting: {order:?}");
            if let State::Queued { shown, .. } = order.state {
                assert_eq!(shown.is_zero(), order.stands_behind(), "1.1: {order:?}");
            }
        }
        let ids: BTreeSet<OrderId> = self.orders.iter().map(Order::id).collect();
        assert_eq!(ids.len(), self.orders.len(), "live orders have different ids");
        for at in self.instruments() {
            self.check_market(at);
        }
        if let Some(money) = &self.money {
            money.check_invariants();
        }
    }

    fn check_market(&self, at: InstrumentId) {
        let market = self.market(at);
        assert!(market.touched.is_empty(), "9: everything that follows is done");
        for side in Side::BOTH {
            let orders = self
                .orders
                .iter()
                .filter(|order| order.instrument() == at && order.side() == side);
            let sum: u128 = orders.map(|order| u128::from(order.remaining().lots())).sum();
            assert!(sum <= u128::from(Qty::MAX.lots()), "1.4: a side is too full");
        }
        if market.phase == Phase::Continuous {
            let [buy, sell] = Side::BOTH.map(|side| self.best_displayed(at, side));
            let crossed = buy.zip(sell).is_some_and(|(buy, sell)| buy >= sell);
            assert!(!crossed, "1.3: {buy:?} reaches {sell:?}");
            let stops = self
                .orders
                .iter()
                .filter(|order| order.waits_as_stop() && order.instrument() == at);
            for stop in stops {
                let price = self.trigger_price(at);
                let holds = price.is_some_and(|price| stop.would_trigger(price, &[price]));
                assert!(!holds, "7.3: a stop waits whose condition holds: {stop:?}");
            }
        }
    }
}
