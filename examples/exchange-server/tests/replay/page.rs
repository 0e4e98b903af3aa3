//! The page about replay says what the program does.

use crate::program::said;

const PAGE: &str = include_str!("../../../../docs/replay.md");

/// The blocks of JSON on the page, in order.
fn blocks() -> Vec<&'static str> {
    let after_fences = PAGE.split("```json\n").skip(1);
    after_fences
        .map(|rest| rest.split("```").next().expect("a split has a first part"))
        .collect()
}

#[test]
fn every_example_of_the_page_gives_what_the_page_says() {
    let blocks = blocks();
    assert!(
        blocks.len() >= 12 && blocks.len().is_multiple_of(2),
        "each input has its output: {}",
        blocks.len()
    );
    for pair in blocks.chunks(2) {
        assert_eq!(said(&[], pair[0]), pair[1], "for\n{}", pair[0]);
    }
}
