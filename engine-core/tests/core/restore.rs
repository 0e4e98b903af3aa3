//! A snapshot that no engine can be in is refused, with the fault by name.

use engine_core::snapshot::{
    ConditionsSnapshot, FreePlace, InstrumentFault, LinkFault, OrderFault, OrderSnapshot, SNAPSHOT_VERSION,
    SideSnapshot, SwitchSnapshot, TrailSnapshot, Waits,
};
use engine_core::{
    AccountId, ClientOrderId, Engine, EngineSnapshot, InstrumentId, OrderId, OrderType, Peg, Phase, PostOnly,
    Price, Qty, RestoreError, Seq, Sequenced, Side, TimeInForce, Timestamp, Trail, Visibility,
};
use engine_testkit::script::parse;

/// The engine after a script.
fn after(script: &str) -> Engine {
    let script = parse(script).unwrap_or_else(|error| panic!("{error}"));
    let mut engine = Engine::new(script.config.into());
    let mut events = Vec::new();
    for (number, step) in (1..).zip(&script.steps) {
        let command = Sequenced {
            seq: Seq::new(number),
            time: step.time,
            value: step.command.clone(),
        };
        engine
            .apply(&command, &mut events)
            .expect("the commands are numbered");
    }
    engine
}

/// Restores a snapshot as it is, and again after `spoil`, which must be refused like this.
#[track_caller]
fn refused(script: &str, spoil: impl FnOnce(&mut EngineSnapshot), expected: RestoreError) {
    let mut snapshot = after(script).snapshot();
    let whole = Engine::restore(&snapshot).expect("an engine's own snapshot is restored");
    whole.check_invariants();
    assert_eq!(whole.snapshot(), snapshot);
    spoil(&mut snapshot);
    assert_eq!(
        Engine::restore(&snapshot).map(|_| "restored"),
        Err(expected),
        "{snapshot:?}"
    );
}

/// Like [`refused`], for a fault of the only order of the book, or of the only one that waits.
#[track_caller]
fn order_refused(script: &str, spoil: impl FnOnce(&mut OrderSnapshot), fault: OrderFault) {
    let order = OrderId::new(1);
    refused(
        script,
        |snapshot| spoil(first(snapshot)),
        RestoreError::Order { order, fault },
    );
}

#[track_caller]
fn conditions_refused(script: &str, spoil: impl FnOnce(&mut ConditionsSnapshot), fault: OrderFault) {
    let change =
        |order: &mut OrderSnapshot| spoil(order.conditions.as_mut().expect("the order has conditions"));
    order_refused(script, change, fault);
}

#[track_caller]
fn instrument_refused(script: &str, spoil: impl FnOnce(&mut EngineSnapshot), fault: InstrumentFault) {
    let instrument = InstrumentId::new(0);
    refused(script, spoil, RestoreError::Instrument { instrument, fault });
}

fn sides(snapshot: &mut EngineSnapshot) -> [&mut SideSnapshot; 2] {
    let market = &mut snapshot.instruments[0];
    [&mut market.buys, &mut market.sells]
}

fn first(snapshot: &mut EngineSnapshot) -> &mut OrderSnapshot {
    let orders = sides(snapshot)
        .into_iter()
        .flat_map(|side| side.queued.iter_mut().chain(&mut side.waiting));
    orders
        .into_iter()
        .find(|order| order.id == OrderId::new(1))
        .expect("there is an order 1")
}

fn account(number: u64) -> AccountId {
    AccountId::new(number).expect("the tests use no account 0")
}

fn at(nanos: u64) -> Timestamp {
    Timestamp::from_nanos(nanos)
}

#[test]
fn a_snapshot_of_another_version_is_refused() {
    let found = SNAPSHOT_VERSION + 1;
    refused(
        "tick",
        |snapshot| snapshot.version = found,
        RestoreError::Version { found },
    );
}

