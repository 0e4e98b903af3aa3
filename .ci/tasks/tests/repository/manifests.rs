//! What every manifest of the workspace says.

use std::fs;
use std::path::Path;

use engine_tasks::workspace::Workspace;

/// Only the core and the adapters are for others to depend on.
fn is_for_others(folder: &Path) -> bool {
    let is_core_or_adapter = folder.starts_with("engine-core") || folder.starts_with("engine-adapters");
    is_core_or_adapter && folder != Path::new("engine-adapters/testkit")
}

#[test]
fn only_the_core_and_the_adapters_are_published() {
    let workspace = Workspace::read().expect("the workspace has valid manifests");
    for package in &workspace.packages {
        let folder = workspace.folder(package);
        assert_eq!(
            package.is_published(),
            is_for_others(folder),
            "`publish` is wrong in {}/Cargo.toml",
            folder.display(),
        );
    }
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    let workspace = Workspace::read().expect("the workspace has valid manifests");
    for package in &workspace.packages {
        let manifest = fs::read_to_string(&package.manifest_path).expect("Cargo has just read this manifest");
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "{} says nothing of `[lints] workspace = true`",
            package.manifest_path.display(),
        );
    }
}

#[test]
fn the_crates_of_the_test_kit_and_the_examples_are_for_nobody_else() {
    assert!(is_for_others(Path::new("engine-core")));
    assert!(is_for_others(Path::new("engine-adapters/redis")));
    assert!(!is_for_others(Path::new("engine-adapters/testkit")));
    assert!(!is_for_others(Path::new("examples/exchange-server")));
}
