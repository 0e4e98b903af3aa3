//! Cutting a log at a sequence: for what a log must give up that its sectors do not.

use std::sync::Arc;

use engine_core::Seq;

use crate::directory::Home;
use crate::error::{Fault, Operation, ReadError};
use crate::format::record::{self, Tip};
use crate::format::sector::{frame, sectors_for};
use crate::format::segment::Stream;
use crate::mark::{Mark, MarkFile};
use crate::scan::{SegmentScan, Step, offset_of};
use crate::spare::{Spare, SpareFile};
use crate::storage::{Storage, StorageFile, read_full, write_all};

/// What happens to what is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It can be computed again, or was never whole.
    Deleted,
    /// It is kept under another name.
    SetAside,
}

/// Removes everything after `last` from a log that nobody has open.
///
/// What was known of the end is given up first, then segments go from the newest, then the one with the cut is
/// replaced by a shorter copy. A power cut at any point leaves a log that opens, at its old end or an earlier
/// one, and the cut can be made again.
pub(crate) fn cut_after<S: Storage>(
    home: &Arc<Home<S>>,
    stream: Stream,
    first_segment: u64,
    last: Seq,
    fate: Fate,
) -> Result<(), ReadError> {
    let ordinals = home.ordinals(stream)?;
    let mut kept = None;
    for ordinal in ordinals.iter().filter(|ordinal| **ordinal >= first_segment) {
        match (SegmentScan::open(home, stream, *ordinal), &kept) {
            (Ok(scan), _) if scan.header.start.last <= last => kept = Some(scan),
            (Ok(scan), None) => {
                return Err(ReadError::Gone {
                    wanted: last.next(),
                    first: scan.header.start.last.next(),
                });
            }
            // A header that cannot be read behind what is kept belongs to what is cut off.
            (Ok(_) | Err(ReadError::Damage(_)), Some(_)) => break,
            (Err(error), _) => return Err(error),
        }
    }
    match kept {
        Some(kept) => cut_in(home, &ordinals, kept, first_segment, last, fate),
        None => Ok(()),
    }
}

fn cut_in<S: Storage>(
    home: &Arc<Home<S>>,
    ordinals: &[u64],
    scan: SegmentScan<S>,
    first_segment: u64,
    last: Seq,
    fate: Fate,
) -> Result<(), ReadError> {
    let header = scan.header;
    let stream = header.stream;
    MarkFile::replace(home, stream, Mark::at_start(&header, first_segment))?;
    for ordinal in ordinals
        .iter()
        .rev()
        .take_while(|ordinal| **ordinal > header.ordinal)
    {
        let name = stream.segment_file(*ordinal);
        match fate {
            Fate::Deleted => home.delete(&name)?,
            Fate::SetAside => {
                home.rename(&name, &aside(home, &name)?)?;
                home.sync_directory(&name)?;
            }
        }
    }
    if fate == Fate::SetAside {
        copy(home, &scan.name, &aside(home, &scan.name)?)?;
    }
    shorten(home, scan, last)
}

/// Replaces the segment of `scan`, which must be at its start, by a copy without anything but the records up to
/// and with `last`.
pub(crate) fn shorten<S: Storage>(
    home: &Arc<Home<S>>,
    mut scan: SegmentScan<S>,
    last: Seq,
) -> Result<(), ReadError> {
    let spare = Spare::new(home, scan.header.stream, scan.header.bytes());
    let SpareFile { file, name, .. } = spare.take()?;
    let write = |bytes: &[u8], sector: u32| {
        write_all(&file, bytes, offset_of(sector)).map_err(Fault::at(Operation::Write, &name))
    };
    write(&scan.header.encode(), 0)?;
    let mut tip = scan.header.start;
    let mut next = 1;
    let mut sectors = Vec::new();
    while let Step::Group { .. } = scan.step()? {
        let length = records_through(&scan.records, &mut tip, last);
        if length > 0 {
            frame(&scan.records[..length], scan.seed(), next, next, &mut sectors);
            write(&sectors, next)?;
            next += sectors_for(length);
        }
        if length < scan.records.len() {
            break;
        }
    }
    file.sync_data().map_err(Fault::at(Operation::Sync, &name))?;
    home.rename(&name, &scan.name)?;
    Ok(home.sync_directory(&scan.name)?)
}

/// The length of the whole records up to and with `last`; `tip` moves behind them.
fn records_through(records: &[u8], tip: &mut Tip, last: Seq) -> usize {
    let mut length = 0;
    while length < records.len() {
        let mut ahead = *tip;
        match record::unseal(&records[length..], &mut ahead) {
            Some(next) if ahead.last <= last => {
                length += next;
                *tip = ahead;
            }
            _ => break,
        }
    }
    length
}

/// A free name for what is set aside.
pub(crate) fn aside<S: Storage>(home: &Home<S>, name: &str) -> Result<String, Fault> {
    let names = home.list()?;
    let free = (1..)
        .map(|number| format!("{name}.removed-{number}"))
        .find(|name| !names.contains(name));
    Ok(free.expect("there are more numbers than files"))
}

/// Copies a file of the directory, durably.
pub(crate) fn copy<S: Storage>(home: &Home<S>, from: &str, to: &str) -> Result<(), Fault> {
    let source = home.open(from)?;
    let target = home.create(to)?;
    let mut buffer = vec![0; 1 << 20];
    let mut offset = 0;
    loop {
        let read = read_full(&source, &mut buffer, offset).map_err(Fault::at(Operation::Read, from))?;
        if read == 0 {
            break;
        }
        write_all(&target, &buffer[..read], offset).map_err(Fault::at(Operation::Write, to))?;
        offset += read as u64;
    }
    target.sync_data().map_err(Fault::at(Operation::Sync, to))?;
    home.sync_directory(to)
}
