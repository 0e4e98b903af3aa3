//! R1: the power goes at every step of a run, and whatever the disk kept is enough.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::sync::{Arc, Mutex};

use engine_core::Seq;
use engine_journal::simulation::{Faults, Random, SimulatedDisk, StepKind};
use engine_journal::{Batch, Directory, Entry, LogOptions, LogWriter, SnapshotStamp, Stream};

use crate::support::{
    IDENTITY, apply, batch, lazy, open, options, payload, push, read_range, seed, soak, state_at, time,
};

const CHOICES: u64 = 8;
const SEGMENT: u64 = 16 << 10;

/// What the run has been told so far, and what it has asked for.
#[derive(Clone, Copy, Default)]
struct Told {
    appended: u64,
    acknowledged: u64,
    cursor: u64,
}

struct Checker {
    history: u64,
    told: Arc<Mutex<Told>>,
    points: Arc<Mutex<BTreeMap<StepKind, u64>>>,
}

impl Checker {
    /// Cuts the power in as many ways as there are choices, and recovers from each.
    fn check(&self, kind: StepKind, disk: &SimulatedDisk) {
        let told = *self.told.lock().expect("no test thread panicked");
        let step = disk.steps();
        for choice in 0..CHOICES {
            let cut = disk.power_cut(step * CHOICES + choice);
            let end = check_recovery(&cut, self.history, told);
            if (step + choice).is_multiple_of(16) {
                check_going_on(&cut.power_cut(choice), self.history, end);
            }
        }
        // The process may also end and the power stay on; what it finds again it must then have made durable.
        let live = disk.restart();
        let end = check_recovery(&live, self.history, told);
        let after = check_recovery(
            &live.power_cut(step),
            self.history,
            Told {
                acknowledged: end,
                ..told
            },
        );
        assert_eq!(after, end, "what was recovered is kept");
        *self
            .points
            .lock()
            .expect("no test thread panicked")
            .entry(kind)
            .or_default() += CHOICES;
    }
}

/// Recovers as an engine does: newest snapshot, then replay. Returns the end.
fn check_recovery(disk: &SimulatedDisk, history: u64, told: Told) -> u64 {
    let (directory, _writer, recovery) =
        open(disk.clone(), &options(SEGMENT)).expect("a power cut is no damage");
    let end = recovery.end.get();
    assert!(
        (told.acknowledged..=told.appended).contains(&end),
        "ends at {end}, acknowledged {}, appended {}",
        told.acknowledged,
        told.appended
    );
    let newest = directory.snapshots().newest().expect("snapshots can be read");
    assert_eq!(newest.skipped, [], "a power cut leaves no damaged snapshot");
    let (mut state, mut reader) = match newest.snapshot {
        Some(mut snapshot) => {
            let mut content = Vec::new();
            snapshot
                .read_to_end(&mut content)
                .expect("a whole snapshot can be read");
            recovery
                .require(snapshot.stamp().sequence, "snapshot")
                .expect("no snapshot is ahead of the log");
            let state = u64::from_le_bytes(content[..8].try_into().expect("the state comes first"));
            assert_eq!(snapshot.state_hash()[..8], state.to_le_bytes());
            (state, directory.replay_after(&snapshot.stamp()))
        }
        None => (0, directory.reader(Stream::Commands, Seq::new(1))),
    };
    let reader = reader
        .as_mut()
        .expect("the log reaches the snapshot, which is of its history");
    while let Some(entry) = reader.next(recovery.end).expect("what was recovered can be read") {
        assert_eq!(entry.payload, payload(history, entry.sequence.get()));
        state = apply(state, entry.payload);
    }
    assert_eq!(state, state_at(history, end), "the state at {end}");
    let cursor = directory
        .cursors()
        .position("sink")
        .expect("a power cut does not damage a cursor");
    assert!(
        cursor.map_or(0, Seq::get) >= told.cursor,
        "a cursor that was moved stays"
    );
    end
}

/// What was recovered can be written on, and survives the next power cut.
fn check_going_on(disk: &SimulatedDisk, history: u64, end: u64) {
    let (directory, mut writer, recovery) = open(disk.clone(), &options(SEGMENT)).expect("it opened before");
    assert_eq!(
        (recovery.end.get(), recovery.torn),
        (end, None),
        "what was recovered was made durable"
    );
    writer
        .write(&batch(history, end + 1..=end + 3))
        .expect("the log goes on");
    writer.sync().expect("the log goes on");
    let again = disk.power_cut(end);
    drop((directory, writer));
    let (directory, _writer, recovery) = open(again, &options(SEGMENT)).expect("a power cut is no damage");
    assert_eq!(recovery.end.get(), end + 3);
    read_range(
        &directory,
        Stream::Commands,
        history,
        recovery.first.get(),
        end + 3,
    )
    .expect("it can be read");
}

