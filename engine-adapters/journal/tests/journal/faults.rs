//! R6, R7 and R8: a full disk, a failing sync, writes done by halves.

use std::io::Write;
use std::sync::{Arc, Mutex};

use engine_core::Seq;
use engine_journal::simulation::{Faults, SimulatedDisk};
use engine_journal::{AppendError, Directory, Fault, Journal, LogWriter, Operation, SnapshotStamp, Stream};

use crate::support::{IDENTITY, batch, open, options, read_range, seed, soak, time};

const HISTORY: u64 = 40;
const SEGMENT: u64 = 8 << 10;

fn stopped<T: std::fmt::Debug>(outcome: Result<T, AppendError>) -> Fault {
    match outcome {
        Err(AppendError::Stopped(fault)) => fault,
        other => panic!("the log should have stopped, not {other:?}"),
    }
}

/// Writes and syncs groups of four until something fails. Returns the last durable sequence and the fault.
fn write_until_fault(writer: &mut LogWriter<SimulatedDisk>, first: u64, last: u64) -> (u64, Option<Fault>) {
    let mut next = first;
    while next <= last {
        let written = writer.write(&batch(HISTORY, next..next + 4));
        let synced = written.and_then(|()| Ok(writer.sync()?));
        if synced.is_err() {
            return (writer.durable_through().get(), Some(stopped(synced)));
        }
        next += 4;
    }
    (writer.durable_through().get(), None)
}

fn check_recovered(disk: SimulatedDisk, acknowledged: u64) -> u64 {
    let (directory, mut writer, recovery) = open(disk, &options(SEGMENT)).expect("a fault is no damage");
    let end = recovery.end.get();
    assert!(end >= acknowledged, "ends at {end}, acknowledged {acknowledged}");
    writer
        .write(&batch(HISTORY, end + 1..=end + 2))
        .expect("the log goes on");
    writer.sync().expect("the log goes on");
    read_range(&directory, Stream::Commands, HISTORY, 1, end + 2).expect("nothing is lost or doubled");
    end
}

#[test]
fn r6_a_full_disk_stops_the_log_and_loses_nothing_once_there_is_room_again() {
    let mut tried = 0;
    for capacity in (9_000..120_000).step_by(777) {
        let disk = SimulatedDisk::new();
        let full = Faults {
            capacity_bytes: Some(capacity),
            ..Faults::default()
        };
        disk.set_faults(full, capacity);
        let Ok((_directory, mut writer, _)) = open(disk.clone(), &options(SEGMENT)) else {
            check_recovered(disk.restart(), 0);
            continue;
        };
        let (acknowledged, fault) = write_until_fault(&mut writer, 1, 1_000 * soak());
        let fault = fault.expect("the disk is too small for all of them");
        assert_eq!(
            (fault.operation, fault.kind),
            (Operation::Write, std::io::ErrorKind::StorageFull),
            "{fault}"
        );
        assert!(fault.to_string().contains("No space left"), "{fault}");
        check_recovered(disk.restart(), acknowledged);
        check_recovered(disk.power_cut(capacity), acknowledged);
        tried += 1;
    }
    assert!(tried > 100, "{tried} sizes are too few");
}

#[test]
fn r6_every_write_that_fails_stops_the_log_at_once() {
    for failing in 1..400 * soak() {
        let disk = SimulatedDisk::new();
        let (_directory, mut writer, _) = open(disk.clone(), &options(SEGMENT)).expect("an empty disk opens");
        disk.set_faults(
            Faults {
                failing_write: Some(failing),
                ..Faults::default()
            },
            failing,
        );
        let (acknowledged, fault) = write_until_fault(&mut writer, 1, 2_000);
        let fault = fault.expect("there are more writes than that");
        assert_eq!(fault.operation, Operation::Write);
        let steps = disk.steps();
        let after = acknowledged + 1;
        assert_eq!(
            stopped(writer.write(&batch(HISTORY, after..=after))),
            fault,
            "it stays stopped"
        );
        assert_eq!(writer.sync(), Err(fault.clone()), "it stays stopped");
        assert_eq!(writer.close(), Err(fault), "it stays stopped");
        assert_eq!(disk.steps(), steps, "the disk is left alone");
        check_recovered(disk.restart(), acknowledged);
        check_recovered(disk.power_cut(failing), acknowledged);
    }
}

#[test]
fn r6_a_snapshot_that_finds_no_room_leaves_the_log_and_the_older_snapshot() {
    let disk = SimulatedDisk::new();
    let (directory, mut writer, _) = open(disk.clone(), &options(SEGMENT)).expect("an empty disk opens");
    let snapshots = directory.snapshots();
    let stamp = |sequence| SnapshotStamp {
        sequence: Seq::new(sequence),
        time: time(sequence),
        version: 1,
        history: None,
    };
    let take = |sequence| -> std::io::Result<()> {
        let mut snapshot = snapshots.begin(stamp(sequence)).map_err(std::io::Error::other)?;
        snapshot.write_all(&vec![1; 200_000])?;
        snapshot.finish([0; 32]).map_err(std::io::Error::other)
    };
    assert_eq!(write_until_fault(&mut writer, 1, 8), (8, None));
    take(4).expect("there is room for one");
    disk.set_faults(
        Faults {
            capacity_bytes: Some(300_000),
            ..Faults::default()
        },
        1,
    );
    take(8).expect_err("there is no room for another");
    assert_eq!(snapshots.sequences(), Ok(vec![Seq::new(4)]));
    let left = disk.restart();
    assert!(
        left.read_file("snapshot-00000000000000000008.snap.tmp").is_none(),
        "its room is given back"
    );
    assert_eq!(
        write_until_fault(&mut writer, 9, 12),
        (12, None),
        "the log has room of its own"
    );
}

