//! Opening a log: what is whole is kept, what a crash left unfinished is cut off, everything else is refused.

use std::sync::Arc;

use engine_core::Seq;

use crate::cut::{Fate, cut_after};
use crate::directory::{Directory, Home};
use crate::error::{Damage, DamageCause, Fault, OpenError, Operation, ReadError};
use crate::format::record::Tip;
use crate::format::sector::SECTOR_BYTES;
use crate::format::segment::{SegmentHeader, Stream, first_chain};
use crate::mark::{Mark, MarkFile, MarkRead, read_mark};
use crate::options::LogOptions;
use crate::retention::remove_before;
use crate::scan::{SegmentScan, Step, offset_of};
use crate::spare::Spare;
use crate::storage::{Storage, StorageFile, rewrite, zero};
use crate::tail::{Tail, read_tail};
use crate::writer::{LogWriter, OpenSegment};

/// What opening a log found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// The first sequence that is kept with all its records; the one after `end` if there is none.
    pub first: Seq,
    /// The last sequence that is there with all its records. An event log is completed from the one after it.
    pub end: Seq,
    /// What was cut off the end, if anything was.
    pub torn: Option<TornTail>,
    /// Whether the note of how far the log was safe, which is written without waiting, could not be read. Only a
    /// power cut or damage to that note does this; the log itself is whole.
    pub is_running_mark_lost: bool,
}

impl Recovery {
    /// Refuses a log that ends before `through`, which `file` (a snapshot, a cursor) says was there.
    ///
    /// # Errors
    /// [`DamageCause::EndsEarly`], with that file.
    pub fn require(&self, through: Seq, file: &str) -> Result<(), Damage> {
        if through <= self.end {
            return Ok(());
        }
        let cause = DamageCause::EndsEarly {
            end: self.end,
            acknowledged: through,
        };
        Err(Damage::new(file, 0, Some(self.end.next()), cause))
    }
}

/// The unfinished end of a log, which nobody was told was safe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TornTail {
    /// The file it was in.
    pub file: String,
    /// Where it began.
    pub offset: u64,
    /// How many written bytes were cut off, their padding included.
    pub bytes: u64,
    /// How many bytes the file was too short.
    pub missing_bytes: u64,
    /// The last sequence before it.
    pub after: Seq,
}

impl<S: Storage> Directory<S> {
    /// Opens the command log, and creates it if there is none.
    ///
    /// # Errors
    /// What the system says, damage, a newer format, or options that contradict the format.
    pub fn commands(&self, options: &LogOptions) -> Result<(LogWriter<S>, Recovery), OpenError> {
        open_log(self.home(), Stream::Commands, options, None)
    }

    /// Opens the event log, and creates it if there is none. Events of commands after `commands_end`, which the
    /// command log lost, are cut off; those that are missing before it are for the caller to compute again,
    /// from [`Recovery::end`] on.
    ///
    /// # Errors
    /// As [`Directory::commands`].
    pub fn events(
        &self,
        options: &LogOptions,
        commands_end: Seq,
    ) -> Result<(LogWriter<S>, Recovery), OpenError> {
        open_log(self.home(), Stream::Events, options, Some(commands_end))
    }

    /// What opening a log would find, and changes nothing; `None` if there is no log.
    ///
    /// # Errors
    /// What the system says, damage to the segments' headers or to the end, or a newer format.
    pub fn foresee(&self, stream: Stream) -> Result<Option<Recovery>, ReadError> {
        let Some(found) = find_segments(self.home(), stream)? else {
            return Ok(None);
        };
        let mut scan = SegmentScan::open(self.home(), stream, found.newest())?;
        let tail = read_tail(&mut scan, &found.mark)?;
        Ok(Some(Recovery {
            first: found.first,
            end: tail.tip.whole(),
            torn: tail.torn,
            is_running_mark_lost: found.is_running_lost,
        }))
    }
}

