//! The page of rules and the scenarios name each other.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use engine_testkit::rules_page::{named_tests, rule_number};

/// The pages of rules.
const PAGES: [&str; 2] = ["matching-rules", "accounts"];

/// Scenarios that are about no single rule.
const BESIDE_THE_RULES: [&str; 13] = [
    "alone",
    "batch",
    "bookkeeper",
    "classic_faults",
    "damage",
    "differential",
    "limits",
    "main",
    "page",
    "plain_book",
    "replay",
    "restore",
    "sequencer",
];

/// The numbered rules of all pages and the text of each, by page and number.
fn rules() -> BTreeMap<(&'static str, String), String> {
    let mut rules = BTreeMap::new();
    for page in PAGES {
        let rules_of_page = rules_of(page).into_iter();
        rules.extend(rules_of_page.map(|(number, text)| ((page, number), text)));
    }
    rules
}

fn rules_of(page: &str) -> BTreeMap<String, String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../docs/{page}.md"));
    let page = fs::read_to_string(page).expect("the page of rules can be read");
    let mut rules = BTreeMap::new();
    let mut current = String::from("words");
    for line in page.lines() {
        if let Some(number) = rule_number(line) {
            current = number.to_owned();
            let before = rules.insert(current.clone(), String::new());
            assert!(before.is_none(), "rule {current} is there twice");
        } else if let Some(heading) = line.strip_prefix("## ") {
            // What stands between a heading and its first rule belongs to no number.
            current = format!("before {heading}");
        }
        let text: &mut String = rules.entry(current.clone()).or_default();
        text.push_str(line);
        text.push('\n');
    }
    rules
}

/// The tests of each module of this directory.
fn tests() -> BTreeMap<String, Vec<String>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/core");
    let mut tests = BTreeMap::new();
    for entry in fs::read_dir(directory).expect("the directory of tests can be read") {
        let path = entry.expect("its entries can be read").path();
        let module = path
            .file_stem()
            .expect("a source has a name")
            .to_string_lossy()
            .into_owned();
        let source = fs::read_to_string(&path).expect("a source can be read");
        let names = source.split("#[test]\nfn ").skip(1);
        let names = names.map(|rest| rest.split('(').next().unwrap_or_default().to_owned());
        tests.insert(module, names.collect());
    }
    tests
}

#[test]
fn every_numbered_rule_names_a_scenario_that_exists() {
    let tests: Vec<String> = tests().into_values().flatten().collect();
    let rules = rules();
    assert!(rules.len() > 50, "the page is read: {}", rules.len());
    for ((page, number), text) in &rules {
        let named = named_tests(text);
        let is_rule = rule_number(&format!("{number} ")).is_some();
        assert!(
            !is_rule || !named.is_empty(),
            "rule {number} of {page} names no test"
        );
        for name in named {
            assert!(
                tests.iter().any(|test| test == name),
                "rule {number} of {page} names `{name}`, which is no test"
            );
        }
    }
}

#[test]
fn every_scenario_is_named_by_a_rule() {
    let rules = rules();
    let named: Vec<&str> = rules.values().flat_map(|text| named_tests(text)).collect();
    for (module, names) in tests() {
        if BESIDE_THE_RULES.contains(&module.as_str()) {
            continue;
        }
        for name in names {
            assert!(named.contains(&name.as_str()), "no rule names {module}::{name}");
        }
    }
}
