//! The way in, for as many threads and tasks as there are.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use engine_core::{Command, Seq, Timestamp};
use engine_journal::{CommandSource, CursorError, Fault};

use crate::answer::Refused;
use crate::counters::Metrics;
use crate::error::SnapshotError;
use crate::hub::Visible;
use crate::intake::{Load, Submission};
use crate::reply::{Answers, Reply, Ticket, Tickets};
use crate::shared::Shared;
use crate::sink::{Sink, SinkStart};
use crate::store::Store;
use crate::subscription::Subscription;
use crate::watchdog::Stuck;

/// The way into a running engine: commands in, events out. Clones lead to the same engine.
///
/// Nothing here waits for anything: a command is taken or refused at once, and its answer comes by a [`Ticket`], which
/// can be awaited or waited for, or to somebody who implements [`Answers`].
#[derive(Clone)]
pub struct Handle {
    pub(crate) shared: Arc<Shared>,
    pub(crate) store: Option<Arc<dyn Store>>,
    pub(crate) syncs: Option<Arc<dyn Syncs>>,
}

/// How often the log was brought to the disk, whatever kind of log it is.
pub(crate) trait Syncs: Send + Sync {
    fn syncs(&self) -> (u64, std::time::Duration);
}

impl<C: CommandSource> Syncs for C {
    fn syncs(&self) -> (u64, std::time::Duration) {
        CommandSource::syncs(self)
    }
}

impl Handle {
    /// Gives a command to the engine. The answer comes when it is as safe as the runtime's durability says.
    ///
    /// # Errors
    /// [`Refused`]: it was not taken.
    pub fn submit(&self, command: Command) -> Result<Ticket, Refused> {
        self.shared.admit(1)?;
        let (reply, ticket) = Reply::ticket();
        self.send(Load::One(command), reply)?;
        Ok(ticket)
    }

    /// Gives several commands to the engine, which come one after the other there: all are taken or none.
    ///
    /// # Errors
    /// [`Refused`]: none was taken.
    pub fn submit_all(&self, commands: Vec<Command>) -> Result<Tickets, Refused> {
        let count = self.admit_all(commands.len())?;
        let (reply, tickets) = Reply::tickets(count);
        self.send(Load::Many(commands), reply)?;
        Ok(tickets)
    }

    /// As [`Handle::submit_all`], with a time for each command that counts instead of the clock's: for a past that is
    /// told to a new engine before anybody trades on it. Engine time never goes back, so an earlier time than that of
    /// the command before counts as that one.
    ///
    /// # Errors
    /// [`Refused`]: none was taken.
    pub fn submit_at(&self, commands: Vec<(Timestamp, Command)>) -> Result<Tickets, Refused> {
        let count = self.admit_all(commands.len())?;
        let (reply, tickets) = Reply::tickets(count);
        self.send(Load::Timed(commands), reply)?;
        Ok(tickets)
    }

    /// As [`Handle::submit`], with the answer to somebody who takes many. Nothing is allocated.
    ///
    /// # Errors
    /// [`Refused`]: it was not taken, and will not be answered.
    pub fn submit_to(&self, answers: &Arc<dyn Answers>, tag: u64, command: Command) -> Result<(), Refused> {
        self.shared.admit(1)?;
        self.send(Load::One(command), Reply::to(Arc::clone(answers), tag, 1))
    }

    /// As [`Handle::submit_all`], with the answers to somebody who takes many, with tags from `tag` on.
    ///
    /// # Errors
    /// [`Refused`]: none was taken, and none will be answered.
    pub fn submit_all_to(
        &self,
        answers: &Arc<dyn Answers>,
        tag: u64,
        commands: Vec<Command>,
    ) -> Result<(), Refused> {
        let count = self.admit_all(commands.len())?;
        self.send(Load::Many(commands), Reply::to(Arc::clone(answers), tag, count))
    }

    fn admit_all(&self, count: usize) -> Result<u32, Refused> {
        self.shared.admit(count)?;
        Ok(u32::try_from(count).expect("the queue has no room for so many"))
    }

    fn send(&self, commands: Load, reply: Reply) -> Result<(), Refused> {
        self.shared.send(Submission { commands, reply })
    }

    /// The last command that anybody may have been answered. What an answer says can be found in a projection that
    /// has come this far.
    pub fn released_through(&self) -> Seq {
        self.shared.hub.released_through()
    }

