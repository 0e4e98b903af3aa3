//! What somebody sees who only wants to look: traders, charts, and where to find them.

use std::fs;
use std::io::BufRead;
use std::net::SocketAddr;
use std::process::Command;

use rustix::process::Signal;
use serde_json::Value;

use crate::program::{Program, ask, request};

const SYMBOLS: [&str; 3] = ["BTC-KRW", "ETH-KRW", "AAPL"];
const INTERVALS: [(&str, u64); 7] = [
    ("1m", 60_000),
    ("5m", 300_000),
    ("15m", 900_000),
    ("30m", 1_800_000),
    ("1h", 3_600_000),
    ("4h", 14_400_000),
    ("1d", 86_400_000),
];

fn candles(rest: SocketAddr, symbol: &str, interval: &str, end: u64) -> Vec<Value> {
    let path = format!("/v1/klines/{symbol}/{interval}?limit=1000&end={end}");
    let answer = ask(rest, "GET", &path, "");
    answer["candles"].as_array().expect("a list of candles").clone()
}

/// Without those that are about to make room for newer ones.
fn newest(candles: Vec<Value>) -> Vec<Value> {
    let few = candles.len().saturating_sub(900);
    candles.into_iter().skip(few).collect()
}

fn past_until(rest: SocketAddr) -> Option<u64> {
    let ready = ask(rest, "GET", "/ready", "");
    let symbols = ask(rest, "GET", "/v1/symbols", "");
    assert_eq!(ready["simulated"], symbols["simulated"]);
    symbols["simulated"]["past_until"].as_u64()
}

/// Asks until both sides of a book have something.
fn wait_for_a_book(rest: SocketAddr, symbol: &str) {
    loop {
        let answer = ask(rest, "GET", &format!("/v1/orderbook/{symbol}"), "");
        let has = |side: &str| {
            answer["orderbook"][side]
                .as_array()
                .is_some_and(|levels| !levels.is_empty())
        };
        if has("bids") && has("asks") {
            return;
        }
        std::thread::yield_now();
    }
}

#[test]
fn a_demo_is_alive_at_once_says_where_to_look_and_leaves_nothing() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let mut command = Command::new(env!("CARGO_BIN_EXE_exchange-server"));
    command
        .args([
            "demo",
            "--rest",
            "127.0.0.1:0",
            "--ws",
            "127.0.0.1:0",
            "--history-days",
            "2",
        ])
        .env("TMPDIR", place.path());
    let (program, output) = Program::run(command);
    let rest = program.rest;
    let lines = output.lines().map(|line| line.expect("it is text"));
    let mut text: Vec<String> = Vec::new();
    for line in lines {
        let is_last = line.contains("Ctrl-C");
        text.push(line);
        if is_last {
            break;
        }
    }
    let text = text.join("\n");
    for path in ["/api/v1", "/docs", "/health", "/ready", "/metrics"] {
        assert!(text.contains(&format!("http://{rest}{path}")), "{path}: {text}");
    }
    assert!(text.contains("ws://127.0.0.1:"), "{text}");

    assert_eq!(ask(rest, "GET", "/health", "")["status"], "ok");
    assert!(past_until(rest).is_some());
    for symbol in SYMBOLS {
        wait_for_a_book(rest, symbol);
        let statistics = ask(rest, "GET", &format!("/v1/statistics/{symbol}"), "");
        let trades = statistics["trade_count_24h"].as_u64();
        assert!(trades > Some(3_000), "{statistics}");
        assert!(statistics["high_24h"].as_f64() > statistics["low_24h"].as_f64());
    }
    let order = r#"{"symbol":"BTC-KRW","side":"Buy","order_type":"Market","quantity":0.001}"#;
    assert_eq!(ask(rest, "POST", "/v1/order", order)["status"], "ACCEPTED");
    assert_eq!(fs::read_dir(place.path()).expect("it is there").count(), 1);

    program.signal(Signal::INT);
    assert_eq!(program.wait().code(), Some(0));
    assert_eq!(fs::read_dir(place.path()).expect("it is there").count(), 0);
}

#[test]
fn a_past_fills_every_chart_and_outlives_a_kill() {
    let data = tempfile::tempdir().expect("a temporary directory");
    let program = Program::start(data.path(), &["--traders", "on", "--history-days", "9"]);
    let until = past_until(program.rest).expect("there is a past");
    let seen = |rest| {
        let all = SYMBOLS.into_iter().flat_map(|symbol| {
            // Those that were closed when the past ended.
            let of = move |(interval, millis)| newest(candles(rest, symbol, interval, until - millis));
            INTERVALS.into_iter().map(of)
        });
        all.collect::<Vec<_>>()
    };
    let before = seen(program.rest);
    for ((interval, millis), candles) in INTERVALS.into_iter().cycle().zip(&before) {
        // As far back as the trades are close enough for the interval, or as many as are kept.
        let days = match interval {
            "1m" => 1,
            "5m" => 7,
            _ => 9,
        };
        let wanted = (days * 86_400_000 / millis - 1).min(900);
        assert!(candles.len() as u64 >= wanted, "{interval}: {}", candles.len());
        let newest = &candles[candles.len() - wanted as usize..];
        let silent = newest.iter().filter(|candle| candle["trade_count"] == 0).count();
        assert_eq!(silent, 0, "{interval} candles without a trade");
        for pair in newest.windows(2) {
            assert_eq!(pair[0]["close_time"], pair[1]["open_time"], "{interval}");
        }
    }
    program.signal(Signal::KILL);
    program.wait();

    let program = Program::start(data.path(), &["--traders", "on", "--history-days", "9"]);
    assert_eq!(past_until(program.rest), Some(until), "it is told once");
    assert!(before == seen(program.rest), "the candles are the same");
    program.stop();
}

#[test]
fn without_traders_books_and_charts_are_empty() {
    let data = tempfile::tempdir().expect("a temporary directory");
    let program = Program::start(data.path(), &["--traders", "off", "--history-days", "30"]);
    assert_eq!(past_until(program.rest), None);
    let ready = ask(program.rest, "GET", "/ready", "");
    assert_eq!(ready["simulated"]["traders"], false);
    for symbol in SYMBOLS {
        let (status, trades) =
            request(program.rest, "GET", &format!("/v1/executions/{symbol}"), None, "").expect("an answer");
        assert_eq!(
            (status, trades["executions"].as_array().map(Vec::len)),
            (200, Some(0))
        );
        assert!(candles(program.rest, symbol, "1d", u64::MAX >> 20).is_empty());
    }
    program.stop();
}
