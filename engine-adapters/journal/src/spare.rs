//! The next segment, prepared before it is needed.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::directory::Home;
use crate::error::{Fault, Operation};
use crate::format::segment::Stream;
use crate::storage::{Storage, StorageFile, delete_if_there};

/// What is filled at a time.
const PIECE_BYTES: u64 = 1 << 20;

/// The size of the first segment of a log, where segments are not smaller anyway: to fill all of a usual one takes longer
/// than anybody wants to wait for a program that has nothing to read. The largest record fits.
const FIRST_BYTES: u64 = 4 << 20;

/// How many times as large the next one is, up to the usual size: each is prepared while the one before is filled.
const GROWTH: u64 = 4;

/// At most one pre-allocated file, full of durable zeros, under a name that recovery removes. It may be prepared
/// on another thread than the one that takes it.
pub(crate) struct Spare<S: Storage> {
    home: Arc<Home<S>>,
    stream: Stream,
    bytes_max: u64,
    /// Whether somebody waits for a file, so that filling one must not rest.
    is_wanted: Mutex<bool>,
    wanted: Condvar,
    slot: Mutex<Slot<S>>,
}

struct Slot<S: Storage> {
    prepared: Option<SpareFile<S>>,
    /// The size of the next one.
    bytes: u64,
    /// How many were created. Each has a name of its own: one that was taken keeps it until it is renamed, and
    /// by then the next may have been prepared.
    count: u64,
}

/// A prepared file.
pub(crate) struct SpareFile<S: Storage> {
    pub(crate) file: S::File,
    pub(crate) name: String,
    pub(crate) bytes: u64,
}

impl<S: Storage> Spare<S> {
    /// For segments of this size.
    pub(crate) fn new(home: &Arc<Home<S>>, stream: Stream, bytes: u64) -> Self {
        let slot = Mutex::new(Slot {
            prepared: None,
            bytes,
            count: 0,
        });
        Self {
            home: Arc::clone(home),
            stream,
            bytes_max: bytes,
            is_wanted: Mutex::new(false),
            wanted: Condvar::new(),
            slot,
        }
    }

    /// The log is new: it begins with a small segment, and comes to the usual size in steps.
    pub(crate) fn begin_small(&self) {
        let mut slot = self.lock();
        slot.bytes = slot.bytes.min(FIRST_BYTES);
    }

    /// Prepares a file if there is none yet.
    pub(crate) fn prepare(&self) -> Result<(), Fault> {
        let mut slot = self.lock();
        if slot.prepared.is_none() {
            slot.prepared = Some(self.create(&mut slot)?);
        }
        Ok(())
    }

    /// Takes the prepared file, prepares one if there is none, and waits if one is being prepared.
    pub(crate) fn take(&self) -> Result<SpareFile<S>, Fault> {
        self.want(true);
        let mut slot = self.lock();
        let taken = match slot.prepared.take() {
            Some(file) => Ok(file),
            None => self.create(&mut slot),
        };
        self.want(false);
        taken
    }

    fn want(&self, is_wanted: bool) {
        *self.is_wanted.lock().unwrap_or_else(PoisonError::into_inner) = is_wanted;
        self.wanted.notify_all();
    }

    /// Leaves the disk to others for so long, or until somebody waits for a file.
    fn rest(&self, time: Duration) {
        let is_wanted = self.is_wanted.lock().unwrap_or_else(PoisonError::into_inner);
        // The end of the time and the wish for a file are the same here.
        let _ = self
            .wanted
            .wait_timeout_while(is_wanted, time, |is_wanted| !*is_wanted);
    }

    fn lock(&self) -> MutexGuard<'_, Slot<S>> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn create(&self, slot: &mut Slot<S>) -> Result<SpareFile<S>, Fault> {
        slot.count += 1;
        let name = self.stream.spare_file(slot.count);
        delete_if_there(&self.home.storage, &name)?;
        let file = self.home.create(&name)?;
        let bytes = slot.bytes;
        if let Err(fault) = self.fill(&file, &name, bytes) {
            // A disk that is full should get back the space that was of no use. The first fault is the one to report.
            let _ = delete_if_there(&self.home.storage, &name);
            return Err(fault);
        }
        slot.bytes = (bytes * GROWTH).min(self.bytes_max);
        Ok(SpareFile { file, name, bytes })
    }

    /// Piece by piece, each synced: all at once would keep the disk so busy that the syncs of the log beside it
    /// wait for tens of milliseconds. Half of the time the disk is left to others, unless somebody waits.
    fn fill(&self, file: &S::File, name: &str, bytes: u64) -> Result<(), Fault> {
        let mut filled = 0;
        while filled < bytes {
            let started = Instant::now();
            filled = (filled + PIECE_BYTES).min(bytes);
            file.preallocate(filled)
                .map_err(Fault::at(Operation::Write, name))?;
            file.sync_data().map_err(Fault::at(Operation::Sync, name))?;
            self.rest(started.elapsed());
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
    fn a_new_log_begins_small_and_comes_to_its_size() {
        let disk = SimulatedDisk::new();
        let directory = Directory::open(disk.clone(), Identity { journal: 1, shard: 0 }).expect("it opens");
        let sizes = |bytes: u64| {
            let spare = Spare::new(directory.home(), Stream::Commands, bytes);
            spare.begin_small();
            [(); 4].map(|()| spare.take().expect("a disk without faults").bytes)
        };
        assert_eq!(sizes(64 << 20).map(|bytes| bytes >> 20), [4, 16, 64, 64]);
        assert_eq!(sizes(1 << 16), [1 << 16; 4]);
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
