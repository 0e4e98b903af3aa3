//! Order requests: what is read, and which code every wrong one gets.

use engine_core::{
    InstrumentSpec, Notional, OrderId, OrderKind, Peg, Place, PostOnly, Price, Qty, SelfTrade, Side,
    TimeInForce, Timestamp, Trail, Visibility,
};
use engine_wire::{AmendRequest, Language, OrderListRequest, OrderRequest, Placement, RequestError};

use crate::samples::{X, client_id, full_spec, plain_spec};

const ID: OrderId = OrderId::new(1);

fn place_on(spec: &InstrumentSpec, body: &str) -> Result<Place, RequestError> {
    OrderRequest::read(body)?.place(&Placement::new(X, spec, ID))
}

/// The order of a body of which only the interesting fields are given, on an instrument with tick 0.01 and lot 1.
fn place(fields: &str) -> Result<Place, RequestError> {
    place_on(&plain_spec(), &format!(r#"{{"symbol":"X",{fields}}}"#))
}

#[track_caller]
fn assert_code(fields: &str, code: &str) {
    let error = place(fields).expect_err(fields);
    assert_eq!(error.code().as_str(), code, "{fields}: {error}");
}

const LIMIT: &str = r#""side":"Buy","order_type":"Limit","price":10.00,"quantity":5"#;

fn limit() -> Place {
    Place::limit(X, ID, Side::Buy, Price::new(1000), Qty::new(5))
}

#[test]
fn the_order_of_the_protocol_is_read() {
    let body = r#"{"symbol":"BTC-KRW","side":"Buy","order_type":"Limit","price":50000000,"quantity":0.001,
                  "time_in_force":"GTC","client_order_id":"my-1"}"#;
    let expected = Place {
        client_id: Some(client_id("my-1")),
        ..Place::limit(X, ID, Side::Buy, Price::new(50_000), Qty::new(100_000))
    };
    assert_eq!(place_on(&full_spec(), body), Ok(expected));
}

#[test]
fn words_are_read_in_any_case_and_numbers_as_strings_too() {
    let fields = r#""side":"bUY","order_type":"LIMIT","price":"10.000","quantity":"5","time_in_force":"gtc""#;
    assert_eq!(place(fields), Ok(limit()));
    assert_eq!(
        place(&format!(
            r#"{LIMIT},"stop_price":null,"hidden":false,"post_only":false"#
        )),
        Ok(limit())
    );
}

#[test]
fn every_order_type_is_read() {
    let (price, trigger) = (Price::new(1000), Price::new(950));
    for (fields, kind) in [
        (r#""order_type":"Market""#, OrderKind::Market),
        (r#""order_type":"MarketToLimit""#, OrderKind::MarketToLimit),
        (r#""order_type":"Limit","price":10"#, OrderKind::Limit { price }),
        (
            r#""order_type":"Stop","stop_price":9.5"#,
            OrderKind::Stop { trigger },
        ),
        (
            r#""order_type":"StopLimit","stop_price":9.5,"price":10"#,
            OrderKind::StopLimit { trigger, price },
        ),
        (
            r#""order_type":"TakeProfit","stop_price":9.5"#,
            OrderKind::TakeProfit { trigger },
        ),
        (
            r#""order_type":"TakeProfitLimit","stop_price":9.5,"price":10"#,
            OrderKind::TakeProfitLimit { trigger, price },
        ),
        (
            r#""order_type":"TrailingStop","trailing_delta":0.25"#,
            OrderKind::TrailingStop {
                trail: Trail::Ticks(25),
            },
        ),
        (
            r#""order_type":"TrailingStopLimit","trailing_delta_bps":250,"price":10"#,
            OrderKind::TrailingStopLimit {
                trail: Trail::BasisPoints(250),
                price,
            },
        ),
        (
            r#""order_type":"Pegged","peg":"Primary""#,
            OrderKind::Pegged {
                peg: Peg::Primary,
                offset: 0,
                limit: None,
            },
        ),
        (
            r#""order_type":"Pegged","peg":"mid","peg_offset":-0.02,"price":10"#,
            OrderKind::Pegged {
                peg: Peg::Mid,
                offset: -2,
                limit: Some(price),
            },
        ),
    ] {
        let expected = Place::of_kind(X, ID, Side::Sell, Qty::new(5), kind);
        assert_eq!(
            place(&format!(r#""side":"Sell","quantity":5,{fields}"#)),
            Ok(expected),
            "{fields}"
        );
    }
}

/// A limit order with one more field is the plain one but for what the field says.
#[track_caller]
fn check_condition(fields: &str, expected: impl FnOnce(&mut Place)) {
    let mut place_expected = limit();
    expected(&mut place_expected);
    assert_eq!(
        place(&format!("{LIMIT},{fields}")),
        Ok(place_expected),
        "{fields}"
    );
}

#[test]
fn every_time_in_force_is_read() {
    let moment = Timestamp::from_millis(1_682_854_510_123).expect("before 2554");
    for (fields, time_in_force) in [
        (r#""time_in_force":"GTC""#, TimeInForce::Gtc),
        (r#""time_in_force":"IOC""#, TimeInForce::Ioc),
        (r#""time_in_force":"FOK""#, TimeInForce::Fok),
        (r#""time_in_force":"DAY""#, TimeInForce::Day),
        (r#""time_in_force":"ATO""#, TimeInForce::AtOpen),
        (r#""time_in_force":"ATC""#, TimeInForce::AtClose),
        (
            r#""time_in_force":"GTD","expire_at":1682854510123"#,
            TimeInForce::Gtd(moment),
        ),
        (
            r#""time_in_force":"GTD","expire_at_ns":7"#,
            TimeInForce::Gtd(Timestamp::from_nanos(7)),
        ),
    ] {
        check_condition(fields, |place| place.time_in_force = time_in_force);
    }
}

#[test]
fn every_condition_is_read() {
    let iceberg = Visibility::Iceberg { display: Qty::new(2) };
    check_condition(r#""display_quantity":2"#, |place| place.visibility = iceberg);
    check_condition(r#""hidden":true"#, |place| place.visibility = Visibility::Hidden);
    check_condition(r#""post_only":true"#, |place| place.post_only = PostOnly::Reject);
    check_condition(r#""post_only":"reject""#, |place| {
        place.post_only = PostOnly::Reject
    });
    check_condition(r#""post_only":"slide""#, |place| {
        place.post_only = PostOnly::Slide
    });
    check_condition(r#""min_quantity":3"#, |place| {
        place.min_quantity = Some(Qty::new(3))
    });
    check_condition(r#""all_or_none":true"#, |place| place.all_or_none = true);
    check_condition(r#""reduce_only":true"#, |place| place.reduce_only = true);
    for (mode, self_trade) in [
        ("None", SelfTrade::None),
        ("CancelNewest", SelfTrade::CancelNewest),
        ("CancelOldest", SelfTrade::CancelOldest),
        ("CancelBoth", SelfTrade::CancelBoth),
        ("Decrement", SelfTrade::Decrement),
    ] {
        let field = format!(r#""self_trade_prevention":"{mode}""#);
        check_condition(&field, |place| place.self_trade = self_trade);
    }
    let fields = r#""side":"Buy","order_type":"Iceberg","price":10,"quantity":5,"display_quantity":2"#;
    assert_eq!(
        place(fields),
        Ok(Place {
            visibility: iceberg,
            ..limit()
        })
    );
}

#[test]
fn a_market_buy_may_say_what_it_spends() {
    let fields = r#""side":"Buy","order_type":"Market","quote_quantity":12.345"#;
    let kind = OrderKind::MarketByQuote {
        budget: Notional::new(1234),
    };
    assert_eq!(
        place(fields),
        Ok(Place::of_kind(X, ID, Side::Buy, Qty::ZERO, kind))
    );
    assert_code(&format!(r#"{fields},"quantity":5"#), "INVALID_QUANTITY");
    assert_code(&format!(r#"{LIMIT},"quote_quantity":5"#), "INVALID_QUANTITY");
    assert_code(r#""side":"Buy","order_type":"Market""#, "INVALID_QUANTITY");
}

#[test]
fn the_server_sets_what_the_request_leaves_out() {
    let spec = plain_spec();
    let placement = Placement {
        self_trade: SelfTrade::CancelNewest,
        ..Placement::new(X, &spec, ID)
    };
    let body = |more: &str| format!(r#"{{"symbol":"X",{LIMIT}{more}}}"#);
    let mode = |body: &str| {
        let place = OrderRequest::read(body).and_then(|request| request.place(&placement));
        place.map(|place| place.self_trade)
    };
    assert_eq!(mode(&body("")), Ok(SelfTrade::CancelNewest));
    assert_eq!(
        mode(&body(r#","self_trade_prevention":"None""#)),
        Ok(SelfTrade::None)
    );
}

#[test]
fn numbers_that_are_not_plain_have_the_code_of_their_field() {
    let numbers = [
        "1e400",
        "1e5",
        "1E-2",
        "NaN",
        "-NaN",
        "Infinity",
        "-Infinity",
        "+1",
        "01",
        "1.",
        ".5",
        "0x10",
        "--1",
        "\"NaN\"",
        "\"1e1\"",
        "\"+1\"",
        "\" 1\"",
        "\"\"",
        "\"abc\"",
        "true",
        "[1]",
        "{}",
        "1234567890123456789012345678901234567890",
    ];
    for number in numbers {
        assert_code(
            &format!(r#""side":"Buy","order_type":"Limit","price":{number},"quantity":5"#),
            "INVALID_PRICE",
        );
        assert_code(
            &format!(r#""side":"Buy","order_type":"Limit","price":1,"quantity":{number}"#),
            "INVALID_QUANTITY",
        );
        assert_code(
            &format!(r#""side":"Buy","order_type":"Stop","stop_price":{number},"quantity":5"#),
            "INVALID_STOP_PRICE",
        );
    }
}

#[test]
fn every_wrong_field_has_its_code() {
    let without = |field: &str| {
        let fields: Vec<_> = LIMIT.split(',').filter(|part| !part.contains(field)).collect();
        fields.join(",")
    };
    for (fields, code) in [
        (without("side"), "INVALID_SIDE"),
        (without("order_type"), "INVALID_ORDER_TYPE"),
        (without("price"), "PRICE_REQUIRED"),
        (without("quantity"), "INVALID_QUANTITY"),
        (LIMIT.replace("Buy", "Long"), "INVALID_SIDE"),
        (LIMIT.replace("\"Buy\"", "1"), "INVALID_SIDE"),
        (LIMIT.replace("Limit", "Limited"), "INVALID_ORDER_TYPE"),
        (LIMIT.replace("Limit", "Market"), "PRICE_NOT_ALLOWED"),
        (LIMIT.replace("10.00", "10.001"), "TICK_SIZE"),
        (LIMIT.replace(":5", ":5.5"), "LOT_SIZE"),
        (LIMIT.replace(":5", ":-5"), "INVALID_QUANTITY"),
        (LIMIT.replace(":5", ":9223372036854775808"), "INVALID_QUANTITY"),
        (LIMIT.replace("10.00", "90071992547409.92"), "INVALID_PRICE"),
        (format!(r#"{LIMIT},"time_in_force":"GTX""#), "INVALID_TIME_IN_FORCE"),
        (format!(r#"{LIMIT},"time_in_force":"GTD""#), "INVALID_TIME_IN_FORCE"),
        (format!(r#"{LIMIT},"expire_at":5"#), "INVALID_TIME_IN_FORCE"),
        (format!(r#"{LIMIT},"time_in_force":"GTD","expire_at":1e3"#), "INVALID_TIME_IN_FORCE"),
        (format!(r#"{LIMIT},"time_in_force":"GTD","expire_at":18446744073709551615"#), "INVALID_TIME_IN_FORCE"),
        (format!(r#"{LIMIT},"stop_price":9"#), "INVALID_STOP_PRICE"),
        (r#""side":"Buy","order_type":"Stop","quantity":5"#.into(), "INVALID_STOP_PRICE"),
        (r#""side":"Buy","order_type":"Stop","quantity":5,"stop_price":9.005"#.into(), "TICK_SIZE"),
        (r#""side":"Buy","order_type":"TrailingStop","quantity":5"#.into(), "INVALID_STOP_PRICE"),
        (
            r#""side":"Buy","order_type":"TrailingStop","quantity":5,"trailing_delta":-1"#.into(),
            "INVALID_STOP_PRICE",
        ),
        (
            r#""side":"Buy","order_type":"TrailingStop","quantity":5,"trailing_delta":1,"trailing_delta_bps":1"#.into(),
            "INVALID_STOP_PRICE",
        ),
        (r#""side":"Buy","order_type":"Pegged","quantity":5"#.into(), "INVALID_FIELD"),
        (r#""side":"Buy","order_type":"Pegged","quantity":5,"peg":"Best"#.to_owned() + "\"", "INVALID_FIELD"),
        (r#""side":"Buy","order_type":"Iceberg","quantity":5,"price":1"#.into(), "INVALID_QUANTITY"),
        (format!(r#"{LIMIT},"display_quantity":2.5"#), "LOT_SIZE"),
        (format!(r#"{LIMIT},"display_quantity":2,"hidden":true"#), "INVALID_QUANTITY"),
        (format!(r#"{LIMIT},"min_quantity":"x""#), "INVALID_QUANTITY"),
        (format!(r#"{LIMIT},"post_only":"maybe""#), "INVALID_FIELD"),
        (format!(r#"{LIMIT},"hidden":1"#), "INVALID_FIELD"),
        (format!(r#"{LIMIT},"peg":"Mid""#), "INVALID_FIELD"),
        (format!(r#"{LIMIT},"self_trade_prevention":"Sometimes""#), "INVALID_FIELD"),
        (format!(r#"{LIMIT},"client_order_id":"""#), "INVALID_CLIENT_ORDER_ID"),
        (format!(r#"{LIMIT},"client_order_id":"a b""#), "INVALID_CLIENT_ORDER_ID"),
        (format!(r#"{LIMIT},"client_order_id":7"#), "INVALID_CLIENT_ORDER_ID"),
        (format!(r#"{LIMIT},"client_order_id":"{}""#, "a".repeat(37)), "INVALID_CLIENT_ORDER_ID"),
        (format!(r#"{LIMIT},"post_olny":true"#), "INVALID_FIELD"),
        (format!(r#"{LIMIT},"id":1"#), "INVALID_FIELD"),
        (format!(r#"{LIMIT},"price":11"#), "INVALID_JSON"),
        (format!("{LIMIT},"), "INVALID_JSON"),
        (format!(r#"{LIMIT},"symbol":"X""#), "INVALID_JSON"),
    ] {
        assert_code(&fields, code);
    }
    let symbol = OrderRequest::read(&format!(r#"{{"symbol":1,{LIMIT}}}"#)).expect_err("a symbol is text");
    assert_eq!(symbol.code().as_str(), "INVALID_SYMBOL");
}

#[test]
fn the_same_fault_is_told_wherever_it_stands() {
    let one = place(r#""quantity":"x","price":"y","side":"Long""#).expect_err("all wrong");
    let other = place(r#""side":"Long","price":"y","quantity":"x""#).expect_err("all wrong");
    assert_eq!(one, other);
    assert_eq!(one.code().as_str(), "INVALID_SIDE");
}

#[test]
fn zero_and_negative_prices_are_left_to_the_engine() {
    let place = place(&LIMIT.replace("10.00", "-0.05").replace(":5", ":0")).expect("they are numbers");
    assert_eq!(
        (place.kind, place.quantity),
        (
            OrderKind::Limit {
                price: Price::new(-5)
            },
            Qty::ZERO
        )
    );
}

#[test]
fn messages_come_in_two_languages() {
    let negative = place(&LIMIT.replace(":5", ":-5")).expect_err("negative");
    assert_eq!(
        negative.message(Language::English).to_string(),
        "quantity must be greater than 0"
    );
    assert_eq!(
        negative.message(Language::Korean).to_string(),
        "수량은 0보다 커야 합니다"
    );
    let zero = RequestError::Rejected(engine_core::RejectReason::ZeroQuantity);
    assert_eq!(zero.code().as_str(), "INVALID_QUANTITY");
    assert_eq!(
        zero.message(Language::English).to_string(),
        "quantity must be greater than 0"
    );
    assert_eq!(
        zero.message(Language::Korean).to_string(),
        "수량은 0보다 커야 합니다"
    );
    let tick = place(&LIMIT.replace("10.00", "10.001")).expect_err("between ticks");
    assert_eq!(
        tick.message(Language::English).to_string(),
        "price is not a multiple of the tick 0.01"
    );
    assert_eq!(
        tick.message(Language::Korean).to_string(),
        "가격은 호가 단위 0.01의 배수여야 합니다"
    );
    let json = OrderRequest::read("{").expect_err("cut");
    assert_eq!(
        json.message(Language::English).to_string(),
        "not valid JSON: unexpected end at byte 1"
    );
    let unknown = place(&format!(r#"{LIMIT},"color":1"#)).expect_err("unknown");
    assert_eq!(
        unknown.message(Language::Korean).to_string(),
        "알 수 없는 필드입니다: \"color\""
    );
}

#[test]
fn an_amend_changes_what_it_names() {
    let spec = plain_spec();
    let terms = |body| AmendRequest::read(body).and_then(|amend| amend.terms(&spec));
    assert_eq!(
        terms(r#"{"price":10.01,"quantity":4}"#),
        Ok((Some(Price::new(1001)), Some(Qty::new(4))))
    );
    assert_eq!(terms(r#"{"price":"10.01"}"#), Ok((Some(Price::new(1001)), None)));
    assert_eq!(terms("{}"), Ok((None, None)));
    assert_eq!(
        terms(r#"{"side":"Buy"}"#),
        Err(RequestError::UnknownField("side".into()))
    );
}

#[test]
fn a_list_tells_which_order_is_wrong() {
    let spec = plain_spec();
    let read = |body: &str| {
        OrderListRequest::read(body)?
            .linked(|index| Placement::new(X, &spec, OrderId::new(10 + index as u64)))
    };
    let order = format!("{{{LIMIT}}}");
    let linked = read(&format!(r#"{{"kind":"oco","orders":[{order},{order}]}}"#)).expect("two orders");
    let ids: Vec<_> = linked.orders.iter().map(|place| place.id.get()).collect();
    assert_eq!(ids, [10, 11]);
    let wrong = format!("{{{}}}", LIMIT.replace("10.00", "10.001"));
    let error = read(&format!(r#"{{"kind":"OCO","orders":[{order},{wrong}]}}"#)).expect_err("off tick");
    assert_eq!(error.code().as_str(), "TICK_SIZE");
    assert_eq!(
        error.to_string(),
        "order 2: price is not a multiple of the tick 0.01"
    );
    for body in [
        r#"{"orders":[]}"#.to_owned(),
        r#"{"kind":"OCO"}"#.to_owned(),
        r#"{"kind":"OCO","orders":{}}"#.to_owned(),
        r#"{"kind":"OCO","orders":[1]}"#.to_owned(),
        format!(r#"{{"kind":"OCO","orders":[{order},{order},{order},{order}]}}"#),
    ] {
        assert_eq!(
            read(&body).expect_err(&body).code().as_str(),
            "INVALID_FIELD",
            "{body}"
        );
    }
}
