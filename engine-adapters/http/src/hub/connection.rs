//! One client: what it listens to, and what waits for it.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use engine_core::AccountId;

use super::gathered::Waking;
use super::queue::{Bounds, Full, Queue};
use super::topic::{Subscribed, Topic, TopicId};
use super::{Hub, PrivateChannel};

/// Names a connection within a process; ascending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(u64);

/// Why the server closes a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseReason {
    /// It did not read as fast as events came. What waited for it is gone.
    SlowConsumer,
    /// The server stops. What waits is still delivered.
    GoingAway,
    /// Its account may not be here any more. What waits is still delivered.
    AccountDisabled,
}

impl CloseReason {
    /// The code of the close frame.
    pub const fn code(self) -> u16 {
        match self {
            Self::SlowConsumer => 4008,
            Self::GoingAway => 1001,
            Self::AccountDisabled => 1008,
        }
    }

    /// The text of the close frame.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SlowConsumer => "slow consumer",
            Self::GoingAway => "going away",
            Self::AccountDisabled => "account disabled",
        }
    }
}

/// Why a connection does not listen to a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SubscribeError {
    /// It listens to as many as it may.
    #[error("a connection listens to at most {topics_max} topics")]
    TooMany {
        /// How many it may.
        topics_max: usize,
    },
}

/// What became of a message for one connection.
pub(super) enum Pushed {
    Queued,
    Conflated,
    /// It did not fit, and the connection is closed for that.
    Overflowed,
    /// The connection was closed before.
    Closed,
}

/// The side of a connection that publishers and the hub see.
#[derive(Debug)]
pub(super) struct Shared {
    id: ConnectionId,
    bounds: Bounds,
    /// 0 before somebody has said who it is.
    account: AtomicU64,
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    queue: Queue,
    closed: Option<CloseReason>,
    /// Who wants to know when something comes.
    waker: Option<Waker>,
}

impl Shared {
    pub(super) fn id(&self) -> ConnectionId {
        self.id
    }

    pub(super) fn account(&self) -> Option<AccountId> {
        AccountId::new(self.account.load(Ordering::Relaxed))
    }

    pub(super) fn push_state(&self, topic: TopicId, message: &Bytes, waking: &mut Waking<'_>) -> Pushed {
        self.push(waking, |queue| {
            if queue.push_state(topic, message, &self.bounds) {
                Ok(Pushed::Conflated)
            } else {
                Ok(Pushed::Queued)
            }
        })
    }

    pub(super) fn push_event(&self, topic: TopicId, message: &Bytes, waking: &mut Waking<'_>) -> Pushed {
        self.push(waking, |queue| {
            queue
                .push_event(topic, message, &self.bounds)
                .map(|()| Pushed::Queued)
        })
    }

    pub(super) fn push_missed<'a>(
        &self,
        topic: TopicId,
        messages: impl ExactSizeIterator<Item = &'a Bytes>,
    ) -> Result<(), Full> {
        let mut waiting = self.waiting();
        if waiting.closed.is_none() {
            waiting.queue.push_missed(topic, messages, &self.bounds)?;
        }
        wake(waiting, &mut Waking::AtOnce);
        Ok(())
    }

    fn push(&self, waking: &mut Waking<'_>, push: impl FnOnce(&mut Queue) -> Result<Pushed, Full>) -> Pushed {
        let mut waiting = self.waiting();
        if waiting.closed.is_some() {
            return Pushed::Closed;
        }
        let pushed = push(&mut waiting.queue).unwrap_or_else(|Full| {
            waiting.closed = Some(CloseReason::SlowConsumer);
            waiting.queue.clear();
            Pushed::Overflowed
        });
        wake(waiting, waking);
        pushed
    }

    pub(super) fn close(&self, reason: CloseReason) {
        let mut waiting = self.waiting();
        waiting.closed.get_or_insert(reason);
        wake(waiting, &mut Waking::AtOnce);
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().expect("nothing panics while it is held")
    }
}

/// Wakes the reader, if it waits, once nobody is in its way.
fn wake(mut waiting: MutexGuard<'_, Waiting>, waking: &mut Waking<'_>) {
    if let Some(waker) = waiting.waker.take() {
        drop(waiting);
        waking.wake(waker);
    }
}

/// A client that is connected. Dropping it frees all that was kept for it.
#[derive(Debug)]
pub struct Connection {
    hub: Arc<Hub>,
    shared: Arc<Shared>,
    topics: BTreeMap<TopicId, Topic>,
    private: BTreeMap<PrivateChannel, Topic>,
}

