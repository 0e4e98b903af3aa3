//! Phases: what belongs to leaving one and to entering another (8).

use engine_core::{
    CancelReason, Event, InstrumentId, OrderId, Phase, RejectReason, Request, SetPhase, Side, TimeInForce,
};

use super::NaiveEngine;
use super::order::{Form, Order, State};

impl NaiveEngine {
    /// 8.1, 8.7 to 8.9
    pub(super) fn set_phase(&mut self, set: &SetPhase) {
        let SetPhase {
            instrument: at,
            phase,
        } = *set;
        if !self.has(at) {
            return self.refuse_market(Request::SetPhase, Some(at), RejectReason::UnknownInstrument);
        }
        if self.market(at).phase == phase {
            return self.refuse_market(Request::SetPhase, Some(at), RejectReason::SamePhase);
        }
        match phase {
            Phase::Continuous => self.begin_continuous(at),
            Phase::Auction => self.begin_auction(at),
            Phase::Halted => self.change_phase(at, Phase::Halted),
            Phase::Closed => self.begin_closed(at),
        }
    }

    pub(super) fn uncross_by_command(&mut self, at: InstrumentId) {
        if !self.has(at) {
            return self.refuse_market(Request::Uncross, Some(at), RejectReason::UnknownInstrument);
        }
        if self.market(at).phase != Phase::Auction {
            return self.refuse_market(Request::Uncross, Some(at), RejectReason::NoAuction);
        }
        self.begin_continuous(at);
    }

    /// 8.7; what comes after `PhaseChanged` is 4.6.
    pub(super) fn begin_continuous(&mut self, at: InstrumentId) {
        self.uncross(at);
        self.end_auction_orders(at);
        self.change_phase(at, Phase::Continuous);
        let market = self.market_mut(at);
        market.liquidity_rested = true;
        market.traded_at.clear(); // 7.1
    }

    /// 8.9; `Indicative` is said when all has come to rest.
    pub(super) fn begin_auction(&mut self, at: InstrumentId) {
        self.change_phase(at, Phase::Auction);
        self.market_mut(at).said = (None, engine_core::Qty::ZERO, 0);
        self.join_auction(at, TimeInForce::AtOpen);
    }

    /// 8.8
    fn begin_closed(&mut self, at: InstrumentId) {
        match self.market(at).phase {
            Phase::Auction => {
                self.join_auction(at, TimeInForce::AtClose);
                self.uncross(at);
                self.end_auction_orders(at);
            }
            Phase::Halted => {
                self.uncross(at);
                self.end_auction_orders(at);
            }
            Phase::Continuous | Phase::Closed => {}
        }
        self.cancel_side_by_side(at, CancelReason::Expired, |order| {
            order.place.time_in_force == TimeInForce::Day
        });
        self.cancel_side_by_side(at, CancelReason::Closed, |order| {
            order.place.time_in_force == TimeInForce::AtClose
        });
        self.cancel_side_by_side(at, CancelReason::Closed, |order| {
            order.place.time_in_force == TimeInForce::AtOpen
        });
        self.change_phase(at, Phase::Closed);
    }

    fn change_phase(&mut self, instrument: InstrumentId, phase: Phase) {
        self.forget_elections(instrument);
        let market = self.market_mut(instrument);
        market.phase = phase;
        market.auction_until = None;
        self.events.push(Event::PhaseChanged { instrument, phase });
    }

    /// 8.2: orders that waited for this auction join, the oldest first.
    fn join_auction(&mut self, at: InstrumentId, time_in_force: TimeInForce) {
        let waiting = self.by_arrival(|order| {
            order.instrument() == at
                && order.state == State::ForAuction
                && order.place.time_in_force == time_in_force
        });
        for id in waiting {
            let order = self.order_mut(id);
            match (order.form(), order.limit) {
                (Form::Market, _) => order.state = State::MarketInAuction,
                (_, Some(limit)) => self.enqueue(id, limit),
                _ => unreachable!("only limit and market orders wait for an auction"),
            }
        }
    }

    /// 8.6: what was for this auction only ends; of each side the oldest first.
    fn end_auction_orders(&mut self, at: InstrumentId) {
        for side in Side::BOTH {
            let ending = self.by_arrival(|order| {
                let for_this = matches!(
                    order.place.time_in_force,
                    TimeInForce::AtOpen | TimeInForce::AtClose
                );
                (order.instrument(), order.side()) == (at, side)
                    && order.is_in_auction()
                    && (for_this || order.state == State::MarketInAuction)
            });
            for id in ending {
                let reason = match self.order(id).place.time_in_force {
                    TimeInForce::AtOpen | TimeInForce::AtClose => CancelReason::Closed,
                    _ => CancelReason::NoLiquidity,
                };
                self.cancel(id, reason);
            }
        }
    }

    fn cancel_side_by_side(
        &mut self,
        at: InstrumentId,
        reason: CancelReason,
        is_so: impl Fn(&Order) -> bool,
    ) {
        let mut ids: Vec<OrderId> = Vec::new();
        for side in Side::BOTH {
            ids.extend(
                self.by_arrival(|order| (order.instrument(), order.side()) == (at, side) && is_so(order)),
            );
        }
        self.cancel_each(&ids, reason);
    }
}
