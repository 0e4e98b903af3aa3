//! The one writer of a log: groups into segments, syncs, rotation. No threads; [`Journal`](crate::Journal) adds
//! them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine_core::Seq;

use crate::batch::Batch;
use crate::directory::Home;
use crate::error::{AppendError, Fault, Operation};
use crate::format::record::{self, Tip};
use crate::format::sector::{BODY_BYTES, GROUP_SECTORS_MAX, SECTOR_BYTES, frame, sectors_for};
use crate::format::segment::{SegmentHeader, Stream};
use crate::mark::{Mark, MarkFile};
use crate::options::LogOptions;
use crate::retention::Retention;
use crate::scan::offset_of;
use crate::spare::{Spare, SpareFile};
use crate::storage::{Storage, StorageFile, write_all};

/// Writes one log from the thread that calls it.
///
/// Invariants: everything before `durable_sector` of the open segment, and every earlier segment, is durable; in
/// a strict segment at most one group is not. After the first fault nothing is written or synced again, and
/// every call returns that fault: what a disk holds after a failed sync is unknown, and asking it again would
/// make it forget that.
pub struct LogWriter<S: Storage> {
    home: Arc<Home<S>>,
    stream: Stream,
    options: LogOptions,
    segment: OpenSegment<S>,
    tip: Tip,
    durable_through: Seq,
    mark: Arc<Mutex<MarkFile<S>>>,
    spare: Arc<Spare<S>>,
    records: Vec<u8>,
    sectors: Vec<u8>,
    fault: Option<Fault>,
}

/// The segment that is being written.
pub(crate) struct OpenSegment<S: Storage> {
    pub(crate) file: S::File,
    pub(crate) name: String,
    pub(crate) header: SegmentHeader,
    pub(crate) seed: u32,
    pub(crate) next_sector: u32,
    pub(crate) durable_sector: u32,
    pub(crate) has_asked_for_spare: bool,
}

impl<S: Storage> OpenSegment<S> {
    /// Makes the prepared file the segment `header`, as large as the file. It has its name only when it is whole.
    pub(crate) fn create(home: &Home<S>, spare: &Spare<S>, header: SegmentHeader) -> Result<Self, Fault> {
        let SpareFile {
            file,
            name: temporary,
            bytes,
        } = spare.take()?;
        let sectors = u32::try_from(bytes / SECTOR_BYTES as u64).expect("the size of a segment is checked");
        let header = SegmentHeader { sectors, ..header };
        let sector = header.encode();
        write_all(&file, &sector, 0).map_err(Fault::at(Operation::Write, &temporary))?;
        file.sync_data().map_err(Fault::at(Operation::Sync, &temporary))?;
        let name = header.stream.segment_file(header.ordinal);
        home.rename(&temporary, &name)?;
        home.sync_directory(&name)?;
        let (header, seed) =
            SegmentHeader::decode(&name, &sector, header.identity, header.stream, header.ordinal)
                .expect("a header that was just encoded can be decoded");
        Ok(Self {
            file,
            name,
            header,
            seed,
            next_sector: 1,
            durable_sector: 1,
            has_asked_for_spare: false,
        })
    }
}

impl<S: Storage> LogWriter<S> {
    pub(crate) fn new(
        home: &Arc<Home<S>>,
        options: &LogOptions,
        spare: Arc<Spare<S>>,
        segment: OpenSegment<S>,
        tip: Tip,
        mark: MarkFile<S>,
    ) -> Self {
        Self {
            home: Arc::clone(home),
            stream: segment.header.stream,
            options: options.clone(),
            durable_through: tip.whole(),
            segment,
            tip,
            mark: Arc::new(Mutex::new(mark)),
            spare,
            records: Vec::new(),
            sectors: Vec::new(),
            fault: None,
        }
    }

    /// Writes a batch as one group, or as several if it is large, without waiting for the disk. Where every
    /// group is synced, the one before it is made durable first.
    ///
    /// # Errors
    /// [`AppendError::OutOfOrder`] and [`AppendError::TooLarge`] before anything is written;
    /// [`AppendError::Stopped`] if the system refused, now or before.
    pub fn write(&mut self, batch: &Batch) -> Result<(), AppendError> {
        self.usable()?;
        self.check(batch)?;
        Ok(self.guarded(|writer| writer.write_groups(batch.records()))?)
    }

    /// Makes everything written so far durable, and says up to which sequence that is.
    ///
    /// # Errors
    /// The fault that stopped the log, now or before.
    pub fn sync(&mut self) -> Result<Seq, Fault> {
        self.guarded(Self::sync_segment)?;
        Ok(self.durable_through)
    }

    /// Makes everything durable, and durably notes that it is, so that afterwards any damage at all is told from
    /// the trace of a power cut.
    ///
    /// # Errors
    /// The fault that stopped the log, now or before.
    pub fn close(mut self) -> Result<Seq, Fault> {
        self.guarded(|writer| {
            writer.sync_segment()?;
            writer.settle_mark()
        })?;
        Ok(self.durable_through)
    }

