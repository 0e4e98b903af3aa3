//! Long inputs, and what they come to.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::program::{X, said};

/// A stream of orders that meet, are amended and are cancelled, the same every time.
fn stream(lines: u64) -> String {
    let mut script = format!("{X}\n");
    let mut state = 1_u64;
    let mut random = |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for id in 1..lines {
        let (price, quantity) = (9_900 + random(200), 1 + random(100));
        let side = if random(2) == 0 { "Buy" } else { "Sell" };
        let any = 1 + random(id);
        let line = match random(10) {
            0 | 1 => format!(r#"{{"op":"cancel","id":{any},"time_ns":{id}}}"#),
            2 => format!(
                r#"{{"op":"amend","id":{any},"price":{}.{:02}}}"#,
                price / 100,
                price % 100
            ),
            _ => format!(
                r#"{{"op":"new","id":{id},"account":{},"side":"{side}","order_type":"Limit","price":{}.{:02},"quantity":{quantity},"self_trade_prevention":"Decrement"}}"#,
                random(5),
                price / 100,
                price % 100
            ),
        };
        writeln!(script, "{line}").expect("a string can be written to");
    }
    script
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn a_hundred_thousand_lines_give_the_same_bytes_every_time_and_the_summary_counts_them() {
    let script = stream(100_000);
    let events = said(&[], &script);
    assert_eq!(said(&[], &script), events);
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let (mut traded, mut last_line) = (0, 0);
    for line in events.lines() {
        let event = json(line);
        let number = event["line"].as_u64().expect("every event has its line");
        assert!(
            number >= last_line,
            "events come in the order of the lines: {line}"
        );
        last_line = number;
        *counts
            .entry(event["type"].as_str().expect("every event has a type").to_owned())
            .or_default() += 1;
        traded += event["quantity"]
            .as_u64()
            .filter(|_| event["type"] == "Traded")
            .unwrap_or(0);
    }
    assert!(
        counts["Traded"] > 10_000 && counts["Rejected"] > 1_000,
        "the stream is worth it: {counts:?}"
    );
    let summary = json(&said(&["--summary"], &script));
    assert_eq!(summary["type"], "Summary");
    assert_eq!(summary["lines"], 100_000);
    assert_eq!(
        summary["events"],
        serde_json::to_value(&counts).expect("counts are JSON")
    );
    assert_eq!(summary["traded_quantity"], traded);
    assert_eq!(summary["traded_by_symbol"]["X"], traded);
    let figure = |key: &str| {
        summary[key]
            .as_u64()
            .unwrap_or_else(|| panic!("{key} in {summary}"))
    };
    assert!(figure("ops_per_second") > 0 && figure("engine_ns") > 0);
    assert!(figure("p50_ns") <= figure("p99_ns") && figure("p99_ns") <= figure("p99_9_ns"));
}
