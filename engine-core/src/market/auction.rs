//! Call auctions: one price for all that was collected; rules 8.2 to 8.6.

use std::collections::BTreeMap;

use super::enter::Entry;
use super::floor::Floor;
use super::store::{WaitsFor, flag};
use crate::book::Slot;
use crate::command::TimeInForce;
use crate::event::{CancelReason, Event};
use crate::types::{Price, Qty, Side, Timestamp};

/// What an instrument remembers of its auction.
#[derive(Default)]
pub(crate) struct Auction {
    /// Market orders that take part, by side and arrival.
    pub(crate) markets: [BTreeMap<u64, Slot>; 2],
    /// What was last said about the auction that is on.
    pub(crate) said: Outcome,
    /// When it ends by itself.
    pub(crate) ends: Option<Timestamp>,
}

/// What an auction would do if it ended now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) price: Option<Price>,
    pub(crate) quantity: Qty,
    pub(crate) imbalance: i64,
}

/// What would trade at one price.
#[derive(Clone, Copy)]
struct Candidate {
    price: i64,
    demand: i64,
    supply: i64,
}

impl Candidate {
    fn volume(&self) -> i64 {
        self.demand.min(self.supply)
    }

    fn imbalance(&self) -> i64 {
        self.demand - self.supply
    }
}

/// A signed quantity: every sum over one side of a book fits, because [`Qty::MAX`] does.
fn signed(quantity: Qty) -> i64 {
    i64::try_from(quantity.lots()).expect("a side of a book holds at most `Qty::MAX`")
}

