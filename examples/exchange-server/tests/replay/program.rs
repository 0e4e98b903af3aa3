//! Starting the real program and comparing what it says.

use std::io::Write;
use std::process::{Command, Output, Stdio};

/// The line that lists the instrument of most scripts: tick 0.01, lot 1.
pub(crate) const X: &str = r#"{"op":"symbol","symbol":"X","tick":0.01,"lot":1}"#;

pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_exchange-server"));
    command.arg("replay").args(arguments);
    command
}

/// Runs the program to its end with this input.
pub(crate) fn run(arguments: &[&str], input: &[u8]) -> Output {
    let mut command = program(arguments);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program was built with the test");
    let mut stdin = child.stdin.take().expect("it is piped");
    std::thread::scope(|scope| {
        // The output is read meanwhile, so that neither side waits for the other; a program that stops early does
        // not read everything.
        scope.spawn(move || drop(stdin.write_all(input)));
        child.wait_with_output().expect("the program ends")
    })
}

/// What the program says to standard output; it has to be content.
pub(crate) fn said(arguments: &[&str], script: &str) -> String {
    let output = run(arguments, script.as_bytes());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).expect("the output is UTF-8")
}

/// Runs a script on the instrument `X`, which is line 1, and compares every line that comes out.
#[track_caller]
pub(crate) fn check(script: &[&str], expected: &[&str]) {
    let script = [&[X], script].concat().join("\n");
    let said = said(&[], &script);
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines, expected, "for\n{script}\n");
}

/// An order on `X`, with the given fields in place of the usual ones or beside them.
pub(crate) fn order(id: u64, side: &str, price: &str, quantity: &str, more: &str) -> String {
    format!(
        r#"{{"op":"new","id":{id},"side":"{side}","order_type":"Limit","price":{price},"quantity":{quantity}{more}}}"#
    )
}

/// A limit order to buy.
pub(crate) fn buy(id: u64, price: &str, quantity: &str) -> String {
    order(id, "Buy", price, quantity, "")
}

/// A limit order to sell.
pub(crate) fn sell(id: u64, price: &str, quantity: &str) -> String {
    order(id, "Sell", price, quantity, "")
}
