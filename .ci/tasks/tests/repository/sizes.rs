//! The stops: no function is longer than one screen, no file longer than one sitting.

use crate::code::Items;
use crate::files::{Text, texts};

const FUNCTION_LINES_MAX: usize = 70;
const FILE_LINES_MAX: usize = 800;

/// What is too long in one file, as a sentence each.
fn complaints(file: &Text) -> Vec<String> {
    let path = file.path.display();
    let items = match Items::read(&file.text) {
        Ok(items) => items,
        Err(error) => return vec![format!("{path} cannot be read as Rust: {error}")],
    };
    let long = items
        .functions
        .iter()
        .filter(|function| function.lines > FUNCTION_LINES_MAX);
    let mut complaints: Vec<String> = long
        .map(|found| {
            format!(
                "{path}:{}: `{}` has {} lines",
                found.line, found.name, found.lines
            )
        })
        .collect();
    let lines = file.text.lines().count();
    if lines > FILE_LINES_MAX {
        complaints.push(format!("{path} has {lines} lines"));
    }
    complaints
}

#[test]
fn functions_stop_at_70_lines_and_files_at_800() {
    let complaints: Vec<String> = texts(&["rs"]).iter().flat_map(complaints).collect();
    assert!(complaints.is_empty(), "too long:\n{}", complaints.join("\n"));
}

#[test]
fn the_first_line_too_many_is_found() {
    let function = |lines: usize| format!("fn long() {{\n{}}}\n", "    step();\n".repeat(lines - 2));
    let complaints_about = |text: String| {
        complaints(&Text {
            path: "a.rs".into(),
            text,
        })
    };
    assert_eq!(complaints_about(function(70)), Vec::<String>::new());
    assert_eq!(complaints_about(function(71)), ["a.rs:1: `long` has 71 lines"]);
    assert_eq!(complaints_about("//\n".repeat(800)), Vec::<String>::new());
    assert_eq!(complaints_about("//\n".repeat(801)), ["a.rs has 801 lines"]);
}

#[test]
fn a_file_that_is_not_rust_is_named() {
    let broken = Text {
        path: "a.rs".into(),
        text: "fn a( {".to_owned(),
    };
    assert_eq!(complaints(&broken).len(), 1);
}
