//! `journal verify` on whole journals and on directories that are none.

use std::fs;

use engine_journal::{Directory, Disk};

use crate::build::{Built, IDENTITY, SMALL, long_stream};
use crate::program::{journal, replay};

#[test]
fn a_whole_journal_is_described_and_left_as_it_is() {
    let built = Built::of(&long_stream(), SMALL);
    let before = built.files();
    let end = built.end;
    let segments = built.segments("commands");
    assert!(segments.len() > 2, "there are several files: {segments:?}");
    let ran = journal("verify", &built.path, &[]).ended_with(0);
    assert_eq!(ran.complained, "");
    let ran = ran.said_of(&[
        "journal 0000000000005eed, shard 0",
        &format!("commands  1 to {end} in {} files", segments.len()),
        &format!("events    1 to {end} in "),
        "snapshot  after 40",
        "cursor    redis at ",
        "nothing is wrong",
    ]);
    for segment in &segments {
        assert!(ran.said.contains(segment.as_str()), "{segment} is listed");
    }
    assert!(built.files() == before, "verify changes nothing");
}

#[test]
fn every_command_has_help_with_an_example() {
    for task in ["verify", "repair", "export"] {
        let ran = journal(task, std::path::Path::new("--help"), &[]).ended_with(0);
        let ran = ran.said_of(&[
            "Example",
            &format!("exchange-server journal {task} /var/lib/exchange"),
        ]);
        assert!(ran.said.contains("Exit codes"), "{}", ran.said);
    }
}

#[test]
fn a_directory_that_is_not_there_or_holds_no_journal_is_refused_and_not_created() {
    let place = tempfile::tempdir().expect("there is a temporary directory");
    let missing = place.path().join("missing");
    for task in ["verify", "repair", "export"] {
        journal(task, &missing, &[])
            .ended_with(1)
            .complained_of(&["missing: No such file or directory"]);
        assert!(!missing.exists(), "{task} creates nothing");
        journal(task, place.path(), &[])
            .ended_with(1)
            .complained_of(&["holds no journal"]);
        let entries = fs::read_dir(place.path()).expect("it is there").count();
        assert_eq!(entries, 0, "{task} leaves nothing behind");
    }
    replay(&missing, &[])
        .ended_with(1)
        .complained_of(&["No such file"]);
}

#[test]
fn a_journal_one_directory_further_is_pointed_out() {
    let built = Built::of(&long_stream(), SMALL);
    let above = built.path.parent().expect("it is in a directory");
    journal("verify", above, &[])
        .ended_with(1)
        .complained_of(&[&format!("there is one in {}", built.path.display())]);
}

#[test]
fn a_directory_in_use_is_refused_by_everything_and_left_as_it_is() {
    let built = Built::of(&long_stream(), SMALL);
    let before = built.files();
    let disk = Disk::open(&built.path).expect("it is there");
    let held = Directory::open(disk, IDENTITY).expect("it is free");
    let in_use = ["data is in use by another process: stop that one first"];
    for (task, more) in [("verify", &[][..]), ("repair", &["--yes"]), ("export", &[])] {
        let ran = journal(task, &built.path, more).ended_with(1);
        assert_eq!(ran.complained_of(&in_use).said, "");
    }
    replay(&built.path, &[]).ended_with(1).complained_of(&in_use);
    assert!(built.files() == before);
    // That it is free afterwards cannot be seen here: what another test is just starting may hold the file, too.
    drop(held);
}

#[test]
fn a_journal_of_a_later_version_is_refused_and_not_taken_for_damaged() {
    let built = Built::of(&long_stream(), SMALL);
    built.change("commands-0000000001.log", |bytes| {
        bytes[8] = 9;
        let checksum = crc32c(&bytes[..508]);
        bytes[508..512].copy_from_slice(&checksum.to_le_bytes());
    });
    let words =
        ["commands-0000000001.log has format 9, this program reads up to 1: start the version that wrote it"];
    for task in ["verify", "repair", "export"] {
        journal(task, &built.path, &[])
            .ended_with(1)
            .complained_of(&words);
    }
    replay(&built.path, &[]).ended_with(1).complained_of(&words);
}

/// CRC-32C, bit by bit.
fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc: u32, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 {
                crc >> 1 ^ 0x82f6_3b78
            } else {
                crc >> 1
            }
        })
    })
}
