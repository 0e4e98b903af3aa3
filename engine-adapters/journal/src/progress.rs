//! How far a log has come, for everyone who waits for it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use engine_core::Seq;

use crate::error::Fault;

/// How far a log is written and how far it is durable. Clones watch the same log.
#[derive(Clone, Debug)]
pub struct Progress {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    written: AtomicU64,
    durable: AtomicU64,
    syncs: AtomicU64,
    syncs_ns: AtomicU64,
    fault: OnceLock<Fault>,
    changes: Mutex<()>,
    changed: Condvar,
}

impl Progress {
    pub(crate) fn new(written: Seq, durable: Seq) -> Self {
        let shared = Shared {
            written: AtomicU64::new(written.get()),
            durable: AtomicU64::new(durable.get()),
            syncs: AtomicU64::new(0),
            syncs_ns: AtomicU64::new(0),
            fault: OnceLock::new(),
            changes: Mutex::new(()),
            changed: Condvar::new(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// The last sequence that readers can read.
    pub fn written_through(&self) -> Seq {
        Seq::new(self.shared.written.load(Ordering::Acquire))
    }

    /// The last sequence that is on disk.
    pub fn durable_through(&self) -> Seq {
        Seq::new(self.shared.durable.load(Ordering::Acquire))
    }

    /// How often the log was made durable, and how long that took in all; for metrics.
    pub fn syncs(&self) -> (u64, Duration) {
        let nanos = self.shared.syncs_ns.load(Ordering::Relaxed);
        (
            self.shared.syncs.load(Ordering::Relaxed),
            Duration::from_nanos(nanos),
        )
    }

    /// The fault that stopped the log, if one has.
    pub fn fault(&self) -> Option<&Fault> {
        self.shared.fault.get()
    }

    /// Waits until `through` is written and can be read.
    ///
    /// # Errors
    /// The fault that stopped the log before that.
    pub fn wait_written(&self, through: Seq) -> Result<(), Fault> {
        self.wait(|progress| progress.written_through() >= through)
    }

    /// Waits until `through` is on disk.
    ///
    /// # Errors
    /// The fault that stopped the log before that.
    pub fn wait_durable(&self, through: Seq) -> Result<(), Fault> {
        self.wait(|progress| progress.durable_through() >= through)
    }

    fn wait(&self, is_reached: impl Fn(&Self) -> bool) -> Result<(), Fault> {
        if is_reached(self) {
            return Ok(());
        }
        let mut guard = self.shared.changes.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if is_reached(self) {
                return Ok(());
            }
            if let Some(fault) = self.fault() {
                return Err(fault.clone());
            }
            guard = self
                .shared
                .changed
                .wait(guard)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub(crate) fn publish(&self, written: Seq, durable: Seq) {
        self.shared.written.store(written.get(), Ordering::Release);
        self.shared.durable.store(durable.get(), Ordering::Release);
        self.wake();
    }

    pub(crate) fn note_sync(&self, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.shared.syncs.fetch_add(1, Ordering::Relaxed);
        self.shared.syncs_ns.fetch_add(nanos, Ordering::Relaxed);
    }

    /// The first fault stays.
    pub(crate) fn stop(&self, fault: Fault) {
        let _ = self.shared.fault.set(fault);
        self.wake();
    }

    fn wake(&self) {
        // Taken so that nobody can look, find nothing and fall asleep between the change and the call.
        drop(self.shared.changes.lock().unwrap_or_else(PoisonError::into_inner));
        self.shared.changed.notify_all();
    }
}
