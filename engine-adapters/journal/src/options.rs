//! What an owner of a log can choose.

use std::time::Duration;

use crate::batch::PAYLOAD_BYTES_MAX;
use crate::error::OpenError;
use crate::format::record::HEADER_BYTES;
use crate::format::sector::{BODY_BYTES, GROUP_SECTORS_MAX, SECTOR_BYTES};
use crate::format::segment::{SEGMENT_SECTORS_MAX, SEGMENT_SECTORS_MIN};

/// When a log asks the disk to make it durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SyncPolicy {
    /// After every group, before the next is written: what is announced as durable is on disk.
    EachGroup,
    /// At this interval, and on request: at most so much is lost by a power cut.
    Interval(Duration),
    /// On request, at the end of a segment and on closing.
    OnRequest,
}

/// How a log is kept.
///
/// ```
/// use engine_journal::{LogOptions, SyncPolicy};
///
/// let events = LogOptions { sync: SyncPolicy::OnRequest, ..LogOptions::default() };
/// assert_eq!(events.segment_bytes, 64 << 20);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogOptions {
    /// The size of a segment: a multiple of 512 up to 1 GiB, pre-allocated as a whole. A log that exists may be opened with
    /// another size, which then holds for new segments.
    pub segment_bytes: u64,
    /// When the log is made durable.
    pub sync: SyncPolicy,
    /// How many bytes may wait to be written before an append is refused.
    pub backlog_bytes_max: usize,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self {
            segment_bytes: 64 << 20,
            sync: SyncPolicy::EachGroup,
            backlog_bytes_max: 64 << 20,
        }
    }
}

impl LogOptions {
    pub(crate) fn check(&self) -> Result<(), OpenError> {
        let sector = SECTOR_BYTES as u64;
        let least = u64::from(SEGMENT_SECTORS_MIN) * sector;
        let most = u64::from(SEGMENT_SECTORS_MAX) * sector;
        if !self.segment_bytes.is_multiple_of(sector) || !(least..=most).contains(&self.segment_bytes) {
            return Err(OpenError::SegmentSize {
                segment_bytes: self.segment_bytes,
                least,
                most,
            });
        }
        Ok(())
    }

    pub(crate) fn segment_sectors(&self) -> u32 {
        u32::try_from(self.segment_bytes / SECTOR_BYTES as u64).expect("the size of a segment is checked")
    }

    /// The largest payload that fits into one group of one segment.
    pub(crate) fn payload_bytes_max(&self) -> usize {
        let sectors = (self.segment_sectors() - 1).min(GROUP_SECTORS_MAX) as usize;
        (sectors * BODY_BYTES - HEADER_BYTES).min(PAYLOAD_BYTES_MAX)
    }

    /// Whether every group is durable before the next is written.
    pub(crate) fn is_strict(&self) -> bool {
        self.sync == SyncPolicy::EachGroup
    }
}
