//! A file whose writing leaves the disk to others in between.

use std::fs::File;
use std::io;
use std::ops::Bound;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use redb::backends::FileBackend;
use redb::{BackendError, DatabaseError, StorageBackend};

/// After so many bytes the disk is asked to have them, before more are written. The journal is on the same disk, and an
/// order waits for its sync: behind all that a second of orders leaves in the archive that takes some tens of
/// milliseconds, behind one such piece a few. Smaller pieces would cost more syncs than they make room.
const PIECE_BYTES: u64 = 1 << 20;

/// A file that is synced piece by piece while it is written.
#[derive(Debug)]
pub(super) struct GentleFile {
    file: FileBackend,
    /// The bytes that were written since the last sync.
    unsynced: AtomicU64,
}

impl GentleFile {
    /// Opens the file, or makes it.
    pub(super) fn open(path: &Path) -> Result<Self, DatabaseError> {
        let options = File::options().read(true).write(true).create(true).clone();
        let file = options.open(path).map_err(redb::StorageError::from)?;
        Ok(Self {
            file: FileBackend::new(file)?,
            unsynced: AtomicU64::new(0),
        })
    }
}

impl StorageBackend for GentleFile {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.unsynced.store(0, Ordering::Relaxed);
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.file.write(offset, data)?;
        let bytes = data.len() as u64;
        match self.unsynced.fetch_add(bytes, Ordering::Relaxed) + bytes >= PIECE_BYTES {
            true => self.sync_data(),
            false => Ok(()),
        }
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.query_lock_range(start, end)
    }
}

#[cfg(test)]
mod tests {
    use redb::{Database, ReadableDatabase, TableDefinition};

    use super::*;

    const TABLE: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("table");

    #[test]
    fn what_is_written_is_there_when_it_is_opened_again_and_nobody_opens_it_twice() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("store");
        let open = || Database::builder().create_with_backend(GentleFile::open(&path)?);
        let database = open().expect("a new store");
        let row = vec![7; 4_096];
        let transaction = database.begin_write().expect("nobody else writes");
        {
            let mut table = transaction.open_table(TABLE).expect("it is made");
            for key in 0..1_000 {
                table.insert(key, row.as_slice()).expect("there is room");
            }
        }
        transaction.commit().expect("a disk without faults");
        assert!(
            matches!(open(), Err(DatabaseError::DatabaseAlreadyOpen)),
            "two processes would spoil it"
        );
        drop(database);
        let database = open().expect("it is there");
        let table = database.begin_read().map(|read| read.open_table(TABLE));
        let table = table.expect("it is read").expect("it is there");
        assert_eq!(
            table.get(999).expect("it is read").expect("it is there").value(),
            row
        );
    }
}
