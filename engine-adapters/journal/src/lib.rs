//! The durable journal of a matching engine: an append-only log of sequenced commands, the event log beside it,
//! snapshots, and the cursors of those who read.
//!
//! The journal keeps opaque bytes with a sequence, a time and a version; what they mean is defined elsewhere. It
//! promises three things, and `docs/journal-format.md` says how far:
//!
//! - what [`Progress::durable_through`] has reached is on disk;
//! - what is read is what was appended, in order, without a gap;
//! - where that cannot be known, opening or reading fails and says where and what to do.

mod batch;
mod command_log;
mod cursor;
mod cut;
mod directory;
#[cfg(unix)]
mod disk;
mod error;
mod format;
mod journal;
mod mark;
mod options;
mod progress;
mod reader;
mod recover;
mod repair;
mod retention;
mod scan;
pub mod simulation;
mod snapshot;
mod spare;
mod storage;
mod tail;
mod verify;
mod writer;

pub use batch::{Batch, PAYLOAD_BYTES_MAX};
pub use command_log::{CommandLog, CommandReader, CommandSource, JournalSource, Receipt};
pub use cursor::{CursorError, CursorStore};
pub use directory::Directory;
#[cfg(unix)]
pub use disk::{Disk, DiskLock};
pub use error::{AppendError, Damage, DamageCause, Fault, OpenError, Operation, ReadError};
pub use format::record::Entry;
pub use format::seal::Identity;
pub use format::segment::Stream;
pub use journal::Journal;
pub use options::{LogOptions, SyncPolicy};
pub use progress::Progress;
pub use reader::LogReader;
pub use recover::{Recovery, TornTail};
pub use repair::{Repair, RepairError, Repaired};
pub use retention::Retention;
pub use snapshot::{NewestSnapshot, SnapshotReader, SnapshotStamp, SnapshotStore, SnapshotWriter};
pub use storage::{Storage, StorageFile};
pub use verify::{LogReport, SegmentReport, VerifyProgress, VerifyReport};
pub use writer::LogWriter;