    /// The last sequence that is written with all its records.
    pub fn written_through(&self) -> Seq {
        self.tip.whole()
    }

    /// The last sequence that is on disk with all its records.
    pub fn durable_through(&self) -> Seq {
        self.durable_through
    }

    /// Removes old segments; it may be used while the log is written.
    pub fn retention(&self) -> Retention<S> {
        Retention::new(&self.home, self.stream, &self.mark)
    }

    pub(crate) fn home(&self) -> &Arc<Home<S>> {
        &self.home
    }

    pub(crate) fn stream(&self) -> Stream {
        self.stream
    }

    pub(crate) fn options(&self) -> &LogOptions {
        &self.options
    }

    pub(crate) fn spare(&self) -> &Arc<Spare<S>> {
        &self.spare
    }

    pub(crate) fn tip(&self) -> Tip {
        self.tip
    }

    /// Whether the next segment should be prepared now: once in every segment, when half of it is used.
    pub(crate) fn wants_spare(&mut self) -> bool {
        let is_half_used = self.segment.next_sector > self.segment.header.sectors / 2;
        is_half_used && !std::mem::replace(&mut self.segment.has_asked_for_spare, is_half_used)
    }

    /// Ends the open segment and begins the next one.
    pub(crate) fn rotate(&mut self) -> Result<(), Fault> {
        self.sync_segment()?;
        let header = SegmentHeader {
            ordinal: self.segment.header.ordinal + 1,
            start: self.tip,
            is_strict: self.options.is_strict(),
            ..self.segment.header
        };
        self.segment = OpenSegment::create(&self.home, &self.spare, header)?;
        self.settle_mark()
    }

    fn usable(&self) -> Result<(), Fault> {
        self.fault.clone().map_or(Ok(()), Err)
    }

    fn guarded<T>(&mut self, act: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        self.usable()?;
        let outcome = act(self);
        if let Err(fault) = &outcome {
            self.fault = Some(fault.clone());
        }
        outcome
    }

    fn check(&self, batch: &Batch) -> Result<(), AppendError> {
        let expected = self.tip.expected();
        match batch.first() {
            Some(found) if found != expected => return Err(AppendError::OutOfOrder { expected, found }),
            _ => {}
        }
        let (bytes, bytes_max) = (batch.payload_bytes_max(), self.options.payload_bytes_max());
        if bytes > bytes_max {
            return Err(AppendError::TooLarge { bytes, bytes_max });
        }
        Ok(())
    }

    fn write_groups(&mut self, mut records: &[u8]) -> Result<(), Fault> {
        while !records.is_empty() {
            let sectors = self.segment.header.sectors - self.segment.next_sector;
            let room = sectors.min(GROUP_SECTORS_MAX) as usize * BODY_BYTES;
            let length = whole_records(records, room);
            if length == 0 {
                self.rotate()?;
                continue;
            }
            if self.segment.header.is_strict {
                self.sync_segment()?;
            }
            self.write_group(&records[..length])?;
            records = &records[length..];
        }
        Ok(())
    }

    fn write_group(&mut self, records: &[u8]) -> Result<(), Fault> {
        self.records.clear();
        self.records.extend_from_slice(records);
        let mut at = 0;
        while at < self.records.len() {
            at += record::seal(&mut self.records[at..], &mut self.tip);
        }
        let segment = &mut self.segment;
        let start = segment.next_sector;
        frame(
            &self.records,
            segment.seed,
            start,
            segment.durable_sector,
            &mut self.sectors,
        );
        write_all(&segment.file, &self.sectors, offset_of(start))
            .map_err(Fault::at(Operation::Write, &segment.name))?;
        segment.next_sector += sectors_for(self.records.len());
        Ok(())
    }

    fn sync_segment(&mut self) -> Result<(), Fault> {
        let segment = &mut self.segment;
        if segment.durable_sector == segment.next_sector {
            return Ok(());
        }
        segment
            .file
            .sync_data()
            .map_err(Fault::at(Operation::Sync, &segment.name))?;
        segment.durable_sector = segment.next_sector;
        self.durable_through = self.tip.whole();
        self.mark().note(self.durable_mark())
    }

    fn settle_mark(&mut self) -> Result<(), Fault> {
        self.mark().settle(self.durable_mark())
    }

    /// The mark of a log whose records are all durable.
    fn durable_mark(&self) -> Mark {
        Mark {
            segment: self.segment.header.ordinal,
            sector: self.segment.durable_sector,
            sequence: self.durable_through,
            chain: self.tip.chain,
            ..Mark::EMPTY
        }
    }

    fn mark(&self) -> MutexGuard<'_, MarkFile<S>> {
        self.mark.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The length of as many records as fit into `room`.
fn whole_records(records: &[u8], room: usize) -> usize {
    let mut length = 0;
    while length < records.len() {
        let next = length + record::length_at(&records[length..]);
        if next > room {
            break;
        }
        length = next;
    }
    length
}
