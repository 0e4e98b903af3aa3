//! `replay --journal`.

use crate::build::{Built, SMALL, Shape, long_stream, stream};
use crate::program::{journal, replay};

#[test]
fn every_sequence_is_told_of_under_its_own_number() {
    let built = Built::of(&long_stream(), SMALL);
    let all = replay(&built.path, &[]).ended_with(0);
    assert_eq!(
        all.complained
            .lines()
            .filter(|line| !line.contains("refused"))
            .count(),
        0
    );
    let some = replay(&built.path, &["--from", "50", "--until", "60"]).ended_with(0);
    let number = |line: &&str| -> u64 {
        let digits = line.trim_start_matches("{\"line\":").split(',').next();
        digits
            .expect("a split has a first part")
            .parse()
            .expect("a line begins with its number")
    };
    let expected: Vec<&str> = all
        .lines()
        .into_iter()
        .filter(|line| (50..=60).contains(&number(line)))
        .collect();
    assert!(expected.len() > 5, "something happens there");
    assert_eq!(some.lines(), expected);
}

#[test]
fn verify_finds_a_whole_journal_to_be_what_the_engine_does() {
    for seed in 0..24 {
        let commands = stream(seed);
        let shape = Shape {
            events_behind: seed % 3,
            snapshots_every: 25,
            ..SMALL
        };
        let built = Built::of(&commands, shape);
        let ran = replay(&built.path, &["--verify"]).ended_with(0);
        let end = built.end;
        let verified = format!(
            r#"{{"type":"Verified","from":1,"until":{end},"batches_compared":{},"snapshots_compared":{},"state_hash":"{}"}}"#,
            end.saturating_sub(seed % 3),
            end / 25,
            built.hash
        );
        assert_eq!(ran.lines(), [verified], "seed {seed}");
    }
}

#[test]
fn verify_says_where_the_event_log_differs_first() {
    let commands = long_stream();
    let built = Built::of(&commands, SMALL);
    // The events of a journal whose command 90 was another one are whole, but not of this journal.
    let mut others = commands.clone();
    others[89].1 = engine_core::Command::Tick;
    let other = Built::of(&others, SMALL);
    for name in built.segments("events").iter().chain(&["events.mark".to_owned()]) {
        built.remove(name);
    }
    for name in other.segments("events").iter().chain(&["events.mark".to_owned()]) {
        built.write(name, &other.read(name));
    }
    journal("verify", &built.path, &[]).ended_with(0);
    let ran = replay(&built.path, &["--verify"]).ended_with(4);
    assert_eq!(ran.said, "");
    ran.complained_of(&[
        "the first difference is at sequence 90, event 1",
        "event log: ",
        "engine: ",
    ]);
    replay(&built.path, &["--verify", "--until", "89"]).ended_with(0);
}

#[test]
fn verify_says_after_which_snapshot_the_state_differs_first() {
    let commands = long_stream();
    let mut others = commands.clone();
    others[59].1 = engine_core::Command::Kill(engine_core::Scope::Engine);
    let (built, other) = (Built::of(&commands, SMALL), Built::of(&others, SMALL));
    for name in built.snapshots() {
        built.write(&name, &other.read(&name));
    }
    journal("verify", &built.path, &[])
        .ended_with(3)
        .said_of(&["snapshot-00000000000000000080.snap", "another history"]);
    replay(&built.path, &["--verify"])
        .ended_with(4)
        .complained_of(&["the first difference is the state after sequence 80"]);
}

#[test]
fn what_is_not_there_cannot_be_asked_for() {
    let built = Built::of(&long_stream(), SMALL);
    let beyond = (built.end + 1).to_string();
    let words = format!(
        "there is no sequence {beyond}: the commands go from 1 to {}",
        built.end
    );
    for option in ["--from", "--until"] {
        replay(&built.path, &[option, &beyond])
            .ended_with(1)
            .complained_of(&[&words]);
        journal("export", &built.path, &[option, &beyond])
            .ended_with(1)
            .complained_of(&[&words]);
        replay(&built.path, &[option, "0"]).ended_with(1);
    }
}

#[test]
fn a_summary_of_a_journal_counts_its_commands_and_has_its_hash() {
    let built = Built::of(&long_stream(), SMALL);
    let ran = replay(&built.path, &["--summary"]).ended_with(0);
    let summary: serde_json::Value = serde_json::from_str(&ran.said).expect("the summary is JSON");
    assert_eq!(summary["commands"], built.end);
    assert_eq!(summary["state_hash"], built.hash.to_string());
}
