//! What an owner sees of an order over its life, in scenarios of the engine.

use engine_core::data::{OrderState, OrderStatus, Projection, Projections, ProjectionsConfig};
use engine_core::{
    Amend, Amount, AssetId, AssetSpec, CancelReason, ClientOrderId, Command, Displayed, Event, EventBatch,
    InstrumentSpec, MassCancel, Notional, OrderId, OrderIds, OrderRef, OrderType, Place, Price, Qty,
    RejectReason, Seq, Side, TimeInForce, Transfer,
};

use rust_decimal::Decimal;

use crate::exchange::{Exchange, account, limit};
use crate::{X, at};

#[test]
fn an_order_lives_from_pending_over_partly_filled_to_filled() {
    let mut exchange = Exchange::new(10);
    let name = ClientOrderId::new("mine-1").expect("a plain name");
    let place = Place {
        account: account(7),
        client_id: Some(name),
        ..limit(1, Side::Sell, 100, 5)
    };
    let state = exchange.place(place);
    assert_eq!(
        state,
        OrderState {
            order: OrderId::new(1),
            instrument: X,
            account: account(7),
            client_id: Some(name),
            side: Side::Sell,
            order_type: OrderType::Limit,
            time_in_force: TimeInForce::Gtc,
            price: Some(Price::new(100)),
            trigger: None,
            is_triggered: false,
            quantity: Qty::new(5),
            filled: Qty::ZERO,
            cost: Notional::ZERO,
            fee: Amount::ZERO,
            status: OrderStatus::Pending,
            created: at(2),
            updated: at(2),
        }
    );
    let taker = exchange.place(limit(2, Side::Buy, 101, 2));
    assert_eq!((taker.status, taker.filled), (OrderStatus::Filled, Qty::new(2)));
    let state = exchange.state(1);
    assert_eq!(
        (state.status, state.remaining()),
        (OrderStatus::PartiallyFilled, Qty::new(3))
    );
    assert_eq!((state.created, state.updated), (at(2), at(3)));
    exchange.place(limit(3, Side::Sell, 90, 1));
    let taker = exchange.place(limit(4, Side::Buy, 101, 4));
    let average = taker.average_price().expect("it has traded");
    assert_eq!(
        (average.numerator(), average.denominator()),
        (390, 4),
        "1 at 90 and 3 at 100"
    );
    assert_eq!(exchange.state(1).status, OrderStatus::Filled);
    assert_eq!(exchange.projections.order_count(), 0);
}

#[test]
fn a_cancelled_an_expired_and_a_refused_order_say_why() {
    let mut exchange = Exchange::new(10);
    exchange.place(limit(1, Side::Buy, 100, 5));
    exchange.place(limit(2, Side::Sell, 100, 2));
    exchange.cancel(1);
    let state = exchange.state(1);
    assert_eq!(
        (state.status, state.filled),
        (OrderStatus::Cancelled(CancelReason::User), Qty::new(2))
    );
    let until = at(exchange.now + 3);
    let state = exchange.place(Place {
        time_in_force: TimeInForce::Gtd(until),
        ..limit(3, Side::Buy, 100, 5)
    });
    assert_eq!(state.time_in_force, TimeInForce::Gtd(until));
    exchange.go(Command::Tick);
    assert_eq!(exchange.state(3).status, OrderStatus::Pending);
    exchange.go(Command::Tick);
    assert_eq!(
        (exchange.state(3).status, exchange.state(3).updated),
        (OrderStatus::Expired, until)
    );
    let name = ClientOrderId::new("mine-4").expect("a plain name");
    let refused = Place {
        client_id: Some(name),
        account: account(7),
        ..limit(4, Side::Sell, 100, 0)
    };
    let state = exchange.place(refused);
    assert_eq!(state.status, OrderStatus::Rejected(RejectReason::ZeroQuantity));
    assert_eq!(
        (state.side, state.price, state.client_id),
        (Side::Sell, Some(Price::new(100)), Some(name))
    );
}

#[test]
fn a_refused_order_with_the_id_of_another_leaves_that_one_alone() {
    let mut exchange = Exchange::new(10);
    let name = ClientOrderId::new("first").expect("a plain name");
    let first = exchange.place(Place {
        client_id: Some(name),
        account: account(1),
        ..limit(1, Side::Buy, 100, 5)
    });
    let other = ClientOrderId::new("second").expect("a plain name");
    let second = Place {
        client_id: Some(other),
        account: account(2),
        ..limit(1, Side::Sell, 200, 7)
    };
    assert_eq!(exchange.place(second), first, "the id is in use");
    exchange.cancel(1);
    let closed = exchange.state(1);
    assert_eq!(
        exchange.place(Place {
            quantity: Qty::ZERO,
            ..second
        }),
        closed,
        "the id was in use"
    );
    let again = exchange.place(second);
    assert_eq!(
        (again.status, again.side),
        (OrderStatus::Pending, Side::Sell),
        "the id stands for the new order"
    );
    assert_eq!(again.client_id, Some(other));
}

