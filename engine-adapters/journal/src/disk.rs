//! A directory of the real disk.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::storage::{Storage, StorageFile};

/// The lock of a directory, held until this is dropped or the process ends.
///
/// It is given back in so many words: a child process that was forked a moment ago and has not yet begun its own
/// program has a copy of the file, and closing only ours would leave the directory locked for as long as that takes.
#[derive(Debug)]
pub struct DiskLock(File);

impl Drop for DiskLock {
    fn drop(&mut self) {
        // What cannot be given back ends with the process.
        self.0.unlock().ok();
    }
}

/// A directory of the file system.
///
/// Syncs are `fdatasync` (`F_FULLFSYNC` on macOS), the lock is `flock`, so it ends with the process however
/// that ends.
#[derive(Clone, Debug)]
pub struct Disk {
    directory: PathBuf,
}

impl Disk {
    /// Opens a directory. If it is not there it is created, with those above it, durably.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(directory: impl AsRef<Path>) -> io::Result<Self> {
        let directory = std::path::absolute(directory)?;
        let missing: Vec<&Path> = directory.ancestors().take_while(|path| !path.exists()).collect();
        std::fs::create_dir_all(&directory)?;
        for parent in missing.iter().filter_map(|path| path.parent()) {
            File::open(parent)?.sync_all()?;
        }
        Ok(Self { directory })
    }

    /// The path of the directory.
    pub fn path(&self) -> &Path {
        &self.directory
    }
}

impl Storage for Disk {
    type File = File;
    type Lock = DiskLock;

    fn name(&self) -> String {
        self.directory.display().to_string()
    }

    fn create(&self, name: &str) -> io::Result<File> {
        OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(self.directory.join(name))
    }

    fn open(&self, name: &str) -> io::Result<File> {
        OpenOptions::new()
            .read(true)
            .write(true)
            .open(self.directory.join(name))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        std::fs::rename(self.directory.join(from), self.directory.join(to))
    }

    fn delete(&self, name: &str) -> io::Result<()> {
        std::fs::remove_file(self.directory.join(name))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.directory)? {
            // A name that is not text is none of ours.
            if let Ok(name) = entry?.file_name().into_string() {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn sync_directory(&self) -> io::Result<()> {
        File::open(&self.directory)?.sync_all()
    }

    fn try_lock(&self, name: &str) -> io::Result<Option<DiskLock>> {
        let path = self.directory.join(name);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(DiskLock(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

impl StorageFile for File {
    fn len(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        FileExt::read_at(self, buffer, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        FileExt::write_at(self, bytes, offset)
    }

    fn sync_data(&self) -> io::Result<()> {
        Self::sync_data(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_given_back_though_a_child_has_a_copy_of_its_file() -> io::Result<()> {
        let place = tempfile::tempdir()?;
        let disk = Disk::open(place.path())?;
        let lock = disk.try_lock("lock")?.expect("nobody has it");
        assert!(disk.try_lock("lock")?.is_none());
        let copy = lock.0.try_clone()?;
        drop(lock);
        assert!(disk.try_lock("lock")?.is_some());
        drop(copy);
        Ok(())
    }
}
