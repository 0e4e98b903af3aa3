//! Linked orders: what happens to one because of another (9), and how an order ends.

use engine_core::{CancelReason, Event, InstrumentId, OrderId, Qty};

use super::NaiveEngine;
use super::order::{Order, State};

/// Orders that depend on each other.
#[derive(Clone, Debug)]
pub(super) struct List {
    pub(super) number: u64,
    kind: ListKind,
}

#[derive(Clone, Debug)]
enum ListKind {
    /// One cancels other (9.2).
    Pair([OrderId; 2]),
    /// An entry with its unarmed exits (9.3); when the entry is over, how much it traded.
    Bracket {
        entry: OrderId,
        exits: [OrderId; 2],
        over: Option<Qty>,
    },
}

impl NaiveEngine {
    /// 9.2: links two new orders and enters them.
    pub(super) fn begin_pair(&mut self, pair: [OrderId; 2]) {
        self.begin_list(&pair, ListKind::Pair(pair));
        self.enter_pair(pair);
    }

    /// 9.3: links three new orders and enters the first.
    pub(super) fn begin_bracket(&mut self, entry: OrderId, exits: [OrderId; 2]) {
        let kind = ListKind::Bracket {
            entry,
            exits,
            over: None,
        };
        self.begin_list(&[entry, exits[0], exits[1]], kind);
        for exit in exits {
            self.order_mut(exit).state = State::Unarmed;
        }
        self.enter(entry);
    }

    fn begin_list(&mut self, ids: &[OrderId], kind: ListKind) {
        self.lists_begun += 1;
        let number = self.lists_begun;
        for id in ids {
            self.order_mut(*id).list = Some(number);
        }
        self.lists.push(List { number, kind });
    }

    /// Takes the link between orders away.
    fn end_list(&mut self, number: u64) {
        self.lists.retain(|list| list.number != number);
        for order in &mut self.orders {
            if order.list == Some(number) {
                order.list = None;
            }
        }
    }

    /// 9.2: enters two orders of which one cancels the other.
    fn enter_pair(&mut self, [first, second]: [OrderId; 2]) {
        self.enter(first);
        let lives_untraded = self.find(first).is_some_and(|order| order.traded.is_zero());
        if lives_untraded {
            self.enter(second);
        } else {
            self.cancel(second, CancelReason::Linked);
        }
    }

    /// Remembers that an order of a pair traded or is over, or the entry of a bracket is over: of several lists the
    /// one that was touched first comes first (9.3).
    pub(super) fn touch(&mut self, id: OrderId) {
        let order = self.order(id);
        let (at, number) = (order.instrument(), order.list);
        let list = self.lists.iter().find(|list| Some(list.number) == number);
        let has_consequences = match list.map(|list| &list.kind) {
            Some(ListKind::Pair(_)) => true,
            Some(ListKind::Bracket { over, .. }) => over.is_some(),
            None => false,
        };
        let touched = &mut self.market_mut(at).touched;
        if let Some(number) = number.filter(|number| has_consequences && !touched.contains(number)) {
            touched.push(number);
        }
    }

    /// 4.6, step 1, for the list that was touched first; whether there was one.
    pub(super) fn follow_links(&mut self, at: InstrumentId) -> bool {
        if self.market(at).touched.is_empty() {
            return false;
        }
        let number = self.market_mut(at).touched.remove(0);
        let list = self.lists.iter().find(|list| list.number == number).cloned();
        match list.map(|list| list.kind) {
            Some(ListKind::Pair(pair)) => self.follow_pair(number, pair),
            Some(ListKind::Bracket {
                exits,
                over: Some(traded),
                ..
            }) => self.follow_bracket(number, exits, traded),
            _ => {}
        }
        true
    }

    /// 9.2: if one has traded or is over, the other is cancelled.
    fn follow_pair(&mut self, number: u64, pair: [OrderId; 2]) {
        let lives = |id: &OrderId| self.find(*id).is_some_and(|order| order.list == Some(number));
        let live: Vec<OrderId> = pair.into_iter().filter(lives).collect();
        let untraded: Vec<OrderId> = live
            .iter()
            .copied()
            .filter(|id| self.order(*id).traded.is_zero())
            .collect();
        let nothing_happened = untraded.len() == 2;
        if nothing_happened {
            return;
        }
        self.end_list(number);
        for id in untraded {
            self.cancel(id, CancelReason::Linked);
        }
    }

    /// 9.3: the entry is over; the exits are armed with what it traded.
    fn follow_bracket(&mut self, number: u64, exits: [OrderId; 2], traded: Qty) {
        let lives = |id: &OrderId| self.find(*id).is_some_and(|order| order.list == Some(number));
        let live: Vec<OrderId> = exits.into_iter().filter(lives).collect();
        self.end_list(number);
        if traded.is_zero() {
            for exit in live {
                self.cancel(exit, CancelReason::Linked);
            }
            return;
        }
        for exit in &live {
            self.arm(*exit, traded);
        }
        match live[..] {
            [first, second] => self.begin_pair([first, second]),
            [alone] => self.enter(alone),
            _ => {}
        }
    }

    /// With what the entry traded, or its own quantity if it was amended to less.
    fn arm(&mut self, id: OrderId, traded: Qty) {
        let arrival = self.next_arrival();
        let best = self.trigger_price(self.order(id).instrument());
        let order = self.order_mut(id);
        order.arrival = arrival;
        let quantity = traded.min(order.total);
        order.total = quantity;
        order.trail_best = best;
        order.state = State::Entering;
        let (instrument, account) = (order.instrument(), order.place.account);
        self.events.push(Event::Armed {
            instrument,
            order: id,
            account,
            quantity,
        });
    }

    /// 9.2: one of two was set off, so the other is cancelled at once.
    pub(super) fn cancel_other(&mut self, id: OrderId) {
        let Some(number) = self.order(id).list else {
            return;
        };
        let list = self.lists.iter().find(|list| list.number == number);
        if let Some(ListKind::Pair(pair)) = list.map(|list| list.kind.clone()) {
            self.end_list(number);
            for other in pair.into_iter().filter(|other| *other != id) {
                self.cancel(other, CancelReason::Linked);
            }
        }
    }

    /// The one way out: the order is over, and what is linked to it will follow.
    pub(super) fn close(&mut self, id: OrderId) {
        let Order { list, traded, .. } = self.order(id);
        let (list, traded) = (*list, *traded);
        for other in &mut self.lists {
            if let ListKind::Bracket { entry, over, .. } = &mut other.kind
                && Some(other.number) == list
                && *entry == id
            {
                *over = Some(traded);
            }
        }
        self.touch(id);
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
