//! Reading a log in order, also while it is written.

use std::sync::Arc;

use engine_core::Seq;

use crate::batch::Batch;
use crate::directory::{Directory, Home};
use crate::error::{Damage, DamageCause, ReadError};
use crate::format::record::{self, Entry, Tip};
use crate::format::sector::Sector;
use crate::format::segment::Stream;
use crate::scan::{SegmentScan, Step};
use crate::snapshot::SnapshotStamp;
use crate::storage::Storage;

/// Reads the records of one log in order, each verified.
///
/// A reader may run beside the writer: it never reads further than it is told, and it is told no more than is
/// written.
pub struct LogReader<S: Storage> {
    home: Arc<Home<S>>,
    from: Seq,
    scan: SegmentScan<S>,
    tip: Tip,
    /// How far the records of the current group have been given out.
    taken: usize,
}

impl<S: Storage> Directory<S> {
    /// A reader of `stream` that starts with sequence `from`, which may still be to come.
    ///
    /// # Errors
    /// [`ReadError::Gone`] if retention has removed it, damage, a newer format, or what the system says.
    pub fn reader(&self, stream: Stream, from: Seq) -> Result<LogReader<S>, ReadError> {
        LogReader::open(self.home(), stream, from)
    }

    /// A value that stands for everything in a log up to and with `sequence`, which must be written.
    ///
    /// # Errors
    /// As [`Directory::reader`].
    pub fn history_at(&self, stream: Stream, sequence: Seq) -> Result<u64, ReadError> {
        let mut reader = self.reader(stream, sequence.next())?;
        reader.pass(sequence)?;
        Ok(reader.tip.chain)
    }

    /// A reader of the commands after a snapshot, which must be one of this log's history.
    ///
    /// # Errors
    /// As [`Directory::reader`], and [`DamageCause::OtherHistory`].
    pub fn replay_after(&self, snapshot: &SnapshotStamp) -> Result<LogReader<S>, ReadError> {
        let mut reader = self.reader(Stream::Commands, snapshot.sequence.next())?;
        reader.pass(snapshot.sequence)?;
        if snapshot
            .history
            .is_some_and(|history| history != reader.tip.chain)
        {
            return Err(reader
                .scan
                .damage(reader.scan.start, reader.tip, DamageCause::OtherHistory)
                .into());
        }
        Ok(reader)
    }
}

impl<S: Storage> LogReader<S> {
    pub(crate) fn open(home: &Arc<Home<S>>, stream: Stream, from: Seq) -> Result<Self, ReadError> {
        let mut start = None;
        for ordinal in home.ordinals(stream)? {
            let scan = SegmentScan::open(home, stream, ordinal)?;
            if scan.header.start.last >= from {
                if start.is_none() {
                    return Err(ReadError::Gone {
                        wanted: from,
                        first: scan.header.start.last.next(),
                    });
                }
                break;
            }
            start = Some(scan);
        }
        let Some(scan) = start else {
            return Err(Damage::new(&stream.segment_file(1), 0, Some(from), DamageCause::Missing).into());
        };
        let tip = scan.header.start;
        Ok(Self {
            home: Arc::clone(home),
            from,
            scan,
            tip,
            taken: 0,
        })
    }

