//! Reading everything that a directory holds, and listing all that is wrong with it.

use engine_core::Seq;

use crate::directory::{Directory, Home};
use crate::error::{Damage, DamageCause, Fault, ReadError};
use crate::format::record::Tip;
use crate::format::segment::Stream;
use crate::mark::{Mark, read_mark};
use crate::reader::{discontinuity, first_written};
use crate::recover::TornTail;
use crate::scan::{SegmentScan, Step};
use crate::storage::Storage;
use crate::tail::read_tail;

/// What a directory holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// The logs, the commands first.
    pub logs: Vec<LogReport>,
    /// The snapshots that are whole, ascending.
    pub snapshots: Vec<Seq>,
    /// The cursors.
    pub cursors: Vec<(String, Seq)>,
    /// Everything that cannot be trusted: of a segment the first place, of any other file all of it.
    pub damage: Vec<Damage>,
}

/// What one log holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogReport {
    /// Which log.
    pub stream: Stream,
    /// Its segments in order.
    pub segments: Vec<SegmentReport>,
    /// The last sequence that can be read from the first segment on without meeting damage.
    pub end: Seq,
    /// The unfinished end, which the next start will cut off. It is not damage.
    pub torn: Option<TornTail>,
    /// Whether the note of how far the log was safe, which is written without waiting, cannot be read.
    pub is_running_mark_lost: bool,
}

/// What one segment holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentReport {
    /// The file.
    pub file: String,
    /// The first sequence, as the header says.
    pub first: Seq,
    /// The last sequence with all its records before the end or the first damage.
    pub last: Seq,
    /// The number of records up to there.
    pub records: u64,
    /// The size of the file.
    pub bytes: u64,
}

/// How far a long reading has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifyProgress {
    /// How many segments have been read.
    pub segments_done: usize,
    /// How many there are.
    pub segments_all: usize,
}

impl<S: Storage> Directory<S> {
    /// Reads every log, snapshot and cursor and changes nothing. `observer` hears of every segment read.
    ///
    /// # Errors
    /// A newer format, or what the system says. Damage is part of the report.
    pub fn verify(&self, mut observer: impl FnMut(VerifyProgress)) -> Result<VerifyReport, ReadError> {
        let home = self.home();
        let mut report = VerifyReport::default();
        for stream in Stream::BOTH {
            let log = verify_log(home, stream, &mut report.damage, &mut observer)?;
            report.logs.extend(log);
        }
        let snapshots = self.snapshots();
        for sequence in snapshots.sequences()? {
            match damage_of(snapshots.verify(sequence))? {
                Ok(()) => report.snapshots.push(sequence),
                Err(damage) => report.damage.push(damage),
            }
        }
        match damage_of(self.cursors().positions())? {
            Ok(cursors) => report.cursors = cursors,
            Err(damage) => report.damage.push(damage),
        }
        Ok(report)
    }
}

/// Sorts damage, which goes on the list, from errors that end the reading.
fn damage_of<T>(outcome: Result<T, ReadError>) -> Result<Result<T, Damage>, ReadError> {
    match outcome {
        Ok(value) => Ok(Ok(value)),
        Err(ReadError::Damage(damage)) => Ok(Err(damage)),
        Err(error) => Err(error),
    }
}

fn verify_log<S: Storage>(
    home: &Home<S>,
    stream: Stream,
    damage: &mut Vec<Damage>,
    observer: &mut impl FnMut(VerifyProgress),
) -> Result<Option<LogReport>, ReadError> {
    let ordinals = home.ordinals(stream)?;
    let mut is_running_mark_lost = true;
    let mark = match damage_of(read_mark(home, stream))? {
        Ok(None) if ordinals.is_empty() => return Ok(None),
        Ok(Some(read)) => {
            is_running_mark_lost = read.is_running_lost;
            read.mark
        }
        Ok(None) => {
            damage.push(Damage::new(&stream.mark_file(), 0, None, DamageCause::Missing));
            Mark::EMPTY
        }
        Err(found) => {
            damage.push(found);
            Mark::EMPTY
        }
    };
    let first = if mark == Mark::EMPTY {
        ordinals.first().copied().unwrap_or(1)
    } else {
        mark.first_segment
    };
    // Of segments that are missing at the end, one on the list is enough.
    let last = ordinals.last().copied().unwrap_or(0);
    let newest = last.max(mark.segment.min(last + 1));
    let segments_all = (newest + 1).saturating_sub(first) as usize;
    let mut log = LogReport {
        stream,
        segments: Vec::new(),
        end: Seq::new(0),
        torn: None,
        is_running_mark_lost,
    };
    let mut known = None;
    let mut is_unbroken = true;
    for ordinal in first..=newest {
        let found = verify_segment(home, stream, ordinal, known, &mark, ordinal == newest)?;
        is_unbroken &= !found.is_header_lost;
        if let Some(segment) = &found.segment {
            log.end = if is_unbroken { segment.last } else { log.end };
        }
        is_unbroken &= found.damage.is_none();
        known = found.end;
        log.segments.extend(found.segment);
        log.torn = found.torn;
        damage.extend(found.damage);
        observer(VerifyProgress {
            segments_done: (ordinal - first) as usize + 1,
            segments_all,
        });
    }
    Ok(Some(log))
}

