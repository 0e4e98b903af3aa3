//! What `journal verify` lists, and what `journal repair` mends.

use engine_core::Seq;
use engine_journal::simulation::SimulatedDisk;
use engine_journal::{DamageCause, Directory, Repair, RepairError, Repaired, Storage, Stream, VerifyReport};

use crate::support::{IDENTITY, batch, closed_log, lazy, open, options, read_all, read_range, write_groups};

const HISTORY: u64 = 80;
const SEGMENT: u64 = 4 << 10;
const LAST: u64 = 72;
const SECTOR: usize = 512;

fn segment(number: u64) -> String {
    format!("commands-{number:010}.log")
}

fn sample() -> SimulatedDisk {
    let disk = closed_log(&options(SEGMENT), HISTORY, LAST, 3);
    assert!(disk.read_file(&segment(4)).is_some(), "there are four segments");
    disk
}

fn verify(disk: &SimulatedDisk) -> VerifyReport {
    let directory = Directory::open_existing(disk.clone()).expect("the directory is whole");
    directory.verify(|_| ()).expect("it can be read")
}

fn repair(disk: &SimulatedDisk, repair: Repair) -> Result<Vec<Repaired>, RepairError> {
    let directory = Directory::open_existing(disk.clone()).expect("the directory is whole");
    directory.repair(Stream::Commands, repair)
}

#[test]
fn verify_lists_segments_snapshots_and_cursors_and_changes_nothing() {
    let disk = sample();
    {
        let directory = Directory::open(disk.clone(), IDENTITY).expect("it is whole");
        directory
            .cursors()
            .advance("redis", Seq::new(12))
            .expect("a disk without faults");
    }
    let steps = disk.steps();
    let mut heard = Vec::new();
    let report = Directory::open_existing(disk.clone())
        .expect("it is whole")
        .verify(|progress| heard.push((progress.segments_done, progress.segments_all)))
        .expect("it can be read");
    assert_eq!(disk.steps(), steps, "nothing was written");
    assert_eq!(heard.last(), Some(&(4, 4)));
    assert_eq!(report.damage, []);
    assert_eq!(report.cursors, [("redis".to_owned(), Seq::new(12))]);
    let [log] = report.logs.as_slice() else {
        panic!("there is one log")
    };
    assert_eq!(
        (log.stream, log.end, &log.torn),
        (Stream::Commands, Seq::new(LAST), &None)
    );
    let mut next = 1;
    for (number, report) in (1..).zip(&log.segments) {
        assert_eq!(
            (&report.file, report.first.get(), report.bytes),
            (&segment(number), next, SEGMENT)
        );
        assert_eq!(report.records, report.last.get() - report.first.get() + 1);
        next = report.last.get() + 1;
    }
    assert_eq!(next, LAST + 1);
}

#[test]
fn verify_lists_a_segment_of_another_length() {
    for (number, bytes) in [
        (2, SEGMENT as usize - SECTOR),
        (2, SEGMENT as usize + SECTOR),
        (4, SEGMENT as usize + SECTOR),
    ] {
        let disk = sample();
        let mut log = disk.read_file(&segment(number)).expect("there are four");
        log.resize(bytes, 0);
        disk.write_file(&segment(number), log);
        let [damage] = verify(&disk).damage.try_into().expect("one segment is damaged");
        let cause = DamageCause::Length {
            expected: SEGMENT,
            found: bytes as u64,
        };
        assert_eq!((damage.file, damage.cause), (segment(number), cause));
    }
}

#[test]
fn verify_goes_on_behind_damage_and_lists_all_of_it() {
    let disk = sample();
    disk.flip_bit(&segment(1), 3 * SECTOR * 8 + 100);
    disk.flip_bit(&segment(2), 99);
    disk.flip_bit(&segment(3), SEGMENT as usize * 8 - 5 * SECTOR * 8);
    disk.flip_bit("commands.mark", 5);
    let report = verify(&disk);
    let files: Vec<_> = report.damage.iter().map(|damage| damage.file.clone()).collect();
    assert_eq!(
        files,
        ["commands.mark".to_owned(), segment(1), segment(2), segment(3)]
    );
    let end = report.logs[0].end.get();
    assert!((1..18).contains(&end), "readable through {end}");
    assert_eq!(report.damage[1].sequence, Some(Seq::new(end + 1)));
}

#[test]
fn a_torn_tail_is_listed_but_is_no_damage() {
    let disk = SimulatedDisk::new();
    let (_directory, mut writer, _) = open(disk.clone(), &options(SEGMENT)).expect("an empty disk opens");
    write_groups(&mut writer, HISTORY, 1, 9, 3);
    writer
        .write(&batch(HISTORY, 10..=30))
        .expect("a disk without faults");
    let disk = (0..)
        .map(|seed| disk.power_cut(seed))
        .find(|cut| verify(cut).logs[0].torn.is_some());
    let report = verify(&disk.expect("some cut tears the group"));
    assert_eq!(
        (report.damage.as_slice(), report.logs[0].end),
        (&[][..], Seq::new(9))
    );
}

