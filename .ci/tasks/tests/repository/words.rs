//! Words that names do not use, because they say nothing of what a thing is.

use crate::code::Items;
use crate::files::{Text, read, texts, tracked};

const TYPE_SUFFIXES: [&str; 7] = ["Manager", "Handler", "Helper", "Util", "Impl", "Data", "Info"];
const FUNCTION_PREFIX: &str = "get_";
/// A folder that exists on some machines only. The parts stand apart so that this file does not contain it.
const FOREIGN_PATH: &str = concat!("/wo", "rk/");

/// The names in one file that a reader learns nothing from.
fn complaints(file: &Text) -> Vec<String> {
    let path = file.path.display();
    let items = Items::read(&file.text).expect("the test of sizes names files that are not Rust");
    let is_empty_word = |name: &str| {
        TYPE_SUFFIXES
            .iter()
            .any(|suffix| name.trim_end_matches('s').ends_with(suffix))
    };
    let types = items.types.iter().filter(|found| is_empty_word(&found.name));
    let functions = items
        .functions
        .iter()
        .filter(|found| found.name.starts_with(FUNCTION_PREFIX));
    let types = types.map(|found| format!("{path}:{}: the type `{}`", found.line, found.name));
    let functions = functions.map(|found| format!("{path}:{}: the function `{}`", found.line, found.name));
    types.chain(functions).collect()
}

#[test]
fn names_say_what_a_thing_is() {
    let complaints: Vec<String> = texts(&["rs"]).iter().flat_map(complaints).collect();
    assert!(
        complaints.is_empty(),
        "find a word that means something:\n{}",
        complaints.join("\n")
    );
}

#[test]
fn no_file_names_a_path_of_somebody_s_machine() {
    for file in tracked().into_iter().filter_map(read) {
        assert!(
            !file.text.contains(FOREIGN_PATH),
            "{} names a path in {FOREIGN_PATH}",
            file.path.display()
        );
    }
}

#[test]
fn empty_words_are_found() {
    let source =
        "struct OrderManager; enum Helpers {} type A = B; struct Metadata; fn get_a() {} fn get() {}";
    let file = Text {
        path: "a.rs".into(),
        text: source.to_owned(),
    };
    let found = complaints(&file);
    assert_eq!(
        found,
        [
            "a.rs:1: the type `OrderManager`",
            "a.rs:1: the type `Helpers`",
            "a.rs:1: the function `get_a`"
        ],
    );
}
