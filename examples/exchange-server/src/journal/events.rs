//! The events that a journal keeps, one batch for each command.

use std::path::PathBuf;

use engine_core::{Event, Seq};
use engine_journal::{Disk, LogReader, Stream};
use engine_wire::decode_events;

use super::error::JournalError;
use super::open::OpenJournal;

/// Reads the events of one command after the other.
pub(crate) struct Events {
    directory: PathBuf,
    reader: LogReader<Disk>,
    /// The events of a command may be too many for one record.
    payload: Vec<u8>,
    events: Vec<Event>,
}

impl Events {
    pub(crate) fn open(journal: &OpenJournal, from: Seq) -> Result<Self, JournalError> {
        let reader = journal.directory.reader(Stream::Events, from);
        Ok(Self {
            directory: journal.path.clone(),
            reader: reader.map_err(JournalError::read(&journal.path))?,
            payload: Vec::new(),
            events: Vec::new(),
        })
    }

    /// The events of the command `sequence`, which is the next one and is there.
    pub(crate) fn of(&mut self, sequence: Seq) -> Result<&[Event], JournalError> {
        self.payload.clear();
        self.events.clear();
        let mut version = 0;
        loop {
            let entry = self.reader.next(sequence);
            let Some(entry) = entry.map_err(JournalError::read(&self.directory))? else {
                break;
            };
            version = entry.version;
            self.payload.extend_from_slice(entry.payload);
            if !entry.continues {
                break;
            }
        }
        decode_events(version, &self.payload, &mut self.events).map_err(|cause| {
            JournalError::NotUnderstood {
                directory: self.directory.clone(),
                what: "the events",
                sequence,
                cause,
            }
        })?;
        Ok(&self.events)
    }
}
