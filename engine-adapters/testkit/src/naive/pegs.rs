//! Pegged orders: where they stand and when they move (6).

use engine_core::{InstrumentId, OrderId, OrderKind, Peg, Price, Side};

use super::NaiveEngine;
use super::order::{Form, State};

impl NaiveEngine {
    /// 6.2: queues anew, the oldest first, each pegged order whose price is now another; whether there was one.
    pub(super) fn place_pegs(&mut self, at: InstrumentId) -> bool {
        let pegged = self.by_arrival(|order| order.instrument() == at && order.form() == Form::Pegged);
        let mut moved = false;
        for id in pegged {
            // An unarmed one cannot be: an exit is not pegged.
            moved |= self.place_peg(id);
        }
        moved
    }

    /// Places one pegged order; whether its price is another than before.
    pub(super) fn place_peg(&mut self, id: OrderId) -> bool {
        let price = self.peg_price(id);
        if price == self.order(id).queued_at() {
            return false;
        }
        match price {
            Some(price) => self.enqueue(id, price),
            None => self.order_mut(id).state = State::PegWithoutPrice,
        }
        true
    }

    /// 6.1
    fn peg_price(&self, id: OrderId) -> Option<Price> {
        let order = self.order(id);
        let (at, side) = (order.instrument(), order.side());
        let OrderKind::Pegged { peg, offset, limit } = order.place.kind else {
            panic!("only pegged orders are placed by a peg");
        };
        let ticks = |side| {
            let best = self.best_displayed(at, side);
            best.map(|best| i128::from(best.ticks()))
        };
        let (own, other) = (ticks(side), ticks(side.opposite()));
        let reference = match peg {
            Peg::Primary => own?,
            Peg::Market => other?,
            Peg::Mid => {
                let sum = own? + other?;
                match side {
                    Side::Buy => sum.div_euclid(2),
                    Side::Sell => -(-sum).div_euclid(2),
                }
            }
        };
        let mut price = reference + i128::from(offset);
        let cuts = [
            limit.map(|limit| i128::from(limit.ticks())),
            other.map(|other| match side {
                Side::Buy => other - 1,
                Side::Sell => other + 1,
            }),
        ];
        for cut in cuts.into_iter().flatten() {
            price = match side {
                Side::Buy => price.min(cut),
                Side::Sell => price.max(cut),
            };
        }
        let price = i64::try_from(price).ok().map(Price::new);
        price.filter(|price| price.is_valid())
    }
}
