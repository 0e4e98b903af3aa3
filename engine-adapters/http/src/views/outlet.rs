//! Where messages go: the views say what happened, and do not know who listens or how.

use std::time::Instant;

use engine_core::data::Interval;
use engine_core::{AccountId, InstrumentId, Seq};

/// What a public message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicTopic {
    /// Which kind of message.
    pub channel: PublicChannel,
    /// Of which instrument.
    pub instrument: InstrumentId,
}

/// The kinds of public messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PublicChannel {
    /// Every trade.
    Executions,
    /// The best levels of the book, whole.
    OrderBook,
    /// Every change of a level.
    Depth,
    /// The last 24 hours.
    Statistics,
    /// Candles of this interval.
    Candles(Interval),
}

/// The kinds of messages for an account alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PrivateChannel {
    /// Its orders and fills.
    Orders,
    /// Its balances and positions.
    Balances,
}

/// Whether a message stands for all before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The newest of a topic makes the ones before it needless.
    State,
    /// Each counts.
    Event,
}

/// Takes messages. It must be quick and must not wait: it is called where all market data is made.
pub trait Outlet {
    /// An instrument can be traded, or could be before the views began. Nothing of it was published before; this is the
    /// last command that is part of what comes.
    fn list(&mut self, instrument: InstrumentId, symbol: &str, sequence: Seq);

    /// Everything up to this command has been said.
    fn reach(&mut self, sequence: Seq);

    /// All that there is for now has been published: readers may be told. Returns when to be called again, if it is too
    /// early to tell all of them.
    fn flush(&mut self, _now: Instant) -> Option<Instant> {
        None
    }

    /// Whether anybody would get a message of this topic.
    fn wants(&self, topic: PublicTopic) -> bool;

    /// Takes a public message.
    fn publish(&mut self, topic: PublicTopic, kind: Kind, sequence: Seq, message: &[u8]);

    /// Whether anybody would get a message of this account.
    fn wants_account(&self, account: AccountId) -> bool;

    /// Takes a message for an account alone. Each counts.
    fn publish_account(&mut self, account: AccountId, channel: PrivateChannel, sequence: Seq, message: &[u8]);
}
