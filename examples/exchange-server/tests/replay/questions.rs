//! Questions: candles, statistics, several symbols.

use crate::program::{X, buy, check, order, said, sell};

const MINUTE_NS: u64 = 60_000_000_000;

/// A trade of `quantity` at `price`, in minute `minute`.
fn trade(id: u64, price: &str, quantity: &str, minute: u64) -> [String; 2] {
    let time = format!(r#","time_ns":{}"#, minute * MINUTE_NS + 1);
    [
        order(id, "Sell", price, quantity, &time),
        buy(id + 1, price, quantity),
    ]
}

#[test]
fn candles_have_no_gaps_and_times_in_milliseconds() {
    let first = trade(1, "10", "2", 1);
    let second = trade(3, "10.5", "1", 1);
    let third = trade(5, "9", "4", 3);
    check(
        &[
            &first[0],
            &first[1],
            &second[0],
            &second[1],
            &third[0],
            &third[1],
            r#"{"op":"candles","symbol":"X","interval":"1m","limit":10}"#,
            r#"{"op":"candles","interval":"5m","limit":1}"#,
        ],
        &[
            r#"{"line":2,"type":"Accepted","id":1}"#,
            r#"{"line":3,"type":"Accepted","id":2}"#,
            r#"{"line":3,"type":"Traded","symbol":"X","maker":1,"taker":2,"price":10,"quantity":2}"#,
            r#"{"line":4,"type":"Accepted","id":3}"#,
            r#"{"line":5,"type":"Accepted","id":4}"#,
            r#"{"line":5,"type":"Traded","symbol":"X","maker":3,"taker":4,"price":10.5,"quantity":1}"#,
            r#"{"line":6,"type":"Accepted","id":5}"#,
            r#"{"line":7,"type":"Accepted","id":6}"#,
            r#"{"line":7,"type":"Traded","symbol":"X","maker":5,"taker":6,"price":9,"quantity":4}"#,
            concat!(
                r#"{"line":8,"type":"Candles","symbol":"X","interval":"1m","candles":["#,
                r#"{"open_time":60000,"close_time":120000,"open":10,"high":10.5,"low":10,"close":10.5,"volume":3,"trade_count":2},"#,
                r#"{"open_time":120000,"close_time":180000,"open":10.5,"high":10.5,"low":10.5,"close":10.5,"volume":0,"trade_count":0},"#,
                r#"{"open_time":180000,"close_time":240000,"open":9,"high":9,"low":9,"close":9,"volume":4,"trade_count":1}]}"#
            ),
            r#"{"line":9,"type":"Candles","symbol":"X","interval":"5m","candles":[{"open_time":0,"close_time":300000,"open":10,"high":10.5,"low":9,"close":9,"volume":7,"trade_count":3}]}"#,
        ],
    );
}

#[test]
fn statistics_are_of_the_last_24_hours() {
    let first = trade(1, "10", "2", 0);
    let second = trade(3, "12.5", "2", 1);
    let day_later = r#"{"op":"statistics","symbol":"X","time_ns":86400000000001}"#;
    check(
        &[
            r#"{"op":"statistics"}"#,
            &first[0],
            &first[1],
            &second[0],
            &second[1],
            &buy(5, "9", "1"),
            &sell(6, "13", "1"),
            r#"{"op":"statistics","symbol":"X"}"#,
            day_later,
        ],
        &[
            r#"{"line":2,"type":"Statistics","symbol":"X","last_price":null,"price_change_24h":null,"volume_24h":0,"quote_volume_24h":0,"high_24h":null,"low_24h":null,"open_24h":null,"vwap_24h":null,"trade_count_24h":0,"best_bid":null,"best_ask":null,"timestamp":0}"#,
            r#"{"line":3,"type":"Accepted","id":1}"#,
            r#"{"line":4,"type":"Accepted","id":2}"#,
            r#"{"line":4,"type":"Traded","symbol":"X","maker":1,"taker":2,"price":10,"quantity":2}"#,
            r#"{"line":5,"type":"Accepted","id":3}"#,
            r#"{"line":6,"type":"Accepted","id":4}"#,
            r#"{"line":6,"type":"Traded","symbol":"X","maker":3,"taker":4,"price":12.5,"quantity":2}"#,
            r#"{"line":7,"type":"Accepted","id":5}"#,
            r#"{"line":8,"type":"Accepted","id":6}"#,
            r#"{"line":9,"type":"Statistics","symbol":"X","last_price":12.5,"price_change_24h":25,"volume_24h":4,"quote_volume_24h":45,"high_24h":12.5,"low_24h":10,"open_24h":10,"vwap_24h":11.25,"trade_count_24h":2,"best_bid":9,"best_ask":13,"timestamp":60000}"#,
            r#"{"line":10,"type":"Statistics","symbol":"X","last_price":12.5,"price_change_24h":0,"volume_24h":2,"quote_volume_24h":25,"high_24h":12.5,"low_24h":12.5,"open_24h":12.5,"vwap_24h":12.5,"trade_count_24h":1,"best_bid":9,"best_ask":13,"timestamp":86400000}"#,
        ],
    );
}

#[test]
fn an_amend_is_in_the_units_of_its_orders_symbol() {
    let btc = r#"{"op":"symbol","symbol":"BTC-KRW","tick":1000,"lot":0.00000001,"min_notional":5000}"#;
    check(
        &[
            btc,
            r#"{"op":"new","id":1,"symbol":"BTC-KRW","side":"Buy","order_type":"Limit","price":50000000,"quantity":0.001}"#,
            r#"{"op":"new","id":2,"symbol":"X","side":"Buy","order_type":"Limit","price":10.01,"quantity":5}"#,
            r#"{"op":"amend","id":1,"price":50001000,"quantity":0.00050001}"#,
            r#"{"op":"amend","id":2,"price":10.02}"#,
            r#"{"op":"amend","id":1,"price":10.02}"#,
            r#"{"op":"amend","id":2,"symbol":"BTC-KRW","price":1000}"#,
            r#"{"op":"cancel","id":2,"symbol":"BTC-KRW"}"#,
            r#"{"op":"amend","id":3,"price":10.001}"#,
            r#"{"op":"new","id":3,"symbol":"BTC-KRW","side":"Buy","order_type":"Limit","price":50000000,"quantity":0.00009999}"#,
            r#"{"op":"book","symbol":"BTC-KRW"}"#,
            r#"{"op":"mass_cancel","symbol":"X"}"#,
            r#"{"op":"cancel","id":1,"symbol":"BTC-KRW"}"#,
        ],
        &[
            r#"{"line":3,"type":"Accepted","id":1}"#,
            r#"{"line":4,"type":"Accepted","id":2}"#,
            r#"{"line":5,"type":"Amended","id":1,"price":50001000,"quantity":0.00050001,"kept_priority":false}"#,
            r#"{"line":6,"type":"Amended","id":2,"price":10.02,"quantity":5,"kept_priority":false}"#,
            r#"{"line":7,"type":"Rejected","id":1,"reason":"TICK_SIZE","op":"amend"}"#,
            r#"{"line":8,"type":"Rejected","id":2,"reason":"ORDER_NOT_FOUND","op":"amend"}"#,
            r#"{"line":9,"type":"Rejected","id":2,"reason":"ORDER_NOT_FOUND","op":"cancel"}"#,
            r#"{"line":10,"type":"Rejected","id":3,"reason":"ORDER_NOT_FOUND","op":"amend"}"#,
            r#"{"line":11,"type":"Rejected","id":3,"reason":"MIN_NOTIONAL","op":"new"}"#,
            r#"{"line":12,"type":"Book","symbol":"BTC-KRW","bids":[[50001000,0.00050001,1]],"asks":[]}"#,
            r#"{"line":13,"type":"Cancelled","id":2,"remaining":5,"reason":"MassCancel"}"#,
            r#"{"line":14,"type":"Cancelled","id":1,"remaining":0.00050001,"reason":"User"}"#,
        ],
    );
}

/// What the last line says, which asks for the hash.
fn hash_after(script: &[&str]) -> String {
    let script = [&[X], script, &[r#"{"op":"hash"}"#]].concat().join("\n");
    let said = said(&[], &script);
    let last = said.lines().last().expect("the hash is said");
    let line = script.lines().count();
    let hash = last.strip_prefix(&format!(r#"{{"line":{line},"type":"Hash","state_hash":""#));
    let hash = hash
        .and_then(|rest| rest.strip_suffix(r#""}"#))
        .expect("it is a line about a hash");
    assert!(
        hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{hash}"
    );
    hash.to_owned()
}

#[test]
fn the_hash_tells_whether_two_engines_are_the_same() {
    let (one, other) = (buy(1, "10", "5"), buy(1, "10", "6"));
    assert_eq!(hash_after(&[&one]), hash_after(&[&one]));
    assert_ne!(hash_after(&[&one]), hash_after(&[&other]));
    assert_eq!(
        hash_after(&[&one, r#"{"op":"book"}"#]),
        hash_after(&[&one]),
        "questions leave no trace"
    );
    let summary = said(&["--summary"], &format!("{X}\n{one}\n"));
    assert!(
        summary.contains(&format!(r#""state_hash":"{}""#, hash_after(&[&one]))),
        "{summary}"
    );
}

#[test]
fn without_accounts_money_does_nothing() {
    check(
        &[
            r#"{"op":"deposit","account":7,"asset":"USD","amount":1000}"#,
            r#"{"op":"balances","account":7}"#,
        ],
        &[r#"{"line":3,"type":"Balances","account":7,"balances":[]}"#],
    );
}
