//! `journal repair`: it says what it would do, does it when told to, and destroys nothing.

use std::collections::BTreeMap;

use crate::build::{Built, SMALL, long_stream};
use crate::program::{Ran, journal, replay};

fn sample() -> Built {
    Built::of(&long_stream(), SMALL)
}

/// Repairs with `--yes`, having seen that nothing is changed without it.
#[track_caller]
fn repair(built: &Built, more: &[&str]) -> Ran {
    let before = built.files();
    let dry = journal("repair", &built.path, more).ended_with(3);
    assert!(built.files() == before, "nothing is changed without --yes");
    let again = format!("exchange-server journal repair {}", built.path.display());
    let dry = dry.said_of(&["nothing was changed", &again, " --yes"]);
    assert!(dry.said.contains("would "), "{}", dry.said);
    let done = journal("repair", &built.path, &[more, &["--yes"]].concat()).ended_with(0);
    check_kept(&before, built);
    done.said_of(&["nothing is wrong any more"])
}

/// Every file that was there is there, as it was: under its own name, or set aside.
#[track_caller]
fn check_kept(before: &[(String, Vec<u8>)], built: &Built) {
    let now: BTreeMap<String, Vec<u8>> = built.files().into_iter().collect();
    for (name, bytes) in before {
        let is_rewritten_mark = name.ends_with(".mark");
        let kept = now
            .iter()
            .any(|(file, now)| file.starts_with(name.as_str()) && now == bytes);
        assert!(
            kept || is_rewritten_mark,
            "{name} is nowhere as it was: {:?}",
            now.keys()
        );
    }
}

#[test]
fn a_whole_journal_is_not_repaired() {
    let built = sample();
    let before = built.files();
    let words = format!(
        "nothing is wrong with {}: its commands go to {}",
        built.path.display(),
        built.end
    );
    for more in [
        &[][..],
        &["--yes"],
        &["--cut-after", "10", "--yes"],
        &["--start-after", "40", "--yes"],
    ] {
        journal("repair", &built.path, more)
            .ended_with(1)
            .complained_of(&[&words]);
    }
    assert!(built.files() == before);
}

#[test]
fn what_the_rest_of_a_journal_says_is_written_anew_and_nothing_is_lost() {
    let whole = sample();
    let events = replay(&whole.path, &[]).ended_with(0).said;
    let segment = whole.segments("commands").remove(1);
    for (file, at) in [
        (segment.as_str(), 100),
        ("commands.mark", 200),
        ("journal.id", 20),
    ] {
        let built = whole.copy();
        built.change(file, |bytes| bytes[at] ^= 1);
        repair(&built, &[]).said_of(&[&format!("done: {file} was written anew")]);
        assert_eq!(replay(&built.path, &[]).ended_with(0).said, events);
    }
    for file in ["commands.mark", "journal.id"] {
        let built = whole.copy();
        built.remove(file);
        repair(&built, &[]);
        assert_eq!(replay(&built.path, &[]).ended_with(0).said, events);
    }
}

#[test]
fn events_snapshots_and_cursors_are_given_up_for_the_commands_that_lead_to_them() {
    let whole = sample();
    let segments = whole.segments("events");
    let snapshot = whole.snapshots().remove(1);
    for (file, at) in [
        (segments[1].as_str(), 700),
        (segments[0].as_str(), 1300),
        (snapshot.as_str(), 2000),
        ("cursor-redis.cur", 30),
    ] {
        let built = whole.copy();
        built.change(file, |bytes| bytes[at] ^= 1);
        repair(&built, &[]);
        let ran = replay(&built.path, &["--verify"]).ended_with(0);
        ran.said_of(&[&format!(r#""state_hash":"{}""#, whole.hash)]);
    }
    let built = whole.copy();
    built.remove(&segments[0]);
    repair(&built, &[]).said_of(&["events.mark was put aside"]);
    assert!(built.segments("events").is_empty());
}

#[test]
fn commands_are_given_up_only_where_it_is_said() {
    let built = sample();
    let segment = built.segments("commands").remove(1);
    built.change(&segment, |bytes| bytes[512 * 3 + 50] ^= 1);
    let before = built.files();
    let refused = journal("repair", &built.path, &["--yes"]).ended_with(3);
    assert!(built.files() == before, "nothing was done");
    let hint = refused
        .complained
        .lines()
        .find_map(|line| line.split_once("--cut-after "))
        .map(|(_, rest)| rest.trim_end_matches(" --yes").to_owned());
    let end = hint.expect("the way out is named");
    let too_far = (end.parse::<u64>().expect("a sequence is a number") + 1).to_string();
    journal("repair", &built.path, &["--cut-after", &too_far, "--yes"])
        .ended_with(1)
        .complained_of(&[&format!(
            "there is no sequence {too_far}: the commands go from 1 to {end}"
        )]);
    repair(&built, &["--cut-after", &end]).said_of(&[&format!("the commands go to {end}")]);
    let lines = journal("export", &built.path, &[]).ended_with(0);
    assert_eq!(lines.lines().len().to_string(), end);
    replay(&built.path, &["--verify"]).ended_with(0);
    let verified = journal("verify", &built.path, &[]).ended_with(0);
    assert!(
        !verified.said.contains("after 120"),
        "later snapshots are put aside: {}",
        verified.said
    );
}

#[test]
fn history_before_a_snapshot_is_given_up_where_it_is_said() {
    let built = sample();
    let segments = built.segments("commands");
    built.change(&segments[0], |bytes| bytes[700] ^= 1);
    let refused = journal("repair", &built.path, &["--yes"]).ended_with(3);
    let option = refused.complained_of(&["--start-after "]);
    let (_, snapshot) = option
        .complained
        .lines()
        .find_map(|line| line.split_once("--start-after "))
        .expect("the way out is named");
    let snapshot = snapshot.trim_end_matches(" --yes");
    repair(&built, &["--start-after", snapshot]).said_of(&[&format!("{} was put aside", segments[0])]);
}