#[test]
fn a_lost_header_or_mark_is_mended_without_losing_a_record() {
    for number in 1..=4 {
        for name in [segment(number), "commands.mark".to_owned()] {
            let disk = sample();
            disk.flip_bit(&name, 200);
            read_all(&disk, &options(SEGMENT), HISTORY, 1).expect_err("it is damaged");
            let done = repair(&disk, Repair::Mend).expect("it can be mended");
            let mended = if name == "commands.mark" {
                Repaired::Mark { file: name.clone() }
            } else {
                Repaired::Header { file: name.clone() }
            };
            assert_eq!(done, [mended]);
            assert_eq!(read_all(&disk, &options(SEGMENT), HISTORY, 1), Ok(LAST));
            let kept = disk
                .read_file(&format!("{name}.removed-1"))
                .expect("what was there is kept");
            disk.write_file(&name, kept);
            read_all(&disk, &options(SEGMENT), HISTORY, 1).expect_err("it is the damaged file");
        }
    }
}

#[test]
fn bytes_behind_the_records_of_a_full_segment_are_removed_without_losing_a_record() {
    let disk = SimulatedDisk::new();
    {
        let (_directory, mut writer, _) = open(disk.clone(), &options(SEGMENT)).expect("an empty disk opens");
        write_groups(&mut writer, HISTORY, 1, 6, 3);
        // Too large for the rest of the first segment, so its end stays unwritten.
        let mut large = engine_journal::Batch::new();
        large
            .push_whole(Seq::new(7), Default::default(), 1, &[1; 3400])
            .expect("the log might take it");
        writer.write(&large).expect("a disk without faults");
        writer.close().expect("a disk without faults");
    }
    let disk = disk.restart();
    disk.flip_bit(&segment(1), (SEGMENT as usize - 3) * 8);
    let report = verify(&disk);
    assert_eq!(
        report
            .damage
            .iter()
            .map(|damage| damage.cause)
            .collect::<Vec<_>>(),
        [DamageCause::Trailing]
    );
    let done = repair(&disk, Repair::Mend).expect("it can be mended");
    assert_eq!(done, [Repaired::Padding { file: segment(1) }]);
    let report = verify(&disk);
    assert_eq!(
        (report.damage.as_slice(), report.logs[0].end),
        (&[][..], Seq::new(7))
    );
}

#[test]
fn a_log_is_cut_after_the_last_sequence_that_can_be_read_and_goes_on_from_there() {
    let disk = sample();
    disk.flip_bit(&segment(2), 4 * SECTOR * 8 + 1000);
    let end = verify(&disk).logs[0].end;
    let beyond = repair(&disk, Repair::CutAfter(end.next()));
    assert!(
        matches!(beyond, Err(RepairError::BeyondEnd { end: found, .. }) if found == end),
        "{beyond:?}"
    );
    assert_eq!(
        repair(&disk, Repair::CutAfter(end)),
        Ok(vec![Repaired::Cut { end }])
    );
    let names = disk.list().expect("a disk without faults");
    for number in 2..=4 {
        assert!(
            names.contains(&format!("{}.removed-1", segment(number))),
            "{names:?}"
        );
    }
    let (directory, mut writer, recovery) = open(disk, &options(SEGMENT)).expect("it is whole again");
    assert_eq!((recovery.end, recovery.torn), (end, None));
    writer
        .write(&batch(HISTORY, end.get() + 1..=LAST))
        .expect("the log goes on");
    read_range(&directory, Stream::Commands, HISTORY, 1, LAST).expect("it can be read");
}

#[test]
fn a_log_can_be_cut_anywhere_also_in_the_middle_of_a_group() {
    for last in 0..=LAST {
        for options in [options(SEGMENT), lazy(SEGMENT)] {
            let disk = closed_log(&options, HISTORY, LAST, 11);
            repair(&disk, Repair::CutAfter(Seq::new(last))).expect("it is whole");
            assert_eq!(read_all(&disk, &options, HISTORY, 1), Ok(last));
        }
    }
}

#[test]
fn a_log_can_start_behind_damage_that_a_snapshot_has_passed() {
    let disk = sample();
    disk.flip_bit(&segment(2), 3 * SECTOR * 8);
    let third = verify(&disk).logs[0].segments[2].first;
    assert!(repair(&disk, Repair::StartAfter(Seq::new(third.get() - 1))).is_ok_and(|done| done.len() == 2));
    assert_eq!(verify(&disk).damage, []);
    assert_eq!(read_all(&disk, &options(SEGMENT), HISTORY, third.get()), Ok(LAST));
}

