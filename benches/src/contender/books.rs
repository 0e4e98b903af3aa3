use super::market::{ORDERS_MAX, naming};
use super::{Contender, Tally, Terms};
use crate::workload::{Command, Header, Kind, Workload};
use engine_core::{OrderBook, OrderId, Price, Qty, Side};
use std::collections::HashMap;

/// [`OrderBook`] of this workspace, one for each symbol, with the simplest matching around it.
pub struct Books<const ASSIGNED: bool> {
    pub(super) books: Vec<OrderBook>,
}

impl<const ASSIGNED: bool> Contender for Books<ASSIGNED> {
    const NAME: &'static str = if ASSIGNED { "book" } else { "book-u64" };
    const NOTE: Option<&'static str> =
        Some("resting orders only: no rules, no events; the replay itself matches");
    const TERMS: Terms = if ASSIGNED {
        Terms::BookIds
    } else {
        Terms::BookAnyIds
    };

    fn new(header: &Header) -> Self {
        Self {
            books: (0..header.symbols)
                .map(|_| OrderBook::new(naming(ASSIGNED), ORDERS_MAX))
                .collect(),
        }
    }

    #[inline]
    fn apply(&mut self, command: &Command, tally: &mut Tally) {
        self.perform(command, tally);
    }
}

impl<const ASSIGNED: bool> Books<ASSIGNED> {
    /// Does what a command asks for and returns the id by which its order is known from now on.
    #[inline]
    fn perform(&mut self, command: &Command, tally: &mut Tally) -> OrderId {
        let book = &mut self.books[usize::from(command.symbol)];
        let id = OrderId::new(command.id);
        let done = match command.kind {
            Kind::Add | Kind::Ioc => {
                let left = take(book, command, tally);
                if command.kind == Kind::Ioc || left.is_zero() {
                    return id;
                }
                return Self::rest(book, command, left, tally);
            }
            Kind::Reprice => {
                if book.remove(id).is_none() {
                    tally.reject();
                }
                return Self::rest(book, command, Qty::new(u64::from(command.quantity)), tally);
            }
            Kind::Cancel => book.remove(id).is_some(),
            Kind::Reduce => book.reduce(id, Qty::new(u64::from(command.quantity))).is_ok(),
        };
        if !done {
            tally.reject();
        }
        id
    }

    #[inline]
    fn rest(book: &mut OrderBook, command: &Command, quantity: Qty, tally: &mut Tally) -> OrderId {
        let (id, price) = (OrderId::new(command.id), Price::new(command.price));
        let rested = if ASSIGNED {
            book.insert(command.side, price, quantity, ())
        } else {
            book.insert_as(id, command.side, price, quantity, ()).map(|()| id)
        };
        rested.unwrap_or_else(|_| {
            tally.reject();
            id
        })
    }

    /// Rewrites a workload: the ids are those of the books, and a reduce says by how much.
    pub(super) fn rehearse(workload: &mut Workload) {
        let mut rehearsed = Self::new(&workload.header);
        let mut tally = Tally::default();
        let mut given: HashMap<u64, OrderId> = HashMap::new();
        for command in &mut workload.commands {
            let original = command.id;
            if let Some(id) = given.get(&original) {
                command.id = id.get();
            }
            if command.kind == Kind::Reduce {
                let resting = rehearsed.books[usize::from(command.symbol)].get(OrderId::new(command.id));
                let quantity = resting.map_or(Qty::ZERO, |order| order.quantity);
                command.quantity = quantity.lots() as u32 - command.quantity;
            }
            given.insert(original, rehearsed.perform(command, &mut tally));
        }
        workload.header.max_id = workload
            .commands
            .iter()
            .map(|command| command.id)
            .max()
            .unwrap_or(0);
    }
}

/// Trades with everything within the limit and returns what is left.
#[inline]
fn take(book: &mut OrderBook, command: &Command, tally: &mut Tally) -> Qty {
    let makers = command.side.opposite();
    let mut left = Qty::new(u64::from(command.quantity));
    while !left.is_zero()
        && let Some(price) = book.best(makers)
        && within(command, price)
        && let Some(fill) = book.fill_first(makers, left)
    {
        tally.trade(fill.price.ticks(), fill.quantity.lots());
        left -= fill.quantity;
    }
    left
}

#[inline]
fn within(taker: &Command, price: Price) -> bool {
    match taker.side {
        Side::Buy => price.ticks() <= taker.price,
        Side::Sell => price.ticks() >= taker.price,
    }
}
