//! Journals to look into: built in memory, as the server writes them, and put on the real disk.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use engine_core::{Command, Engine, EngineConfig, OrderIds, Seq, Sequenced, StateHash, Timestamp};
use engine_journal::simulation::SimulatedDisk;
use engine_journal::{
    Batch, Directory, Entry, Identity, LogOptions, LogWriter, SnapshotStamp, Storage, Stream, SyncPolicy,
};
use engine_testkit::streams::{self, Profile};
use engine_wire::{COMMAND_VERSION, EVENT_VERSION, encode_command, encode_events};
use tempfile::TempDir;

pub(crate) const IDENTITY: Identity = Identity {
    journal: 0x5eed,
    shard: 0,
};

/// How a journal is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) segment_bytes: u64,
    /// How many commands are synced together.
    pub(crate) group: usize,
    /// After how many commands there is a snapshot.
    pub(crate) snapshots_every: u64,
    /// How many of the newest commands have no events yet.
    pub(crate) events_behind: u64,
}

pub(crate) const SMALL: Shape = Shape {
    segment_bytes: 4 << 10,
    group: 5,
    snapshots_every: 40,
    events_behind: 0,
};

/// A journal on the real disk.
pub(crate) struct Built {
    _place: TempDir,
    pub(crate) path: PathBuf,
    /// The last command.
    pub(crate) end: u64,
    /// The hash of the state after it.
    pub(crate) hash: StateHash,
}

impl Built {
    pub(crate) fn of(commands: &[(Timestamp, Command)], shape: Shape) -> Self {
        let disk = SimulatedDisk::new();
        let hash = write(&disk, commands, shape);
        Self::on_disk(&disk, commands.len() as u64, hash)
    }

    fn on_disk(disk: &SimulatedDisk, end: u64, hash: StateHash) -> Self {
        let place = tempfile::tempdir().expect("there is a temporary directory");
        let path = place.path().join("data");
        fs::create_dir(&path).expect("the temporary directory can be written");
        for name in disk.list().expect("a disk without faults") {
            let bytes = disk.read_file(&name).expect("it was listed");
            fs::write(path.join(name), bytes).expect("the temporary directory can be written");
        }
        Self {
            _place: place,
            path,
            end,
            hash,
        }
    }

    /// A journal whose last group was being written when the power went.
    pub(crate) fn torn(commands: &[(Timestamp, Command)], unfinished: usize) -> Self {
        let (safe, lost) = commands.split_at(commands.len() - unfinished);
        let disk = SimulatedDisk::new();
        let one_segment = Shape {
            segment_bytes: 64 << 10,
            ..SMALL
        };
        let hash = write(&disk, safe, one_segment);
        let directory = Directory::open(disk.clone(), IDENTITY).expect("it is whole");
        let options = LogOptions {
            segment_bytes: one_segment.segment_bytes,
            ..LogOptions::default()
        };
        let (mut log, _) = directory.commands(&options).expect("it is whole");
        log.write(&batch(safe.len() as u64 + 1, lost))
            .expect("a disk without faults");
        let torn = (0..1_000).map(|seed| disk.power_cut(seed)).find(|cut| {
            let directory = Directory::open(cut.clone(), IDENTITY).expect("a power cut is no damage");
            let found = directory
                .foresee(Stream::Commands)
                .expect("a power cut is no damage");
            found.is_some_and(|found| found.torn.is_some_and(|torn| torn.bytes > 0))
        });
        Self::on_disk(&torn.expect("some cut tears the group"), safe.len() as u64, hash)
    }

    /// The same journal once more.
    pub(crate) fn copy(&self) -> Self {
        let place = tempfile::tempdir().expect("there is a temporary directory");
        let path = place.path().join("data");
        fs::create_dir(&path).expect("the temporary directory can be written");
        for (name, bytes) in self.files() {
            fs::write(path.join(name), bytes).expect("the temporary directory can be written");
        }
        Self {
            _place: place,
            path,
            ..*self
        }
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.file(name)).expect("the file is there")
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.file(name), bytes).expect("the temporary directory can be written");
    }

    /// Changes the bytes of a file.
    pub(crate) fn change(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = self.read(name);
        change(&mut bytes);
        self.write(name, &bytes);
    }

    pub(crate) fn remove(&self, name: &str) {
        fs::remove_file(self.file(name)).expect("the file is there");
    }

    /// The names of all files but the lock, with their bytes.
    pub(crate) fn files(&self) -> Vec<(String, Vec<u8>)> {
        let entries = fs::read_dir(&self.path).expect("the directory is there");
        let mut files: Vec<_> = entries
            .map(|entry| entry.expect("it can be listed").file_name())
            .map(|name| name.into_string().expect("names are text"))
            .filter(|name| name != "lock")
            .map(|name| (name.clone(), self.read(&name)))
            .collect();
        files.sort();
        files
    }

    /// The segments of a log, in order.
    pub(crate) fn segments(&self, prefix: &str) -> Vec<String> {
        let is_segment = |name: &String| name.starts_with(prefix) && name.ends_with(".log");
        self.files()
            .into_iter()
            .map(|(name, _)| name)
            .filter(is_segment)
            .collect()
    }

    /// The snapshots, the oldest first.
    pub(crate) fn snapshots(&self) -> Vec<String> {
        let names = self.files().into_iter().map(|(name, _)| name);
        names.filter(|name| name.ends_with(".snap")).collect()
    }
}

