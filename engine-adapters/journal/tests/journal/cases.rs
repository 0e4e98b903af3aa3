//! What else a user of the crate relies on: options that change, readers, cursors, retention.

use engine_core::Seq;
use engine_journal::simulation::SimulatedDisk;
use engine_journal::{
    AppendError, Batch, CursorError, Directory, Entry, LogOptions, PAYLOAD_BYTES_MAX, ReadError, Storage,
    Stream,
};

use crate::support::{
    IDENTITY, batch, closed_log, lazy, open, options, payload, read_all, read_range, write_groups,
};

const HISTORY: u64 = 90;

#[test]
fn a_log_goes_on_when_segment_size_or_sync_policy_change() {
    let disk = SimulatedDisk::new();
    let kinds: [LogOptions; 5] = [
        options(4 << 10),
        options(64 << 10),
        lazy(64 << 10),
        lazy(2 << 10),
        options(16 << 10),
    ];
    for (round, options) in (0..).zip(&kinds) {
        let (directory, mut writer, recovery) = open(disk.clone(), options).expect("it is whole");
        assert_eq!(recovery.end, Seq::new(round * 100));
        write_groups(&mut writer, HISTORY, round * 100 + 1, round * 100 + 100, 9);
        read_range(&directory, Stream::Commands, HISTORY, 1, round * 100 + 100).expect("it can be read");
    }
    assert_eq!(read_all(&disk.power_cut(1), &kinds[0], HISTORY, 1), Ok(500));
}

#[test]
fn the_largest_payload_goes_through_and_a_batch_of_many_groups_too() {
    let disk = SimulatedDisk::new();
    let options = options(8 << 20);
    let (directory, mut writer, _) = open(disk.clone(), &options).expect("an empty disk opens");
    let payload = vec![5; PAYLOAD_BYTES_MAX];
    let mut large = Batch::new();
    for sequence in 1..=12 {
        large
            .push_whole(Seq::new(sequence), Default::default(), 1, &payload)
            .expect("it is at the limit");
    }
    writer.write(&large).expect("a disk without faults");
    assert!(
        writer.durable_through() >= Seq::new(9),
        "at most one group is not durable"
    );
    assert_eq!(writer.close(), Ok(Seq::new(12)));
    let mut reader = directory
        .reader(Stream::Commands, Seq::new(1))
        .expect("it can be read");
    for sequence in 1..=12 {
        let entry = reader
            .next(Seq::new(12))
            .expect("no damage")
            .expect("it was written");
        assert_eq!(
            (entry.sequence.get(), entry.payload.len()),
            (sequence, PAYLOAD_BYTES_MAX)
        );
    }
}

#[test]
fn a_writer_refuses_what_does_not_follow_before_it_writes_anything() {
    let disk = SimulatedDisk::new();
    let (_directory, mut writer, _) = open(disk.clone(), &options(4 << 10)).expect("an empty disk opens");
    write_groups(&mut writer, HISTORY, 1, 5, 5);
    let steps = disk.steps();
    for first in [1, 5, 7] {
        let refused = writer.write(&batch(HISTORY, first..=first));
        assert_eq!(
            refused,
            Err(AppendError::OutOfOrder {
                expected: Seq::new(6),
                found: Seq::new(first)
            })
        );
    }
    assert_eq!(disk.steps(), steps);
    writer.write(&batch(HISTORY, 6..=6)).expect("the log goes on");
}

#[test]
fn a_reader_starts_anywhere_and_stops_where_it_is_told() {
    let disk = closed_log(&options(4 << 10), HISTORY, 80, 7);
    let (directory, _writer, _) = open(disk, &options(4 << 10)).expect("it is whole");
    for from in 1..=80 {
        read_range(&directory, Stream::Commands, HISTORY, from, 80).expect("it can be read");
        let mut reader = directory
            .reader(Stream::Commands, Seq::new(from))
            .expect("it can be read");
        assert_eq!(reader.position(), Seq::new(from));
        assert_eq!(reader.next(Seq::new(from - 1)).expect("no damage"), None);
        let entry = reader
            .next(Seq::new(from))
            .expect("no damage")
            .expect("it is there");
        assert_eq!(entry.sequence, Seq::new(from));
        assert_eq!(
            reader.next(Seq::new(from)).expect("no damage"),
            None,
            "not beyond"
        );
    }
    let mut reader = directory
        .reader(Stream::Commands, Seq::new(81))
        .expect("it may come");
    assert_eq!(reader.next(Seq::new(80)).expect("no damage"), None);
    let told = reader
        .next(Seq::new(81))
        .expect_err("it was told of what is not there");
    assert!(matches!(told, ReadError::Damage(damage) if damage.sequence == Some(Seq::new(81))));
}

