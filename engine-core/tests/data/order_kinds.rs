//! What an owner sees of orders of each kind, in scenarios of the engine.

use engine_core::data::OrderStatus;
use engine_core::{
    CancelReason, Command, LinkKind, Linked, Notional, OrderId, OrderKind, Peg, Phase, Place, PostOnly,
    Price, Qty, SelfTrade, SetPhase, Side, TimeInForce, Trail,
};

use crate::X;
use crate::exchange::{Exchange, account, limit};

#[test]
fn a_market_order_by_value_is_over_in_its_batch() {
    let mut exchange = Exchange::new(10);
    exchange.place(limit(1, Side::Sell, 100, 5));
    let by_value = |order, budget| {
        let budget = Notional::new(budget);
        Place::of_kind(
            X,
            OrderId::new(order),
            Side::Buy,
            Qty::ZERO,
            OrderKind::MarketByQuote { budget },
        )
    };
    let state = exchange.place(by_value(2, 350));
    assert_eq!(
        (state.status, state.filled, state.quantity),
        (OrderStatus::Filled, Qty::new(3), Qty::ZERO)
    );
    let state = exchange.place(by_value(3, 99));
    assert_eq!(
        state.status,
        OrderStatus::Cancelled(CancelReason::NoLiquidity),
        "not one lot"
    );
    let state = exchange.place(by_value(4, 1_000));
    assert_eq!(
        (state.status, state.filled),
        (OrderStatus::Cancelled(CancelReason::NoLiquidity), Qty::new(2))
    );
}

#[test]
fn a_market_to_limit_order_has_the_price_at_which_it_rests() {
    let mut exchange = Exchange::new(10);
    exchange.place(limit(1, Side::Sell, 100, 5));
    let kind = OrderKind::MarketToLimit;
    let state = exchange.place(Place::of_kind(X, OrderId::new(2), Side::Buy, Qty::new(8), kind));
    assert_eq!(
        (state.price, state.remaining()),
        (Some(Price::new(100)), Qty::new(3))
    );
}

#[test]
fn self_trade_prevention_that_decrements_lowers_the_quantity() {
    let mut exchange = Exchange::new(10);
    exchange.place(Place {
        account: account(1),
        ..limit(1, Side::Sell, 100, 3)
    });
    let place = Place {
        account: account(1),
        self_trade: SelfTrade::Decrement,
        ..limit(2, Side::Buy, 100, 5)
    };
    let state = exchange.place(place);
    assert_eq!(
        (state.quantity, state.filled, state.status),
        (Qty::new(2), Qty::ZERO, OrderStatus::Pending)
    );
    assert_eq!(
        exchange.state(1).status,
        OrderStatus::Cancelled(CancelReason::SelfTrade)
    );
}

#[test]
fn a_stop_shows_its_trigger_and_that_it_was_set_off() {
    let mut exchange = Exchange::new(10);
    let kind = OrderKind::StopLimit {
        trigger: Price::new(110),
        price: Price::new(120),
    };
    let state = exchange.place(Place::of_kind(X, OrderId::new(1), Side::Buy, Qty::new(4), kind));
    assert_eq!(
        (state.trigger, state.is_triggered),
        (Some(Price::new(110)), false)
    );
    exchange.place(limit(2, Side::Sell, 110, 1));
    exchange.place(limit(3, Side::Buy, 110, 1));
    let state = exchange.state(1);
    assert!(state.is_triggered);
    assert_eq!(
        (state.status, state.price),
        (OrderStatus::Pending, Some(Price::new(120)))
    );
}

#[test]
fn the_exits_of_a_bracket_get_the_quantity_that_was_traded() {
    let mut exchange = Exchange::new(10);
    exchange.place(limit(1, Side::Sell, 100, 3));
    let entry = Place {
        time_in_force: TimeInForce::Ioc,
        ..limit(2, Side::Buy, 100, 5)
    };
    let stop = OrderKind::Stop {
        trigger: Price::new(90),
    };
    let orders = [
        entry,
        limit(3, Side::Sell, 120, 5),
        Place::of_kind(X, OrderId::new(4), Side::Sell, Qty::new(5), stop),
    ];
    let linked = Linked {
        kind: LinkKind::Bracket,
        orders: orders.into_iter().collect(),
    };
    exchange.go(Command::PlaceLinked(Box::new(linked)));
    for exit in [3, 4] {
        let state = exchange.state(exit);
        assert_eq!(
            (state.quantity, state.status),
            (Qty::new(3), OrderStatus::Pending)
        );
    }
    let entry = exchange.state(2);
    assert_eq!(entry.status, OrderStatus::Cancelled(CancelReason::IocRemainder));
}

