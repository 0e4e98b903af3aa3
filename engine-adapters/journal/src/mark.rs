//! The mark: a small file beside a log that says which segments there are and how far the log was safe on disk.
//!
//! The sectors of a log already say how far it was durable when they were written. The mark adds what they
//! cannot: that the newest sectors are durable too, and that a first or last segment is missing. It has two
//! slots on pages of their own: one that is synced each time it is written, and one that is written after every
//! sync of the log and never waited for. The second survives the end of the process but perhaps not a power
//! cut, so one that cannot be read is passed over.

use std::sync::Arc;

use engine_core::Seq;

use crate::directory::Home;
use crate::error::{Damage, DamageCause, Fault, Operation, ReadError};
use crate::format::bytes::{put, u32_at, u64_at};
use crate::format::seal::{Kind, Place, Sealed, seal, unseal_own};
use crate::format::sector::SECTOR_BYTES;
use crate::format::segment::{SegmentHeader, Stream};
use crate::storage::{Storage, StorageFile, read_small, replace, write_all};

const SETTLED_AT: u64 = 0;
/// A page away from the settled slot, so that writing this one cannot tear that one.
const RUNNING_AT: u64 = 4096;
const FILE_BYTES: usize = RUNNING_AT as usize + SECTOR_BYTES;

/// What is known to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark {
    /// The newest segment; 0 before the first one.
    pub(crate) segment: u64,
    /// Every sector of it before this one is durable.
    pub(crate) sector: u32,
    /// Every sequence up to this one is durable, with all its records.
    pub(crate) sequence: Seq,
    /// The chain value before that sector, so that a segment of another history is recognised.
    pub(crate) chain: u64,
    /// The oldest segment that retention has not removed.
    pub(crate) first_segment: u64,
}

impl Mark {
    pub(crate) const EMPTY: Self = Self {
        segment: 0,
        sector: 0,
        sequence: Seq::new(0),
        chain: 0,
        first_segment: 1,
    };

    /// What is known of a segment by its header alone.
    pub(crate) fn at_start(header: &SegmentHeader, first_segment: u64) -> Self {
        let (sequence, chain) = (header.start.whole(), header.start.chain);
        Self {
            segment: header.ordinal,
            sector: 1,
            sequence,
            chain,
            first_segment,
        }
    }

    fn encode(&self) -> [u8; 36] {
        let mut body = [0; 36];
        put(&mut body, 0, &self.segment.to_le_bytes());
        put(&mut body, 8, &self.first_segment.to_le_bytes());
        put(&mut body, 16, &self.sequence.get().to_le_bytes());
        put(&mut body, 24, &self.chain.to_le_bytes());
        put(&mut body, 32, &self.sector.to_le_bytes());
        body
    }

    fn decode(sealed: &Sealed<'_>) -> Self {
        Self {
            segment: u64_at(sealed.body, 0),
            first_segment: u64_at(sealed.body, 8),
            sequence: Seq::new(u64_at(sealed.body, 16)),
            chain: u64_at(sealed.body, 24),
            sector: u32_at(sealed.body, 32),
        }
    }
}

/// What the mark file says.
pub(crate) struct MarkRead {
    pub(crate) mark: Mark,
    /// Whether the slot that is never synced could not be read.
    pub(crate) is_running_lost: bool,
}

/// Reads the mark of `stream`; `None` if there is none, as before the log was created.
pub(crate) fn read_mark<S: Storage>(home: &Home<S>, stream: Stream) -> Result<Option<MarkRead>, ReadError> {
    let name = stream.mark_file();
    let Some(bytes) = read_small(&home.storage, &name, FILE_BYTES + 1)? else {
        return Ok(None);
    };
    if bytes.len() != FILE_BYTES {
        let cause = DamageCause::Length {
            expected: FILE_BYTES as u64,
            found: bytes.len() as u64,
        };
        return Err(Damage::new(&name, 0, None, cause).into());
    }
    let slot = |at: u64| {
        let place = Place {
            file: &name,
            offset: at,
        };
        let sealed = unseal_own(place, Kind::Mark, home.identity, &bytes[at as usize..])?;
        Ok::<_, ReadError>(Mark::decode(&sealed))
    };
    let settled = slot(SETTLED_AT)?;
    let running = slot(RUNNING_AT).ok();
    let newest = running.map_or(settled, |running| running.max(settled));
    let first_segment = settled.first_segment.max(newest.first_segment);
    Ok(Some(MarkRead {
        mark: Mark {
            first_segment,
            ..newest
        },
        is_running_lost: running.is_none(),
    }))
}

/// The mark of an open log.
pub(crate) struct MarkFile<S: Storage> {
    file: S::File,
    name: String,
    home: Arc<Home<S>>,
    mark: Mark,
}

impl<S: Storage> MarkFile<S> {
    /// Replaces the mark of `stream`, wholly or not at all, and opens it. This is the only way to lower one.
    pub(crate) fn replace(home: &Arc<Home<S>>, stream: Stream, mark: Mark) -> Result<Self, Fault> {
        let name = stream.mark_file();
        let sector = seal(Kind::Mark, home.identity, &mark.encode());
        let mut bytes = vec![0; FILE_BYTES];
        put(&mut bytes, SETTLED_AT as usize, &sector);
        put(&mut bytes, RUNNING_AT as usize, &sector);
        replace(&home.storage, &name, &bytes)?;
        let file = home.open(&name)?;
        Ok(Self {
            file,
            name,
            home: Arc::clone(home),
            mark,
        })
    }

    /// Notes how far the log is durable, without waiting for the disk. What was removed stays noted.
    pub(crate) fn note(&mut self, mark: Mark) -> Result<(), Fault> {
        self.mark = Mark {
            first_segment: self.mark.first_segment,
            ..mark
        };
        self.write(RUNNING_AT)
    }

    /// Notes how far the log is durable, and makes the note durable.
    pub(crate) fn settle(&mut self, mark: Mark) -> Result<(), Fault> {
        self.mark = Mark {
            first_segment: self.mark.first_segment,
            ..mark
        };
        self.write(SETTLED_AT)?;
        self.sync()
    }

    /// Notes, durably, that the segments before `first_segment` may be gone.
    pub(crate) fn settle_first(&mut self, first_segment: u64) -> Result<(), Fault> {
        self.mark.first_segment = self.mark.first_segment.max(first_segment);
        self.write(SETTLED_AT)?;
        self.sync()
    }

    fn write(&mut self, at: u64) -> Result<(), Fault> {
        let sector = seal(Kind::Mark, self.home.identity, &self.mark.encode());
        write_all(&self.file, &sector, at).map_err(Fault::at(Operation::Write, &self.name))
    }

    fn sync(&mut self) -> Result<(), Fault> {
        self.file
            .sync_data()
            .map_err(Fault::at(Operation::Sync, &self.name))
    }
}
