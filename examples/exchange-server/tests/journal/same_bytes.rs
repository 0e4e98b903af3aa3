//! R13: the same journal gives the same bytes in every process.

use std::path::{Path, PathBuf};

use crate::build::{Built, SMALL, long_stream, stream};
use crate::program::{Ran, program};

/// What differs between processes and must not be seen. Hash seeds differ by themselves.
const SURROUNDINGS: [(&str, &str, &str); 4] = [
    ("UTC", "C", "1"),
    ("Asia/Seoul", "ko_KR.UTF-8", "8"),
    ("America/St_Johns", "de_DE.UTF-8", "2"),
    ("Pacific/Kiritimati", "tr_TR.UTF-8", "3"),
];

/// The program that was built with the test and, if `ENGINE_OTHER_PROGRAM` names one, a build of another profile.
fn programs() -> Vec<PathBuf> {
    let other = std::env::var_os("ENGINE_OTHER_PROGRAM").map(PathBuf::from);
    if other.is_none() {
        println!("debug only: `cargo soak --only R13` compares with release, too");
    }
    let own = PathBuf::from(program().get_program());
    [Some(own), other].into_iter().flatten().collect()
}

fn run(
    program: &Path,
    (zone, locale, threads): (&str, &str, &str),
    arguments: &[&str],
    journal: &Path,
) -> Ran {
    let elsewhere = tempfile::tempdir().expect("there is a temporary directory");
    let mut command = std::process::Command::new(program);
    command
        .args(arguments)
        .arg(journal)
        .current_dir(elsewhere.path())
        .envs([
            ("TZ", zone),
            ("LC_ALL", locale),
            ("LANG", locale),
            ("COLUMNS", threads),
        ]);
    command.output().expect("the program was built").into()
}

#[test]
fn r13_events_lines_and_hash_are_the_same_bytes_in_every_process() {
    let streams = (0..13).map(stream).chain([long_stream()]);
    for (number, commands) in streams.enumerate() {
        let built = Built::of(&commands, SMALL);
        let hash = format!(r#""state_hash":"{}""#, built.hash);
        let mut first: Option<[String; 2]> = None;
        for program in programs() {
            for surroundings in SURROUNDINGS {
                let ask =
                    |arguments: &[&str]| run(&program, surroundings, arguments, &built.path).ended_with(0);
                let events = ask(&["replay", "--facts", "--journal"]).said;
                let lines = ask(&["journal", "export"]).said;
                ask(&["replay", "--verify", "--journal"]).said_of(&[&hash]);
                let found = [events, lines];
                let expected = first.get_or_insert_with(|| found.clone());
                assert!(
                    found == *expected,
                    "stream {number}: {} in {surroundings:?}",
                    program.display()
                );
            }
        }
    }
}
