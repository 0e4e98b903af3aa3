//! A newcomer can draw the pipeline from `ls`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::files::tracked;

/// What the design shows.
const PIPELINE: [&str; 8] = [
    "Cargo.toml",
    "engine-core",
    "engine-adapters",
    "examples",
    "benches",
    "fuzz",
    "docs",
    "README.md",
];
/// What every Rust project has beside it.
const CUSTOMARY: [&str; 7] = [
    "Cargo.lock",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "CHANGELOG.md",
    "rustfmt.toml",
    "clippy.toml",
    "deny.toml",
];
const HIDDEN: [&str; 5] = [".cargo", ".ci", ".github", ".gitattributes", ".gitignore"];

fn strangers(paths: &[PathBuf]) -> Vec<String> {
    let top: BTreeSet<String> = paths
        .iter()
        .filter_map(|path| path.iter().next())
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    let is_known = |name: &String| {
        [&PIPELINE[..], &CUSTOMARY, &HIDDEN]
            .concat()
            .contains(&name.as_str())
    };
    top.into_iter().filter(|name| !is_known(name)).collect()
}

#[test]
fn the_top_level_holds_nothing_but_the_pipeline() {
    let strangers = strangers(&tracked());
    assert!(
        strangers.is_empty(),
        "these do not belong to the top level: {}",
        strangers.join(", ")
    );
}

#[test]
fn a_further_folder_is_found() {
    let paths = [
        "engine-core/src/lib.rs",
        "scripts/run.sh",
        "Makefile",
        ".gitignore",
    ]
    .map(PathBuf::from);
    assert_eq!(strangers(&paths), ["Makefile", "scripts"]);
}
