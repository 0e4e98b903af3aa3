//! What the tool says of a server that does not behave, and of a user who asks for what cannot be.

use std::time::Duration;

use serde_json::json;

use crate::program::{bench, number, report};
use crate::server::{Behaviour, Server};

#[test]
fn a_stall_shows_in_every_order_that_was_due_in_it() {
    let behaviour = Behaviour {
        stall: Some((50, Some(Duration::from_secs(1)))),
        ..Behaviour::default()
    };
    let server = Server::start(behaviour);
    let report = report(
        &server,
        "--rate 100 --duration 2 --warm-up 0 --connections 2 --no-executions",
    );
    assert_eq!(number(&report, "/orders/accepted"), 200);
    // Half of the orders were due in that second, evenly: a quarter waited for half of it and longer. Two of them were
    // on a connection; who only counts from when an order is sent sees two.
    let p90 = number(&report, "/latency_us/order_to_ack/p90");
    assert!(p90 >= 700_000, "a tenth waited for 0.8 seconds or more: {p90}");
    let max = number(&report, "/latency_us/order_to_ack/max");
    assert!(max >= 900_000, "{max}");
    let lateness = number(&report, "/latency_us/tool_lateness/p90");
    assert!(
        lateness >= 600_000,
        "it was sent late because no connection was free: {lateness}"
    );
}

#[test]
fn orders_that_are_never_answered_count_with_their_wait() {
    let behaviour = Behaviour {
        stall: Some((10, None)),
        ..Behaviour::default()
    };
    let server = Server::start(behaviour);
    let words = "--rate 100 --duration 1 --warm-up 0 --connections 3 --timeout 1 --no-executions";
    let report = report(&server, words);
    let accepted = number(&report, "/orders/accepted");
    let timeouts = number(&report, "/orders/errors/TIMEOUT");
    let unsent = number(&report, "/orders/unsent");
    assert_eq!(
        (accepted, accepted + timeouts + unsent),
        (10, 100),
        "none is missing: {report:#}"
    );
    assert!(timeouts >= 3 && unsent > 0);
    assert_eq!(number(&report, "/latency_us/order_to_ack/count"), 100);
    let p50 = number(&report, "/latency_us/order_to_ack/p50");
    assert!(p50 >= 900_000, "most waited until the end: {p50}");
}

#[test]
fn refusals_are_counted_by_code_and_are_no_acks() {
    let behaviour = Behaviour {
        refuse_every: Some(4),
        ..Behaviour::default()
    };
    let server = Server::start(behaviour);
    let report = report(&server, "--rate 100 --duration 1 --warm-up 0 --connections 4");
    assert_eq!(report["orders"]["errors"], json!({"RATE_LIMITED": 25}));
    assert_eq!(number(&report, "/orders/accepted"), 75);
    assert_eq!(number(&report, "/latency_us/order_to_ack/count"), 75);
}

#[test]
fn a_server_that_closes_after_each_answer_is_connected_to_again() {
    let behaviour = Behaviour {
        closes: true,
        ..Behaviour::default()
    };
    let server = Server::start(behaviour);
    let report = report(&server, "--rate 50 --duration 1 --warm-up 0 --connections 2");
    assert_eq!(number(&report, "/orders/accepted"), 50);
    assert_eq!(report["orders"]["errors"], json!({}));
}

#[test]
fn a_stream_of_executions_that_is_closed_is_said() {
    let behaviour = Behaviour {
        executions_max: Some(5),
        ..Behaviour::default()
    };
    let server = Server::start(behaviour);
    let report = report(&server, "--rate 100 --duration 1 --warm-up 0 --connections 2");
    assert_eq!(number(&report, "/latency_us/order_to_execution/count"), 5);
    assert_eq!(
        report["orders"]["executions_ended"],
        json!("WS_CLOSED_4008 slow consumer")
    );
}

/// What it says when it does not run.
fn refusal(words: &[&str]) -> String {
    let output = bench(words);
    assert!(!output.status.success(), "{words:?} runs");
    assert!(output.stdout.is_empty());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn other_machines_are_left_alone() {
    let said = refusal(&["--url", "http://192.0.2.1:7000"]);
    assert!(
        said.contains("192.0.2.1:7000 is not on this machine") && said.contains("--allow-remote"),
        "{said}"
    );
    let server = Server::start(Behaviour::default());
    let said = refusal(&["--url", &server.url(), "--ws", "ws://192.0.2.1:7001/ws"]);
    assert!(said.contains("--allow-remote"), "{said}");
    assert_eq!(server.orders(), 0);
}

#[test]
fn what_cannot_be_run_is_said() {
    let server = Server::start(Behaviour::default());
    let said = refusal(&["--url", &server.url(), "--symbols", "BTC-KRW,XYZ"]);
    assert!(said.contains("does not list XYZ"), "{said}");
    let said = refusal(&["--url", "https://127.0.0.1:7000"]);
    assert!(
        said.contains("is not an address like http://host:port/path"),
        "{said}"
    );
    let said = refusal(&["--url", &server.url(), "--token", "a\r\nb"]);
    assert!(said.contains("characters that a header cannot have"), "{said}");
    let url = server.url();
    drop(server);
    let said = refusal(&["--url", &url]);
    assert!(said.contains("cannot connect") && said.contains(&url), "{said}");
}

#[test]
fn options_have_bounds() {
    for words in [
        ["--rate", "200001"],
        ["--duration", "0"],
        ["--connections", "0"],
        ["--subscribers", "60001"],
    ] {
        let said = refusal(&words);
        assert!(said.contains("invalid value"), "{said}");
    }
}

#[test]
fn the_help_has_an_example() {
    let output = bench(&["--help"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.contains("exchange-server bench --rate 5000 --duration 30"),
        "{text}"
    );
}
