//! A trader's own orders, followed through events.

use engine_core::{
    AccountId, Asked, Command, Event, OrderId, OrderKind, OrderRef, Place, Price, Qty, RejectReason, Request,
    Side, Timestamp,
};

/// After this time without an answer a command counts as lost, as it does when a queue was full.
const ANSWER_NS_MAX: u64 = 10_000_000_000;

/// An own order that is open, or asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenOrder {
    /// Its id, once it was accepted.
    pub id: Option<OrderId>,
    /// Buy or sell.
    pub side: Side,
    /// Its limit; a market order has none.
    pub price: Option<Price>,
    /// Its total quantity, the filled part included.
    pub quantity: Qty,
    /// What is left of it.
    pub remaining: Qty,
    /// Since when an answer about it is waited for.
    asked: Option<Timestamp>,
}

impl OpenOrder {
    /// Whether a command about it was sent and has not been answered.
    pub fn is_waiting(&self) -> bool {
        self.asked.is_some()
    }

    /// How much of it has traded.
    pub fn filled(&self) -> Qty {
        self.quantity.saturating_sub(self.remaining)
    }
}

/// The orders and the position of one account in one instrument.
#[derive(Clone, Debug)]
pub(crate) struct OwnOrders {
    pub(crate) account: AccountId,
    pub(crate) open: Vec<OpenOrder>,
    /// Bought less sold, in lots.
    pub(crate) position: i64,
}

impl OwnOrders {
    pub(crate) fn new(account: AccountId) -> Self {
        Self {
            account,
            open: Vec::new(),
            position: 0,
        }
    }

    /// Remembers what was asked for.
    pub(crate) fn ask(&mut self, command: &Command, now: Timestamp) {
        match command {
            Command::Place(place) => self.open.push(OpenOrder {
                id: None,
                side: place.side,
                price: limit(place),
                quantity: place.quantity,
                remaining: place.quantity,
                asked: Some(now),
            }),
            Command::Cancel(cancel) => self.ask_about(cancel.order, now),
            Command::Amend(amend) => self.ask_about(amend.order, now),
            _ => {}
        }
    }

    fn ask_about(&mut self, order: OrderRef, now: Timestamp) {
        if let OrderRef::Id(id) = order
            && let Some(open) = self.find(id)
        {
            open.asked = Some(now);
        }
    }

    /// Stops waiting for answers that will not come.
    pub(crate) fn give_up(&mut self, now: Timestamp) {
        let is_late = |asked: Timestamp| asked.saturating_add_nanos(ANSWER_NS_MAX) < now;
        self.open
            .retain(|open| open.id.is_some() || !open.asked.is_some_and(is_late));
        for open in &mut self.open {
            open.asked = open.asked.filter(|asked| !is_late(*asked));
        }
    }

    /// Takes in an event of the instrument.
    pub(crate) fn observe(&mut self, event: &Event) {
        let own = Some(self.account);
        match *event {
            Event::Accepted {
                order,
                account,
                side,
                price,
                quantity,
                ..
            } if account == own => self.accepted(order, side, price, quantity),
            Event::Rejected {
                order,
                account,
                request,
                reason,
                asked,
                ..
            } if account == own => self.rejected(order, request, reason, asked),
            Event::Traded { .. } => self.traded(event),
            Event::Cancelled { order, account, .. } if account == own => {
                self.open.retain(|open| open.id != Some(order));
            }
            Event::Amended {
                order,
                account,
                price,
                quantity,
                ..
            } if account == own => self.amended(order, price, quantity),
            Event::Decremented {
                order, account, by, ..
            } if account == own => self.reduce(order, by),
            _ => {}
        }
    }

    /// An order that nobody here remembers to have asked for is taken over: it was given up too early.
    fn accepted(&mut self, id: OrderId, side: Side, price: Option<Price>, quantity: Qty) {
        let is_it = |open: &OpenOrder| {
            open.id.is_none() && open.side == side && open.price == price && open.quantity == quantity
        };
        let accepted = OpenOrder {
            id: Some(id),
            side,
            price,
            quantity,
            remaining: quantity,
            asked: None,
        };
        match self.open.iter_mut().find(|open| is_it(open)) {
            Some(open) => *open = accepted,
            None => self.open.push(accepted),
        }
    }

    fn rejected(&mut self, order: OrderId, request: Request, reason: RejectReason, asked: Option<Asked>) {
        match (request, asked) {
            (Request::Place, Some(asked)) => {
                let refused = self.open.iter().position(|open| {
                    open.id.is_none()
                        && (open.side, open.price, open.quantity) == (asked.side, asked.price, asked.quantity)
                });
                if let Some(at) = refused {
                    self.open.remove(at);
                }
            }
            (Request::Cancel | Request::Amend, _) if reason == RejectReason::OrderNotFound => {
                self.open.retain(|open| open.id != Some(order));
            }
            _ => {
                if let Some(open) = self.find(order) {
                    open.asked = None;
                }
            }
        }
    }

    fn traded(&mut self, event: &Event) {
        let Event::Traded {
            maker,
            maker_account,
            taker,
            taker_account,
            taker_side,
            quantity,
            ..
        } = *event
        else {
            return;
        };
        // A quantity is at most `Qty::MAX`, which fits.
        let lots = quantity.lots() as i64;
        for (order, account, side) in [
            (maker, maker_account, taker_side.opposite()),
            (taker, taker_account, taker_side),
        ] {
            if account == Some(self.account) {
                self.position += if side == Side::Buy { lots } else { -lots };
                self.reduce(order, quantity);
            }
        }
    }

    fn amended(&mut self, order: OrderId, price: Option<Price>, quantity: Qty) {
        if let Some(open) = self.find(order) {
            let filled = open.filled();
            open.price = price;
            open.quantity = quantity;
            open.remaining = quantity.saturating_sub(filled);
            open.asked = None;
        }
    }

    fn reduce(&mut self, order: OrderId, by: Qty) {
        if let Some(open) = self.find(order) {
            open.remaining = open.remaining.saturating_sub(by);
            if open.remaining.is_zero() {
                self.open.retain(|open| open.id != Some(order));
            }
        }
    }

    fn find(&mut self, order: OrderId) -> Option<&mut OpenOrder> {
        self.open.iter_mut().find(|open| open.id == Some(order))
    }
}

fn limit(place: &Place) -> Option<Price> {
    match place.kind {
        OrderKind::Limit { price } => Some(price),
        _ => None,
    }
}
