//! The simulated disk.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::image::{Inode, NameChange};
use super::random::Random;
use crate::storage::{Storage, StorageFile};

const INPUT_OUTPUT_ERROR: i32 = 5;
const NO_SPACE: i32 = 28;

/// A disk in memory that behaves as badly as a real one may.
///
/// A write is seen at once by every reader, but survives a [`power_cut`](Self::power_cut) only sector by sector
/// as chosen from a seed, until its file is synced. A creation, renaming or deletion survives, or does not, until
/// the directory is synced. Clones are the same disk.
///
/// ```
/// use engine_journal::simulation::SimulatedDisk;
/// use engine_journal::{Storage, StorageFile};
///
/// let disk = SimulatedDisk::new();
/// let file = disk.create("a")?;
/// disk.sync_directory()?;
/// file.write_at(b"gone", 0)?;
/// file.sync_data()?;
/// file.write_at(b"safe", 0)?;
/// file.sync_data()?;
/// assert_eq!(disk.power_cut(1).read_file("a"), Some(b"safe".to_vec()));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct SimulatedDisk {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    observer: Mutex<Option<Observer>>,
}

type Observer = Box<dyn FnMut(StepKind, &SimulatedDisk) + Send>;

/// What was done to the disk in one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum StepKind {
    /// A file was created.
    Create,
    /// Bytes were written.
    Write,
    /// A file was synced.
    Sync,
    /// A file was renamed.
    Rename,
    /// A file was deleted.
    Delete,
    /// The directory was synced.
    SyncDirectory,
}

/// What the disk refuses or does by halves. The default is a disk without faults.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// How many bytes all files together may have.
    pub capacity_bytes: Option<u64>,
    /// The sync, counted from now and from 1, that fails. What it should have made durable is then taken for
    /// durable by the system and is not: it is read back, but lost in a power cut.
    pub failing_sync: Option<u64>,
    /// The write, counted from now and from 1, that fails without writing anything.
    pub failing_write: Option<u64>,
    /// About one write or read in so many is done only in part.
    pub short_one_in: Option<u64>,
    /// About one write or read in so many is interrupted by a signal before it does anything.
    pub interrupted_one_in: Option<u64>,
    /// From this step on, counted from the beginning of the disk, every operation fails.
    pub power_off_at_step: Option<u64>,
    /// In files whose names begin so, a power cut may leave a sector that was on its way half old and half new,
    /// as a page can that is written again while the system brings it to the disk.
    pub torn_sectors_in: Option<String>,
}

#[derive(Clone, Default)]
struct State {
    inodes: Vec<Inode>,
    live: BTreeMap<String, usize>,
    durable: BTreeMap<String, usize>,
    unsynced_names: Vec<NameChange>,
    locks: BTreeSet<String>,
    steps: u64,
    faults: Faults,
    random: Option<Random>,
}

impl Default for SimulatedDisk {
    fn default() -> Self {
        Self::new()
    }
}

impl SimulatedDisk {
    /// An empty disk without faults.
    pub fn new() -> Self {
        Self::holding(State::default())
    }