    /// The next record up to and with sequence `until`; `None` if that has been reached.
    ///
    /// # Errors
    /// Damage, also if the log ends before `until`; a newer format, or what the system says.
    pub fn next(&mut self, until: Seq) -> Result<Option<Entry<'_>>, ReadError> {
        loop {
            if self.tip.expected() > until {
                return Ok(None);
            }
            if self.taken == self.scan.records.len() {
                self.advance()?;
                continue;
            }
            let start = self.taken;
            let Some(length) = record::unseal(&self.scan.records[start..], &mut self.tip) else {
                return Err(self
                    .scan
                    .damage(self.scan.start, self.tip, DamageCause::Chain)
                    .into());
            };
            self.taken += length;
            if self.tip.last >= self.from {
                return Ok(Some(record::decode(&self.scan.records[start..])));
            }
        }
    }

    /// Adds records up to and with `until` to `batch`, and stops once that holds `bytes_max` or more. Returns
    /// how many were added.
    ///
    /// # Errors
    /// As [`LogReader::next`]; what was read before stays in the batch.
    pub fn read(&mut self, until: Seq, bytes_max: usize, batch: &mut Batch) -> Result<usize, ReadError> {
        let before = batch.len();
        while batch.bytes() < bytes_max {
            let Some(entry) = self.next(until)? else { break };
            batch
                .push(&entry)
                .expect("records are read in order, from the start of the batch on");
        }
        Ok(batch.len() - before)
    }

    /// Reads up to and with `sequence`, which must lie before the first one to give out.
    fn pass(&mut self, sequence: Seq) -> Result<(), ReadError> {
        assert!(
            sequence < self.from,
            "records that are passed over are not given out"
        );
        match self.next(sequence)? {
            Some(_) => unreachable!("records before the first one are not given out"),
            None => Ok(()),
        }
    }

    /// A value that stands for everything in the log up to the last record that was read, as
    /// [`Directory::history_at`] gives it.
    pub fn history(&self) -> u64 {
        self.tip.chain
    }

    /// The sequence of the next record.
    pub fn position(&self) -> Seq {
        self.tip.expected().max(self.from)
    }

    /// Reads the group that holds the next record, which is there.
    fn advance(&mut self) -> Result<(), ReadError> {
        self.taken = 0;
        let mut step = self.scan.step()?;
        if !matches!(step, Step::Group { .. }) {
            // The part of the file that was read ahead may be older than what the caller knows to be written.
            self.scan.refresh();
            step = self.scan.step()?;
        }
        match step {
            Step::Group { .. } => Ok(()),
            Step::Damaged(sector, cause) => Err(self.scan.damage(sector, self.tip, cause).into()),
            Step::Unwritten(sector) => self.next_segment(sector),
            Step::End => self.next_segment(self.scan.header.sectors),
        }
    }

    /// Goes on in the next segment. The one before must be unwritten from `end` on, and end where the next
    /// starts.
    fn next_segment(&mut self, end: u32) -> Result<(), ReadError> {
        let (stream, ordinal) = (self.scan.header.stream, self.scan.header.ordinal);
        if !self.home.ordinals(stream)?.contains(&(ordinal + 1)) {
            return Err(self.scan.damage(end, self.tip, DamageCause::Unwritten).into());
        }
        if let Some(written) = first_written(&mut self.scan, end)? {
            // Something follows on the gap, so it is a gap and not the end.
            let cause = if written == end {
                DamageCause::Checksum
            } else {
                DamageCause::Unwritten
            };
            return Err(self.scan.damage(end, self.tip, cause).into());
        }
        let next = SegmentScan::open(&self.home, stream, ordinal + 1)?;
        if next.header.start != self.tip {
            return Err(discontinuity(&self.scan, &next, end, self.tip).into());
        }
        self.scan = next;
        Ok(())
    }
}

/// The first sector from `end` on that is not unwritten.
pub(crate) fn first_written<S: Storage>(
    scan: &mut SegmentScan<S>,
    end: u32,
) -> Result<Option<u32>, ReadError> {
    for index in end..scan.header.sectors {
        if scan.sector(index)? != Sector::Unwritten {
            return Ok(Some(index));
        }
    }
    Ok(None)
}

/// Says which of two segments that do not fit is to blame: the first, if it ends before the second starts.
pub(crate) fn discontinuity<S: Storage>(
    scan: &SegmentScan<S>,
    next: &SegmentScan<S>,
    end: u32,
    tip: Tip,
) -> Damage {
    if tip.last < next.header.start.last {
        scan.damage(end, tip, DamageCause::Unwritten)
    } else {
        Damage::new(&next.name, 0, Some(tip.expected()), DamageCause::Discontinuous)
    }
}
