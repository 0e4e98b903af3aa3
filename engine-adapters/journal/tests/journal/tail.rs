//! R2, and the torn-tail rule: what is cut off, what is refused, and where the rule ends.

use engine_core::Seq;
use engine_journal::simulation::SimulatedDisk;
use engine_journal::{Damage, DamageCause, LogOptions, OpenError, ReadError, Stream};

use crate::support::{batch, closed_log, lazy, open, options, read_all, read_range, write_groups};

const HISTORY: u64 = 20;
const SECTOR: usize = 512;
const NEWEST: &str = "commands-0000000001.log";

fn damage(error: OpenError) -> Damage {
    match error {
        OpenError::Read(ReadError::Damage(damage)) => damage,
        other => panic!("damage was expected, not {other}"),
    }
}

/// The end of the written part of a segment.
fn written(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| (last + 1).next_multiple_of(SECTOR))
}

/// A log with 30 synced commands and more than 64 KiB that were written after the last sync.
fn unsynced_log(options: &LogOptions, group: u64) -> (SimulatedDisk, u64) {
    let disk = SimulatedDisk::new();
    let (_directory, mut writer, _) = open(disk.clone(), options).expect("an empty disk opens");
    write_groups(&mut writer, HISTORY, 1, 30, 7);
    let mut next = 31;
    while written(&disk.read_file(NEWEST).expect("the segment is there")) < 70 << 10 {
        writer
            .write(&batch(HISTORY, next..next + group))
            .expect("a disk without faults");
        next += group;
    }
    (disk.restart(), next - 1)
}

fn check_every_cut(options: &LogOptions, group: u64) {
    let (disk, last) = unsynced_log(options, group);
    let bytes = disk.read_file(NEWEST).expect("the segment is there");
    let end = written(&bytes);
    let mut ends = Vec::new();
    for length in end - (64 << 10)..=end {
        let cut = disk.restart();
        cut.write_file(NEWEST, bytes[..length].to_vec());
        let (directory, _writer, recovery) = open(cut, options).expect("a cut end is no damage");
        assert!(
            recovery.end >= Seq::new(30),
            "a synced command is gone at {length}"
        );
        let torn = recovery.torn.expect("a cut is reported");
        assert_eq!(torn.missing_bytes, (bytes.len() - length) as u64);
        assert_eq!(
            torn.bytes,
            length as u64 - torn.offset,
            "all that was cut off is counted at {length}"
        );
        assert_eq!((torn.file.as_str(), torn.after), (NEWEST, recovery.end));
        if ends.last() != Some(&recovery.end.get()) {
            let end = recovery.end.get();
            read_range(&directory, Stream::Commands, HISTORY, 1, end).expect("what is left can be read");
            ends.push(end);
        }
    }
    assert!(ends.is_sorted(), "a longer file never holds less");
    assert_eq!(ends.last(), Some(&last), "an uncut log holds everything");
}

#[test]
fn r2_a_group_cut_at_every_byte_goes_as_a_whole_and_takes_nothing_synced_along() {
    check_every_cut(&options(96 << 10), 1_100);
}

#[test]
fn r2_a_log_without_syncs_cut_at_every_byte_keeps_every_group_before_the_cut() {
    check_every_cut(&lazy(96 << 10), 40);
}

#[test]
fn a_cut_into_synced_commands_is_refused_with_file_offset_and_sequence() {
    let disk = closed_log(&options(16 << 10), HISTORY, 60, 6);
    let bytes = disk.read_file(NEWEST).expect("the segment is there");
    for length in SECTOR..written(&bytes) {
        let cut = disk.restart();
        cut.write_file(NEWEST, bytes[..length].to_vec());
        let damage =
            damage(read_all(&cut, &options(16 << 10), HISTORY, 1).expect_err("synced commands are gone"));
        assert_eq!(
            (damage.file.as_str(), damage.cause),
            (NEWEST, DamageCause::Unwritten)
        );
        assert_eq!(damage.offset, (length / SECTOR * SECTOR) as u64);
        let sequence = damage.sequence.expect("the sequence is known").get();
        assert!(
            (1..=60).contains(&sequence),
            "{sequence} is one of those that are gone"
        );
    }
}

#[test]
fn a_cut_off_tail_is_gone_for_good_and_other_commands_take_its_place() {
    let (disk, _) = unsynced_log(&options(96 << 10), 1_100);
    let cut = disk.restart();
    let bytes = disk.read_file(NEWEST).expect("the segment is there");
    cut.write_file(NEWEST, bytes[..written(&bytes) - 1].to_vec());
    {
        let (_directory, mut writer, recovery) = open(cut.clone(), &options(96 << 10)).expect("it opens");
        assert_eq!(recovery.end, Seq::new(30));
        writer
            .write(&batch(HISTORY + 1, 31..=32))
            .expect("the log goes on");
        writer.sync().expect("the log goes on");
    }
    let (directory, _writer, recovery) = open(cut.power_cut(1), &options(96 << 10)).expect("it opens");
    assert_eq!((recovery.end, recovery.torn), (Seq::new(32), None));
    read_range(&directory, Stream::Commands, HISTORY + 1, 31, 32).expect("the new commands are read");
}

/// The log of a process that was killed: the mark that is never waited for is there.
fn killed_log() -> SimulatedDisk {
    let disk = SimulatedDisk::new();
    let (_directory, mut writer, _) = open(disk.clone(), &options(16 << 10)).expect("an empty disk opens");
    write_groups(&mut writer, HISTORY, 1, 60, 6);
    disk.restart()
}