    /// The events of everything from now on.
    pub fn subscribe(&self) -> Subscription {
        self.subscribe_from(self.released_through().next())
    }

    /// The events from command `from` on. Without an event log that must be in memory still.
    pub fn subscribe_from(&self, from: Seq) -> Subscription {
        let (hub, store) = (Arc::clone(&self.shared.hub), self.store.clone());
        Subscription::new(hub, store, from.max(Seq::new(1)), Visible::Answered)
    }

    /// The sink of this name, after what it noted last; a name that is new begins at `start`, which is noted. `None`
    /// without a disk to note it on.
    ///
    /// # Errors
    /// [`CursorError`], in particular if it is no name for a sink.
    pub fn sink(&self, name: &str, start: SinkStart) -> Result<Option<Sink>, CursorError> {
        let Some(store) = &self.store else { return Ok(None) };
        let through = match store.position(name)? {
            Some(through) => through,
            None => {
                let through = match start {
                    SinkStart::Oldest => store.oldest()?,
                    SinkStart::Newest => self.shared.hub.safe_through(),
                };
                store.advance(name, through)?;
                through
            }
        };
        let hub = Arc::clone(&self.shared.hub);
        let subscription = Subscription::new(hub, Some(Arc::clone(store)), through.next(), Visible::Safe);
        Ok(Some(Sink::new(name, Arc::clone(store), subscription)))
    }

    /// Removes a sink's note, so that the logs are no longer kept for it.
    ///
    /// # Errors
    /// [`CursorError`].
    pub fn remove_sink(&self, name: &str) -> Result<(), CursorError> {
        self.store.as_ref().map_or(Ok(()), |store| store.remove(name))
    }

    /// Waits until the runtime has ended, and says by what fault, if by one.
    ///
    /// # Errors
    /// The fault.
    pub fn wait_ended(&self) -> Result<(), Fault> {
        self.shared.wait_end();
        self.shared.fault().map_or(Ok(()), |fault| Err(fault.clone()))
    }

    /// [`Handle::wait_ended`] for async code.
    ///
    /// # Errors
    /// The fault.
    pub async fn ended(&self) -> Result<(), Fault> {
        poll_fn(|context| match self.shared.has_ended(context.waker()) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
        self.shared.fault().map_or(Ok(()), |fault| Err(fault.clone()))
    }

    /// Why no command is taken at all, if none is.
    pub fn refuses(&self) -> Option<Refused> {
        self.shared.refuses()
    }

    /// What has worked on one batch for too long, now.
    pub fn stuck(&self) -> Vec<Stuck> {
        self.shared.pulses.0.stuck_now(self.shared.stuck_after)
    }

    /// Why the newest snapshot could not be taken, if it could not. Nothing is lost by it; the next start replays more.
    pub fn snapshot_error(&self) -> Option<SnapshotError> {
        self.shared.snapshot_error()
    }

    /// What the runtime has done so far.
    pub fn metrics(&self) -> Metrics {
        let (syncs, sync_time) = self.syncs.as_ref().map(|log| log.syncs()).unwrap_or_default();
        Metrics {
            released_through: self.released_through(),
            syncs,
            sync_time,
            ..self.shared.counters.read()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Durability, RuntimeBuilder, RuntimeConfig};

    /// Often enough that a writer which does not wait ends first in some of them.
    const ROUNDS: usize = 200;

    #[test]
    fn what_was_let_in_before_the_end_is_carried_out() {
        for round in 0..ROUNDS {
            let config = RuntimeConfig {
                durability: Durability::Memory,
                tick: None,
                ..RuntimeConfig::default()
            };
            let (runtime, _) = RuntimeBuilder::new(config)
                .in_memory()
                .expect("threads can be started");
            let handle = runtime.handle().clone();
            handle.shared.admit(1).expect("nothing is in the queue");
            let stopping = std::thread::spawn(move || runtime.stop());
            while !handle.shared.is_closing() {
                std::thread::yield_now();
            }
            assert_eq!(
                handle.submit(Command::Tick).err(),
                Some(Refused::Stopping),
                "the door is closed for others"
            );
            let (reply, ticket) = Reply::ticket();
            handle
                .send(Load::One(Command::Tick), reply)
                .expect("there is a place for everybody who was let in");
            assert!(ticket.wait().is_ok(), "round {round}");
            let stopped = stopping.join().expect("to stop does not panic");
            assert_eq!(stopped.map(|stopped| stopped.end), Ok(Seq::new(1)));
        }
    }
}
