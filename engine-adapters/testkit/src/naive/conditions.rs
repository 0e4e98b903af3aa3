//! What is executable, and the orders that wait for enough of it (4).

use engine_core::{Allocation, InstrumentId, OrderId, Price, Qty, SelfTrade, Side};

use super::NaiveEngine;
use super::order::{Order, State};
use super::take::Taking;

impl NaiveEngine {
    /// How much of the taker the other side could fill, at most all of it (4).
    pub(super) fn executable(&self, taking: &Taking) -> Qty {
        let taker = self.order(taking.taker);
        let wanted = taker.remaining();
        let mode = taker.place.self_trade;
        let mut counted = Qty::ZERO;
        for maker in self.queue(taking.at, taking.side.opposite()) {
            let price = maker.queued_at().expect("it is in a queue");
            let left = wanted - counted;
            if left.is_zero() || !taking.reaches(price) || self.is_outside_dynamic_band(taking, price) {
                break;
            }
            if maker.place.all_or_none && left < maker.remaining() {
                continue; // 3.3
            }
            let is_own = self.prevents(taking, maker.id());
            if is_own && mode == SelfTrade::CancelOldest {
                continue;
            }
            if is_own {
                break;
            }
            let counts = if mode == SelfTrade::CancelOldest || !self.own_displayed_at(taking, price) {
                maker.remaining()
            } else if self.market(taking.at).spec.terms().allocation == Allocation::PriceTime {
                maker.shown()
            } else {
                break;
            };
            counted += counts.min(left);
        }
        counted
    }

    /// Whether the displayed queue of a level holds an order that self-trade prevention would meet.
    fn own_displayed_at(&self, taking: &Taking, price: Price) -> bool {
        let queued = self.queued(taking.at, taking.side.opposite());
        let mut level = queued.filter(|maker| maker.queued_at() == Some(price) && !maker.shown().is_zero());
        level.any(|maker| self.prevents(taking, maker.id()))
    }

    /// 4.4: tries the all-or-none orders, the buys first, each side in priority order. Whether one traded: then
    /// all that follows from it comes first, and the trying starts again.
    pub(super) fn try_all_or_none(&mut self, at: InstrumentId) -> bool {
        if !self.is_continuous(at) || !self.market(at).liquidity_rested {
            return false;
        }
        for id in self.waiting_all_or_none(at) {
            let taking = self.begin_taking(id);
            if self.executable(&taking) == self.order(id).remaining() {
                self.order_mut(id).state = State::Entering;
                self.take_and_rest(&taking);
                return true;
            }
        }
        self.market_mut(at).liquidity_rested = false;
        false
    }

    fn waiting_all_or_none(&self, at: InstrumentId) -> Vec<OrderId> {
        let sides = Side::BOTH.into_iter().flat_map(|side| self.queued(at, side));
        let mut waiting: Vec<&Order> = sides.filter(|order| order.place.all_or_none).collect();
        waiting.sort_by_key(|order| (order.side(), order.priority()));
        waiting.iter().map(|order| order.id()).collect()
    }
}