/// The commands of a generated stream, for an engine without accounts in which callers choose the ids.
pub(crate) fn stream(seed: u64) -> Vec<(Timestamp, Command)> {
    let plain = Profile::ALL.into_iter().filter(|profile| {
        let config = streams::Stream::of_profile(*profile, 0).config;
        config.ids_chosen && config.accounts.is_none()
    });
    let profiles: Vec<Profile> = plain.collect();
    let profile = profiles[seed as usize % profiles.len()];
    let mut commands = streams::Stream::of_profile(profile, seed).commands;
    // Time goes back in streams, but never behind a sequencer.
    let mut now = Timestamp::ZERO;
    for (time, _) in &mut commands {
        now = now.max(*time);
        *time = now;
    }
    commands
}

/// A stream that is long enough for several segments and snapshots.
pub(crate) fn long_stream() -> Vec<(Timestamp, Command)> {
    let long = (0..).map(stream).find(|commands| commands.len() >= 190);
    long.expect("streams have up to 200 commands")
}

/// Writes what a server would have written, and returns the hash of the state at the end.
pub(crate) fn write(disk: &SimulatedDisk, commands: &[(Timestamp, Command)], shape: Shape) -> StateHash {
    let directory = Directory::open(disk.clone(), IDENTITY).expect("an empty disk opens");
    let options = |sync| LogOptions {
        segment_bytes: shape.segment_bytes,
        sync,
        ..LogOptions::default()
    };
    let (mut command_log, _) = directory
        .commands(&options(SyncPolicy::EachGroup))
        .expect("an empty disk opens");
    let (mut event_log, _) = directory
        .events(&options(SyncPolicy::OnRequest), Seq::new(0))
        .expect("an empty disk opens");
    let mut engine = Engine::new(EngineConfig {
        ids: OrderIds::Chosen { hash_seed: 1 },
        ..EngineConfig::default()
    });
    let mut events = Vec::new();
    let with_events = (commands.len() as u64).saturating_sub(shape.events_behind);
    for (number, group) in commands.chunks(shape.group).enumerate() {
        let first = (number * shape.group + 1) as u64;
        append(&mut command_log, first, group);
        for (seq, (time, value)) in (first..).map(Seq::new).zip(group) {
            events.clear();
            let command = Sequenced {
                seq,
                time: *time,
                value: value.clone(),
            };
            engine.apply(&command, &mut events).expect("they are in order");
            if seq.get() <= with_events {
                let mut payload = Vec::new();
                encode_events(&events, &mut payload);
                append_parts(&mut event_log, seq, *time, &payload);
            }
            if seq.get().is_multiple_of(shape.snapshots_every) {
                snapshot(&directory, &engine, *time);
            }
        }
    }
    event_log.close().expect("a disk without faults");
    command_log.close().expect("a disk without faults");
    let cursors = directory.cursors();
    let delivered = Seq::new(with_events / 2);
    cursors
        .advance("redis", delivered)
        .expect("a disk without faults");
    engine.state_hash()
}

fn append(log: &mut LogWriter<SimulatedDisk>, first: u64, group: &[(Timestamp, Command)]) {
    log.write(&batch(first, group)).expect("a disk without faults");
    log.sync().expect("a disk without faults");
}

fn batch(first: u64, group: &[(Timestamp, Command)]) -> Batch {
    let mut batch = Batch::new();
    for (seq, (time, command)) in (first..).map(Seq::new).zip(group) {
        let mut payload = Vec::new();
        encode_command(command, &mut payload);
        batch
            .push_whole(seq, *time, COMMAND_VERSION, &payload)
            .expect("they are in order");
    }
    batch
}

/// Appends the events of one command, cut into parts at arbitrary places.
fn append_parts(log: &mut LogWriter<SimulatedDisk>, sequence: Seq, time: Timestamp, payload: &[u8]) {
    const PART: usize = 700;
    let mut batch = Batch::new();
    let parts: Vec<&[u8]> = match payload {
        [] => vec![&[]],
        payload => payload.chunks(PART).collect(),
    };
    for (index, part) in parts.iter().enumerate() {
        let entry = Entry {
            sequence,
            time,
            version: EVENT_VERSION,
            continues: index + 1 < parts.len(),
            payload: part,
        };
        batch.push(&entry).expect("they are in order");
    }
    log.write(&batch).expect("a disk without faults");
}

fn snapshot(directory: &Directory<SimulatedDisk>, engine: &Engine, time: Timestamp) {
    let sequence = engine.applied();
    let history = directory.history_at(Stream::Commands, sequence);
    let stamp = SnapshotStamp {
        sequence,
        time,
        version: 1,
        history: Some(history.expect("it is written")),
    };
    let mut snapshot = directory.snapshots().begin(stamp).expect("a disk without faults");
    snapshot.write_all(&[7; 3000]).expect("a disk without faults");
    let mut hash = [0; 32];
    hash[..8].copy_from_slice(&engine.state_hash().get().to_le_bytes());
    snapshot.finish(hash).expect("a disk without faults");
}