#[test]
fn an_amended_order_shows_its_new_terms() {
    let mut exchange = Exchange::new(10);
    exchange.place(limit(1, Side::Buy, 100, 5));
    exchange.place(limit(2, Side::Sell, 100, 2));
    let amend = |price, quantity| {
        let (price, quantity) = (Some(Price::new(price)), Some(Qty::new(quantity)));
        Command::Amend(Amend {
            order: OrderRef::Id(OrderId::new(1)),
            account: None,
            price,
            quantity,
        })
    };
    exchange.go(amend(99, 9));
    let state = exchange.state(1);
    assert_eq!(
        (state.price, state.quantity, state.remaining()),
        (Some(Price::new(99)), Qty::new(9), Qty::new(7))
    );
    assert_eq!(
        (state.status, state.updated),
        (OrderStatus::PartiallyFilled, at(exchange.now))
    );
}

#[test]
fn the_open_orders_of_an_account_come_newest_first() {
    let mut exchange = Exchange::new(10);
    for order in 1..=9 {
        exchange.place(Place {
            account: account(1 + order % 2),
            ..limit(order, Side::Buy, 100 - order as i64, 1)
        });
    }
    let open = |exchange: &Exchange, number| -> Vec<u64> {
        let account = account(number).expect("not zero");
        exchange
            .projections
            .open_orders(account)
            .map(|state| state.order.get())
            .collect()
    };
    assert_eq!(open(&exchange, 1), [8, 6, 4, 2]);
    for order in [4, 8, 2] {
        exchange.cancel(order);
    }
    assert_eq!(open(&exchange, 1), [6]);
    assert_eq!(open(&exchange, 2), [9, 7, 5, 3, 1]);
    exchange.go(Command::MassCancel(MassCancel {
        account: account(1),
        ..MassCancel::default()
    }));
    assert_eq!(open(&exchange, 1), [] as [u64; 0]);
    assert_eq!(open(&exchange, 3), [] as [u64; 0]);
}

#[test]
fn closed_orders_are_kept_up_to_the_bound_and_handed_out_in_order() {
    let mut exchange = Exchange::new(3);
    for order in 1..=5 {
        exchange.place(limit(order, Side::Buy, 100, 1));
    }
    for order in [2, 1, 3, 5] {
        exchange.cancel(order);
    }
    let closed: Vec<u64> = exchange
        .projections
        .closed_orders()
        .map(|state| state.order.get())
        .collect();
    assert_eq!(closed, [1, 3, 5]);
    assert_eq!(exchange.projections.closed_orders_lost(), 1);
    assert_eq!(exchange.projections.order(OrderId::new(2)), None, "it made room");
    assert!(exchange.projections.order(OrderId::new(3)).is_some());
    let mut handed_out = || {
        exchange
            .projections
            .pop_closed_order()
            .map(|state| state.order.get())
    };
    assert_eq!(
        [handed_out(), handed_out(), handed_out(), handed_out()],
        [Some(1), Some(3), Some(5), None]
    );
    assert_eq!(
        exchange.projections.order(OrderId::new(3)),
        None,
        "it was handed out"
    );
    exchange.cancel(4);
    let mut handed_out = || {
        exchange
            .projections
            .pop_closed_order()
            .map(|state| state.order.get())
    };
    assert_eq!([handed_out(), handed_out()], [Some(4), None]);
    assert_eq!(exchange.projections.closed_orders_lost(), 1);
}

#[test]
fn without_room_for_closed_orders_none_is_kept() {
    let mut exchange = Exchange::new(0);
    exchange.place(limit(1, Side::Buy, 100, 1));
    exchange.cancel(1);
    assert_eq!(exchange.projections.closed_orders().count(), 0);
    assert_eq!(exchange.projections.closed_orders_lost(), 1);
    assert_eq!(exchange.projections.order(OrderId::new(1)), None);
}

#[test]
fn a_refused_order_has_no_state_where_the_engine_hands_ids_out() {
    let mut exchange = Exchange::with_ids(OrderIds::Assigned, 10);
    exchange.go(Command::Place(limit(0, Side::Sell, 100, 0)));
    assert_eq!(
        exchange.projections.closed_orders().count(),
        0,
        "it has no id to ask for"
    );
    exchange.go(Command::Place(limit(0, Side::Sell, 100, 1)));
    assert_eq!(exchange.projections.order_count(), 1);
}

