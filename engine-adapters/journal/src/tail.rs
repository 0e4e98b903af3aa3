//! The torn-tail rule: which end of a log a crash can have left, and what can only be damage.
//!
//! Let D be the highest sector that anything whole in the segment, or the mark, says was durable. A crash can
//! only have left sectors unwritten from D on; an unwritten sector before D is damage. In a strict segment each
//! group was durable before the next was written and no page was written while it was on its way to the disk,
//! so a crash leaves every sector whole or unwritten: one that is neither is damage wherever it stands. In any
//! other segment a sector at or after D that is neither counts as unwritten.

use crate::error::{DamageCause, ReadError};
use crate::format::record::Tip;
use crate::format::sector::{SECTOR_BYTES, Sector};
use crate::mark::Mark;
use crate::recover::TornTail;
use crate::scan::{SegmentScan, Step, offset_of};
use crate::storage::Storage;

/// The end of a segment that can be trusted.
#[derive(Debug)]
pub(crate) struct Tail {
    /// The end of the records.
    pub(crate) tip: Tip,
    /// The first sector after the last whole group.
    pub(crate) next_sector: u32,
    /// D: everything before this sector is known to have been durable.
    pub(crate) durable_sector: u32,
    /// Where the last written byte of the file ends.
    pub(crate) written_bytes: u64,
    pub(crate) torn: Option<TornTail>,
}

/// Reads the newest segment of a log to its end, which must reach what the mark says.
pub(crate) fn read_tail<S: Storage>(scan: &mut SegmentScan<S>, mark: &Mark) -> Result<Tail, ReadError> {
    let mut tip = scan.header.start;
    let marked = (mark.segment == scan.header.ordinal).then_some(mark.sector);
    let mut is_mark_met = marked.is_none();
    let mut durable_sector = marked.unwrap_or(1);
    let (gap, cause) = loop {
        if Some(scan.next) == marked {
            is_mark_met = tip.chain == mark.chain;
        }
        match scan.step()? {
            Step::Group { durable_before } => {
                durable_sector = durable_sector.max(durable_before);
                scan.follow(&mut tip)?;
            }
            Step::Unwritten(sector) => break (sector, DamageCause::Unwritten),
            Step::End => break (scan.header.sectors, DamageCause::Unwritten),
            Step::Damaged(sector, cause) if scan.header.is_strict => {
                return Err(scan.damage(sector, tip, cause).into());
            }
            Step::Damaged(sector, cause) => break (sector, cause),
        }
    };
    let rest = read_rest(scan, gap, tip)?;
    durable_sector = durable_sector.max(rest.durable_before);
    if gap < durable_sector {
        return Err(scan.damage(gap, tip, cause).into());
    }
    if !is_mark_met {
        return Err(scan.damage(scan.next, tip, DamageCause::OtherHistory).into());
    }
    let keep = offset_of(scan.next);
    let file_bytes = scan.file_bytes()?;
    let written_bytes = rest.written_bytes.max(offset_of(gap).min(file_bytes));
    let bytes = written_bytes.saturating_sub(keep);
    let missing_bytes = scan.header.bytes().saturating_sub(file_bytes);
    let torn = (bytes > 0 || missing_bytes > 0).then(|| TornTail {
        file: scan.name.clone(),
        offset: keep,
        bytes,
        missing_bytes,
        after: tip.whole(),
    });
    // What is whole up to `next` but not yet known to be durable is written again, so D ends there.
    let durable_sector = durable_sector.min(scan.next);
    Ok(Tail {
        tip,
        next_sector: scan.next,
        durable_sector,
        written_bytes,
        torn,
    })
}

/// What stands behind the first gap.
struct Rest {
    durable_before: u32,
    written_bytes: u64,
}

fn read_rest<S: Storage>(scan: &mut SegmentScan<S>, gap: u32, tip: Tip) -> Result<Rest, ReadError> {
    let file_bytes = scan.file_bytes()?;
    let mut rest = Rest {
        durable_before: 0,
        written_bytes: 0,
    };
    let sectors = u32::try_from(file_bytes / SECTOR_BYTES as u64).unwrap_or(u32::MAX);
    for index in gap..scan.header.sectors.min(sectors) {
        match scan.sector(index)? {
            Sector::Unwritten => continue,
            Sector::Written(head) => rest.durable_before = rest.durable_before.max(head.durable_before),
            Sector::Damaged if scan.header.is_strict => {
                return Err(scan.damage(index, tip, DamageCause::Checksum).into());
            }
            Sector::Damaged => {}
        }
        rest.written_bytes = offset_of(index + 1);
    }
    // A file that ends within a sector was cut there; what is left of that sector cannot be checked.
    if !file_bytes.is_multiple_of(SECTOR_BYTES as u64) && file_bytes < scan.header.bytes() {
        rest.written_bytes = file_bytes;
    }
    Ok(rest)
}
