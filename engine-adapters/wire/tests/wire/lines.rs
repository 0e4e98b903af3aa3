//! Lines: every operation is read, and what is written as a line is read as the same command.

use engine_core::{
    AccountId, Amend, AssetId, AssetSpec, Command, InstrumentId, OrderId, OrderKind, OrderRef, Place, Price,
    Qty, TimeInForce, Timestamp, Trail, Visibility,
};
use engine_wire::{Field, Input, Line, Op, Query, RequestError, Symbols, write_command, write_exact};
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::samples::{self, X, account, client_id};

/// The plain instrument alone.
fn one_symbol() -> Symbols {
    let mut symbols = Symbols::new();
    assert_eq!(symbols.list(&samples::plain_spec()), Some(X));
    symbols
}

/// The plain instrument and the one of which everything is different.
fn two_symbols() -> Symbols {
    let mut symbols = one_symbol();
    for (name, id) in [("BTC", 0), ("KRW", 1)] {
        let (name, scale) = (name.to_owned(), 8);
        assert_eq!(
            symbols.add_asset(&AssetSpec { name, scale }).map(AssetId::get),
            Some(id)
        );
    }
    assert_eq!(symbols.list(&samples::full_spec()), Some(InstrumentId::new(1)));
    symbols
}

fn ask(text: &str, symbols: &mut Symbols) -> Result<Input, RequestError> {
    Line::read(text)?.input(symbols)
}

fn command(text: &str, symbols: &mut Symbols) -> Command {
    match ask(text, symbols) {
        Ok(Input::Command(command)) => command,
        other => panic!("{text} is {other:?}"),
    }
}

