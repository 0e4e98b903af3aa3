//! The next segment, prepared before it is needed.

use std::sync::{Arc, Mutex, PoisonError};

use crate::directory::Home;
use crate::error::{Fault, Operation};
use crate::format::segment::Stream;
use crate::storage::{Storage, StorageFile, delete_if_there};

/// At most one pre-allocated file, full of durable zeros, under a name that recovery ignores. It may be prepared
/// on another thread than the one that takes it.
pub(crate) struct Spare<S: Storage> {
    home: Arc<Home<S>>,
    name: String,
    bytes: u64,
    slot: Mutex<Option<S::File>>,
}

impl<S: Storage> Spare<S> {
    pub(crate) fn new(home: &Arc<Home<S>>, stream: Stream, bytes: u64) -> Self {
        Self { home: Arc::clone(home), name: stream.spare_file(), bytes, slot: Mutex::new(None) }
    }

    /// Prepares a file if there is none yet.
    pub(crate) fn prepare(&self) -> Result<(), Fault> {
        let mut slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.is_none() {
            *slot = Some(self.create()?);
        }
        Ok(())
    }

    /// Takes the prepared file, prepares one if there is none, and waits if one is being prepared.
    pub(crate) fn take(&self) -> Result<S::File, Fault> {
        let mut slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
        match slot.take() {
            Some(file) => Ok(file),
            None => self.create(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    fn create(&self) -> Result<S::File, Fault> {
        delete_if_there(&self.home.storage, &self.name)?;
        let file = self.home.create(&self.name)?;
        let prepared = file
            .preallocate(self.bytes)
            .map_err(Fault::at(Operation::Write, &self.name))
            .and_then(|()| file.sync_data().map_err(Fault::at(Operation::Sync, &self.name)));
        if let Err(fault) = prepared {
            // A disk that is full should get back the space that was of no use. The first fault is the one to report.
            let _ = delete_if_there(&self.home.storage, &self.name);
            return Err(fault);
        }
        Ok(file)
    }
}
