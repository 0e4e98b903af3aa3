//! The directory of one shard: who may use it, whose it is, and the way to everything in it.

use std::sync::Arc;

use crate::cut::aside;
use crate::error::{Damage, DamageCause, Fault, OpenError, Operation, ReadError};
use crate::format::seal::{Identity, Kind, Place, seal, unseal};
use crate::format::sector::SECTOR_BYTES;
use crate::format::segment::Stream;
use crate::storage::{Storage, delete_if_there, read_small, replace};

const IDENTITY_FILE: &str = "journal.id";
const LOCK_FILE: &str = "lock";

/// The directory of one shard, locked against every other process for as long as anything opened through it
/// lives.
///
/// ```
/// use engine_journal::{Directory, Identity};
/// use engine_journal::simulation::SimulatedDisk;
///
/// let disk = SimulatedDisk::new();
/// let directory = Directory::open(disk.clone(), Identity { journal: 42, shard: 0 })?;
/// assert_eq!(directory.identity().journal, 42);
/// assert!(Directory::open(disk, Identity { journal: 42, shard: 0 }).is_err(), "it is locked");
/// # Ok::<(), engine_journal::OpenError>(())
/// ```
pub struct Directory<S: Storage> {
    home: Arc<Home<S>>,
}

impl<S: Storage> Clone for Directory<S> {
    fn clone(&self) -> Self {
        Self {
            home: Arc::clone(&self.home),
        }
    }
}

impl<S: Storage> Directory<S> {
    /// Opens the directory of shard `new.shard`. One that is empty becomes the journal `new.journal`; one that
    /// is a journal already keeps its number.
    ///
    /// # Errors
    /// [`OpenError::Locked`] if another process uses it, [`OpenError::OtherShard`] if it holds another shard,
    /// [`OpenError::Read`] if it is damaged, newer or cannot be used.
    pub fn open(storage: S, new: Identity) -> Result<Self, OpenError> {
        let lock = lock(&storage)?;
        remove_unfinished(&storage)?;
        let identity = match read_identity(&storage)? {
            Some(found) if found.shard != new.shard => {
                let directory = storage.name();
                return Err(OpenError::OtherShard {
                    directory,
                    found: found.shard,
                    wanted: new.shard,
                });
            }
            Some(found) => found,
            None => {
                create_identity(&storage, new)?;
                new
            }
        };
        Ok(Self {
            home: Arc::new(Home {
                storage,
                identity,
                _lock: lock,
            }),
        })
    }

    /// Opens a directory that must be a journal already, of whichever shard: for tools.
    ///
    /// # Errors
    /// As [`Directory::open`], and [`DamageCause::Missing`] if it is no journal.
    pub fn open_existing(storage: S) -> Result<Self, OpenError> {
        let lock = lock(&storage)?;
        let Some(identity) = read_identity(&storage)? else {
            return Err(Damage::new(IDENTITY_FILE, 0, None, DamageCause::Missing).into());
        };
        Ok(Self {
            home: Arc::new(Home {
                storage,
                identity,
                _lock: lock,
            }),
        })
    }

    /// Opens a directory whose `journal.id` is lost: it is written anew from what the logs say. One that cannot
    /// be read is kept under a name that ends in `.removed-1`.
    ///
    /// # Errors
    /// As [`Directory::open_existing`], and if no log can be read or two say different things.
    pub fn open_without_identity(storage: S) -> Result<Self, OpenError> {
        let lock = lock(&storage)?;
        let identity = identity_of_logs(&storage)?;
        let home = Home {
            storage,
            identity,
            _lock: lock,
        };
        if home.list()?.iter().any(|name| name == IDENTITY_FILE) {
            home.rename(IDENTITY_FILE, &aside(&home, IDENTITY_FILE)?)?;
        }
        replace(
            &home.storage,
            IDENTITY_FILE,
            &seal(Kind::Directory, identity, &[]),
        )?;
        Ok(Self { home: Arc::new(home) })
    }

    /// Which journal and shard this is.
    pub fn identity(&self) -> Identity {
        self.home.identity
    }

    pub(crate) fn of(home: &Arc<Home<S>>) -> Self {
        Self {
            home: Arc::clone(home),
        }
    }

    pub(crate) fn home(&self) -> &Arc<Home<S>> {
        &self.home
    }
}

fn lock<S: Storage>(storage: &S) -> Result<S::Lock, OpenError> {
    let lock = storage
        .try_lock(LOCK_FILE)
        .map_err(Fault::at(Operation::Lock, LOCK_FILE))?;
    lock.ok_or_else(|| OpenError::Locked {
        directory: storage.name(),
    })
}