#[test]
fn a_reader_sees_what_is_written_after_it_had_read_ahead_to_the_end() {
    let (directory, mut writer, _) =
        open(SimulatedDisk::new(), &options(4 << 10)).expect("an empty disk opens");
    let mut reader = directory
        .reader(Stream::Commands, Seq::new(1))
        .expect("it may come");
    for last in 1..=60 {
        write_groups(&mut writer, HISTORY, last, last, 1);
        let entry = reader
            .next(writer.written_through())
            .expect("no damage")
            .expect("it is written");
        assert_eq!(
            (entry.sequence.get(), entry.payload),
            (last, payload(HISTORY, last).as_slice())
        );
        assert_eq!(reader.next(writer.written_through()).expect("no damage"), None);
    }
}

#[test]
fn a_reader_fills_batches_that_can_be_appended_elsewhere() {
    let disk = closed_log(&options(4 << 10), HISTORY, 80, 7);
    let (directory, _writer, _) = open(disk, &options(4 << 10)).expect("it is whole");
    let mut reader = directory
        .reader(Stream::Commands, Seq::new(1))
        .expect("it can be read");
    let (standby, mut copy, _) = open(SimulatedDisk::new(), &options(8 << 10)).expect("an empty disk opens");
    let mut records = Batch::new();
    let mut batches = 0;
    loop {
        records.clear();
        let count = reader.read(Seq::new(80), 500, &mut records).expect("no damage");
        assert_eq!(count, records.len());
        if count == 0 {
            break;
        }
        assert!(records.bytes() < 700, "a batch stops soon after its limit");
        copy.write(&records).expect("it follows");
        batches += 1;
    }
    assert!(batches > 5);
    read_range(&standby, Stream::Commands, HISTORY, 1, 80).expect("the copy is the same");
}

#[test]
fn cursors_move_forwards_survive_and_hold_retention_back() {
    let disk = SimulatedDisk::new();
    {
        let directory = Directory::open(disk.clone(), IDENTITY).expect("an empty disk opens");
        let cursors = directory.cursors();
        assert_eq!(cursors.slowest(), Ok(None));
        cursors
            .advance("kafka", Seq::new(50))
            .expect("a disk without faults");
        cursors
            .advance("redis-1_a", Seq::new(7))
            .expect("a disk without faults");
        cursors
            .advance("kafka", Seq::new(50))
            .expect("to stay is no step back");
        let back = cursors.advance("kafka", Seq::new(49));
        assert!(matches!(back, Err(CursorError::Backwards { position, .. }) if position == Seq::new(50)));
        for name in ["", "Redis", "a/b", "..", &"x".repeat(65)] {
            assert!(
                matches!(cursors.advance(name, Seq::new(1)), Err(CursorError::Name { .. })),
                "{name:?}"
            );
            assert!(
                matches!(cursors.position(name), Err(CursorError::Name { .. })),
                "{name:?}"
            );
        }
        cursors
            .advance(&"x".repeat(64), Seq::new(9))
            .expect("64 characters are allowed");
    }
    let after = disk.power_cut(1);
    let directory = Directory::open(after.clone(), IDENTITY).expect("no damage");
    let cursors = directory.cursors();
    let positions = cursors.positions().expect("no damage");
    let expected = [("kafka", 50), ("redis-1_a", 7), (&"x".repeat(64), 9)];
    assert_eq!(
        positions,
        expected.map(|(name, sequence)| (name.to_owned(), Seq::new(sequence)))
    );
    assert_eq!(cursors.slowest(), Ok(Some(Seq::new(7))));
    cursors.remove("redis-1_a").expect("it is there");
    assert_eq!(cursors.slowest(), Ok(Some(Seq::new(9))));
    let kafka = after.read_file("cursor-kafka.cur").expect("it is there");
    after.write_file("cursor-other.cur", kafka);
    cursors
        .position("other")
        .expect_err("a copied cursor is not another one's");
}

#[test]
fn retention_removes_whole_segments_that_everyone_has_passed_and_never_the_open_one() {
    let disk = closed_log(&options(4 << 10), HISTORY, 80, 3);
    let (directory, writer, recovery) = open(disk.clone(), &options(4 << 10)).expect("it is whole");
    let retention = writer.retention();
    let report = directory.verify(|_| ()).expect("it can be read");
    let segments = &report.logs[0].segments;
    let (first, second) = (&segments[0], &segments[1]);
    assert_eq!(
        retention.remove_through(Seq::new(first.last.get() - 1)),
        Ok(Vec::new()),
        "one is still needed"
    );
    assert_eq!(retention.remove_through(first.last), Ok(vec![first.file.clone()]));
    assert_eq!(retention.remove_through(first.last), Ok(Vec::new()));
    read_range(&directory, Stream::Commands, HISTORY, second.first.get(), 80).expect("the rest is there");
    let removed = retention
        .remove_through(Seq::new(1_000))
        .expect("a disk without faults");
    assert_eq!(removed.len(), segments.len() - 2, "the open segment stays");
    assert_eq!(recovery.first, Seq::new(1));
    drop((directory, writer, retention));
    let (_directory, mut writer, recovery) = open(disk, &options(4 << 10)).expect("it is whole");
    assert_eq!(
        (recovery.first, recovery.end),
        (segments[segments.len() - 1].first, Seq::new(80))
    );
    write_groups(&mut writer, HISTORY, 81, 90, 3);
}

