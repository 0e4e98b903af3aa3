//! A topic: who listens to it, what was said last, and what was said before.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;

use super::connection::{ConnectionId, Pushed, Shared};
use super::gathered::{Gathered, Waking};
use super::history::History;

/// Names a topic within a process. No two topics have the same, also not one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct TopicId(u64);

impl TopicId {
    /// What the server says to one connection alone.
    pub(super) const OWN: Self = Self(0);

    fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// What has happened in the hub since it began, and who is yet to be told.
#[derive(Debug, Default)]
pub(super) struct Counters {
    /// Who is to be woken for public messages, where that is not done at once.
    pub(super) gathered: Gathered,
    /// The sequence up to which everything has been published.
    pub(super) reached: AtomicU64,
    pub(super) queued: AtomicU64,
    pub(super) conflated: AtomicU64,
    pub(super) slow_closed: AtomicU64,
}

/// A place where messages are published. Clones are the same topic.
#[derive(Clone)]
pub struct Topic(Arc<Inner>);

struct Inner {
    id: TopicId,
    name: Box<str>,
    /// Whether its readers are woken at once, however often that is.
    is_urgent: bool,
    counters: Arc<Counters>,
    now: Mutex<Now>,
}

/// What a topic is at one moment.
struct Now {
    subscribers: BTreeMap<ConnectionId, Arc<Shared>>,
    /// The newest state, unless an event has come after it.
    state: Option<Bytes>,
    history: History,
}

/// What somebody who begins to listen is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Subscribed {
    /// All that is published from now on will come, after the newest state where there is one.
    Live,
    /// So will this many events that were missed, before anything newer.
    Resumed {
        /// How many.
        missed: usize,
    },
    /// What was missed is not known any more: all from now on will come, and the rest has to be read from a
    /// snapshot.
    TakeSnapshot,
    /// This connection listens already; nothing was changed.
    Already,
}

impl Topic {
    /// A topic of the market's.
    pub(super) fn public(name: String, history: History, counters: &Arc<Counters>) -> Self {
        Self::new(name, false, history, counters)
    }

    /// A topic of an account's own.
    pub(super) fn private(name: String, history: History, counters: &Arc<Counters>) -> Self {
        Self::new(name, true, history, counters)
    }

    fn new(name: String, is_urgent: bool, history: History, counters: &Arc<Counters>) -> Self {
        Self(Arc::new(Inner {
            id: TopicId::new(),
            name: name.into(),
            is_urgent,
            counters: Arc::clone(counters),
            now: Mutex::new(Now {
                subscribers: BTreeMap::new(),
                state: None,
                history,
            }),
        }))
    }

    pub(super) fn id(&self) -> TopicId {
        self.0.id
    }

    /// Its name, as in `candles:BTC-KRW_5m`.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// How many connections listen.
    pub fn subscribers(&self) -> usize {
        self.now().subscribers.len()
    }

    /// Publishes a message that makes the one before it pointless, such as a whole book.
    pub fn publish_state(&self, message: &Bytes) {
        let mut now = self.now();
        now.state = Some(message.clone());
        self.tell(&now, |shared, waking| {
            shared.push_state(self.0.id, message, waking)
        });
    }

    /// Publishes a message of which every one counts, such as a trade. It makes the topic's state before it pointless.
    ///
    /// # Panics
    /// If the sequence is not greater than that of the event before.
    pub fn publish_event(&self, sequence: u64, message: &Bytes) {
        let mut now = self.now();
        now.state = None;
        now.history.push(sequence, message);
        self.tell(&now, |shared, waking| {
            shared.push_event(self.0.id, message, waking)
        });
    }

    fn tell(&self, now: &Now, push: impl Fn(&Shared, &mut Waking<'_>) -> Pushed) {
        let (mut queued, mut conflated, mut slow_closed) = (0, 0, 0);
        let counters = &self.0.counters;
        let mut waking = match self.0.is_urgent {
            true => Waking::AtOnce,
            false => counters.gathered.waking(),
        };
        for shared in now.subscribers.values() {
            match push(shared, &mut waking) {
                Pushed::Queued => queued += 1,
                Pushed::Conflated => conflated += 1,
                Pushed::Overflowed => slow_closed += 1,
                Pushed::Closed => {}
            }
        }
        counters.queued.fetch_add(queued, Ordering::Relaxed);
        counters.conflated.fetch_add(conflated, Ordering::Relaxed);
        counters.slow_closed.fetch_add(slow_closed, Ordering::Relaxed);
    }

    /// Nothing is published between what is told here and the first message that comes by itself.
    pub(super) fn add(&self, shared: &Arc<Shared>, since: Option<u64>) -> Subscribed {
        let mut now = self.now();
        if now.subscribers.contains_key(&shared.id()) {
            return Subscribed::Already;
        }
        let reached = self.0.counters.reached.load(Ordering::Acquire);
        let answer = match since {
            None => Subscribed::Live,
            Some(since) => match now.history.after(since, reached) {
                Some(missed) => {
                    let count = missed.len();
                    match shared.push_missed(self.0.id, missed) {
                        Ok(()) => Subscribed::Resumed { missed: count },
                        Err(_) => Subscribed::TakeSnapshot,
                    }
                }
                None => Subscribed::TakeSnapshot,
            },
        };
        if let Some(state) = &now.state {
            shared.push_state(self.0.id, state, &mut Waking::AtOnce);
        }
        now.subscribers.insert(shared.id(), Arc::clone(shared));
        answer
    }

    /// Says whether somebody still listens.
    pub(super) fn remove(&self, connection: ConnectionId) -> bool {
        let mut now = self.now();
        now.subscribers.remove(&connection);
        !now.subscribers.is_empty()
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.0
            .now
            .lock()
            .expect("only a bug of the publisher panics while it is held")
    }
}

impl fmt::Debug for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Topic").field(&self.0.name).finish()
    }
}
