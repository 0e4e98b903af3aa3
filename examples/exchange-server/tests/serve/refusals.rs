//! What the program does not start with, and what it says then.

use std::fs;

use crate::program::{Program, refused};

#[test]
fn a_wrong_configuration_is_refused_with_file_and_key() {
    let data = tempfile::tempdir().expect("a temporary directory");
    let file = data.path().join("wrong.toml");
    fs::write(&file, "queue_max = \"many\"\n").expect("it can be written");
    let output = refused(data.path(), &["--config", file.to_str().expect("a path of text")]);
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(
        text.contains("wrong.toml") && text.contains("queue_max"),
        "{text}"
    );
    let output = refused(data.path(), &["--durability", "sometimes"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--durability"));
}

#[test]
fn the_demo_is_for_this_machine_only() {
    let data = tempfile::tempdir().expect("a temporary directory");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_exchange-server"));
    command
        .args(["serve", "--rest", "0.0.0.0:0", "--data"])
        .arg(data.path());
    let output = command.output().expect("the program was built with the test");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--auth required"));
}

#[test]
fn a_directory_that_is_in_use_is_left_alone() {
    let data = tempfile::tempdir().expect("a temporary directory");
    let program = Program::start(data.path(), &[]);
    let output = refused(data.path(), &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("in use"),
        "{output:?}"
    );
    program.stop();
}

#[test]
fn a_configuration_can_be_looked_at_without_starting() {
    let data = tempfile::tempdir().expect("a temporary directory");
    let output = refused(data.path(), &["--check-config", "--durability", "memory"]);
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("durability = \"memory\""), "{text}");
    assert!(
        fs::read_dir(data.path()).expect("it is there").next().is_none(),
        "nothing was made"
    );
}
