//! R6, R7, R8: a disk that is full, refuses, or does things by halves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::channel;

use engine_core::{Command, Seq, Side};
use engine_runtime::journal::simulation::{Faults, SimulatedDisk};
use engine_runtime::journal::{Fault, Operation};
use engine_runtime::{Answer, Answers, Outcome, Refused, Runtime, RuntimeConfig, Unanswered};

use crate::support::{ask, config, done, events_through, fresh, open, place, seed, soak};

/// Gives commands until the runtime takes no more, and returns the last that was answered.
fn until_it_stops(runtime: &Runtime) -> (Seq, Refused) {
    let answered = Arc::new(AtomicU64::new(1));
    let seen = Arc::clone(&answered);
    let (told, tells) = channel();
    let answers: Arc<dyn Answers> = Arc::new(move |tag: u64, outcome: Outcome| {
        match outcome {
            Ok(Answer::Done(done)) => {
                let before = answered.swap(done.seq().get(), Ordering::SeqCst);
                assert_eq!(
                    before + 1,
                    done.seq().get(),
                    "answers come in order, and none after a fault"
                );
            }
            Ok(other) => panic!("nothing is repeated: {other:?}"),
            Err(Unanswered::Unknown | Unanswered::NotTaken) => {}
            Err(other) => panic!("{other}"),
        }
        told.send(tag).expect("the test listens");
    });
    let mut owed = 0;
    let refused = loop {
        let order = Command::Place(place(Side::Buy, 100, 1));
        match runtime.handle().submit_all_to(&answers, owed, vec![order; 10]) {
            // Everything is answered in the end, also what was not carried out.
            Ok(()) => tells.iter().take(10).for_each(drop),
            Err(refused) => break refused,
        }
        owed += 10;
        assert!(owed < 100_000, "the fault never came");
    };
    (Seq::new(seen.load(Ordering::SeqCst)), refused)
}

/// Stops at a fault; everything answered is on disk afterwards. No snapshot is taken and no segment is full before
/// that, because a fault there would be no reason to stop.
fn stops_and_recovers(faults: Faults, seed: u64) -> Fault {
    let config = RuntimeConfig {
        segment_bytes: 128 << 10,
        ..config()
    };
    let (disk, runtime) = fresh(&config);
    disk.set_faults(faults, seed);
    let (answered, refused) = until_it_stops(&runtime);
    let Refused::Stopped(fault) = refused else {
        panic!("it stopped by itself: {refused}")
    };
    assert_eq!(
        runtime.handle().wait_ended(),
        Err(fault.clone()),
        "whoever waits for the end is told"
    );
    assert_eq!(runtime.stop(), Err(fault.clone()));
    for disk in [disk.power_cut(seed), disk.restart()] {
        let (runtime, recovered, _) = open(disk, &config).expect("no damage comes of it");
        assert!(
            recovered.end >= answered,
            "{} of {answered} answered",
            recovered.end
        );
        events_through(runtime.handle(), recovered.end);
        done(ask(runtime.handle(), Command::Tick));
        runtime.stop().expect("the disk is well again");
    }
    fault
}

#[test]
fn a_full_disk_stops_the_runtime_and_loses_nothing_that_was_answered() {
    let seed = seed("full disk", 11);
    for step in 0..12 * soak() {
        // From hardly more than what a new journal takes, to several segments more.
        let capacity_bytes = Some(600_000 + step * 20_000);
        let fault = stops_and_recovers(
            Faults {
                capacity_bytes,
                ..Faults::default()
            },
            seed ^ step,
        );
        assert_eq!(fault.code, Some(28), "{fault}");
    }
}

#[test]
fn a_failed_sync_stops_the_runtime_and_loses_nothing_that_was_answered() {
    let seed = seed("failed sync", 12);
    for sync in 1..25 * soak() {
        let fault = stops_and_recovers(
            Faults {
                failing_sync: Some(sync),
                ..Faults::default()
            },
            seed ^ sync,
        );
        assert_eq!(fault.operation, Operation::Sync, "{fault}");
    }
}

#[test]
fn a_failed_write_stops_the_runtime_and_loses_nothing_that_was_answered() {
    let seed = seed("failed write", 13);
    for write in 1..25 * soak() {
        let faults = Faults {
            failing_write: Some(write),
            ..Faults::default()
        };
        let fault = stops_and_recovers(faults, seed ^ write);
        assert_eq!(fault.operation, Operation::Write, "{fault}");
    }
}

#[test]
fn short_and_interrupted_transfers_change_nothing() {
    let config = RuntimeConfig {
        snapshot_every: Some(50),
        ..config()
    };
    let (disk, runtime) = fresh(&config);
    let faults = Faults {
        short_one_in: Some(3),
        interrupted_one_in: Some(4),
        ..Faults::default()
    };
    disk.set_faults(faults, seed("halves", 14));
    for lots in 1..200 {
        done(ask(runtime.handle(), Command::Place(place(Side::Buy, 100, lots))));
    }
    let hash = runtime.stop().expect("halves are no fault").state_hash;
    let (runtime, recovered, _) = open(disk.power_cut(1), &config).expect("the disk is whole");
    assert_eq!((recovered.end, recovered.state_hash), (Seq::new(200), hash));
    events_through(runtime.handle(), recovered.end);
}

#[test]
fn a_directory_in_use_is_refused() {
    let (disk, runtime) = fresh(&config());
    let message = open(disk.clone(), &config())
        .err()
        .expect("it is in use")
        .to_string();
    assert!(message.contains("in use by another process"), "{message}");
    drop(runtime);
    open(SimulatedDisk::clone(&disk), &config()).expect("it is free again");
}
