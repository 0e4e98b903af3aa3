//! Every fuzz target is built, run and has inputs to start from.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use engine_tasks::workspace::{Package, Workspace};

use crate::files::tracked;

/// The names of the files in `fuzz/fuzz_targets`.
fn written(paths: &[PathBuf]) -> BTreeSet<String> {
    let sources = paths
        .iter()
        .filter(|path| path.parent() == Some(Path::new("fuzz/fuzz_targets")));
    sources
        .filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
        .collect()
}

fn has_corpus(target: &str, paths: &[PathBuf]) -> bool {
    paths
        .iter()
        .any(|path| path.starts_with(Path::new("fuzz/corpus").join(target)))
}

#[test]
fn every_fuzz_target_is_in_the_manifest() {
    let workspace = Workspace::read().expect("the workspace has valid manifests");
    let declared: BTreeSet<String> = workspace
        .members_in("fuzz")
        .flat_map(Package::binaries)
        .map(str::to_owned)
        .collect();
    assert_eq!(
        declared,
        written(&tracked()),
        "the manifest of fuzz/ and the files in fuzz/fuzz_targets differ"
    );
}

#[test]
fn every_fuzz_target_has_a_committed_corpus() {
    let paths = tracked();
    for target in written(&paths) {
        assert!(
            has_corpus(&target, &paths),
            "fuzz/corpus/{target} holds no committed input"
        );
    }
}

#[test]
fn a_target_without_inputs_is_found() {
    let paths = [
        "fuzz/fuzz_targets/a.rs",
        "fuzz/fuzz_targets/b.rs",
        "fuzz/corpus/a/1",
    ]
    .map(PathBuf::from);
    assert_eq!(written(&paths).into_iter().collect::<Vec<_>>(), ["a", "b"]);
    assert!(has_corpus("a", &paths));
    assert!(!has_corpus("b", &paths));
}
