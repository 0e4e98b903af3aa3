//! Which orders of nobody came first.

use std::collections::BTreeSet;

use engine_core::{Event, OrderId};

/// How many arrivals are kept before those of orders that are over are forgotten.
const KEPT_MIN: usize = 1 << 16;

/// The orders that have no account, in the order in which they arrived. Nothing else knows it: commands single out
/// the orders of an account, and nobody is none.
#[derive(Debug)]
pub(super) struct Arrivals {
    /// An order that lost its place arrived again, and its newest arrival counts.
    orders: Vec<OrderId>,
    kept_max: usize,
}

impl Arrivals {
    pub(super) fn new() -> Self {
        Self {
            orders: Vec::new(),
            kept_max: KEPT_MIN,
        }
    }

    /// Notes whom an event lets arrive.
    pub(super) fn note(&mut self, event: &Event) {
        match *event {
            Event::Accepted {
                order, account: None, ..
            }
            | Event::Amended {
                order,
                account: None,
                kept_priority: false,
                ..
            }
            | Event::Triggered {
                order, account: None, ..
            }
            | Event::Armed {
                order, account: None, ..
            } => self.orders.push(order),
            _ => {}
        }
    }

    /// Whether so many arrivals are kept that it is time to [forget](Self::forget) some.
    pub(super) fn is_full(&self) -> bool {
        self.orders.len() >= self.kept_max
    }

    /// Forgets the orders that are over.
    pub(super) fn forget(&mut self, is_live: impl Fn(OrderId) -> bool) {
        self.orders = self.live(is_live);
        self.kept_max = KEPT_MIN.max(2 * self.orders.len());
    }

    /// The live orders of nobody, oldest first.
    pub(super) fn live(&self, is_live: impl Fn(OrderId) -> bool) -> Vec<OrderId> {
        let mut seen = BTreeSet::new();
        let newest_first = self.orders.iter().rev().copied();
        let mut live: Vec<_> = newest_first
            .filter(|order| seen.insert(*order) && is_live(*order))
            .collect();
        live.reverse();
        live
    }
}

#[cfg(test)]
mod tests {
    use engine_core::{AccountId, InstrumentId};

    use super::*;

    fn triggered(order: u64, account: Option<AccountId>) -> Event {
        Event::Triggered {
            instrument: InstrumentId::new(0),
            order: OrderId::new(order),
            account,
        }
    }

    fn numbers(orders: &[OrderId]) -> Vec<u64> {
        orders.iter().map(|order| order.get()).collect()
    }

    #[test]
    fn the_newest_arrival_of_an_order_of_nobody_counts() {
        let mut arrivals = Arrivals::new();
        for order in [1, 2, 3, 1] {
            arrivals.note(&triggered(order, None));
        }
        arrivals.note(&triggered(4, AccountId::new(7)));
        assert_eq!(numbers(&arrivals.live(|_| true)), [2, 3, 1]);
        assert_eq!(numbers(&arrivals.live(|order| order.get() != 3)), [2, 1]);
    }

    #[test]
    fn orders_that_are_over_are_forgotten_in_time() {
        let mut arrivals = Arrivals::new();
        for order in 0..10 * KEPT_MIN as u64 {
            arrivals.note(&triggered(order, None));
            if arrivals.is_full() {
                arrivals.forget(|live| live.get() > order - 3);
            }
        }
        assert!(arrivals.orders.len() < KEPT_MIN);
        let last = 10 * KEPT_MIN as u64 - 1;
        assert_eq!(
            numbers(&arrivals.live(|order| order.get() >= last - 1)),
            [last - 1, last]
        );
    }
}
