//! What the tool measures on a server that behaves.

use std::sync::atomic::Ordering;

use serde_json::json;

use crate::program::{bench, number, report};
use crate::server::{Behaviour, Server};

#[test]
fn every_order_is_sent_answered_and_counted_and_its_execution_is_heard() {
    let server = Server::start(Behaviour::default());
    let report = report(
        &server,
        "--rate 200 --duration 1 --warm-up 0 --connections 8 --subscribers 6",
    );
    assert_eq!(server.orders(), 200);
    assert_eq!(number(&report, "/orders/accepted"), 200);
    assert_eq!(report["orders"]["errors"], json!({}));
    assert_eq!(number(&report, "/orders/unsent"), 0);
    assert_eq!(number(&report, "/latency_us/order_to_ack/count"), 200);
    assert_eq!(
        number(&report, "/latency_us/order_to_execution/count"),
        100,
        "each pair trades once"
    );
    assert_eq!(report["orders"]["executions_ended"], json!(null));
    assert_eq!(report["orders"]["symbols"], json!(["BTC-KRW", "AAPL"]));
    assert_eq!(number(&report, "/subscribers/subscribed"), 6);
    assert_eq!(report["subscribers"]["errors"], json!({}));
    assert!(number(&report, "/subscribers/messages") >= 6);
    assert!(
        server.shared.pongs.load(Ordering::SeqCst) >= 7,
        "who is asked whether it is there answers"
    );
}

#[test]
fn a_book_is_as_late_as_its_own_time_says() {
    let server = Server::start(Behaviour::default());
    let report = report(
        &server,
        "--rate 0 --duration 1 --warm-up 0 --subscribers 3 --symbols AAPL",
    );
    assert_eq!(number(&report, "/orders/accepted"), 0);
    let p50 = number(&report, "/latency_us/book_delivery/p50");
    assert!(p50 >= 499_000, "the server's books are half a second old: {p50}");
}

#[test]
fn what_is_sent_during_the_warm_up_is_not_counted() {
    let server = Server::start(Behaviour::default());
    let report = report(
        &server,
        "--rate 100 --duration 1 --warm-up 1 --connections 4 --no-executions",
    );
    assert_eq!(server.orders(), 200);
    assert_eq!(number(&report, "/orders/accepted"), 100);
    assert_eq!(number(&report, "/latency_us/order_to_ack/count"), 100);
    assert_eq!(report.pointer("/latency_us/order_to_execution"), None);
}

#[test]
fn pairs_meet_at_one_price_and_open_orders_are_taken_back() {
    let server = Server::start(Behaviour::default());
    let report = report(
        &server,
        "--rate 40 --duration 1 --warm-up 0 --connections 1 --fills 50",
    );
    assert_eq!(report["orders"]["left_over"], json!(null));
    assert!(
        server.shared.mass_cancels.load(Ordering::SeqCst) >= 2,
        "once for each symbol at least"
    );
    let cancelled_after = server.shared.cancelled_after.load(Ordering::SeqCst);
    assert_eq!(cancelled_after, 40, "and again after the last order");
    let bodies = server.shared.bodies.lock().expect("nobody panics here");
    let trading: Vec<_> = bodies
        .iter()
        .filter(|body| body["time_in_force"] == "GTC")
        .collect();
    assert_eq!((bodies.len(), trading.len()), (40, 20));
    for pair in trading.chunks(2) {
        assert_eq!(
            (&pair[0]["side"], &pair[1]["side"]),
            (&json!("Sell"), &json!("Buy"))
        );
        assert_eq!(
            (&pair[0]["symbol"], &pair[0]["price"]),
            (&pair[1]["symbol"], &pair[1]["price"])
        );
    }
    let apple = bodies
        .iter()
        .find(|body| body["symbol"] == "AAPL")
        .expect("both symbols are used");
    assert!(
        apple["quantity"]
            .as_f64()
            .is_some_and(|quantity| quantity >= 0.0099),
        "{apple}"
    );
}

#[test]
fn the_token_is_sent_with_every_request() {
    let behaviour = Behaviour {
        token: Some("secret"),
        ..Behaviour::default()
    };
    let server = Server::start(behaviour);
    let words = "--rate 20 --duration 1 --warm-up 0 --connections 2";
    let with = report(&server, &format!("{words} --token secret"));
    assert_eq!(number(&with, "/orders/accepted"), 20);
    assert_eq!(number(&with, "/latency_us/order_to_execution/count"), 10);
    assert_eq!(with["orders"]["left_over"], json!(null));

    let without = report(&server, words);
    assert_eq!(number(&without, "/orders/accepted"), 0);
    assert_eq!(without["orders"]["errors"], json!({"UNAUTHORIZED": 20}));
    let ended = without["orders"]["executions_ended"]
        .as_str()
        .expect("it says why");
    assert!(ended.starts_with("WS_REFUSED"), "{ended}");
}

#[test]
fn people_get_a_table() {
    let server = Server::start(Behaviour::default());
    let url = server.url();
    let words = ["--url", &url, "--rate", "50", "--duration", "1", "--warm-up", "0"];
    let output = bench(&words);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success());
    assert!(text.starts_with("orders       50 accepted, "), "{text}");
    for row in ["order to ack", "order to execution", "tool lateness"] {
        assert!(
            text.lines().any(|line| line.starts_with(row)),
            "no {row} in {text}"
        );
    }
}