impl Floor<'_> {
    /// Says what the auction would do, if that has changed: rule 8.4.
    pub(super) fn say_indicative(&mut self) {
        let outcome = self.auction_outcome();
        if outcome == self.market.auction.said {
            return;
        }
        self.market.auction.said = outcome;
        let Outcome {
            price,
            quantity,
            imbalance,
        } = outcome;
        self.say(Event::Indicative {
            instrument: self.market.id,
            price,
            quantity,
            imbalance,
        });
    }

    /// Rule 8.3.
    pub(super) fn auction_outcome(&self) -> Outcome {
        let markets = Side::BOTH.map(|side| self.market_interest(side));
        let [bids, asks] = Side::BOTH.map(|side| self.limit_interest(side, markets == [0, 0]));
        let candidates = candidates(markets, &bids, &asks);
        if candidates.is_empty() {
            return self.outcome_without_limits(markets);
        }
        let volume = candidates.iter().map(Candidate::volume).max().unwrap_or(0);
        // Without a last trade the lowest price is as near as can be.
        let reference = self.market.last.map_or(candidates[0].price, Price::ticks);
        let best = candidates
            .into_iter()
            .filter(|candidate| candidate.volume() == volume)
            .min_by_key(|candidate| {
                let far = candidate.price.abs_diff(reference);
                (
                    candidate.imbalance().unsigned_abs(),
                    far,
                    std::cmp::Reverse(candidate.price),
                )
            });
        match best.filter(|_| volume > 0) {
            None => Outcome::default(),
            Some(best) => Outcome {
                price: Some(Price::new(best.price)),
                quantity: Qty::new(best.volume().unsigned_abs()),
                imbalance: best.imbalance(),
            },
        }
    }

    /// Market orders only: they trade at the last price, if there is one.
    fn outcome_without_limits(&self, [demand, supply]: [i64; 2]) -> Outcome {
        match self.market.last.filter(|_| demand.min(supply) > 0) {
            None => Outcome::default(),
            price => Outcome {
                price,
                quantity: Qty::new(demand.min(supply).unsigned_abs()),
                imbalance: demand - supply,
            },
        }
    }

    fn market_interest(&self, side: Side) -> i64 {
        let orders = self.market.auction.markets[side as usize].values();
        orders.map(|slot| signed(self.store.orders.quantity(*slot))).sum()
    }

    /// The prices and quantities of a side's queued orders that take part, best first. `crossing`: only those that
    /// reach the other side.
    fn limit_interest(&self, side: Side, crossing: bool) -> Vec<(i64, i64)> {
        let opposite = self
            .participants(side.opposite())
            .next()
            .map(|slot| self.store.orders.price(slot));
        let mut levels: Vec<(i64, i64)> = Vec::new();
        for slot in self.participants(side) {
            let price = self.store.orders.price(slot);
            if crossing && !opposite.is_some_and(|opposite| price.reaches(opposite, side)) {
                break;
            }
            let quantity = signed(self.store.remaining(slot));
            match levels.last_mut() {
                Some(level) if level.0 == price.ticks() => level.1 += quantity,
                _ => levels.push((price.ticks(), quantity)),
            }
        }
        levels
    }

    /// The queued orders of a side that take part in auctions, in priority order.
    fn participants(&self, side: Side) -> impl Iterator<Item = Slot> {
        let orders = &self.store.orders;
        let next = move |slot: &Slot| self.market.sides.next(orders, *slot);
        let queued = std::iter::successors(self.market.sides.first(orders, side), next);
        queued.filter(move |slot| orders.mark(*slot) & (flag::ALL_OR_NONE | flag::PEGGED) == 0)
    }

    /// Trades what has been collected at the auction price: rule 8.5.
    pub(super) fn uncross(&mut self) {
        let outcome = self.auction_outcome();
        let Some(price) = outcome.price else { return };
        let mut left = outcome.quantity;
        let [buys, sells] = Side::BOTH.map(|side| self.uncrossing_order(side, price));
        let (mut buys, mut sells) = (buys.into_iter(), sells.into_iter());
        let (mut buy, mut sell) = (buys.next(), sells.next());
        while let (Some(bought), Some(sold)) = (buy, sell)
            && !left.is_zero()
        {
            let has = [bought, sold].map(|slot| self.store.remaining(slot));
            let quantity = has[0].min(has[1]).min(left);
            left -= quantity;
            self.trade_in_auction(bought, sold, price, quantity);
            if quantity == has[0] {
                buy = buys.next();
            }
            if quantity == has[1] {
                sell = sells.next();
            }
        }
        self.market.saw_trade(price);
    }

    /// Who trades in which order at this price: market orders first.
    fn uncrossing_order(&self, side: Side, price: Price) -> Vec<Slot> {
        let markets = self.market.auction.markets[side as usize].values().copied();
        let limits = self.participants(side);
        let reaching = limits.take_while(|slot| self.store.orders.price(*slot).reaches(price, side));
        markets.chain(reaching).collect()
    }

    fn trade_in_auction(&mut self, buy: Slot, sell: Slot, price: Price, quantity: Qty) {
        for slot in [buy, sell] {
            let shown = self.store.orders.quantity(slot).min(quantity);
            self.reduce_displayed(slot, shown);
        }
        let [bought, sold] = [buy, sell].map(|slot| *self.store.details(slot));
        let (maker, taker, taker_side) = if bought.arrival < sold.arrival {
            (buy, sell, Side::Sell)
        } else {
            (sell, buy, Side::Buy)
        };
        let traded = Event::Traded {
            instrument: self.market.id,
            maker: self.store.orders.id(maker),
            maker_account: self.store.details(maker).account,
            taker: self.store.orders.id(taker),
            taker_account: self.store.details(taker).account,
            taker_side,
            maker_displayed: false,
            price,
            quantity,
        };
        self.say(traded);
        for slot in [maker, taker] {
            self.fill_in_auction(slot, quantity);
        }
    }

    /// Takes what traded off an order, displayed or not, queued or not.
    fn fill_in_auction(&mut self, slot: Slot, quantity: Qty) {
        let shown = self.store.orders.quantity(slot);
        let remaining = self.store.remaining(slot) - quantity;
        let side = self.store.orders.side(slot);
        if self.store.orders.mark(slot) & flag::LINKED != 0 {
            self.touch_link(slot);
        }
        self.market.live[side as usize] -= quantity;
        self.market.pending.book_moved = true;
        if remaining.is_zero() {
            self.leave(slot, Qty::ZERO);
        } else if self.store.orders.queue(slot).is_none() {
            self.store.orders.set_quantity(slot, remaining);
        } else if quantity < shown {
            self.market.sides.reduce(&mut self.store.orders, slot, quantity);
        } else {
            self.store.conditions_mut(slot).reserve -= quantity - shown;
            let replenished = self.replenish(slot);
            assert!(
                replenished,
                "an order that shows nothing more and goes on has a reserve"
            );
        }
    }

    /// Cancels what was for this auction only: rule 8.6.
    pub(super) fn drop_auction_orders(&mut self) {
        for side in Side::BOTH {
            let mut dropped: Vec<(u64, Slot, CancelReason)> = Vec::new();
            for (&arrival, &slot) in &self.market.auction.markets[side as usize] {
                if !self.market.for_auction.contains_key(&arrival) {
                    dropped.push((arrival, slot, CancelReason::NoLiquidity));
                }
            }
            for (&arrival, &slot) in &self.market.for_auction {
                let joined = self.waits(slot) != Some(WaitsFor::Auction);
                if joined && self.store.orders.side(slot) == side {
                    dropped.push((arrival, slot, CancelReason::Closed));
                }
            }
            dropped.sort_unstable_by_key(|(arrival, ..)| *arrival);
            for (_, slot, reason) in dropped {
                self.cancel(slot, reason);
            }
        }
    }

    /// Lets orders that waited for an auction join it, oldest first.
    pub(super) fn join_waiting(&mut self, time_in_force: TimeInForce) {
        let joins = |slot: &Slot| {
            let conditions = self
                .store
                .conditions(*slot)
                .expect("an order for auctions has conditions");
            conditions.time_in_force == time_in_force && conditions.waits == Some(WaitsFor::Auction)
        };
        let joining: Vec<Slot> = self.market.for_auction.values().copied().filter(joins).collect();
        for slot in joining {
            let entry = Entry::again(self.store.conditions(slot));
            self.store.conditions_mut(slot).waits = None;
            self.collect(slot, &entry);
        }
    }
}

/// What would trade at each price of either side, in ascending order of price.
fn candidates(markets: [i64; 2], bids: &[(i64, i64)], asks: &[(i64, i64)]) -> Vec<Candidate> {
    let mut prices: Vec<i64> = bids.iter().chain(asks).map(|(price, _)| *price).collect();
    prices.sort_unstable();
    prices.dedup();
    let mut demand = markets[0] + bids.iter().map(|(_, quantity)| quantity).sum::<i64>();
    let mut supply = markets[1];
    let mut falling = bids.iter().rev().peekable();
    let mut rising = asks.iter().peekable();
    let at = |price: i64| {
        while let Some((_, quantity)) = falling.next_if(|(bid, _)| *bid < price) {
            demand -= quantity;
        }
        while let Some((_, quantity)) = rising.next_if(|(ask, _)| *ask <= price) {
            supply += quantity;
        }
        Candidate {
            price,
            demand,
            supply,
        }
    };
    prices.into_iter().map(at).collect()
}
