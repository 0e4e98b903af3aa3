//! The event log: writing it behind the answers, and reading it for those who are too far behind.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine_core::{Event, EventBatch, Seq, Sequenced};
use engine_journal::{AppendError, Batch, Entry, Fault, Journal, LogReader, Progress, ReadError, Storage};
use engine_wire::{DecodeError, EVENT_VERSION, decode_events, encode_events};

use crate::error::{ReadEventsError, ReplayError};
use crate::slice::EventSlice;

/// The events of a command are cut into records of about this size; the smallest segment holds some of them.
const RECORD_BYTES: usize = 16 << 10;
/// How many events are looked at before a record is cut.
const CHUNK_EVENTS: usize = 64;

/// Takes the events on their way out, and keeps them for those who read them later.
pub(crate) trait Outbox: Send + 'static {
    /// Appends the events of commands that are as safe as they are going to be, from `from` on.
    fn append(&mut self, slice: &EventSlice, from: Seq) -> Result<(), Fault>;

    /// The last command whose events can be read back.
    fn written_through(&self) -> Seq;

    /// Makes everything durable.
    fn close(self) -> Result<(), Fault>;
}

/// The event log as its writer has it. It has no sync of its own: what is missing after a crash is computed again
/// from the commands.
pub(crate) struct EventLog<S: Storage> {
    journal: Arc<Mutex<Option<Journal<S>>>>,
    progress: Progress,
    records: Batch,
    payload: Vec<u8>,
}

impl<S: Storage> EventLog<S> {
    pub(crate) fn new(journal: Journal<S>) -> Self {
        Self {
            progress: journal.progress().clone(),
            journal: Arc::new(Mutex::new(Some(journal))),
            records: Batch::new(),
            payload: Vec::new(),
        }
    }

    /// Lets another thread ask for a sync.
    pub(crate) fn syncing(&self) -> EventSync<S> {
        EventSync {
            journal: Arc::clone(&self.journal),
            progress: self.progress.clone(),
        }
    }

    /// Appends the events that a log that ended with command `end` lacks.
    pub(crate) fn complete(&mut self, slice: &EventSlice, end: Seq) -> Result<(), ReplayError> {
        if slice.last() <= end {
            return Ok(());
        }
        let missing = slice.first().max(end.next());
        self.append(slice, missing).map_err(ReplayError::Events)
    }

    /// Waits until the events up to and with `through` can be read back.
    pub(crate) fn wait_written(&self, through: Seq) -> Result<(), Fault> {
        self.progress.wait_written(through)
    }

    /// Puts the events of a command into one record, or into several that continue each other.
    fn push(&mut self, batch: EventBatch<'_>) {
        let mut rest = batch.events;
        loop {
            self.payload.clear();
            while !rest.is_empty() && self.payload.len() < RECORD_BYTES {
                let (chunk, after) = rest.split_at(rest.len().min(CHUNK_EVENTS));
                encode_events(chunk, &mut self.payload);
                rest = after;
            }
            let entry = Entry {
                sequence: batch.seq,
                time: batch.time,
                version: EVENT_VERSION,
                continues: !rest.is_empty(),
                payload: &self.payload,
            };
            self.records.push(&entry).expect("commands come in order");
            if rest.is_empty() {
                return;
            }
        }
    }
}

impl<S: Storage> Outbox for EventLog<S> {
    fn append(&mut self, slice: &EventSlice, from: Seq) -> Result<(), Fault> {
        self.records.clear();
        for batch in slice.iter_from(from) {
            self.push(batch);
        }
        loop {
            let outcome = match lock(&self.journal).as_mut() {
                Some(journal) => journal.append(&self.records),
                None => unreachable!("the event log is closed after the last append"),
            };
            match outcome {
                Ok(_) => return Ok(()),
                Err(AppendError::Stopped(fault)) => return Err(fault),
                // What waits is being written, so there is room as soon as some of it is.
                Err(AppendError::Backlog { .. }) => {
                    self.progress
                        .wait_written(self.progress.written_through().next())?;
                }
                Err(error) => panic!("events follow on each other and fit: {error}"),
            }
        }
    }

    fn written_through(&self) -> Seq {
        self.progress.written_through()
    }

    fn close(self) -> Result<(), Fault> {
        let journal = lock(&self.journal).take();
        journal.expect("the event log is closed once").close()?;
        Ok(())
    }
}

/// Asks for the event log to be on disk.
pub(crate) struct EventSync<S: Storage> {
    journal: Arc<Mutex<Option<Journal<S>>>>,
    progress: Progress,
}

impl<S: Storage> EventSync<S> {
    /// Waits until the events up to and with `through` are on disk.
    pub(crate) fn sync(&self, through: Seq) -> Result<(), Fault> {
        // What is still on its way to the log would not be part of the sync.
        self.progress.wait_written(through)?;
        if let Some(journal) = lock(&self.journal).as_ref() {
            journal.request_sync();
        }
        self.progress.wait_durable(through)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads events back in order.
pub(crate) trait EventReader: Send {
    /// Fills `slice` with the next commands, up to and with `until` or fewer.
    fn read(&mut self, until: Seq, slice: &mut EventSlice) -> Result<(), ReadEventsError>;
}

/// How many events are read at once at least, if there are so many.
const READ_EVENTS: usize = 4_096;

impl<S: Storage> EventReader for LogReader<S> {
    fn read(&mut self, until: Seq, slice: &mut EventSlice) -> Result<(), ReadEventsError> {
        let mut events = Vec::new();
        while slice.events().len() < READ_EVENTS && slice.len() < READ_EVENTS {
            let Some(command) = read_command(self, until, &mut events)? else {
                break;
            };
            slice
                .push(&command, |into| {
                    into.append(&mut events);
                    Ok::<_, ReadError>(())
                })
                .expect("appending to memory does not fail");
        }
        Ok(())
    }
}

/// Reads all records of one command.
fn read_command<S: Storage>(
    reader: &mut LogReader<S>,
    until: Seq,
    events: &mut Vec<Event>,
) -> Result<Option<Sequenced<()>>, ReadEventsError> {
    while let Some(entry) = reader.next(until)? {
        let (seq, time) = (entry.sequence, entry.time);
        decode_events(entry.version, entry.payload, events)
            .map_err(|cause: DecodeError| ReadEventsError::Decode { seq, cause })?;
        if !entry.continues {
            return Ok(Some(Sequenced { seq, time, value: () }));
        }
    }
    Ok(None)
}
