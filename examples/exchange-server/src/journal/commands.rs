//! The commands of a journal, in order.

use std::path::PathBuf;

use engine_core::{Command, Seq, Sequenced, Timestamp};
use engine_journal::{Disk, LogReader, Stream};
use engine_wire::decode_command;

use super::error::JournalError;
use super::open::OpenJournal;

/// Reads commands up to and with one.
pub(crate) struct Commands {
    directory: PathBuf,
    reader: LogReader<Disk>,
    until: Seq,
    now: Timestamp,
}

impl Commands {
    pub(crate) fn open(journal: &OpenJournal, from: Seq, until: Seq) -> Result<Self, JournalError> {
        let reader = journal.directory.reader(Stream::Commands, from);
        Ok(Self {
            directory: journal.path.clone(),
            reader: reader.map_err(JournalError::read(&journal.path))?,
            until,
            now: Timestamp::ZERO,
        })
    }

    /// The next command; `None` after the last.
    pub(crate) fn next(&mut self) -> Result<Option<Sequenced<Command>>, JournalError> {
        let entry = self.reader.next(self.until);
        let Some(entry) = entry.map_err(JournalError::read(&self.directory))? else {
            return Ok(None);
        };
        if entry.time < self.now {
            return Err(JournalError::TimeBackwards {
                directory: self.directory.clone(),
                sequence: entry.sequence,
            });
        }
        self.now = entry.time;
        match decode_command(entry.version, entry.payload) {
            Ok(value) => Ok(Some(Sequenced {
                seq: entry.sequence,
                time: entry.time,
                value,
            })),
            Err(cause) => Err(JournalError::NotUnderstood {
                directory: self.directory.clone(),
                what: "the bytes of the command",
                sequence: entry.sequence,
                cause,
            }),
        }
    }
}