/// Zeroes the last written group of the newest segment.
fn lose_last_group(disk: &SimulatedDisk) {
    let mut bytes = disk.read_file(NEWEST).expect("the segment is there");
    let end = written(&bytes);
    let last_group = u32::from_le_bytes(
        bytes[end - SECTOR + 4..end - SECTOR + 8]
            .try_into()
            .expect("4 bytes"),
    );
    bytes[last_group as usize * SECTOR..end].fill(0);
    disk.write_file(NEWEST, bytes);
}

#[test]
fn the_last_group_lost_after_a_kill_is_damage_because_the_mark_knows_it() {
    let disk = killed_log();
    lose_last_group(&disk);
    let damage =
        damage(read_all(&disk, &options(16 << 10), HISTORY, 1).expect_err("synced commands are gone"));
    assert_eq!(
        (damage.cause, damage.sequence),
        (DamageCause::Unwritten, Some(Seq::new(55)))
    );
}

/// The one limit of the rule, as `docs/journal-format.md` states it.
#[test]
fn the_last_group_lost_together_with_the_mark_of_it_looks_like_a_torn_tail() {
    let disk = killed_log();
    let mut mark = disk.read_file("commands.mark").expect("the mark is there");
    mark[4096..].fill(0xff);
    disk.write_file("commands.mark", mark);
    lose_last_group(&disk);
    let (_directory, _writer, recovery) =
        open(disk, &options(16 << 10)).expect("nothing tells it from a torn tail");
    assert_eq!(recovery.end, Seq::new(54));
    assert!(
        recovery.is_running_mark_lost,
        "and the start says that it knew less than usual"
    );
}

/// Even where nothing knows that the last group was durable, a flipped bit in it is not taken for a torn tail.
#[test]
fn r3_a_flipped_bit_in_the_last_group_is_damage_even_without_the_mark_of_it() {
    let disk = killed_log();
    let mut mark = disk.read_file("commands.mark").expect("the mark is there");
    mark[4096..].fill(0xff);
    disk.write_file("commands.mark", mark);
    let end = written(&disk.read_file(NEWEST).expect("the segment is there"));
    for bit in (end - 2 * SECTOR) * 8..(end + SECTOR) * 8 {
        disk.flip_bit(NEWEST, bit);
        let opened = open(disk.restart(), &options(16 << 10)).map(|_| ());
        let damage = damage(opened.expect_err("a flipped bit is damage"));
        assert_eq!(
            (damage.file.as_str(), damage.offset),
            (NEWEST, (bit / 8 / SECTOR * SECTOR) as u64)
        );
        disk.flip_bit(NEWEST, bit);
    }
}

/// A sector of a group that was once cut off, put back over one of the group that took its place.
#[test]
fn a_whole_sector_of_a_group_that_was_cut_off_is_damage_and_no_torn_tail() {
    let before = closed_log(&options(16 << 10), HISTORY, 9, 9);
    let with_tail = |groups: &[std::ops::RangeInclusive<u64>]| {
        let disk = before.restart();
        let (_directory, mut writer, _) = open(disk.clone(), &options(16 << 10)).expect("it is whole");
        for group in groups {
            writer
                .write(&batch(HISTORY, group.clone()))
                .expect("a disk without faults");
            writer.sync().expect("a disk without faults");
        }
        disk.restart()
    };
    let long = with_tail(&[10..=60])
        .read_file(NEWEST)
        .expect("the segment is there");
    let disk = with_tail(&[10..=20, 21..=40]);
    let mut mark = disk.read_file("commands.mark").expect("the mark is there");
    mark[4096..].fill(0xff);
    disk.write_file("commands.mark", mark);
    let mut bytes = disk.read_file(NEWEST).expect("the segment is there");
    let end = written(&bytes);
    let last_group = u32::from_le_bytes(
        bytes[end - SECTOR + 4..end - SECTOR + 8]
            .try_into()
            .expect("4 bytes"),
    );
    let at = last_group as usize * SECTOR;
    bytes[at..at + SECTOR].copy_from_slice(&long[at..at + SECTOR]);
    disk.write_file(NEWEST, bytes);
    let opened = open(disk, &options(16 << 10)).map(|_| ());
    let damage = damage(opened.expect_err("a foreign sector is damage"));
    assert_eq!((damage.cause, damage.offset), (DamageCause::Group, at as u64));
    assert_eq!(damage.sequence, Some(Seq::new(21)));
}

#[test]
fn an_unreadable_running_mark_is_reported_and_loses_nothing() {
    let disk = killed_log();
    disk.flip_bit("commands.mark", 4096 * 8 + 77);
    let (_directory, _writer, recovery) = open(disk, &options(16 << 10)).expect("the log is whole");
    assert_eq!(
        (recovery.end, recovery.is_running_mark_lost),
        (Seq::new(60), true)
    );
}

#[test]
fn a_snapshot_or_cursor_beyond_the_end_of_the_log_is_refused() {
    let disk = closed_log(&options(16 << 10), HISTORY, 60, 6);
    let (_directory, _writer, recovery) = open(disk, &options(16 << 10)).expect("it opens");
    recovery
        .require(Seq::new(60), "cursor-a.cur")
        .expect("the log reaches 60");
    let damage = recovery
        .require(Seq::new(61), "cursor-a.cur")
        .expect_err("the log does not reach 61");
    let cause = DamageCause::EndsEarly {
        end: Seq::new(60),
        acknowledged: Seq::new(61),
    };
    assert_eq!((damage.file.as_str(), damage.cause), ("cursor-a.cur", cause));
}