/// What reading one segment found.
#[derive(Default)]
struct SegmentFound {
    segment: Option<SegmentReport>,
    /// The end of the records, if it was reached.
    end: Option<Tip>,
    torn: Option<TornTail>,
    damage: Option<Damage>,
    is_header_lost: bool,
}

/// Reads one segment, which must start at `known` if the end of the one before is known.
fn verify_segment<S: Storage>(
    home: &Home<S>,
    stream: Stream,
    ordinal: u64,
    known: Option<Tip>,
    mark: &Mark,
    is_newest: bool,
) -> Result<SegmentFound, ReadError> {
    let mut scan = match damage_of(SegmentScan::open(home, stream, ordinal))? {
        Ok(scan) => scan,
        Err(damage) => {
            let damage = Damage {
                sequence: known.map(|tip| tip.expected()),
                ..damage
            };
            return Ok(SegmentFound {
                damage: Some(damage),
                is_header_lost: true,
                ..SegmentFound::default()
            });
        }
    };
    let mut tip = scan.header.start;
    let (records, outcome) = count_records(&mut scan, &mut tip)?;
    let mut found = SegmentFound {
        end: Some(tip),
        ..SegmentFound::default()
    };
    let outcome = match outcome {
        Ok(()) => verify_end(home, stream, &mut scan, tip, mark, is_newest)?,
        Err(damage) => Err(damage),
    };
    match outcome {
        Ok(torn) => found.torn = torn,
        Err(damage) => {
            found.damage = Some(damage);
            found.end = None;
        }
    }
    if let Some(known) = known.filter(|known| *known != scan.header.start) {
        found.damage = Some(discontinuity_at_start(&scan, known));
    }
    found.segment = Some(SegmentReport {
        file: scan.name.clone(),
        first: scan.header.start.expected(),
        last: tip.whole(),
        records,
        bytes: scan.file_bytes()?,
    });
    Ok(found)
}

fn discontinuity_at_start<S: Storage>(scan: &SegmentScan<S>, known: Tip) -> Damage {
    Damage::new(&scan.name, 0, Some(known.expected()), DamageCause::Discontinuous)
}

/// Reads groups up to the first sector that is none, or to damage within a group.
fn count_records<S: Storage>(
    scan: &mut SegmentScan<S>,
    tip: &mut Tip,
) -> Result<(u64, Result<(), Damage>), Fault> {
    let mut records = 0;
    while let Step::Group { .. } = scan.step()? {
        match scan.follow(tip) {
            Ok(count) => records += count,
            Err(damage) => return Ok((records, Err(damage))),
        }
    }
    Ok((records, Ok(())))
}

/// Looks at what follows on the last group: the torn tail of the newest segment, or nothing at all.
fn verify_end<S: Storage>(
    home: &Home<S>,
    stream: Stream,
    scan: &mut SegmentScan<S>,
    tip: Tip,
    mark: &Mark,
    is_newest: bool,
) -> Result<Result<Option<TornTail>, Damage>, ReadError> {
    let (expected, found) = (scan.header.bytes(), scan.file_bytes()?);
    if found > expected || (found < expected && !is_newest) {
        let cause = DamageCause::Length { expected, found };
        return Ok(Err(Damage::new(
            &scan.name,
            found.min(expected),
            Some(tip.expected()),
            cause,
        )));
    }
    if is_newest {
        let mut again = SegmentScan::open(home, stream, scan.header.ordinal)?;
        return Ok(damage_of(read_tail(&mut again, mark))?.map(|tail| tail.torn));
    }
    let end = scan.next;
    if let Step::Damaged(sector, cause) = scan.step()? {
        return Ok(Err(scan.damage(sector, tip, cause)));
    }
    Ok(match first_written(scan, end)? {
        Some(written) => Err(scan.damage(written, tip, DamageCause::Trailing)),
        None => follow_on(home, stream, scan, tip),
    })
}

/// A segment that is whole in itself may still end before the next one starts.
fn follow_on<S: Storage>(
    home: &Home<S>,
    stream: Stream,
    scan: &SegmentScan<S>,
    tip: Tip,
) -> Result<Option<TornTail>, Damage> {
    match SegmentScan::open(home, stream, scan.header.ordinal + 1) {
        Ok(next) if next.header.start.last > tip.last => Err(discontinuity(scan, &next, scan.next, tip)),
        // Whatever else is wrong with the next one is its own damage.
        _ => Ok(None),
    }
}