#[test]
fn limits_of_the_config_hold() {
    refused(
        "buy 1 5 @ 100",
        |snapshot| snapshot.config.orders_max = 0,
        RestoreError::TooManyOrders {
            live: 1,
            orders_max: 0,
        },
    );
    refused(
        "tick",
        |snapshot| snapshot.config.instruments_max = 0,
        RestoreError::TooManyInstruments {
            listed: 1,
            instruments_max: 0,
        },
    );
}

#[test]
fn counts_that_cannot_be_reached_are_refused() {
    refused(
        "tick",
        |snapshot| snapshot.applied = Seq::new(u64::MAX),
        RestoreError::Count(u64::MAX),
    );
    refused(
        "tick",
        |snapshot| snapshot.orders.arrivals = 1 << 63,
        RestoreError::Count(1 << 63),
    );
}

#[test]
fn ids_are_unique_where_they_are_chosen() {
    let two = "buy 1 5 @ 100 | buy 2 5 @ 99".replace(" | ", "\n");
    let order = OrderId::new(1);
    refused(
        &two,
        |snapshot| sides(snapshot)[0].queued[1].id = order,
        RestoreError::Order {
            order,
            fault: OrderFault::Id,
        },
    );
    let place = FreePlace {
        place: 3,
        generation: 1,
    };
    refused(
        "tick",
        |snapshot| snapshot.orders.free.push(place),
        RestoreError::Place(3),
    );
    refused(
        "tick",
        |snapshot| snapshot.orders.retired.push(4),
        RestoreError::Place(4),
    );
}

const HANDED_OUT: &str =
    "engine handed-out-ids\nlist\nbuy 1 5 @ 100\nbuy 2 5 @ 99\nbuy 3 5 @ 98\nmass-cancel sell";

/// The engine of [`HANDED_OUT`] whose order 0 was cancelled.
fn with_a_free_place() -> EngineSnapshot {
    let mut snapshot = after(HANDED_OUT).snapshot();
    let first = sides(&mut snapshot)[0].queued.remove(0);
    let place = FreePlace {
        place: first.id.get() as u32,
        generation: 2,
    };
    snapshot.orders.free.push(place);
    snapshot
}

#[test]
fn places_are_free_or_retired_or_taken() {
    let spoiled = |spoil: fn(&mut EngineSnapshot)| {
        let mut snapshot = with_a_free_place();
        spoil(&mut snapshot);
        Engine::restore(&snapshot).map(|engine| engine.snapshot() == snapshot)
    };
    assert_eq!(spoiled(|_| {}), Ok(true));
    assert_eq!(
        spoiled(|snapshot| {
            snapshot.orders.free.clear();
            snapshot.orders.retired.push(0);
        }),
        Ok(true)
    );
    assert_eq!(
        spoiled(|snapshot| snapshot.orders.free[0].generation = 0),
        Err(RestoreError::Place(0))
    );
    assert_eq!(
        spoiled(|snapshot| snapshot.orders.free[0].place = 9),
        Err(RestoreError::Place(9))
    );
    assert_eq!(
        spoiled(|snapshot| snapshot.orders.free.push(snapshot.orders.free[0])),
        Err(RestoreError::Place(0))
    );
    assert_eq!(
        spoiled(|snapshot| snapshot.orders.retired.push(0)),
        Err(RestoreError::Place(0))
    );
    assert_eq!(
        spoiled(|snapshot| {
            snapshot.orders.free[0].place = 3;
            snapshot.orders.retired.push(7);
        }),
        Err(RestoreError::Place(7))
    );
    let lost = spoiled(|snapshot| snapshot.orders.free.clear());
    assert!(
        matches!(
            lost,
            Err(RestoreError::Order {
                fault: OrderFault::Id,
                ..
            })
        ),
        "{lost:?}"
    );
    let never = spoiled(|snapshot| sides(snapshot)[0].queued[0].id = OrderId::new(1));
    assert!(
        matches!(
            never,
            Err(RestoreError::Order {
                fault: OrderFault::Id,
                ..
            })
        ),
        "{never:?}"
    );
}

