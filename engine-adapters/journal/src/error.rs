//! What can go wrong outside the process: a refused operation, or bytes that cannot be trusted.

use std::fmt;
use std::io;

use engine_core::Seq;

/// What was asked of the disk when it refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// Creating a file.
    Create,
    /// Opening a file.
    Open,
    /// Reading from a file, or asking for its length.
    Read,
    /// Writing to a file.
    Write,
    /// Making a file durable.
    Sync,
    /// Renaming a file.
    Rename,
    /// Deleting a file.
    Delete,
    /// Listing the directory.
    List,
    /// Making the names in the directory durable.
    SyncDirectory,
    /// Taking the lock of the directory.
    Lock,
    /// Starting a thread of the journal.
    Spawn,
    /// Going on after a thread of the journal, or the observer that it calls, has panicked.
    Continue,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Create => "create",
            Self::Open => "open",
            Self::Read => "read",
            Self::Write => "write",
            Self::Sync => "sync",
            Self::Rename => "rename",
            Self::Delete => "delete",
            Self::List => "list",
            Self::SyncDirectory => "sync the directory of",
            Self::Lock => "lock",
            Self::Spawn => "start the thread",
            Self::Continue => "go on after a panic in",
        })
    }
}

/// An operation that the system refused. It can be cloned, because a log that has stopped answers every later
/// call with the fault that stopped it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What was asked.
    pub operation: Operation,
    /// The file it was asked of.
    pub file: String,
    /// The kind of the refusal.
    pub kind: io::ErrorKind,
    /// The number that the operating system gave, if it gave one.
    pub code: Option<i32>,
}

impl Fault {
    pub(crate) fn new(operation: Operation, file: &str, error: &io::Error) -> Self {
        Self {
            operation,
            file: file.to_owned(),
            kind: error.kind(),
            code: error.raw_os_error(),
        }
    }

    /// Names the operation and the file of an `io::Error`, for `map_err`.
    pub(crate) fn at(operation: Operation, file: &str) -> impl FnOnce(io::Error) -> Self + '_ {
        move |error| Self::new(operation, file, &error)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {} {}: ", self.operation, self.file)?;
        match self.code {
            Some(code) => io::Error::from_raw_os_error(code).fmt(f),
            None => self.kind.fmt(f),
        }
    }
}

impl std::error::Error for Fault {}

/// Bytes that cannot be trusted: where they are, and what is wrong with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The file.
    pub file: String,
    /// The first byte of the part that cannot be trusted.
    pub offset: u64,
    /// The first sequence that cannot be read because of it; `None` where the file holds no sequence.
    pub sequence: Option<Seq>,
    /// What is wrong.
    pub cause: DamageCause,
}

impl Damage {
    pub(crate) fn new(file: &str, offset: u64, sequence: Option<Seq>, cause: DamageCause) -> Self {
        Self {
            file: file.to_owned(),
            offset,
            sequence,
            cause,
        }
    }

    /// What to do about it, as one sentence for the person who reads the log.
    pub fn help(&self) -> &'static str {
        match self.cause {
            DamageCause::Missing
            | DamageCause::EndsEarly { .. }
            | DamageCause::OtherJournal
            | DamageCause::OtherHistory => {
                "put the missing or right file back, or see what is there with \
                 `exchange-server journal verify` and give up the rest with `exchange-server journal repair`"
            }
            _ => {
                "list all damage with `exchange-server journal verify`, save what can be read with \
                 `exchange-server journal export`, then mend or cut with `exchange-server journal repair`"
            }
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cannot be trusted from byte {} on", self.file, self.offset)?;
        if let Some(sequence) = self.sequence {
            write!(f, " (sequence {sequence})")?;
        }
        write!(f, ": {}; {}", self.cause, self.help())
    }
}

impl std::error::Error for Damage {}

