//! From the views to the hub: each message becomes shared bytes once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use engine_core::data::Interval;
use engine_core::{AccountId, InstrumentId, Seq};

use crate::hub::{self, Hub, SymbolTopics, Topic};
use crate::views::{Kind, Outlet, PrivateChannel, PublicChannel, PublicTopic};

/// How often readers of public messages are woken at most. A reader that is woken for each message costs a call of the
/// system a message; this often, it is some hundred a second.
const FLUSH_EVERY: Duration = Duration::from_millis(5);

/// Events of one command are told apart by the low bits of their number in the hub.
const NUMBER_BITS: u32 = 20;

/// The number in the hub before which everything has been seen by somebody who has seen a part of this command.
pub(crate) fn seen_before(sequence: u64) -> u64 {
    sequence.saturating_mul(1 << NUMBER_BITS).saturating_sub(1)
}

/// Publishes what the views say.
///
/// Public messages are made whether somebody listens or not: a client that comes back asks for what it missed, and one
/// that comes first is told how things stand. They are few, because states are sent at most some times a second.
pub struct Fanout {
    hub: Arc<Hub>,
    symbols: Vec<Option<Arc<SymbolTopics>>>,
    /// The number of the last event: those of a hub ascend.
    last: u64,
    /// When readers were woken last.
    flushed: Option<Instant>,
}

impl Fanout {
    /// Publishes to this hub.
    pub fn new(hub: Arc<Hub>) -> Self {
        hub.gather();
        Self {
            flushed: None,
            hub,
            symbols: Vec::new(),
            last: 0,
        }
    }

    fn number(&mut self, sequence: Seq) -> u64 {
        let first = sequence.get().saturating_mul(1 << NUMBER_BITS);
        self.last = first.max(self.last + 1);
        self.last
    }

    fn topic(&self, topic: PublicTopic) -> Option<&Topic> {
        let topics = self.symbols.get(topic.instrument.get() as usize)?.as_ref()?;
        match topic.channel {
            PublicChannel::Executions => Some(&topics.executions),
            PublicChannel::OrderBook => Some(&topics.orderbook),
            PublicChannel::Depth => Some(&topics.depth),
            PublicChannel::Statistics => Some(&topics.statistics),
            PublicChannel::Candles(interval) => {
                let at = Interval::USUAL.iter().position(|usual| *usual == interval)?;
                topics.candles.get(at)
            }
        }
    }
}

impl Outlet for Fanout {
    fn list(&mut self, instrument: InstrumentId, symbol: &str, sequence: Seq) {
        let at = instrument.get() as usize;
        if self.symbols.len() <= at {
            self.symbols.resize(at + 1, None);
        }
        let before = self.number(sequence);
        self.symbols[at] = Some(self.hub.list(symbol, Some(before)));
    }

    fn reach(&mut self, sequence: Seq) {
        let number = self.number(sequence);
        self.hub.reach(number);
    }

    fn flush(&mut self, now: Instant) -> Option<Instant> {
        if !self.hub.has_gathered() {
            return None;
        }
        let due = self.flushed.map_or(now, |flushed| flushed + FLUSH_EVERY);
        if due > now {
            return Some(due);
        }
        self.flushed = Some(now);
        self.hub.wake_gathered();
        None
    }

    fn wants(&self, topic: PublicTopic) -> bool {
        self.topic(topic).is_some()
    }

    fn publish(&mut self, topic: PublicTopic, kind: Kind, sequence: Seq, message: &[u8]) {
        let message = Bytes::copy_from_slice(message);
        let number = self.number(sequence);
        match (self.topic(topic), kind) {
            (Some(topic), Kind::State) => topic.publish_state(&message),
            (Some(topic), Kind::Event) => topic.publish_event(number, &message),
            (None, _) => {}
        }
    }

    fn wants_account(&self, account: AccountId) -> bool {
        let has = |channel| self.hub.has_private(account, channel);
        hub::PrivateChannel::ALL.into_iter().any(has)
    }

    fn publish_account(
        &mut self,
        account: AccountId,
        channel: PrivateChannel,
        sequence: Seq,
        message: &[u8],
    ) {
        let message = Bytes::copy_from_slice(message);
        let number = self.number(sequence);
        match channel {
            PrivateChannel::Orders => {
                let channel = hub::PrivateChannel::Orders;
                self.hub.publish_private_event(account, channel, number, &message);
            }
            PrivateChannel::Balances => {
                let channel = hub::PrivateChannel::Balances;
                self.hub.publish_private_state(account, channel, &message);
            }
        }
    }
}
