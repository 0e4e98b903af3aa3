//! The command log as the engine's writer sees it: local, or replicated by something else.

use engine_core::Seq;

use crate::batch::Batch;
use crate::error::{AppendError, Fault, ReadError};
use crate::format::record::Entry;
use crate::journal::Journal;
use crate::reader::LogReader;
use crate::storage::Storage;

/// What an append was given: the sequences that it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The first sequence of the batch.
    pub first: Seq,
    /// The last sequence of the batch. The batch is safe once [`CommandLog::durable_through`] has reached it.
    pub last: Seq,
}

/// The log of sequenced commands: the only thing that must survive, and the only thing to replicate.
///
/// The sequence is the offset. There is one writer; what else it takes to be the one (a lock, a fencing token) is
/// the business of the implementation, and losing it is [`AppendError::Stopped`].
pub trait CommandLog {
    /// Reads the log in order.
    type Reader: CommandReader;

    /// Takes a batch and returns at once; the batch is on its way to safety. An empty batch has no
    /// receipt.
    ///
    /// # Errors
    /// [`AppendError`]; nothing of the batch was taken then.
    fn append(&mut self, batch: &Batch) -> Result<Option<Receipt>, AppendError>;

    /// The last sequence that was appended; 0 before the first.
    fn end(&self) -> Seq;

    /// The last sequence that is safe: durable here, or wherever the log puts its trust.
    fn durable_through(&self) -> Seq;

    /// Waits until `through` is safe.
    ///
    /// # Errors
    /// The fault that stopped the log before that.
    fn wait_durable(&self, through: Seq) -> Result<(), Fault>;

    /// A reader that starts with sequence `from`.
    ///
    /// # Errors
    /// [`ReadError`], in particular if the sequence is no longer kept.
    fn reader(&self, from: Seq) -> Result<Self::Reader, ReadError>;
}

/// Reads a [`CommandLog`] in order.
pub trait CommandReader {
    /// The next record up to and with `until`, which must have been appended; `None` if that was reached.
    ///
    /// # Errors
    /// [`ReadError`].
    fn next(&mut self, until: Seq) -> Result<Option<Entry<'_>>, ReadError>;
}

impl<S: Storage> CommandLog for Journal<S> {
    type Reader = LogReader<S>;

    fn append(&mut self, batch: &Batch) -> Result<Option<Receipt>, AppendError> {
        Self::append(self, batch)
    }

    fn end(&self) -> Seq {
        Self::end(self)
    }

    fn durable_through(&self) -> Seq {
        self.progress().durable_through()
    }

    fn wait_durable(&self, through: Seq) -> Result<(), Fault> {
        self.progress().wait_durable(through)
    }

    fn reader(&self, from: Seq) -> Result<LogReader<S>, ReadError> {
        Self::reader(self, from)
    }
}

impl<S: Storage> CommandReader for LogReader<S> {
    fn next(&mut self, until: Seq) -> Result<Option<Entry<'_>>, ReadError> {
        Self::next(self, until)
    }
}