#[test]
fn the_lines_of_the_protocol_are_read() {
    let mut symbols = Symbols::new();
    let Command::List(spec) = command(
        r#"{"op":"symbol","symbol":"X","tick":0.01,"lot":1}"#,
        &mut symbols,
    ) else {
        panic!("a symbol is listed")
    };
    assert_eq!(
        (spec.terms().tick, spec.terms().lot),
        (Decimal::new(1, 2), Decimal::ONE)
    );
    let named =
        [spec.terms().base, spec.terms().quote].map(|asset| asset.and_then(|id| symbols.asset_name(id)));
    assert_eq!(named, [Some("X"), Some("USD")]);
    symbols.list(&spec);
    let new = r#"{"op":"new","id":1,"account":7,"symbol":"X","side":"Buy","order_type":"Limit","time_in_force":"GTC","price":10.00,"quantity":5,"time_ns":1000}"#;
    let place = Place {
        account: Some(account(7)),
        ..Place::limit(
            X,
            OrderId::new(1),
            engine_core::Side::Buy,
            Price::new(1000),
            Qty::new(5),
        )
    };
    assert_eq!(command(new, &mut symbols), Command::Place(place));
    assert_eq!(
        Line::read(new).and_then(|line| line.time()),
        Ok(Some(Timestamp::from_nanos(1000)))
    );
    for (text, op) in [
        (r#"{"op":"cancel","id":1}"#, Op::Cancel),
        (r#"{"op":"amend","id":1,"price":10.01,"quantity":4}"#, Op::Amend),
        (
            r#"{"op":"mass_cancel","account":7,"symbol":"X","side":"Buy"}"#,
            Op::MassCancel,
        ),
        (r#"{"op":"phase","symbol":"X","phase":"auction"}"#, Op::Phase),
        (r#"{"op":"uncross","symbol":"X"}"#, Op::Uncross),
        (r#"{"op":"time","time_ns":2000}"#, Op::Time),
        (
            r#"{"op":"deposit","account":7,"asset":"USD","amount":1000}"#,
            Op::Deposit,
        ),
        (r#"{"op":"book","symbol":"X","depth":10}"#, Op::Book),
        (r#"{"op":"balances","account":7}"#, Op::Balances),
        (
            r#"{"op":"candles","symbol":"X","interval":"1m","limit":10}"#,
            Op::Candles,
        ),
        (r#"{"op":"statistics","symbol":"X"}"#, Op::Statistics),
        (r#"{"op":"hash"}"#, Op::Hash),
    ] {
        let line = Line::read(text).expect(text);
        assert_eq!(line.op(), op, "{text}");
        assert!(line.input(&mut symbols).is_ok(), "{text}");
    }
}

#[test]
fn account_0_is_nobody() {
    let mut symbols = one_symbol();
    let order = r#""side":"Buy","order_type":"Limit","price":10,"quantity":5"#;
    for owner in ["", r#","account":0"#, r#","account":null"#] {
        let Command::Place(place) =
            command(&format!(r#"{{"op":"new","id":1,{order}{owner}}}"#), &mut symbols)
        else {
            panic!("an order is placed")
        };
        assert_eq!(place.account, None);
    }
    let cancel = r#"{"op":"cancel","id":1}"#;
    for (text, nobody) in [
        (cancel.into(), false),
        (cancel.replace("1}", "1,\"account\":7}"), false),
        (cancel.replace("1}", "1,\"account\":0}"), true),
    ] {
        let Ok(Input::Cancel(line)) = ask(&text, &mut symbols) else {
            panic!("a cancel")
        };
        assert_eq!(line.as_nobody, nobody, "{text}");
    }
    let Ok(Input::MassCancel {
        as_nobody: true,
        wanted,
    }) = ask(r#"{"op":"mass_cancel","account":0,"side":"Sell"}"#, &mut symbols)
    else {
        panic!("a mass cancel by nobody")
    };
    assert_eq!(
        (wanted.account, wanted.side),
        (None, Some(engine_core::Side::Sell))
    );
    let fees = ask(r#"{"op":"balances","account":0}"#, &mut symbols);
    assert_eq!(fees, Ok(Input::Query(Query::Balances { account: None })));
}

#[test]
fn ids_go_up_to_2_to_the_63_less_1() {
    let mut symbols = one_symbol();
    let cancel = |id: &str| format!(r#"{{"op":"cancel","id":{id}}}"#);
    for (id, number) in [("0", 0), ("9223372036854775807", i64::MAX as u64)] {
        let line = cancel(id);
        let line = Line::read(&line).expect("a line");
        assert_eq!(line.order(), Some(OrderRef::Id(OrderId::new(number))));
        assert!(line.input(&mut symbols).is_ok());
    }
    for id in [
        "9223372036854775808",
        "18446744073709551616",
        "-1",
        "1.0",
        "1e3",
        "\"1\"",
        "01",
        "null",
    ] {
        let line = cancel(id);
        let line = Line::read(&line).expect("a line");
        assert_eq!(line.order(), None, "{id}");
        assert!(line.input(&mut symbols).is_err(), "{id}");
    }
}

#[test]
fn the_only_symbol_may_be_left_out() {
    let text = r#"{"op":"new","id":1,"side":"Buy","order_type":"Limit","price":10,"quantity":5}"#;
    assert!(ask(text, &mut one_symbol()).is_ok());
    let error = ask(text, &mut two_symbols()).expect_err("there are two");
    assert_eq!(error.code().as_str(), "INVALID_SYMBOL");
    let error = ask(
        &text.replace("\"id\"", "\"symbol\":\"Y\",\"id\""),
        &mut two_symbols(),
    )
    .expect_err("no Y");
    assert_eq!(error.code().as_str(), "SYMBOL_NOT_FOUND");
}

#[test]
fn an_amend_waits_for_its_instrument_when_there_are_several() {
    let text = r#"{"op":"amend","id":1,"price":1000,"quantity":4}"#;
    let mut symbols = two_symbols();
    let Ok(Input::Amend(amend)) = ask(text, &mut symbols) else {
        panic!("an amend")
    };
    assert_eq!(amend.instrument, None);
    let with = |price, quantity| Amend {
        order: OrderRef::Id(OrderId::new(1)),
        account: None,
        price: Some(Price::new(price)),
        quantity: Some(Qty::new(quantity)),
    };
    assert_eq!(amend.command(X, &symbols), Ok(with(100_000, 4)));
    assert_eq!(
        amend.command(InstrumentId::new(1), &symbols),
        Ok(with(1, 400_000_000))
    );
    let Ok(Input::Amend(amend)) = ask(text, &mut one_symbol()) else {
        panic!("an amend")
    };
    assert_eq!(amend.instrument, Some(X));
}

#[test]
fn every_field_of_a_spec_is_read() {
    let text = r#"{"op":"symbol","symbol":"BTC-KRW","tick":1000,"lot":0.00000001,"min_quantity":0.0000001,
        "max_quantity":10,"min_notional":5000,"price_band_bps":5000,"dynamic_band_bps":300,"volatility_auction_ms":120000,
        "market_protection_bps":250,"maker_fee_bps":-0.25,"taker_fee_bps":5.25,"allocation":"pro_rata",
        "pro_rata_top_order":true,"pro_rata_min_quantity":0.00000007,"trigger_source":"Mark","initial_phase":"auction",
        "iceberg_parts_max":50,"stops_max":1000,"base":"BTC","quote":"KRW","comment":"all of them"}"#;
    assert_eq!(
        command(text, &mut Symbols::new()),
        Command::List(Box::new(samples::full_spec()))
    );
}

#[test]
fn a_symbol_that_cannot_be_is_refused() {
    for (fields, message) in [
        (r#""tick":1,"lot":1"#, "symbol is required"),
        (r#""symbol":"X","tick":1,"lot":1"#, "this exists already"),
        (r#""symbol":"Y","lot":1"#, "tick is required"),
        (
            r#""symbol":"Y","tick":0,"lot":1"#,
            "tick 0 is not greater than 0, or has too many digits",
        ),
        (
            r#""symbol":"Y","tick":1,"lot":-1"#,
            "lot -1 is not greater than 0, or has too many digits",
        ),
        (
            r#""symbol":"Y","tick":1,"lot":1,"min_quantity":0.5"#,
            "min_quantity is not a multiple of the lot 1",
        ),
        (
            r#""symbol":"Y","tick":1,"lot":1,"taker_fee_bps":0.001"#,
            "taker_fee_bps is not valid",
        ),
        (
            r#""symbol":"Y","tick":1,"lot":1,"taker_fee_bps":1e2"#,
            "taker_fee_bps is not valid",
        ),
        (
            r#""symbol":"Y","tick":1,"lot":1,"price_band_bps":0"#,
            "price_band_bps of 0 basis points is not within 1 to 10000",
        ),
        (
            r#""symbol":"Y","tick":1,"lot":1,"volatility_auction_ms":5"#,
            "dynamic_band_bps is required",
        ),
        (
            r#""symbol":"Y","tick":1,"lot":1,"colour":1"#,
            "unknown field \"colour\"",
        ),
        (
            r#""symbol":"Y","tick":1,"lot":1,"side":"Buy""#,
            "unknown field \"side\"",
        ),
    ] {
        let text = format!(r#"{{"op":"symbol",{fields}}}"#);
        let error = ask(&text, &mut one_symbol()).expect_err(fields);
        assert_eq!(error.to_string(), message, "{fields}");
    }
}

#[test]
fn what_is_no_line_is_an_error() {
    for (text, message) in [
        ("", "not valid JSON: unexpected end at byte 0"),
        ("[]", "not valid JSON: expected an object at byte 0"),
        ("{}", "op is required"),
        (r#"{"op":"fly"}"#, "op is not valid"),
        (r#"{"op":1}"#, "op is not valid"),
        (
            r#"{"op":"hash","op":"hash"}"#,
            "not valid JSON: repeated key at byte 13",
        ),
        (r#"{"op":"hash","depth":1}"#, "unknown field \"depth\""),
        (r#"{"op":"time"}"#, "time_ns is required"),
        (r#"{"op":"book","depth":0}"#, "depth must be greater than 0"),
        (r#"{"op":"candles","interval":"0m"}"#, "interval is not valid"),
        (r#"{"op":"candles","interval":"m"}"#, "interval is not valid"),
        (r#"{"op":"candles","interval":""}"#, "interval is not valid"),
        (r#"{"op":"candles","interval":"1w"}"#, "interval is not valid"),
        (
            r#"{"op":"candles","interval":"9999999999999999999d"}"#,
            "interval is not valid",
        ),
        (r#"{"op":"phase","phase":"open"}"#, "phase is not valid"),
        (
            r#"{"op":"deposit","account":0,"asset":"USD","amount":1}"#,
            "account must be greater than 0",
        ),
        (
            r#"{"op":"deposit","account":1,"asset":"USD","amount":-1}"#,
            "amount must be greater than 0",
        ),
        (r#"{"op":"cancel"}"#, "id is required"),
        (r#"{"op":"cancel","client_order_id":"a"}"#, "account is required"),
        (
            r#"{"op":"cancel","id":1,"client_order_id":"a"}"#,
            "client_order_id does not go with the other fields",
        ),
    ] {
        let error = ask(text, &mut one_symbol()).expect_err(text);
        assert_eq!(error.to_string(), message, "{text}");
    }
    let line = Line::read(r#"{"op":"hash","time_ns":-1}"#).expect("a line");
    assert_eq!(
        line.time().expect_err("negative").to_string(),
        "time_ns is not valid"
    );
}

#[test]
fn linked_orders_and_switches_are_read() {
    let mut symbols = one_symbol();
    let list = r#"{"op":"order_list","kind":"OCO","account":7,"orders":[
        {"id":2,"side":"Sell","order_type":"Limit","price":11,"quantity":5},
        {"id":3,"side":"Sell","order_type":"Stop","stop_price":9,"quantity":5,"client_order_id":"stop"}]}"#;
    let Command::PlaceLinked(linked) = command(list, &mut symbols) else {
        panic!("a list")
    };
    assert_eq!(linked.orders.len(), 2);
    assert!(
        linked
            .orders
            .iter()
            .all(|place| place.account == AccountId::new(7))
    );
    assert_eq!(linked.orders[1].client_id, Some(client_id("stop")));
    let line = Line::read(list).expect("a line");
    assert_eq!(line.order(), Some(OrderRef::Id(OrderId::new(2))));
    let Command::CancelAllAfter(switch) = command(
        r#"{"op":"cancel_after","account":7,"timeout_ms":60000}"#,
        &mut symbols,
    ) else {
        panic!("a switch")
    };
    assert_eq!(switch.timeout_ns, Some(60_000_000_000));
    let Command::CancelAllAfter(switch) = command(
        r#"{"op":"cancel_after","account":7,"timeout_ms":0}"#,
        &mut symbols,
    ) else {
        panic!("a switch")
    };
    assert_eq!(switch.timeout_ns, None);
}

fn written(command: &Command, symbols: &Symbols) -> String {
    let mut out = Vec::new();
    write_command(command, Timestamp::from_nanos(77), symbols, |_| Some(X), &mut out);
    String::from_utf8(out).expect("a line is UTF-8")
}

/// Reads a line that an amend may be.
fn reread(text: &str, symbols: &mut Symbols) -> Command {
    match ask(text, symbols) {
        Ok(Input::Command(command)) => command,
        Ok(Input::Cancel(line)) => Command::Cancel(line.cancel),
        Ok(Input::MassCancel { wanted, .. }) => Command::MassCancel(wanted),
        Ok(Input::Transfer(line)) => line.command(symbols).expect("its asset is known"),
        Ok(Input::Amend(amend)) => {
            let instrument = amend.instrument.expect("the line names it");
            Command::Amend(
                amend
                    .command(instrument, symbols)
                    .expect("it fits the instrument"),
            )
        }
        other => panic!("{text} is {other:?}"),
    }
}

#[test]
fn every_command_is_written_as_the_line_that_asks_for_it() {
    let mut symbols = two_symbols();
    for command in samples::commands() {
        // The instruments of the samples are listed already; a line that lists them again is for others to read.
        let mut fresh = Symbols::new();
        let symbols = if matches!(command, Command::List(_)) {
            &mut fresh
        } else {
            &mut symbols
        };
        if matches!(command, Command::List(_)) {
            symbols.asset("BTC");
            symbols.asset("KRW");
        }
        let text = written(&command, symbols);
        let again = reread(&text, symbols);
        match (&again, &command) {
            // A spec without assets gets those that its symbol says.
            (Command::List(again), Command::List(spec)) => {
                assert_eq!(again.terms().tick, spec.terms().tick, "{text}");
                assert_eq!(again.terms().stops_max, spec.terms().stops_max, "{text}");
            }
            _ => assert_eq!(again, command, "{text}"),
        }
        assert_eq!(
            Line::read(&text).and_then(|line| line.time()),
            Ok(Some(Timestamp::from_nanos(77)))
        );
    }
}

#[test]
fn a_spec_is_written_whole() {
    let mut symbols = Symbols::new();
    symbols.asset("BTC");
    symbols.asset("KRW");
    let list = Command::List(Box::new(samples::full_spec()));
    let text = written(&list, &symbols);
    assert_eq!(reread(&text, &mut symbols), list, "{text}");
}

#[test]
fn lines_are_written_in_the_order_of_the_protocol() {
    let symbols = one_symbol();
    let place = Place {
        account: Some(account(7)),
        ..Place::limit(
            X,
            OrderId::new(1),
            engine_core::Side::Buy,
            Price::new(1000),
            Qty::new(5),
        )
    };
    assert_eq!(
        written(&Command::Place(place), &symbols),
        r#"{"op":"new","id":1,"symbol":"X","side":"Buy","order_type":"Limit","price":10,"quantity":5,"time_in_force":"GTC","account":7,"time_ns":77}"#
    );
}

#[test]
fn an_amend_of_no_live_order_is_written_without_its_terms() {
    let amend = Command::Amend(Amend {
        order: OrderRef::Id(OrderId::new(9)),
        account: None,
        price: Some(Price::new(5)),
        quantity: None,
    });
    let mut out = Vec::new();
    write_command(
        &amend,
        Timestamp::from_nanos(1),
        &one_symbol(),
        |_| None,
        &mut out,
    );
    assert_eq!(
        String::from_utf8_lossy(&out),
        r#"{"op":"amend","id":9,"time_ns":1}"#
    );
}

/// Whether a line can say this order: what the engine would refuse for being out of range, no decimal reaches.
fn can_be_said(place: &Place) -> bool {
    let price_fits = |price: Price| price.is_valid();
    let kind_fits = match place.kind {
        OrderKind::Market | OrderKind::MarketToLimit => true,
        OrderKind::MarketByQuote { budget } => place.quantity.is_zero() && budget.abs().units() < 1 << 90,
        OrderKind::Limit { price } => price_fits(price),
        OrderKind::Stop { trigger } | OrderKind::TakeProfit { trigger } => price_fits(trigger),
        OrderKind::StopLimit { trigger, price } | OrderKind::TakeProfitLimit { trigger, price } => {
            price_fits(trigger) && price_fits(price)
        }
        OrderKind::TrailingStop { trail } => trail_fits(trail),
        OrderKind::TrailingStopLimit { trail, price } => trail_fits(trail) && price_fits(price),
        OrderKind::Pegged { offset, limit, .. } => {
            price_fits(Price::new(offset)) && limit.is_none_or(price_fits)
        }
    };
    let quantity_fits = |quantity: Qty| quantity <= Qty::MAX;
    let visibility_fits = match place.visibility {
        Visibility::Iceberg { display } => quantity_fits(display),
        Visibility::Displayed | Visibility::Hidden => true,
    };
    kind_fits
        && visibility_fits
        && quantity_fits(place.quantity)
        && place.min_quantity.is_none_or(quantity_fits)
}

fn trail_fits(trail: Trail) -> bool {
    match trail {
        Trail::Ticks(ticks) => i64::try_from(ticks).is_ok_and(|ticks| Price::new(ticks).is_valid()),
        Trail::BasisPoints(_) => true,
    }
}

/// The same order with its numbers brought into what a line can say.
fn within_range(mut place: Place) -> Place {
    const PRICES: i64 = 1 << 53;
    let price = |price: Price| Price::new(price.ticks() % PRICES);
    let lots = |quantity: Qty| Qty::new(quantity.lots() >> 1);
    let trail = |trail| match trail {
        Trail::Ticks(ticks) => Trail::Ticks(ticks % PRICES as u64),
        bps => bps,
    };
    place.instrument = X;
    place.id = OrderId::new(place.id.get() >> 1);
    place.quantity = lots(place.quantity);
    place.min_quantity = place.min_quantity.map(lots);
    if let Visibility::Iceberg { display } = &mut place.visibility {
        *display = lots(*display);
    }
    place.kind = match place.kind {
        OrderKind::Limit { price: limit } => OrderKind::Limit { price: price(limit) },
        OrderKind::Stop { trigger } => OrderKind::Stop {
            trigger: price(trigger),
        },
        OrderKind::StopLimit {
            trigger,
            price: limit,
        } => OrderKind::StopLimit {
            trigger: price(trigger),
            price: price(limit),
        },
        OrderKind::TakeProfit { trigger } => OrderKind::TakeProfit {
            trigger: price(trigger),
        },
        OrderKind::TakeProfitLimit {
            trigger,
            price: limit,
        } => OrderKind::TakeProfitLimit {
            trigger: price(trigger),
            price: price(limit),
        },
        OrderKind::TrailingStop { trail: distance } => OrderKind::TrailingStop {
            trail: trail(distance),
        },
        OrderKind::TrailingStopLimit {
            trail: distance,
            price: limit,
        } => OrderKind::TrailingStopLimit {
            trail: trail(distance),
            price: price(limit),
        },
        OrderKind::Pegged { peg, offset, limit } => OrderKind::Pegged {
            peg,
            offset: offset % PRICES,
            limit: limit.map(price),
        },
        other => other,
    };
    if let OrderKind::MarketByQuote { budget } = place.kind {
        place.quantity = Qty::ZERO;
        place.kind = OrderKind::MarketByQuote {
            budget: engine_core::Notional::new(budget.units() >> 40),
        };
    }
    place
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn any_order_is_written_as_the_line_that_asks_for_it(place in samples::any_place().prop_map(within_range)) {
        prop_assert!(can_be_said(&place), "{place:?}");
        let mut symbols = one_symbol();
        let text = written(&Command::Place(place), &symbols);
        prop_assert_eq!(reread(&text, &mut symbols), Command::Place(place), "{}", text);
    }

    #[test]
    fn any_order_at_all_is_written_as_json(place in samples::any_place()) {
        let text = written(&Command::Place(place), &one_symbol());
        prop_assert!(Line::read(&text).is_ok(), "{text}");
    }

    #[test]
    fn no_line_panics(
        text in "\\PC{0,80}|\\{\"op\":\"(new|amend|symbol|candles|order_list|cancel_after)\"(,\"(id|price|tick|lot|orders|interval|timeout_ms|account)\":([0-9.eE+-]{1,30}|\"\\PC{0,5}\"|\\[\\{\\}\\]|null)){0,6}\\}",
    ) {
        let mut symbols = one_symbol();
        if let Ok(line) = Line::read(&text) {
            let _ = (line.order(), line.time(), line.input(&mut symbols));
        }
    }
}

#[test]
fn a_gtd_order_keeps_its_nanoseconds() {
    let place = Place {
        time_in_force: TimeInForce::Gtd(Timestamp::from_nanos(1_000_001)),
        ..Place::limit(
            X,
            OrderId::new(1),
            engine_core::Side::Buy,
            Price::new(1000),
            Qty::new(5),
        )
    };
    let text = written(&Command::Place(place), &one_symbol());
    assert!(text.contains(r#""expire_at_ns":1000001"#), "{text}");
}

#[test]
fn a_command_in_its_binary_form_is_read_whole_or_not_at_all() {
    let read = |text: &str| {
        ask(
            &format!(r#"{{"op":"command","command":{text}}}"#),
            &mut Symbols::new(),
        )
    };
    let order = Command::Place(Place::limit(
        InstrumentId::new(9),
        OrderId::new(1),
        engine_core::Side::Buy,
        Price::new(-3),
        Qty::new(0),
    ));
    let mut line = Vec::new();
    write_exact(&order, Timestamp::from_nanos(5), &mut line);
    let line = String::from_utf8(line).expect("lines are UTF-8");
    assert_eq!(ask(&line, &mut Symbols::new()), Ok(Input::Exact(order)));
    assert!(line.ends_with(r#","time_ns":5}"#), "{line}");
    let malformed = Err(RequestError::Malformed(Field::Command));
    for text in [
        r#""""#,
        r#""1""#,
        r#""1:""#,
        r#""1:0""#,
        r#""1:zz""#,
        r#""2:00""#,
        r#""x:00""#,
    ] {
        assert_eq!(read(text), malformed, "{text}");
    }
    let missing = ask(r#"{"op":"command"}"#, &mut Symbols::new());
    assert_eq!(missing, Err(RequestError::Missing(Field::Command)));
}
