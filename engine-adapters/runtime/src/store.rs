//! What is kept on disk beside the command log, as those see it who only read and note how far they are.

use engine_core::Seq;
use engine_journal::{CursorError, Directory, ReadError, Storage, Stream};

use crate::events::EventReader;

/// The event log and the cursors, whichever disk they are on.
pub(crate) trait Store: Send + Sync {
    /// A reader of events from command `from` on.
    fn events(&self, from: Seq) -> Result<Box<dyn EventReader>, ReadError>;

    /// The last command whose events are no longer kept; 0 if all are.
    fn oldest(&self) -> Result<Seq, ReadError>;

    /// Where a cursor stands, if there is one.
    fn position(&self, name: &str) -> Result<Option<Seq>, CursorError>;

    /// All cursors, and where they stand.
    fn positions(&self) -> Result<Vec<(String, Seq)>, ReadError>;

    /// Moves a cursor, durably.
    fn advance(&self, name: &str, through: Seq) -> Result<(), CursorError>;

    /// Removes a cursor, durably.
    fn remove(&self, name: &str) -> Result<(), CursorError>;
}

impl<S: Storage> Store for Directory<S> {
    fn events(&self, from: Seq) -> Result<Box<dyn EventReader>, ReadError> {
        Ok(Box::new(self.reader(Stream::Events, from)?))
    }

    fn oldest(&self) -> Result<Seq, ReadError> {
        match self.reader(Stream::Events, Seq::new(1)) {
            Ok(_) => Ok(Seq::new(0)),
            Err(ReadError::Gone { first, .. }) => Ok(Seq::new(first.get() - 1)),
            Err(error) => Err(error),
        }
    }

    fn position(&self, name: &str) -> Result<Option<Seq>, CursorError> {
        self.cursors().position(name)
    }

    fn positions(&self) -> Result<Vec<(String, Seq)>, ReadError> {
        self.cursors().positions()
    }

    fn advance(&self, name: &str, through: Seq) -> Result<(), CursorError> {
        self.cursors().advance(name, through)
    }

    fn remove(&self, name: &str) -> Result<(), CursorError> {
        self.cursors().remove(name)
    }
}
