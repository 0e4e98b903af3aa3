//! The files of the repository, as Git knows them.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use engine_tasks::workspace::repository;

/// A file that could be read as text.
#[derive(Debug)]
pub(crate) struct Text {
    /// The path from the root of the repository.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

/// The paths of all tracked files, relative to the root.
pub(crate) fn tracked() -> Vec<PathBuf> {
    list(&["--cached"])
}

/// The texts of all files with one of these extensions, also of those that are not tracked yet.
pub(crate) fn texts(extensions: &[&str]) -> Vec<Text> {
    let has_extension = |path: &PathBuf| {
        path.extension()
            .is_some_and(|found| extensions.iter().any(|wanted| found == *wanted))
    };
    let paths = list(&["--cached", "--others", "--exclude-standard"]);
    let texts: Vec<Text> = paths.into_iter().filter(has_extension).filter_map(read).collect();
    assert!(
        !texts.is_empty(),
        "the repository holds no file with an extension of {extensions:?}"
    );
    texts
}

/// The file as text; `None` where it holds something else or is about to be removed.
pub(crate) fn read(path: PathBuf) -> Option<Text> {
    let text = fs::read_to_string(repository().join(&path)).ok()?;
    Some(Text { path, text })
}

/// A repository that belongs to somebody else, as in a container, is read all the same.
fn list(which: &[&str]) -> Vec<PathBuf> {
    let output = Command::new("git")
        .args(["-c", "safe.directory=*", "ls-files", "-z"])
        .args(which)
        .current_dir(repository())
        .stdin(Stdio::null())
        .output()
        .expect("these tests ask Git for the files of the repository");
    assert!(
        output.status.success(),
        "git ls-files failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let names = String::from_utf8(output.stdout).expect("the repository has only names in UTF-8");
    let mut paths: Vec<PathBuf> = names
        .split_terminator('\0')
        .map(PathBuf::from)
        .filter(|path| repository().join(path).is_file())
        .collect();
    paths.sort();
    paths.dedup();
    paths
}
