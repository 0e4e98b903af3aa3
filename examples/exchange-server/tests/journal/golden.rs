//! R12: the directories that any released version wrote are verified, replayed and taken over for ever.
//!
//! `tests/golden/v1` was written by `write_golden_journal` below, run once with `ENGINE_WRITE_GOLDEN=v1`. What is on disk changes only with
//! a new number and a new folder beside it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::program::{Ran, journal, program, replay};

/// Every folder, with the last sequence and the hash of the state after it.
const GOLDEN: [(&str, u64, &str); 1] = [("v1", 1_001, "97b5bc5d7f4e4f34")];

fn folder(format: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(format)
}

/// Runs an engine on a directory, which gives it so many commands and stops.
fn drive(directory: &Path, count: &str) -> Ran {
    let mut command = program();
    command
        .arg("drive")
        .arg(directory)
        .args([
            "--count",
            count,
            "--snapshot-every",
            "0",
            "--segment-bytes",
            "65536",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = command.spawn().expect("the program was built with the test");
    let kept_open = child.stdin.take();
    let output = child.wait_with_output().expect("it ends");
    drop(kept_open);
    output.into()
}

#[test]
fn r12_golden_journals_are_replayed_to_their_stored_hash() {
    for (format, end, hash) in GOLDEN {
        let place = tempfile::tempdir().expect("there is a temporary directory");
        for file in fs::read_dir(folder(format)).expect("the golden files are there") {
            let path = file.expect("the golden files can be listed").path();
            let name = path.file_name().expect("a file has a name");
            fs::copy(&path, place.path().join(name)).expect("the temporary directory can be written");
        }
        journal("verify", place.path(), &[])
            .ended_with(0)
            .said_of(&[&format!("commands  1 to {end} in 2 files"), "nothing is wrong"]);
        let state_hash = format!(r#""state_hash":"{hash}""#);
        let batches = format!(r#""batches_compared":{end},"snapshots_compared":1"#);
        replay(place.path(), &["--verify"])
            .ended_with(0)
            .said_of(&[&state_hash, &batches]);
        // What led to the last snapshot is replayed from the one before it.
        let last = replay(place.path(), &["--facts", "--from", &end.to_string()]).ended_with(0);
        let number = format!(r#"{{"line":{end},"#);
        assert!(!last.said.is_empty() && last.lines().iter().all(|line| line.starts_with(&number)));
        let lines = place.path().join("commands.jsonl");
        let output = lines.to_str().expect("the path is text");
        journal("export", place.path(), &["--output", output]).ended_with(0);
        let replayed = program().args(["replay", "--summary", output]).output();
        let replayed = Ran::from(replayed.expect("it starts"));
        replayed.ended_with(0).said_of(&[&state_hash]);
        // With the snapshot, and without: the older one is that of nothing.
        for snapshot in [format!("snapshot-{end:020}.snap"), String::new()] {
            let taken_over = drive(place.path(), "0").ended_with(0);
            let ready = format!("ready {end} {hash} ");
            assert!(
                taken_over.said.starts_with(&ready),
                "{format}: {}",
                taken_over.said
            );
            if !snapshot.is_empty() {
                fs::remove_file(place.path().join(snapshot)).expect("it is there");
            }
        }
    }
}

#[test]
fn write_golden_journal() {
    let Ok(format) = std::env::var("ENGINE_WRITE_GOLDEN") else {
        return;
    };
    assert!(!folder(&format).exists(), "golden files are written once");
    let place = tempfile::tempdir().expect("there is a temporary directory");
    let ran = drive(place.path(), "1000").ended_with(0);
    fs::create_dir_all(folder(&format)).expect("the folder can be made");
    for file in fs::read_dir(place.path()).expect("it was written") {
        let path = file.expect("it can be listed").path();
        let name = path
            .file_name()
            .expect("a file has a name")
            .to_string_lossy()
            .into_owned();
        if name != "lock" && !name.ends_with(".tmp") {
            fs::copy(&path, folder(&format).join(name)).expect("the folder can be written");
        }
    }
    println!("{format}: {}", ran.lines().last().expect("it says how it ended"));
}
