//! A journal with its threads: appended to, read and cut off all at once.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use engine_core::Seq;
use engine_journal::simulation::{Faults, Random, SimulatedDisk};
use engine_journal::{
    AppendError, Batch, CommandLog, CommandReader, CommandSource, Entry, Journal, LogOptions, ReadError,
    Stream, SyncPolicy,
};

use crate::support::{batch, open, options, payload, push, read_range, seed, soak};

const HISTORY: u64 = 50;
const SEGMENT: u64 = 64 << 10;

fn spawn(disk: &SimulatedDisk, options: &LogOptions) -> Journal<SimulatedDisk> {
    let (_directory, writer, _) = open(disk.clone(), options).expect("the disk is whole");
    Journal::spawn(writer, |_| ()).expect("threads can be started")
}

/// Appends `first..=last` in batches of random size; where the log has no room it waits for some.
fn append(journal: &mut impl CommandLog, random: &mut Random, first: u64, last: u64) {
    let mut commands = Batch::new();
    let mut next = first;
    while next <= last {
        let end = (next + random.below(50)).min(last);
        commands.clear();
        (next..=end).for_each(|sequence| push(&mut commands, HISTORY, sequence));
        loop {
            match journal.append(&commands) {
                Ok(receipt) => {
                    let receipt = receipt.expect("the batch is not empty");
                    assert_eq!((receipt.first.get(), receipt.last.get()), (next, end));
                    break;
                }
                Err(AppendError::Backlog { .. }) => {
                    journal
                        .source()
                        .wait_durable(Seq::new(next - 1))
                        .expect("a disk without faults");
                }
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(journal.end(), Seq::new(end));
        next = end + 1;
    }
}

/// Reads `first..=last` through the trait, as a standby would.
fn follow(mut reader: impl CommandReader, first: u64, last: u64) {
    for sequence in first..=last {
        let entry = reader
            .next(Seq::new(last))
            .expect("no damage")
            .expect("it was appended");
        assert_eq!(
            (entry.sequence.get(), entry.payload),
            (sequence, payload(HISTORY, sequence).as_slice())
        );
    }
    assert_eq!(reader.next(Seq::new(last)).expect("no damage"), None);
    assert!(reader.history().is_some(), "a journal knows its history");
}

#[test]
fn what_is_appended_is_durable_in_order_and_read_while_it_is_written() {
    let last = 30_000 * soak();
    let disk = SimulatedDisk::new();
    let small = LogOptions {
        backlog_bytes_max: 100_000,
        ..options(SEGMENT)
    };
    let mut journal = spawn(&disk, &small);
    let progress = journal.progress().clone();
    let mut reader = journal.reader(Seq::new(1)).expect("the log can be read");
    let reading = std::thread::spawn(move || {
        let mut expected = 1;
        while expected <= last {
            progress
                .wait_written(Seq::new(expected))
                .expect("a disk without faults");
            let until = progress.written_through();
            while let Some(entry) = reader.next(until).expect("what is written can be read") {
                assert_eq!(
                    (entry.sequence.get(), entry.payload),
                    (expected, payload(HISTORY, expected).as_slice())
                );
                expected += 1;
            }
            assert_eq!(expected, until.get() + 1, "all that is written can be read");
        }
    });
    append(&mut journal, &mut Random::new(1), 1, last);
    reading.join().expect("the reader saw everything");
    assert_eq!(journal.close(), Ok(Seq::new(last)));
    let (directory, _writer, recovery) = open(disk.power_cut(1), &small).expect("it was closed");
    assert_eq!((recovery.end, recovery.torn), (Seq::new(last), None));
    read_range(&directory, Stream::Commands, HISTORY, 1, last).expect("everything is there");
}

#[test]
fn the_log_of_commands_is_used_through_its_trait_and_goes_on_after_a_restart() {
    let disk = SimulatedDisk::new();
    for (first, last) in [(1, 700), (701, 1_500)] {
        let mut journal = spawn(&disk, &options(SEGMENT));
        assert_eq!(CommandLog::end(&journal), Seq::new(first - 1));
        append(&mut journal, &mut Random::new(first), first, last);
        let source = CommandLog::source(&journal);
        source
            .wait_written(Seq::new(last))
            .expect("a disk without faults");
        source
            .wait_durable(Seq::new(last))
            .expect("a disk without faults");
        assert!(source.written_through() >= Seq::new(last));
        assert!(source.durable_through() >= Seq::new(last));
        assert!(source.syncs().0 > 0, "what is durable was synced");
        for from in [1, last - 9] {
            let reader = source.reader(Seq::new(from)).expect("it can be read");
            follow(reader, from, last);
        }
        CommandLog::close(journal).expect("a disk without faults");
    }
}

#[test]
fn power_cut_at_any_moment_leaves_what_the_journal_called_durable() {
    let seed = seed("live", 51);
    let mut random = Random::new(seed);
    for round in 0..300 * soak() {
        let disk = SimulatedDisk::new();
        let mut journal = spawn(&disk, &options(16 << 10));
        let off = Some(disk.steps() + random.below(300));
        disk.set_faults(
            Faults {
                power_off_at_step: off,
                ..Faults::default()
            },
            round,
        );
        let mut next = 1;
        loop {
            let end = next + random.below(9);
            if journal.append(&batch(HISTORY, next..=end)).is_err() {
                break;
            }
            if random.one_in(3) && journal.progress().wait_durable(Seq::new(end)).is_err() {
                break;
            }
            next = end + 1;
        }
        let acknowledged = journal.progress().durable_through().get();
        journal.close().expect_err("the power is off");
        let (directory, _writer, recovery) =
            open(disk.power_cut(round), &options(16 << 10)).expect("no damage");
        let end = recovery.end.get();
        assert!(
            (acknowledged..next + 9).contains(&end),
            "ends at {end}, acknowledged {acknowledged}"
        );
        read_range(&directory, Stream::Commands, HISTORY, 1, end).expect("it can be read");
    }
}

#[test]
fn a_batch_out_of_order_too_large_or_too_much_is_refused_whole_and_the_log_goes_on() {
    let disk = SimulatedDisk::new();
    let mut journal = spawn(
        &disk,
        &LogOptions {
            backlog_bytes_max: 10,
            ..options(4 << 10)
        },
    );
    for first in [0, 2, 3] {
        let expected = AppendError::OutOfOrder {
            expected: Seq::new(1),
            found: Seq::new(first),
        };
        assert_eq!(journal.append(&batch(HISTORY, first..=first)), Err(expected));
    }
    let mut large = Batch::new();
    large
        .push_whole(Seq::new(1), Default::default(), 1, &[0; 3445])
        .expect("any log might take it");
    let bytes_max = 7 * 496 - 28;
    assert_eq!(
        journal.append(&large),
        Err(AppendError::TooLarge {
            bytes: 3445,
            bytes_max
        })
    );
    assert_eq!(journal.append(&Batch::new()), Ok(None), "nothing is a batch too");
    large.clear();
    large
        .push_whole(Seq::new(1), Default::default(), 1, &vec![0; bytes_max])
        .expect("any log might take it");
    journal
        .append(&large)
        .expect("a batch at the limit is taken, and a first one however much it is");
    journal
        .progress()
        .wait_durable(Seq::new(1))
        .expect("a disk without faults");
    assert_eq!(journal.end(), Seq::new(1));
    journal.append(&batch(HISTORY, 2..=2)).expect("the log goes on");
    assert_eq!(journal.close(), Ok(Seq::new(2)));
}

/// An observer that holds the writing thread until it is let go.
fn held_journal(options: &LogOptions) -> (Journal<SimulatedDisk>, Arc<Mutex<()>>) {
    let gate = Arc::new(Mutex::new(()));
    let waiting = Arc::clone(&gate);
    let (_directory, writer, _) = open(SimulatedDisk::new(), options).expect("an empty disk opens");
    let journal = Journal::spawn(writer, move |_| drop(waiting.lock().expect("no test panicked")))
        .expect("threads can be started");
    (journal, gate)
}

#[test]
fn a_backlog_is_refused_at_once_and_taken_when_there_is_room() {
    let (mut journal, gate) = held_journal(&LogOptions {
        backlog_bytes_max: 3_000,
        ..options(SEGMENT)
    });
    let held = gate.lock().expect("no test panicked");
    let mut next = 1;
    let refused = loop {
        match journal.append(&batch(HISTORY, next..next + 10)) {
            Ok(_) => next += 10,
            Err(error) => break error,
        }
        assert!(next < 1_000, "nothing is ever refused");
    };
    assert!(
        matches!(refused, AppendError::Backlog { bytes_max: 3_000, .. }),
        "{refused}"
    );
    assert_eq!(
        journal.end(),
        Seq::new(next - 1),
        "nothing of the refused batch was taken"
    );
    drop(held);
    journal
        .progress()
        .wait_durable(Seq::new(next - 1))
        .expect("a disk without faults");
    journal
        .append(&batch(HISTORY, next..next + 10))
        .expect("there is room again");
    assert_eq!(journal.close(), Ok(Seq::new(next + 9)));
}

#[test]
fn an_observer_that_panics_stops_the_journal_instead_of_leaving_everyone_waiting() {
    let (_directory, writer, _) = open(SimulatedDisk::new(), &options(SEGMENT)).expect("an empty disk opens");
    let mut journal =
        Journal::spawn(writer, |_| panic!("an observer with a bug")).expect("threads can be started");
    journal.append(&batch(HISTORY, 1..=1)).expect("it is taken");
    let fault = journal
        .progress()
        .wait_durable(Seq::new(2))
        .expect_err("it has stopped");
    assert!(fault.to_string().contains("panic in journal-write"), "{fault}");
    assert!(matches!(
        journal.append(&batch(HISTORY, 2..=2)),
        Err(AppendError::Stopped(_))
    ));
    let closed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| journal.close()));
    assert!(closed.is_err(), "a bug is not hidden");
}

