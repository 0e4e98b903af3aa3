//! The newest trades.

use std::collections::VecDeque;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::feed::{Cursor, FeedError, Projection, RestoreError};
use crate::event::{Event, EventBatch};
use crate::types::{InstrumentId, OrderId, Price, Qty, Seq, Side, Timestamp};

/// A trade as everybody may see it: no account is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Trade {
    /// The command in which it happened, or a foreign feed's own number.
    pub seq: Seq,
    /// Its place among the events of that command; zero in a foreign feed.
    pub index: u32,
    /// When.
    pub time: Timestamp,
    /// At what price.
    pub price: Price,
    /// How much.
    pub quantity: Qty,
    /// Which side the taker was on.
    pub taker_side: Side,
    /// The taker's order, where it is known.
    pub taker: Option<OrderId>,
}

impl Trade {
    /// The trade that an event says, if it says one of this instrument.
    pub fn of_event(instrument: InstrumentId, batch: &EventBatch<'_>, index: usize) -> Option<Self> {
        let Some(Event::Traded {
            instrument: traded,
            taker,
            taker_side,
            price,
            quantity,
            ..
        }) = batch.events.get(index)
        else {
            return None;
        };
        (*traded == instrument).then_some(Self {
            seq: batch.seq,
            // A command has fewer than 2^32 events: memory ends before.
            index: index as u32,
            time: batch.time,
            price: *price,
            quantity: *quantity,
            taker_side: *taker_side,
            taker: Some(*taker),
        })
    }

    /// The trades of this instrument in a batch.
    pub(super) fn of_batch(instrument: InstrumentId, batch: &EventBatch<'_>) -> impl Iterator<Item = Self> {
        (0..batch.events.len()).filter_map(move |index| Self::of_event(instrument, batch, index))
    }
}

/// Takes trades from anywhere, without an engine: a recorded feed, another exchange.
///
/// The numbers of the trades must rise, and time may not go back. A projection is fed either with batches or
/// with trades.
pub trait TradeFeed: Projection {
    /// Takes one trade.
    ///
    /// # Errors
    /// When its number is not above the last one, its time is earlier, or its price or quantity is none;
    /// nothing is changed then.
    fn record(&mut self, trade: &Trade) -> Result<(), FeedError>;

    /// Says that it is `time` now, in a market where nothing happened. Time that has been is no news.
    fn advance(&mut self, time: Timestamp);
}

/// The newest trades of one instrument, at most so many.
///
/// ```
/// use engine_core::data::{Trade, TradeFeed, Trades};
/// use engine_core::{InstrumentId, Price, Qty, Seq, Side, Timestamp};
///
/// let mut trades = Trades::new(InstrumentId::new(0), 1000);
/// trades.record(&Trade {
///     seq: Seq::new(1),
///     index: 0,
///     time: Timestamp::from_nanos(7),
///     price: Price::new(100),
///     quantity: Qty::new(5),
///     taker_side: Side::Buy,
///     taker: None,
/// })?;
/// assert_eq!(trades.newest().next().map(|(number, trade)| (number, trade.price)), Some((1, Price::new(100))));
/// # Ok::<(), engine_core::data::FeedError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Trades {
    instrument: InstrumentId,
    pub(super) cursor: Cursor,
    trades_max: usize,
    ring: VecDeque<Trade>,
    count: u64,
}

/// A [`Trades`] as plain data.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct TradesImage {
    /// Whose trades.
    pub instrument: InstrumentId,
    /// How far it has come.
    pub cursor: Cursor,
    /// How many trades it keeps.
    pub trades_max: usize,
    /// What it keeps, oldest first.
    pub trades: Vec<Trade>,
    /// How many trades there have been.
    pub count: u64,
}

impl Trades {
    /// No trades yet, and room for `trades_max` of them (at least one).
    pub fn new(instrument: InstrumentId, trades_max: usize) -> Self {
        Self {
            instrument,
            cursor: Cursor::default(),
            trades_max: trades_max.max(1),
            ring: VecDeque::new(),
            count: 0,
        }
    }

    /// The trades that are kept, newest first, each with its number: an instrument's first trade has 1, and
    /// there are no gaps.
    pub fn newest(&self) -> impl ExactSizeIterator<Item = (u64, &Trade)> + DoubleEndedIterator {
        let count = self.count;
        let numbered = self.ring.iter().rev().enumerate();
        numbered.map(move |(age, trade)| (count - age as u64, trade))
    }

    /// How many trades there have been, kept or not.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Notes a trade that has been checked to be the next one.
    #[inline]
    pub(super) fn push(&mut self, trade: Trade) {
        if self.ring.len() == self.trades_max {
            self.ring.pop_front();
        }
        self.ring.push_back(trade);
        self.count = self.count.saturating_add(1);
    }
}

impl Trades {
    /// The image, as of a cursor that may be ahead of its own: nothing has happened to it since.
    pub(super) fn image_at(&self, cursor: Cursor) -> TradesImage {
        TradesImage {
            instrument: self.instrument,
            cursor,
            trades_max: self.trades_max,
            trades: self.ring.iter().copied().collect(),
            count: self.count,
        }
    }
}

impl Projection for Trades {
    type Image = TradesImage;

    fn apply(&mut self, batch: &EventBatch<'_>) -> Result<(), FeedError> {
        self.cursor.admit(batch.seq, batch.time)?;
        for trade in Trade::of_batch(self.instrument, batch) {
            self.push(trade);
        }
        self.cursor.advance(batch.seq, batch.time, Ok(()))
    }

    fn last(&self) -> Option<Seq> {
        self.cursor.last()
    }

    fn time(&self) -> Timestamp {
        self.cursor.time()
    }

    fn image(&self) -> TradesImage {
        self.image_at(self.cursor)
    }

    fn restore(image: TradesImage) -> Result<Self, RestoreError> {
        if image.trades_max == 0 {
            return Err(RestoreError::Limit {
                name: "trades_max",
                value: 0,
            });
        }
        let kept = image.trades.len();
        if kept > image.trades_max || kept as u64 > image.count {
            return Err(RestoreError::Inconsistent("more trades than there may be"));
        }
        if !image.trades.is_sorted_by_key(|trade| (trade.seq, trade.index)) {
            return Err(RestoreError::Inconsistent("trades are not in order"));
        }
        Ok(Self {
            instrument: image.instrument,
            cursor: image.cursor,
            trades_max: image.trades_max,
            ring: image.trades.into(),
            count: image.count,
        })
    }
}

impl TradeFeed for Trades {
    fn record(&mut self, trade: &Trade) -> Result<(), FeedError> {
        self.cursor.admit_trade(trade)?;
        self.push(*trade);
        self.cursor.advance(trade.seq, trade.time, Ok(()))
    }

    fn advance(&mut self, time: Timestamp) {
        self.cursor.advance_time(time);
    }
}
