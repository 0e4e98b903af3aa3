//! What every test needs: commands that follow from their sequence, and an oracle that knows them.

use engine_core::{Seq, Timestamp};
use engine_journal::simulation::{Random, SimulatedDisk};
use engine_journal::{
    Batch, Directory, Identity, LogOptions, LogWriter, OpenError, ReadError, Recovery, Storage, Stream,
    SyncPolicy,
};

pub(crate) const IDENTITY: Identity = Identity {
    journal: 0x6a6f_7572_6e61_6c31,
    shard: 3,
};

/// The seed of a random test, from the environment or the one given, printed for the next time.
pub(crate) fn seed(test: &str, default: u64) -> u64 {
    let seed = match std::env::var("ENGINE_SEED") {
        Ok(text) => text.parse().expect("ENGINE_SEED is a number"),
        Err(_) => default,
    };
    println!("{test}: ENGINE_SEED={seed}");
    seed
}

/// How many times longer than usual the long tests should be.
pub(crate) fn soak() -> u64 {
    std::env::var("ENGINE_SOAK").map_or(1, |text| text.parse().expect("ENGINE_SOAK is a number"))
}

pub(crate) fn options(segment_bytes: u64) -> LogOptions {
    LogOptions {
        segment_bytes,
        ..LogOptions::default()
    }
}

pub(crate) fn lazy(segment_bytes: u64) -> LogOptions {
    LogOptions {
        sync: SyncPolicy::OnRequest,
        ..options(segment_bytes)
    }
}

/// The payload of the command `sequence` of the history `history`.
pub(crate) fn payload(history: u64, sequence: u64) -> Vec<u8> {
    let mut random = Random::new(history ^ sequence.wrapping_mul(0x9e37_79b9));
    let length = random.below(90) as usize;
    (0..length).map(|_| random.next_u64() as u8).collect()
}

pub(crate) fn time(sequence: u64) -> Timestamp {
    Timestamp::from_nanos(1_700_000_000_000_000_000 + sequence * 7)
}

pub(crate) fn push(batch: &mut Batch, history: u64, sequence: u64) {
    let pushed = batch.push_whole(Seq::new(sequence), time(sequence), 1, &payload(history, sequence));
    pushed.expect("sequences are pushed in order");
}

pub(crate) fn batch(history: u64, sequences: impl IntoIterator<Item = u64>) -> Batch {
    let mut batch = Batch::new();
    for sequence in sequences {
        push(&mut batch, history, sequence);
    }
    batch
}

/// A state that depends on every command and their order.
pub(crate) fn apply(state: u64, payload: &[u8]) -> u64 {
    let mut state = state ^ 0x1234;
    for byte in payload {
        state = (state ^ u64::from(*byte))
            .wrapping_mul(0x100_0000_01b3)
            .rotate_left(9);
    }
    state.wrapping_add(payload.len() as u64 + 1)
}

/// The state after the command `through` of a history.
pub(crate) fn state_at(history: u64, through: u64) -> u64 {
    (1..=through).fold(0, |state, sequence| apply(state, &payload(history, sequence)))
}

pub(crate) type Commands<S> = (Directory<S>, LogWriter<S>, Recovery);

pub(crate) fn open<S: Storage>(storage: S, options: &LogOptions) -> Result<Commands<S>, OpenError> {
    let directory = Directory::open(storage, IDENTITY)?;
    let (writer, recovery) = directory.commands(options)?;
    Ok((directory, writer, recovery))
}

/// A log with the commands `1..=last` of a history in groups of `group`, cleanly closed.
pub(crate) fn closed_log(options: &LogOptions, history: u64, last: u64, group: u64) -> SimulatedDisk {
    let disk = SimulatedDisk::new();
    let (_directory, mut writer, _) = open(disk.clone(), options).expect("an empty disk opens");
    write_groups(&mut writer, history, 1, last, group);
    writer.close().expect("a disk without faults syncs");
    disk
}

/// Writes and syncs the commands `first..=last` in groups.
pub(crate) fn write_groups<S: Storage>(
    writer: &mut LogWriter<S>,
    history: u64,
    first: u64,
    last: u64,
    group: u64,
) {
    let mut next = first;
    while next <= last {
        let end = (next + group - 1).min(last);
        writer
            .write(&batch(history, next..=end))
            .expect("a disk without faults takes it");
        writer.sync().expect("a disk without faults syncs");
        next = end + 1;
    }
}

/// Opens a command log and reads it from `first` to its end, checking every record against the history.
/// Returns the end.
pub(crate) fn read_all(
    disk: &SimulatedDisk,
    options: &LogOptions,
    history: u64,
    first: u64,
) -> Result<u64, OpenError> {
    let (directory, _writer, recovery) = open(disk.clone(), options)?;
    read_range(&directory, Stream::Commands, history, first, recovery.end.get())?;
    Ok(recovery.end.get())
}

/// Reads `first..=last` and checks every record against the history.
pub(crate) fn read_range<S: Storage>(
    directory: &Directory<S>,
    stream: Stream,
    history: u64,
    first: u64,
    last: u64,
) -> Result<(), ReadError> {
    let mut reader = directory.reader(stream, Seq::new(first))?;
    let mut expected = first;
    while let Some(entry) = reader.next(Seq::new(last))? {
        assert_eq!(entry.sequence.get(), expected, "the order of the records");
        assert_eq!(entry.time, time(expected), "the time of {expected}");
        assert_eq!(
            (entry.version, entry.continues),
            (1, false),
            "the fields of {expected}"
        );
        assert_eq!(
            entry.payload,
            payload(history, expected),
            "the payload of {expected}"
        );
        expected += 1;
    }
    assert_eq!(expected, last + 1, "the number of records");
    Ok(())
}
