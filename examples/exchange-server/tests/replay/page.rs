//! The page about replay says what the program does.

use crate::program::said;

const PAGE: &str = include_str!("../../../../docs/replay.md");

/// A block of JSON on the page, and the paragraph before it.
struct Block {
    before: &'static str,
    text: &'static str,
}

/// The blocks of JSON on the page, in order.
fn blocks() -> Vec<Block> {
    let mut parts = PAGE.split("```json\n");
    let mut before = parts.next().expect("a split has a first part");
    let mut blocks = Vec::new();
    for part in parts {
        let (text, after) = part.split_once("```").expect("a block ends");
        blocks.push(Block { before, text });
        before = after;
    }
    blocks
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
        let paragraph = pair[0]
            .before
            .trim_end()
            .rsplit("\n\n")
            .next()
            .unwrap_or_default();
        let arguments: &[&str] = if paragraph.ends_with("with `--accounts on`") {
            &["--accounts", "on"]
        } else {
            &[]
        };
        assert_eq!(
            said(arguments, pair[0].text),
            pair[1].text,
            "for\n{}",
            pair[0].text
        );
    }
}
