//! The hub: messages that were encoded once, for thousands of connections, none of which is ever waited for.
//!
//! A publisher gives a topic the bytes of a message. Each connection that listens gets a reference to them in a queue of
//! its own. States (a whole book) are conflated when a reader is slow, events (a trade) never: if they do not fit, the
//! connection is closed, so that its client knows that it has to begin anew.
//!
//! ```
//! use bytes::Bytes;
//! use engine_http::hub::{Channel, Hub, HubOptions};
//!
//! let hub = Hub::new(HubOptions::default());
//! let topics = hub.list("BTC-KRW", Some(0));
//!
//! let mut connection = hub.connect();
//! let trades = hub.find(Channel::Executions, "BTC-KRW", "").ok_or("it is listed")?;
//! connection.subscribe(&trades, None)?;
//! topics.executions.publish_event(71, &Bytes::from_static(b"{}"));
//!
//! // A task would say `outbox.take(16, &mut messages).await?`.
//! let mut messages = Vec::new();
//! let mut context = std::task::Context::from_waker(std::task::Waker::noop());
//! let taken = connection.outbox().poll_take(&mut context, 16, &mut messages);
//! assert!(taken.is_ready());
//! assert_eq!(messages, ["{}"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod channels;
mod connection;
mod gathered;
mod history;
mod queue;
mod topic;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, RwLock};

use bytes::Bytes;
use engine_core::AccountId;

pub use self::channels::{Channel, PrivateChannel, Selection, SelectionError, SymbolTopics};
pub use self::connection::{CloseReason, Connection, ConnectionId, Outbox, SubscribeError};
pub use self::topic::{Subscribed, Topic};

use self::connection::Shared;
use self::history::History;
use self::queue::Bounds;
use self::topic::Counters;

/// What an owner of a hub can choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubOptions {
    /// How many events may wait for one connection. From four fifths of it on, states are conflated.
    pub queue_max: usize,
    /// How many may wait as long as all of them take less than `burst_bytes`: a disk that was busy for a moment lets hundreds
    /// of events go at once, and a client that reads is not slow for that.
    pub burst_max: usize,
    /// See `burst_max`.
    pub burst_bytes: usize,
    /// How many events of a topic are kept for readers that come back.
    pub history_max: usize,
    /// How many topics a connection may listen to.
    pub topics_max: usize,
    /// The intervals of candles, by name.
    pub intervals: Vec<Box<str>>,
}

impl Default for HubOptions {
    fn default() -> Self {
        Self {
            queue_max: 100,
            burst_max: 1_000,
            burst_bytes: 512 << 10,
            history_max: 500,
            topics_max: 1_000,
            intervals: ["1m", "5m", "15m", "30m", "1h", "4h", "1d"].map(Box::from).into(),
        }
    }
}

impl HubOptions {
    fn bounds(&self) -> Bounds {
        Bounds {
            events: self.queue_max,
            burst_events: self.burst_max,
            burst_bytes: self.burst_bytes,
            missed: self.history_max,
        }
    }
}

/// What has happened, and what is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HubCounts {
    /// Connections now.
    pub connections: usize,
    /// Private topics to which somebody listens now.
    pub private_topics: usize,
    /// Messages that were queued, one for each connection.
    pub queued: u64,
    /// States that were replaced by newer ones before their reader took them.
    pub conflated: u64,
    /// Connections that were closed because events did not fit.
    pub slow_closed: u64,
}

type PrivateTopics = BTreeMap<(AccountId, PrivateChannel), Topic>;

/// All topics and connections.
#[derive(Debug)]
pub struct Hub {
    options: HubOptions,
    counters: Arc<Counters>,
    symbols: RwLock<BTreeMap<Box<str>, Arc<SymbolTopics>>>,
    /// Only those to which somebody listens.
    private: Mutex<PrivateTopics>,
    connections: Mutex<BTreeMap<ConnectionId, Arc<Shared>>>,
    next_connection: AtomicU64,
}

impl Hub {
    /// A hub without symbols and connections.
    pub fn new(options: HubOptions) -> Arc<Self> {
        Arc::new(Self {
            options,
            counters: Arc::default(),
            symbols: RwLock::default(),
            private: Mutex::default(),
            connections: Mutex::default(),
            next_connection: AtomicU64::new(1),
        })
    }

    /// What was chosen.
    pub fn options(&self) -> &HubOptions {
        &self.options
    }

    /// Makes the topics of a symbol, for its publisher; those that it has if it is listed already. `sequence` is that of the
    /// last event before, if it is known: who has seen that one has missed nothing.
    pub fn list(&self, symbol: &str, sequence: Option<u64>) -> Arc<SymbolTopics> {
        self.reach(sequence.unwrap_or(0));
        let mut symbols = self.symbols.write().expect("nothing panics while it is held");
        let topics = symbols.entry(symbol.into()).or_insert_with(|| {
            let topic = |name| Topic::public(name, self.history(sequence), &self.counters);
            Arc::new(SymbolTopics::new(symbol, &self.options.intervals, topic))
        });
        Arc::clone(topics)
    }

