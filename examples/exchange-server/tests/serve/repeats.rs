//! What has an idempotency key happens once, also when the server was ended in between.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use rustix::process::Signal;
use serde_json::Value;

use crate::program::{Program, ask};

/// A request under a key: its status and its body.
fn under_key(rest: SocketAddr, key: &str, path: &str, body: &str) -> (u16, Value) {
    let mut stream = TcpStream::connect(rest).expect("the server listens");
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: {rest}\r\nconnection: close\r\ncontent-type: application/json\r\nidempotency-key: {key}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let status = head[9..12].parse().expect("a status");
    (status, serde_json::from_str(body).expect("bodies are JSON"))
}

fn krw(rest: SocketAddr) -> Value {
    let account = ask(rest, "GET", "/v1/account", "");
    let balances = account["balances"].as_array().expect("a list").clone();
    let krw = balances.into_iter().find(|balance| balance["asset"] == "KRW");
    krw.expect("the demo account has it")["total"].clone()
}

#[test]
fn orders_lists_and_deposits_under_a_key_happen_once_also_after_a_crash() {
    let data = tempfile::tempdir().expect("a temporary directory");
    let order = |price: u32, side: &str| {
        format!(
            r#"{{"symbol":"BTC-KRW","side":"{side}","order_type":"Limit","price":{price},"quantity":0.001}}"#
        )
    };
    let batch = format!("[{},{}]", order(40_000_000, "Buy"), order(41_000_000, "Buy"));
    let stop = r#"{"symbol":"BTC-KRW","side":"Sell","order_type":"StopLimit","price":30000000,"stop_price":30000000,"quantity":0.001}"#;
    let list = format!(
        r#"{{"kind":"OCO","orders":[{},{stop}]}}"#,
        order(60_000_000, "Sell")
    );
    let deposit = r#"{"asset":"KRW","amount":1000}"#;
    let requests = [
        ("/v1/order", order(39_000_000, "Buy")),
        ("/v1/orders", batch.clone()),
        ("/api/v1/order-list", list),
        ("/v1/account/deposit", deposit.to_owned()),
    ];
    let all = |rest| {
        requests
            .each_ref()
            .map(|(path, body)| under_key(rest, "k1", path, body))
    };

    let server = Program::start(data.path(), &[]);
    let first = all(server.rest);
    assert_eq!(
        first.each_ref().map(|(status, _)| *status),
        [202, 200, 202, 200],
        "{first:?}"
    );
    assert_eq!(all(server.rest), first, "the first answer again");
    let owned = krw(server.rest);
    server.signal(Signal::KILL);
    server.wait();

    let server = Program::start(data.path(), &[]);
    let again = all(server.rest);
    let same = [0, 1, 2].map(|at| again[at] == first[at]);
    assert_eq!(same, [true; 3], "{again:?} is not {first:?}");
    assert_eq!(again[3].0, 200);
    assert_eq!(krw(server.rest), owned, "it was given once");
    let open = ask(server.rest, "GET", "/v1/orders?status=open", "");
    assert_eq!(open["orders"].as_array().map(Vec::len), Some(5), "{open}");

    // The same key with something else is a mistake, and nothing happens.
    let (status, refused) = under_key(
        server.rest,
        "k1",
        "/v1/account/deposit",
        r#"{"asset":"KRW","amount":7}"#,
    );
    assert_eq!(
        (status, refused["error"].as_str()),
        (409, Some("DUPLICATE_CLIENT_ORDER_ID"))
    );
    let other = format!("[{},{}]", order(42_000_000, "Buy"), order(43_000_000, "Buy"));
    let (status, refused) = under_key(server.rest, "k1", "/v1/orders", &other);
    assert_eq!(
        (status, refused["error"].as_str()),
        (409, Some("DUPLICATE_CLIENT_ORDER_ID"))
    );
    // Another key is another request.
    let (_, more) = under_key(server.rest, "k2", "/v1/orders", &batch);
    assert_ne!(more[0]["order_id"], first[1].1[0]["order_id"]);
    server.stop();
}
