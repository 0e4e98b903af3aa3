//! R12: the files of every format that was ever released are read for ever.
//!
//! `tests/golden/v1` was written by `write_golden_files` below, run once with `ENGINE_WRITE_GOLDEN=v1`. A format that changes gets a
//! new number and a new folder; the folders that are there are never written again.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use engine_core::{Seq, Timestamp};
use engine_journal::simulation::SimulatedDisk;
use engine_journal::{
    Batch, Directory, Entry, Identity, LogOptions, SnapshotStamp, Storage, Stream, SyncPolicy,
};

const GOLDEN: Identity = Identity {
    journal: 0x0123_4567_89ab_cdef,
    shard: 7,
};
const FORMATS: [&str; 1] = ["v1"];
const COMMANDS: u64 = 40;
const EVENTS: u64 = 30;
const SNAPSHOT: u64 = 25;
const CURSOR: u64 = 19;
/// The hash over everything that the golden directory holds, as [`digest`] computes it.
const DIGEST: u64 = 0x73f1_368c_9c19_74ab;

fn folder(format: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(format)
}

fn options(sync: SyncPolicy) -> LogOptions {
    LogOptions {
        segment_bytes: 4 << 10,
        sync,
        ..LogOptions::default()
    }
}

fn payload(sequence: u64) -> Vec<u8> {
    (0..sequence * 7 % 90)
        .map(|index| (sequence * 31 + index * 17) as u8)
        .collect()
}

fn entry(sequence: u64, continues: bool, payload: &[u8]) -> Entry<'_> {
    let time = Timestamp::from_nanos(1_700_000_000_000_000_000 + sequence * 1_000);
    Entry {
        sequence: Seq::new(sequence),
        time,
        version: 1,
        continues,
        payload,
    }
}

/// Writes a directory with everything in it that the format knows.
fn write_all(disk: &SimulatedDisk) {
    let directory = Directory::open(disk.clone(), GOLDEN).expect("an empty disk opens");
    let (mut commands, _) = directory
        .commands(&options(SyncPolicy::EachGroup))
        .expect("an empty disk opens");
    let (mut events, _) = directory
        .events(&options(SyncPolicy::OnRequest), Seq::new(0))
        .expect("an empty disk opens");
    let mut batch = Batch::new();
    for first in (1..=COMMANDS).step_by(4) {
        batch.clear();
        for sequence in first..first + 4 {
            batch
                .push(&entry(sequence, false, &payload(sequence)))
                .expect("they follow");
        }
        commands.write(&batch).expect("a disk without faults");
        commands.sync().expect("a disk without faults");
    }
    for sequence in 1..=EVENTS {
        batch.clear();
        for part in 0..sequence % 3 {
            batch
                .push(&entry(sequence, true, &payload(sequence + part)))
                .expect("they follow");
        }
        batch
            .push(&entry(sequence, false, &payload(sequence)))
            .expect("they follow");
        events.write(&batch).expect("a disk without faults");
    }
    events.close().expect("a disk without faults");
    let sequence = Seq::new(SNAPSHOT);
    let history = directory
        .history_at(Stream::Commands, sequence)
        .expect("it is written");
    let stamp = SnapshotStamp {
        sequence,
        time: Timestamp::from_nanos(123_456_789),
        version: 4,
        history: Some(history),
    };
    let mut snapshot = directory.snapshots().begin(stamp).expect("a disk without faults");
    snapshot
        .write_all(
            &(0..70_000_u32)
                .map(|index| (index / 300) as u8)
                .collect::<Vec<_>>(),
        )
        .expect("no faults");
    snapshot.finish([0xcd; 32]).expect("a disk without faults");
    directory
        .cursors()
        .advance("redis", Seq::new(CURSOR))
        .expect("a disk without faults");
    commands.close().expect("a disk without faults");
}

