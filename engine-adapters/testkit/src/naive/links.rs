//! What follows from a command: linked orders, pegs, all-or-none orders, stops, until nothing more does.

use engine_core::{CancelReason, Event, InstrumentId, OrderId, Qty};

use super::NaiveEngine;
use super::order::{Link, State};

/// What follows from something that happened to a linked order (9).
#[derive(Clone, Debug)]
pub(super) enum Consequence {
    /// One of two has traded or is over: the other is cancelled (9.2).
    CancelOther(OrderId),
    /// The entry of these exits is over (9.3).
    EntryOver { exits: Vec<OrderId>, traded: Qty },
}

impl NaiveEngine {
    /// Does what is left to do in an instrument, in the order in which 7.3 and 8.7 name it, beginning again after
    /// each thing done.
    pub(super) fn settle(&mut self, at: InstrumentId) {
        loop {
            if !self.market(at).consequences.is_empty() {
                let consequence = self.market_mut(at).consequences.remove(0);
                self.follow(consequence);
                continue;
            }
            if !self.is_continuous(at) {
                return;
            }
            if self.place_pegs(at) || self.try_all_or_none(at) || self.elect_and_set_off(at) {
                continue;
            }
            return;
        }
    }

    pub(super) fn settle_all(&mut self) {
        for at in self.instruments() {
            self.settle(at);
        }
    }

    fn follow(&mut self, consequence: Consequence) {
        match consequence {
            Consequence::CancelOther(other) => self.cancel_linked(other),
            Consequence::EntryOver { exits, traded } => self.end_entry(&exits, traded),
        }
    }

    /// Does only what cancels orders and leaves the arming of exits for later: between the cancels of one
    /// command, and before a phase ends.
    pub(super) fn cancel_what_is_linked(&mut self, at: InstrumentId) {
        let mut later = Vec::new();
        while !self.market(at).consequences.is_empty() {
            let consequence = self.market_mut(at).consequences.remove(0);
            match &consequence {
                Consequence::EntryOver { traded, .. } if !traded.is_zero() => later.push(consequence),
                _ => self.follow(consequence),
            }
        }
        self.market_mut(at).consequences = later;
    }

    /// 9.3: the exits are armed with what the entry traded.
    fn end_entry(&mut self, exits: &[OrderId], traded: Qty) {
        let live: Vec<OrderId> = exits.iter().copied().filter(|exit| self.is_live(*exit)).collect();
        if traded.is_zero() {
            for exit in live {
                self.cancel_linked(exit);
            }
            return;
        }
        for exit in &live {
            self.arm(*exit, traded);
        }
        match live[..] {
            [first, second] => {
                self.link_pair(first, second);
                self.enter_pair(first, second);
            }
            [alone] => self.enter(alone),
            _ => {}
        }
    }

    fn arm(&mut self, id: OrderId, quantity: Qty) {
        let arrival = self.next_arrival();
        let order = self.order_mut(id);
        order.arrival = arrival;
        order.total = quantity;
        order.state = State::Entering;
        let (instrument, account) = (order.instrument(), order.place.account);
        self.events.push(Event::Armed {
            instrument,
            order: id,
            account,
            quantity,
        });
    }

    /// Counts what an order traded; if another is linked to it, that one is to be cancelled (9.2).
    pub(super) fn count_trade(&mut self, id: OrderId, quantity: Qty) {
        self.order_mut(id).traded += quantity;
        self.note_for_other(id);
    }

    fn note_for_other(&mut self, id: OrderId) {
        let order = self.order(id);
        let at = order.instrument();
        if let Link::Other(other) = order.link {
            self.unlink(id);
            let consequences = &mut self.market_mut(at).consequences;
            consequences.push(Consequence::CancelOther(other));
        }
    }

    /// Takes the link between two orders away.
    pub(super) fn unlink(&mut self, id: OrderId) {
        if let Link::Other(other) = std::mem::replace(&mut self.order_mut(id).link, Link::None)
            && self.is_live(other)
        {
            self.order_mut(other).link = Link::None;
        }
    }

    /// Cancels an order because of another, if it still lives.
    pub(super) fn cancel_linked(&mut self, id: OrderId) {
        if self.is_live(id) {
            self.unlink(id);
            self.cancel(id, CancelReason::Linked);
        }
    }

    /// The one way out: the order is over, and what is linked to it will follow.
    pub(super) fn close(&mut self, id: OrderId) {
        self.note_for_other(id);
        let order = self.order(id);
        let (at, traded) = (order.instrument(), order.traded);
        if let Link::Entry(exits) = order.link.clone() {
            let consequences = &mut self.market_mut(at).consequences;
            consequences.push(Consequence::EntryOver { exits, traded });
        }
        self.orders.retain(|order| order.id() != id);
    }

    pub(super) fn cancel(&mut self, id: OrderId, reason: CancelReason) {
        let remaining = self.order(id).remaining();
        self.say_cancelled(id, remaining, reason);
        self.close(id);
    }

    pub(super) fn say_cancelled(&mut self, id: OrderId, remaining: Qty, reason: CancelReason) {
        let order = self.order(id);
        let event = Event::Cancelled {
            instrument: order.instrument(),
            order: id,
            account: order.place.account,
            side: order.side(),
            remaining,
            displayed: order.displayed(),
            reason,
        };
        self.events.push(event);
    }
}
