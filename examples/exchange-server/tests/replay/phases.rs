//! Phases and auctions.

use crate::program::{X, buy, check, order, run, sell};

#[test]
fn an_auction_says_what_it_would_do_and_does_it() {
    check(
        &[
            r#"{"op":"phase","symbol":"X","phase":"auction"}"#,
            &buy(1, "10.10", "5"),
            &sell(2, "10", "3"),
            &sell(3, "10.05", "1"),
            r#"{"op":"new","id":4,"side":"Buy","order_type":"Market","quantity":1}"#,
            r#"{"op":"uncross","symbol":"X"}"#,
            r#"{"op":"book"}"#,
        ],
        &[
            r#"{"line":2,"type":"Phase","symbol":"X","phase":"auction"}"#,
            r#"{"line":3,"type":"Accepted","id":1}"#,
            r#"{"line":4,"type":"Accepted","id":2}"#,
            // Three trade at 10 and at 10.10, with the same surplus; without a last price the lowest counts.
            r#"{"line":4,"type":"Indicative","symbol":"X","price":10,"quantity":3,"imbalance":2}"#,
            r#"{"line":5,"type":"Accepted","id":3}"#,
            r#"{"line":5,"type":"Indicative","symbol":"X","price":10.05,"quantity":4,"imbalance":1}"#,
            r#"{"line":6,"type":"Accepted","id":4}"#,
            r#"{"line":6,"type":"Indicative","symbol":"X","price":10.05,"quantity":4,"imbalance":2}"#,
            // The market order first, at the auction price; of a pair the older is the maker.
            r#"{"line":7,"type":"Traded","symbol":"X","maker":2,"taker":4,"price":10.05,"quantity":1}"#,
            r#"{"line":7,"type":"Traded","symbol":"X","maker":1,"taker":2,"price":10.05,"quantity":2}"#,
            r#"{"line":7,"type":"Traded","symbol":"X","maker":1,"taker":3,"price":10.05,"quantity":1}"#,
            r#"{"line":7,"type":"Phase","symbol":"X","phase":"continuous"}"#,
            r#"{"line":8,"type":"Book","symbol":"X","bids":[[10.1,2,1]],"asks":[]}"#,
        ],
    );
}

#[test]
fn an_auction_in_which_nothing_would_trade_has_no_price() {
    check(
        &[
            r#"{"op":"phase","phase":"auction"}"#,
            &buy(1, "10", "1"),
            &sell(2, "10", "1"),
            r#"{"op":"cancel","id":1}"#,
        ],
        &[
            r#"{"line":2,"type":"Phase","symbol":"X","phase":"auction"}"#,
            r#"{"line":3,"type":"Accepted","id":1}"#,
            r#"{"line":4,"type":"Accepted","id":2}"#,
            r#"{"line":4,"type":"Indicative","symbol":"X","price":10,"quantity":1,"imbalance":0}"#,
            r#"{"line":5,"type":"Cancelled","id":1,"remaining":1,"reason":"User"}"#,
            r#"{"line":5,"type":"Indicative","symbol":"X","price":null,"quantity":0,"imbalance":0}"#,
        ],
    );
}

#[test]
fn halted_and_closed_markets_take_cancels_only() {
    check(
        &[
            &buy(1, "10", "1"),
            &order(2, "Buy", "10", "1", r#","time_in_force":"DAY""#),
            r#"{"op":"phase","symbol":"X","phase":"halted"}"#,
            &buy(3, "10", "1"),
            r#"{"op":"amend","id":1,"quantity":2}"#,
            r#"{"op":"cancel","id":1}"#,
            r#"{"op":"phase","symbol":"X","phase":"Closed"}"#,
            &buy(4, "10", "1"),
            r#"{"op":"phase","symbol":"X","phase":"continuous"}"#,
            &buy(5, "10", "1"),
        ],
        &[
            r#"{"line":2,"type":"Accepted","id":1}"#,
            r#"{"line":3,"type":"Accepted","id":2}"#,
            r#"{"line":4,"type":"Phase","symbol":"X","phase":"halted"}"#,
            r#"{"line":5,"type":"Rejected","id":3,"reason":"MARKET_HALTED","op":"new"}"#,
            r#"{"line":6,"type":"Rejected","id":1,"reason":"MARKET_HALTED","op":"amend"}"#,
            r#"{"line":7,"type":"Cancelled","id":1,"remaining":1,"reason":"User"}"#,
            r#"{"line":8,"type":"Expired","id":2,"remaining":1}"#,
            r#"{"line":8,"type":"Phase","symbol":"X","phase":"closed"}"#,
            r#"{"line":9,"type":"Rejected","id":4,"reason":"MARKET_CLOSED","op":"new"}"#,
            r#"{"line":10,"type":"Phase","symbol":"X","phase":"continuous"}"#,
            r#"{"line":11,"type":"Accepted","id":5}"#,
        ],
    );
}

#[test]
fn what_is_refused_without_an_order_is_said_to_people_only() {
    let script = format!(
        "{X}\n{}\n{}\n",
        r#"{"op":"uncross"}"#, r#"{"op":"phase","phase":"continuous"}"#
    );
    let output = run(&[], script.as_bytes());
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "exchange-server: line 2: refused: there is no auction to end\n\
         exchange-server: line 3: refused: the market is in this phase already\n"
    );
}

#[test]
fn a_volatility_auction_ends_by_itself() {
    let symbol = r#"{"op":"symbol","symbol":"Y","tick":0.01,"lot":1,"dynamic_band_bps":100,"volatility_auction_ms":1}"#;
    let on_y = |line: String| line.replace(r#""side""#, r#""symbol":"Y","side""#);
    check(
        &[
            symbol,
            &on_y(sell(1, "10", "1")),
            &on_y(sell(2, "11", "1")),
            &on_y(buy(3, "11", "2")),
            r#"{"op":"time","time_ns":1000000}"#,
        ],
        &[
            r#"{"line":3,"type":"Accepted","id":1}"#,
            r#"{"line":4,"type":"Accepted","id":2}"#,
            // There was no trade before, so there is no band yet.
            r#"{"line":5,"type":"Accepted","id":3}"#,
            r#"{"line":5,"type":"Traded","symbol":"Y","maker":1,"taker":3,"price":10,"quantity":1}"#,
            r#"{"line":5,"type":"Traded","symbol":"Y","maker":2,"taker":3,"price":11,"quantity":1}"#,
        ],
    );
    check(
        &[
            symbol,
            &on_y(sell(1, "10", "1")),
            &on_y(buy(2, "10", "1")),
            &on_y(sell(3, "11", "1")),
            &on_y(buy(4, "11", "2")),
            r#"{"op":"time","time_ns":1000000}"#,
        ],
        &[
            r#"{"line":3,"type":"Accepted","id":1}"#,
            r#"{"line":4,"type":"Accepted","id":2}"#,
            r#"{"line":4,"type":"Traded","symbol":"Y","maker":1,"taker":2,"price":10,"quantity":1}"#,
            r#"{"line":5,"type":"Accepted","id":3}"#,
            r#"{"line":6,"type":"Accepted","id":4}"#,
            r#"{"line":6,"type":"Phase","symbol":"Y","phase":"auction"}"#,
            r#"{"line":6,"type":"Indicative","symbol":"Y","price":11,"quantity":1,"imbalance":1}"#,
            r#"{"line":7,"type":"Traded","symbol":"Y","maker":3,"taker":4,"price":11,"quantity":1}"#,
            r#"{"line":7,"type":"Phase","symbol":"Y","phase":"continuous"}"#,
        ],
    );
}