/// FNV-1a over all that can be read.
fn digest(directory: &Directory<SimulatedDisk>, ends: [Seq; 2]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |bytes: &[u8]| {
        for byte in bytes {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        }
    };
    for (stream, end) in Stream::BOTH.into_iter().zip(ends) {
        let mut reader = directory.reader(stream, Seq::new(1)).expect("it can be read");
        while let Some(entry) = reader.next(end).expect("it is whole") {
            add(&entry.sequence.get().to_le_bytes());
            add(&entry.time.nanos().to_le_bytes());
            add(&[entry.version as u8, u8::from(entry.continues)]);
            add(entry.payload);
        }
    }
    let newest = directory.snapshots().newest().expect("it can be read");
    assert_eq!(newest.skipped, []);
    let mut snapshot = newest.snapshot.expect("it is whole");
    directory
        .replay_after(&snapshot.stamp())
        .map(|_| ())
        .expect("it is of this history");
    let mut content = Vec::new();
    snapshot.read_to_end(&mut content).expect("it is whole");
    add(&snapshot.stamp().sequence.get().to_le_bytes());
    add(&snapshot.stamp().time.nanos().to_le_bytes());
    add(&snapshot.stamp().history.unwrap_or(0).to_le_bytes());
    add(&snapshot.state_hash());
    add(&content);
    add(&directory
        .cursors()
        .position("redis")
        .expect("it is whole")
        .map_or(0, Seq::get)
        .to_le_bytes());
    hash
}

#[test]
fn r12_golden_directories_of_every_format_are_read_to_the_same_content() {
    for format in FORMATS {
        let disk = SimulatedDisk::new();
        for file in std::fs::read_dir(folder(format)).expect("the golden files are there") {
            let path = file.expect("the golden files can be listed").path();
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .expect("their names are text")
                .to_owned();
            disk.write_file(&name, std::fs::read(&path).expect("the golden files can be read"));
        }
        let directory = Directory::open(disk, Identity { journal: 0, ..GOLDEN }).expect("it is a journal");
        assert_eq!(directory.identity(), GOLDEN);
        let report = directory.verify(|_| ()).expect("it can be read");
        assert_eq!(report.damage, [], "{format}");
        assert_eq!(
            report.logs.iter().map(|log| log.end.get()).collect::<Vec<_>>(),
            [COMMANDS, EVENTS]
        );
        let (_commands, commands) = directory
            .commands(&options(SyncPolicy::EachGroup))
            .expect("it is whole");
        let (_events, events) = directory
            .events(&options(SyncPolicy::OnRequest), commands.end)
            .expect("it is whole");
        assert_eq!((commands.torn, events.torn), (None, None));
        let digest = digest(&directory, [commands.end, events.end]);
        assert_eq!(digest, DIGEST, "{format}: {digest:#018x}");
    }
}

/// The bytes too stay the same: an older program reads what this one writes, and nothing in them depends on
/// when or where they are written.
#[test]
fn r12_the_current_format_is_written_byte_for_byte_as_it_was() {
    let format = FORMATS[FORMATS.len() - 1];
    let disk = SimulatedDisk::new();
    write_all(&disk);
    let mut written = 0;
    for name in disk.list().expect("a disk without faults") {
        let golden = std::fs::read(folder(format).join(&name)).expect("the golden file is there");
        assert!(
            disk.read_file(&name) == Some(golden),
            "{name} of {format} has other bytes"
        );
        written += 1;
    }
    assert_eq!(
        written,
        std::fs::read_dir(folder(format)).expect("it is there").count(),
        "no file is lacking"
    );
}

#[test]
fn write_golden_files() {
    let Ok(format) = std::env::var("ENGINE_WRITE_GOLDEN") else {
        return;
    };
    assert!(!folder(&format).exists(), "golden files are written once");
    let disk = SimulatedDisk::new();
    write_all(&disk);
    std::fs::create_dir_all(folder(&format)).expect("the folder can be made");
    for name in disk.list().expect("a disk without faults") {
        let bytes = disk.read_file(&name).expect("it was listed");
        std::fs::write(folder(&format).join(name), bytes).expect("the folder can be written");
    }
}
