//! Mending a damaged directory, for the person who was told to: nothing here happens by itself.

use std::sync::Arc;

use engine_core::Seq;

use crate::cut::{Fate, aside, copy, cut_after, shorten};
use crate::directory::{Directory, Home};
use crate::error::{Damage, DamageCause, Fault, Operation, ReadError};
use crate::format::record::Tip;
use crate::format::segment::{SegmentHeader, Stream, first_chain};
use crate::mark::{Mark, MarkFile, read_mark};
use crate::scan::{SegmentScan, Step};
use crate::storage::{Storage, StorageFile, write_all};

/// What to do with a damaged log. Every file that is changed is kept as it was under a name that ends in
/// `.removed-1` (or a higher number).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Repair {
    /// Mend what can be mended without giving up a record: a lost mark, the header of a segment, bytes in the
    /// unwritten end of a segment that another one follows.
    Mend,
    /// Give up every record after this sequence.
    CutAfter(Seq),
    /// Give up the segments that hold nothing after this sequence, which a snapshot must have reached.
    StartAfter(Seq),
    /// Give up the log as a whole: only for one that can be computed again.
    SetAside,
}

/// One thing that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Repaired {
    /// The mark was written anew from the segments that are there.
    Mark {
        /// The file.
        file: String,
    },
    /// The header of a segment was written anew from the end of the segment before.
    Header {
        /// The file.
        file: String,
    },
    /// What stood behind the records of a segment was removed.
    Padding {
        /// The file.
        file: String,
    },
    /// The log now ends with this sequence.
    Cut {
        /// The last sequence.
        end: Seq,
    },
    /// A file was put aside.
    SetAside {
        /// The file.
        file: String,
    },
}

/// Why a repair was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RepairError {
    /// The log does not reach so far, so cutting there would hide that.
    #[error("the log can be read through {end} only, so it cannot be cut after {wanted}")]
    BeyondEnd {
        /// The last sequence that can be read.
        end: Seq,
        /// Where the cut was to be.
        wanted: Seq,
    },
    /// What is there cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl From<Fault> for RepairError {
    fn from(fault: Fault) -> Self {
        Self::Read(fault.into())
    }
}

impl<S: Storage> Directory<S> {
    /// Repairs one log, which nobody may have open, and lists what was done.
    ///
    /// # Errors
    /// [`RepairError`]; what was done before stays done and can be seen in the directory.
    pub fn repair(&self, stream: Stream, repair: Repair) -> Result<Vec<Repaired>, RepairError> {
        let home = self.home();
        match repair {
            Repair::Mend => mend(home, stream),
            Repair::CutAfter(last) => {
                let report = self.verify(|_| ())?;
                let log = report.logs.into_iter().find(|log| log.stream == stream);
                let end = log.map_or(Seq::new(0), |log| log.end);
                if last > end {
                    return Err(RepairError::BeyondEnd { end, wanted: last });
                }
                let first = home.ordinals(stream)?.first().copied().unwrap_or(1);
                cut_after(home, stream, first, last, Fate::SetAside)?;
                Ok(vec![Repaired::Cut { end: last }])
            }
            Repair::StartAfter(sequence) => start_after(home, stream, sequence),
            Repair::SetAside => {
                let segments = home.ordinals(stream)?;
                let mut files: Vec<String> = segments
                    .into_iter()
                    .map(|ordinal| stream.segment_file(ordinal))
                    .collect();
                files.push(stream.mark_file());
                let names = home.list()?;
                let there = files.iter().filter(|file| names.contains(file));
                there.map(|file| Ok(self.set_aside(file)?)).collect()
            }
        }
    }

    /// Puts a file aside that nothing can use as it is, for instance a damaged snapshot or cursor.
    ///
    /// # Errors
    /// What the system says.
    pub fn set_aside(&self, file: &str) -> Result<Repaired, Fault> {
        let home = self.home();
        home.rename(file, &aside(home, file)?)?;
        home.sync_directory(file)?;
        Ok(Repaired::SetAside {
            file: file.to_owned(),
        })
    }
}