#[test]
fn the_parts_of_an_iceberg_are_one_order() {
    let mut exchange = Exchange::new(10);
    let place = limit(1, Side::Sell, 100, 7);
    let visibility = engine_core::Visibility::Iceberg { display: Qty::new(3) };
    exchange.place(Place { visibility, ..place });
    exchange.place(limit(2, Side::Buy, 100, 4));
    let state = exchange.state(1);
    assert_eq!((state.quantity, state.filled), (Qty::new(7), Qty::new(4)));
    let depth = exchange.projections.depth(X).expect("it is listed");
    let shown: Vec<u64> = depth
        .orders(Side::Sell)
        .map(|order| order.quantity.lots())
        .collect();
    assert_eq!(shown, [2], "of the second part of three, one has traded");
}

#[test]
fn an_auction_takes_what_trades_out_of_the_displayed_book() {
    let mut exchange = Exchange::new(10);
    exchange.go(Command::SetPhase(SetPhase {
        instrument: X,
        phase: Phase::Auction,
    }));
    exchange.place(limit(1, Side::Sell, 100, 7));
    exchange.place(limit(2, Side::Buy, 105, 4));
    let best = |exchange: &Exchange, side| exchange.projections.depth(X).and_then(|depth| depth.best(side));
    assert_eq!(
        best(&exchange, Side::Buy).map(|best| best.price),
        Some(Price::new(105)),
        "a crossed book"
    );
    exchange.go(Command::Uncross(X));
    assert_eq!(exchange.state(2).status, OrderStatus::Filled);
    assert_eq!(best(&exchange, Side::Buy), None);
    assert_eq!(
        best(&exchange, Side::Sell).map(|best| best.quantity),
        Some(Qty::new(3))
    );
}

#[test]
fn a_post_only_order_that_slid_shows_where_it_rests() {
    let mut exchange = Exchange::new(10);
    exchange.place(limit(1, Side::Sell, 100, 5));
    let state = exchange.place(Place {
        post_only: PostOnly::Slide,
        ..limit(2, Side::Buy, 103, 2)
    });
    assert_eq!(
        (state.price, state.status),
        (Some(Price::new(99)), OrderStatus::Pending)
    );
}

#[test]
fn a_pegged_order_shows_its_limit_wherever_it_stands() {
    let mut exchange = Exchange::new(10);
    exchange.place(limit(1, Side::Buy, 100, 5));
    let pegged = |order, limit: Option<i64>| {
        let kind = OrderKind::Pegged {
            peg: Peg::Primary,
            offset: -1,
            limit: limit.map(Price::new),
        };
        Place::of_kind(X, OrderId::new(order), Side::Buy, Qty::new(4), kind)
    };
    assert_eq!(exchange.place(pegged(2, Some(105))).price, Some(Price::new(105)));
    assert_eq!(exchange.place(pegged(3, None)).price, None);
    exchange.place(limit(4, Side::Buy, 101, 1));
    let state = exchange.state(2);
    assert_eq!(
        (state.price, state.status),
        (Some(Price::new(105)), OrderStatus::Pending)
    );
    exchange.place(limit(5, Side::Sell, 100, 8));
    let state = exchange.state(2);
    assert_eq!(
        (state.status, state.filled, state.cost),
        (OrderStatus::PartiallyFilled, Qty::new(2), Notional::new(200)),
        "it followed to 100 and traded there"
    );
}

#[test]
fn a_trailing_stop_shows_the_trigger_with_which_it_began() {
    let mut exchange = Exchange::new(10);
    let trade_at = |exchange: &mut Exchange, order: u64, price| {
        exchange.place(limit(order, Side::Sell, price, 1));
        exchange.place(limit(order + 1, Side::Buy, price, 1));
    };
    trade_at(&mut exchange, 1, 100);
    let kind = OrderKind::TrailingStop {
        trail: Trail::Ticks(5),
    };
    let state = exchange.place(Place::of_kind(X, OrderId::new(3), Side::Sell, Qty::new(4), kind));
    assert_eq!(state.trigger, Some(Price::new(95)));
    trade_at(&mut exchange, 4, 110);
    let state = exchange.state(3);
    assert_eq!((state.trigger, state.is_triggered), (Some(Price::new(95)), false));
    trade_at(&mut exchange, 6, 104);
    assert!(exchange.state(3).is_triggered, "five below the best of 110");
}
