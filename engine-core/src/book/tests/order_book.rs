//! The book as its users see it.

use super::{CHOSEN, OrderIds};
use crate::{InsertError, OrderBook, OrderId, Price, Qty, ReduceError, Side};

fn insert(book: &mut OrderBook<u8>, price: i64, quantity: u64) -> Result<OrderId, InsertError> {
    book.insert(Side::Buy, Price::new(price), Qty::new(quantity), 7)
}

fn insert_as(book: &mut OrderBook<u8>, id: u64, price: i64, quantity: u64) -> Result<(), InsertError> {
    book.insert_as(
        OrderId::new(id),
        Side::Buy,
        Price::new(price),
        Qty::new(quantity),
        7,
    )
}

#[test]
fn every_reason_to_refuse_an_order_is_said_and_changes_nothing() -> Result<(), InsertError> {
    let mut book = OrderBook::new(CHOSEN, 2);
    insert_as(&mut book, 1, 100, 5)?;
    let too_high = Price::MAX.ticks() + 1;
    assert_eq!(insert(&mut book, 1, 1), Err(InsertError::WrongIds(CHOSEN)));
    assert_eq!(
        insert_as(&mut book, 1, too_high, 0),
        Err(InsertError::IdInUse(OrderId::new(1)))
    );
    assert_eq!(
        insert_as(&mut book, 2, too_high, 0),
        Err(InsertError::ZeroQuantity)
    );
    let out_of_range = Err(InsertError::PriceOutOfRange(Price::new(too_high)));
    assert_eq!(insert_as(&mut book, 2, too_high, u64::MAX), out_of_range);
    assert_eq!(
        insert_as(&mut book, 2, 1, Qty::MAX.lots()),
        Err(InsertError::SideTotal {
            total: Qty::new(5),
            quantity: Qty::MAX
        })
    );
    assert!(insert_as(&mut book, 2, 1, u64::MAX).is_err(), "sums do not wrap");
    assert_eq!((book.len(), book.total(Side::Buy)), (1, Qty::new(5)));
    book.check_invariants();
    insert_as(&mut book, 2, 100, Qty::MAX.lots() - 5)?;
    assert_eq!(book.total(Side::Buy), Qty::MAX, "up to the limit, not below it");
    assert_eq!(
        insert_as(&mut book, 3, 1, 1),
        Err(InsertError::Full { orders_max: 2 })
    );
    book.check_invariants();
    let mut book = OrderBook::new(OrderIds::Assigned, 2);
    assert_eq!(
        insert_as(&mut book, 3, 1, 1),
        Err(InsertError::WrongIds(OrderIds::Assigned))
    );
    assert!(book.is_empty());
    Ok(())
}

#[test]
fn order_is_reduced_filled_and_removed_by_its_id() -> Result<(), InsertError> {
    let mut book = OrderBook::new(OrderIds::Assigned, 10);
    let (first, second) = (insert(&mut book, 10, 5)?, insert(&mut book, 10, 6)?);
    assert_eq!(book.reduce(first, Qty::new(2)), Ok(Qty::new(3)));
    let nothing_left = |by| {
        Err(ReduceError::NothingLeft {
            quantity: Qty::new(3),
            by: Qty::new(by),
        })
    };
    assert_eq!(book.reduce(first, Qty::new(3)), nothing_left(3));
    assert_eq!(book.reduce(first, Qty::new(4)), nothing_left(4));
    assert_eq!(
        book.first(Side::Buy).map(|order| order.id),
        Some(first),
        "it kept its place"
    );
    assert_eq!(book.level_quantity(Side::Buy, Price::new(10)), Qty::new(9));
    assert_eq!(
        book.fill_first(Side::Buy, Qty::ZERO),
        None,
        "nothing trades for nothing"
    );
    assert_eq!(book.fill_first(Side::Sell, Qty::new(1)), None);
    let fill = book
        .fill_first(Side::Buy, Qty::new(u64::MAX))
        .expect("there is an order");
    assert_eq!(
        (fill.maker, fill.quantity, fill.left),
        (first, Qty::new(3), Qty::ZERO)
    );
    assert_eq!(book.get(first), None);
    assert_eq!(
        book.reduce(first, Qty::new(1)),
        Err(ReduceError::UnknownId(first))
    );
    assert_eq!(book.remove(first), None);
    *book.data_mut(second).expect("it is there") = 9;
    assert_eq!(
        book.remove(second).map(|order| (order.quantity, order.data)),
        Some((Qty::new(6), 9))
    );
    assert_eq!((book.total(Side::Buy), book.best(Side::Buy)), (Qty::ZERO, None));
    book.check_invariants();
    Ok(())
}

#[test]
fn orders_and_levels_are_listed_best_first() -> Result<(), InsertError> {
    let mut book = OrderBook::<()>::new(OrderIds::Assigned, 10);
    for (price, quantity) in [(-2, 1), (5, 2), (-2, 3), (4, 4)] {
        book.insert(Side::Sell, Price::new(price), Qty::new(quantity), ())?;
    }
    let quantities: Vec<u64> = book
        .orders(Side::Sell)
        .map(|order| order.quantity.lots())
        .collect();
    assert_eq!(quantities, [1, 3, 4, 2]);
    let levels: Vec<(i64, u64)> = book
        .levels(Side::Sell)
        .map(|(p, q)| (p.ticks(), q.lots()))
        .collect();
    assert_eq!(levels, [(-2, 4), (4, 4), (5, 2)]);
    assert_eq!(book.orders(Side::Buy).count(), 0);
    Ok(())
}

#[test]
fn asking_about_what_is_no_price_or_no_order_finds_nothing() {
    let mut book = OrderBook::<()>::new(OrderIds::Assigned, 10);
    let id = book
        .insert(Side::Sell, Price::new(1), Qty::new(5), ())
        .expect("it is valid");
    for ticks in [i64::MIN, i64::MAX, 0] {
        for side in Side::BOTH {
            assert_eq!(book.level_quantity(side, Price::new(ticks)), Qty::ZERO);
        }
    }
    for id in [OrderId::new(0), OrderId::new(u64::MAX)] {
        assert_eq!(book.get(id), None);
    }
    assert_eq!(book.get(id).map(|order| order.quantity), Some(Qty::new(5)));
    book.check_invariants();
}