fn take_snapshot(directory: &Directory<SimulatedDisk>, history: u64, sequence: u64) {
    let state = state_at(history, sequence).to_le_bytes();
    let history_at = directory
        .history_at(Stream::Commands, Seq::new(sequence))
        .expect("it is written");
    let stamp = SnapshotStamp {
        sequence: Seq::new(sequence),
        time: time(sequence),
        version: 1,
        history: Some(history_at),
    };
    let mut hash = [0; 32];
    hash[..8].copy_from_slice(&state);
    let mut snapshot = directory.snapshots().begin(stamp).expect("a disk without faults");
    snapshot.write_all(&state).expect("a disk without faults");
    snapshot.write_all(&vec![7; 1500]).expect("a disk without faults");
    snapshot.finish(hash).expect("a disk without faults");
}

#[test]
fn r1_a_crash_at_every_step_leaves_every_acknowledged_command() {
    let history = seed("r1", 1);
    let commands = 2_000 * soak();
    let disk = SimulatedDisk::new();
    let told = Arc::new(Mutex::new(Told::default()));
    let points = Arc::new(Mutex::new(BTreeMap::new()));
    let checker = Checker {
        history,
        told: Arc::clone(&told),
        points: Arc::clone(&points),
    };
    disk.observe(move |kind, copy| checker.check(kind, copy));

    let (directory, mut writer, _) = open(disk, &options(SEGMENT)).expect("an empty disk opens");
    let tell = |change: &dyn Fn(&mut Told)| change(&mut told.lock().expect("no test thread panicked"));
    let mut random = Random::new(history);
    let mut next = 1;
    let mut snapshots_due = 250;
    while next <= commands {
        let last = (next + random.below(10)).min(commands);
        tell(&|told| told.appended = last);
        writer
            .write(&batch(history, next..=last))
            .expect("a disk without faults");
        writer.sync().expect("a disk without faults");
        tell(&|told| told.acknowledged = last);
        next = last + 1;
        if last >= snapshots_due {
            snapshots_due += 250;
            take_snapshot(&directory, history, last);
            directory
                .cursors()
                .advance("sink", Seq::new(last))
                .expect("a disk without faults");
            tell(&|told| told.cursor = last);
            let passed = directory.passed_by_all(2).expect("a disk without faults");
            writer
                .retention()
                .remove_through(passed.unwrap_or_default())
                .expect("a disk without faults");
        }
    }
    writer.close().expect("a disk without faults");

    let points = points.lock().expect("no test thread panicked");
    let all: u64 = points.values().sum();
    println!("r1: {all} crash points {points:?}");
    assert!(all >= 10_000, "{all} crash points are too few");
    for kind in [
        StepKind::Write,
        StepKind::Sync,
        StepKind::Rename,
        StepKind::Delete,
    ] {
        assert!(points.contains_key(&kind), "no crash at {kind:?}");
    }
}

/// Writes the events of one command: a record, or several that continue.
fn push_events(batch: &mut Batch, history: u64, sequence: u64) {
    let parts = if sequence.is_multiple_of(7) { 3 } else { 1 };
    for part in 1..=parts {
        let payload = event(history, sequence, part);
        let continues = part < parts;
        let entry = Entry {
            sequence: Seq::new(sequence),
            time: time(sequence),
            version: 1,
            continues,
            payload: &payload,
        };
        batch.push(&entry).expect("events are pushed in order");
    }
}

fn event(history: u64, sequence: u64, part: u64) -> Vec<u8> {
    payload(history, sequence * 10 + part)
}

fn events_options() -> LogOptions {
    lazy(8 << 10)
}

/// Completes the event log as a recovery does and reads it from end to end.
fn check_events(disk: &SimulatedDisk, history: u64, commands_end: u64) {
    let directory = Directory::open(disk.clone(), IDENTITY).expect("a power cut is no damage");
    let (mut events, recovery) = directory
        .events(&events_options(), Seq::new(commands_end))
        .expect("a power cut is no damage");
    assert!(recovery.end.get() <= commands_end, "no event without its command");
    complete(&mut events, history, recovery.end.get() + 1, commands_end);
    let mut reader = directory
        .reader(Stream::Events, recovery.first)
        .expect("the log can be read");
    for sequence in recovery.first.get()..=commands_end {
        let parts = if sequence.is_multiple_of(7) { 3 } else { 1 };
        for part in 1..=parts {
            let entry = reader
                .next(Seq::new(commands_end))
                .expect("no damage")
                .expect("no event is lacking");
            assert_eq!((entry.sequence.get(), entry.continues), (sequence, part < parts));
            assert_eq!(
                entry.payload,
                event(history, sequence, part),
                "no event is repeated or changed"
            );
        }
    }
    assert_eq!(
        reader.next(Seq::new(commands_end)).expect("no damage"),
        None,
        "nothing more"
    );
}