#[test]
fn a_log_that_syncs_on_request_is_readable_before_it_is_durable() {
    let disk = SimulatedDisk::new();
    let mut journal = spawn(
        &disk,
        &LogOptions {
            sync: SyncPolicy::OnRequest,
            ..options(SEGMENT)
        },
    );
    journal
        .append(&batch(HISTORY, 1..=5))
        .expect("a disk without faults");
    journal
        .progress()
        .wait_written(Seq::new(5))
        .expect("a disk without faults");
    assert_eq!(
        journal.progress().durable_through(),
        Seq::new(0),
        "nobody asked for a sync"
    );
    follow(journal.reader(Seq::new(1)).expect("it can be read"), 1, 5);
    journal.request_sync();
    journal
        .progress()
        .wait_durable(Seq::new(5))
        .expect("a disk without faults");
}

#[test]
fn a_log_that_syncs_at_intervals_becomes_durable_without_being_asked() {
    let disk = SimulatedDisk::new();
    let sync = SyncPolicy::Interval(Duration::from_millis(5));
    let mut journal = spawn(
        &disk,
        &LogOptions {
            sync,
            ..options(SEGMENT)
        },
    );
    for next in [1, 6] {
        journal
            .append(&batch(HISTORY, next..next + 5))
            .expect("a disk without faults");
        journal
            .progress()
            .wait_durable(Seq::new(next + 4))
            .expect("a disk without faults");
    }
    let (directory, _writer, recovery) = open(disk.power_cut(3), &options(SEGMENT)).expect("no damage");
    assert_eq!(recovery.end, Seq::new(10));
    read_range(&directory, Stream::Commands, HISTORY, 1, 10).expect("it can be read");
}

