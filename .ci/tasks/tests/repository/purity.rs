//! The core has no way to read a clock, a file, the environment or a socket, and none to start a thread.

use std::path::Path;
use std::str::FromStr;

use proc_macro2::{TokenStream, TokenTree};

use crate::files::{Text, texts};

/// Parts of the standard library through which something other than the input could reach an event.
const FOREIGN_MODULES: [&str; 9] = [
    "env", "fs", "io", "net", "os", "process", "sync", "thread", "time",
];
/// Words of the language that the core does without: everything is integers, and everything is called directly.
const FOREIGN_WORDS: [&str; 4] = ["async", "await", "f32", "f64"];

/// The foreign words in a piece of code, with their lines.
fn foreign(tokens: TokenStream) -> Vec<(usize, String)> {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let mut found = Vec::new();
    for (index, tree) in trees.iter().enumerate() {
        match tree {
            TokenTree::Group(group) => found.extend(foreign(group.stream())),
            TokenTree::Ident(word) => {
                let line = word.span().start().line;
                if FOREIGN_WORDS.iter().any(|foreign| word == foreign) {
                    found.push((line, word.to_string()));
                } else if word == "std" {
                    let modules = first_parts(&trees[index + 1..]).into_iter();
                    let modules = modules.filter(|module| FOREIGN_MODULES.contains(&module.as_str()));
                    found.extend(modules.map(|module| (line, format!("std::{module}"))));
                }
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
    found
}

/// The names right behind `std::`: one, or those in braces that begin a path.
fn first_parts(after_std: &[TokenTree]) -> Vec<String> {
    match after_std {
        [
            TokenTree::Punct(_),
            TokenTree::Punct(_),
            TokenTree::Ident(name),
            ..,
        ] => vec![name.to_string()],
        [
            TokenTree::Punct(_),
            TokenTree::Punct(_),
            TokenTree::Group(group),
            ..,
        ] => {
            let trees: Vec<TokenTree> = group.stream().into_iter().collect();
            let paths = trees.split(|tree| matches!(tree, TokenTree::Punct(mark) if mark.as_char() == ','));
            paths
                .filter_map(|path| path.first())
                .map(ToString::to_string)
                .collect()
        }
        _ => Vec::new(),
    }
}

fn complaints(file: &Text) -> Vec<String> {
    let tokens = TokenStream::from_str(&file.text).expect("the test of sizes names files that are not Rust");
    let found = foreign(tokens).into_iter();
    found
        .map(|(line, word)| format!("{}:{line}: {word}", file.path.display()))
        .collect()
}

#[test]
fn nothing_but_commands_can_reach_the_core() {
    let is_core = |file: &Text| file.path.starts_with(Path::new("engine-core/src"));
    let sources = texts(&["rs"]).into_iter().filter(is_core);
    let complaints: Vec<String> = sources.flat_map(|file| complaints(&file)).collect();
    assert!(
        complaints.is_empty(),
        "the core must do without:\n{}",
        complaints.join("\n")
    );
}

#[test]
fn ways_out_are_found() {
    let found = |source: &str| {
        complaints(&Text {
            path: "a.rs".into(),
            text: source.to_owned(),
        })
    };
    assert_eq!(found("use std::time::Instant;"), ["a.rs:1: std::time"]);
    assert_eq!(
        found("use std::{fmt, env::{self, Vars}, fs};"),
        ["a.rs:1: std::env", "a.rs:1: std::fs"]
    );
    assert_eq!(
        found("fn a() {\n ::std::thread::yield_now() }"),
        ["a.rs:2: std::thread"]
    );
    assert_eq!(found("struct A(f64);"), ["a.rs:1: f64"]);
    assert_eq!(
        found("use std::collections::BTreeMap; /* std::fs */ const A: &str = \"f64\";"),
        [""; 0]
    );
}
