//! Durable cursors: how far each reader of a log has come.

use std::sync::Arc;

use engine_core::Seq;

use crate::directory::{Directory, Home};
use crate::error::{Damage, DamageCause, Fault, ReadError};
use crate::format::bytes::{array_at, put, u64_at};
use crate::format::seal::{Kind, Place, seal, unseal_own};
use crate::format::sector::SECTOR_BYTES;
use crate::storage::{Storage, read_small, replace};

const SUFFIX: &str = ".cur";
const NAME_BYTES_MAX: usize = 64;

/// The cursors of a directory: a name and the last sequence that its owner is done with.
///
/// ```
/// use engine_core::Seq;
/// use engine_journal::{Directory, Identity};
/// use engine_journal::simulation::SimulatedDisk;
///
/// let directory = Directory::open(SimulatedDisk::new(), Identity { journal: 42, shard: 0 })?;
/// let cursors = directory.cursors();
/// cursors.advance("redis", Seq::new(7))?;
/// assert_eq!(cursors.position("redis")?, Some(Seq::new(7)));
/// assert_eq!(cursors.slowest()?, Some(Seq::new(7)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct CursorStore<S: Storage> {
    home: Arc<Home<S>>,
}

/// Why a cursor was not moved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CursorError {
    /// The name is empty, too long, or has other characters than `a-z`, `0-9`, `-` and `_`.
    #[error("{name:?} is no name for a cursor: take 1 to 64 of a-z, 0-9, - and _")]
    Name {
        /// The name.
        name: String,
    },
    /// The cursor is further already. To go back, remove it first.
    #[error("cursor {name} is at {position} and does not go back to {wanted}")]
    Backwards {
        /// The cursor.
        name: String,
        /// Where it is.
        position: Seq,
        /// Where it should have gone.
        wanted: Seq,
    },
    /// What is there cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl From<Fault> for CursorError {
    fn from(fault: Fault) -> Self {
        Self::Read(fault.into())
    }
}

impl<S: Storage> Directory<S> {
    /// The cursors of this directory.
    pub fn cursors(&self) -> CursorStore<S> {
        CursorStore {
            home: Arc::clone(self.home()),
        }
    }
}

impl<S: Storage> CursorStore<S> {
    /// Moves a cursor, durably, and creates it if there is none.
    ///
    /// # Errors
    /// [`CursorError`]; the cursor then stands where it stood, or, after a fault of the system, where it should
    /// go.
    pub fn advance(&self, name: &str, sequence: Seq) -> Result<(), CursorError> {
        match self.position(name)? {
            Some(position) if position > sequence => Err(CursorError::Backwards {
                name: name.to_owned(),
                position,
                wanted: sequence,
            }),
            Some(position) if position == sequence => Ok(()),
            _ => Ok(replace(
                &self.home.storage,
                &file_of(name),
                &encode(&self.home, name, sequence),
            )?),
        }
    }

    /// Where a cursor stands; `None` if there is no such cursor.
    ///
    /// # Errors
    /// [`CursorError::Name`], damage, or what the system says.
    pub fn position(&self, name: &str) -> Result<Option<Seq>, CursorError> {
        check_name(name)?;
        Ok(read(&self.home, name)?)
    }

    /// Every cursor and where it stands, in order of their names.
    ///
    /// # Errors
    /// Damage, or what the system says.
    pub fn positions(&self) -> Result<Vec<(String, Seq)>, ReadError> {
        let mut positions = Vec::new();
        for file in self.home.list()? {
            let Some(name) = file
                .strip_prefix("cursor-")
                .and_then(|rest| rest.strip_suffix(SUFFIX))
            else {
                continue;
            };
            if let Some(sequence) = read(&self.home, name)? {
                positions.push((name.to_owned(), sequence));
            }
        }
        Ok(positions)
    }

    /// The position of the cursor that is furthest behind; `None` without cursors.
    ///
    /// # Errors
    /// As [`CursorStore::positions`].
    pub fn slowest(&self) -> Result<Option<Seq>, ReadError> {
        Ok(self.positions()?.into_iter().map(|(_, sequence)| sequence).min())
    }

    /// Removes a cursor, durably; retention no longer waits for it.
    ///
    /// # Errors
    /// [`CursorError::Name`], or what the system says.
    pub fn remove(&self, name: &str) -> Result<(), CursorError> {
        check_name(name)?;
        Ok(self.home.delete(&file_of(name))?)
    }
}

fn check_name(name: &str) -> Result<(), CursorError> {
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(is_allowed) {
        return Err(CursorError::Name {
            name: name.to_owned(),
        });
    }
    Ok(())
}

fn file_of(name: &str) -> String {
    format!("cursor-{name}{SUFFIX}")
}

/// The name is inside too, so a file that was copied or renamed does not count for another reader.
fn encode<S: Storage>(home: &Home<S>, name: &str, sequence: Seq) -> [u8; SECTOR_BYTES] {
    let mut body = [0; 8 + NAME_BYTES_MAX];
    put(&mut body, 0, &sequence.get().to_le_bytes());
    put(&mut body, 8, name.as_bytes());
    seal(Kind::Cursor, home.identity, &body)
}

fn read<S: Storage>(home: &Home<S>, name: &str) -> Result<Option<Seq>, ReadError> {
    let file = file_of(name);
    let Some(bytes) = read_small(&home.storage, &file, SECTOR_BYTES + 1)? else {
        return Ok(None);
    };
    let place = Place {
        file: &file,
        offset: 0,
    };
    let sealed = unseal_own(place, Kind::Cursor, home.identity, &bytes)?;
    if bytes.len() != SECTOR_BYTES {
        let cause = DamageCause::Length {
            expected: SECTOR_BYTES as u64,
            found: bytes.len() as u64,
        };
        return Err(Damage::new(&file, 0, None, cause).into());
    }
    let mut named = [0; NAME_BYTES_MAX];
    named[..name.len().min(NAME_BYTES_MAX)]
        .copy_from_slice(&name.as_bytes()[..name.len().min(NAME_BYTES_MAX)]);
    if array_at::<NAME_BYTES_MAX>(sealed.body, 8) != named {
        return Err(Damage::new(&file, 0, None, DamageCause::Misnamed).into());
    }
    Ok(Some(Seq::new(u64_at(sealed.body, 0))))
}
