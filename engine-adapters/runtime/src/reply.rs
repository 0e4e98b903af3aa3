//! Giving an answer to whoever asked, on whichever thread or executor that is.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::answer::{Outcome, Unanswered};

/// Takes answers, each with the tag of its command: what a session or a load generator implements to be answered
/// without an allocation for each command.
///
/// It is called on the thread that releases all answers, so it must be quick and must not wait. Every command that
/// was taken is answered exactly once.
pub trait Answers: Send + Sync + 'static {
    /// Takes the answer to the command that was given with this tag.
    fn answer(&self, tag: u64, outcome: Outcome);
}

impl<F: Fn(u64, Outcome) + Send + Sync + 'static> Answers for F {
    fn answer(&self, tag: u64, outcome: Outcome) {
        self(tag, outcome);
    }
}

/// The answer to one command, to be waited for by a thread or awaited.
///
/// Dropping it takes nothing back: the command happens.
#[derive(Debug)]
#[must_use = "without waiting for the answer nobody knows whether the command happened"]
pub struct Ticket(Promise<Outcome>);

impl Ticket {
    /// Waits until the answer is there. For threads, not for async code.
    pub fn wait(self) -> Outcome {
        self.0.wait()
    }
}

impl Future for Ticket {
    type Output = Outcome;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Outcome> {
        self.0.poll(context)
    }
}

/// The answers to several commands in their order, to be waited for by a thread or awaited.
#[derive(Debug)]
#[must_use = "without waiting for the answers nobody knows whether the commands happened"]
pub struct Tickets(Promise<Vec<Outcome>>);

impl Tickets {
    /// Waits until all answers are there. For threads, not for async code.
    pub fn wait(self) -> Vec<Outcome> {
        self.0.wait()
    }
}

impl Future for Tickets {
    type Output = Vec<Outcome>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Vec<Outcome>> {
        self.0.poll(context)
    }
}

/// A value that comes once, and those who wait for it.
#[derive(Debug)]
struct Promise<T>(Arc<Shared<T>>);

#[derive(Debug)]
struct Shared<T> {
    state: Mutex<State<T>>,
    kept: Condvar,
}

#[derive(Debug)]
struct State<T> {
    value: Option<T>,
    waker: Option<Waker>,
    is_waited_for: bool,
}

impl<T> Promise<T> {
    fn new() -> Self {
        Self(Arc::new(Shared {
            state: Mutex::new(State {
                value: None,
                waker: None,
                is_waited_for: false,
            }),
            kept: Condvar::new(),
        }))
    }

    fn share(&self) -> Self {
        Self(Arc::clone(&self.0))
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, value: T) {
        let mut state = self.lock();
        state.value = Some(value);
        let (waker, is_waited_for) = (state.waker.take(), state.is_waited_for);
        drop(state);
        if is_waited_for {
            self.0.kept.notify_one();
        }
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn wait(&self) -> T {
        let mut state = self.lock();
        loop {
            if let Some(value) = state.value.take() {
                return value;
            }
            state.is_waited_for = true;
            state = self.0.kept.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn poll(&self, context: &Context<'_>) -> Poll<T> {
        let mut state = self.lock();
        if let Some(value) = state.value.take() {
            return Poll::Ready(value);
        }
        match &mut state.waker {
            Some(waker) => waker.clone_from(context.waker()),
            none => *none = Some(context.waker().clone()),
        }
        Poll::Pending
    }
}

/// Puts the answers to several commands together.
struct Gathering {
    outcomes: Mutex<Gathered>,
    all: Promise<Vec<Outcome>>,
}

struct Gathered {
    outcomes: Vec<Option<Outcome>>,
    missing: usize,
}

impl Answers for Gathering {
    fn answer(&self, tag: u64, outcome: Outcome) {
        let mut gathered = self.outcomes.lock().unwrap_or_else(PoisonError::into_inner);
        let at = usize::try_from(tag).expect("the tags are places in a list");
        assert!(
            gathered.outcomes[at].replace(outcome).is_none(),
            "every command is answered once"
        );
        gathered.missing -= 1;
        if gathered.missing == 0 {
            let all = gathered.outcomes.drain(..).flatten().collect();
            drop(gathered);
            self.all.keep(all);
        }
    }
}

/// The answers to some commands in a row that are still owed. What is owed when it is dropped is answered then: by
/// no way is anybody left waiting.
pub(crate) struct Reply {
    to: To,
    tag: u64,
    owed: u32,
    is_sequenced: bool,
}

enum To {
    Nobody,
    Ticket(Promise<Outcome>),
    Answers(Arc<dyn Answers>),
}

impl Reply {
    /// One answer, for whoever holds the ticket.
    pub(crate) fn ticket() -> (Self, Ticket) {
        let promise = Promise::new();
        let reply = Self {
            to: To::Ticket(promise.share()),
            tag: 0,
            owed: 1,
            is_sequenced: false,
        };
        (reply, Ticket(promise))
    }

    /// No answer, for nobody.
    pub(crate) fn nobody() -> Self {
        Self {
            to: To::Nobody,
            tag: 0,
            owed: 0,
            is_sequenced: false,
        }
    }

    /// So many answers together.
    pub(crate) fn tickets(count: u32) -> (Self, Tickets) {
        let all = Promise::new();
        if count == 0 {
            all.keep(Vec::new());
        }
        let gathering = Gathering {
            outcomes: Mutex::new(Gathered {
                outcomes: (0..count).map(|_| None).collect(),
                missing: count as usize,
            }),
            all: all.share(),
        };
        (Self::to(Arc::new(gathering), 0, count), Tickets(all))
    }

    /// So many answers with tags from `tag` on.
    pub(crate) fn to(answers: Arc<dyn Answers>, tag: u64, owed: u32) -> Self {
        Self {
            to: To::Answers(answers),
            tag,
            owed,
            is_sequenced: false,
        }
    }

    /// How many answers are owed.
    pub(crate) fn owed(&self) -> u32 {
        self.owed
    }

    /// From now on, no answer means that nobody knows.
    pub(crate) fn set_sequenced(&mut self) {
        self.is_sequenced = true;
    }

    /// Gives the next answer.
    pub(crate) fn give(&mut self, outcome: Outcome) {
        debug_assert!(self.owed > 0, "no more is answered than was asked");
        match &self.to {
            To::Nobody => {}
            To::Ticket(promise) => promise.keep(outcome),
            To::Answers(answers) => answers.answer(self.tag, outcome),
        }
        self.tag += 1;
        self.owed -= 1;
    }

    /// Takes the first `count` answers out of this one.
    pub(crate) fn split(&mut self, count: u32) -> Self {
        let to = match &self.to {
            To::Nobody => To::Nobody,
            To::Ticket(promise) => To::Ticket(promise.share()),
            To::Answers(answers) => To::Answers(Arc::clone(answers)),
        };
        let first = Self {
            to,
            tag: self.tag,
            owed: count,
            is_sequenced: self.is_sequenced,
        };
        self.tag += u64::from(count);
        self.owed -= count;
        first
    }

    /// What is not known of a command that has no answer.
    fn reason(&self) -> Unanswered {
        if self.is_sequenced {
            Unanswered::Unknown
        } else {
            Unanswered::NotTaken
        }
    }

    /// The commands were not taken, and whoever asked was told so.
    pub(crate) fn forget(mut self) {
        self.owed = 0;
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        while self.owed > 0 {
            self.give(Err(self.reason()));
        }
    }
}
