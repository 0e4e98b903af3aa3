//! R11: the newest snapshot is damaged, missing or unfinished; an older one and a longer replay give the same.

use std::io::{Read, Write};

use engine_core::Seq;
use engine_journal::simulation::{Faults, Random, SimulatedDisk};
use engine_journal::{
    DamageCause, Directory, Identity, ReadError, SnapshotStamp, SnapshotStore, Storage, Stream,
};

use crate::support::{IDENTITY, apply, open, options, seed, state_at, time, write_groups};

const HISTORY: u64 = 70;
const SEGMENT: u64 = 8 << 10;
const LAST: u64 = 900;
const NEWEST: &str = "snapshot-00000000000000000800.snap";

fn stamp(sequence: u64) -> SnapshotStamp {
    SnapshotStamp {
        sequence: Seq::new(sequence),
        time: time(sequence),
        version: 2,
        history: None,
    }
}

fn content(sequence: u64, length: usize) -> Vec<u8> {
    let mut random = Random::new(sequence);
    let mut content = state_at(HISTORY, sequence).to_le_bytes().to_vec();
    content.extend((0..length).map(|_| random.next_u64() as u8));
    content
}

fn take<S: Storage>(store: &SnapshotStore<S>, sequence: u64, length: usize) {
    let mut snapshot = store.begin(stamp(sequence)).expect("a disk without faults");
    let content = content(sequence, length);
    // In pieces of no round size, as an encoder writes.
    content
        .chunks(777)
        .for_each(|piece| snapshot.write_all(piece).expect("a disk without faults"));
    snapshot
        .finish([sequence as u8; 32])
        .expect("a disk without faults");
}

/// A log of 900 commands with snapshots at 400 and 800, trimmed as far as the older snapshot allows.
fn sample() -> SimulatedDisk {
    let disk = SimulatedDisk::new();
    let (directory, mut writer, _) = open(disk.clone(), &options(SEGMENT)).expect("an empty disk opens");
    write_groups(&mut writer, HISTORY, 1, LAST, 10);
    let snapshots = directory.snapshots();
    for (sequence, length) in [(200, 10), (400, 900), (800, 1_500)] {
        take(&snapshots, sequence, length);
    }
    assert_eq!(snapshots.retain(2), Ok(Some(Seq::new(400))));
    let removed = writer
        .retention()
        .remove_through(Seq::new(400))
        .expect("a disk without faults");
    assert!(!removed.is_empty());
    writer.close().expect("a disk without faults");
    disk.restart()
}

/// Recovers from the newest whole snapshot; returns its sequence, the state, and what was passed over.
fn recover(disk: &SimulatedDisk) -> (u64, u64, Vec<engine_journal::Damage>) {
    let (directory, _writer, recovery) = open(disk.restart(), &options(SEGMENT)).expect("the log is whole");
    let newest = directory.snapshots().newest().expect("snapshots can be read");
    let mut snapshot = newest.snapshot.expect("one is whole");
    let sequence = snapshot.stamp().sequence.get();
    assert_eq!(snapshot.stamp(), stamp(sequence));
    assert_eq!(snapshot.state_hash(), [sequence as u8; 32]);
    let mut bytes = Vec::new();
    snapshot.read_to_end(&mut bytes).expect("it is whole");
    assert_eq!(snapshot.content_bytes(), bytes.len() as u64);
    let mut state = u64::from_le_bytes(bytes[..8].try_into().expect("the state comes first"));
    let mut reader = directory
        .reader(Stream::Commands, Seq::new(sequence + 1))
        .expect("the log reaches it");
    while let Some(entry) = reader.next(recovery.end).expect("the log is whole") {
        state = apply(state, entry.payload);
    }
    (sequence, state, newest.skipped)
}

