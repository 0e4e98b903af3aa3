use super::{Contender, Tally};
use crate::workload::{Command, Header, Kind};
use orderbook_rs::prelude::{Id, OrderBook, OrderType, Side, TimeInForce, TimestampMs, TradeResult};
use pricelevel::{Hash32, OrderUpdate, Price, Quantity};

/// The crate `orderbook-rs`: skip lists of prices that several threads may use, ids that the caller chooses.
pub struct OrderbookRs {
    books: Vec<OrderBook<()>>,
}

impl Contender for OrderbookRs {
    const NAME: &'static str = "orderbook-rs";
    const NOTE: Option<&'static str> = Some("is made for several threads; one uses it here");

    fn new(header: &Header) -> Self {
        Self {
            books: (0..header.symbols).map(|_| OrderBook::new("workload")).collect(),
        }
    }

    fn apply(&mut self, command: &Command, tally: &mut Tally) {
        let book = &self.books[usize::from(command.symbol)];
        let order_id = Id::Sequential(command.id);
        let new_price = Price::new(u128::from(command.price.cast_unsigned()));
        let new_quantity = Quantity::new(u64::from(command.quantity));
        let update = match command.kind {
            Kind::Add | Kind::Ioc => return enter(book, command, tally),
            Kind::Cancel => {
                if !matches!(book.cancel_order(order_id), Ok(Some(_))) {
                    tally.reject();
                }
                return;
            }
            Kind::Reduce => OrderUpdate::UpdateQuantity {
                order_id,
                new_quantity,
            },
            Kind::Reprice => OrderUpdate::UpdatePriceAndQuantity {
                order_id,
                new_price,
                new_quantity,
            },
        };
        if !matches!(book.update_order(update), Ok(Some(_))) {
            tally.reject();
        }
    }
}

fn enter(book: &OrderBook<()>, command: &Command, tally: &mut Tally) {
    let (side, is_ioc) = match command.side {
        engine_core::Side::Buy => (Side::Buy, command.kind == Kind::Ioc),
        engine_core::Side::Sell => (Side::Sell, command.kind == Kind::Ioc),
    };
    let order = OrderType::Standard {
        id: Id::Sequential(command.id),
        price: Price::new(u128::from(command.price.cast_unsigned())),
        quantity: Quantity::new(u64::from(command.quantity)),
        side,
        user_id: Hash32::zero(),
        timestamp: TimestampMs::new(0),
        time_in_force: if is_ioc {
            TimeInForce::Ioc
        } else {
            TimeInForce::Gtc
        },
        extra_fields: (),
    };
    match book.add_order_with_committed(order) {
        Ok((_, trades)) => count(trades.as_ref(), tally),
        // The rest of an IOC order is an error here, which carries what traded before it.
        Err(failure) if is_ioc => count(failure.committed.as_deref(), tally),
        Err(_) => tally.reject(),
    }
}

fn count(result: Option<&TradeResult>, tally: &mut Tally) {
    for trade in result
        .iter()
        .flat_map(|result| result.match_result.trades().as_vec())
    {
        tally.trade(trade.price().as_u128() as i64, trade.quantity().as_u64());
    }
}