/// What the marks and segments that can be read say of whose they are, if they agree.
fn identity_of_logs<S: Storage>(storage: &S) -> Result<Identity, OpenError> {
    let names = storage
        .list()
        .map_err(Fault::at(Operation::List, IDENTITY_FILE))?;
    let mut known = None;
    for file in &names {
        let kind = match Stream::BOTH {
            streams if streams.iter().any(|stream| stream.mark_file() == *file) => Kind::Mark,
            streams if streams.iter().any(|stream| stream.ordinal_of(file).is_some()) => Kind::Segment,
            _ => continue,
        };
        let place = Place { file, offset: 0 };
        let bytes = read_small(storage, file, SECTOR_BYTES)?.unwrap_or_default();
        match unseal(place, kind, &bytes).map(|sealed| sealed.identity) {
            Ok(found) if known.is_some_and(|known| known != found) => {
                return Err(place.damage(DamageCause::OtherJournal).into());
            }
            Ok(found) => known = Some(found),
            Err(ReadError::Damage(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    known.ok_or_else(|| Damage::new(IDENTITY_FILE, 0, None, DamageCause::Missing).into())
}

/// Removes what a process that ended was about to write: only a whole file ever gets its final name.
fn remove_unfinished<S: Storage>(storage: &S) -> Result<(), Fault> {
    let names = storage
        .list()
        .map_err(Fault::at(Operation::List, IDENTITY_FILE))?;
    for name in names.iter().filter(|name| name.ends_with(".tmp")) {
        delete_if_there(storage, name)?;
    }
    Ok(())
}

fn read_identity<S: Storage>(storage: &S) -> Result<Option<Identity>, ReadError> {
    let Some(bytes) = read_small(storage, IDENTITY_FILE, SECTOR_BYTES + 1)? else {
        return Ok(None);
    };
    let place = Place {
        file: IDENTITY_FILE,
        offset: 0,
    };
    let identity = unseal(place, Kind::Directory, &bytes)?.identity;
    if bytes.len() != SECTOR_BYTES {
        let cause = DamageCause::Length {
            expected: SECTOR_BYTES as u64,
            found: bytes.len() as u64,
        };
        return Err(place.damage(cause).into());
    }
    Ok(Some(identity))
}

/// Makes an empty directory a journal. A directory that has logs and no identity has lost it, which no new one
/// may hide.
fn create_identity<S: Storage>(storage: &S, identity: Identity) -> Result<(), ReadError> {
    let names = storage
        .list()
        .map_err(Fault::at(Operation::List, IDENTITY_FILE))?;
    let is_used = |name: &String| {
        [".log", ".mark", ".snap", ".cur"]
            .iter()
            .any(|suffix| name.ends_with(suffix))
    };
    if names.iter().any(is_used) {
        return Err(Damage::new(IDENTITY_FILE, 0, None, DamageCause::Missing).into());
    }
    Ok(replace(
        storage,
        IDENTITY_FILE,
        &seal(Kind::Directory, identity, &[]),
    )?)
}

/// A locked directory, shared by everything that works in it. Its methods name the file in their faults.
pub(crate) struct Home<S: Storage> {
    pub(crate) storage: S,
    pub(crate) identity: Identity,
    _lock: S::Lock,
}

impl<S: Storage> Home<S> {
    pub(crate) fn create(&self, name: &str) -> Result<S::File, Fault> {
        self.storage
            .create(name)
            .map_err(Fault::at(Operation::Create, name))
    }

    pub(crate) fn open(&self, name: &str) -> Result<S::File, Fault> {
        self.storage.open(name).map_err(Fault::at(Operation::Open, name))
    }

    pub(crate) fn rename(&self, from: &str, to: &str) -> Result<(), Fault> {
        self.storage
            .rename(from, to)
            .map_err(Fault::at(Operation::Rename, from))
    }

    pub(crate) fn sync_directory(&self, name: &str) -> Result<(), Fault> {
        self.storage
            .sync_directory()
            .map_err(Fault::at(Operation::SyncDirectory, name))
    }

    /// Deletes a file and makes that durable before anything else happens, so that a power cut can bring back
    /// at most the last one deleted.
    pub(crate) fn delete(&self, name: &str) -> Result<(), Fault> {
        self.storage
            .delete(name)
            .map_err(Fault::at(Operation::Delete, name))?;
        self.sync_directory(name)
    }

    pub(crate) fn list(&self) -> Result<Vec<String>, Fault> {
        self.storage
            .list()
            .map_err(Fault::at(Operation::List, "the directory"))
    }

    /// The numbers of the segments of `stream`, ascending.
    pub(crate) fn ordinals(&self, stream: Stream) -> Result<Vec<u64>, Fault> {
        let mut ordinals: Vec<u64> = self
            .list()?
            .iter()
            .filter_map(|name| stream.ordinal_of(name))
            .collect();
        ordinals.sort_unstable();
        Ok(ordinals)
    }
}