#[test]
fn r11_every_flipped_bit_of_the_newest_snapshot_is_found_and_the_older_one_serves() {
    let disk = sample();
    let state = state_at(HISTORY, LAST);
    assert_eq!(recover(&disk), (800, state, Vec::new()));
    let bits = disk.read_file(NEWEST).expect("it is there").len() * 8;
    for bit in 0..bits {
        let copy = disk.restart();
        copy.flip_bit(NEWEST, bit);
        let directory = Directory::open(copy.clone(), IDENTITY).expect("the directory is whole");
        let newest = directory.snapshots().newest().expect("damage is no error here");
        let found: Vec<_> = newest
            .skipped
            .iter()
            .map(|damage| (damage.file.as_str(), damage.sequence))
            .collect();
        assert_eq!(found, [(NEWEST, Some(Seq::new(800)))], "bit {bit}");
        assert_eq!(
            newest.snapshot.map(|snapshot| snapshot.stamp()),
            Some(stamp(400)),
            "bit {bit}"
        );
        if bit.is_multiple_of(509) {
            drop(directory);
            let (from, recovered, _) = recover(&copy);
            assert_eq!((from, recovered), (400, state), "bit {bit}");
        }
    }
}

#[test]
fn r11_a_snapshot_that_is_missing_or_cut_anywhere_is_passed_over() {
    let disk = sample();
    let state = state_at(HISTORY, LAST);
    let copy = disk.restart();
    assert!(copy.remove_file(NEWEST));
    assert_eq!(recover(&copy), (400, state, Vec::new()));
    let bytes = disk.read_file(NEWEST).expect("it is there");
    for length in 0..bytes.len() {
        let copy = disk.restart();
        copy.write_file(NEWEST, bytes[..length].to_vec());
        let directory = Directory::open(copy, IDENTITY).expect("the directory is whole");
        let newest = directory.snapshots().newest().expect("damage is no error here");
        assert_eq!(newest.skipped.len(), 1, "cut at {length}");
        assert_eq!(
            newest.snapshot.map(|snapshot| snapshot.stamp()),
            Some(stamp(400)),
            "cut at {length}"
        );
    }
    let copy = disk.restart();
    copy.write_file(NEWEST, [bytes.as_slice(), &[0; 512]].concat());
    let (from, recovered, skipped) = recover(&copy);
    assert_eq!(
        (from, recovered, skipped.len()),
        (400, state, 1),
        "nothing may stand behind a snapshot"
    );
}

#[test]
fn r11_a_crash_at_every_step_of_a_snapshot_leaves_the_old_one_or_the_new() {
    let seed = seed("r11", 71);
    let disk = sample();
    let state = state_at(HISTORY, LAST);
    let points = std::sync::Arc::new(std::sync::Mutex::new(0));
    let counted = std::sync::Arc::clone(&points);
    disk.observe(move |_, copy| {
        for choice in 0..8 {
            let (from, recovered, skipped) = recover(&copy.power_cut(seed + copy.steps() * 8 + choice));
            assert!(from == 800 || from == 850, "from {from}");
            assert_eq!((recovered, skipped), (state, Vec::new()));
        }
        *counted.lock().expect("no observer panicked") += 8;
    });
    let directory = Directory::open(disk, IDENTITY).expect("the directory is whole");
    take(&directory.snapshots(), 850, 200_000);
    assert!(
        *points.lock().expect("no observer panicked") >= 64,
        "a snapshot takes several steps"
    );
}

#[test]
fn a_snapshot_of_several_blocks_is_read_back_whatever_its_size() {
    let directory = Directory::open(SimulatedDisk::new(), IDENTITY).expect("an empty disk opens");
    let store = directory.snapshots();
    let block = 64 << 10;
    for (sequence, length) in [0, 1, block - 9, block - 8, block - 7, 3 * block + 5]
        .into_iter()
        .enumerate()
    {
        let sequence = sequence as u64 + 1;
        take(&store, sequence, length);
        let newest = store.newest().expect("a disk without faults");
        let mut snapshot = newest.snapshot.expect("it is whole");
        let mut bytes = Vec::new();
        snapshot.read_to_end(&mut bytes).expect("it is whole");
        assert_eq!(
            (snapshot.stamp(), bytes),
            (stamp(sequence), content(sequence, length))
        );
    }
}

