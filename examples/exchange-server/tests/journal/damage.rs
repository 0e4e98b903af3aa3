//! Damaged journals: every command finds the damage, says where it is and what helps, and shows nothing wrong.

use engine_journal::simulation::Random;

use crate::build::{Built, SMALL, long_stream};
use crate::program::{Ran, journal, replay};

const SECTOR: usize = 512;

/// The seed of a random test, from the environment or the one given, printed for the next time.
fn seed(test: &str, default: u64) -> u64 {
    let seed =
        std::env::var("ENGINE_SEED").map_or(default, |text| text.parse().expect("ENGINE_SEED is a number"));
    println!("{test}: ENGINE_SEED={seed}");
    seed
}

/// How many times longer than usual the long tests should be.
fn soak() -> u64 {
    std::env::var("ENGINE_SOAK").map_or(1, |text| text.parse().expect("ENGINE_SOAK is a number"))
}

/// What the journal says while it is whole.
struct Whole {
    built: Built,
    events: String,
    lines: String,
}

impl Whole {
    fn new() -> Self {
        let built = Built::of(&long_stream(), SMALL);
        let events = replay(&built.path, &[]).ended_with(0).said;
        let lines = journal("export", &built.path, &[]).ended_with(0).said;
        Self { built, events, lines }
    }

    /// Damages a copy of the journal.
    fn damaged(&self, damage: impl FnOnce(&Built)) -> Built {
        let copy = self.built.copy();
        damage(&copy);
        copy
    }

    /// Checks that damage to the commands in this file is found by everything that reads them, and that nothing is
    /// shown but what comes before it.
    #[track_caller]
    fn check_found(&self, damaged: &Built, file: &str) {
        let verified = journal("verify", &damaged.path, &[]).ended_with(3);
        let begin = format!("damage    {file} cannot be trusted from byte ");
        let mut lines = verified.said.lines();
        let found = lines.find(|line| line.starts_with(&begin));
        assert!(found.is_some(), "{begin:?} is not in\n{}", verified.said);
        let directory = damaged.path.display();
        verified.complained_of(&[&format!("exchange-server journal repair {directory}")]);
        let shown = replay(&damaged.path, &[]);
        self.check_refused(&shown, damaged, file);
        assert!(
            self.events.starts_with(&shown.said),
            "events that did not happen are shown"
        );
        let saved = journal("export", &damaged.path, &[]);
        self.check_refused(&saved, damaged, file);
        assert!(
            self.lines.starts_with(&saved.said),
            "commands that did not come are written"
        );
    }

    #[track_caller]
    fn check_refused(&self, ran: &Ran, damaged: &Built, file: &str) {
        let directory = damaged.path.display();
        assert_eq!(ran.code, 3, "{file}: {}", ran.complained);
        for words in [
            format!("{directory}: {file} cannot be trusted from byte "),
            format!("list all damage:        exchange-server journal verify {directory}"),
            format!(
                "save what can be read:  exchange-server journal export {directory} --output commands.jsonl"
            ),
            format!("see what can be mended: exchange-server journal repair {directory}"),
        ] {
            assert!(
                ran.complained.contains(&words),
                "{words:?} is not in\n{}",
                ran.complained
            );
        }
    }
}

/// The number of sectors of a file that are written.
fn written_sectors(bytes: &[u8]) -> usize {
    let is_written = |sector: &[u8]| sector.iter().any(|byte| *byte != 0);
    bytes
        .chunks(SECTOR)
        .rposition(is_written)
        .map_or(0, |last| last + 1)
}

#[test]
fn r2_a_log_that_is_cut_short_is_refused_where_it_was_safe_and_taken_where_nothing_stood() {
    let whole = Whole::new();
    let file = whole
        .built
        .segments("commands")
        .pop()
        .expect("there are segments");
    let bytes = whole.built.read(&file);
    let written = written_sectors(&bytes) * SECTOR;
    assert!(
        SECTOR < written && written < bytes.len(),
        "the last segment is partly full"
    );
    for length in (0..bytes.len()).step_by(256) {
        let damaged = whole.damaged(|built| built.write(&file, &bytes[..length]));
        if length < written {
            whole.check_found(&damaged, &file);
        } else {
            let lacking = format!("{} are lacking", bytes.len() - length);
            journal("verify", &damaged.path, &[])
                .ended_with(0)
                .said_of(&[&lacking]);
            assert_eq!(replay(&damaged.path, &[]).ended_with(0).said, whole.events);
        }
    }
}

