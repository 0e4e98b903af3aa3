use super::{Contender, Tally};
use crate::workload::{Command, Header, Kind};
use lobster::{FillMetadata, OrderBook, OrderEvent, OrderType, Side};

/// The crate `lobster`: B-trees of prices, vectors of orders, ids that the caller chooses.
pub struct Lobster {
    books: Vec<OrderBook>,
}

impl Contender for Lobster {
    const NAME: &'static str = "lobster";
    const EXACT: bool = false;
    const NOTE: Option<&'static str> = Some(
        "has no IOC, reduce or reprice: a limit order and a cancel of its rest, a cancel and an add stand in; \
         a reduced order so loses its place, hence another traded quantity",
    );

    fn new(header: &Header) -> Self {
        Self {
            books: (0..header.symbols).map(|_| OrderBook::default()).collect(),
        }
    }

    fn apply(&mut self, command: &Command, tally: &mut Tally) {
        let book = &mut self.books[usize::from(command.symbol)];
        match command.kind {
            Kind::Add => {
                enter(book, command, tally);
            }
            Kind::Ioc => {
                if enter(book, command, tally) == Rest::Resting {
                    cancel(book, command);
                }
            }
            Kind::Cancel => cancel(book, command),
            Kind::Reduce | Kind::Reprice => {
                cancel(book, command);
                enter(book, command, tally);
            }
        }
    }
}

/// Whether anything of an order is in the book after it was entered.
#[derive(PartialEq)]
enum Rest {
    Nothing,
    Resting,
}

fn enter(book: &mut OrderBook, command: &Command, tally: &mut Tally) -> Rest {
    let side = match command.side {
        engine_core::Side::Buy => Side::Bid,
        engine_core::Side::Sell => Side::Ask,
    };
    let event = book.execute(OrderType::Limit {
        id: u128::from(command.id),
        side,
        qty: u64::from(command.quantity),
        price: command.price.cast_unsigned(),
    });
    match event {
        OrderEvent::Filled { fills, .. } => {
            count(&fills, tally);
            Rest::Nothing
        }
        OrderEvent::PartiallyFilled { fills, .. } => {
            count(&fills, tally);
            Rest::Resting
        }
        OrderEvent::Placed { .. } | OrderEvent::Unfilled { .. } | OrderEvent::Canceled { .. } => {
            Rest::Resting
        }
    }
}

fn cancel(book: &mut OrderBook, command: &Command) {
    // The answer is the same whether there was such an order or not.
    book.execute(OrderType::Cancel {
        id: u128::from(command.id),
    });
}

fn count(fills: &[FillMetadata], tally: &mut Tally) {
    for fill in fills {
        tally.trade(fill.price.cast_signed(), fill.qty);
    }
}
