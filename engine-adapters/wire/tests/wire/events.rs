//! Events as JSON: the fields of the protocol, in its order, with decimals.

use engine_core::{
    CancelReason, Event, InstrumentId, OrderId, Phase, Price, Qty, RejectReason, Request, Side,
};
use engine_wire::{Object, Symbols, write_event};

use crate::samples::{self, X};

fn written(event: &Event) -> String {
    let mut symbols = Symbols::new();
    symbols.list(&samples::plain_spec());
    symbols.list(&samples::full_spec());
    let mut out = Vec::new();
    let mut object = Object::new(&mut out);
    write_event(event, &symbols, &mut object);
    object.end();
    String::from_utf8(out).expect("JSON is UTF-8")
}

const ORDER: OrderId = OrderId::new(1);

/// The instrument of which everything is different from the plain one.
const BTC: InstrumentId = InstrumentId::new(1);

fn traded(instrument: InstrumentId, price: i64, quantity: u64) -> Event {
    Event::Traded {
        instrument,
        maker: ORDER,
        maker_account: None,
        taker: OrderId::new(2),
        taker_account: None,
        taker_side: Side::Buy,
        maker_displayed: true,
        price: Price::new(price),
        quantity: Qty::new(quantity),
    }
}

fn cancelled(reason: CancelReason) -> Event {
    let (instrument, order, account, side) = (X, ORDER, None, Side::Buy);
    Event::Cancelled {
        instrument,
        order,
        account,
        side,
        remaining: Qty::new(3),
        displayed: None,
        reason,
    }
}

#[track_caller]
fn check(event: Event, json: &str) {
    assert_eq!(written(&event), json);
}

#[test]
fn a_trade_is_told_in_decimals_of_its_instrument() {
    check(
        traded(X, 1000, 3),
        r#"{"type":"Traded","symbol":"X","maker":1,"taker":2,"price":10,"quantity":3}"#,
    );
    check(
        traded(X, -5, 1),
        r#"{"type":"Traded","symbol":"X","maker":1,"taker":2,"price":-0.05,"quantity":1}"#,
    );
    check(
        traded(BTC, 50_001, 12_340_000),
        r#"{"type":"Traded","symbol":"BTC-KRW","maker":1,"taker":2,"price":50001000,"quantity":0.1234}"#,
    );
}

#[test]
fn the_end_of_an_order_is_told_with_its_reason() {
    check(
        cancelled(CancelReason::IocRemainder),
        r#"{"type":"Cancelled","id":1,"remaining":3,"reason":"IocRemainder"}"#,
    );
    check(
        cancelled(CancelReason::Expired),
        r#"{"type":"Expired","id":1,"remaining":3}"#,
    );
}

#[test]
fn refusals_and_amends_are_told_with_the_fields_of_the_protocol() {
    let (instrument, order, account) = (X, ORDER, None);
    let (request, reason) = (Request::Place, RejectReason::DuplicateOrderId);
    check(
        Event::Rejected {
            instrument: None,
            order,
            account,
            request,
            reason,
            asked: None,
        },
        r#"{"type":"Rejected","id":1,"reason":"DUPLICATE_CLIENT_ORDER_ID","op":"new"}"#,
    );
    let (price, quantity) = (Some(Price::new(1001)), Qty::new(4));
    check(
        Event::Amended {
            instrument,
            order,
            account,
            price,
            quantity,
            kept_priority: false,
        },
        r#"{"type":"Amended","id":1,"price":10.01,"quantity":4,"kept_priority":false}"#,
    );
    check(
        Event::Amended {
            instrument,
            order,
            account,
            price: None,
            quantity,
            kept_priority: true,
        },
        r#"{"type":"Amended","id":1,"price":null,"quantity":4,"kept_priority":true}"#,
    );
    check(
        Event::Triggered {
            instrument,
            order,
            account,
        },
        r#"{"type":"Triggered","id":1}"#,
    );
}

#[test]
fn phases_and_auctions_are_told_with_the_fields_of_the_protocol() {
    check(
        Event::PhaseChanged {
            instrument: X,
            phase: Phase::Auction,
        },
        r#"{"type":"Phase","symbol":"X","phase":"auction"}"#,
    );
    check(
        Event::Indicative {
            instrument: X,
            price: Some(Price::new(1001)),
            quantity: Qty::new(3),
            imbalance: -2,
        },
        r#"{"type":"Indicative","symbol":"X","price":10.01,"quantity":3,"imbalance":-2}"#,
    );
    check(
        Event::Indicative {
            instrument: BTC,
            price: None,
            quantity: Qty::ZERO,
            imbalance: 0,
        },
        r#"{"type":"Indicative","symbol":"BTC-KRW","price":null,"quantity":0,"imbalance":0}"#,
    );
}

#[test]
fn accepted_says_the_id_and_nothing_else() {
    let accepted = samples::events()
        .into_iter()
        .find(|event| matches!(event, Event::Accepted { .. }));
    assert_eq!(
        written(&accepted.expect("there is one of each")),
        r#"{"type":"Accepted","id":1}"#
    );
}

#[test]
fn every_event_is_a_json_object_with_a_type() {
    for event in samples::events() {
        let json = written(&event);
        let object: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(&json).unwrap_or_else(|error| panic!("{event:?}: {json}: {error}"));
        assert!(object["type"].is_string(), "{json}");
        assert!(object.len() > 1, "{json}");
    }
}