#[test]
fn r2_what_a_crash_left_unfinished_is_told_from_damage() {
    let built = Built::torn(&long_stream(), 40);
    let ran = journal("verify", &built.path, &[]).ended_with(0);
    let end = built.end;
    ran.said_of(&[
        "were being written when the last process ended",
        &format!("the next start cuts them off after sequence {end}"),
        "nothing is wrong",
    ]);
    let summary = replay(&built.path, &["--summary"]).ended_with(0);
    summary.said_of(&[&format!(r#""state_hash":"{}""#, built.hash)]);
    let lines = journal("export", &built.path, &[]).ended_with(0);
    assert_eq!(lines.lines().len() as u64, end);
}

#[test]
fn r3_any_flipped_bit_of_the_commands_is_found() {
    let seed = seed("r3_any_flipped_bit_of_the_commands_is_found", 3);
    let mut random = Random::new(seed);
    let whole = Whole::new();
    let segments = whole.built.segments("commands");
    for _ in 0..40 * soak() {
        let file = &segments[random.below(segments.len() as u64) as usize];
        let bytes = whole.built.read(file);
        let bits = written_sectors(&bytes) * SECTOR * 8;
        let bit = random.below(bits as u64) as usize;
        let damaged = whole.damaged(|built| built.change(file, |bytes| bytes[bit / 8] ^= 1 << (bit % 8)));
        whole.check_found(&damaged, file);
    }
}

#[test]
fn r3_damage_beside_the_commands_does_not_hinder_reading_them() {
    let whole = Whole::new();
    let events = &whole.built.segments("events")[1];
    let snapshot = &whole.built.snapshots()[0];
    for file in [
        events.as_str(),
        snapshot.as_str(),
        "cursor-redis.cur",
        "events.mark",
    ] {
        let damaged = whole.damaged(|built| built.change(file, |bytes| bytes[300] ^= 4));
        let begin = format!("damage    {file} cannot be trusted from byte ");
        journal("verify", &damaged.path, &[])
            .ended_with(3)
            .said_of(&[&begin]);
        assert_eq!(replay(&damaged.path, &[]).ended_with(0).said, whole.events);
        assert_eq!(
            journal("export", &damaged.path, &[]).ended_with(0).said,
            whole.lines
        );
    }
    let damaged = whole.damaged(|built| built.change(events, |bytes| bytes[SECTOR + 100] ^= 4));
    let ran = replay(&damaged.path, &["--verify"]).ended_with(3);
    ran.complained_of(&[&format!("{events} cannot be trusted from byte 512 on (sequence ")]);
}

#[test]
fn r4_sectors_that_are_swapped_zeroed_or_repeated_are_found() {
    let whole = Whole::new();
    let file = &whole.built.segments("commands")[1];
    let sectors = written_sectors(&whole.built.read(file));
    assert!(sectors > 4, "there is something to swap");
    for (one, other) in [(1, 2), (2, sectors - 1)] {
        let swapped = whole.damaged(|built| {
            built.change(file, |bytes| {
                let (low, high) = bytes.split_at_mut(other * SECTOR);
                low[one * SECTOR..][..SECTOR].swap_with_slice(&mut high[..SECTOR]);
            });
        });
        whole.check_found(&swapped, file);
        let repeated = whole.damaged(|built| {
            built.change(file, |bytes| {
                bytes.copy_within(one * SECTOR..(one + 1) * SECTOR, other * SECTOR)
            });
        });
        whole.check_found(&repeated, file);
        let zeroed =
            whole.damaged(|built| built.change(file, |bytes| bytes[one * SECTOR..][..SECTOR].fill(0)));
        whole.check_found(&zeroed, file);
    }
}

#[test]
fn r5_segments_that_are_missing_swapped_or_from_a_backup_are_found() {
    let whole = Whole::new();
    let segments = whole.built.segments("commands");
    for file in &segments {
        let missing = whole.damaged(|built| built.remove(file));
        whole.check_found(&missing, file);
    }
    let (one, other) = (&segments[0], &segments[1]);
    let swapped = whole.damaged(|built| {
        let bytes = built.read(one);
        built.write(one, &built.read(other));
        built.write(other, &bytes);
    });
    whole.check_found(&swapped, one);
    let old = Built::of(&long_stream()[..30], SMALL);
    let last = segments.last().expect("there are segments");
    let from_backup = whole.damaged(|built| built.write(one, &old.read(one)));
    whole.check_found(&from_backup, one);
    let mark_alone = whole.damaged(|built| built.write("commands.mark", &old.read("commands.mark")));
    assert_eq!(
        replay(&mark_alone.path, &[]).ended_with(0).said,
        whole.events,
        "a mark may lag behind {last}"
    );
    let markless = whole.damaged(|built| built.remove("commands.mark"));
    whole.check_found(&markless, "commands.mark");
}

#[test]
fn r5_a_log_that_ends_before_its_snapshot_is_found() {
    let whole = Whole::new();
    let old = Built::of(&long_stream()[..90], SMALL);
    let damaged = whole.damaged(|built| {
        for (name, _) in built.files() {
            if name.starts_with("commands") {
                built.remove(&name);
            }
        }
        for (name, bytes) in old.files() {
            if name.starts_with("commands") {
                built.write(&name, &bytes);
            }
        }
    });
    let ran = journal("verify", &damaged.path, &[]).ended_with(3);
    ran.said_of(&[
        "damage    snapshot-00000000000000000120.snap cannot be trusted from byte 0 on (sequence 91): the log ends at \
         90, but 120 was safe on disk",
    ]);
}

#[test]
fn r11_a_snapshot_that_is_corrupt_missing_or_cut_is_passed_over() {
    let whole = Whole::new();
    let newest = whole.built.snapshots().pop().expect("there are snapshots");
    let hash = format!(r#""state_hash":"{}""#, whole.built.hash);
    let corrupt = whole.damaged(|built| built.change(&newest, |bytes| bytes[1000] ^= 1));
    let cut = whole.damaged(|built| built.change(&newest, |bytes| bytes.truncate(1500)));
    for damaged in [corrupt, cut] {
        let ran = replay(&damaged.path, &["--verify"]).ended_with(0);
        let compared = format!(r#""snapshots_compared":{}"#, whole.built.snapshots().len() - 1);
        ran.complained_of(&["not compared: ", &newest])
            .said_of(&[&hash, &compared]);
    }
    let missing = whole.damaged(|built| built.remove(&newest));
    journal("verify", &missing.path, &[]).ended_with(0);
    replay(&missing.path, &["--verify"])
        .ended_with(0)
        .said_of(&[&hash]);
}