/// What is wrong with the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DamageCause {
    /// A sector or block does not match its check value.
    #[error("the check value does not match the bytes")]
    Checksum,
    /// A sector that was durable is not written.
    #[error("a part that was safe on disk is not written")]
    Unwritten,
    /// A sector is written where nothing may be.
    #[error("bytes stand after the end of the data")]
    Trailing,
    /// A header or name says something that no journal says.
    #[error("the header contradicts itself")]
    Header,
    /// Sectors that are whole do not make a group.
    #[error("the sectors do not belong together")]
    Group,
    /// A record does not follow on the one before it, or does not match its check value.
    #[error("a record does not follow on the one before it")]
    Chain,
    /// A file does not continue the one before it.
    #[error("the file does not continue the one before it")]
    Discontinuous,
    /// The file has another length than its header says.
    #[error("the file has {found} bytes and should have {expected}")]
    Length {
        /// What the header says.
        expected: u64,
        /// What is there.
        found: u64,
    },
    /// The file is not there.
    #[error("the file is missing")]
    Missing,
    /// The log ends before a sequence that was safe on disk.
    #[error("the log ends at {end}, but {acknowledged} was safe on disk")]
    EndsEarly {
        /// The last sequence that is there.
        end: Seq,
        /// The last sequence that was there.
        acknowledged: Seq,
    },
    /// The file does not begin as a file of a journal does.
    #[error("this is not a file of a journal")]
    NotAJournal,
    /// The file is another part of a journal than its name says.
    #[error("the file is not what its name says")]
    Misnamed,
    /// The log and a snapshot or the mark are not of one history, though of one journal.
    #[error("the log has another history than what belongs to it")]
    OtherHistory,
    /// The file belongs to another journal or shard.
    #[error("the file belongs to another journal or shard")]
    OtherJournal,
}

/// Why something of a journal could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The system refused.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The bytes cannot be trusted.
    #[error(transparent)]
    Damage(#[from] Damage),
    /// The file was written by a later version of this program.
    #[error(
        "{file} has format {found}, this program reads up to {supported}: start the version that wrote it, \
         or let that version write `exchange-server journal export`"
    )]
    NewerFormat {
        /// The file.
        file: String,
        /// Its format version.
        found: u16,
        /// The newest format version that is understood.
        supported: u16,
    },
    /// The sequence has been removed by retention.
    #[error("sequence {wanted} is no longer kept, the log starts at {first}")]
    Gone {
        /// The sequence that was asked for.
        wanted: Seq,
        /// The first one that is there.
        first: Seq,
    },
}

/// Why a journal could not be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process holds the directory.
    #[error("{directory} is in use by another process: stop that one first, or use another data directory")]
    Locked {
        /// The directory.
        directory: String,
    },
    /// The options contradict the format.
    #[error(
        "a segment of {segment_bytes} bytes is not possible: take a multiple of 512 from {least} to {most}"
    )]
    SegmentSize {
        /// What was asked for.
        segment_bytes: u64,
        /// The least that is possible.
        least: u64,
        /// The most that is possible.
        most: u64,
    },
    /// The directory belongs to another shard.
    #[error("{directory} holds shard {found}, not shard {wanted}")]
    OtherShard {
        /// The directory.
        directory: String,
        /// The shard that it holds.
        found: u32,
        /// The shard that was asked for.
        wanted: u32,
    },
    /// What is there cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl From<Fault> for OpenError {
    fn from(fault: Fault) -> Self {
        Self::Read(fault.into())
    }
}

impl From<Damage> for OpenError {
    fn from(damage: Damage) -> Self {
        Self::Read(damage.into())
    }
}

/// Why a batch was not appended. Nothing of it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// The batch does not follow on what was appended before.
    #[error("sequence {found} cannot follow: the log goes on at {expected}")]
    OutOfOrder {
        /// The sequence that the log expects.
        expected: Seq,
        /// The sequence that came.
        found: Seq,
    },
    /// A payload is larger than a segment of this log can hold.
    #[error("a payload of {bytes} bytes is too large, the limit is {bytes_max}")]
    TooLarge {
        /// The size of the payload.
        bytes: usize,
        /// The limit.
        bytes_max: usize,
    },
    /// More is waiting to be written than the options allow.
    #[error("{bytes} bytes wait to be written, the limit is {bytes_max}")]
    Backlog {
        /// What waits, the batch included.
        bytes: usize,
        /// The limit.
        bytes_max: usize,
    },
    /// The log has stopped, because a write or a sync failed. It does not start again within this process.
    #[error("the log has stopped: {0}")]
    Stopped(#[from] Fault),
}
