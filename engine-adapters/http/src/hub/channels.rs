//! The names of channels and topics, and what a subscription means by them.

use std::sync::Arc;

use super::{Hub, Topic};

/// Says "every channel" or "every symbol".
const ALL: &str = "all";

/// A kind of market data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// Trades: events.
    Executions,
    /// The upper part of the book, whole: states.
    OrderBook,
    /// Each change of a level: events.
    Depth,
    /// Figures of the last 24 hours: states.
    Statistics,
    /// Candles of an interval: states, and an event when one is closed.
    Candles,
}

impl Channel {
    /// All channels.
    pub const ALL: [Self; 5] = [
        Self::Executions,
        Self::OrderBook,
        Self::Depth,
        Self::Statistics,
        Self::Candles,
    ];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Executions => "executions",
            Self::OrderBook => "orderbook",
            Self::Depth => "depth",
            Self::Statistics => "statistics",
            Self::Candles => "candles",
        }
    }

    /// The channel with this name.
    pub fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.as_str() == text)
    }
}

/// A kind of an account's own data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PrivateChannel {
    /// What happens to its orders: events.
    Orders,
    /// Its balances, all of them: states.
    Balances,
}

impl PrivateChannel {
    /// All private channels.
    pub const ALL: [Self; 2] = [Self::Orders, Self::Balances];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Balances => "balances",
        }
    }

    /// The private channel with this name.
    pub fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.as_str() == text)
    }
}

/// The topics of one symbol.
#[derive(Debug)]
pub struct SymbolTopics {
    /// Its trades.
    pub executions: Topic,
    /// The upper part of its book.
    pub orderbook: Topic,
    /// The changes of its levels.
    pub depth: Topic,
    /// Its figures of the last 24 hours.
    pub statistics: Topic,
    /// Its candles by interval, in the order of [`super::HubOptions::intervals`].
    pub candles: Box<[Topic]>,
}

impl SymbolTopics {
    pub(super) fn new(symbol: &str, intervals: &[Box<str>], topic: impl Fn(String) -> Topic) -> Self {
        let of = |channel: Channel| topic(format!("{}:{symbol}", channel.as_str()));
        let candles = |interval| topic(format!("{}:{symbol}_{interval}", Channel::Candles.as_str()));
        Self {
            executions: of(Channel::Executions),
            orderbook: of(Channel::OrderBook),
            depth: of(Channel::Depth),
            statistics: of(Channel::Statistics),
            candles: intervals.iter().map(candles).collect(),
        }
    }
}

/// What a client listens to, or no longer wants to, in its own words.
#[derive(Clone, Copy, Debug, Default)]
pub struct Selection<'a> {
    /// Names of channels, or `all` for every public one.
    pub channels: &'a [&'a str],
    /// Symbols, or `all`.
    pub symbols: &'a [&'a str],
    /// Intervals of candles.
    pub intervals: &'a [&'a str],
}

/// A word of a selection that means nothing here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SelectionError {
    /// There is no such channel.
    #[error("unsupported channel: {0}")]
    Channel(String),
    /// There is no such symbol.
    #[error("unsupported symbol: {0}")]
    Symbol(String),
    /// There is no such interval.
    #[error("unsupported interval: {0}")]
    Interval(String),
    /// A public channel was named, but no symbol.
    #[error("symbols are required for this channel")]
    NoSymbol,
}

impl Hub {
    /// The topic of a channel and symbol; the interval is looked at for candles only. `None` for what is not listed:
    /// no topic is made by asking for it.
    pub fn find(&self, channel: Channel, symbol: &str, interval: &str) -> Option<Topic> {
        let topics = self.topics_of(symbol)?;
        let topic = match channel {
            Channel::Executions => &topics.executions,
            Channel::OrderBook => &topics.orderbook,
            Channel::Depth => &topics.depth,
            Channel::Statistics => &topics.statistics,
            Channel::Candles => &topics.candles[self.interval(interval)?],
        };
        Some(topic.clone())
    }

    /// The topics and private channels that a selection means, each once; all of it is understood, or nothing is done.
    ///
    /// # Errors
    /// The first word that means nothing.
    pub fn select(
        &self,
        selection: &Selection<'_>,
    ) -> Result<(Vec<Topic>, Vec<PrivateChannel>), SelectionError> {
        let (public, private) = read_channels(selection.channels)?;
        let symbols = self.read_symbols(selection.symbols)?;
        if !public.is_empty() && selection.symbols.is_empty() {
            return Err(SelectionError::NoSymbol);
        }
        for interval in selection.intervals {
            self.interval(interval)
                .ok_or_else(|| SelectionError::Interval(quoted(interval)))?;
        }
        let mut topics = Vec::new();
        for symbol in &symbols {
            for channel in &public {
                // Only candles differ by interval.
                let intervals = match channel {
                    Channel::Candles => selection.intervals,
                    _ => &[""],
                };
                topics.extend(
                    intervals
                        .iter()
                        .filter_map(|interval| self.find(*channel, symbol, interval)),
                );
            }
        }
        topics.sort_by_key(Topic::id);
        topics.dedup_by_key(|topic| topic.id());
        Ok((topics, private))
    }

    fn read_symbols(&self, names: &[&str]) -> Result<Vec<Box<str>>, SelectionError> {
        let listed = self.symbols.read().expect("nothing panics while it is held");
        let mut symbols = Vec::new();
        for name in names {
            if *name == ALL {
                symbols.extend(listed.keys().cloned());
            } else if let Some((symbol, _)) = listed.get_key_value(*name) {
                symbols.push(symbol.clone());
            } else {
                return Err(SelectionError::Symbol(quoted(name)));
            }
        }
        symbols.sort();
        symbols.dedup();
        Ok(symbols)
    }

    fn topics_of(&self, symbol: &str) -> Option<Arc<SymbolTopics>> {
        let symbols = self.symbols.read().expect("nothing panics while it is held");
        symbols.get(symbol).cloned()
    }

    fn interval(&self, name: &str) -> Option<usize> {
        self.options
            .intervals
            .iter()
            .position(|interval| **interval == *name)
    }
}

fn read_channels(names: &[&str]) -> Result<(Vec<Channel>, Vec<PrivateChannel>), SelectionError> {
    let mut public = Vec::new();
    let mut private = Vec::new();
    for name in names {
        if *name == ALL {
            public.extend(Channel::ALL);
        } else if let Some(channel) = Channel::read(name) {
            public.push(channel);
        } else if let Some(channel) = PrivateChannel::read(name) {
            private.push(channel);
        } else {
            return Err(SelectionError::Channel(quoted(name)));
        }
    }
    public.sort();
    public.dedup();
    private.sort();
    private.dedup();
    Ok((public, private))
}

/// A client's word in an answer to it, not longer than a word.
fn quoted(word: &str) -> String {
    word.chars().take(32).collect()
}