#[test]
fn arrivals_were_counted_and_are_unique() {
    let spoil = |arrival| move |order: &mut OrderSnapshot| order.arrival = arrival;
    order_refused("buy 1 5 @ 100", spoil(0), OrderFault::Arrival);
    order_refused("buy 1 5 @ 100", spoil(2), OrderFault::Arrival);
    order_refused("buy 2 5 @ 100\nbuy 1 5 @ 100", spoil(1), OrderFault::Arrival);
    let stops = "buy 2 5 stop 110\nbuy 1 5 stop 110";
    refused(
        stops,
        |snapshot| sides(snapshot)[0].waiting.swap(0, 1),
        RestoreError::Order {
            order: OrderId::new(2),
            fault: OrderFault::Arrival,
        },
    );
}

#[test]
fn prices_and_quantities_are_within_the_limits() {
    let spoil = |price| move |order: &mut OrderSnapshot| order.price = price;
    order_refused(
        "buy 1 5 @ 100",
        spoil(Price::new(Price::MAX.ticks() + 1)),
        OrderFault::Price,
    );
    order_refused("buy 1 5 @ 100", spoil(Price::new(i64::MIN)), OrderFault::Price);
    order_refused(
        "buy 1 5 @ 100",
        |order| order.remaining = Qty::ZERO,
        OrderFault::Quantity,
    );
    order_refused(
        "buy 1 5 @ 100",
        |order| order.remaining = Qty::new(6),
        OrderFault::Quantity,
    );
    order_refused(
        "list quantities 1..7\nbuy 1 5 @ 100",
        |order| order.total = Qty::new(8),
        OrderFault::Quantity,
    );
    instrument_refused(
        "buy 2 5 @ 100\nbuy 1 5 @ 100",
        |snapshot| {
            let order = first(snapshot);
            (order.total, order.remaining) = (Qty::MAX, Qty::MAX);
        },
        InstrumentFault::TooMuch(Side::Buy),
    );
    let beyond = Some(Price::new(Price::MIN.ticks() - 1));
    instrument_refused(
        "tick",
        |snapshot| snapshot.instruments[0].last = beyond,
        InstrumentFault::Price,
    );
    instrument_refused(
        "tick",
        |snapshot| snapshot.instruments[0].marked = beyond,
        InstrumentFault::Price,
    );
}

#[test]
fn an_order_stands_behind_those_that_trade_before_it() {
    let order = |id| RestoreError::Order {
        order: OrderId::new(id),
        fault: OrderFault::Priority,
    };
    let swap = |side: usize| move |snapshot: &mut EngineSnapshot| sides(snapshot)[side].queued.swap(0, 1);
    refused("buy 1 5 @ 100\nbuy 2 5 @ 99", swap(0), order(1));
    refused("sell 1 5 @ 100\nsell 2 5 @ 101", swap(1), order(1));
    refused("sell 1 5 @ 100\nsell 2 5 @ 100 hidden", swap(1), order(1));
}

#[test]
fn a_continuous_book_is_not_crossed() {
    let crossed = InstrumentFault::Crossed {
        bid: Price::new(100),
        ask: Price::new(100),
    };
    instrument_refused(
        "sell 2 5 @ 101\nbuy 1 5 @ 100",
        |snapshot| sides(snapshot)[1].queued[0].price = Price::new(100),
        crossed,
    );
}

#[test]
fn what_others_see_fits_what_is_kept_back() {
    let iceberg = "buy 1 50 @ 100 iceberg 5";
    conditions_refused(iceberg, |order| order.reserve = Qty::new(50), OrderFault::Reserve);
    conditions_refused(iceberg, |order| order.reserve = Qty::new(44), OrderFault::Reserve);
    let display = |lots| Visibility::Iceberg {
        display: Qty::new(lots),
    };
    conditions_refused(
        iceberg,
        |order| order.visibility = display(0),
        OrderFault::Reserve,
    );
    conditions_refused(
        iceberg,
        |order| order.visibility = Visibility::Hidden,
        OrderFault::Reserve,
    );
    conditions_refused(
        "list parts 10\nbuy 1 50 @ 100 iceberg 5",
        |order| order.visibility = display(4),
        OrderFault::Reserve,
    );
    let stop = "buy 1 50 stop 110 @ 112 iceberg 5";
    conditions_refused(stop, |order| order.reserve = Qty::new(45), OrderFault::Reserve);
}

