//! Pegged orders: where they stand and when they move (6).

use engine_core::{InstrumentId, OrderId, OrderKind, Peg, Price, Side};

use super::NaiveEngine;
use super::order::{Form, State};
use super::take::{Bound, Taking};

impl NaiveEngine {
    /// 6.2: enters anew, the oldest first, each pegged order whose price is not where it stands; whether there was
    /// one that took or was queued.
    pub(super) fn place_pegs(&mut self, at: InstrumentId) -> bool {
        let pegged = self.by_arrival(|order| order.instrument() == at && order.form() == Form::Pegged);
        let mut entered = false;
        for id in pegged {
            if !self.is_continuous(at) {
                break; // also when one of them has begun a volatility auction
            }
            // One may be over by the self-trade prevention of another.
            let Some(stands) = self.find(id).map(|order| order.queued_at()) else {
                continue;
            };
            let price = self.peg_price(id);
            if price == stands {
                continue;
            }
            let trades_before = self.trades;
            self.order_mut(id).state = State::PegWithoutPrice;
            if let Some(price) = price {
                self.enter_peg(id, price);
                entered = true;
            }
            if self.trades > trades_before {
                break;
            }
        }
        entered
    }

    /// As a limit order behind.
    fn enter_peg(&mut self, id: OrderId, price: Price) {
        self.order_mut(id).state = State::Entering;
        let order = self.order(id);
        let at = order.instrument();
        let taking = Taking {
            taker: id,
            at,
            side: order.side(),
            bound: Bound::Price(price),
            last_before: self.market(at).last_trade,
        };
        self.take_and_rest(&taking);
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
        price.filter(|price| self.market(at).allows(*price))
    }
}
