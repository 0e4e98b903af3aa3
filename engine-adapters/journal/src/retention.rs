//! Removing old segments.

use std::sync::{Arc, Mutex, PoisonError};

use engine_core::Seq;

use crate::directory::{Directory, Home};
use crate::error::ReadError;
use crate::format::segment::Stream;
use crate::mark::MarkFile;
use crate::scan::SegmentScan;
use crate::storage::Storage;

/// Removes the segments of a log that nobody needs any more, from any thread.
pub struct Retention<S: Storage> {
    home: Arc<Home<S>>,
    stream: Stream,
    mark: Arc<Mutex<MarkFile<S>>>,
}

impl<S: Storage> Directory<S> {
    /// Keeps the newest `snapshots` whole snapshots, and says up to which sequence neither a recovery from any of
    /// them nor any cursor needs a log; `None` if there are not so many yet, so that everything is needed.
    ///
    /// # Errors
    /// A cursor that cannot be read, a snapshot in a newer format, or what the system says.
    pub fn passed_by_all(&self, snapshots: usize) -> Result<Option<Seq>, ReadError> {
        let slowest = self.cursors().slowest()?;
        let oldest = self.snapshots().retain(snapshots)?;
        Ok(oldest.map(|oldest| slowest.map_or(oldest, |slowest| slowest.min(oldest))))
    }
}

impl<S: Storage> Retention<S> {
    pub(crate) fn new(home: &Arc<Home<S>>, stream: Stream, mark: &Arc<Mutex<MarkFile<S>>>) -> Self {
        Self {
            home: Arc::clone(home),
            stream,
            mark: Arc::clone(mark),
        }
    }

    /// Removes every segment that holds nothing after `through`, and returns the names of their files. The
    /// segment that is being written always stays.
    ///
    /// That they may be gone is noted durably first; then they go one by one from the oldest, each made durable.
    /// A power cut in between leaves segments without a gap.
    ///
    /// # Errors
    /// What the system or a damaged header says. The log is not harmed.
    pub fn remove_through(&self, through: Seq) -> Result<Vec<String>, ReadError> {
        let ordinals = self.home.ordinals(self.stream)?;
        let mut passed = 0;
        for next in ordinals.iter().skip(1) {
            let start = SegmentScan::open(&self.home, self.stream, *next)?.header.start;
            if start.last > through {
                break;
            }
            passed += 1;
        }
        if passed == 0 {
            return Ok(Vec::new());
        }
        let mut mark = self.mark.lock().unwrap_or_else(PoisonError::into_inner);
        mark.settle_first(ordinals[passed])?;
        drop(mark);
        remove_before(&self.home, self.stream, &ordinals[..passed])
    }
}

/// Deletes these segments, the oldest first.
pub(crate) fn remove_before<S: Storage>(
    home: &Home<S>,
    stream: Stream,
    ordinals: &[u64],
) -> Result<Vec<String>, ReadError> {
    let mut removed = Vec::new();
    for ordinal in ordinals {
        let name = stream.segment_file(*ordinal);
        home.delete(&name)?;
        removed.push(name);
    }
    Ok(removed)
}
