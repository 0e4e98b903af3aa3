//! Why a runtime does not start, and what can end it.

use engine_core::data::{FeedError, RestoreError as ImageError};
use engine_core::{Gap, RestoreError, Seq, SequencerSnapshotError, StateHash};
use engine_journal::{CursorError, Damage, Fault, OpenError, ReadError};
use engine_wire::DecodeError;

/// A configuration that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Nothing works with a zero there.
    #[error("{key} must not be 0")]
    Zero {
        /// Which value.
        key: &'static str,
    },
    /// A segment has to hold a few records of the greatest size.
    #[error("segment_bytes is {segment_bytes} and must be at least 65536")]
    SegmentTooSmall {
        /// What was asked for.
        segment_bytes: u64,
    },
    /// The data needs another entrance.
    #[error("durability is memory, which keeps nothing: start without a directory")]
    MemoryWithDirectory,
    /// There is nothing that could be made safe.
    #[error("without a directory the only durability is memory")]
    NoDirectory,
    /// The directory was written with another configuration of the engine, and its commands mean something else
    /// with this one.
    #[error("the configuration of the engine is not the one with which the data was written: {written}")]
    OtherEngine {
        /// The configuration that the data was written with.
        written: Box<str>,
    },
}

/// Why a runtime did not start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The configuration cannot be.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The journal cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// What the journal holds leads to no state.
    #[error("the journal cannot be replayed: {0}")]
    Replay(#[from] ReplayError),
    /// A cursor cannot be used.
    #[error(transparent)]
    Cursor(#[from] CursorError),
}

impl From<ReadError> for StartError {
    fn from(error: ReadError) -> Self {
        Self::Open(error.into())
    }
}

impl From<Fault> for StartError {
    fn from(fault: Fault) -> Self {
        Self::Open(fault.into())
    }
}

impl From<Damage> for StartError {
    fn from(damage: Damage) -> Self {
        Self::Open(damage.into())
    }
}

/// Why what is kept leads to no state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A record is no command.
    #[error("command {seq} cannot be read: {cause}")]
    Decode {
        /// Its place.
        seq: Seq,
        /// Why not.
        cause: DecodeError,
    },
    /// A command is missing.
    #[error(transparent)]
    Gap(#[from] Gap),
    /// The content of a snapshot is not what this program writes.
    #[error("the content of the snapshot cannot be read: {0}")]
    Content(Box<str>),
    /// A snapshot of another version of the program.
    #[error("the content of the snapshot has version {found}, this program reads {known}")]
    ContentVersion {
        /// Its version.
        found: u16,
        /// The version that is known.
        known: u16,
    },
    /// A snapshot holds another state than the one that it was taken of.
    #[error("the snapshot of {seq} should hold state {expected} and holds {found}")]
    OtherState {
        /// What it is a snapshot of.
        seq: Seq,
        /// The hash that was noted beside it.
        expected: StateHash,
        /// The hash of what it holds.
        found: StateHash,
    },
    /// No engine can be in the state of the snapshot.
    #[error(transparent)]
    Engine(#[from] RestoreError),
    /// No sequencer can be in the state of the snapshot.
    #[error(transparent)]
    Sequencer(#[from] SequencerSnapshotError),
    /// No projections can be in the state of the snapshot.
    #[error(transparent)]
    Projections(#[from] ImageError),
    /// The snapshot has other projections than are wanted.
    #[error("the snapshot has other projections than are wanted now")]
    OtherProjections,
    /// The projections refuse what the engine said.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// The event log cannot be completed.
    #[error("the event log cannot be written: {0}")]
    Events(Fault),
}

/// Why there are no further events for a reader.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadEventsError {
    /// Nothing is kept on disk, and what was kept in memory has gone on.
    #[error("events from {from} on were not read in time, the oldest in memory are those of {oldest}")]
    Missed {
        /// The command whose events are missed.
        from: Seq,
        /// The first command whose events are there.
        oldest: Seq,
    },
    /// The event log cannot be read.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// A record of the event log is no event.
    #[error("the events of command {seq} cannot be read: {cause}")]
    Decode {
        /// Their command.
        seq: Seq,
        /// Why not.
        cause: DecodeError,
    },
    /// The runtime has stopped because of a fault.
    #[error("the engine has stopped: {0}")]
    Stopped(Fault),
}

/// Why a snapshot was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The disk refused.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// What is there cannot be read back.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The commands in the log lead to another state than the writer is in: one of the two is wrong.
    #[error("after {seq} the log leads to state {replayed}, but the engine is in state {running}")]
    Diverged {
        /// The last command.
        seq: Seq,
        /// The state of the engine that ran.
        running: StateHash,
        /// The state of an engine that was given the commands of the log.
        replayed: StateHash,
    },
}

impl From<ReplayError> for SnapshotError {
    fn from(error: ReplayError) -> Self {
        Self::Start(error.into())
    }
}

impl From<ReadError> for SnapshotError {
    fn from(error: ReadError) -> Self {
        Self::Start(error.into())
    }
}
