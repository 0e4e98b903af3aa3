//! Taking: a taker meets the makers of the other side, one after the other (3).

use engine_core::{Allocation, CancelReason, Event, InstrumentId, OrderId, Price, Qty, SelfTrade, Side};

use super::NaiveEngine;
use super::admit::is_beyond_band;
use super::order::Form;

/// A taker at work.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taking {
    pub(super) taker: OrderId,
    pub(super) at: InstrumentId,
    pub(super) side: Side,
    pub(super) bound: Bound,
    /// The last trade before the taker entered (3.6).
    pub(super) last_before: Option<Price>,
}

/// How far a taker may go (3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    None,
    Price(Price),
    /// There is nothing to take.
    Nothing,
}

/// Why a taker stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stopped {
    /// The order is over: filled, done, or cancelled.
    Over,
    /// There is no (further) maker that it reaches.
    NothingToTake,
    /// The next trade would be outside the dynamic band.
    OutsideBand,
}

impl Taking {
    pub(super) fn reaches(&self, price: Price) -> bool {
        match self.bound {
            Bound::None => true,
            Bound::Price(bound) => bound.reaches(price, self.side),
            Bound::Nothing => false,
        }
    }
}

impl NaiveEngine {
    /// 3.1: as long as the taker has something left and reaches the first maker.
    pub(super) fn take(&mut self, taking: &Taking) -> Stopped {
        loop {
            let Some(taker) = self.find(taking.taker) else {
                return Stopped::Over;
            };
            let by_quote = taker.form() == Form::ByQuote;
            if by_quote && taker.budget == 0 {
                self.end_by_quote(taking.taker);
                return Stopped::Over;
            }
            if !by_quote && taker.remaining().is_zero() {
                self.close(taking.taker);
                return Stopped::Over;
            }
            let Some((maker, price)) = self.next_maker(taking) else {
                return Stopped::NothingToTake;
            };
            let wanted = self.wanted_at(taking.taker, price);
            if wanted.is_zero() {
                self.end_by_quote(taking.taker);
                return Stopped::Over;
            }
            if self.is_outside_dynamic_band(taking, price) {
                return Stopped::OutsideBand;
            }
            if self.shares_out(taking, maker, price, wanted) {
                self.take_share(taking, price);
            } else if self.prevents(taking, maker) {
                self.prevent_self_trade(taking.taker, maker);
            } else {
                let maker_has = self.order(maker);
                let available = if maker_has.shown().is_zero() {
                    maker_has.remaining()
                } else {
                    maker_has.shown()
                };
                self.trade(taking, maker, wanted.min(available));
                self.replenish_if_used_up(maker);
            }
        }
    }

    /// 3.4: the budget does not buy one more.
    fn end_by_quote(&mut self, id: OrderId) {
        if self.order(id).traded.is_zero() {
            self.cancel(id, CancelReason::NoLiquidity);
        } else {
            self.close(id);
        }
    }

    /// The first maker in priority that the taker reaches; all-or-none makers that it could not fill are passed
    /// by (3.3).
    fn next_maker(&self, taking: &Taking) -> Option<(OrderId, Price)> {
        let makers = self.queued(taking.at, taking.side.opposite()).filter(|maker| {
            let price = maker.queued_at().expect("it is in a queue");
            let passed_by =
                maker.place.all_or_none && self.wanted_at(taking.taker, price) < maker.remaining();
            taking.reaches(price) && !passed_by
        });
        let first = makers.min_by_key(|maker| maker.priority())?;
        Some((first.id(), first.queued_at()?))
    }

    /// 3.6
    pub(super) fn is_outside_dynamic_band(&self, taking: &Taking, price: Price) -> bool {
        let bps = self.market(taking.at).spec.terms().dynamic_band_bps;
        match (bps, taking.last_before) {
            (Some(bps), Some(last)) => is_beyond_band(price, last, bps),
            _ => false,
        }
    }

    /// Whether the level of `maker` is shared out (3.7).
    fn shares_out(&self, taking: &Taking, maker: OrderId, price: Price, wanted: Qty) -> bool {
        let pro_rata = self.market(taking.at).spec.terms().allocation != Allocation::PriceTime;
        let is_displayed = !self.order(maker).shown().is_zero();
        pro_rata && is_displayed && wanted < self.displayed_at(taking.at, taking.side.opposite(), price)
    }

    /// The displayed quantity of a level.
    pub(super) fn displayed_at(&self, at: InstrumentId, side: Side, price: Price) -> Qty {
        let level = self.queued(at, side);
        let shown = level
            .filter(|order| order.queued_at() == Some(price))
            .map(|order| order.shown());
        shown.fold(Qty::ZERO, |sum, shown| sum + shown)
    }

    /// 5.1
    pub(super) fn prevents(&self, taking: &Taking, maker: OrderId) -> bool {
        let taker = self.order(taking.taker);
        taker.place.self_trade != SelfTrade::None && taker.is_own(self.order(maker))
    }

    pub(super) fn note_trade(&mut self, at: InstrumentId, price: Price) {
        self.trades += 1;
        let market = self.market_mut(at);
        market.last_trade = Some(price);
        market.traded_at.push(price);
    }

    /// One trade, at the maker's price. A maker that is used up is over; an iceberg is left for the caller to
    /// replenish.
    pub(super) fn trade(&mut self, taking: &Taking, maker_id: OrderId, quantity: Qty) {
        let maker = self.order(maker_id);
        let price = maker.queued_at().expect("a maker is queued");
        let (maker_account, maker_displayed) = (maker.place.account, !maker.shown().is_zero());
        self.events.push(Event::Traded {
            instrument: taking.at,
            maker: maker_id,
            maker_account,
            taker: taking.taker,
            taker_account: self.order(taking.taker).place.account,
            taker_side: taking.side,
            maker_displayed,
            price,
            quantity,
        });
        self.note_trade(taking.at, price);
        if maker_displayed {
            self.order_mut(maker_id).lower_shown(quantity);
        }
        self.order_mut(maker_id).traded += quantity;
        self.touch(maker_id);
        if self.order(taking.taker).form() == Form::ByQuote {
            self.order_mut(taking.taker).budget -= price.notional(quantity).units(); // 3.4
        }
        // Its own list is touched when it is finished (9.2).
        self.order_mut(taking.taker).traded += quantity;
        if self.order(maker_id).remaining().is_zero() {
            self.close(maker_id);
        }
    }
}
