//! The command log as the engine's writer sees it: local, or replicated by something else.

use std::time::Duration;

use engine_core::Seq;

use crate::batch::Batch;
use crate::directory::Directory;
use crate::error::{AppendError, Fault, ReadError};
use crate::format::record::Entry;
use crate::format::segment::Stream;
use crate::journal::Journal;
use crate::progress::Progress;
use crate::reader::LogReader;
use crate::snapshot::SnapshotStamp;
use crate::storage::Storage;

/// What an append was given: the sequences that it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The first sequence of the batch.
    pub first: Seq,
    /// The last sequence of the batch. The batch is safe once [`CommandSource::durable_through`] has reached it.
    pub last: Seq,
}

/// The log of sequenced commands: the only thing that must survive, and the only thing to replicate.
///
/// The sequence is the offset. There is one writer; what else it takes to be the one (a lock, a fencing token) is
/// the business of the implementation, and losing it is [`AppendError::Stopped`].
pub trait CommandLog: Send + 'static {
    /// What other threads see of the log.
    type Source: CommandSource;

    /// Takes a batch and returns at once; the batch is on its way to safety. An empty batch has no
    /// receipt.
    ///
    /// # Errors
    /// [`AppendError`]; nothing of the batch was taken then.
    fn append(&mut self, batch: &Batch) -> Result<Option<Receipt>, AppendError>;

    /// The last sequence that was appended; 0 before the first.
    fn end(&self) -> Seq;

    /// The same log for those who read it or wait for it.
    fn source(&self) -> Self::Source;

    /// Makes everything safe and says up to which sequence that is. Nothing can be appended afterwards.
    ///
    /// # Errors
    /// The fault that stopped the log, now or before.
    fn close(self) -> Result<Seq, Fault>;
}

/// A [`CommandLog`] as every thread but the writer's sees it. Clones see the same log.
pub trait CommandSource: Clone + Send + Sync + 'static {
    /// Reads the log in order.
    type Reader: CommandReader;

    /// The last sequence that outlives this process, though perhaps not a power cut.
    fn written_through(&self) -> Seq;

    /// The last sequence that is safe: durable here, or wherever the log puts its trust.
    fn durable_through(&self) -> Seq;

    /// Waits until `through` outlives this process.
    ///
    /// # Errors
    /// The fault that stopped the log before that.
    fn wait_written(&self, through: Seq) -> Result<(), Fault>;

    /// Waits until `through` is safe.
    ///
    /// # Errors
    /// The fault that stopped the log before that.
    fn wait_durable(&self, through: Seq) -> Result<(), Fault>;

    /// How often the log was made safe, and how long that took in all.
    fn syncs(&self) -> (u64, Duration);

    /// A reader that starts with sequence `from`, which may still be to come.
    ///
    /// # Errors
    /// [`ReadError`], in particular if the sequence is no longer kept.
    fn reader(&self, from: Seq) -> Result<Self::Reader, ReadError>;

    /// A reader of what follows on a snapshot, which must be one of this log's history.
    ///
    /// # Errors
    /// As [`CommandSource::reader`], and damage if the log and the snapshot have another history.
    fn replay_after(&self, snapshot: &SnapshotStamp) -> Result<Self::Reader, ReadError>;
}

/// Reads a [`CommandLog`] in order.
pub trait CommandReader: Send + 'static {
    /// The next record up to and with `until`, which must have been appended; `None` if that was reached.
    ///
    /// # Errors
    /// [`ReadError`].
    fn next(&mut self, until: Seq) -> Result<Option<Entry<'_>>, ReadError>;

    /// A value that stands for everything up to the last record that was given out, for
    /// [`SnapshotStamp::history`]; `None` where the log has no such value.
    fn history(&self) -> Option<u64>;
}

/// A [`Journal`] as other threads see it.
pub struct JournalSource<S: Storage> {
    directory: Directory<S>,
    stream: Stream,
    progress: Progress,
}

impl<S: Storage> JournalSource<S> {
    pub(crate) fn new(directory: Directory<S>, stream: Stream, progress: Progress) -> Self {
        Self {
            directory,
            stream,
            progress,
        }
    }
}

impl<S: Storage> Clone for JournalSource<S> {
    fn clone(&self) -> Self {
        Self::new(self.directory.clone(), self.stream, self.progress.clone())
    }
}

impl<S: Storage> CommandLog for Journal<S> {
    type Source = JournalSource<S>;

    fn append(&mut self, batch: &Batch) -> Result<Option<Receipt>, AppendError> {
        Self::append(self, batch)
    }

    fn end(&self) -> Seq {
        Self::end(self)
    }

    fn source(&self) -> JournalSource<S> {
        Self::source(self)
    }

    fn close(self) -> Result<Seq, Fault> {
        Self::close(self)
    }
}

impl<S: Storage> CommandSource for JournalSource<S> {
    type Reader = LogReader<S>;

    fn written_through(&self) -> Seq {
        self.progress.written_through()
    }

    fn durable_through(&self) -> Seq {
        self.progress.durable_through()
    }

    fn wait_written(&self, through: Seq) -> Result<(), Fault> {
        self.progress.wait_written(through)
    }

    fn wait_durable(&self, through: Seq) -> Result<(), Fault> {
        self.progress.wait_durable(through)
    }

    fn syncs(&self) -> (u64, Duration) {
        self.progress.syncs()
    }

    fn reader(&self, from: Seq) -> Result<LogReader<S>, ReadError> {
        self.directory.reader(self.stream, from)
    }

    fn replay_after(&self, snapshot: &SnapshotStamp) -> Result<LogReader<S>, ReadError> {
        self.directory.replay_after(snapshot)
    }
}

impl<S: Storage> CommandReader for LogReader<S> {
    fn next(&mut self, until: Seq) -> Result<Option<Entry<'_>>, ReadError> {
        Self::next(self, until)
    }

    fn history(&self) -> Option<u64> {
        Some(Self::history(self))
    }
}
