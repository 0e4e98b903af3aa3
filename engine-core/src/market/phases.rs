//! Trading phases and what leaving and entering them does: rules 8.1 and 8.7 to 8.10.

use super::floor::Floor;
use super::store::WaitsFor;
use crate::book::Slot;
use crate::command::{Phase, TimeInForce};
use crate::event::{CancelReason, Event, RejectReason, Request};
use crate::types::{OrderId, Side, Timestamp};

impl Floor<'_> {
    /// Carries out a change of phase.
    pub(crate) fn set_phase(&mut self, phase: Phase) {
        if phase == self.market.phase {
            return self.refuse(Request::SetPhase, OrderId::new(0), None, RejectReason::SamePhase);
        }
        match phase {
            Phase::Continuous => self.trade_continuously(),
            Phase::Auction => self.begin_auction(),
            Phase::Halted => self.change_phase(Phase::Halted),
            Phase::Closed => self.close(),
        }
        self.come_to_rest();
    }

    /// Ends the auction that is on.
    pub(crate) fn end_auction(&mut self) {
        if self.market.phase != Phase::Auction {
            return self.refuse(Request::Uncross, OrderId::new(0), None, RejectReason::NoAuction);
        }
        self.trade_continuously();
        self.come_to_rest();
    }

    /// Rule 8.7.
    fn trade_continuously(&mut self) {
        self.uncross();
        self.drop_auction_orders();
        self.change_phase(Phase::Continuous);
        self.market.pending.seen = None;
        let pending = &mut self.market.pending;
        (pending.queued, pending.trigger_moved, pending.book_moved) = (true, true, true);
    }

    /// Rule 8.9.
    fn begin_auction(&mut self) {
        self.change_phase(Phase::Auction);
        self.join_waiting(TimeInForce::AtOpen);
    }

    /// Rule 3.6: an auction because of a price that jumps, which ends by itself if the spec says when.
    pub(super) fn begin_volatility_auction(&mut self) {
        self.unelect();
        self.begin_auction();
        let lasts = self.market.spec.terms().volatility_auction_ns;
        self.set_auction_end(lasts.map(|nanos| self.now.saturating_add_nanos(nanos)));
    }

    fn set_auction_end(&mut self, end: Option<Timestamp>) {
        let before = std::mem::replace(&mut self.market.auction.ends, end);
        self.store.set_auction_end(self.market.id, before, end);
    }

    /// Rule 8.8.
    fn close(&mut self) {
        if self.market.phase == Phase::Auction {
            self.join_waiting(TimeInForce::AtClose);
        }
        self.uncross();
        self.drop_auction_orders();
        self.end_orders(CancelReason::Expired, |time_in_force| {
            time_in_force == TimeInForce::Day
        });
        self.end_orders(CancelReason::Closed, |time_in_force| {
            time_in_force == TimeInForce::AtClose
        });
        self.end_orders(CancelReason::Closed, |time_in_force| {
            time_in_force == TimeInForce::AtOpen
        });
        self.change_phase(Phase::Closed);
    }

    fn change_phase(&mut self, phase: Phase) {
        self.market.phase = phase;
        self.set_auction_end(None);
        self.market.auction.said = super::auction::Outcome::default();
        self.say(Event::PhaseChanged {
            instrument: self.market.id,
            phase,
        });
    }

    /// Cancels the instrument's orders with such a time in force, buys before sells, oldest first.
    fn end_orders(&mut self, reason: CancelReason, ends: impl Fn(TimeInForce) -> bool) {
        let instrument = self.market.id;
        let chosen = |slot: &Slot| {
            self.store.details(*slot).instrument == instrument
                && self
                    .store
                    .conditions(*slot)
                    .is_some_and(|conditions| ends(conditions.time_in_force))
        };
        let mut ending: Vec<Slot> = self.store.orders.iter().filter(chosen).collect();
        ending.sort_unstable_by_key(|slot| {
            (
                self.store.orders.side(*slot) == Side::Sell,
                self.store.details(*slot).arrival,
            )
        });
        for slot in ending {
            self.cancel(slot, reason);
        }
    }

    /// What a live order waits for, if it does.
    pub(super) fn waits(&self, slot: Slot) -> Option<WaitsFor> {
        self.store
            .conditions(slot)
            .and_then(|conditions| conditions.waits)
    }
}
