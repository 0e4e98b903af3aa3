//! What an owner of a runtime can choose.

use std::time::Duration;

use engine_core::EngineConfig;
use engine_core::data::ProjectionsConfig;

use crate::error::ConfigError;

/// When an answer is given, and so what a crash can take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Durability {
    /// When its command is on disk. Nothing that was answered is ever lost.
    #[default]
    Sync,
    /// When its command is with the operating system, which is asked to bring it to the disk at this interval. The end
    /// of the process loses nothing; a power cut loses what was answered in the last interval.
    Interval(Duration),
    /// At once. Nothing is written anywhere, and the end of the process loses everything.
    Memory,
}

/// How a runtime is built.
///
/// ```
/// use engine_runtime::{Durability, RuntimeConfig};
///
/// let config = RuntimeConfig { queue_max: 1_000, ..RuntimeConfig::default() };
/// assert_eq!(config.durability, Durability::Sync);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeConfig {
    /// When an answer is given.
    pub durability: Durability,
    /// How the engine is built. A directory that has commands already must have been written with the same.
    pub engine: EngineConfig,
    /// Whether orders are called after their place in the stream (4 × sequence + place in their list), whatever id they
    /// came with: for an engine whose ids are chosen, and callers who choose none. Such ids ascend, are never used
    /// twice, and are in the journal. Without effect where the engine hands ids out.
    pub names_orders: bool,
    /// The number of this shard.
    pub shard: u32,
    /// How many client order ids are remembered, to answer a repeat with the first answer.
    pub keys_max: u32,
    /// How long in engine time they are remembered, if they are not forgotten before.
    pub key_retention: Option<Duration>,
    /// How many commands may wait; more are refused at once.
    pub queue_max: usize,
    /// How many commands are carried out and appended together at most.
    pub batch_max: usize,
    /// How many events are kept in memory for those who read them as they come. Who is further behind reads the event
    /// log, or in [`Durability::Memory`] has missed them.
    pub recent_events_max: usize,
    /// How long nothing may come before the time is told to the engine, so that orders expire and candles close in
    /// silence; `None` leaves that to the owner.
    pub tick: Option<Duration>,
    /// After how many commands a snapshot is taken; `None` only at the end.
    pub snapshot_every: Option<u64>,
    /// How many snapshots are kept; the logs are kept from the oldest of them on.
    pub snapshots_kept: usize,
    /// The size of a segment of the logs.
    pub segment_bytes: u64,
    /// How long the writer may work, or wait for the disk, before it is reported as stuck.
    pub stuck_after: Duration,
    /// The projections that are recovered with the engine, if any.
    pub projections: Option<ProjectionsConfig>,
}

impl Default for RuntimeConfig {
    fn default() -> Self {
        Self {
            durability: Durability::Sync,
            engine: EngineConfig::default(),
            names_orders: false,
            shard: 0,
            keys_max: 1_000_000,
            key_retention: None,
            queue_max: 65_536,
            batch_max: 1_024,
            recent_events_max: 262_144,
            tick: Some(Duration::from_secs(1)),
            snapshot_every: Some(1_000_000),
            snapshots_kept: 2,
            segment_bytes: 64 << 20,
            stuck_after: Duration::from_secs(2),
            projections: None,
        }
    }
}

/// A command's events are cut into records of this size, and every segment has room for some of them.
pub(crate) const SEGMENT_BYTES_MIN: u64 = 64 << 10;

impl RuntimeConfig {
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let at_least_one = [
            ("queue_max", self.queue_max),
            ("batch_max", self.batch_max),
            ("recent_events_max", self.recent_events_max),
            ("snapshots_kept", self.snapshots_kept),
        ];
        if let Some((key, _)) = at_least_one.into_iter().find(|(_, value)| *value == 0) {
            return Err(ConfigError::Zero { key });
        }
        if self.segment_bytes < SEGMENT_BYTES_MIN {
            return Err(ConfigError::SegmentTooSmall {
                segment_bytes: self.segment_bytes,
            });
        }
        let durations = [
            ("tick", self.tick),
            ("stuck_after", Some(self.stuck_after)),
            ("durability", self.interval()),
            ("snapshot_every", self.snapshot_every.map(Duration::from_nanos)),
        ];
        match durations
            .into_iter()
            .find(|(_, value)| *value == Some(Duration::ZERO))
        {
            Some((key, _)) => Err(ConfigError::Zero { key }),
            None => Ok(()),
        }
    }

    fn interval(&self) -> Option<Duration> {
        match self.durability {
            Durability::Interval(interval) => Some(interval),
            _ => None,
        }
    }
}
