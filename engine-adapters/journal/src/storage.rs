//! The narrow door to the disk: one directory of files, written at offsets and made durable on request.

use std::io;

use crate::error::{Fault, Operation};

/// One directory. Everything that a journal does to a disk goes through here, so that a simulated disk can
/// lose, tear and refuse at every step.
pub trait Storage: Send + Sync + 'static {
    /// An open file.
    type File: StorageFile;
    /// Holds the lock until it is dropped.
    type Lock: Send + Sync + 'static;

    /// What people call this directory, for messages.
    fn name(&self) -> String;

    /// Creates an empty file. The name is durable only after [`Storage::sync_directory`].
    ///
    /// # Errors
    /// `AlreadyExists` if the name is taken, else what the system says.
    fn create(&self, name: &str) -> io::Result<Self::File>;

    /// Opens a file for reading and writing.
    ///
    /// # Errors
    /// `NotFound` if there is none, else what the system says.
    fn open(&self, name: &str) -> io::Result<Self::File>;

    /// Renames a file; one that has the new name is replaced.
    ///
    /// # Errors
    /// What the system says.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Deletes a file.
    ///
    /// # Errors
    /// `NotFound` if there is none, else what the system says.
    fn delete(&self, name: &str) -> io::Result<()>;

    /// The names of all files, in ascending order.
    ///
    /// # Errors
    /// What the system says.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Makes every creation, renaming and deletion up to now durable.
    ///
    /// # Errors
    /// What the system says.
    fn sync_directory(&self) -> io::Result<()>;

    /// Takes the exclusive lock `name`, or says `None` if another process holds it.
    ///
    /// # Errors
    /// What the system says.
    fn try_lock(&self, name: &str) -> io::Result<Option<Self::Lock>>;
}

/// An open file of a [`Storage`], read and written at offsets.
#[expect(
    clippy::len_without_is_empty,
    reason = "a length on disk can fail, and nobody asks for emptiness"
)]
pub trait StorageFile: Send + Sync + 'static {
    /// The length in bytes.
    ///
    /// # Errors
    /// What the system says.
    fn len(&self) -> io::Result<u64>;

    /// Reads at `offset` as much as there is at once; 0 means the end of the file.
    ///
    /// # Errors
    /// `Interrupted` where nothing was read because of a signal, else what the system says.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes some of `bytes` at `offset` and says how many.
    ///
    /// # Errors
    /// `Interrupted` where nothing was written because of a signal, else what the system says.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize>;

    /// Makes the content and the length durable.
    ///
    /// # Errors
    /// What the system says. After an error nothing is known of what was written since the last success.
    fn sync_data(&self) -> io::Result<()>;

    /// Fills the file with zeros up to `bytes`, so that later writes neither need space nor change what the
    /// file system has to remember: a sync then costs one write instead of two.
    ///
    /// # Errors
    /// What the system says.
    fn preallocate(&self, bytes: u64) -> io::Result<()> {
        let from = self.len()?;
        zero(self, from, bytes)
    }
}

/// The most that is read or written at once; large enough that the call itself costs nothing.
const CHUNK_BYTES: usize = 1 << 20;

/// Writes all of `bytes` at `offset`. Each piece has its place, so neither a short write nor an interrupted
/// one can put anything there twice.
pub(crate) fn write_all<F: StorageFile + ?Sized>(
    file: &F,
    mut bytes: &[u8],
    mut offset: u64,
) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write_at(bytes, offset) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                bytes = &bytes[written..];
                offset += written as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Reads at `offset` until `buffer` is full or the file ends, and says how many bytes there were.
