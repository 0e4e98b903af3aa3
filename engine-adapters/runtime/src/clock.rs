//! Where time comes from. Nothing below the runtime has a clock.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use engine_core::Timestamp;

/// What the writer asks for the time, once for each batch.
///
/// It may be wrong in any way: engine time never goes back, whatever this says.
pub trait Clock: Send + 'static {
    /// The time now.
    fn now(&mut self) -> Timestamp;
}

/// The system's time as it was when this clock was made, and the time that has passed since.
///
/// So a system clock that is set while the engine runs, by an hour or by a year, moves nothing here: engine time would
/// follow it forward and then stand still until it is caught up with. The price is that a clock that was wrong at the
/// start stays wrong until the next one.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    start: Timestamp,
    since: Instant,
}

impl SystemClock {
    /// A clock that starts with the system's time.
    pub fn new() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            start: Timestamp::ZERO.saturating_add_nanos(nanos(since_epoch)),
            since: Instant::now(),
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&mut self) -> Timestamp {
        self.start.saturating_add_nanos(nanos(self.since.elapsed()))
    }
}

fn nanos(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
