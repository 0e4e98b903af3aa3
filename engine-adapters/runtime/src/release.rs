//! Giving answers and showing events, once the commands are as safe as they have to be.

use std::sync::Arc;
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender};
use engine_core::Seq;
use engine_journal::{CommandSource, Fault};

use crate::answer::{Answer, Done, FirstAnswer, Outcome, Unanswered};
use crate::config::Durability;
use crate::events::Outbox;
use crate::hub::{End, Visible};
use crate::reply::Reply;
use crate::shared::{PanicGuard, Shared};
use crate::slice::EventSlice;
use crate::watchdog::Stage;
use crate::writer::COMMAND_BYTES_MAX;

/// A part of a batch that was carried out and waits for the disk.
pub(crate) struct Release {
    pub(crate) slice: Arc<EventSlice>,
    /// The last command that must be safe: that of a repeat may be an earlier one.
    pub(crate) through: Seq,
    pub(crate) replies: Vec<Reply>,
    pub(crate) verdicts: Vec<Verdict>,
    pub(crate) carried_out: Instant,
}

/// The answer to a command, without what all of a slice share.
pub(crate) enum Verdict {
    /// Carried out, at this place of the slice.
    Done(usize),
    Repeat(FirstAnswer),
    Conflict(Seq),
    TooLarge(usize),
}

impl Verdict {
    fn outcome(&self, slice: &Arc<EventSlice>) -> Outcome {
        match *self {
            Self::Done(at) => Ok(Answer::Done(Done::new(Arc::clone(slice), at))),
            Self::Repeat(first) => Ok(Answer::Repeat(first)),
            Self::Conflict(first) => Ok(Answer::Conflict { first }),
            Self::TooLarge(bytes) => Err(Unanswered::TooLarge {
                bytes,
                bytes_max: COMMAND_BYTES_MAX,
            }),
        }
    }
}

/// The thread that waits for the disk and gives answers.
pub(crate) struct Releaser<C, E> {
    pub(crate) shared: Arc<Shared>,
    pub(crate) releases: Receiver<Release>,
    pub(crate) durability: Durability,
    /// The command log and the event log, where there are any.
    pub(crate) logs: Option<(C, E)>,
    pub(crate) snapshots: Option<SnapshotCalls>,
}

/// Calls for a snapshot whenever there are enough new commands.
pub(crate) struct SnapshotCalls {
    pub(crate) calls: Sender<Seq>,
    pub(crate) every: Option<u64>,
    /// The last command of the newest snapshot that was called for.
    pub(crate) newest: Seq,
}

impl SnapshotCalls {
    fn note(&mut self, last: Seq) {
        let is_due = self
            .every
            .is_some_and(|every| last.get() - self.newest.get() >= every);
        // While one is being taken another call waits; a third is not needed.
        if is_due && self.calls.try_send(last).is_ok() {
            self.newest = last;
        }
    }
}

impl<C: CommandSource, E: Outbox> Releaser<C, E> {
    /// Runs until the writer has ended, or a log has stopped.
    pub(crate) fn run(mut self) -> Result<(), Fault> {
        let _guard = PanicGuard {
            shared: Arc::clone(&self.shared),
            thread: "engine-release",
            stage: Some(Stage::Release),
        };
        let outcome = self.release_all();
        match &outcome {
            Ok(()) => self.shared.hub.end(End::Stopped),
            Err(fault) => {
                self.shared.stop(fault.clone());
                // What the writer has on its way is not known to anybody, and whoever asked is told so.
                self.releases.iter().for_each(drop);
            }
        }
        let closed = match self.logs.take() {
            Some((_, events)) if outcome.is_ok() => events.close(),
            _ => Ok(()),
        };
        outcome.and(closed)
    }

    fn release_all(&mut self) -> Result<(), Fault> {
        while let Ok(release) = self.releases.recv() {
            self.shared.pulses.0.begin(Stage::Release);
            self.release(release)?;
            self.shared.pulses.0.end(Stage::Release);
        }
        // The writer may have ended by a fault; then what it had not handed over is not known to anybody.
        self.shared.fault().map_or(Ok(()), |fault| Err(fault.clone()))
    }

    fn release(&mut self, release: Release) -> Result<(), Fault> {
        let Release {
            slice,
            through,
            replies,
            verdicts,
            carried_out,
        } = release;
        self.wait_for_log(through)?;
        let counters = &self.shared.counters;
        counters.released_batches.add(1);
        let waited = u64::try_from(carried_out.elapsed().as_nanos()).unwrap_or(u64::MAX);
        counters.release_wait_ns.add(waited);
        self.shared.hub.note_released(through);
        answer(replies, &verdicts, &slice);
        if slice.is_empty() {
            return Ok(());
        }
        self.show(slice)
    }

    /// Waits until commands up to `through` are as safe as an answer says.
    fn wait_for_log(&self, through: Seq) -> Result<(), Fault> {
        match (&self.logs, self.durability) {
            (None, _) | (_, Durability::Memory) => Ok(()),
            (Some((commands, _)), Durability::Sync) => commands.wait_durable(through),
            (Some((commands, _)), Durability::Interval(_)) => commands.wait_written(through),
        }
    }

    /// Gives a slice to the event log and to everybody who reads.
    fn show(&mut self, slice: Arc<EventSlice>) -> Result<(), Fault> {
        let last = slice.last();
        let visible = match self.durability {
            Durability::Interval(_) => Visible::Answered,
            _ => Visible::Safe,
        };
        let logged_through = match &mut self.logs {
            Some((_, events)) => {
                events.append(&slice, slice.first())?;
                events.written_through()
            }
            None => last,
        };
        self.shared.hub.publish(slice, visible, logged_through);
        if let Some(snapshots) = &mut self.snapshots {
            snapshots.note(last);
        }
        Ok(())
    }
}

fn answer(replies: Vec<Reply>, verdicts: &[Verdict], slice: &Arc<EventSlice>) {
    let mut verdicts = verdicts.iter();
    for mut reply in replies {
        while reply.owed() > 0 {
            let verdict = verdicts.next().expect("every command has a verdict");
            reply.give(verdict.outcome(slice));
        }
    }
}
