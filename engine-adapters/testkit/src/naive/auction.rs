//! Auctions: the price, what is said about it, and the trades (8.3 to 8.5).

use engine_core::{Event, InstrumentId, OrderId, Phase, Price, Qty, Side};

use super::NaiveEngine;
use super::order::{Order, State};

/// What an auction would do at a price.
#[derive(Clone, Copy, Debug)]
struct Outcome {
    price: Price,
    volume: Qty,
    imbalance: i64,
}

impl NaiveEngine {
    /// 8.4
    pub(super) fn say_indicative(&mut self, instrument: InstrumentId) {
        if self.market(instrument).phase != Phase::Auction {
            return;
        }
        let now = match self.outcome(instrument) {
            Some(outcome) => (Some(outcome.price), outcome.volume, outcome.imbalance),
            None => (None, Qty::ZERO, 0),
        };
        if now == self.market(instrument).said {
            return;
        }
        self.market_mut(instrument).said = now;
        let (price, quantity, imbalance) = now;
        self.events.push(Event::Indicative {
            instrument,
            price,
            quantity,
            imbalance,
        });
    }

    /// 8.3: where the most trades, then the least imbalance, then the nearest to the reference, then the higher;
    /// `None` if nothing would trade.
    fn outcome(&self, at: InstrumentId) -> Option<Outcome> {
        let taking_part = self
            .orders
            .iter()
            .filter(|order| order.instrument() == at && order.is_in_auction());
        let mut prices: Vec<Price> = taking_part.filter_map(Order::queued_at).collect();
        let last = self.market(at).last_trade;
        if prices.is_empty() {
            prices.extend(last);
        }
        // Without a reference the lowest price is the nearest to itself.
        let reference = last.or(prices.iter().min().copied())?;
        let outcomes = prices.into_iter().map(|price| self.outcome_at(at, price));
        let trading = outcomes.filter(|outcome| !outcome.volume.is_zero());
        trading.min_by_key(|outcome| {
            let most = std::cmp::Reverse(outcome.volume);
            let distance = outcome.price.ticks().abs_diff(reference.ticks());
            (most, outcome.imbalance.abs(), distance, -outcome.price.ticks())
        })
    }

    fn outcome_at(&self, at: InstrumentId, price: Price) -> Outcome {
        let [demand, supply] = Side::BOTH.map(|side| {
            let trading = self.auction_queue(at, side, price);
            let each = trading.iter().map(|id| self.order(*id).remaining());
            each.fold(Qty::ZERO, |sum, remaining| sum + remaining)
        });
        Outcome {
            price,
            volume: demand.min(supply),
            // Each side is at most `Qty::MAX`, which fits in an i64.
            imbalance: demand.lots() as i64 - supply.lots() as i64,
        }
    }

    /// Who trades at `price`, in order: market orders by arrival, then queued ones by priority (8.5).
    fn auction_queue(&self, at: InstrumentId, side: Side, price: Price) -> Vec<OrderId> {
        let market = |order: &Order| {
            (order.instrument(), order.side()) == (at, side) && order.state == State::MarketInAuction
        };
        let mut ids = self.by_arrival(market);
        let queued = self.queue(at, side).into_iter();
        let reaching = queued.filter(|order| {
            let limit = order.queued_at().expect("it is in a queue");
            order.is_in_auction() && limit.reaches(price, side)
        });
        ids.extend(reaching.map(|order| order.id()));
        ids
    }

    /// 8.5
    pub(super) fn uncross(&mut self, at: InstrumentId) {
        let Some(outcome) = self.outcome(at) else { return };
        let mut buys = self.auction_queue(at, Side::Buy, outcome.price).into_iter();
        let mut sells = self.auction_queue(at, Side::Sell, outcome.price).into_iter();
        let mut pair = (buys.next(), sells.next());
        let mut left = outcome.volume;
        while let (Some(buy), Some(sell)) = pair
            && !left.is_zero()
        {
            let quantity = self.order(buy).remaining().min(self.order(sell).remaining());
            self.trade_in_auction(buy, sell, outcome.price, quantity);
            left -= quantity;
            if !self.is_live(buy) {
                pair.0 = buys.next();
            }
            if !self.is_live(sell) {
                pair.1 = sells.next();
            }
        }
    }

    fn trade_in_auction(&mut self, buy: OrderId, sell: OrderId, price: Price, quantity: Qty) {
        let mut replenishing = Vec::new();
        for id in [buy, sell] {
            let shown = self.order(id).shown();
            self.reduce_shown(id, quantity.min(shown));
            if !shown.is_zero() {
                replenishing.push(id);
            }
        }
        let (maker, taker) = if self.order(buy).arrival < self.order(sell).arrival {
            (buy, sell)
        } else {
            (sell, buy)
        };
        let taker_order = self.order(taker);
        let (instrument, taker_side) = (taker_order.instrument(), taker_order.side());
        self.events.push(Event::Traded {
            instrument,
            maker,
            maker_account: self.order(maker).place.account,
            taker,
            taker_account: taker_order.place.account,
            taker_side,
            maker_displayed: false,
            price,
            quantity,
        });
        self.note_trade(instrument, price);
        for id in [maker, taker] {
            self.order_mut(id).traded += quantity;
            self.touch(id);
            if self.order(id).remaining().is_zero() {
                self.close(id);
            }
        }
        for id in replenishing {
            self.replenish_if_used_up(id);
        }
    }
}
