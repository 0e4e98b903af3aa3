//! The one writer around a matching engine: commands go in from any number of threads and tasks, each is answered when
//! it is as safe as was promised, and what happened is there to be read, by everybody at his own pace, in order and
//! without a gap.
//!
//! ```text
//! Handle::submit ─→ queue ─→ writer: Sequencer → log → Engine ─→ release: wait for the disk ─→ answers
//!                            (one thread)    │                   (one thread)              ├─→ Subscription, Sink
//!                                            └→ journal's thread: write, fdatasync          └─→ event log
//! ```
//!
//! [`RuntimeBuilder`] starts a [`Runtime`]; its [`Handle`] is all that an adapter needs.

#![forbid(unsafe_code)]

mod answer;
mod clock;
mod config;
mod content;
mod counters;
mod error;
mod events;
mod firsts;
mod handle;
mod hub;
mod intake;
mod nowhere;
mod recovery;
mod release;
mod replica;
mod reply;
mod runtime;
mod shared;
mod sink;
mod slice;
mod snapshots;
mod store;
mod subscription;
mod watchdog;
mod writer;

pub use answer::{Answer, Done, FirstAnswer, Outcome, Refused, Unanswered};
pub use clock::{Clock, SystemClock};
pub use config::{Durability, RuntimeConfig};
pub use counters::Metrics;
/// The journal, for those who name its types: disks, faults, a command log of their own.
pub use engine_journal as journal;
pub use error::{ConfigError, ReadEventsError, ReplayError, SnapshotError, StartError};
pub use handle::Handle;
pub use recovery::{Recovered, RecoveryProgress, SkippedSnapshot, Standing, read_snapshot};
pub use reply::{Answers, Ticket, Tickets};
pub use runtime::{Runtime, RuntimeBuilder, Stopped};
pub use sink::{Sink, SinkStanding, SinkStart, SinkState};
pub use slice::EventSlice;
pub use subscription::{Slice, Subscription};
pub use watchdog::{Stage, Stuck};