fn mend<S: Storage>(home: &Arc<Home<S>>, stream: Stream) -> Result<Vec<Repaired>, RepairError> {
    let mut done = Vec::new();
    let mut before = None;
    let ordinals = home.ordinals(stream)?;
    for (index, ordinal) in ordinals.iter().enumerate() {
        let mut scan = match SegmentScan::open(home, stream, *ordinal) {
            Ok(scan) => scan,
            Err(ReadError::Damage(damage)) => {
                let scan = mend_header(home, stream, *ordinal, before, damage)?;
                done.push(Repaired::Header {
                    file: scan.name.clone(),
                });
                scan
            }
            Err(error) => return Err(error.into()),
        };
        let mut tip = scan.header.start;
        while let Step::Group { .. } = scan.step()? {
            scan.follow(&mut tip).map_err(ReadError::from)?;
        }
        before = Some(tip);
        let Some(next) = ordinals.get(index + 1) else {
            break;
        };
        let is_whole = SegmentScan::open(home, stream, *next).map_or(true, |next| next.header.start == tip);
        let end = scan.next;
        if is_whole && crate::reader::first_written(&mut scan, end)?.is_some() {
            copy(home, &scan.name, &aside(home, &scan.name)?)?;
            done.push(Repaired::Padding {
                file: scan.name.clone(),
            });
            scan.next = 1;
            shorten(home, scan, tip.last)?;
        }
    }
    if matches!(read_mark(home, stream), Ok(None) | Err(ReadError::Damage(_))) && !ordinals.is_empty() {
        let file = mend_mark(home, stream, &ordinals)?;
        done.push(Repaired::Mark { file });
    }
    Ok(done)
}

/// Writes the header of a segment anew: all of it follows from the end of the segment before, and the sectors
/// of the segment, whose check values begin with that of the header, say whether it is the right one.
fn mend_header<S: Storage>(
    home: &Arc<Home<S>>,
    stream: Stream,
    ordinal: u64,
    before: Option<Tip>,
    damage: Damage,
) -> Result<SegmentScan<S>, ReadError> {
    if damage.cause != DamageCause::Checksum && damage.cause != DamageCause::NotAJournal {
        return Err(damage.into());
    }
    let start = match before {
        Some(tip) => tip,
        None if ordinal == 1 => Tip {
            chain: first_chain(home.identity, stream),
            last: Seq::new(0),
            is_open: false,
        },
        None => return Err(damage.into()),
    };
    let name = stream.segment_file(ordinal);
    let file = home.open(&name)?;
    let bytes = file.len().map_err(Fault::at(Operation::Read, &name))?;
    let sectors = u32::try_from(bytes / crate::format::sector::SECTOR_BYTES as u64).unwrap_or(u32::MAX);
    let kept = aside(home, &name)?;
    copy(home, &name, &kept)?;
    for is_strict in [true, false] {
        let header = SegmentHeader {
            identity: home.identity,
            stream,
            ordinal,
            start,
            sectors,
            is_strict,
        };
        write_all(&file, &header.encode(), 0).map_err(Fault::at(Operation::Write, &name))?;
        let mut scan = SegmentScan::open(home, stream, ordinal)?;
        if matches!(scan.step()?, Step::Group { .. }) && scan.follow(&mut start.clone()).is_ok() {
            file.sync_data().map_err(Fault::at(Operation::Sync, &name))?;
            return SegmentScan::open(home, stream, ordinal);
        }
    }
    // Nothing fits: the segment is put back as it was.
    home.rename(&kept, &name)?;
    home.sync_directory(&name)?;
    Err(damage.into())
}

/// Writes the mark anew. It then knows nothing of how far the newest segment was durable.
fn mend_mark<S: Storage>(home: &Arc<Home<S>>, stream: Stream, ordinals: &[u64]) -> Result<String, ReadError> {
    let file = stream.mark_file();
    if home.list()?.contains(&file) {
        copy(home, &file, &aside(home, &file)?)?;
    }
    let newest = *ordinals.last().expect("a log with segments has a newest one");
    let header = SegmentScan::open(home, stream, newest)?.header;
    MarkFile::replace(home, stream, Mark::at_start(&header, ordinals[0]))?;
    Ok(file)
}

fn start_after<S: Storage>(
    home: &Arc<Home<S>>,
    stream: Stream,
    sequence: Seq,
) -> Result<Vec<Repaired>, RepairError> {
    let ordinals = home.ordinals(stream)?;
    let mut first = None;
    for ordinal in &ordinals {
        match SegmentScan::open(home, stream, *ordinal) {
            Ok(scan) if scan.header.start.last <= sequence => first = Some(*ordinal),
            Ok(scan) if first.is_none() => {
                let first = scan.header.start.last.next();
                return Err(ReadError::Gone {
                    wanted: sequence.next(),
                    first,
                }
                .into());
            }
            Ok(_) => break,
            Err(ReadError::Damage(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let Some(first) = first else {
        let damage = Damage::new(
            &stream.segment_file(1),
            0,
            Some(sequence.next()),
            DamageCause::Missing,
        );
        return Err(ReadError::from(damage).into());
    };
    let mark = read_mark(home, stream)?.map_or(Mark::EMPTY, |read| read.mark);
    MarkFile::replace(
        home,
        stream,
        Mark {
            first_segment: first,
            ..mark
        },
    )?;
    let mut done = Vec::new();
    for ordinal in ordinals.iter().take_while(|ordinal| **ordinal < first) {
        let file = stream.segment_file(*ordinal);
        home.rename(&file, &aside(home, &file)?)?;
        home.sync_directory(&file)?;
        done.push(Repaired::SetAside { file });
    }
    Ok(done)
}
