//! Noticing that a thread no longer gets on.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};

use crate::shared::Shared;

/// A part of the runtime that can be stuck.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Stage {
    /// Sequencing and carrying out commands.
    Write,
    /// Waiting for the disk and giving answers.
    Release,
}

/// A part of the runtime that has worked on one batch for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stuck {
    /// Which part.
    pub stage: Stage,
    /// For how long.
    pub for_: Duration,
}

/// Since when each part has worked on what it works on.
#[derive(Debug)]
pub(crate) struct Pulses {
    start: Instant,
    write: Pulse,
    release: Pulse,
}

/// Nanoseconds from the start, at least 1, or 0 while there is nothing to do.
#[derive(Debug, Default)]
pub(crate) struct Pulse(AtomicU64);

impl Pulses {
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
            write: Pulse::default(),
            release: Pulse::default(),
        }
    }

    fn pulse(&self, stage: Stage) -> &Pulse {
        match stage {
            Stage::Write => &self.write,
            Stage::Release => &self.release,
        }
    }

    fn now_ns(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos())
            .unwrap_or(u64::MAX)
            .max(1)
    }

    /// A part begins to work on something.
    pub(crate) fn begin(&self, stage: Stage) {
        self.pulse(stage).0.store(self.now_ns(), Ordering::Relaxed);
    }

    /// A part is done, or has ended.
    pub(crate) fn end(&self, stage: Stage) {
        self.pulse(stage).0.store(0, Ordering::Relaxed);
    }

    /// What has worked on one thing since `stuck_after` or longer, and since when.
    fn stuck(&self, now_ns: u64, stuck_after: Duration) -> impl Iterator<Item = (u64, Stuck)> {
        [Stage::Write, Stage::Release]
            .into_iter()
            .filter_map(move |stage| {
                let since = self.pulse(stage).0.load(Ordering::Relaxed);
                let for_ = Duration::from_nanos(now_ns.saturating_sub(since));
                (since != 0 && for_ >= stuck_after).then_some((since, Stuck { stage, for_ }))
            })
    }

    /// What is stuck now.
    pub(crate) fn stuck_now(&self, stuck_after: Duration) -> Vec<Stuck> {
        let stuck = self.stuck(self.now_ns(), stuck_after);
        stuck.map(|(_, stuck)| stuck).collect()
    }
}

/// Looks at the pulses again and again, and reports each thing that is stuck once.
pub(crate) struct Watchdog {
    pub(crate) shared: Arc<Shared>,
    pub(crate) stuck_after: Duration,
    pub(crate) report: Box<dyn FnMut(Stuck) + Send>,
}

impl Watchdog {
    /// Runs until the other end of `stop` is dropped.
    pub(crate) fn run(mut self, stop: &Receiver<()>) {
        let mut reported = BTreeSet::new();
        while stop.recv_timeout(self.stuck_after / 4) == Err(RecvTimeoutError::Timeout) {
            let pulses = &self.shared.pulses.0;
            let stuck: Vec<_> = pulses.stuck(pulses.now_ns(), self.stuck_after).collect();
            reported.retain(|known| stuck.iter().any(|(since, stuck)| *known == (stuck.stage, *since)));
            for (since, stuck) in stuck {
                if reported.insert((stuck.stage, since)) {
                    self.shared.counters.stuck.add(1);
                    (self.report)(stuck);
                }
            }
        }
    }
}