#[test]
fn what_is_due_has_happened() {
    let gtd = "buy 1 5 @ 100 gtd 9s";
    refused(
        gtd,
        |snapshot| snapshot.now = at(9_000_000_000),
        RestoreError::Order {
            order: OrderId::new(1),
            fault: OrderFault::Expired,
        },
    );
    let switch = "switch 7 5s";
    refused(
        switch,
        |snapshot| snapshot.now = at(5_000_000_000),
        RestoreError::Switch(account(7)),
    );
    let interrupted =
        "list dynamic 100 for 10s\nsell 1 1 @ 100\nbuy 2 1 @ 100\nsell 3 1 @ 110\nbuy 4 1 @ 110";
    instrument_refused(
        interrupted,
        |snapshot| snapshot.now = at(10_000_000_000),
        InstrumentFault::AuctionEnd,
    );
    instrument_refused(
        "tick",
        |snapshot| snapshot.instruments[0].auction_ends = Some(at(1)),
        InstrumentFault::AuctionEnd,
    );
}

#[test]
fn switches_are_in_order() {
    let switches = "switch 7 5s\nswitch 8 5s\nkill 4\nkill 5";
    refused(
        switches,
        |snapshot| snapshot.switches.swap(0, 1),
        RestoreError::Switch(account(7)),
    );
    refused(
        switches,
        |snapshot| snapshot.killed.accounts.swap(0, 1),
        RestoreError::Killed(account(4)),
    );
    let twice = SwitchSnapshot {
        account: account(8),
        deadline: at(6_000_000_000),
    };
    refused(
        switches,
        |snapshot| snapshot.switches.push(twice),
        RestoreError::Switch(account(8)),
    );
}

#[test]
fn a_client_order_id_is_unique_in_its_account() {
    let name = ClientOrderId::new("a").ok();
    conditions_refused(
        "buy 2 5 @ 101 acct 7 name a\nbuy 1 5 @ 100 acct 7 name b",
        |order| order.client_id = name,
        OrderFault::ClientId,
    );
}

#[test]
fn an_order_stands_where_its_type_does() {
    let stop = "buy 1 5 stop 110";
    conditions_refused(stop, |order| order.waits = None, OrderFault::Type);
    conditions_refused(stop, |order| order.waits = Some(Waits::Peg), OrderFault::Type);
    conditions_refused(
        stop,
        |order| order.waits = Some(Waits::Uncrossing),
        OrderFault::Type,
    );
    conditions_refused(
        stop,
        |order| order.order_type = OrderType::Market,
        OrderFault::Type,
    );
    conditions_refused(
        "buy 1 5 @ 100 hidden",
        |order| order.order_type = OrderType::Stop,
        OrderFault::Type,
    );
    conditions_refused(
        "buy 1 5 @ 100 hidden",
        |order| order.waits = Some(Waits::Trigger),
        OrderFault::Type,
    );
    order_refused(stop, |order| order.conditions = None, OrderFault::Type);
}

#[test]
fn an_order_stands_where_its_time_in_force_does() {
    let tif = |time_in_force| move |order: &mut ConditionsSnapshot| order.time_in_force = time_in_force;
    let fault = OrderFault::TimeInForce;
    conditions_refused("buy 1 5 @ 100 day", tif(TimeInForce::Ioc), fault);
    conditions_refused("buy 1 5 @ 100 day", tif(TimeInForce::AtOpen), fault);
    conditions_refused("buy 1 5 stop 110", tif(TimeInForce::AtClose), fault);
    conditions_refused("buy 1 5 @ 100 at-close", tif(TimeInForce::Day), fault);
    let collected = "phase auction\nbuy 1 5 market at-open";
    conditions_refused(collected, tif(TimeInForce::Day), fault);
    let change = |phase| move |snapshot: &mut EngineSnapshot| snapshot.instruments[0].phase = phase;
    let refusal = RestoreError::Order {
        order: OrderId::new(1),
        fault,
    };
    refused(
        "phase auction\nbuy 1 5 @ 100 at-open",
        change(Phase::Continuous),
        refusal,
    );
    refused(collected, change(Phase::Continuous), refusal);
    refused("buy 1 5 @ 100 at-open", change(Phase::Auction), refusal);
    refused("buy 1 5 @ 100 day", change(Phase::Closed), refusal);
}

