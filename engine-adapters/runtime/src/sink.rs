//! Reading the events with a durable note of how far one has come.

use std::sync::Arc;

use engine_core::Seq;
use engine_journal::CursorError;

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

/// A reader that carries events out of the process and goes on, after a restart, where it noted that it was.
///
/// It is given only what no power cut can take back, in [`Durability::Interval`](crate::Durability::Interval) later
/// than others. The event log is kept from its note on, so a sink that is gone for good must be
/// [removed](crate::Handle::remove_sink).
pub struct Sink {
    name: Box<str>,
    store: Arc<dyn Store>,
    subscription: Subscription,
}

impl Sink {
    pub(crate) fn new(name: &str, store: Arc<dyn Store>, subscription: Subscription) -> Self {
        Self {
            name: name.into(),
            store,
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
        self.store.advance(&self.name, through)
    }
}
