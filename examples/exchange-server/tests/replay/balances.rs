//! Orders that are paid for: `--accounts on`.

use crate::program::{order, run, said};

/// Maker 2 bp, taker 5 bp.
const BTC: &str =
    r#"{"op":"symbol","symbol":"BTC-USD","tick":0.01,"lot":0.00000001,"maker_fee_bps":2,"taker_fee_bps":5}"#;

#[track_caller]
fn check(script: &[&str], expected: &[&str]) {
    let script = script.join("\n");
    let said = said(&["--accounts", "on"], &script);
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines, expected, "for\n{script}\n");
}

fn of(account: u64, id: u64, side: &str, price: &str, quantity: &str) -> String {
    order(id, side, price, quantity, &format!(r#","account":{account}"#))
}

#[test]
fn money_is_held_paid_and_charged() {
    // The buyer offers 0.5 at 30,000: 15,000 and 5 bp of it, 7.5. He takes 0.2 at 29,999: 5,999.8 and 2.9999 of fee;
    // 0.3 stay held for: 9,000, and its fee as if taken less what the rounding of fees has paid ahead, 4.5. The seller
    // gets 5,999.8 less 2 bp, 1.19996.
    check(
        &[
            BTC,
            r#"{"op":"deposit","account":1,"asset":"USD","amount":20000}"#,
            r#"{"op":"deposit","account":2,"asset":"BTC","amount":1.5}"#,
            r#"{"op":"balances","account":1}"#,
            &of(2, 1, "Sell", "29999", "0.2"),
            r#"{"op":"balances","account":2}"#,
            &of(1, 2, "Buy", "30000", "0.5"),
            r#"{"op":"balances","account":1}"#,
            r#"{"op":"balances","account":2}"#,
            r#"{"op":"balances","account":0}"#,
            r#"{"op":"balances","account":3}"#,
            r#"{"op":"cancel","id":2}"#,
            r#"{"op":"balances","account":1}"#,
        ],
        &[
            r#"{"line":4,"type":"Balances","account":1,"balances":[{"asset":"BTC","total":0,"available":0,"held":0},{"asset":"USD","total":20000,"available":20000,"held":0}]}"#,
            r#"{"line":5,"type":"Accepted","id":1}"#,
            r#"{"line":6,"type":"Balances","account":2,"balances":[{"asset":"BTC","total":1.5,"available":1.3,"held":0.2},{"asset":"USD","total":0,"available":0,"held":0}]}"#,
            r#"{"line":7,"type":"Accepted","id":2}"#,
            r#"{"line":7,"type":"Traded","symbol":"BTC-USD","maker":1,"taker":2,"price":29999,"quantity":0.2}"#,
            r#"{"line":8,"type":"Balances","account":1,"balances":[{"asset":"BTC","total":0.2,"available":0.2,"held":0},{"asset":"USD","total":13997.2001,"available":4992.7001,"held":9004.5}]}"#,
            r#"{"line":9,"type":"Balances","account":2,"balances":[{"asset":"BTC","total":1.3,"available":1.3,"held":0},{"asset":"USD","total":5998.60004,"available":5998.60004,"held":0}]}"#,
            r#"{"line":10,"type":"Balances","account":0,"balances":[{"asset":"BTC","total":0,"available":0,"held":0},{"asset":"USD","total":4.19986,"available":4.19986,"held":0}],"fees_collected":{"BTC":0,"USD":4.19986}}"#,
            r#"{"line":11,"type":"Balances","account":3,"balances":[{"asset":"BTC","total":0,"available":0,"held":0},{"asset":"USD","total":0,"available":0,"held":0}]}"#,
            r#"{"line":12,"type":"Cancelled","id":2,"remaining":0.3,"reason":"User"}"#,
            r#"{"line":13,"type":"Balances","account":1,"balances":[{"asset":"BTC","total":0.2,"available":0.2,"held":0},{"asset":"USD","total":13997.2001,"available":13997.2001,"held":0}]}"#,
        ],
    );
}

#[test]
fn who_cannot_pay_is_refused() {
    // 10 at 100 with 5 bp need 1,000.5.
    check(
        &[
            r#"{"op":"symbol","symbol":"X","tick":1,"lot":1,"taker_fee_bps":5}"#,
            r#"{"op":"deposit","account":1,"asset":"USD","amount":1000.49}"#,
            &of(1, 1, "Buy", "100", "10"),
            &of(1, 2, "Sell", "100", "1"),
            &order(3, "Buy", "100", "1", ""),
            r#"{"op":"deposit","account":1,"asset":"USD","amount":0.01}"#,
            &of(1, 4, "Buy", "100", "10"),
            &of(1, 5, "Buy", "1", "1"),
            r#"{"op":"amend","id":4,"price":101}"#,
            r#"{"op":"amend","id":4,"price":99}"#,
            &of(1, 6, "Buy", "1", "1"),
        ],
        &[
            r#"{"line":3,"type":"Rejected","id":1,"reason":"INSUFFICIENT_BALANCE","op":"new"}"#,
            r#"{"line":4,"type":"Rejected","id":2,"reason":"INSUFFICIENT_BALANCE","op":"new"}"#,
            r#"{"line":5,"type":"Rejected","id":3,"reason":"INVALID_FIELD","op":"new"}"#,
            r#"{"line":7,"type":"Accepted","id":4}"#,
            r#"{"line":8,"type":"Rejected","id":5,"reason":"INSUFFICIENT_BALANCE","op":"new"}"#,
            r#"{"line":9,"type":"Rejected","id":4,"reason":"INSUFFICIENT_BALANCE","op":"amend"}"#,
            r#"{"line":10,"type":"Amended","id":4,"price":99,"quantity":10,"kept_priority":false}"#,
            r#"{"line":11,"type":"Accepted","id":6}"#,
        ],
    );
}

#[test]
fn accounts_are_frozen_limited_and_withdrawn_from() {
    check(
        &[
            r#"{"op":"asset","asset":"USD","scale":2}"#,
            r#"{"op":"symbol","symbol":"X","tick":1,"lot":1}"#,
            r#"{"op":"deposit","account":1,"asset":"USD","amount":500,"key":"00000000-0000-0000-0000-000000000001"}"#,
            r#"{"op":"deposit","account":1,"asset":"USD","amount":500,"key":"00000000000000000000000000000001"}"#,
            r#"{"op":"withdraw","account":1,"asset":"USD","amount":99.99}"#,
            r#"{"op":"limits","account":1,"order_quantity_max":2,"open_orders_max":1}"#,
            &of(1, 1, "Buy", "100", "3"),
            &of(1, 2, "Buy", "100", "2"),
            &of(1, 3, "Buy", "100", "1"),
            r#"{"op":"limits","account":1}"#,
            r#"{"op":"freeze","account":1}"#,
            &of(1, 4, "Buy", "100", "1"),
            r#"{"op":"unfreeze","account":1}"#,
            &of(1, 5, "Buy", "100", "1"),
            r#"{"op":"account","account":1,"tier":1,"group":4}"#,
            r#"{"op":"balances","account":1}"#,
        ],
        &[
            r#"{"line":7,"type":"Rejected","id":1,"reason":"RISK_LIMIT","op":"new"}"#,
            r#"{"line":8,"type":"Accepted","id":2}"#,
            r#"{"line":9,"type":"Rejected","id":3,"reason":"RISK_LIMIT","op":"new"}"#,
            r#"{"line":12,"type":"Rejected","id":4,"reason":"FORBIDDEN","op":"new"}"#,
            r#"{"line":14,"type":"Accepted","id":5}"#,
            r#"{"line":16,"type":"Balances","account":1,"balances":[{"asset":"USD","total":400.01,"available":100.01,"held":300},{"asset":"X","total":0,"available":0,"held":0}]}"#,
        ],
    );
}

#[test]
fn what_is_told_with_facts_has_the_money_in_it() {
    let script = [
        r#"{"op":"symbol","symbol":"X","tick":1,"lot":1,"maker_fee_bps":10,"taker_fee_bps":20}"#,
        r#"{"op":"deposit","account":1,"asset":"USD","amount":1000}"#,
        r#"{"op":"deposit","account":2,"asset":"X","amount":5}"#,
        &of(1, 1, "Buy", "100", "2"),
        &of(2, 2, "Sell", "100", "1"),
        &of(1, 3, "Buy", "100", "9"),
    ]
    .join("\n");
    let said = said(&["--accounts", "on", "--facts"], &script);
    // Held at first: 200 and 20 bp, 0.4; after the fill of one, for which 10 bp were charged: 100.2.
    for line in [
        r#"{"line":1,"type":"AssetAdded","asset":"X"}"#,
        r#"{"line":2,"type":"Deposited","account":1,"asset":"USD","amount":1000}"#,
        r#"{"line":4,"type":"BalanceChanged","account":1,"asset":"USD","total":1000,"available":799.6,"held":200.4}"#,
        r#"{"line":5,"type":"Settled","trade":1,"asset":"USD","maker_fee":0.1,"taker_fee":0.2}"#,
        r#"{"line":5,"type":"BalanceChanged","account":1,"asset":"USD","total":899.9,"available":799.7,"held":100.2}"#,
        r#"{"line":5,"type":"PositionChanged","account":2,"symbol":"X","quantity":-1,"cost":-100,"realised_pnl":0}"#,
        r#"{"line":6,"type":"Shortfall","account":1,"asset":"USD","needed":901.8,"available":799.7}"#,
    ] {
        assert!(said.lines().any(|told| told == line), "{line} in\n{said}");
    }
}

#[test]
fn an_asset_has_one_name_and_enough_places() {
    let twice = [
        r#"{"op":"asset","asset":"USD","scale":2}"#,
        r#"{"op":"asset","asset":"USD","scale":2}"#,
    ];
    let output = run(&["--accounts", "on"], twice.join("\n").as_bytes());
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("line 2: there is an asset USD already"), "{said}");

    // A cent times a hundredth needs four places, and USD has two.
    let coarse = [
        r#"{"op":"asset","asset":"USD","scale":2}"#,
        r#"{"op":"symbol","symbol":"X","tick":0.01,"lot":0.01}"#,
    ];
    let output = run(&["--accounts", "on"], coarse.join("\n").as_bytes());
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("line 2: the engine refused the symbol"), "{said}");
}

#[test]
fn the_same_lines_with_accounts_have_the_same_summary() {
    let mut script = vec![BTC.to_owned()];
    for account in 1..=4 {
        for (asset, amount) in [("USD", "100000"), ("BTC", "3")] {
            script.push(format!(
                r#"{{"op":"deposit","account":{account},"asset":"{asset}","amount":{amount}}}"#
            ));
        }
    }
    for id in 1..=400_u64 {
        let side = if id % 3 == 0 { "Sell" } else { "Buy" };
        let price = format!("{}", 30_000 + id * 7 % 11);
        script.push(of(1 + id % 4, id, side, &price, "0.01"));
    }
    let script = script.join("\n");
    let hash = |said: &str| said.split("state_hash").nth(1).map(str::to_owned);
    let on = said(&["--accounts", "on", "--summary"], &script);
    assert!(on.contains(r#""Traded""#), "{on}");
    assert_eq!(
        hash(&on),
        hash(&said(&["--accounts", "on", "--summary"], &script))
    );
    assert_ne!(hash(&on), hash(&said(&["--summary"], &script)));
}
