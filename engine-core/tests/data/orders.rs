//! What an owner sees of an order, in scenarios of the engine.

use engine_core::data::{OrderState, OrderStatus, Projection, Projections, ProjectionsConfig};
use engine_core::{
    AccountId, Amend, Cancel, CancelReason, ClientOrderId, Command, Engine, EngineConfig, EventBatch,
    InstrumentSpec, LinkKind, Linked, MassCancel, Notional, OrderId, OrderIds, OrderKind, OrderRef,
    OrderType, Phase, Place, Price, Qty, RejectReason, SelfTrade, Seq, Sequenced, SetPhase, Side,
    TimeInForce,
};
use rust_decimal::Decimal;

use crate::{X, at};

/// An engine with one instrument and its projections.
struct Exchange {
    engine: Engine,
    projections: Projections,
    seq: Seq,
    now: u64,
}

impl Exchange {
    fn new(closed_orders_max: u32) -> Self {
        let ids = OrderIds::Chosen { hash_seed: 3 };
        let config = EngineConfig {
            ids,
            ..EngineConfig::default()
        };
        let mut exchange = Self {
            engine: Engine::new(config),
            projections: Projections::new(ProjectionsConfig {
                ids,
                closed_orders_max: Some(closed_orders_max),
                ..ProjectionsConfig::default()
            }),
            seq: Seq::default(),
            now: 0,
        };
        let spec = InstrumentSpec::builder("X", Decimal::ONE, Decimal::ONE)
            .build()
            .expect("a plain spec");
        exchange.go(Command::List(Box::new(spec)));
        exchange
    }

    fn go(&mut self, value: Command) {
        self.now += 1;
        self.seq = self.seq.next();
        let mut events = Vec::new();
        let command = Sequenced {
            seq: self.seq,
            time: at(self.now),
            value,
        };
        self.engine
            .apply(&command, &mut events)
            .expect("commands are numbered");
        let batch = EventBatch {
            seq: self.seq,
            time: at(self.now),
            events: &events,
        };
        self.projections
            .apply(&batch)
            .expect("the engine does not contradict itself");
    }

    fn place(&mut self, place: Place) -> OrderState {
        self.go(Command::Place(place));
        self.state(place.id.get())
    }

    fn state(&self, order: u64) -> OrderState {
        self.projections
            .order(OrderId::new(order))
            .expect("it was accepted or refused")
    }

    fn cancel(&mut self, order: u64) {
        self.go(Command::Cancel(Cancel {
            order: OrderRef::Id(OrderId::new(order)),
            account: None,
        }));
    }
}

fn limit(order: u64, side: Side, price: i64, quantity: u64) -> Place {
    Place::limit(
        X,
        OrderId::new(order),
        side,
        Price::new(price),
        Qty::new(quantity),
    )
}

fn account(number: u64) -> Option<AccountId> {
    AccountId::new(number)
}

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
