//! The newest events in memory, and everybody who waits for more.
//!
//! Readers have a place in the stream and nothing else here: no queue of their own that could fill up, and nothing
//! that the writer could wait for. What is too old to be in memory they read from the event log.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Instant;

use engine_core::Seq;
use engine_journal::Fault;

use crate::slice::EventSlice;

/// How many emptied slices are kept for the writer to fill again.
const SPARES_MAX: usize = 8;

/// The newest events, at most about `events_max` of them, and how far they go.
///
/// Invariants: the slices follow on each other without a gap, and the last ends at `through`; what is no longer among
/// them is in the event log, if there is one.
pub(crate) struct Hub {
    state: Mutex<State>,
    arrived: Condvar,
    /// The last command that anybody may have been told of.
    released: AtomicU64,
    events_max: usize,
}

struct State {
    slices: VecDeque<Arc<EventSlice>>,
    events: usize,
    through: Seq,
    /// The last command that a power cut cannot take back.
    safe_through: Seq,
    /// The last command whose events are in the event log.
    logged_through: Seq,
    spares: Vec<EventSlice>,
    waiting: usize,
    wakers: Vec<Waker>,
    end: Option<End>,
}

/// Why no more will come.
#[derive(Clone, Debug)]
pub(crate) enum End {
    Stopped,
    Fault(Fault),
}

/// What there is for a reader.
pub(crate) enum Look {
    /// Events up to this command, in memory.
    Here(Arc<EventSlice>, Seq),
    /// Events up to this command, in the event log or nowhere.
    Gone { until: Seq, oldest: Seq },
    /// Nothing yet.
    Nothing,
    /// Nothing, and no more will come.
    Ended(End),
}

/// Which events a reader may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Visible {
    /// All that were answered.
    Answered,
    /// Those that no power cut can take back.
    Safe,
}

impl Hub {
    /// A hub of a stream that has come to `end`.
    pub(crate) fn new(end: Seq, events_max: usize) -> Self {
        Self {
            state: Mutex::new(State {
                slices: VecDeque::new(),
                events: 0,
                through: end,
                safe_through: end,
                logged_through: end,
                spares: Vec::new(),
                waiting: 0,
                wakers: Vec::new(),
                end: None,
            }),
            arrived: Condvar::new(),
            released: AtomicU64::new(end.get()),
            events_max,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that answers up to this one are about to be given.
    pub(crate) fn note_released(&self, through: Seq) {
        self.released.store(through.get(), Ordering::Release);
    }

    pub(crate) fn released_through(&self) -> Seq {
        Seq::new(self.released.load(Ordering::Acquire))
    }

    /// An empty slice, with memory from an old one where there is one.
    pub(crate) fn spare(&self) -> EventSlice {
        self.lock().spares.pop().unwrap_or_default()
    }

    /// Shows a slice to everybody. `logged_through` says how far the event log has come.
    pub(crate) fn publish(&self, slice: Arc<EventSlice>, visible: Visible, logged_through: Seq) {
        let mut state = self.lock();
        assert_eq!(slice.first(), state.through.next(), "slices follow on each other");
        state.through = slice.last();
        if visible == Visible::Safe {
            state.safe_through = state.through;
        }
        state.logged_through = logged_through;
        state.events += slice.events().len() + slice.len();
        state.slices.push_back(slice);
        state.let_go(self.events_max);
        self.wake(state);
    }

    /// Notes that no power cut can take back what happened up to here.
    pub(crate) fn note_safe(&self, through: Seq) {
        let mut state = self.lock();
        state.safe_through = state.safe_through.max(through);
        self.wake(state);
    }

    pub(crate) fn safe_through(&self) -> Seq {
        self.lock().safe_through
    }

    /// No more will come.
    pub(crate) fn end(&self, end: End) {
        let mut state = self.lock();
        state.end.get_or_insert(end);
        self.wake(state);
    }

    fn wake(&self, mut state: MutexGuard<'_, State>) {
        let is_waited_for = state.waiting > 0;
        let wakers = std::mem::take(&mut state.wakers);
        drop(state);
        if is_waited_for {
            self.arrived.notify_all();
        }
        wakers.into_iter().for_each(Waker::wake);
    }

    /// What there is from command `next` on. If it is nothing, `waker` will be called when that may have changed.
    pub(crate) fn look(&self, next: Seq, visible: Visible, waker: Option<&Waker>) -> Look {
        let mut state = self.lock();
        let look = state.look(next, visible);
        if let (Look::Nothing, Some(waker)) = (&look, waker)
            && !state.wakers.iter().any(|known| known.will_wake(waker))
        {
            state.wakers.push(waker.clone());
        }
        look
    }

    /// Waits until there is something from command `next` on, or the deadline has come.
    pub(crate) fn wait(&self, next: Seq, visible: Visible, deadline: Option<Instant>) -> Look {
        let mut state = self.lock();
        loop {
            match (state.look(next, visible), deadline) {
                (Look::Nothing, None) => {
                    state.waiting += 1;
                    state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
                    state.waiting -= 1;
                }
                (Look::Nothing, Some(deadline)) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Look::Nothing;
                    }
                    state.waiting += 1;
                    let woken = self.arrived.wait_timeout(state, left);
                    state = woken.unwrap_or_else(PoisonError::into_inner).0;
                    state.waiting -= 1;
                }
                (look, _) => return look,
            }
        }
    }
}

impl State {
    fn look(&self, next: Seq, visible: Visible) -> Look {
        let until = match visible {
            Visible::Answered => self.through,
            // The log is closed before the end is told, so everything is safe then.
            Visible::Safe if matches!(self.end, Some(End::Stopped)) => self.through,
            Visible::Safe => self.through.min(self.safe_through),
        };
        if next > until {
            return match &self.end {
                Some(end) => Look::Ended(end.clone()),
                None => Look::Nothing,
            };
        }
        let at = self.slices.partition_point(|slice| slice.last() < next);
        match self.slices.get(at).filter(|slice| slice.first() <= next) {
            Some(slice) => Look::Here(Arc::clone(slice), until.min(slice.last())),
            None => {
                let oldest = self
                    .slices
                    .front()
                    .map_or(self.through.next(), |slice| slice.first());
                let until = until.min(Seq::new(oldest.get() - 1));
                Look::Gone { until, oldest }
            }
        }
    }

    /// Lets the oldest slices go where there are too many events. What is not in the event log yet stays.
    fn let_go(&mut self, events_max: usize) {
        while self.events > events_max && self.slices.len() > 1 {
            let is_logged = self
                .slices
                .front()
                .is_some_and(|oldest| oldest.last() <= self.logged_through);
            if !is_logged {
                return;
            }
            let oldest = self.slices.pop_front().expect("there is more than one");
            self.events -= oldest.events().len() + oldest.len();
            if let Ok(mut spare) = Arc::try_unwrap(oldest)
                && self.spares.len() < SPARES_MAX
            {
                spare.clear();
                self.spares.push(spare);
            }
        }
    }
}
