//! `journal export`, and replaying what it wrote.

use std::fs;
use std::io::Read;
use std::process::Stdio;

use crate::build::{Built, SMALL, long_stream, stream};
use crate::program::{journal, program, replay};

#[test]
fn replaying_an_export_gives_the_same_events_and_the_same_hash() {
    for seed in 0..48 {
        let built = Built::of(&stream(seed), SMALL);
        let lines = built.path.with_file_name("commands.jsonl");
        let output = lines.to_str().expect("the path is text");
        journal("export", &built.path, &["--output", output])
            .ended_with(0)
            .complained_of(&[
                &format!("{} commands written, 1 to {};", built.end, built.end),
                &format!("has the hash {}", built.hash),
            ]);
        let events = program().arg("replay").arg(&lines).output().expect("it starts");
        assert!(
            events.status.success(),
            "seed {seed}: {}",
            String::from_utf8_lossy(&events.stderr)
        );
        let events = String::from_utf8(events.stdout).expect("events are UTF-8");
        assert_eq!(events, replay(&built.path, &[]).ended_with(0).said, "seed {seed}");
        let mut script = fs::read(&lines).expect("it was written");
        script.extend_from_slice(b"{\"op\":\"hash\"}\n");
        fs::write(&lines, script).expect("it can be written");
        let events = program().arg("replay").arg(&lines).output().expect("it starts");
        let events = String::from_utf8(events.stdout).expect("events are UTF-8");
        let hash = format!(r#""state_hash":"{}"}}"#, built.hash);
        let last = events.lines().last().expect("there is at least the hash");
        assert!(last.ends_with(&hash), "seed {seed}: {last} should have {hash}");
    }
}

#[test]
fn a_part_is_the_same_lines_and_goes_to_standard_output() {
    let built = Built::of(&long_stream(), SMALL);
    let all = journal("export", &built.path, &[]).ended_with(0);
    assert_eq!(all.lines().len() as u64, built.end);
    let part = journal("export", &built.path, &["--from", "70", "--until", "80"]).ended_with(0);
    assert_eq!(part.lines(), all.lines()[69..80]);
}

#[test]
fn a_file_that_is_there_is_not_overwritten() {
    let built = Built::of(&long_stream(), SMALL);
    let file = built.path.with_file_name("precious");
    fs::write(&file, "precious").expect("it can be written");
    let output = file.to_str().expect("the path is text");
    journal("export", &built.path, &["--output", output])
        .ended_with(1)
        .complained_of(&["precious: File exists"]);
    assert_eq!(fs::read(&file).expect("it is there"), b"precious");
}

#[test]
fn an_export_of_a_running_engine_s_journal_is_replayed_to_its_hash() {
    let place = tempfile::tempdir().expect("there is a temporary directory");
    let data = place.path().join("data");
    let mut drive = program();
    drive
        .arg("drive")
        .arg(&data)
        .args(["--count", "3000", "--snapshot-every", "0"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut drive = drive.spawn().expect("the program was built with the test");
    let kept_open = drive.stdin.take();
    let mut said = String::new();
    let out = drive.stdout.as_mut().expect("it is piped");
    out.read_to_string(&mut said).expect("it writes text");
    drop(kept_open);
    assert!(drive.wait().expect("it ends").success());
    let (_, hash) = said
        .trim_end()
        .rsplit_once(' ')
        .expect("the last word is the hash");
    let file = place.path().join("commands.jsonl");
    let output = file.to_str().expect("the path is text");
    journal("export", &data, &["--output", output])
        .ended_with(0)
        .complained_of(&["3001 commands written", hash]);
    let replayed = program()
        .args(["replay", "--summary", output])
        .output()
        .expect("it starts");
    let summary = String::from_utf8(replayed.stdout).expect("the summary is UTF-8");
    assert!(
        summary.contains(&format!(r#""state_hash":"{hash}""#)),
        "{hash} is not in {summary}"
    );
    replay(&data, &["--verify"]).ended_with(0).said_of(&[hash]);
}
