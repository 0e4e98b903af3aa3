//! Orders and what becomes of them.

use crate::program::{buy, check, order, sell};

#[test]
fn a_taker_trades_at_the_makers_prices_and_rests() {
    check(
        &[
            &sell(1, "10.02", "3"),
            &sell(2, "10.01", "2"),
            &buy(3, "10.02", "6"),
            r#"{"op":"book"}"#,
        ],
        &[
            r#"{"line":2,"type":"Accepted","id":1}"#,
            r#"{"line":3,"type":"Accepted","id":2}"#,
            r#"{"line":4,"type":"Accepted","id":3}"#,
            r#"{"line":4,"type":"Traded","symbol":"X","maker":2,"taker":3,"price":10.01,"quantity":2}"#,
            r#"{"line":4,"type":"Traded","symbol":"X","maker":1,"taker":3,"price":10.02,"quantity":3}"#,
            r#"{"line":5,"type":"Book","symbol":"X","bids":[[10.02,1,1]],"asks":[]}"#,
        ],
    );
}

#[test]
fn a_partly_filled_maker_stays_first() {
    check(
        &[
            &buy(1, "10", "5"),
            &buy(2, "10", "5"),
            &sell(3, "10", "2"),
            &sell(4, "10", "4"),
            r#"{"op":"book"}"#,
        ],
        &[
            r#"{"line":2,"type":"Accepted","id":1}"#,
            r#"{"line":3,"type":"Accepted","id":2}"#,
            r#"{"line":4,"type":"Accepted","id":3}"#,
            r#"{"line":4,"type":"Traded","symbol":"X","maker":1,"taker":3,"price":10,"quantity":2}"#,
            r#"{"line":5,"type":"Accepted","id":4}"#,
            r#"{"line":5,"type":"Traded","symbol":"X","maker":1,"taker":4,"price":10,"quantity":3}"#,
            r#"{"line":5,"type":"Traded","symbol":"X","maker":2,"taker":4,"price":10,"quantity":1}"#,
            r#"{"line":6,"type":"Book","symbol":"X","bids":[[10,4,1]],"asks":[]}"#,
        ],
    );
}

