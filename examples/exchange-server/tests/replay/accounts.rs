//! Whose order is whose: self-trade prevention, cancels, switches.

use crate::program::{buy, check, order, sell};

/// An order of an account on `X`.
fn of(account: u64, id: u64, side: &str, price: &str, quantity: &str, more: &str) -> String {
    order(
        id,
        side,
        price,
        quantity,
        &format!(r#","account":{account}{more}"#),
    )
}

#[test]
fn orders_of_nobody_and_orders_that_ask_for_nothing_trade_with_their_own() {
    let newest = r#","self_trade_prevention":"CancelNewest""#;
    check(
        &[
            &order(1, "Sell", "10", "1", newest),
            &order(2, "Buy", "10", "1", newest),
            &of(7, 3, "Sell", "10", "1", ""),
            &of(7, 4, "Buy", "10", "1", ""),
        ],
        &[
            r#"{"line":2,"type":"Accepted","id":1}"#,
            r#"{"line":3,"type":"Accepted","id":2}"#,
            r#"{"line":3,"type":"Traded","symbol":"X","maker":1,"taker":2,"price":10,"quantity":1}"#,
            r#"{"line":4,"type":"Accepted","id":3}"#,
            r#"{"line":5,"type":"Accepted","id":4}"#,
            r#"{"line":5,"type":"Traded","symbol":"X","maker":3,"taker":4,"price":10,"quantity":1}"#,
        ],
    );
}

#[test]
fn self_trade_prevention_cancels_whom_it_says() {
    let mode = |mode: &str| format!(r#","self_trade_prevention":"{mode}""#);
    check(
        &[
            &of(7, 1, "Sell", "10", "3", ""),
            &of(7, 2, "Buy", "10", "1", &mode("CancelNewest")),
            &of(7, 3, "Buy", "10", "1", &mode("CancelOldest")),
            &of(7, 4, "Sell", "10", "2", &mode("CancelBoth")),
        ],
        &[
            r#"{"line":2,"type":"Accepted","id":1}"#,
            r#"{"line":3,"type":"Accepted","id":2}"#,
            r#"{"line":3,"type":"Cancelled","id":2,"remaining":1,"reason":"SelfTrade"}"#,
            r#"{"line":4,"type":"Accepted","id":3}"#,
            r#"{"line":4,"type":"Cancelled","id":1,"remaining":3,"reason":"SelfTrade"}"#,
            r#"{"line":5,"type":"Accepted","id":4}"#,
            r#"{"line":5,"type":"Cancelled","id":3,"remaining":1,"reason":"SelfTrade"}"#,
            r#"{"line":5,"type":"Cancelled","id":4,"remaining":2,"reason":"SelfTrade"}"#,
        ],
    );
}

#[test]
fn an_order_that_loses_quantity_without_trading_is_amended_to_its_new_total() {
    let decrement = r#","self_trade_prevention":"Decrement""#;
    check(
        &[
            &of(7, 1, "Sell", "10", "5", ""),
            &buy(2, "10", "1"),
            &of(7, 3, "Buy", "10", "2", decrement),
            r#"{"op":"book"}"#,
            // The taker loses two to one of its own, then two to another, and rests with the last.
            &of(7, 4, "Sell", "10.01", "2", ""),
            &of(7, 5, "Buy", "10.01", "5", decrement),
            r#"{"op":"book"}"#,
        ],
        &[
            r#"{"line":2,"type":"Accepted","id":1}"#,
            r#"{"line":3,"type":"Accepted","id":2}"#,
            r#"{"line":3,"type":"Traded","symbol":"X","maker":1,"taker":2,"price":10,"quantity":1}"#,
            r#"{"line":4,"type":"Accepted","id":3}"#,
            r#"{"line":4,"type":"Amended","id":1,"price":10,"quantity":3,"kept_priority":true}"#,
            r#"{"line":4,"type":"Cancelled","id":3,"remaining":2,"reason":"SelfTrade"}"#,
            r#"{"line":5,"type":"Book","symbol":"X","bids":[],"asks":[[10,2,1]]}"#,
            r#"{"line":6,"type":"Accepted","id":4}"#,
            r#"{"line":7,"type":"Accepted","id":5}"#,
            r#"{"line":7,"type":"Cancelled","id":1,"remaining":2,"reason":"SelfTrade"}"#,
            r#"{"line":7,"type":"Amended","id":5,"price":10.01,"quantity":3,"kept_priority":true}"#,
            r#"{"line":7,"type":"Cancelled","id":4,"remaining":2,"reason":"SelfTrade"}"#,
            r#"{"line":7,"type":"Amended","id":5,"price":10.01,"quantity":1,"kept_priority":true}"#,
            r#"{"line":8,"type":"Book","symbol":"X","bids":[[10.01,1,1]],"asks":[]}"#,
        ],
    );
}

#[test]
fn nobody_touches_the_order_of_another_account() {
    check(
        &[
            &of(7, 1, "Buy", "10", "5", ""),
            &buy(2, "9", "5"),
            r#"{"op":"cancel","id":1,"account":8}"#,
            r#"{"op":"cancel","id":1,"account":0}"#,
            r#"{"op":"cancel","id":2,"account":7}"#,
            r#"{"op":"amend","id":1,"account":8,"price":10.005}"#,
            r#"{"op":"amend","id":1,"account":0,"quantity":1}"#,
            r#"{"op":"amend","id":1,"account":7,"quantity":4}"#,
            r#"{"op":"cancel","id":2,"account":0}"#,
            r#"{"op":"cancel","id":1}"#,
        ],
        &[
            r#"{"line":2,"type":"Accepted","id":1}"#,
            r#"{"line":3,"type":"Accepted","id":2}"#,
            r#"{"line":4,"type":"Rejected","id":1,"reason":"ORDER_NOT_FOUND","op":"cancel"}"#,
            r#"{"line":5,"type":"Rejected","id":1,"reason":"ORDER_NOT_FOUND","op":"cancel"}"#,
            r#"{"line":6,"type":"Rejected","id":2,"reason":"ORDER_NOT_FOUND","op":"cancel"}"#,
            r#"{"line":7,"type":"Rejected","id":1,"reason":"ORDER_NOT_FOUND","op":"amend"}"#,
            r#"{"line":8,"type":"Rejected","id":1,"reason":"ORDER_NOT_FOUND","op":"amend"}"#,
            r#"{"line":9,"type":"Amended","id":1,"price":10,"quantity":4,"kept_priority":true}"#,
            r#"{"line":10,"type":"Cancelled","id":2,"remaining":5,"reason":"User"}"#,
            r#"{"line":11,"type":"Cancelled","id":1,"remaining":4,"reason":"User"}"#,
        ],
    );
}

#[test]
fn an_owner_may_use_his_own_name_for_an_order() {
    check(
        &[
            &of(7, 1, "Buy", "10", "5", r#","client_order_id":"mine""#),
            &of(7, 2, "Buy", "10", "5", r#","client_order_id":"mine""#),
            r#"{"op":"amend","account":7,"client_order_id":"mine","quantity":4}"#,
            r#"{"op":"cancel","account":8,"client_order_id":"mine"}"#,
            r#"{"op":"cancel","account":7,"client_order_id":"mine"}"#,
        ],
        &[
            r#"{"line":2,"type":"Accepted","id":1}"#,
            r#"{"line":3,"type":"Rejected","id":2,"reason":"DUPLICATE_CLIENT_ORDER_ID","op":"new"}"#,
            r#"{"line":4,"type":"Amended","id":1,"price":10,"quantity":4,"kept_priority":true}"#,
            r#"{"line":5,"type":"Rejected","client_order_id":"mine","reason":"ORDER_NOT_FOUND","op":"cancel"}"#,
            r#"{"line":6,"type":"Cancelled","id":1,"remaining":4,"reason":"User"}"#,
        ],
    );
}

#[test]
fn a_mass_cancel_takes_what_matches_oldest_first() {
    check(
        &[
            &of(7, 1, "Buy", "10", "1", ""),
            &of(8, 2, "Buy", "11", "1", ""),
            &of(7, 3, "Sell", "12", "1", ""),
            &of(7, 4, "Buy", "9", "1", ""),
            &buy(5, "8", "1"),
            &sell(6, "13", "1"),
            r#"{"op":"mass_cancel","account":7,"symbol":"X","side":"Buy"}"#,
            r#"{"op":"mass_cancel","account":9}"#,
            r#"{"op":"mass_cancel","account":0,"side":"Sell"}"#,
            r#"{"op":"mass_cancel","cause":"Disconnected"}"#,
        ],
        &[
            r#"{"line":2,"type":"Accepted","id":1}"#,
            r#"{"line":3,"type":"Accepted","id":2}"#,
            r#"{"line":4,"type":"Accepted","id":3}"#,
            r#"{"line":5,"type":"Accepted","id":4}"#,
            r#"{"line":6,"type":"Accepted","id":5}"#,
            r#"{"line":7,"type":"Accepted","id":6}"#,
            r#"{"line":8,"type":"Cancelled","id":1,"remaining":1,"reason":"MassCancel"}"#,
            r#"{"line":8,"type":"Cancelled","id":4,"remaining":1,"reason":"MassCancel"}"#,
            r#"{"line":10,"type":"Cancelled","id":6,"remaining":1,"reason":"MassCancel"}"#,
            r#"{"line":11,"type":"Cancelled","id":2,"remaining":1,"reason":"Disconnected"}"#,
            r#"{"line":11,"type":"Cancelled","id":3,"remaining":1,"reason":"Disconnected"}"#,
            r#"{"line":11,"type":"Cancelled","id":5,"remaining":1,"reason":"Disconnected"}"#,
        ],
    );
}

#[test]
fn switches_cancel_and_keep_orders_out() {
    check(
        &[
            &of(7, 1, "Buy", "10", "1", ""),
            r#"{"op":"cancel_after","account":7,"timeout_ms":1}"#,
            r#"{"op":"time","time_ns":999999}"#,
            r#"{"op":"time","time_ns":1000000}"#,
            &of(7, 2, "Buy", "10", "1", ""),
            r#"{"op":"kill","account":7}"#,
            &of(7, 3, "Buy", "10", "1", ""),
            &of(8, 4, "Buy", "10", "1", ""),
            r#"{"op":"resume","account":7}"#,
            &of(7, 5, "Buy", "10", "1", ""),
            r#"{"op":"kill"}"#,
        ],
        &[
            r#"{"line":2,"type":"Accepted","id":1}"#,
            r#"{"line":5,"type":"Cancelled","id":1,"remaining":1,"reason":"CancelAllAfter"}"#,
            r#"{"line":6,"type":"Accepted","id":2}"#,
            r#"{"line":7,"type":"Cancelled","id":2,"remaining":1,"reason":"Killed"}"#,
            r#"{"line":8,"type":"Rejected","id":3,"reason":"RISK_LIMIT","op":"new"}"#,
            r#"{"line":9,"type":"Accepted","id":4}"#,
            r#"{"line":11,"type":"Accepted","id":5}"#,
            r#"{"line":12,"type":"Cancelled","id":4,"remaining":1,"reason":"Killed"}"#,
            r#"{"line":12,"type":"Cancelled","id":5,"remaining":1,"reason":"Killed"}"#,
        ],
    );
}
