//! Reading the events with a durable note of how far one has come.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine_core::Seq;
use engine_journal::{CursorError, ReadError};

use crate::store::Store;
use crate::subscription::Subscription;

/// Where a sink begins that has never been there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SinkStart {
    /// With the first command whose events are kept on.
    Oldest,
    /// With what happens from now on; what was answered a moment ago may still be among it.
    Newest,
}

/// How a sink is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SinkState {
    /// Nobody reads for it. The logs are kept for it all the same.
    Absent,
    /// It reads, and has said nothing of trouble.
    Running,
    /// It cannot hand on what it reads, and tries again. The text is for people.
    Failing(Box<str>),
}

/// Where a sink stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkStanding {
    /// Its name.
    pub name: Box<str>,
    /// How it is.
    pub state: SinkState,
    /// The last command of which it has noted that it was carried out.
    pub noted: Seq,
}

/// Where all sinks stand, as far as this process has opened them or found them on disk.
#[derive(Debug, Default)]
pub(crate) struct Sinks(Mutex<BTreeMap<Box<str>, (SinkState, Seq)>>);

impl Sinks {
    /// Those that have a note on this disk. Nobody reads for them yet.
    pub(crate) fn read(store: Option<&dyn Store>) -> Result<Self, ReadError> {
        let sinks = Self::default();
        for (name, noted) in store.map_or(Ok(Vec::new()), Store::positions)? {
            sinks.put(&name, SinkState::Absent, noted);
        }
        Ok(sinks)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Box<str>, (SinkState, Seq)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn put(&self, name: &str, state: SinkState, noted: Seq) {
        self.lock().insert(name.into(), (state, noted));
    }

    pub(crate) fn remove(&self, name: &str) {
        self.lock().remove(name);
    }

    pub(crate) fn standing(&self) -> Vec<SinkStanding> {
        let sinks = self.lock();
        let standing = sinks.iter().map(|(name, (state, noted))| SinkStanding {
            name: name.clone(),
            state: state.clone(),
            noted: *noted,
        });
        standing.collect()
    }

    /// Notes a change of a sink that has not been removed.
    fn change(&self, name: &str, change: impl FnOnce(&mut (SinkState, Seq))) {
        if let Some(sink) = self.lock().get_mut(name) {
            change(sink);
        }
    }
}

/// A reader that carries events out of the process and goes on, after a restart, where it noted that it was.
///
/// It is given only what no power cut can take back, in [`Durability::Interval`](crate::Durability::Interval) later
/// than others. The event log is kept from its note on, so a sink that is gone for good must be
/// [removed](crate::Handle::remove_sink).
pub struct Sink {
    name: Box<str>,
    store: Arc<dyn Store>,
    sinks: Arc<Sinks>,
    subscription: Subscription,
}

impl Sink {
    pub(crate) fn new(
        name: &str,
        store: Arc<dyn Store>,
        sinks: Arc<Sinks>,
        subscription: Subscription,
    ) -> Self {
        Self {
            name: name.into(),
            store,
            sinks,
            subscription,
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The events, from the note on.
    pub fn events(&mut self) -> &mut Subscription {
        &mut self.subscription
    }

    /// Notes durably that everything up to and with command `through` has been carried out. That costs two syncs, so
    /// do it for a batch at a time; after a crash what was not noted comes again.
    ///
    /// # Errors
    /// [`CursorError`]; the note then stands where it stood.
    pub fn advance(&self, through: Seq) -> Result<(), CursorError> {
        self.store.advance(&self.name, through)?;
        self.sinks.change(&self.name, |(_, noted)| *noted = through);
        Ok(())
    }

    /// Says how it is, for those who look after it; see [`Handle::sinks`](crate::Handle::sinks).
    pub fn report(&self, state: SinkState) {
        self.sinks.change(&self.name, |(known, _)| *known = state);
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.report(SinkState::Absent);
    }
}