fn open_log<S: Storage>(
    home: &Arc<Home<S>>,
    stream: Stream,
    options: &LogOptions,
    keep_through: Option<Seq>,
) -> Result<(LogWriter<S>, Recovery), OpenError> {
    options.check()?;
    let spare = Arc::new(Spare::new(home, stream, options.segment_bytes));
    let Some(found) = find_segments(home, stream)? else {
        return create_log(home, stream, options, spare);
    };
    remove_before(home, stream, &found.given_up)?;
    let (segment, tail) = mend_tail(home, stream, &found)?;
    let wanted_end = keep_through.map_or(tail.tip.whole(), |through| through.min(tail.tip.whole()));
    // A log that ends within a sequence has begun that one, so its whole end lies before it too.
    if wanted_end < tail.tip.last {
        drop(segment);
        cut_after(home, stream, found.ordinals[0], wanted_end, Fate::Deleted)?;
        let (writer, again) = open_log(home, stream, options, None)?;
        return Ok((
            writer,
            Recovery {
                torn: tail.torn,
                is_running_mark_lost: found.is_running_lost,
                ..again
            },
        ));
    }
    let recovery = Recovery {
        first: found.first,
        end: tail.tip.whole(),
        torn: tail.torn,
        is_running_mark_lost: found.is_running_lost,
    };
    let mark = Mark {
        segment: segment.header.ordinal,
        sector: segment.next_sector,
        sequence: tail.tip.whole(),
        chain: tail.tip.chain,
        first_segment: found.ordinals[0],
    };
    let mark = MarkFile::replace(home, stream, mark)?;
    let is_strict = segment.header.is_strict;
    let mut writer = LogWriter::new(home, options, spare, segment, tail.tip, mark);
    if is_strict != options.is_strict() {
        // The kind of tail that a crash can leave is a property of a whole segment.
        writer.rotate()?;
    }
    Ok((writer, recovery))
}

fn create_log<S: Storage>(
    home: &Arc<Home<S>>,
    stream: Stream,
    options: &LogOptions,
    spare: Arc<Spare<S>>,
) -> Result<(LogWriter<S>, Recovery), OpenError> {
    // The mark comes first, so that segments without a mark are always damage.
    let mut mark = MarkFile::replace(home, stream, Mark::EMPTY)?;
    let start = Tip {
        chain: first_chain(home.identity, stream),
        last: Seq::new(0),
        is_open: false,
    };
    let header = SegmentHeader {
        identity: home.identity,
        stream,
        ordinal: 1,
        start,
        sectors: options.segment_sectors(),
        is_strict: options.is_strict(),
    };
    spare.begin_small();
    let segment = OpenSegment::create(home, &spare, header)?;
    mark.settle(Mark::at_start(&segment.header, 1))?;
    let recovery = Recovery {
        first: start.last.next(),
        end: start.last,
        torn: None,
        is_running_mark_lost: false,
    };
    Ok((
        LogWriter::new(home, options, spare, segment, start, mark),
        recovery,
    ))
}

/// The segments of a log that should be there, and are.
struct Found {
    ordinals: Vec<u64>,
    /// Segments that retention has given up and not yet removed.
    given_up: Vec<u64>,
    mark: Mark,
    is_running_lost: bool,
    first: Seq,
}

impl Found {
    fn newest(&self) -> u64 {
        *self.ordinals.last().expect("a log that exists has a segment")
    }
}

