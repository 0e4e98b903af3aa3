//! Dependencies point one way: adapters, then runtime and wire, then the core.

use std::path::Path;

use engine_tasks::workspace::{Dependency, Package, Workspace};

/// What `engine-core` may ask for outside of its tests.
const CORE_DEPENDENCIES: [&str; 5] = [
    "crossbeam-channel",
    "rust_decimal",
    "serde",
    "smallvec",
    "thiserror",
];

/// The place of a crate in the one direction; an arrow to the same place is as wrong as one back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layer {
    Core,
    /// Simulated traders, which know the core alone.
    Traders,
    Wire,
    Journal,
    Runtime,
    /// `http`, `redis` and their kind, which do not know each other.
    Adapter,
    /// Test kit, examples, benchmarks, fuzz targets and tasks: they may know everything.
    Unpublished,
}

impl Layer {
    fn of(folder: &Path) -> Self {
        let parts: Vec<_> = folder.iter().map(|part| part.to_string_lossy()).collect();
        match parts.iter().map(AsRef::as_ref).collect::<Vec<&str>>().as_slice() {
            ["engine-core"] => Self::Core,
            ["engine-adapters", "traders"] => Self::Traders,
            ["engine-adapters", "wire"] => Self::Wire,
            ["engine-adapters", "journal"] => Self::Journal,
            ["engine-adapters", "runtime"] => Self::Runtime,
            ["engine-adapters", "testkit"] => Self::Unpublished,
            ["engine-adapters", ..] => Self::Adapter,
            _ => Self::Unpublished,
        }
    }

    fn may_depend_on(self, other: Self) -> bool {
        match self {
            Self::Core => false,
            Self::Traders | Self::Wire => matches!(other, Self::Core),
            Self::Journal => matches!(other, Self::Core | Self::Wire),
            Self::Runtime => matches!(other, Self::Core | Self::Wire | Self::Journal),
            Self::Adapter => matches!(other, Self::Core | Self::Wire | Self::Runtime),
            Self::Unpublished => true,
        }
    }
}

/// Whether a crate of one layer may ask for one of another; tests may always use the test kit.
fn is_allowed(from: Layer, to: Layer, kind: Option<&str>) -> bool {
    let is_test = kind == Some("dev");
    from.may_depend_on(to) || (is_test && to == Layer::Unpublished)
}

fn arrows<'a>(
    workspace: &'a Workspace,
    from: &'a Package,
) -> impl Iterator<Item = (&'a Package, &'a Dependency)> {
    from.dependencies.iter().filter_map(|dependency| {
        let to = workspace
            .packages
            .iter()
            .find(|package| package.name == dependency.name)?;
        Some((to, dependency))
    })
}

#[test]
fn dependencies_point_one_way() {
    let workspace = Workspace::read().expect("the workspace has valid manifests");
    let layer = |package: &Package| Layer::of(workspace.folder(package));
    for from in &workspace.packages {
        for (to, dependency) in arrows(&workspace, from) {
            assert!(
                is_allowed(layer(from), layer(to), dependency.kind.as_deref()),
                "{} ({:?}) must not depend on {} ({:?})",
                from.name,
                layer(from),
                to.name,
                layer(to),
            );
        }
    }
}

#[test]
fn the_core_asks_for_nothing_off_a_short_list() {
    let workspace = Workspace::read().expect("the workspace has valid manifests");
    let core = workspace
        .members_in("engine-core")
        .next()
        .expect("the core is a member");
    let wanted = core
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind.as_deref() != Some("dev"));
    for dependency in wanted {
        assert!(
            CORE_DEPENDENCIES.contains(&dependency.name.as_str()),
            "engine-core must not depend on {}; the list is {CORE_DEPENDENCIES:?}",
            dependency.name,
        );
    }
}

#[test]
fn a_crate_has_the_layer_of_its_folder() {
    let layer = |folder: &str| Layer::of(Path::new(folder));
    assert_eq!(layer("engine-core"), Layer::Core);
    assert_eq!(layer("engine-adapters/runtime"), Layer::Runtime);
    assert_eq!(layer("engine-adapters/traders"), Layer::Traders);
    assert_eq!(layer("engine-adapters/kafka"), Layer::Adapter);
    assert_eq!(layer("engine-adapters/http"), Layer::Adapter);
    assert_eq!(layer("engine-adapters/testkit"), Layer::Unpublished);
    assert_eq!(layer("examples/exchange-server"), Layer::Unpublished);
}

#[test]
fn wrong_arrows_are_refused() {
    assert!(
        !is_allowed(Layer::Core, Layer::Wire, None),
        "the core knows nobody"
    );
    assert!(
        !is_allowed(Layer::Adapter, Layer::Adapter, None),
        "adapters do not know each other"
    );
    assert!(
        !is_allowed(Layer::Traders, Layer::Wire, None),
        "traders know commands and events and nothing of their forms"
    );
    assert!(
        !is_allowed(Layer::Wire, Layer::Runtime, None),
        "nothing points back"
    );
    assert!(
        !is_allowed(Layer::Adapter, Layer::Adapter, Some("dev")),
        "tests of an adapter know no other one"
    );
    assert!(
        !is_allowed(Layer::Runtime, Layer::Unpublished, None),
        "what is published needs what is published"
    );
    assert!(
        is_allowed(Layer::Core, Layer::Unpublished, Some("dev")),
        "tests may use the test kit"
    );
    assert!(
        !is_allowed(Layer::Adapter, Layer::Journal, None),
        "an adapter reads the journal through the runtime"
    );
    assert!(
        is_allowed(Layer::Adapter, Layer::Runtime, None),
        "sinks run in the runtime"
    );
}
