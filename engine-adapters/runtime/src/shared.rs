//! What all threads of a runtime and all its handles see.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Waker;
use std::time::Duration;

use crossbeam_channel::Sender;
use engine_core::StateHash;
use engine_journal::{Fault, Operation};

use crate::answer::Refused;
use crate::config::RuntimeConfig;
use crate::counters::{Apart, Counters};
use crate::error::SnapshotError;
use crate::hub::{End, Hub};
use crate::intake::{Load, Submission};
use crate::reply::Reply;
use crate::watchdog::{Pulses, Stage};

/// What all threads of a runtime and all its handles see.
pub(crate) struct Shared {
    pub(crate) counters: Counters,
    pub(crate) hub: Arc<Hub>,
    pub(crate) pulses: Apart<Pulses>,
    pub(crate) queue_max: usize,
    pub(crate) stuck_after: Duration,
    intake: Sender<Submission>,
    is_closing: AtomicBool,
    fault: OnceLock<Fault>,
    final_state: OnceLock<StateHash>,
    snapshot_error: Mutex<Option<SnapshotError>>,
    ending: Mutex<Ending>,
    ended: Condvar,
}

#[derive(Default)]
struct Ending {
    has_ended: bool,
    wakers: Vec<Waker>,
}

impl Shared {
    pub(crate) fn new(hub: Arc<Hub>, intake: Sender<Submission>, config: &RuntimeConfig) -> Self {
        let (queue_max, stuck_after) = (config.queue_max, config.stuck_after);
        Self {
            intake,
            counters: Counters::default(),
            hub,
            pulses: Apart(Pulses::new()),
            queue_max,
            stuck_after,
            is_closing: AtomicBool::new(false),
            fault: OnceLock::new(),
            final_state: OnceLock::new(),
            snapshot_error: Mutex::new(None),
            ending: Mutex::new(Ending::default()),
            ended: Condvar::new(),
        }
    }

    /// Takes room for `count` commands in the queue, which [`Shared::send`] then fills.
    pub(crate) fn admit(&self, count: usize) -> Result<(), Refused> {
        let Apart(queued) = &self.counters.queued;
        let is_full = queued.fetch_add(count, Ordering::SeqCst) + count > self.queue_max;
        // Looked at after the count was raised: whoever closes the intake waits until what was counted has come.
        if let Some(refused) = self.refuses() {
            self.leave(count);
            return Err(refused);
        }
        if is_full {
            self.leave(count);
            self.counters.overloaded.add(count as u64);
            return Err(Refused::Overloaded);
        }
        Ok(())
    }

    /// Gives admitted commands to the writer.
    pub(crate) fn send(&self, submission: Submission) -> Result<(), Refused> {
        let count = submission.reply.owed() as usize;
        // There is a place for every admitted command. Only somebody who submits nothing, over and over, can fill
        // the channel.
        self.intake.try_send(submission).map_err(|unsent| {
            unsent.into_inner().reply.forget();
            self.leave(count);
            Refused::Overloaded
        })
    }

    /// Gives room back.
    pub(crate) fn leave(&self, count: usize) {
        self.counters.queued.0.fetch_sub(count, Ordering::SeqCst);
    }

    /// Whether everything that was admitted has come out at the other end.
    pub(crate) fn is_drained(&self) -> bool {
        self.counters.queued.0.load(Ordering::SeqCst) == 0
    }

    /// Why nothing is taken, if nothing is.
    pub(crate) fn refuses(&self) -> Option<Refused> {
        match self.fault() {
            Some(fault) => Some(Refused::Stopped(fault.clone())),
            None => self.is_closing().then_some(Refused::Stopping),
        }
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::SeqCst)
    }

    /// Nothing more is taken from now on.
    pub(crate) fn close(&self) {
        self.is_closing.store(true, Ordering::SeqCst);
        // The writer may be waiting for a command. If there is no room for this one it is not.
        let _ = self.intake.try_send(Submission {
            commands: Load::Many(Vec::new()),
            reply: Reply::nobody(),
        });
    }

    /// The fault that stopped the runtime, if one has.
    pub(crate) fn fault(&self) -> Option<&Fault> {
        self.fault.get()
    }

    /// Stops for good: nothing is taken, answered or shown any more. The first fault stays.
    pub(crate) fn stop(&self, fault: Fault) {
        let fault = self.fault.get_or_init(|| fault).clone();
        self.close();
        self.hub.end(End::Fault(fault));
        self.end();
    }

    /// The writer's state after its last command.
    pub(crate) fn note_final_state(&self, hash: StateHash) {
        let _ = self.final_state.set(hash);
    }

    pub(crate) fn final_state(&self) -> Option<StateHash> {
        self.final_state.get().copied()
    }

    /// Notes how the newest snapshot went.
    pub(crate) fn note_snapshot(&self, outcome: Result<(), SnapshotError>) {
        match &outcome {
            Ok(()) => self.counters.snapshots.add(1),
            Err(_) => self.counters.snapshots_failed.add(1),
        }
        *self.snapshot_error.lock().unwrap_or_else(PoisonError::into_inner) = outcome.err();
    }

    pub(crate) fn snapshot_error(&self) -> Option<SnapshotError> {
        self.snapshot_error
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Tells everybody who waits for it that the end has come.
    pub(crate) fn end(&self) {
        let mut ending = self.ending();
        ending.has_ended = true;
        let wakers = std::mem::take(&mut ending.wakers);
        drop(ending);
        self.ended.notify_all();
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Whether the end has come; if not, the waker will be called when it has.
    pub(crate) fn has_ended(&self, waker: &Waker) -> bool {
        let mut ending = self.ending();
        if !ending.has_ended && !ending.wakers.iter().any(|known| known.will_wake(waker)) {
            ending.wakers.push(waker.clone());
        }
        ending.has_ended
    }

    /// Waits for the end.
    pub(crate) fn wait_end(&self) {
        let mut ending = self.ending();
        while !ending.has_ended {
            ending = self.ended.wait(ending).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn ending(&self) -> MutexGuard<'_, Ending> {
        self.ending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Stops the runtime if the thread that holds this panics: a broken invariant must leave nobody waiting.
pub(crate) struct PanicGuard {
    pub(crate) shared: Arc<Shared>,
    pub(crate) thread: &'static str,
    pub(crate) stage: Option<Stage>,
}

impl Drop for PanicGuard {
    fn drop(&mut self) {
        if let Some(stage) = self.stage {
            self.shared.pulses.0.end(stage);
        }
        if std::thread::panicking() {
            self.shared.stop(Fault {
                operation: Operation::Continue,
                file: self.thread.to_owned(),
                kind: std::io::ErrorKind::Other,
                code: None,
            });
        }
    }
}
