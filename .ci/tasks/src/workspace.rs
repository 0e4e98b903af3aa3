//! The crates of this repository as `cargo metadata` reports them.

use std::env;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;
use thiserror::Error;

/// Why the crates could not be listed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WorkspaceError {
    /// Cargo itself could not be started.
    #[error("`cargo metadata` could not be started: {0}")]
    Start(#[source] io::Error),
    /// Cargo refused, for example because a manifest is malformed.
    #[error("`cargo metadata` failed:\n{message}")]
    Refused {
        /// What Cargo wrote to its standard error.
        message: String,
    },
    /// Cargo answered in a form that is not understood here.
    #[error("`cargo metadata` answered in an unknown form: {0}")]
    Form(#[source] serde_json::Error),
}

/// All crates of the workspace, without those of the registry.
#[derive(Debug, Deserialize)]
pub struct Workspace {
    /// The folder that holds the root manifest.
    #[serde(rename = "workspace_root")]
    pub root: PathBuf,
    /// Where Cargo puts what it builds.
    #[serde(rename = "target_directory")]
    pub target: PathBuf,
    /// The members, in the order in which Cargo reports them.
    pub packages: Vec<Package>,
}

/// One crate of the workspace.
#[derive(Debug, Deserialize)]
pub struct Package {
    /// The name in the manifest.
    pub name: String,
    /// The manifest.
    pub manifest_path: PathBuf,
    /// The registries that accept it: `None` for all, an empty list for none.
    pub publish: Option<Vec<String>>,
    /// What the manifest asks for, of every kind.
    pub dependencies: Vec<Dependency>,
    /// The libraries, binaries, tests and benchmarks that it holds.
    pub targets: Vec<Target>,
}

/// One line of a manifest's dependency tables.
#[derive(Debug, Deserialize)]
pub struct Dependency {
    /// The name of the crate that is asked for.
    pub name: String,
    /// `None` for a normal dependency, else `dev` or `build`.
    pub kind: Option<String>,
}

/// One thing that a crate builds.
#[derive(Debug, Deserialize)]
pub struct Target {
    /// The name of the file that is built.
    pub name: String,
    /// `lib`, `bin`, `test`, `bench` and so on.
    pub kind: Vec<String>,
}

impl Workspace {
    /// Asks Cargo for the members of this repository's workspace.
    ///
    /// # Errors
    /// When Cargo cannot be started, refuses a manifest, or answers in an unknown form.
    pub fn read() -> Result<Self, WorkspaceError> {
        let output = Command::new(cargo())
            .args(["metadata", "--format-version", "1", "--no-deps"])
            .current_dir(repository())
            .stdin(Stdio::null())
            .output()
            .map_err(WorkspaceError::Start)?;
        if !output.status.success() {
            let message = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(WorkspaceError::Refused { message });
        }
        serde_json::from_slice(&output.stdout).map_err(WorkspaceError::Form)
    }

    /// The folder of a member, relative to the root.
    pub fn folder<'a>(&self, package: &'a Package) -> &'a Path {
        let folder = package.manifest_path.parent().unwrap_or(&package.manifest_path);
        folder.strip_prefix(&self.root).unwrap_or(folder)
    }

    /// The members below one folder of the root, or in it.
    pub fn members_in(&self, folder: &str) -> impl Iterator<Item = &Package> {
        self.packages
            .iter()
            .filter(move |package| self.folder(package).starts_with(folder))
    }
}

impl Package {
    /// The names of the programs that it builds.
    pub fn binaries(&self) -> impl Iterator<Item = &str> {
        let is_binary = |target: &&Target| target.kind.iter().any(|kind| kind == "bin");
        self.targets
            .iter()
            .filter(is_binary)
            .map(|target| target.name.as_str())
    }

    /// Whether some registry accepts this crate.
    pub fn is_published(&self) -> bool {
        self.publish
            .as_ref()
            .is_none_or(|registries| !registries.is_empty())
    }
}

/// The Cargo that started this process, so that nested calls use the same toolchain.
pub fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"))
}

/// The root of the repository that this crate was built in.
pub fn repository() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here)
}