#[test]
fn conditions_go_together() {
    let fault = OrderFault::Conditions;
    let hidden = "buy 1 5 @ 100 hidden";
    conditions_refused(
        hidden,
        |order| (order.all_or_none, order.post_only) = (true, PostOnly::Reject),
        fault,
    );
    conditions_refused(
        "buy 1 5 stop 110",
        |order| order.visibility = Visibility::Hidden,
        fault,
    );
    conditions_refused("buy 1 5 stop 110", |order| order.all_or_none = true, fault);
    conditions_refused(
        "buy 1 5 @ 100 at-close",
        |order| order.post_only = PostOnly::Slide,
        fault,
    );
    conditions_refused(
        "buy 1 50 @ 100 iceberg 5",
        |order| order.all_or_none = true,
        fault,
    );
    conditions_refused(hidden, |order| order.visibility = Visibility::Displayed, fault);
}

#[test]
fn a_stop_waits_for_a_price_that_has_not_come() {
    let fault = OrderFault::Trigger;
    let traded = "sell 8 1 @ 100\nbuy 9 1 @ 100";
    let to = |ticks| move |order: &mut ConditionsSnapshot| order.trigger = Some(Price::new(ticks));
    conditions_refused(&format!("{traded}\nbuy 1 5 stop 110"), to(100), fault);
    conditions_refused(&format!("{traded}\nsell 1 5 stop 90"), to(101), fault);
    conditions_refused("buy 1 5 stop 110", |order| order.trigger = None, fault);
    conditions_refused("buy 1 5 stop 110", to(i64::MAX), fault);
    conditions_refused("buy 1 5 @ 100 hidden", to(110), fault);
    let trailing = format!("{traded}\nsell 1 5 trail 3");
    conditions_refused(&trailing, to(96), fault);
    conditions_refused(&trailing, |order| order.trail = None, fault);
    let trail = |distance, best| {
        move |order: &mut ConditionsSnapshot| order.trail = Some(TrailSnapshot { distance, best })
    };
    conditions_refused(&trailing, trail(Trail::Ticks(0), None), fault);
    conditions_refused(&trailing, trail(Trail::Ticks(3), Some(Price::new(101))), fault);
    conditions_refused(
        &trailing,
        trail(Trail::BasisPoints(10_000), Some(Price::new(100))),
        fault,
    );
    conditions_refused(
        &trailing,
        |order| {
            (order.trail, order.trigger) = (
                Some(TrailSnapshot {
                    distance: Trail::Ticks(3),
                    best: None,
                }),
                None,
            )
        },
        fault,
    );
    conditions_refused(
        &trailing,
        |order| {
            order.trail = Some(TrailSnapshot {
                distance: Trail::Ticks(3),
                best: Some(Price::new(99)),
            });
            order.trigger = Some(Price::new(96));
        },
        fault,
    );
    let few = |snapshot: &mut EngineSnapshot| {
        snapshot.instruments[0].spec =
            engine_core::InstrumentSpec::builder("X", rust_decimal::Decimal::ONE, rust_decimal::Decimal::ONE)
                .stops_max(1)
                .build()
                .expect("a good spec");
    };
    instrument_refused(
        "buy 1 5 stop 110\nbuy 2 5 stop 110",
        few,
        InstrumentFault::TooManyStops,
    );
}