#[test]
fn what_does_not_trade_at_once_is_cancelled_with_its_reason() {
    check(
        &[
            &sell(1, "10", "2"),
            r#"{"op":"new","id":2,"side":"Buy","order_type":"Market","quantity":5}"#,
            &sell(3, "10", "2"),
            &order(4, "Buy", "10", "5", r#","time_in_force":"IOC""#),
            &sell(5, "10", "2"),
            &order(6, "Buy", "10", "5", r#","time_in_force":"FOK""#),
            &order(7, "Buy", "10", "2", r#","time_in_force":"FOK""#),
            r#"{"op":"new","id":8,"side":"Sell","order_type":"Market","quantity":1}"#,
        ],
        &[
            r#"{"line":2,"type":"Accepted","id":1}"#,
            r#"{"line":3,"type":"Accepted","id":2}"#,
            r#"{"line":3,"type":"Traded","symbol":"X","maker":1,"taker":2,"price":10,"quantity":2}"#,
            r#"{"line":3,"type":"Cancelled","id":2,"remaining":3,"reason":"NoLiquidity"}"#,
            r#"{"line":4,"type":"Accepted","id":3}"#,
            r#"{"line":5,"type":"Accepted","id":4}"#,
            r#"{"line":5,"type":"Traded","symbol":"X","maker":3,"taker":4,"price":10,"quantity":2}"#,
            r#"{"line":5,"type":"Cancelled","id":4,"remaining":3,"reason":"IocRemainder"}"#,
            r#"{"line":6,"type":"Accepted","id":5}"#,
            r#"{"line":7,"type":"Accepted","id":6}"#,
            r#"{"line":7,"type":"Cancelled","id":6,"remaining":5,"reason":"FokKilled"}"#,
            r#"{"line":8,"type":"Accepted","id":7}"#,
            r#"{"line":8,"type":"Traded","symbol":"X","maker":5,"taker":7,"price":10,"quantity":2}"#,
            r#"{"line":9,"type":"Accepted","id":8}"#,
            r#"{"line":9,"type":"Cancelled","id":8,"remaining":1,"reason":"NoLiquidity"}"#,
        ],
    );
}

#[test]
fn a_market_order_may_say_what_it_spends() {
    check(
        &[
            &sell(1, "10", "2"),
            &sell(2, "11", "5"),
            r#"{"op":"new","id":3,"side":"Buy","order_type":"Market","quote_quantity":35}"#,
            r#"{"op":"book"}"#,
        ],
        &[
            r#"{"line":2,"type":"Accepted","id":1}"#,
            r#"{"line":3,"type":"Accepted","id":2}"#,
            r#"{"line":4,"type":"Accepted","id":3}"#,
            r#"{"line":4,"type":"Traded","symbol":"X","maker":1,"taker":3,"price":10,"quantity":2}"#,
            r#"{"line":4,"type":"Traded","symbol":"X","maker":2,"taker":3,"price":11,"quantity":1}"#,
            r#"{"line":5,"type":"Book","symbol":"X","bids":[],"asks":[[11,4,1]]}"#,
        ],
    );
}

#[test]
fn a_post_only_order_that_would_trade_is_refused_or_slides() {
    check(
        &[
            &sell(1, "10", "2"),
            &order(2, "Buy", "10", "1", r#","post_only":true"#),
            &order(3, "Buy", "10.5", "1", r#","post_only":"Slide""#),
            r#"{"op":"book"}"#,
        ],
        &[
            r#"{"line":2,"type":"Accepted","id":1}"#,
            r#"{"line":3,"type":"Rejected","id":2,"reason":"POST_ONLY_WOULD_CROSS","op":"new"}"#,
            r#"{"line":4,"type":"Accepted","id":3}"#,
            r#"{"line":5,"type":"Book","symbol":"X","bids":[[9.99,1,1]],"asks":[[10,2,1]]}"#,
        ],
    );
}

#[test]
fn an_amend_to_less_keeps_its_place_and_any_other_loses_it() {
    check(
        &[
            &buy(1, "10", "5"),
            &buy(2, "10", "5"),
            r#"{"op":"amend","id":1,"quantity":3}"#,
            &sell(3, "10", "1"),
            r#"{"op":"amend","id":1,"quantity":4}"#,
            &sell(4, "10", "1"),
            r#"{"op":"amend","id":2,"price":9.99}"#,
            r#"{"op":"amend","id":2,"price":9.99,"quantity":1}"#,
            r#"{"op":"book"}"#,
        ],
        &[
            r#"{"line":2,"type":"Accepted","id":1}"#,
            r#"{"line":3,"type":"Accepted","id":2}"#,
            r#"{"line":4,"type":"Amended","id":1,"price":10,"quantity":3,"kept_priority":true}"#,
            r#"{"line":5,"type":"Accepted","id":3}"#,
            r#"{"line":5,"type":"Traded","symbol":"X","maker":1,"taker":3,"price":10,"quantity":1}"#,
            r#"{"line":6,"type":"Amended","id":1,"price":10,"quantity":4,"kept_priority":false}"#,
            r#"{"line":7,"type":"Accepted","id":4}"#,
            r#"{"line":7,"type":"Traded","symbol":"X","maker":2,"taker":4,"price":10,"quantity":1}"#,
            r#"{"line":8,"type":"Amended","id":2,"price":9.99,"quantity":5,"kept_priority":false}"#,
            // The one that traded is no more than the new total.
            r#"{"line":9,"type":"Rejected","id":2,"reason":"INVALID_QUANTITY","op":"amend"}"#,
            r#"{"line":10,"type":"Book","symbol":"X","bids":[[10,3,1],[9.99,4,1]],"asks":[]}"#,
        ],
    );
}

#[test]
fn an_amend_into_the_other_side_trades() {
    check(
        &[
            &buy(1, "9", "5"),
            &sell(2, "10", "2"),
            r#"{"op":"amend","id":1,"price":10,"quantity":6}"#,
            r#"{"op":"book"}"#,
        ],
        &[
            r#"{"line":2,"type":"Accepted","id":1}"#,
            r#"{"line":3,"type":"Accepted","id":2}"#,
            r#"{"line":4,"type":"Amended","id":1,"price":10,"quantity":6,"kept_priority":false}"#,
            r#"{"line":4,"type":"Traded","symbol":"X","maker":2,"taker":1,"price":10,"quantity":2}"#,
            r#"{"line":5,"type":"Book","symbol":"X","bids":[[10,4,1]],"asks":[]}"#,
        ],
    );
}

#[test]
fn the_book_shows_what_is_displayed_and_by_how_many() {
    check(
        &[
            &buy(1, "10", "5"),
            &order(2, "Buy", "10", "9", r#","display_quantity":2"#),
            &order(3, "Buy", "10", "7", r#","hidden":true"#),
            &order(4, "Buy", "9.5", "7", r#","hidden":true"#),
            &buy(5, "9", "1"),
            &sell(6, "11", "1"),
            &sell(7, "10.5", "1"),
            r#"{"op":"book"}"#,
            r#"{"op":"book","symbol":"X","depth":1}"#,
            &sell(8, "10", "7"),
            r#"{"op":"book","depth":1}"#,
        ],
        &[
            r#"{"line":2,"type":"Accepted","id":1}"#,
            r#"{"line":3,"type":"Accepted","id":2}"#,
            r#"{"line":4,"type":"Accepted","id":3}"#,
            r#"{"line":5,"type":"Accepted","id":4}"#,
            r#"{"line":6,"type":"Accepted","id":5}"#,
            r#"{"line":7,"type":"Accepted","id":6}"#,
            r#"{"line":8,"type":"Accepted","id":7}"#,
            r#"{"line":9,"type":"Book","symbol":"X","bids":[[10,7,2],[9,1,1]],"asks":[[10.5,1,1],[11,1,1]]}"#,
            r#"{"line":10,"type":"Book","symbol":"X","bids":[[10,7,2]],"asks":[[10.5,1,1]]}"#,
            r#"{"line":11,"type":"Accepted","id":8}"#,
            r#"{"line":11,"type":"Traded","symbol":"X","maker":1,"taker":8,"price":10,"quantity":5}"#,
            r#"{"line":11,"type":"Traded","symbol":"X","maker":2,"taker":8,"price":10,"quantity":2}"#,
            r#"{"line":12,"type":"Book","symbol":"X","bids":[[10,2,1]],"asks":[[10.5,1,1]]}"#,
        ],
    );
}

#[test]
fn a_stop_waits_for_its_price_unless_that_is_there() {
    let stop = |id: u64, price: &str| {
        format!(
            r#"{{"op":"new","id":{id},"side":"Buy","order_type":"Stop","stop_price":{price},"quantity":1}}"#
        )
    };
    check(
        &[
            &sell(1, "10", "1"),
            &sell(2, "10.5", "1"),
            &sell(3, "11", "5"),
            &stop(4, "10.5"),
            &buy(5, "10", "1"),
            &buy(6, "10.5", "1"),
            &stop(7, "10.2"),
            r#"{"op":"cancel","id":4}"#,
        ],
        &[
            r#"{"line":2,"type":"Accepted","id":1}"#,
            r#"{"line":3,"type":"Accepted","id":2}"#,
            r#"{"line":4,"type":"Accepted","id":3}"#,
            r#"{"line":5,"type":"Accepted","id":4}"#,
            r#"{"line":6,"type":"Accepted","id":5}"#,
            r#"{"line":6,"type":"Traded","symbol":"X","maker":1,"taker":5,"price":10,"quantity":1}"#,
            r#"{"line":7,"type":"Accepted","id":6}"#,
            r#"{"line":7,"type":"Traded","symbol":"X","maker":2,"taker":6,"price":10.5,"quantity":1}"#,
            r#"{"line":7,"type":"Triggered","id":4}"#,
            r#"{"line":7,"type":"Traded","symbol":"X","maker":3,"taker":4,"price":11,"quantity":1}"#,
            r#"{"line":8,"type":"Accepted","id":7}"#,
            r#"{"line":8,"type":"Triggered","id":7}"#,
            r#"{"line":8,"type":"Traded","symbol":"X","maker":3,"taker":7,"price":11,"quantity":1}"#,
            r#"{"line":9,"type":"Rejected","id":4,"reason":"ORDER_NOT_FOUND","op":"cancel"}"#,
        ],
    );
}

#[test]
fn an_order_expires_before_the_line_whose_time_is_its_moment() {
    let until_2 = r#","time_in_force":"GTD","expire_at_ns":2000"#;
    check(
        &[
            &order(1, "Buy", "10", "5", until_2),
            &order(2, "Buy", "10", "5", r#","time_in_force":"GTD","expire_at":1"#),
            &order(3, "Sell", "10", "1", r#","time_ns":1999"#),
            r#"{"op":"book","time_ns":2000}"#,
            r#"{"op":"time","time_ns":1000000}"#,
            &order(4, "Buy", "10", "5", until_2),
        ],
        &[
            r#"{"line":2,"type":"Accepted","id":1}"#,
            r#"{"line":3,"type":"Accepted","id":2}"#,
            r#"{"line":4,"type":"Accepted","id":3}"#,
            r#"{"line":4,"type":"Traded","symbol":"X","maker":1,"taker":3,"price":10,"quantity":1}"#,
            r#"{"line":5,"type":"Expired","id":1,"remaining":4}"#,
            r#"{"line":5,"type":"Book","symbol":"X","bids":[[10,5,1]],"asks":[]}"#,
            r#"{"line":6,"type":"Expired","id":2,"remaining":5}"#,
            r#"{"line":7,"type":"Rejected","id":4,"reason":"INVALID_TIME_IN_FORCE","op":"new"}"#,
        ],
    );
}

#[test]
fn linked_orders_live_and_die_together() {
    check(
        &[
            r#"{"op":"order_list","kind":"OCO","account":7,"orders":[{"id":1,"side":"Sell","order_type":"Limit","price":11,"quantity":2},{"id":2,"side":"Sell","order_type":"Stop","stop_price":9,"quantity":2}]}"#,
            &buy(3, "11", "1"),
            r#"{"op":"order_list","kind":"OCO","orders":[{"id":4,"side":"Sell","order_type":"Limit","price":11,"quantity":2}]}"#,
            r#"{"op":"order_list","kind":"OCO","orders":[{"id":5,"side":"Sell","order_type":"Limit","price":11.001,"quantity":2}]}"#,
        ],
        &[
            r#"{"line":2,"type":"Accepted","id":1}"#,
            r#"{"line":2,"type":"Accepted","id":2}"#,
            r#"{"line":3,"type":"Accepted","id":3}"#,
            r#"{"line":3,"type":"Traded","symbol":"X","maker":1,"taker":3,"price":11,"quantity":1}"#,
            r#"{"line":3,"type":"Cancelled","id":2,"remaining":2,"reason":"Linked"}"#,
            r#"{"line":4,"type":"Rejected","id":4,"reason":"INVALID_FIELD","op":"order_list"}"#,
            r#"{"line":5,"type":"Rejected","id":5,"reason":"TICK_SIZE","op":"order_list"}"#,
        ],
    );
}

#[test]
fn prices_and_quantities_are_exact_up_to_their_limits() {
    check(
        &[
            &sell(1, "90071992547409.91", "9223372036854775807"),
            &buy(
                9_223_372_036_854_775_807,
                "90071992547409.91",
                "9223372036854775806",
            ),
            &sell(3, "90071992547409.91", "9223372036854775807"),
            &buy(4, "-90071992547409.91", "1"),
            r#"{"op":"book"}"#,
            &buy(5, "90071992547409.92", "1"),
            &buy(6, "1", "9223372036854775808"),
            &buy(7, "0", "1"),
        ],
        &[
            r#"{"line":2,"type":"Accepted","id":1}"#,
            r#"{"line":3,"type":"Accepted","id":9223372036854775807}"#,
            r#"{"line":3,"type":"Traded","symbol":"X","maker":1,"taker":9223372036854775807,"price":90071992547409.91,"quantity":9223372036854775806}"#,
            r#"{"line":4,"type":"Rejected","id":3,"reason":"RISK_LIMIT","op":"new"}"#,
            r#"{"line":5,"type":"Accepted","id":4}"#,
            r#"{"line":6,"type":"Book","symbol":"X","bids":[[-90071992547409.91,1,1]],"asks":[[90071992547409.91,1,1]]}"#,
            r#"{"line":7,"type":"Rejected","id":5,"reason":"INVALID_PRICE","op":"new"}"#,
            r#"{"line":8,"type":"Rejected","id":6,"reason":"INVALID_QUANTITY","op":"new"}"#,
            r#"{"line":9,"type":"Accepted","id":7}"#,
        ],
    );
}
