//! The next segment, prepared before it is needed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::directory::Home;
use crate::error::{Fault, Operation};
use crate::format::segment::Stream;
use crate::storage::{Storage, StorageFile, delete_if_there};

const PIECE_BYTES: u64 = 1 << 20;

/// At most one pre-allocated file, full of durable zeros, under a name that recovery removes. It may be prepared
/// on another thread than the one that takes it.
pub(crate) struct Spare<S: Storage> {
    home: Arc<Home<S>>,
    stream: Stream,
    bytes: u64,
    slot: Mutex<Slot<S>>,
}

struct Slot<S: Storage> {
    prepared: Option<SpareFile<S>>,
    /// How many were created. Each has a name of its own: one that was taken keeps it until it is renamed, and
    /// by then the next may have been prepared.
    count: u64,
}

/// A prepared file.
pub(crate) struct SpareFile<S: Storage> {
    pub(crate) file: S::File,
    pub(crate) name: String,
}

impl<S: Storage> Spare<S> {
    pub(crate) fn new(home: &Arc<Home<S>>, stream: Stream, bytes: u64) -> Self {
        let slot = Mutex::new(Slot {
            prepared: None,
            count: 0,
        });
        Self {
            home: Arc::clone(home),
            stream,
            bytes,
            slot,
        }
    }

    /// Prepares a file if there is none yet.
    pub(crate) fn prepare(&self) -> Result<(), Fault> {
        let mut slot = self.lock();
        if slot.prepared.is_none() {
            slot.prepared = Some(self.create(&mut slot.count)?);
        }
        Ok(())
    }

    /// Takes the prepared file, prepares one if there is none, and waits if one is being prepared.
    pub(crate) fn take(&self) -> Result<SpareFile<S>, Fault> {
        let mut slot = self.lock();
        match slot.prepared.take() {
            Some(file) => Ok(file),
            None => self.create(&mut slot.count),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Slot<S>> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn create(&self, count: &mut u64) -> Result<SpareFile<S>, Fault> {
        *count += 1;
        let name = self.stream.spare_file(*count);
        delete_if_there(&self.home.storage, &name)?;
        let file = self.home.create(&name)?;
        if let Err(fault) = self.fill(&file, &name) {
            // A disk that is full should get back the space that was of no use. The first fault is the one to report.
            let _ = delete_if_there(&self.home.storage, &name);
            return Err(fault);
        }
        Ok(SpareFile { file, name })
    }

    /// Piece by piece, each synced: all at once would keep the disk so busy that the syncs of the log beside it
    /// wait for tens of milliseconds.
    fn fill(&self, file: &S::File, name: &str) -> Result<(), Fault> {
        let mut filled = 0;
        while filled < self.bytes {
            filled = (filled + PIECE_BYTES).min(self.bytes);
            file.preallocate(filled)
                .map_err(Fault::at(Operation::Write, name))?;
            file.sync_data().map_err(Fault::at(Operation::Sync, name))?;
        }
        Ok(())
    }
}

impl<S: Storage> Drop for Spare<S> {
    fn drop(&mut self) {
        if let Some(SpareFile { name, .. }) = self.lock().prepared.take() {
            // One that stays behind is removed when the directory is opened again.
            let _ = self.home.storage.delete(&name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulation::SimulatedDisk;
    use crate::{Directory, Identity};

    #[test]
    fn a_file_that_was_taken_is_not_touched_by_the_preparation_of_the_next() {
        let disk = SimulatedDisk::new();
        let directory = Directory::open(disk.clone(), Identity { journal: 1, shard: 0 }).expect("it opens");
        let spare = Spare::new(directory.home(), Stream::Commands, 1024);
        spare.prepare().expect("a disk without faults");
        let taken = spare.take().expect("it is prepared");
        taken.file.write_at(b"mine", 0).expect("a disk without faults");
        spare.prepare().expect("a disk without faults");
        assert_eq!(
            disk.read_file(&taken.name).expect("it is still there")[..4],
            *b"mine"
        );
        let next = spare.take().expect("it is prepared");
        assert_ne!(next.name, taken.name);
    }

    #[test]
    fn one_file_is_prepared_however_often_it_is_asked_for() {
        let disk = SimulatedDisk::new();
        let directory = Directory::open(disk.clone(), Identity { journal: 1, shard: 0 }).expect("it opens");
        let spare = Spare::new(directory.home(), Stream::Commands, 1024);
        spare.prepare().expect("a disk without faults");
        let steps = disk.steps();
        spare.prepare().expect("a disk without faults");
        let taken = spare.take().expect("it is prepared");
        assert_eq!(disk.steps(), steps, "what is prepared is used");
        assert_eq!(taken.file.len().expect("a disk without faults"), 1024);
    }
}