#[test]
fn r7_after_a_failed_sync_nothing_is_acknowledged_written_or_synced_again() {
    for failing in 1..200 * soak() {
        let disk = SimulatedDisk::new();
        let (_directory, mut writer, _) = open(disk.clone(), &options(SEGMENT)).expect("an empty disk opens");
        disk.set_faults(
            Faults {
                failing_sync: Some(failing),
                ..Faults::default()
            },
            failing,
        );
        let (acknowledged, fault) = write_until_fault(&mut writer, 1, 1_000 * soak());
        let fault = fault.expect("there are more syncs than that");
        assert_eq!(fault.operation, Operation::Sync);
        let steps = disk.steps();
        assert_eq!(
            writer.sync(),
            Err(fault.clone()),
            "a failed sync is not tried again"
        );
        let after = acknowledged + 1;
        assert_eq!(stopped(writer.write(&batch(HISTORY, after..=after))), fault);
        assert_eq!(
            writer.durable_through().get(),
            acknowledged,
            "nothing more is called durable"
        );
        assert_eq!(disk.steps(), steps, "the disk is left alone");
        check_recovered(disk.power_cut(failing), acknowledged);

        // The next process reads what the failed sync left in the page cache. Once it has opened the log, that
        // must be on disk, or a power cut would take back what readers have seen.
        let live = disk.restart();
        let (_directory, _writer, recovery) = open(live.clone(), &options(SEGMENT)).expect("no damage");
        let end = check_recovered(live.power_cut(failing), acknowledged);
        assert_eq!(
            end,
            recovery.end.get(),
            "what was recovered is kept, failing sync {failing}"
        );
    }
}

#[test]
fn r8_short_and_interrupted_transfers_change_no_byte() {
    let seed = seed("r8", 41);
    let clean = crate::support::closed_log(&options(SEGMENT), HISTORY, 400, 4);
    for round in 0..20 * soak() {
        let disk = SimulatedDisk::new();
        let halves = Faults {
            short_one_in: Some(2),
            interrupted_one_in: Some(3),
            ..Faults::default()
        };
        disk.set_faults(halves, seed + round);
        let (_directory, mut writer, _) = open(disk.clone(), &options(SEGMENT)).expect("halves are no fault");
        assert_eq!(write_until_fault(&mut writer, 1, 400), (400, None));
        let (directory, end) = (_directory, writer.close().expect("halves are no fault"));
        read_range(&directory, Stream::Commands, HISTORY, 1, end.get()).expect("each record is there once");
        let mut number = 1;
        while let Some(bytes) = clean.read_file(&format!("commands-{number:010}.log")) {
            assert_eq!(
                disk.read_file(&format!("commands-{number:010}.log")),
                Some(bytes),
                "segment {number}"
            );
            number += 1;
        }
        assert!(number > 3, "there are several segments");
    }
}

#[test]
fn r7_a_journal_with_threads_tells_everyone_that_it_has_stopped() {
    let disk = SimulatedDisk::new();
    let (_directory, writer, _) = open(disk.clone(), &options(SEGMENT)).expect("an empty disk opens");
    disk.set_faults(
        Faults {
            failing_sync: Some(3),
            ..Faults::default()
        },
        1,
    );
    let told = Arc::new(Mutex::new(Vec::new()));
    let telling = Arc::clone(&told);
    let mut journal = Journal::spawn(writer, move |progress| {
        let state = (progress.durable_through().get(), progress.fault().is_some());
        telling.lock().expect("no observer panicked").push(state);
    })
    .expect("threads can be started");
    let mut acknowledged = 0;
    let fault = loop {
        let next = acknowledged + 1;
        assert!(next < 10, "the failed sync went unnoticed");
        let receipt = match journal.append(&batch(HISTORY, next..=next)) {
            Ok(receipt) => receipt.expect("the batch is not empty"),
            Err(error) => break stopped::<()>(Err(error)),
        };
        match journal.progress().wait_durable(receipt.last) {
            Ok(()) => acknowledged = receipt.last.get(),
            Err(fault) => break fault,
        }
    };
    assert_eq!((acknowledged, fault.operation), (2, Operation::Sync));
    assert_eq!(stopped(journal.append(&batch(HISTORY, 4..=4))), fault);
    assert_eq!(journal.progress().wait_written(Seq::new(9)), Err(fault.clone()));
    assert_eq!(journal.close(), Err(fault));
    assert_eq!(
        told.lock().expect("no observer panicked").last(),
        Some(&(2, true))
    );
    check_recovered(disk.power_cut(5), acknowledged);
}

#[test]
fn a_fault_while_a_directory_is_created_leaves_one_that_can_be_created() {
    for failing in 1..12 {
        for is_sync in [true, false] {
            let disk = SimulatedDisk::new();
            let at = Some(failing);
            let (failing_sync, failing_write) = if is_sync { (at, None) } else { (None, at) };
            disk.set_faults(
                Faults {
                    failing_sync,
                    failing_write,
                    ..Faults::default()
                },
                failing,
            );
            let opened = Directory::open(disk.clone(), IDENTITY)
                .and_then(|directory| directory.commands(&options(SEGMENT)).map(|_| ()));
            let after = disk.power_cut(failing);
            assert_eq!(check_recovered(after, 0), 0, "{opened:?}");
        }
    }
}