#[test]
fn blocks_that_changed_places_and_snapshots_under_another_name_are_damage() {
    let disk = SimulatedDisk::new();
    let directory = Directory::open(disk.clone(), IDENTITY).expect("an empty disk opens");
    let store = directory.snapshots();
    let block = 8 + (64 << 10);
    take(&store, 5, 4 * (64 << 10));
    let name = "snapshot-00000000000000000005.snap";
    let whole = disk.read_file(name).expect("it is there");
    let mut swapped = whole.clone();
    swapped[512..512 + block].copy_from_slice(&whole[512 + block..512 + 2 * block]);
    swapped[512 + block..512 + 2 * block].copy_from_slice(&whole[512..512 + block]);
    disk.write_file(name, swapped);
    assert!(matches!(store.verify(Seq::new(5)), Err(ReadError::Damage(_))));
    let mut shorter = whole.clone();
    shorter.drain(512 + block..512 + 2 * block);
    disk.write_file(name, shorter);
    assert!(matches!(store.verify(Seq::new(5)), Err(ReadError::Damage(_))));
    disk.write_file("snapshot-00000000000000000006.snap", whole.clone());
    let Err(ReadError::Damage(damage)) = store.verify(Seq::new(6)) else {
        panic!("it is misnamed")
    };
    assert_eq!(damage.cause, DamageCause::Misnamed);
    let other = SimulatedDisk::new();
    let directory = Directory::open(
        other.clone(),
        Identity {
            journal: 1,
            ..IDENTITY
        },
    )
    .expect("it opens");
    other.write_file(name, whole);
    let Err(ReadError::Damage(damage)) = directory.snapshots().verify(Seq::new(5)) else {
        panic!("it is foreign")
    };
    assert_eq!(damage.cause, DamageCause::OtherJournal);
}

#[test]
fn the_blocks_of_one_snapshot_and_the_end_of_another_are_damage() {
    let disk = SimulatedDisk::new();
    let directory = Directory::open(disk.clone(), IDENTITY).expect("an empty disk opens");
    let store = directory.snapshots();
    let name = "snapshot-00000000000000000005.snap";
    let mut both = Vec::new();
    for content in [[1; 600], [2; 600]] {
        let mut snapshot = store.begin(stamp(5)).expect("a disk without faults");
        snapshot.write_all(&content).expect("a disk without faults");
        snapshot.finish([5; 32]).expect("a disk without faults");
        both.push(disk.read_file(name).expect("it is there"));
    }
    let blocks_end = both[0].len() - 512;
    disk.write_file(name, [&both[0][..blocks_end], &both[1][blocks_end..]].concat());
    assert!(matches!(store.verify(Seq::new(5)), Err(ReadError::Damage(_))));
}

#[test]
fn an_unfinished_snapshot_leaves_no_trace() {
    let disk = SimulatedDisk::new();
    let directory = Directory::open(disk.clone(), IDENTITY).expect("an empty disk opens");
    let mut snapshot = directory
        .snapshots()
        .begin(stamp(3))
        .expect("a disk without faults");
    snapshot.write_all(&[1; 100_000]).expect("a disk without faults");
    let killed = disk.restart();
    drop(snapshot);
    assert_eq!(disk.list().expect("a disk without faults"), ["journal.id"]);
    assert!(
        killed
            .list()
            .expect("a disk without faults")
            .iter()
            .any(|name| name.ends_with(".tmp"))
    );
    let directory = Directory::open(killed.clone(), IDENTITY).expect("it opens");
    assert_eq!(directory.snapshots().sequences(), Ok(Vec::new()));
    assert_eq!(killed.list().expect("a disk without faults"), ["journal.id"]);
}