#[test]
fn a_peg_stands_where_the_book_says() {
    let fault = OrderFault::Peg;
    let pegged = "buy 8 5 @ 100\nbuy 1 5 peg primary -2";
    order_refused(pegged, |order| order.price = Price::new(97), fault);
    conditions_refused(pegged, |order| order.peg = None, fault);
    let change = |peg, offset, limit| {
        move |order: &mut ConditionsSnapshot| {
            let order_peg = order.peg.as_mut().expect("the order is pegged");
            (order_peg.peg, order_peg.offset, order_peg.limit) = (peg, offset, limit);
        }
    };
    conditions_refused(pegged, change(Peg::Market, -2, None), fault);
    conditions_refused(pegged, change(Peg::Primary, -3, None), fault);
    conditions_refused(pegged, change(Peg::Primary, i64::MIN, None), fault);
    conditions_refused(
        pegged,
        change(Peg::Primary, -2, Some(Price::new(i64::MAX))),
        fault,
    );
    conditions_refused("buy 1 5 peg mid", |order| order.peg = None, fault);
}

#[test]
fn what_was_said_of_an_auction_is_what_it_would_do() {
    let auction = "phase auction\nbuy 1 5 @ 100\nsell 2 3 @ 99";
    let indicative = |change: fn(&mut engine_core::snapshot::IndicativeSnapshot)| {
        move |snapshot: &mut EngineSnapshot| change(&mut snapshot.instruments[0].indicative)
    };
    let fault = InstrumentFault::Indicative;
    instrument_refused(
        auction,
        indicative(|said| said.price = Some(Price::new(98))),
        fault,
    );
    instrument_refused(auction, indicative(|said| said.quantity = Qty::new(4)), fault);
    instrument_refused(auction, indicative(|said| said.imbalance = 3), fault);
    instrument_refused("buy 1 5 @ 100", indicative(|said| said.imbalance = 3), fault);
}

fn link_refused(script: &str, spoil: impl FnOnce(&mut EngineSnapshot), link: u64, fault: LinkFault) {
    let instrument = InstrumentId::new(0);
    refused(
        script,
        spoil,
        RestoreError::Link {
            instrument,
            link,
            fault,
        },
    );
}

#[test]
fn linked_orders_go_together() {
    let lists = "oco: sell 1 5 @ 110 | sell 2 5 stop 90\nbracket: buy 3 5 @ 95 | sell 4 5 @ 111 | sell 5 5 stop 80\nbuy 6 1 @ 90\nsell 7 1 @ 120 acct 7";
    let links = |change: fn(&mut Vec<engine_core::snapshot::LinkSnapshot>)| {
        move |snapshot: &mut EngineSnapshot| change(&mut snapshot.instruments[0].links)
    };
    link_refused(lists, links(|links| links.swap(0, 1)), 1, LinkFault::Id);
    link_refused(lists, links(|links| links[1].id = 8), 8, LinkFault::Id);
    link_refused(lists, links(|links| links[0].orders.clear()), 1, LinkFault::Count);
    link_refused(
        lists,
        links(|links| links[0].orders.push(OrderId::new(6))),
        1,
        LinkFault::Count,
    );
    link_refused(
        lists,
        links(|links| links[0].orders[1] = OrderId::new(9)),
        1,
        LinkFault::Order(OrderId::new(9)),
    );
    link_refused(
        lists,
        links(|links| links[0].orders[1] = OrderId::new(1)),
        1,
        LinkFault::Order(OrderId::new(1)),
    );
    link_refused(
        lists,
        links(|links| links[0].orders[1] = OrderId::new(6)),
        1,
        LinkFault::Orders,
    );
    link_refused(
        lists,
        links(|links| links[0].orders[0] = OrderId::new(7)),
        1,
        LinkFault::Orders,
    );
    link_refused(
        lists,
        links(|links| links[0].orders[0] = OrderId::new(4)),
        1,
        LinkFault::Orders,
    );
    link_refused(
        lists,
        links(|links| links[1].orders.swap(0, 1)),
        3,
        LinkFault::Orders,
    );
    let unlinked = |id| RestoreError::Order {
        order: OrderId::new(id),
        fault: OrderFault::Unlinked,
    };
    refused(lists, links(|links| links.truncate(1)), unlinked(4));
    refused(lists, links(|links| links[1].orders.truncate(2)), unlinked(5));
}
