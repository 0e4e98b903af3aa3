//! The files for operators name only what the server has: metrics, keys, values.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use crate::program::{Program, ask, request_text};

const DASHBOARD: &str = include_str!("../../deploy/grafana/xtrader.json");
const ALERTS: &str = include_str!("../../deploy/alerts.yml");

/// Every word in a text that begins with this and goes on like the name of a metric or variable.
fn words<'a>(text: &'a str, prefix: &'a str) -> impl Iterator<Item = &'a str> {
    text.match_indices(prefix).map(|(at, _)| {
        let rest = &text[at..];
        let end = rest.find(|end: char| !end.is_ascii_alphanumeric() && end != '_');
        &rest[..end.unwrap_or(rest.len())]
    })
}

#[test]
fn dashboard_and_alerts_ask_for_metrics_that_exist() {
    let data = tempfile::tempdir().expect("a temporary directory");
    let program = Program::start(data.path(), &[]);
    let order = r#"{"symbol":"AAPL","side":"Buy","order_type":"Limit","price":100,"quantity":1}"#;
    ask(program.rest, "POST", "/v1/order", order);
    let (status, metrics) =
        request_text(program.rest, "GET", "/metrics", None, "").expect("the server answers");
    assert_eq!(status, 200);
    program.stop();
    let samples = metrics.lines().filter(|line| !line.starts_with('#'));
    let exported: BTreeSet<&str> = samples
        .filter_map(|line| words(line, "xtrader_").next())
        .collect();
    assert!(exported.contains("xtrader_order_ack_seconds_bucket"), "{metrics}");

    let dashboard: Value = serde_json::from_str(DASHBOARD).expect("the dashboard is JSON");
    let panels = dashboard["panels"].as_array().expect("it has panels");
    let targets = panels
        .iter()
        .flat_map(|panel| panel["targets"].as_array().into_iter().flatten());
    let expressions: Vec<&str> = targets.filter_map(|target| target["expr"].as_str()).collect();
    assert!(expressions.len() >= panels.len(), "every panel shows something");
    let rules: Vec<&str> = ALERTS.lines().filter(|line| line.contains(" expr: ")).collect();
    assert_eq!(
        rules.len(),
        ALERTS.matches("- alert: ").count(),
        "every alert asks something"
    );
    for expression in expressions.iter().chain(&rules) {
        let mut asked = words(expression, "xtrader_").peekable();
        let is_up = expression.contains("up{job=\"xtrader\"}");
        assert!(is_up || asked.peek().is_some(), "{expression}");
        for name in asked {
            assert!(exported.contains(name), "{name} of {expression} is not exported");
        }
    }
    for label in ["outcome", "symbol"] {
        assert!(metrics.contains(&format!("{label}=\"")), "{label}");
    }
}

/// The lines `XTRADER_…: value` or `XTRADER_…=value` of a file.
fn variables(text: &str, separator: &str) -> Vec<(String, String)> {
    let words = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let words = words.flat_map(|line| match separator {
        "=" => line.split_whitespace().collect::<Vec<_>>(),
        _ => vec![line.trim()],
    });
    let pairs = words.filter_map(|word| word.split_once(separator));
    let own = pairs.filter(|(name, _)| name.starts_with("XTRADER_"));
    own.map(|(name, value)| (name.to_owned(), value.trim().trim_matches('"').to_owned()))
        .collect()
}

#[test]
fn containers_are_given_a_configuration_that_can_be() {
    for (text, separator) in [
        (include_str!("../../deploy/Dockerfile"), "="),
        (include_str!("../../deploy/compose.yaml"), ":"),
        (include_str!("../../deploy/kubernetes.yaml"), ":"),
    ] {
        let variables = variables(text, separator);
        assert!(variables.len() >= 5, "{variables:?}");
        let mut command = Command::new(env!("CARGO_BIN_EXE_exchange-server"));
        command.arg("--check-config").envs(variables.iter().cloned());
        let output = command.output().expect("the program was built with the test");
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let said = String::from_utf8_lossy(&output.stdout);
        for (name, _) in &variables {
            assert!(said.contains(&format!("# {name}\n")), "{name}: {said}");
        }
    }
}