#[test]
fn what_cannot_be_mended_is_left_as_it_was() {
    let disk = sample();
    disk.flip_bit(&segment(2), 300);
    let third = disk.read_file(&segment(3)).expect("it is there");
    disk.write_file(&segment(2), {
        let mut bytes = disk.read_file(&segment(2)).expect("it is there");
        bytes[SECTOR..2 * SECTOR].copy_from_slice(&third[SECTOR..2 * SECTOR]);
        bytes
    });
    let before = disk.read_file(&segment(2));
    repair(&disk, Repair::Mend).expect_err("nothing says what the header was");
    assert_eq!(disk.read_file(&segment(2)), before);
}

#[test]
fn a_tool_foresees_what_opening_finds_and_changes_nothing() {
    let disk = SimulatedDisk::new();
    let (_directory, mut writer, _) = open(disk.clone(), &options(SEGMENT)).expect("an empty disk opens");
    write_groups(&mut writer, HISTORY, 1, 9, 3);
    writer
        .write(&batch(HISTORY, 10..=30))
        .expect("a disk without faults");
    for seed in 0..100 {
        let cut = disk.power_cut(seed);
        let foreseen = {
            let directory = Directory::open_existing(cut.clone()).expect("it is whole");
            assert_eq!(
                directory.foresee(Stream::Events),
                Ok(None),
                "there is no such log"
            );
            let steps = cut.steps();
            let foreseen = directory
                .foresee(Stream::Commands)
                .expect("a power cut is no damage");
            assert_eq!(cut.steps(), steps, "nothing was written");
            foreseen.expect("there is a log")
        };
        let (_directory, _writer, found) = open(cut, &options(SEGMENT)).expect("a power cut is no damage");
        assert_eq!(foreseen, found);
    }
    let damaged = sample();
    damaged.flip_bit(&segment(4), 3 * SECTOR * 8);
    let directory = Directory::open_existing(damaged).expect("the directory is whole");
    directory
        .foresee(Stream::Commands)
        .expect_err("the end is damaged");
}

#[test]
fn a_lost_identity_is_written_anew_from_the_logs_unless_they_disagree() {
    let whole = sample();
    let before = whole.read_file("journal.id");
    let lose: [fn(&SimulatedDisk); 2] = [
        |disk| disk.flip_bit("journal.id", 130),
        |disk| disk.delete("journal.id").expect("it is there"),
    ];
    for lose in lose {
        let disk = whole.restart();
        lose(&disk);
        disk.flip_bit(&segment(1), 40);
        Directory::open_existing(disk.clone())
            .map(|_| ())
            .expect_err("it is lost");
        let directory = Directory::open_without_identity(disk.clone()).expect("the other files say it");
        assert_eq!(directory.identity(), IDENTITY);
        assert_eq!(disk.read_file("journal.id"), before);
    }
    let disk = whole.restart();
    let foreign = SimulatedDisk::new();
    let other = engine_journal::Identity {
        journal: 1,
        ..IDENTITY
    };
    let directory = Directory::open(foreign.clone(), other).expect("an empty disk opens");
    directory
        .commands(&options(SEGMENT))
        .map(|_| ())
        .expect("an empty disk opens");
    disk.delete("journal.id").expect("it is there");
    disk.write_file(&segment(2), foreign.read_file(&segment(1)).expect("it is there"));
    let refused = Directory::open_without_identity(disk.clone()).map(|_| ());
    refused.expect_err("two journals are mixed up");
    assert_eq!(disk.read_file("journal.id"), None, "nothing was written");
}

#[test]
fn a_log_that_can_be_computed_again_is_put_aside_as_a_whole() {
    let disk = SimulatedDisk::new();
    {
        let directory = Directory::open(disk.clone(), IDENTITY).expect("an empty disk opens");
        let (mut events, _) = directory
            .events(&lazy(SEGMENT), Seq::new(0))
            .expect("an empty disk opens");
        write_groups(&mut events, HISTORY, 1, 40, 5);
        events.close().expect("a disk without faults");
    }
    let files = disk.list().expect("a disk without faults");
    let of_events: Vec<&String> = files.iter().filter(|name| name.starts_with("events")).collect();
    let before: Vec<_> = of_events.iter().map(|name| disk.read_file(name)).collect();
    {
        let directory = Directory::open_existing(disk.clone()).expect("it is whole");
        let done = directory.repair(Stream::Events, Repair::SetAside);
        assert_eq!(done.map(|done| done.len()), Ok(of_events.len()));
    }
    for (name, before) in of_events.iter().zip(before) {
        assert_eq!(disk.read_file(name), None);
        assert_eq!(disk.read_file(&format!("{name}.removed-1")), before);
    }
    let directory = Directory::open(disk, IDENTITY).expect("it is whole");
    let (_events, recovery) = directory
        .events(&lazy(SEGMENT), Seq::new(40))
        .expect("it begins anew");
    assert_eq!(recovery.end, Seq::new(0));
}