#[test]
fn a_crash_while_segments_are_removed_leaves_a_log_without_a_gap() {
    let disk = closed_log(&options(4 << 10), HISTORY, 80, 3).restart();
    let (_directory, writer, _) = open(disk.clone(), &options(4 << 10)).expect("it is whole");
    disk.observe(|_, copy| {
        for choice in 0..8 {
            let cut = copy.power_cut(copy.steps() * 8 + choice);
            let (directory, _writer, recovery) = open(cut.clone(), &options(4 << 10)).expect("no damage");
            let files = cut.list().expect("a disk without faults");
            let segments = files.iter().filter(|name| name.ends_with(".log")).count();
            let report = directory.verify(|_| ()).expect("it can be read");
            assert_eq!(
                report.logs[0].segments.len(),
                segments,
                "what was to be removed is"
            );
            assert_eq!(recovery.end, Seq::new(80));
            let first = recovery.first.get();
            read_range(&directory, Stream::Commands, HISTORY, first, 80).expect("no gap");
        }
    });
    assert!(
        writer
            .retention()
            .remove_through(Seq::new(1_000))
            .is_ok_and(|removed| removed.len() > 2)
    );
}

#[test]
fn an_event_log_stands_beside_the_command_log() {
    let disk = SimulatedDisk::new();
    {
        let (directory, mut commands, _) =
            open(disk.clone(), &options(4 << 10)).expect("an empty disk opens");
        let (mut events, recovery) = directory
            .events(&lazy(4 << 10), Seq::new(0))
            .expect("an empty disk opens");
        assert_eq!(recovery.end, Seq::new(0));
        write_groups(&mut commands, HISTORY, 1, 40, 8);
        write_groups(&mut events, HISTORY + 1, 1, 30, 8);
        events.close().expect("a disk without faults");
        commands.close().expect("a disk without faults");
    }
    let names = disk.list().expect("a disk without faults");
    assert!(
        names.contains(&"commands-0000000001.log".to_owned()) && names.contains(&"events.mark".to_owned())
    );
    let (directory, _commands, recovery) = open(disk, &options(4 << 10)).expect("it is whole");
    let (mut events, completed) = directory
        .events(&lazy(4 << 10), recovery.end)
        .expect("it is whole");
    assert_eq!(
        completed.end,
        Seq::new(30),
        "the rest is for the caller to compute"
    );
    write_groups(&mut events, HISTORY + 1, 31, 40, 8);
    read_range(&directory, Stream::Events, HISTORY + 1, 1, 40).expect("it can be read");
    read_range(&directory, Stream::Commands, HISTORY, 1, 40).expect("it can be read");
}

#[test]
fn a_batch_of_parts_that_a_crash_left_open_is_cut_off_over_several_segments() {
    let disk = SimulatedDisk::new();
    let directory = Directory::open(disk.clone(), IDENTITY).expect("an empty disk opens");
    let (mut events, _) = directory
        .events(&lazy(4 << 10), Seq::new(0))
        .expect("an empty disk opens");
    write_groups(&mut events, HISTORY, 1, 3, 3);
    for _ in 0..6 {
        let mut part = Batch::new();
        let entry = Entry {
            sequence: Seq::new(4),
            time: Default::default(),
            version: 1,
            continues: true,
            payload: &[9; 2000],
        };
        part.push(&entry).expect("parts follow on each other");
        events.write(&part).expect("a disk without faults");
        events.sync().expect("a disk without faults");
    }
    assert_eq!(
        (events.written_through(), events.durable_through()),
        (Seq::new(3), Seq::new(3))
    );
    drop((events, directory));
    let directory = Directory::open(disk.restart(), IDENTITY).expect("no damage");
    let (mut events, recovery) = directory
        .events(&lazy(4 << 10), Seq::new(4))
        .expect("an open batch is no damage");
    assert_eq!(recovery.end, Seq::new(3));
    write_groups(&mut events, HISTORY, 4, 9, 3);
    read_range(&directory, Stream::Events, HISTORY, 1, 9).expect("it can be read");
}