    fn holding(state: State) -> Self {
        Self {
            shared: Arc::new(Shared {
                state: Mutex::new(state),
                observer: Mutex::new(None),
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the disk behave as `faults` says from now on; `seed` decides what they leave open.
    pub fn set_faults(&self, faults: Faults, seed: u64) {
        let mut state = self.state();
        state.faults = faults;
        state.random = Some(Random::new(seed));
    }

    /// How many steps (creations, writes, syncs, renamings, deletions) the disk has taken.
    pub fn steps(&self) -> u64 {
        self.state().steps
    }

    /// Calls `observer` after every step with a copy of the disk, which can be cut, changed and thrown away.
    pub fn observe(&self, observer: impl FnMut(StepKind, &Self) + Send + 'static) {
        *self
            .shared
            .observer
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(Box::new(observer));
    }

    /// The disk as it is found after the power was cut now: everything durable, and of the rest what `seed`
    /// chooses.
    pub fn power_cut(&self, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut state = self.state().clone();
        let torn = state.torn_inodes();
        for (number, inode) in state.inodes.iter_mut().enumerate() {
            inode.cut_power(&mut random, torn.contains(&number));
        }
        let mut names = std::mem::take(&mut state.durable);
        for change in &state.unsynced_names {
            change.survive(&mut names, &mut random);
        }
        Self::holding(State {
            inodes: state.inodes,
            live: names.clone(),
            durable: names,
            ..State::default()
        })
    }

    /// The disk as the next process finds it after this one ended: everything written is there, and what was
    /// not synced still is not.
    pub fn restart(&self) -> Self {
        let state = self.state().clone();
        Self::holding(State {
            locks: BTreeSet::new(),
            faults: Faults::default(),
            ..state
        })
    }

    /// The content of a file, without a step.
    pub fn read_file(&self, name: &str) -> Option<Vec<u8>> {
        let state = self.state();
        state
            .live
            .get(name)
            .map(|inode| state.inodes[*inode].live.to_vec())
    }

    /// Puts a durable file in place, without a step.
    pub fn write_file(&self, name: &str, bytes: Vec<u8>) {
        let mut state = self.state();
        let inode = state.inodes.len();
        state.inodes.push(Inode::holding(bytes));
        state.live.insert(name.to_owned(), inode);
        state.durable.insert(name.to_owned(), inode);
    }

    /// Removes a file durably, without a step; says whether there was one.
    pub fn remove_file(&self, name: &str) -> bool {
        let mut state = self.state();
        state.durable.remove(name);
        state.live.remove(name).is_some()
    }

    /// Flips one bit of a file, durably and without a step.
    ///
    /// # Panics
    /// If the file has no such bit.
    pub fn flip_bit(&self, name: &str, bit: usize) {
        let mut state = self.state();
        let inode = *state.live.get(name).expect("the file to damage exists");
        let inode = &mut state.inodes[inode];
        // Let go of the other reference first, so that a large file is not copied for one bit.
        inode.durable = Arc::default();
        Arc::make_mut(&mut inode.live)[bit / 8] ^= 1 << (bit % 8);
        inode.durable = Arc::clone(&inode.live);
    }

    /// Takes one step: counts it, lets `act` change the disk, and shows a copy to the observer.
    fn step<T>(&self, kind: StepKind, act: impl FnOnce(&mut State) -> io::Result<T>) -> io::Result<T> {
        let mut state = self.state();
        state.powered()?;
        state.steps += 1;
        let outcome = act(&mut state)?;
        let mut observer = self
            .shared
            .observer
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(observer) = observer.as_mut() {
            let copy = Self::holding(State {
                locks: BTreeSet::new(),
                ..state.clone()
            });
            drop(state);
            observer(kind, &copy);
        }
        Ok(outcome)
    }
}

impl State {
    fn powered(&self) -> io::Result<()> {
        match self.faults.power_off_at_step {
            Some(step) if self.steps >= step => Err(io::Error::other("the power is off")),
            _ => Ok(()),
        }
    }

    fn torn_inodes(&self) -> BTreeSet<usize> {
        let Some(prefix) = &self.faults.torn_sectors_in else {
            return BTreeSet::new();
        };
        self.live
            .iter()
            .filter(|(name, _)| name.starts_with(prefix))
            .map(|(_, inode)| *inode)
            .collect()
    }

    fn find(&self, name: &str) -> io::Result<usize> {
        self.live
            .get(name)
            .copied()
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn happens(&mut self, one_in: Option<u64>) -> bool {
        match (one_in, &mut self.random) {
            (Some(times), Some(random)) => random.one_in(times),
            _ => false,
        }
    }

    fn interrupt(&mut self) -> io::Result<()> {
        if self.happens(self.faults.interrupted_one_in) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        Ok(())
    }

    /// How much of a transfer of `bytes` is done at once.
    fn portion(&mut self, bytes: usize) -> usize {
        if bytes > 1 && self.happens(self.faults.short_one_in) {
            let random = self.random.as_mut().expect("faults come with a seed");
            return 1 + random.below(bytes as u64 - 1) as usize;
        }
        bytes
    }

    fn write(&mut self, inode: usize, bytes: &[u8], offset: usize) -> io::Result<usize> {
        self.interrupt()?;
        if counted_down(&mut self.faults.failing_write) {
            return Err(io::Error::from_raw_os_error(INPUT_OUTPUT_ERROR));
        }
        let mut length = self.portion(bytes.len());
        if let Some(capacity) = self.faults.capacity_bytes {
            let used: u64 = self
                .live
                .values()
                .map(|inode| self.inodes[*inode].live.len() as u64)
                .sum();
            let room = capacity.saturating_sub(used) as usize;
            let end = self.inodes[inode].live.len().max(offset) + room;
            if end <= offset {
                return Err(io::Error::from_raw_os_error(NO_SPACE));
            }
            length = length.min(end - offset);
        }
        self.inodes[inode].write(&bytes[..length], offset);
        Ok(length)
    }

    fn sync(&mut self, inode: usize) -> io::Result<()> {
        if counted_down(&mut self.faults.failing_sync) {
            self.inodes[inode].fail_sync();
            return Err(io::Error::from_raw_os_error(INPUT_OUTPUT_ERROR));
        }
        self.inodes[inode].sync();
        Ok(())
    }
}

/// Counts down to the one that fails.
fn counted_down(left: &mut Option<u64>) -> bool {
    match left {
        Some(1) => {
            *left = None;
            true
        }
        Some(count) => {
            *count -= 1;
            false
        }
        None => false,
    }
}

impl Storage for SimulatedDisk {
    type File = SimulatedFile;
    type Lock = SimulatedLock;

    fn name(&self) -> String {
        "the simulated disk".to_owned()
    }

    fn create(&self, name: &str) -> io::Result<SimulatedFile> {
        self.step(StepKind::Create, |state| {
            if state.live.contains_key(name) {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            let inode = state.inodes.len();
            state.inodes.push(Inode::default());
            state.live.insert(name.to_owned(), inode);
            state.unsynced_names.push(NameChange::Created {
                name: name.to_owned(),
                inode,
            });
            Ok(SimulatedFile {
                disk: self.clone(),
                inode,
            })
        })
    }

    fn open(&self, name: &str) -> io::Result<SimulatedFile> {
        let state = self.state();
        state.powered()?;
        Ok(SimulatedFile {
            disk: self.clone(),
            inode: state.find(name)?,
        })
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.step(StepKind::Rename, |state| {
            let inode = state.find(from)?;
            state.live.remove(from);
            state.live.insert(to.to_owned(), inode);
            let (from, to) = (from.to_owned(), to.to_owned());
            state.unsynced_names.push(NameChange::Renamed { from, to, inode });
            Ok(())
        })
    }

    fn delete(&self, name: &str) -> io::Result<()> {
        self.step(StepKind::Delete, |state| {
            state.find(name)?;
            state.live.remove(name);
            state.unsynced_names.push(NameChange::Deleted {
                name: name.to_owned(),
            });
            Ok(())
        })
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let state = self.state();
        state.powered()?;
        Ok(state.live.keys().cloned().collect())
    }

    fn sync_directory(&self) -> io::Result<()> {
        self.step(StepKind::SyncDirectory, |state| {
            state.durable = state.live.clone();
            state.unsynced_names.clear();
            Ok(())
        })
    }

    fn try_lock(&self, name: &str) -> io::Result<Option<SimulatedLock>> {
        let mut state = self.state();
        state.powered()?;
        let is_free = state.locks.insert(name.to_owned());
        Ok(is_free.then(|| SimulatedLock {
            disk: self.clone(),
            name: name.to_owned(),
        }))
    }
}

/// An open file of a [`SimulatedDisk`].
pub struct SimulatedFile {
    disk: SimulatedDisk,
    inode: usize,
}

impl StorageFile for SimulatedFile {
    fn len(&self) -> io::Result<u64> {
        let state = self.disk.state();
        state.powered()?;
        Ok(state.inodes[self.inode].live.len() as u64)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut state = self.disk.state();
        state.powered()?;
        state.interrupt()?;
        let length = state.inodes[self.inode].live.len();
        let start = usize::try_from(offset).map_or(length, |offset| offset.min(length));
        let wanted = buffer.len().min(length - start);
        let read = state.portion(wanted);
        buffer[..read].copy_from_slice(&state.inodes[self.inode].live[start..start + read]);
        Ok(read)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let offset = usize::try_from(offset).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
        self.disk
            .step(StepKind::Write, |state| state.write(self.inode, bytes, offset))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.disk.step(StepKind::Sync, |state| state.sync(self.inode))
    }
}

/// Holds a lock of a [`SimulatedDisk`].
pub struct SimulatedLock {
    disk: SimulatedDisk,
    name: String,
}

impl Drop for SimulatedLock {
    fn drop(&mut self) {
        self.disk.state().locks.remove(&self.name);
    }
}