/// The value of 100 ticks times a lot is 100 × 10⁸ units of the quote asset; the maker pays 100 millionths of it, the
/// taker 200.
#[test]
fn an_order_says_what_it_was_charged() {
    let mut exchange = Exchange::with_accounts(10);
    for name in ["BASE", "QUOTE"] {
        let name = name.to_owned();
        exchange.go(Command::AddAsset(Box::new(AssetSpec { name, scale: 8 })));
    }
    let (base, quote) = (AssetId::new(0), AssetId::new(1));
    for (number, asset) in [(1, base), (2, quote)] {
        exchange.go(Command::Deposit(Transfer {
            account: account(number).expect("not zero"),
            asset,
            amount: Amount::new(1_000_000_000_000),
            key: None,
        }));
    }
    let spec = InstrumentSpec::builder("X", Decimal::ONE, Decimal::ONE)
        .assets(base, quote)
        .fees_ppm(100, 200);
    exchange.go(Command::List(Box::new(spec.build().expect("a plain spec"))));
    let order = |id, side, lots| Place {
        account: account(if side == Side::Sell { 1 } else { 2 }),
        ..limit(id, side, 100, lots)
    };
    assert_eq!(exchange.place(order(1, Side::Sell, 5)).fee, Amount::ZERO);
    let taker = exchange.place(order(2, Side::Buy, 2));
    assert_eq!(
        (taker.status, taker.fee),
        (OrderStatus::Filled, Amount::new(4_000_000))
    );
    let maker = exchange.state(1);
    assert_eq!(
        (maker.status, maker.fee),
        (OrderStatus::PartiallyFilled, Amount::new(2_000_000))
    );
    exchange.projections =
        Projections::restore(exchange.projections.image()).expect("an image of projections");
    assert_eq!(exchange.place(order(3, Side::Buy, 4)).fee, Amount::new(6_000_000));
    let maker = exchange.state(1);
    assert_eq!(
        (maker.status, maker.fee),
        (OrderStatus::Filled, Amount::new(5_000_000))
    );
    assert_eq!(exchange.state(2).fee, Amount::new(4_000_000));
}

/// The life of order 1 of 5 lots: it rests at 99, is told its limit of 101, rests at 98, is told its limit, is cancelled.
fn amended_where_it_rests() -> [Vec<Event>; 5] {
    let (order, owner, side, lots) = (OrderId::new(1), account(7), Side::Buy, Qty::new(5));
    let limit = Some(Price::new(101));
    let rested = |price| Event::Rested {
        instrument: X,
        order,
        side,
        price: Price::new(price),
        displayed: lots,
    };
    let accepted = Event::Accepted {
        instrument: X,
        order,
        account: owner,
        side,
        order_type: OrderType::Limit,
        price: limit,
        quantity: lots,
    };
    let amended = Event::Amended {
        instrument: X,
        order,
        account: owner,
        price: limit,
        quantity: lots,
        kept_priority: true,
    };
    let pulled = Event::Pulled {
        instrument: X,
        order,
        side,
        price: Price::new(99),
        displayed: lots,
    };
    let cancelled = Event::Cancelled {
        instrument: X,
        order,
        account: owner,
        side,
        remaining: lots,
        displayed: Some(Displayed {
            price: Price::new(98),
            quantity: lots,
        }),
        reason: CancelReason::User,
    };
    [
        vec![Event::Listed { instrument: X }, accepted, rested(99)],
        vec![amended],
        vec![pulled, rested(98)],
        vec![amended],
        vec![cancelled],
    ]
}

/// The book has the order where it rests all the time, also after an image.
#[test]
fn an_order_amended_where_it_rests_shows_its_limit_until_it_rests_again() {
    for is_restored in [false, true] {
        let mut projections = Projections::new(ProjectionsConfig::default());
        let mut seen = Vec::new();
        for (seq, events) in (1..).zip(&amended_where_it_rests()) {
            let (seq, time) = (Seq::new(seq), at(seq));
            let taken = projections.apply(&EventBatch { seq, time, events });
            taken.expect("nothing contradicts itself");
            if is_restored {
                projections = Projections::restore(projections.image()).expect("an image of projections");
            }
            projections.check_invariants();
            let depth = projections.depth(X).expect("it is listed");
            let best = depth.best(Side::Buy).map(|best| best.price.ticks());
            let state = projections.order(OrderId::new(1));
            let price = state.expect("it is open, or closed just now").price;
            seen.push((price.expect("it has a limit").ticks(), best));
        }
        let expected = [
            (99, Some(99)),
            (101, Some(99)),
            (98, Some(98)),
            (101, Some(98)),
            (101, None),
        ];
        assert_eq!(seen, expected);
    }
}
