//! The program under test.

use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::server::Server;

/// Runs `exchange-server bench` with these words.
pub(crate) fn bench(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_exchange-server"))
        .arg("bench")
        .args(words)
        .env_remove("XTRADER_TOKEN")
        .stdin(Stdio::null())
        .output()
        .expect("the program starts")
}

/// Runs it against a server and reads its report.
pub(crate) fn report(server: &Server, words: &str) -> Value {
    let url = server.url();
    let mut all = vec!["--url", &url, "--json"];
    all.extend(words.split_whitespace());
    let output = bench(&all);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words}: {errors}");
    serde_json::from_slice(&output.stdout).expect("it prints one JSON object")
}

pub(crate) fn number(report: &Value, path: &str) -> u64 {
    let found = report.pointer(path).and_then(Value::as_u64);
    found.unwrap_or_else(|| panic!("{path} of {report:#}"))
}