pub(crate) fn read_full<F: StorageFile + ?Sized>(
    file: &F,
    buffer: &mut [u8],
    offset: u64,
) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(&mut buffer[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Writes zeros from `from` up to `to`.
pub(crate) fn zero<F: StorageFile + ?Sized>(file: &F, from: u64, to: u64) -> io::Result<()> {
    let zeros = vec![0; CHUNK_BYTES.min(usize::try_from(to.saturating_sub(from)).unwrap_or(CHUNK_BYTES))];
    let mut offset = from;
    while offset < to {
        let bytes = (to - offset).min(zeros.len() as u64);
        write_all(file, &zeros[..bytes as usize], offset)?;
        offset += bytes;
    }
    Ok(())
}

/// Reads `from..to` and writes the same bytes again, so that the page cache has to bring them to the disk.
pub(crate) fn rewrite<F: StorageFile + ?Sized>(file: &F, from: u64, to: u64) -> io::Result<()> {
    let mut buffer =
        vec![0; CHUNK_BYTES.min(usize::try_from(to.saturating_sub(from)).unwrap_or(CHUNK_BYTES))];
    let mut offset = from;
    while offset < to {
        let wanted = (to - offset).min(buffer.len() as u64) as usize;
        let read = read_full(file, &mut buffer[..wanted], offset)?;
        if read < wanted {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        write_all(file, &buffer[..wanted], offset)?;
        offset += wanted as u64;
    }
    Ok(())
}

/// Reads the whole of a small file, at most `bytes_max` of it; `None` if there is no such file.
pub(crate) fn read_small<S: Storage>(
    storage: &S,
    name: &str,
    bytes_max: usize,
) -> Result<Option<Vec<u8>>, Fault> {
    let file = match storage.open(name) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Fault::new(Operation::Open, name, &error)),
    };
    let mut bytes = vec![0; bytes_max];
    let read = read_full(&file, &mut bytes, 0).map_err(Fault::at(Operation::Read, name))?;
    bytes.truncate(read);
    Ok(Some(bytes))
}

/// Replaces the file `name` by `bytes`, wholly or not at all: temporary name, sync, rename, sync of the names.
pub(crate) fn replace<S: Storage>(storage: &S, name: &str, bytes: &[u8]) -> Result<(), Fault> {
    let temporary = format!("{name}.tmp");
    delete_if_there(storage, &temporary)?;
    let file = storage
        .create(&temporary)
        .map_err(Fault::at(Operation::Create, &temporary))?;
    write_all(&file, bytes, 0).map_err(Fault::at(Operation::Write, &temporary))?;
    file.sync_data().map_err(Fault::at(Operation::Sync, &temporary))?;
    storage
        .rename(&temporary, name)
        .map_err(Fault::at(Operation::Rename, name))?;
    storage
        .sync_directory()
        .map_err(Fault::at(Operation::SyncDirectory, name))
}

/// Deletes a file that may or may not be there.
pub(crate) fn delete_if_there<S: Storage>(storage: &S, name: &str) -> Result<(), Fault> {
    match storage.delete(name) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Fault::new(Operation::Delete, name, &error))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulation::SimulatedDisk;

    #[test]
    fn ranges_of_several_chunks_are_zeroed_and_rewritten_to_their_last_byte_and_no_further() {
        let disk = SimulatedDisk::new();
        let file = disk.create("file").expect("a disk without faults");
        let (from, to) = (5, 2 * CHUNK_BYTES + 6);
        let mut expected = vec![7; to + 1];
        write_all(&file, &expected, 0).expect("a disk without faults");
        zero(&file, from as u64, to as u64).expect("a disk without faults");
        expected[from..to].fill(0);
        assert!(
            disk.read_file("file").as_ref() == Some(&expected),
            "the zeroed range"
        );
        rewrite(&file, from as u64, to as u64 + 1).expect("a disk without faults");
        assert!(
            disk.read_file("file").as_ref() == Some(&expected),
            "nothing changed"
        );
        let beyond = rewrite(&file, from as u64, to as u64 + 2).expect_err("the file ends before");
        assert_eq!(beyond.kind(), io::ErrorKind::UnexpectedEof);
    }
}