impl Connection {
    pub(super) fn new(hub: Arc<Hub>, id: u64) -> Self {
        let shared = Shared {
            id: ConnectionId(id),
            bounds: hub.options().bounds(),
            account: AtomicU64::new(0),
            waiting: Mutex::default(),
        };
        Self {
            hub,
            shared: Arc::new(shared),
            topics: BTreeMap::new(),
            private: BTreeMap::new(),
        }
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Its name.
    pub fn id(&self) -> ConnectionId {
        self.shared.id
    }

    /// Where its messages wait. There is one queue, however many ask for it.
    pub fn outbox(&self) -> Outbox {
        Outbox(Arc::clone(&self.shared))
    }

    /// Queues a message for this client alone, such as the answer to a request. It is never dropped; if it does not
    /// fit, the connection is closed.
    pub fn send(&self, message: &Bytes) {
        let pushed = self.shared.push_event(TopicId::OWN, message, &mut Waking::AtOnce);
        if let Pushed::Overflowed = pushed {
            self.hub.count_slow_close();
        }
    }

    /// Begins to listen. With `since`, the sequence of the last event that the client has seen, what it has missed comes
    /// first.
    ///
    /// # Errors
    /// If it listens to too many topics already.
    pub fn subscribe(&mut self, topic: &Topic, since: Option<u64>) -> Result<Subscribed, SubscribeError> {
        if !self.topics.contains_key(&topic.id()) {
            self.check_room()?;
            self.topics.insert(topic.id(), topic.clone());
        }
        Ok(topic.add(&self.shared, since))
    }

    /// Stops to listen, and forgets what waits of the topic. Says whether it did listen.
    pub fn unsubscribe(&mut self, topic: &Topic) -> bool {
        let has_listened = self.topics.remove(&topic.id()).is_some();
        if has_listened {
            topic.remove(self.shared.id);
            self.shared.waiting().queue.forget(topic.id());
        }
        has_listened
    }

    /// Says whose connection it is, for private topics. Those of another account that it had end.
    pub fn authenticate(&mut self, account: AccountId) {
        if self.shared.account() != Some(account) {
            self.leave_private();
            self.shared.account.store(account.get(), Ordering::Relaxed);
        }
    }

    /// Whose connection it is, once that was said.
    pub fn account(&self) -> Option<AccountId> {
        self.shared.account()
    }

    /// Begins to listen to a channel of its own account; `None` before it was said whose it is.
    ///
    /// # Errors
    /// If it listens to too many topics already.
    pub fn subscribe_private(
        &mut self,
        channel: PrivateChannel,
        since: Option<u64>,
    ) -> Result<Option<Subscribed>, SubscribeError> {
        let Some(account) = self.account() else {
            return Ok(None);
        };
        if self.private.contains_key(&channel) {
            return Ok(Some(Subscribed::Already));
        }
        self.check_room()?;
        let (topic, answer) = self.hub.join_private(account, channel, &self.shared, since);
        self.private.insert(channel, topic);
        Ok(Some(answer))
    }

    /// Stops to listen to a channel of its own account, and forgets what waits of it. Says whether it did listen.
    pub fn unsubscribe_private(&mut self, channel: PrivateChannel) -> bool {
        let Some(topic) = self.private.remove(&channel) else {
            return false;
        };
        if let Some(account) = self.account() {
            self.hub.leave_private(account, channel, self.shared.id);
        }
        self.shared.waiting().queue.forget(topic.id());
        true
    }

    /// The public topics to which it listens.
    pub fn topics(&self) -> impl Iterator<Item = &Topic> {
        self.topics.values()
    }

    fn check_room(&self) -> Result<(), SubscribeError> {
        let topics_max = self.hub.options().topics_max;
        if self.topics.len() + self.private.len() < topics_max {
            Ok(())
        } else {
            Err(SubscribeError::TooMany { topics_max })
        }
    }

    fn leave_private(&mut self) {
        for channel in PrivateChannel::ALL {
            self.unsubscribe_private(channel);
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.leave_private();
        for topic in self.topics.values() {
            topic.remove(self.shared.id);
        }
        self.hub.disconnect(self.shared.id);
        self.shared.waiting().queue.clear();
        self.shared.close(CloseReason::GoingAway);
    }
}

/// The messages that wait for a connection.
#[derive(Clone, Debug)]
pub struct Outbox(Arc<Shared>);

impl Outbox {
    /// How many messages wait.
    pub fn waiting(&self) -> usize {
        self.0.waiting().queue.len()
    }

    /// Moves up to `count` waiting messages to the end of `out`, the oldest first, as soon as there is one.
    ///
    /// # Errors
    /// The reason for which the connection is to be closed, once nothing waits any more.
    pub async fn take(&self, count: usize, out: &mut Vec<Bytes>) -> Result<(), CloseReason> {
        poll_fn(|context| self.poll_take(context, count, out)).await
    }

    /// As [`Self::take`]. One task at a time can wait; the last one to ask is woken.
    pub fn poll_take(
        &self,
        context: &mut Context<'_>,
        count: usize,
        out: &mut Vec<Bytes>,
    ) -> Poll<Result<(), CloseReason>> {
        let mut waiting = self.0.waiting();
        if !waiting.queue.is_empty() {
            waiting.queue.take(count, out);
            return Poll::Ready(Ok(()));
        }
        if let Some(reason) = waiting.closed {
            return Poll::Ready(Err(reason));
        }
        match &mut waiting.waker {
            Some(waker) => waker.clone_from(context.waker()),
            none => *none = Some(context.waker().clone()),
        }
        Poll::Pending
    }
}