#[test]
fn retention_counts_only_snapshots_that_are_whole() {
    let disk = SimulatedDisk::new();
    let directory = Directory::open(disk.clone(), IDENTITY).expect("an empty disk opens");
    let store = directory.snapshots();
    (1..=5).for_each(|sequence| take(&store, sequence, 100));
    disk.flip_bit("snapshot-00000000000000000004.snap", 900);
    assert_eq!(store.retain(6), Ok(None), "there are not so many");
    assert_eq!(
        store.sequences().map(|all| all.len()),
        Ok(5),
        "and none was removed"
    );
    assert_eq!(store.retain(3), Ok(Some(Seq::new(2))));
    assert_eq!(store.sequences(), Ok([2, 3, 4, 5].map(Seq::new).to_vec()));
    assert_eq!(store.retain(1), Ok(Some(Seq::new(5))));
    assert_eq!(store.sequences(), Ok(vec![Seq::new(5)]));
    let newest = store.newest_through(Seq::new(4)).expect("a disk without faults");
    assert!(newest.snapshot.is_none() && newest.skipped.is_empty());
}

#[test]
fn a_log_is_needed_by_the_oldest_kept_snapshot_and_by_the_slowest_cursor() {
    let disk = SimulatedDisk::new();
    let directory = Directory::open(disk.clone(), IDENTITY).expect("an empty disk opens");
    let store = directory.snapshots();
    take(&store, 10, 100);
    assert_eq!(directory.passed_by_all(2), Ok(None), "one snapshot is not two");
    take(&store, 20, 100);
    take(&store, 30, 100);
    assert_eq!(directory.passed_by_all(2), Ok(Some(Seq::new(20))));
    assert_eq!(store.sequences(), Ok([20, 30].map(Seq::new).to_vec()));
    for (position, passed) in [(5, 5), (19, 19), (25, 20)] {
        directory
            .cursors()
            .advance("redis", Seq::new(position))
            .expect("a disk without faults");
        assert_eq!(directory.passed_by_all(2), Ok(Some(Seq::new(passed))));
    }
    disk.flip_bit("cursor-redis.cur", 300);
    directory
        .passed_by_all(2)
        .expect_err("nobody knows what the reader still needs");
}

#[test]
fn a_snapshot_whose_sync_fails_does_not_count() {
    let disk = SimulatedDisk::new();
    let directory = Directory::open(disk.clone(), IDENTITY).expect("an empty disk opens");
    let snapshot = directory
        .snapshots()
        .begin(stamp(3))
        .expect("a disk without faults");
    disk.set_faults(
        Faults {
            failing_sync: Some(1),
            ..Faults::default()
        },
        1,
    );
    snapshot.finish([0; 32]).expect_err("the sync fails");
    assert_eq!(directory.snapshots().sequences(), Ok(Vec::new()));
}

#[test]
fn a_snapshot_of_another_history_of_the_same_journal_is_refused() {
    let disk = SimulatedDisk::new();
    let (directory, mut writer, _) = open(disk.clone(), &options(SEGMENT)).expect("an empty disk opens");
    write_groups(&mut writer, HISTORY, 1, 300, 10);
    let store = directory.snapshots();
    for sequence in [1, 120, 300] {
        let history = directory
            .history_at(Stream::Commands, Seq::new(sequence))
            .expect("it is written");
        let stamp = SnapshotStamp {
            history: Some(history),
            ..stamp(sequence)
        };
        store
            .begin(stamp)
            .and_then(|snapshot| snapshot.finish([0; 32]))
            .expect("a disk without faults");
        let newest = store
            .newest()
            .expect("a disk without faults")
            .snapshot
            .expect("it is whole");
        assert_eq!(newest.stamp(), stamp);
        let mut reader = directory.replay_after(&stamp).expect("it is of this history");
        let next = reader
            .next(Seq::new(300))
            .expect("no damage")
            .map(|entry| entry.sequence.get());
        assert_eq!(next, (sequence < 300).then_some(sequence + 1));
        let foreign = SnapshotStamp {
            history: Some(history ^ 1),
            ..stamp
        };
        let Err(ReadError::Damage(damage)) = directory.replay_after(&foreign) else {
            panic!("it is foreign")
        };
        assert_eq!(
            (damage.cause, damage.sequence),
            (DamageCause::OtherHistory, Some(Seq::new(sequence + 1)))
        );
    }
    let beyond = directory.replay_after(&stamp(301)).map(|_| ());
    assert!(
        matches!(beyond, Err(ReadError::Damage(_))),
        "the log does not reach it: {beyond:?}"
    );
}
