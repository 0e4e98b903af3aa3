//! Lines about orders that are refused, each with its code.

use crate::program::{buy, check, order, sell};

#[test]
fn an_order_that_cannot_be_is_refused_with_its_code() {
    let field = |fields: &str| format!(r#"{{"op":"new","id":1,{fields}}}"#);
    for (line, code) in [
        (buy(1, "10.001", "1"), "TICK_SIZE"),
        (buy(1, "10", "1.5"), "LOT_SIZE"),
        (buy(1, "10", "0"), "INVALID_QUANTITY"),
        (buy(1, "10", "-1"), "INVALID_QUANTITY"),
        (buy(1, "10", "1e3"), "INVALID_QUANTITY"),
        (buy(1, "1e400", "1"), "INVALID_PRICE"),
        (buy(1, "NaN", "1"), "INVALID_PRICE"),
        (buy(1, "+10", "1"), "INVALID_PRICE"),
        (buy(1, "\"ten\"", "1"), "INVALID_PRICE"),
        (
            buy(1, "1234567890123456789012345678901234567890", "1"),
            "INVALID_PRICE",
        ),
        (order(1, "Long", "10", "1", ""), "INVALID_SIDE"),
        (order(1, "Buy", "10", "1", r#","symbol":"Y""#), "SYMBOL_NOT_FOUND"),
        (
            order(1, "Buy", "10", "1", r#","time_in_force":"GTX""#),
            "INVALID_TIME_IN_FORCE",
        ),
        (
            order(1, "Buy", "10", "1", r#","stop_price":9"#),
            "INVALID_STOP_PRICE",
        ),
        (
            order(1, "Buy", "10", "1", r#","post_olny":true"#),
            "INVALID_FIELD",
        ),
        (
            order(1, "Buy", "10", "1", r#","display_quantity":2"#),
            "INVALID_QUANTITY",
        ),
        (
            order(1, "Buy", "10", "1", r#","post_only":true,"time_in_force":"IOC""#),
            "INVALID_FIELD",
        ),
        (order(1, "Buy", "10", "1", r#","reduce_only":true"#), "RISK_LIMIT"),
        (
            order(1, "Buy", "10", "1", r#","client_order_id":"""#),
            "INVALID_CLIENT_ORDER_ID",
        ),
        (
            field(r#""side":"Buy","order_type":"Limit","quantity":1"#),
            "PRICE_REQUIRED",
        ),
        (
            field(r#""side":"Buy","order_type":"Market","price":1,"quantity":1"#),
            "PRICE_NOT_ALLOWED",
        ),
        (
            field(r#""side":"Buy","order_type":"Stop","quantity":1"#),
            "INVALID_STOP_PRICE",
        ),
        (
            field(r#""side":"Buy","order_type":"Fast","quantity":1"#),
            "INVALID_ORDER_TYPE",
        ),
        (field(r#""side":"Buy","order_type":"Market""#), "INVALID_QUANTITY"),
    ] {
        let expected = format!(r#"{{"line":2,"type":"Rejected","id":1,"reason":"{code}","op":"new"}}"#);
        check(&[&line], &[&expected]);
    }
}

#[test]
fn a_live_id_is_refused_before_anything_else_and_a_closed_one_is_free() {
    check(
        &[
            &buy(1, "10", "1"),
            &buy(1, "10", "1"),
            &buy(1, "10.001", "\"x\""),
            r#"{"op":"cancel","id":1}"#,
            &sell(1, "10.001", "1"),
            &sell(1, "10", "1"),
            r#"{"op":"book"}"#,
        ],
        &[
            r#"{"line":2,"type":"Accepted","id":1}"#,
            r#"{"line":3,"type":"Rejected","id":1,"reason":"DUPLICATE_CLIENT_ORDER_ID","op":"new"}"#,
            r#"{"line":4,"type":"Rejected","id":1,"reason":"DUPLICATE_CLIENT_ORDER_ID","op":"new"}"#,
            r#"{"line":5,"type":"Cancelled","id":1,"remaining":1,"reason":"User"}"#,
            r#"{"line":6,"type":"Rejected","id":1,"reason":"TICK_SIZE","op":"new"}"#,
            r#"{"line":7,"type":"Accepted","id":1}"#,
            r#"{"line":8,"type":"Book","symbol":"X","bids":[],"asks":[[10,1,1]]}"#,
        ],
    );
}

#[test]
fn an_amend_or_cancel_of_no_live_order_is_not_found_whatever_else_is_wrong() {
    check(
        &[
            r#"{"op":"cancel","id":1}"#,
            r#"{"op":"amend","id":1,"price":10}"#,
            r#"{"op":"amend","id":1,"price":10.001}"#,
            r#"{"op":"amend","id":1,"price":"ten"}"#,
            &buy(1, "10", "1"),
            r#"{"op":"amend","id":1,"price":10.001}"#,
            r#"{"op":"amend","id":1,"price":"ten"}"#,
            r#"{"op":"amend","id":1}"#,
            r#"{"op":"amend","id":1,"quantity":0}"#,
        ],
        &[
            r#"{"line":2,"type":"Rejected","id":1,"reason":"ORDER_NOT_FOUND","op":"cancel"}"#,
            r#"{"line":3,"type":"Rejected","id":1,"reason":"ORDER_NOT_FOUND","op":"amend"}"#,
            r#"{"line":4,"type":"Rejected","id":1,"reason":"ORDER_NOT_FOUND","op":"amend"}"#,
            r#"{"line":5,"type":"Rejected","id":1,"reason":"ORDER_NOT_FOUND","op":"amend"}"#,
            r#"{"line":6,"type":"Accepted","id":1}"#,
            r#"{"line":7,"type":"Rejected","id":1,"reason":"TICK_SIZE","op":"amend"}"#,
            r#"{"line":8,"type":"Rejected","id":1,"reason":"INVALID_PRICE","op":"amend"}"#,
            r#"{"line":9,"type":"Rejected","id":1,"reason":"INVALID_FIELD","op":"amend"}"#,
            r#"{"line":10,"type":"Rejected","id":1,"reason":"INVALID_QUANTITY","op":"amend"}"#,
        ],
    );
}

#[test]
fn time_passes_also_on_a_line_that_is_refused() {
    check(
        &[
            &order(1, "Buy", "10", "1", r#","time_in_force":"GTD","expire_at_ns":5"#),
            &order(1, "Buy", "10.001", "1", r#","time_ns":5"#),
        ],
        &[
            r#"{"line":2,"type":"Accepted","id":1}"#,
            r#"{"line":3,"type":"Expired","id":1,"remaining":1}"#,
            r#"{"line":3,"type":"Rejected","id":1,"reason":"TICK_SIZE","op":"new"}"#,
        ],
    );
}
