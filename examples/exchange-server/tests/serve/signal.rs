//! R36: a signal under load, with WebSocket clients that read and others that do not.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use rustix::process::Signal;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::program::{Program, ask, request};
use crate::reader::Reader;

const CLIENTS: usize = 4;
const READERS: usize = 12;
const IDLERS: usize = 4;
/// How many orders every client has been acknowledged, and trades every reader has seen, before the signal comes.
const ENOUGH: usize = 50;

/// Orders of which every second one trades with the one before, until the server takes no more: the ids of those that
/// were acknowledged.
fn trade(rest: SocketAddr, client: usize, loaded: &AtomicUsize) -> Vec<String> {
    let mut ids = Vec::new();
    for number in 0.. {
        let (side, price) = match number % 3 {
            0 => ("Sell", 100),
            1 => ("Buy", 100),
            _ => ("Buy", 60 + number % 30),
        };
        let body = format!(
            r#"{{"symbol":"AAPL","side":"{side}","order_type":"Limit","price":{price},"quantity":1,"client_order_id":"c{client}-{number}","self_trade_prevention":"None"}}"#
        );
        let Some((status, answer)) = request(rest, "POST", "/v1/order", None, &body) else {
            return ids;
        };
        match status {
            202 => ids.push(answer["order_id"].as_str().expect("an id").to_owned()),
            503 => return ids,
            _ => panic!("{status} {answer}"),
        }
        if ids.len() == ENOUGH {
            loaded.fetch_add(1, Ordering::Relaxed);
        }
    }
    ids
}

/// What a reader saw: the trades, and how it was closed.
fn watch(mut reader: Reader, loaded: &AtomicUsize) -> (BTreeSet<String>, Option<CloseCode>) {
    let mut trades = BTreeSet::new();
    loop {
        match reader.next() {
            Ok(message) if message["type"] == "Execution" => {
                trades.insert(message["exec_id"].as_str().expect("an id").to_owned());
                if trades.len() == ENOUGH {
                    loaded.fetch_add(1, Ordering::Relaxed);
                }
            }
            Ok(_) => {}
            Err(code) => return (trades, code),
        }
    }
}

#[test]
fn a_signal_under_load_loses_nothing_that_was_acknowledged() {
    let data = tempfile::tempdir().expect("a temporary directory");
    let program = Program::start(data.path(), &[]);
    let rest = program.rest;
    let idlers: Vec<Reader> = (0..IDLERS).map(|_| Reader::subscribe(rest, "AAPL")).collect();
    let readers: Vec<Reader> = (0..READERS).map(|_| Reader::subscribe(rest, "AAPL")).collect();
    let loaded = AtomicUsize::new(0);
    let (acknowledged, seen) = std::thread::scope(|scope| {
        let loaded = &loaded;
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| scope.spawn(move || trade(rest, client, loaded)))
            .collect();
        let readers: Vec<_> = readers
            .into_iter()
            .map(|reader| scope.spawn(move || watch(reader, loaded)))
            .collect();
        while loaded.load(Ordering::Relaxed) < CLIENTS + READERS {
            let has_failed = clients.iter().any(|client| client.is_finished());
            assert!(!has_failed, "somebody was refused before the signal");
            std::thread::yield_now();
        }
        let start = Instant::now();
        program.signal(Signal::TERM);
        assert_eq!(program.wait().code(), Some(0));
        println!(
            "R36: it ended {} ms after the signal",
            start.elapsed().as_millis()
        );
        let ids = clients
            .into_iter()
            .map(|client| client.join().expect("nothing panics"));
        let ids: Vec<String> = ids.flatten().collect();
        let seen = readers
            .into_iter()
            .map(|reader| reader.join().expect("nothing panics"));
        (ids, seen.collect::<Vec<_>>())
    });
    drop(idlers);
    for (_, code) in &seen {
        assert_eq!(
            *code,
            Some(CloseCode::Away),
            "a reader is told that the server goes"
        );
    }

    let shown: Vec<_> = seen.into_iter().map(|(trades, _)| trades).collect();
    check_kept(&Program::start(data.path(), &[]), &acknowledged, &shown);
}

/// Everything that was acknowledged or shown is there after a restart.
fn check_kept(program: &Program, acknowledged: &[String], shown: &[BTreeSet<String>]) {
    for id in acknowledged {
        let state = ask(program.rest, "GET", &format!("/v1/order/{id}"), "");
        let status = state["status"].as_str().expect("a word");
        assert!(["Pending", "Filled"].contains(&status), "{state}");
    }
    let kept = ask(program.rest, "GET", "/v1/executions/AAPL?limit=1000", "");
    let kept = kept["executions"].as_array().expect("a list");
    let kept: BTreeSet<&str> = kept
        .iter()
        .filter_map(|trade| trade["exec_id"].as_str())
        .collect();
    for trades in shown {
        let lost = trades
            .iter()
            .filter(|trade| !kept.contains(trade.as_str()))
            .count();
        // The list is no longer than a thousand.
        assert!(
            lost == 0 || trades.len() > 1_000,
            "{lost} of {} trades that were shown",
            trades.len()
        );
    }
}