#[test]
fn a_log_that_syncs_at_intervals_does_not_sync_before_one_is_over() {
    let sync = SyncPolicy::Interval(Duration::from_secs(3_600));
    let mut journal = spawn(
        &SimulatedDisk::new(),
        &LogOptions {
            sync,
            ..options(SEGMENT)
        },
    );
    for next in [1, 6] {
        journal
            .append(&batch(HISTORY, next..next + 5))
            .expect("a disk without faults");
        journal
            .progress()
            .wait_written(Seq::new(next + 4))
            .expect("a disk without faults");
    }
    assert_eq!(journal.progress().durable_through(), Seq::new(0));
    assert_eq!(journal.close(), Ok(Seq::new(10)), "closing syncs what is left");
}

#[test]
fn a_journal_that_is_dropped_has_written_what_it_took() {
    let disk = SimulatedDisk::new();
    let mut journal = spawn(&disk, &options(SEGMENT));
    journal
        .append(&batch(HISTORY, 1..=500))
        .expect("a disk without faults");
    drop(journal);
    let (_directory, _writer, recovery) = open(disk.power_cut(4), &options(SEGMENT)).expect("no damage");
    assert_eq!((recovery.end, recovery.torn), (Seq::new(500), None));
}

#[test]
fn a_command_in_several_records_counts_only_with_its_last_one() {
    let disk = SimulatedDisk::new();
    let mut journal = spawn(
        &disk,
        &LogOptions {
            sync: SyncPolicy::OnRequest,
            ..options(4 << 10)
        },
    );
    let part = |continues| {
        let mut batch = Batch::new();
        let payload = &[7; 3000];
        let entry = Entry {
            sequence: Seq::new(1),
            time: Default::default(),
            version: 1,
            continues,
            payload,
        };
        batch.push(&entry).expect("parts follow on each other");
        batch
    };
    for _ in 0..3 {
        journal.append(&part(true)).expect("a disk without faults");
    }
    journal.request_sync();
    assert_eq!(journal.end(), Seq::new(0), "the command is not whole yet");
    journal.append(&part(false)).expect("a disk without faults");
    journal
        .progress()
        .wait_written(Seq::new(1))
        .expect("a disk without faults");
    assert_eq!(journal.end(), Seq::new(1));
    let mut reader = journal.reader(Seq::new(1)).expect("it can be read");
    for continues in [true, true, true, false] {
        let entry = reader
            .next(Seq::new(1))
            .expect("no damage")
            .expect("there are four parts");
        assert_eq!((entry.continues, entry.payload.len()), (continues, 3000));
    }
    assert_eq!(reader.next(Seq::new(1)).expect("no damage"), None);
}

#[test]
fn old_segments_go_while_the_log_is_written_and_a_reader_that_needs_them_is_told() {
    let disk = SimulatedDisk::new();
    let mut journal = spawn(&disk, &options(8 << 10));
    append(&mut journal, &mut Random::new(2), 1, 2_000);
    journal
        .progress()
        .wait_durable(Seq::new(2_000))
        .expect("a disk without faults");
    let removed = journal
        .retention()
        .remove_through(Seq::new(1_000))
        .expect("a disk without faults");
    assert!(removed.len() > 3, "{removed:?} are too few");
    append(&mut journal, &mut Random::new(3), 2_001, 3_000);
    let Err(ReadError::Gone { wanted, first }) = journal.reader(Seq::new(1)) else {
        panic!("a sequence that is gone cannot be read")
    };
    assert!(
        wanted == Seq::new(1) && first <= Seq::new(1_001),
        "{first} was still needed"
    );
    journal
        .progress()
        .wait_written(Seq::new(3_000))
        .expect("a disk without faults");
    follow(journal.reader(first).expect("it is kept"), first.get(), 3_000);
}
