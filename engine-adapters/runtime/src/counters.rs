//! Plain counters that an adapter can read and show in its own way.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use engine_core::Seq;

/// What a runtime has done since it was started. All but the first three only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metrics {
    /// How many commands wait for the writer now.
    pub queued: usize,
    /// How many commands the newest batch had.
    pub batch_newest: u64,
    /// The last command that was answered.
    pub released_through: Seq,
    /// How many commands were carried out, ticks of the runtime included.
    pub commands: u64,
    /// In how many batches.
    pub batches: u64,
    /// How many commands the largest batch had.
    pub batch_max: u64,
    /// How many events that made.
    pub events: u64,
    /// How many commands were repeats.
    pub repeats: u64,
    /// How many commands had a client order id that belongs to another one.
    pub conflicts: u64,
    /// How many commands were refused because the queue was full.
    pub overloaded: u64,
    /// How many commands of its own the runtime has given to let time pass.
    pub ticks: u64,
    /// How often the command log was brought to the disk.
    pub syncs: u64,
    /// How long that took in all.
    pub sync_time: Duration,
    /// How many batches were answered.
    pub released_batches: u64,
    /// How long it took in all from when a batch was carried out until it could be answered.
    pub release_wait: Duration,
    /// How many snapshots were taken.
    pub snapshots: u64,
    /// How many snapshots could not be taken.
    pub snapshots_failed: u64,
    /// How often something was reported as stuck.
    pub stuck: u64,
}

/// Something in cache lines of its own, so that those who write it do not slow down those who read what is beside it.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Apart<T>(pub(crate) T);

/// The counters behind [`Metrics`], each written by one thread but the first.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) queued: Apart<AtomicUsize>,
    pub(crate) batch_newest: Counter,
    pub(crate) commands: Counter,
    pub(crate) batches: Counter,
    pub(crate) batch_max: Counter,
    pub(crate) events: Counter,
    pub(crate) repeats: Counter,
    pub(crate) conflicts: Counter,
    pub(crate) overloaded: Counter,
    pub(crate) ticks: Counter,
    pub(crate) released_batches: Counter,
    pub(crate) release_wait_ns: Counter,
    pub(crate) snapshots: Counter,
    pub(crate) snapshots_failed: Counter,
    pub(crate) stuck: Counter,
}

#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }

    pub(crate) fn raise(&self, value: u64) {
        self.0.fetch_max(value, Ordering::Relaxed);
    }

    pub(crate) fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counters {
    /// All of them but what others know.
    pub(crate) fn read(&self) -> Metrics {
        Metrics {
            queued: self.queued.0.load(Ordering::Relaxed),
            batch_newest: self.batch_newest.value(),
            commands: self.commands.value(),
            batches: self.batches.value(),
            batch_max: self.batch_max.value(),
            events: self.events.value(),
            repeats: self.repeats.value(),
            conflicts: self.conflicts.value(),
            overloaded: self.overloaded.value(),
            ticks: self.ticks.value(),
            released_batches: self.released_batches.value(),
            release_wait: Duration::from_nanos(self.release_wait_ns.value()),
            snapshots: self.snapshots.value(),
            snapshots_failed: self.snapshots_failed.value(),
            stuck: self.stuck.value(),
            ..Metrics::default()
        }
    }
}