    /// Says how far the publisher is, where all its topics count one stream: to be called before the message with this
    /// sequence is published, on whatever topic. Who has seen that message has missed nothing on a topic that has been silent
    /// for longer.
    pub fn reach(&self, sequence: u64) {
        self.counters.reached.fetch_max(sequence, Ordering::Release);
    }

    /// From now on who waits for public messages is woken by [`Self::wake_gathered`] and not by each message: a reader that
    /// is woken less often hands on more at a time. Messages of an account's own wake at once all the same.
    pub fn gather(&self) {
        self.counters.gathered.begin();
    }

    /// Whether somebody waits to be woken.
    pub fn has_gathered(&self) -> bool {
        !self.counters.gathered.is_empty()
    }

    /// Wakes everybody for whom a public message has come since the last time.
    pub fn wake_gathered(&self) {
        self.counters.gathered.wake_all();
    }

    /// Takes in a connection.
    pub fn connect(self: &Arc<Self>) -> Connection {
        let id = self.next_connection.fetch_add(1, Ordering::Relaxed);
        let connection = Connection::new(Arc::clone(self), id);
        let shared = Arc::clone(connection.shared());
        self.connections().insert(shared.id(), shared);
        connection
    }

    /// Closes all connections, each after what waits for it.
    pub fn close_all(&self, reason: CloseReason) {
        self.connections()
            .values()
            .for_each(|shared| shared.close(reason));
    }

    /// Closes the connections of an account, each after what waits for it.
    pub fn close_account(&self, account: AccountId, reason: CloseReason) {
        let connections = self.connections();
        let own = connections
            .values()
            .filter(|shared| shared.account() == Some(account));
        own.for_each(|shared| shared.close(reason));
    }

    /// Whether anybody listens to this: what nobody hears need not be encoded.
    pub fn has_private(&self, account: AccountId, channel: PrivateChannel) -> bool {
        self.private().contains_key(&(account, channel))
    }

    /// Publishes a state to the connections of an account.
    pub fn publish_private_state(&self, account: AccountId, channel: PrivateChannel, message: &Bytes) {
        if let Some(topic) = self.private().get(&(account, channel)) {
            topic.publish_state(message);
        }
    }

    /// Publishes an event to the connections of an account.
    ///
    /// # Panics
    /// If the sequence is not greater than that of the event before on this topic.
    pub fn publish_private_event(
        &self,
        account: AccountId,
        channel: PrivateChannel,
        sequence: u64,
        message: &Bytes,
    ) {
        if let Some(topic) = self.private().get(&(account, channel)) {
            topic.publish_event(sequence, message);
        }
    }

    /// What has happened, and what is.
    pub fn counts(&self) -> HubCounts {
        HubCounts {
            connections: self.connections().len(),
            private_topics: self.private().len(),
            queued: self.counters.queued.load(Ordering::Relaxed),
            conflated: self.counters.conflated.load(Ordering::Relaxed),
            slow_closed: self.counters.slow_closed.load(Ordering::Relaxed),
        }
    }

    /// Joins under the lock under which private messages are published, so that none falls between.
    fn join_private(
        &self,
        account: AccountId,
        channel: PrivateChannel,
        shared: &Arc<Shared>,
        since: Option<u64>,
    ) -> (Topic, Subscribed) {
        let mut private = self.private();
        let topic = private.entry((account, channel)).or_insert_with(|| {
            let name = channel.as_str().to_owned();
            Topic::private(name, self.history(None), &self.counters)
        });
        let answer = topic.add(shared, since);
        (topic.clone(), answer)
    }

    fn leave_private(&self, account: AccountId, channel: PrivateChannel, connection: ConnectionId) {
        let mut private = self.private();
        if let Some(topic) = private.get(&(account, channel))
            && !topic.remove(connection)
        {
            private.remove(&(account, channel));
        }
    }

    fn disconnect(&self, connection: ConnectionId) {
        self.connections().remove(&connection);
    }

    fn count_slow_close(&self) {
        self.counters.slow_closed.fetch_add(1, Ordering::Relaxed);
    }

    fn history(&self, begins_after: Option<u64>) -> History {
        History::new(begins_after, self.options.history_max)
    }

    fn private(&self) -> MutexGuard<'_, PrivateTopics> {
        self.private
            .lock()
            .expect("only a bug of the publisher panics while it is held")
    }

    fn connections(&self) -> MutexGuard<'_, BTreeMap<ConnectionId, Arc<Shared>>> {
        self.connections.lock().expect("nothing panics while it is held")
    }
}
