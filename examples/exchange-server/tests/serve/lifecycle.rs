//! From the first start over signals and restarts: nothing that was acknowledged is lost.

use std::fs;

use rustix::process::Signal;

use crate::program::{Program, ask, request};

fn order(side: &str, price: u64, name: &str) -> String {
    format!(
        r#"{{"symbol":"AAPL","side":"{side}","order_type":"Limit","price":{price},"quantity":1,"client_order_id":"{name}","self_trade_prevention":"None"}}"#
    )
}

#[test]
fn everything_is_as_it_was_after_a_restart() {
    let data = tempfile::tempdir().expect("a temporary directory");
    let program = Program::start(data.path(), &[]);
    let rest = program.rest;
    let symbols = ask(rest, "GET", "/api/v1/symbols", "");
    assert_eq!(symbols["symbols"].as_array().map(Vec::len), Some(3));
    let resting = ask(rest, "POST", "/v1/order", &order("Sell", 150, "rests"));
    let maker = ask(rest, "POST", "/v1/order", &order("Sell", 149, "trades"));
    let taker = ask(rest, "POST", "/v1/order", &order("Buy", 149, "takes"));
    let paths = ["/v1/account", "/v1/positions", "/v1/orders", "/v1/trades/history"];
    let before = paths.map(|path| ask(rest, "GET", path, ""));
    program.stop();

    let program = Program::start(data.path(), &[]);
    let rest = program.rest;
    let after = paths.map(|path| ask(rest, "GET", path, ""));
    assert_eq!(before, after);
    let repeated = ask(rest, "POST", "/v1/order", &order("Sell", 149, "trades"));
    assert_eq!(repeated["order_id"], maker["order_id"], "it is remembered");
    let other = request(rest, "POST", "/v1/order", None, &order("Sell", 148, "trades"));
    assert_eq!(other.map(|(status, _)| status), Some(409));
    let next = ask(rest, "POST", "/v1/order", &order("Buy", 100, "new"));
    for old in [&resting, &maker, &taker] {
        assert_ne!(next["order_id"], old["order_id"], "ids are not used again");
    }
    let candles = ask(rest, "GET", "/v1/klines/AAPL/1d?limit=1", "");
    assert_eq!(candles["candles"][0]["trade_count"], 1);
    program.stop();
}

#[test]
fn killed_at_once_it_still_has_what_was_acknowledged() {
    let data = tempfile::tempdir().expect("a temporary directory");
    let program = Program::start(data.path(), &[]);
    let rest = program.rest;
    ask(rest, "POST", "/v1/order", &order("Sell", 149, "maker"));
    let taker = ask(rest, "POST", "/v1/order", &order("Buy", 149, "taker"));
    let path = format!("/v1/order/{}", taker["order_id"].as_str().expect("an id"));
    let before = [
        ask(rest, "GET", &path, ""),
        ask(rest, "GET", "/v1/trades/history", ""),
    ];
    program.signal(Signal::KILL);
    assert_eq!(program.wait().code(), None);
    let program = Program::start(data.path(), &[]);
    let after = [
        ask(program.rest, "GET", &path, ""),
        ask(program.rest, "GET", "/v1/trades/history", ""),
    ];
    assert_eq!(before, after);
    program.stop();
}

#[test]
fn an_administrator_of_the_file_halts_a_symbol_for_good() {
    let data = tempfile::tempdir().expect("a temporary directory");
    let program = Program::start(data.path(), &[]);
    let credentials = r#"{"username":"root-user","password":"correct horse"}"#;
    ask(program.rest, "POST", "/v1/auth/register", credentials);
    program.stop();
    let file = data.path().join("xtrader.toml");
    fs::write(&file, "auth = \"required\"\nadmins = [\"root-user\"]\n").expect("it can be written");
    let file = file.to_str().expect("a path of text");
    let program = Program::start(data.path(), &["--config", file]);
    let grant = ask(program.rest, "POST", "/login", credentials);
    let token = grant["access_token"].as_str();
    let body = r#"{"phase":"halted"}"#;
    let halted = request(program.rest, "POST", "/v1/admin/symbols/AAPL/phase", token, body);
    assert_eq!(halted.map(|(status, _)| status), Some(200));
    program.stop();
    let program = Program::start(data.path(), &["--config", file]);
    let symbols = ask(program.rest, "GET", "/v1/symbols", "");
    assert_eq!(symbols["symbols"][2]["phase"], "halted");
    program.stop();
}
