//! The page of market data and the tests name each other.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use engine_testkit::rules_page::{named_tests, rule_number};

/// Tests that are about no rule of the page.
const BESIDE_THE_RULES: [&str; 4] = [
    "every_numbered_rule_names_a_test_that_exists",
    "every_test_of_projections_is_named_by_a_rule",
    "steps_reach_the_edges",
    "the_counter_counts",
];

/// The numbered rules of the page and the text of each.
fn rules() -> BTreeMap<String, String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/market-data.md");
    let page = fs::read_to_string(page).expect("the page can be read");
    let mut rules = BTreeMap::new();
    let mut current = None;
    for line in page.lines() {
        if let Some(number) = rule_number(line) {
            let before = rules.insert(number.to_owned(), String::new());
            assert!(before.is_none(), "rule {number} is there twice");
            current = Some(number.to_owned());
        } else if line.starts_with("## ") {
            current = None;
        }
        let text = current.as_ref().and_then(|number| rules.get_mut(number));
        text.into_iter().for_each(|text| {
            text.push_str(line);
            text.push('\n');
        });
    }
    rules
}

/// The names of the tests below a directory.
fn tests_below(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("a directory of sources can be read");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("its entries can be read").path())
        .collect();
    paths.sort();
    let mut names = Vec::new();
    for path in paths {
        if path.is_dir() {
            names.extend(tests_below(&path));
            continue;
        }
        let source = fs::read_to_string(&path).expect("a source can be read");
        let lines = source
            .lines()
            .map(str::trim)
            .zip(source.lines().skip(1).map(str::trim));
        let functions = lines
            .filter(|(line, _)| *line == "#[test]")
            .filter_map(|(_, next)| {
                let name = next.strip_prefix("fn ")?.split('(').next()?;
                Some(name.to_owned())
            });
        names.extend(functions);
    }
    names
}

fn tests_of(directory: &str) -> Vec<String> {
    tests_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join(directory))
}

#[test]
fn every_numbered_rule_names_a_test_that_exists() {
    let tests = [tests_of("tests/data"), tests_of("src/data")].concat();
    let rules = rules();
    assert!(rules.len() > 30, "the page is read: {}", rules.len());
    for (number, text) in &rules {
        let named = named_tests(text);
        assert!(!named.is_empty(), "rule {number} names no test");
        for name in named {
            assert!(
                tests.iter().any(|test| test == name),
                "rule {number} names `{name}`, which is no test"
            );
        }
    }
}

#[test]
fn every_test_of_projections_is_named_by_a_rule() {
    let rules = rules();
    let named: Vec<&str> = rules.values().flat_map(|text| named_tests(text)).collect();
    for name in tests_of("tests/data") {
        let is_named = named.contains(&name.as_str()) || BESIDE_THE_RULES.contains(&name.as_str());
        assert!(is_named, "no rule names {name}");
    }
}
