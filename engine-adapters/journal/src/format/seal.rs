//! A sealed sector: the form of every header and of every small file.

use super::bytes::{put, u16_at, u32_at, u64_at};
use super::sector::SECTOR_BYTES;
use crate::error::{Damage, DamageCause, ReadError};

/// Which journal a file belongs to.
///
/// ```
/// let identity = engine_journal::Identity { journal: 0x5eed, shard: 0 };
/// assert_ne!(identity, engine_journal::Identity { shard: 1, ..identity });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// A number drawn once by whoever creates the journal, so that files of another one are recognised.
    pub journal: u64,
    /// The shard of the engine.
    pub shard: u32,
}

/// What a sealed sector describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(crate) enum Kind {
    Directory = 1,
    Segment = 2,
    Mark = 3,
    Cursor = 4,
    SnapshotHead = 5,
    SnapshotFoot = 6,
}

const MAGIC: [u8; 8] = *b"engnjrnl";
pub(crate) const FORMAT_VERSION: u16 = 1;
const BODY: usize = 24;
const CHECKSUM: usize = SECTOR_BYTES - 4;

/// A sector of `kind` with `body`; what the body leaves free is zero.
pub(crate) fn seal(kind: Kind, identity: Identity, body: &[u8]) -> [u8; SECTOR_BYTES] {
    let mut sector = [0; SECTOR_BYTES];
    put(&mut sector, 0, &MAGIC);
    put(&mut sector, 8, &FORMAT_VERSION.to_le_bytes());
    put(&mut sector, 10, &(kind as u16).to_le_bytes());
    put(&mut sector, 12, &identity.shard.to_le_bytes());
    put(&mut sector, 16, &identity.journal.to_le_bytes());
    assert!(body.len() <= CHECKSUM - BODY, "the body of a sealed sector fits");
    put(&mut sector, BODY, body);
    let checksum = crc32c::crc32c(&sector[..CHECKSUM]);
    put(&mut sector, CHECKSUM, &checksum.to_le_bytes());
    sector
}

/// An opened sealed sector.
pub(crate) struct Sealed<'a> {
    pub(crate) identity: Identity,
    pub(crate) body: &'a [u8],
    /// The check value, which covers every field.
    pub(crate) checksum: u32,
}

/// Where a sealed sector stands, for the error.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) file: &'a str,
    pub(crate) offset: u64,
}

impl Place<'_> {
    pub(crate) fn damage(&self, cause: DamageCause) -> Damage {
        Damage::new(self.file, self.offset, None, cause)
    }
}

/// Opens a sector that should be of `kind`.
///
/// The check value is looked at before the version: its place and reach are the same in every version, so a
/// newer format is told from a damaged one.
pub(crate) fn unseal<'a>(place: Place<'_>, kind: Kind, sector: &'a [u8]) -> Result<Sealed<'a>, ReadError> {
    if sector.len() < SECTOR_BYTES {
        let cause = DamageCause::Length {
            expected: SECTOR_BYTES as u64,
            found: sector.len() as u64,
        };
        return Err(place.damage(cause).into());
    }
    if sector[..8] != MAGIC {
        return Err(place.damage(DamageCause::NotAJournal).into());
    }
    let checksum = u32_at(sector, CHECKSUM);
    if crc32c::crc32c(&sector[..CHECKSUM]) != checksum {
        return Err(place.damage(DamageCause::Checksum).into());
    }
    let version = u16_at(sector, 8);
    if version > FORMAT_VERSION {
        return Err(ReadError::NewerFormat {
            file: place.file.to_owned(),
            found: version,
            supported: FORMAT_VERSION,
        });
    }
    if u16_at(sector, 10) != kind as u16 {
        return Err(place.damage(DamageCause::Misnamed).into());
    }
    let identity = Identity {
        journal: u64_at(sector, 16),
        shard: u32_at(sector, 12),
    };
    Ok(Sealed {
        identity,
        body: &sector[BODY..CHECKSUM],
        checksum,
    })
}

/// Opens a sector that should be of `kind` and of this journal.
pub(crate) fn unseal_own<'a>(
    place: Place<'_>,
    kind: Kind,
    identity: Identity,
    sector: &'a [u8],
) -> Result<Sealed<'a>, ReadError> {
    let sealed = unseal(place, kind, sector)?;
    if sealed.identity != identity {
        return Err(place.damage(DamageCause::OtherJournal).into());
    }
    Ok(sealed)
}
