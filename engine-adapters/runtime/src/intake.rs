//! The queue between everybody and the writer.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};
use engine_core::{Command, Timestamp};

use crate::reply::Reply;
use crate::shared::Shared;

/// Commands on their way to the writer.
pub(crate) struct Submission {
    pub(crate) commands: Load,
    pub(crate) reply: Reply,
}

/// One command or several.
pub(crate) enum Load {
    One(Command),
    Many(Vec<Command>),
    /// Each with a time that counts instead of the clock's.
    Timed(Vec<(Timestamp, Command)>),
}

/// The writer's end of the queue. When it is dropped, whatever was taken and is still in it is answered as not
/// carried out.
pub(crate) struct Intake {
    shared: Arc<Shared>,
    submissions: Receiver<Submission>,
    /// How many commands have come out whose room has not been given back yet.
    taken: Cell<usize>,
}

/// Why there is no submission.
pub(crate) enum NoSubmission {
    /// Nothing has come for so long.
    Silence,
    /// Nothing will come any more.
    Closed,
}

impl Intake {
    pub(crate) fn new(shared: Arc<Shared>, submissions: Receiver<Submission>) -> Self {
        Self {
            shared,
            submissions,
            taken: Cell::new(0),
        }
    }

    /// The next submission, if there is one already.
    pub(crate) fn take(&self) -> Option<Submission> {
        let submissions = self.submissions.try_iter();
        submissions
            .filter_map(|submission| self.admitted(submission))
            .next()
    }

    /// Waits for the next submission, no longer than `silence`.
    pub(crate) fn wait(&self, silence: Option<Duration>) -> Result<Submission, NoSubmission> {
        loop {
            if let Some(submission) = self.take() {
                return Ok(submission);
            }
            if self.shared.is_closing() {
                self.give_back();
                if self.shared.is_drained() {
                    return Err(NoSubmission::Closed);
                }
                // Somebody was let in before the door was closed, and is about to hand his command over.
                std::thread::yield_now();
                continue;
            }
            let received = match silence {
                Some(silence) => self.submissions.recv_timeout(silence),
                None => self
                    .submissions
                    .recv()
                    .map_err(|_| RecvTimeoutError::Disconnected),
            };
            match received.map(|submission| self.admitted(submission)) {
                Ok(Some(submission)) => return Ok(submission),
                Ok(None) => {}
                Err(RecvTimeoutError::Timeout) => return Err(NoSubmission::Silence),
                Err(RecvTimeoutError::Disconnected) => return Err(NoSubmission::Closed),
            }
        }
    }

    /// Counts what has come out. A submission without a command has come only to wake the writer.
    fn admitted(&self, submission: Submission) -> Option<Submission> {
        let count = submission.reply.owed() as usize;
        self.taken.set(self.taken.get() + count);
        (count > 0).then_some(submission)
    }

    /// Gives back the room of all that has come out: once for many, because everybody who submits counts there too.
    pub(crate) fn give_back(&self) {
        self.shared.leave(self.taken.take());
    }
}

impl Drop for Intake {
    fn drop(&mut self) {
        self.shared.close();
        loop {
            while let Some(submission) = self.take() {
                drop(submission);
            }
            self.give_back();
            if self.shared.is_drained() {
                return;
            }
            std::thread::yield_now();
        }
    }
}