/// Finds the segments of a log and checks that none is missing, misnamed or of another length; `None` if there
/// is no log yet.
fn find_segments<S: Storage>(home: &Home<S>, stream: Stream) -> Result<Option<Found>, ReadError> {
    let mut ordinals = home.ordinals(stream)?;
    let Some(MarkRead {
        mark,
        is_running_lost,
    }) = read_mark(home, stream)?
    else {
        return match ordinals.is_empty() {
            true => Ok(None),
            false => Err(Damage::new(&stream.mark_file(), 0, None, DamageCause::Missing).into()),
        };
    };
    if ordinals.is_empty() && mark.segment == 0 {
        return Ok(None);
    }
    let kept = ordinals.split_off(ordinals.partition_point(|ordinal| *ordinal < mark.first_segment));
    let (given_up, ordinals) = (ordinals, kept);
    let newest = ordinals.last().copied().unwrap_or(0).max(mark.segment);
    let mut first = None;
    for ordinal in mark.first_segment..=newest {
        let header = check_segment(home, stream, ordinal, ordinal == newest)
            .map_err(|error| with_sequence(error, || sequence_after(home, stream, ordinal)))?;
        first.get_or_insert(header.start.last.next());
    }
    let first = first.expect("a log that exists has a segment");
    Ok(Some(Found {
        ordinals,
        given_up,
        mark,
        is_running_lost,
        first,
    }))
}

/// Checks that a segment is there under its name and has its length.
fn check_segment<S: Storage>(
    home: &Home<S>,
    stream: Stream,
    ordinal: u64,
    is_newest: bool,
) -> Result<SegmentHeader, ReadError> {
    let scan = SegmentScan::open(home, stream, ordinal)?;
    let (expected, found) = (scan.header.bytes(), scan.file_bytes()?);
    // Only the newest may be too short: that is one of the traces that a crash can leave.
    if found > expected || (found < expected && !is_newest) {
        let cause = DamageCause::Length { expected, found };
        return Err(Damage::new(&scan.name, found.min(expected), None, cause).into());
    }
    Ok(scan.header)
}

/// The first sequence of a segment that is lost: it follows on the segment before.
fn sequence_after<S: Storage>(home: &Home<S>, stream: Stream, lost: u64) -> Option<Seq> {
    if lost == 1 {
        return Some(Seq::new(1));
    }
    let mut scan = SegmentScan::open(home, stream, lost - 1).ok()?;
    let mut tip = scan.header.start;
    while let Ok(Step::Group { .. }) = scan.step() {
        scan.follow(&mut tip).ok()?;
    }
    Some(tip.expected())
}

fn with_sequence(error: ReadError, sequence: impl FnOnce() -> Option<Seq>) -> ReadError {
    match error {
        ReadError::Damage(damage) if damage.sequence.is_none() => Damage {
            sequence: sequence(),
            ..damage
        }
        .into(),
        other => other,
    }
}

/// Reads the end of the newest segment, cuts off what is unfinished and makes the rest durable.
fn mend_tail<S: Storage>(
    home: &Home<S>,
    stream: Stream,
    found: &Found,
) -> Result<(OpenSegment<S>, Tail), OpenError> {
    let mut scan = SegmentScan::open(home, stream, found.newest())?;
    let tail = read_tail(&mut scan, &found.mark)?;
    let file = scan.file();
    let name = &scan.name;
    let keep = offset_of(tail.next_sector);
    let cut_through = tail.written_bytes.next_multiple_of(SECTOR_BYTES as u64);
    zero(file, keep, cut_through).map_err(Fault::at(Operation::Write, name))?;
    file.preallocate(scan.header.bytes())
        .map_err(Fault::at(Operation::Write, name))?;
    // What the page cache shows need not be on the disk: the process before may have ended because a sync
    // failed, and the system then takes these pages for clean. Written again, they are synced again.
    rewrite(file, offset_of(tail.durable_sector), keep).map_err(Fault::at(Operation::Write, name))?;
    file.sync_data().map_err(Fault::at(Operation::Sync, name))?;
    let segment = OpenSegment {
        name: name.clone(),
        header: scan.header,
        seed: scan.seed(),
        next_sector: tail.next_sector,
        durable_sector: tail.next_sector,
        has_asked_for_spare: false,
        file: scan.into_file(),
    };
    Ok((segment, tail))
}
