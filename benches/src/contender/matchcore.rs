use super::{Contender, Tally};
use crate::workload;
use crate::workload::{Header, Kind};
use matchcore::{
    AmendCmd, AmendPatch, CancelCmd, Command, CommandKind, CommandMeta, CommandOutcome, CommandReport,
    LimitOrder, LimitOrderPatch, NewOrder, OrderBook, OrderFlags, OrderId, OrderKind, Price, Quantity,
    QuantityPolicy, SequenceNumber, Side, SubmitCmd, TimeInForce, Timestamp,
};

/// The crate `matchcore`: B-trees of prices, hashed orders, ids that the book gives out.
pub struct Matchcore {
    books: Vec<Numbered>,
    /// What each order of the workload is called in its book, and where it rests.
    orders: Vec<(OrderId, i64)>,
}

impl Contender for Matchcore {
    const NAME: &'static str = "matchcore";
    const NOTE: Option<&'static str> = Some(
        "this version trades through the limit of an order that crosses; an order that finds less than it asks \
         for is therefore entered as two, the first of which asks for what is there",
    );

    fn new(header: &Header) -> Self {
        let book = |_| Numbered {
            book: OrderBook::new("workload"),
            next: SequenceNumber(0),
        };
        Self {
            books: (0..header.symbols).map(book).collect(),
            orders: vec![(OrderId(0), 0); header.max_id as usize + 1],
        }
    }

    fn apply(&mut self, command: &workload::Command, tally: &mut Tally) {
        let book = &mut self.books[usize::from(command.symbol)];
        let order = &mut self.orders[command.id as usize];
        let (id, price_before) = *order;
        match command.kind {
            Kind::Add | Kind::Ioc => *order = (enter(book, command, tally), command.price),
            Kind::Cancel => book.cancel(id, tally),
            Kind::Reduce => book.amend(id, LimitOrderPatch::new(), command.quantity, tally),
            // An amended order at an unchanged price would keep its place.
            Kind::Reprice if command.price == price_before => {
                book.cancel(id, tally);
                order.0 = book.submit(command, command.quantity, tally);
            }
            Kind::Reprice => {
                let patch = LimitOrderPatch::new().with_price(price(command));
                book.amend(id, patch, command.quantity, tally);
                order.1 = command.price;
            }
        }
    }
}

/// Enters a new order, as two where one would trade beyond its limit, and returns the id of what may rest.
fn enter(book: &mut Numbered, command: &workload::Command, tally: &mut Tally) -> OrderId {
    let traded = command.traded as u32;
    if traded == 0 || traded == command.quantity {
        return book.submit(command, command.quantity, tally);
    }
    let id = book.submit(command, traded, tally);
    match command.kind {
        Kind::Add => book.submit(command, command.quantity - traded, tally),
        _ => id,
    }
}

/// A book and the number that it wants to see next.
struct Numbered {
    book: OrderBook,
    next: SequenceNumber,
}

impl Numbered {
    /// Enters a limit order and returns its id, which is the number of the command.
    fn submit(&mut self, command: &workload::Command, quantity: u32, tally: &mut Tally) -> OrderId {
        let id = OrderId::from(self.next);
        let side = match command.side {
            engine_core::Side::Buy => Side::Buy,
            engine_core::Side::Sell => Side::Sell,
        };
        let lives = if command.kind == Kind::Ioc {
            TimeInForce::Ioc
        } else {
            TimeInForce::Gtc
        };
        let flags = OrderFlags::new(side, false, lives);
        let order = NewOrder::Limit(LimitOrder::new(price(command), policy(quantity), flags));
        self.execute(CommandKind::Submit(SubmitCmd { order }), tally);
        id
    }

    fn cancel(&mut self, order_id: OrderId, tally: &mut Tally) {
        let cancel = CancelCmd {
            order_id,
            order_kind: OrderKind::Limit,
        };
        self.execute(CommandKind::Cancel(cancel), tally);
    }

    fn amend(&mut self, order_id: OrderId, patch: LimitOrderPatch, quantity: u32, tally: &mut Tally) {
        let patch = AmendPatch::Limit(patch.with_quantity_policy(policy(quantity)));
        self.execute(CommandKind::Amend(AmendCmd { order_id, patch }), tally);
    }

    fn execute(&mut self, kind: CommandKind, tally: &mut Tally) {
        let meta = CommandMeta {
            sequence_number: self.next,
            timestamp: Timestamp(0),
        };
        self.next = self.next.next();
        match self.book.execute(&Command { meta, kind }) {
            CommandOutcome::Applied(CommandReport::Submit(effects) | CommandReport::Amend(effects)) => {
                let trades = effects
                    .target_order()
                    .match_result()
                    .map_or(&[][..], |result| result.trades());
                for trade in trades {
                    tally.trade(trade.price().0.cast_signed(), trade.quantity().0);
                }
            }
            CommandOutcome::Applied(CommandReport::Cancel) => {}
            CommandOutcome::Rejected(_) => tally.reject(),
        }
    }
}

fn price(command: &workload::Command) -> Price {
    Price(command.price.cast_unsigned())
}

fn policy(quantity: u32) -> QuantityPolicy {
    QuantityPolicy::Standard {
        quantity: Quantity(u64::from(quantity)),
    }
}