fn complete(events: &mut LogWriter<SimulatedDisk>, history: u64, first: u64, last: u64) {
    let mut batch = Batch::new();
    for sequence in first..=last {
        push_events(&mut batch, history, sequence);
    }
    events.write(&batch).expect("a disk without faults");
}

#[test]
fn r1_an_event_log_without_syncs_is_completed_after_a_crash_at_every_step() {
    let history = seed("r1-events", 2);
    let disk = SimulatedDisk::new();
    let torn = Faults {
        torn_sectors_in: Some("events-0".to_owned()),
        ..Faults::default()
    };
    disk.set_faults(torn, history);
    let told = Arc::new(Mutex::new(0));
    let points = Arc::new(Mutex::new(0));
    let (known, counted) = (Arc::clone(&told), Arc::clone(&points));
    disk.observe(move |_, copy| {
        let commands_end = *known.lock().expect("no test thread panicked");
        for choice in 0..CHOICES {
            let cut = copy.power_cut(copy.steps() * CHOICES + choice);
            // Commands are durable before their events are written, but some may have been lost with a log
            // that is not synced: then their events must go too.
            let lost = if choice == 0 { 5.min(commands_end) } else { 0 };
            check_events(&cut, history, commands_end - lost);
        }
        *counted.lock().expect("no test thread panicked") += CHOICES;
    });
    let directory = Directory::open(disk, IDENTITY).expect("an empty disk opens");
    let (mut events, _) = directory
        .events(&events_options(), Seq::new(0))
        .expect("an empty disk opens");
    let mut random = Random::new(history);
    let mut next = 1;
    while next <= 600 * soak() {
        let last = next + random.below(12);
        *told.lock().expect("no test thread panicked") = last;
        complete(&mut events, history, next, last);
        next = last + 1;
    }
    let points = points.lock().expect("no test thread panicked");
    println!("r1: {points} crash points of the event log");
    assert!(*points >= 1_000, "{points} crash points are too few");
}

#[test]
fn a_crash_while_events_are_cut_off_leaves_a_log_that_opens() {
    let history = seed("cut", 3);
    let disk = SimulatedDisk::new();
    let directory = Directory::open(disk.clone(), IDENTITY).expect("an empty disk opens");
    let (mut events, _) = directory
        .events(&events_options(), Seq::new(0))
        .expect("an empty disk opens");
    complete(&mut events, history, 1, 400);
    events.sync().expect("a disk without faults");
    drop((events, directory));
    let disk = disk.restart();
    let points = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&points);
    disk.observe(move |_, copy| {
        for choice in 0..CHOICES {
            check_events(&copy.power_cut(copy.steps() * CHOICES + choice), history, 120);
        }
        *counted.lock().expect("no test thread panicked") += 1;
    });
    let directory = Directory::open(disk, IDENTITY).expect("nothing is damaged");
    let (_, recovery) = directory
        .events(&events_options(), Seq::new(120))
        .expect("nothing is damaged");
    assert_eq!(recovery.end.get(), 120, "a cut is exact");
    assert!(
        *points.lock().expect("no test thread panicked") > 10,
        "the cut takes several steps"
    );
}

#[test]
fn commands_written_since_the_last_sync_may_be_lost_but_never_reordered() {
    let history = seed("interval", 4);
    let disk = SimulatedDisk::new();
    disk.set_faults(
        Faults {
            torn_sectors_in: Some("commands-0".to_owned()),
            ..Faults::default()
        },
        history,
    );
    let (_directory, mut writer, _) = open(disk.clone(), &lazy(SEGMENT)).expect("an empty disk opens");
    let mut random = Random::new(history);
    let (mut next, mut synced) = (1, 0);
    for round in 0..400 * soak() {
        let last = next + random.below(20);
        let mut commands = Batch::new();
        (next..=last).for_each(|sequence| push(&mut commands, history, sequence));
        writer.write(&commands).expect("a disk without faults");
        if random.one_in(9) {
            writer.sync().expect("a disk without faults");
            synced = last;
        }
        next = last + 1;
        let cut = disk.power_cut(round);
        let (directory, _writer, recovery) = open(cut, &lazy(SEGMENT)).expect("a power cut is no damage");
        let end = recovery.end.get();
        assert!(
            (synced..=last).contains(&end),
            "ends at {end}, synced {synced}, written {last}"
        );
        read_range(&directory, Stream::Commands, history, 1, end).expect("it can be read");
    }
}
