//! Candles: what the price did in each minute, hour or day.
//!
//! ```text
//! trade -> gathered (one candle, until any interval ends) -> series 1m .. 1d (candles with trades only)
//! ```
//!
//! A trade touches one candle, whatever the number of intervals: what is gathered lies within one candle of
//! every series and is joined to them when the first of these candles is over. Intervals without a trade are
//! not stored at all but made when they are read, so a silent market costs nothing, and neither does a jump
//! of the time over a year.

mod read;

pub use read::CandleIter;

use std::collections::VecDeque;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::feed::{Cursor, FeedError, Projection, RestoreError};
use super::interval::Interval;
use super::trades::{Trade, TradeFeed};
use super::volume::Volume;
use crate::event::EventBatch;
use crate::types::{InstrumentId, Notional, Price, Qty, Seq, Timestamp};

/// What the price did in one interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Candle {
    /// The first moment of the interval.
    pub open_time: Timestamp,
    /// The first moment after it.
    pub close_time: Timestamp,
    /// The first price; without a trade the last close.
    pub open: Price,
    /// The highest price.
    pub high: Price,
    /// The lowest price.
    pub low: Price,
    /// The last price.
    pub close: Price,
    /// How much traded.
    pub volume: Volume,
    /// What it cost; at most what a [`Notional`] holds.
    pub quote_volume: Notional,
    /// In how many trades.
    pub trade_count: u64,
}

impl Candle {
    /// A candle of one trade: what indicators over trades are fed with.
    pub fn of_trade(trade: &Trade) -> Self {
        let mut candle = Self::flat(trade.time, trade.time, trade.price);
        candle.add(trade.price, trade.quantity);
        candle
    }

    /// Whether no trade can be added any more, because it is `now`.
    pub fn is_closed(&self, now: Timestamp) -> bool {
        self.close_time <= now
    }

    /// A candle without a trade.
    fn flat(open_time: Timestamp, close_time: Timestamp, price: Price) -> Self {
        Self {
            open_time,
            close_time,
            open: price,
            high: price,
            low: price,
            close: price,
            volume: Volume::ZERO,
            quote_volume: Notional::ZERO,
            trade_count: 0,
        }
    }

    #[inline]
    fn add(&mut self, price: Price, quantity: Qty) {
        self.high = self.high.max(price);
        self.low = self.low.min(price);
        self.close = price;
        self.volume = self.volume.plus(quantity);
        self.quote_volume = sum(self.quote_volume, price.notional(quantity));
        self.trade_count = self.trade_count.saturating_add(1);
    }

    /// Takes in what happened later within the same interval.
    fn join(&mut self, later: &Self) {
        self.high = self.high.max(later.high);
        self.low = self.low.min(later.low);
        self.close = later.close;
        self.volume = self.volume.joined(later.volume);
        self.quote_volume = sum(self.quote_volume, later.quote_volume);
        self.trade_count = self.trade_count.saturating_add(later.trade_count);
    }
}

#[inline]
fn sum(one: Notional, other: Notional) -> Notional {
    Notional::new(one.units().saturating_add(other.units()))
}

/// The candles of one instrument, in any number of intervals.
///
/// Each interval keeps the newest `candles_max` candles that have trades, which are at least the newest
/// `candles_max` intervals. A candle is closed when the time has come to its end; what has closed never
/// changes.
///
/// ```
/// use engine_core::data::{Candles, Interval, Trade, TradeFeed};
/// use engine_core::{InstrumentId, Price, Qty, Seq, Side, Timestamp};
///
/// let mut candles = Candles::new(InstrumentId::new(0), &[Interval::M1], 1000);
/// for (seq, second, price) in [(1, 30, 100), (2, 59, 103), (3, 180, 101)] {
///     candles.record(&Trade {
///         seq: Seq::new(seq),
///         index: 0,
///         time: Timestamp::from_nanos(second * 1_000_000_000),
///         price: Price::new(price),
///         quantity: Qty::new(1),
///         taker_side: Side::Buy,
///         taker: None,
///     })?;
/// }
/// let closes: Vec<i64> = candles.newest(Interval::M1, 10).map(|candle| candle.close.ticks()).collect();
/// assert_eq!(closes, [103, 103, 103, 101], "two silent minutes carry the close");
/// # Ok::<(), engine_core::data::FeedError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Candles {
    instrument: InstrumentId,
    pub(super) cursor: Cursor,
    candles_max: usize,
    /// What has traded since the last join, from the time of its first trade to the first end of an interval.
    gathered: Option<Candle>,
    series: Vec<Series>,
}

/// The candles of one interval that have trades, by time.
#[derive(Clone, Debug)]
struct Series {
    interval: Interval,
    candles: VecDeque<Candle>,
}

/// A [`Candles`] as plain data.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct CandlesImage {
    /// Whose candles.
    pub instrument: InstrumentId,
    /// How far it has come.
    pub cursor: Cursor,
    /// How many candles each interval keeps.
    pub candles_max: usize,
    /// The candles with trades of each interval, oldest first.
    pub series: Vec<(Interval, Vec<Candle>)>,
}

impl Candles {
    /// No candles yet. Each of `intervals` keeps `candles_max` candles, at least one; repeated intervals count
    /// once.
    pub fn new(instrument: InstrumentId, intervals: &[Interval], candles_max: usize) -> Self {
        let mut intervals = intervals.to_vec();
        intervals.sort_unstable();
        intervals.dedup();
        let empty = |interval| Series {
            interval,
            candles: VecDeque::new(),
        };
        Self {
            instrument,
            cursor: Cursor::default(),
            candles_max: candles_max.max(1),
            gathered: None,
            series: intervals.into_iter().map(empty).collect(),
        }
    }

    /// Whose candles these are.
    pub fn instrument(&self) -> InstrumentId {
        self.instrument
    }

    /// The intervals, shortest first.
    pub fn intervals(&self) -> impl Iterator<Item = Interval> {
        self.series.iter().map(|series| series.interval)
    }

    /// Adds a trade that has been checked to be the next one.
    #[inline]
    pub(super) fn trade(&mut self, time: Timestamp, price: Price, quantity: Qty) {
        match &mut self.gathered {
            Some(gathered) if time < gathered.close_time => gathered.add(price, quantity),
            _ => self.gather_anew(time, price, quantity),
        }
    }

    /// Begins to gather with this trade, after what was gathered has been joined to every series.
    fn gather_anew(&mut self, time: Timestamp, price: Price, quantity: Qty) {
        self.join_gathered();
        let ends = self.series.iter().map(|series| series.interval.end(time));
        // The very last moment belongs to an interval that never ends.
        let first_end = ends.min().unwrap_or(Timestamp::from_nanos(u64::MAX));
        let mut gathered = Candle::flat(time, first_end, price);
        gathered.add(price, quantity);
        self.gathered = Some(gathered);
    }

    fn join_gathered(&mut self) {
        let Some(gathered) = self.gathered.take() else {
            return;
        };
        for series in &mut self.series {
            series.join(&gathered, self.candles_max);
        }
    }
}

impl Series {
    fn join(&mut self, gathered: &Candle, candles_max: usize) {
        let open_time = self.interval.begin(gathered.open_time);
        if let Some(last) = self.candles.back_mut().filter(|last| last.open_time == open_time) {
            last.join(gathered);
            return;
        }
        if self.candles.len() == candles_max {
            self.candles.pop_front();
        }
        self.candles.push_back(Candle {
            open_time,
            close_time: self.interval.end(open_time),
            ..*gathered
        });
    }
}

impl Candles {
    /// The image, as of a cursor that may be ahead of its own: nothing has happened to it since.
    pub(super) fn image_at(&self, cursor: Cursor) -> CandlesImage {
        let mut joined = self.clone();
        joined.join_gathered();
        let plain = |series: Series| (series.interval, series.candles.into());
        CandlesImage {
            instrument: self.instrument,
            cursor,
            candles_max: self.candles_max,
            series: joined.series.into_iter().map(plain).collect(),
        }
    }
}

impl Projection for Candles {
    type Image = CandlesImage;

    fn apply(&mut self, batch: &EventBatch<'_>) -> Result<(), FeedError> {
        self.cursor.admit(batch.seq, batch.time)?;
        for trade in Trade::of_batch(self.instrument, batch) {
            self.trade(trade.time, trade.price, trade.quantity);
        }
        self.cursor.advance(batch.seq, batch.time, Ok(()))
    }

    fn last(&self) -> Option<Seq> {
        self.cursor.last()
    }

    fn time(&self) -> Timestamp {
        self.cursor.time()
    }

    fn image(&self) -> CandlesImage {
        self.image_at(self.cursor)
    }

    fn restore(image: CandlesImage) -> Result<Self, RestoreError> {
        if image.candles_max == 0 {
            return Err(RestoreError::Limit {
                name: "candles_max",
                value: 0,
            });
        }
        if !image.series.is_sorted_by(|(one, _), (next, _)| one < next) {
            return Err(RestoreError::Inconsistent("intervals are not in order"));
        }
        let series = image.series.into_iter().map(|(interval, candles)| {
            let restored = Series {
                interval,
                candles: candles.into(),
            };
            restored.checked(image.candles_max, image.cursor.time())
        });
        Ok(Self {
            instrument: image.instrument,
            cursor: image.cursor,
            candles_max: image.candles_max,
            gathered: None,
            series: series.collect::<Result<_, _>>()?,
        })
    }
}

impl Series {
    /// The series itself, if its candles are what trades up to `now` can have left behind.
    fn checked(self, candles_max: usize, now: Timestamp) -> Result<Self, RestoreError> {
        let aligned = |candle: &Candle| {
            candle.open_time == self.interval.begin(candle.open_time)
                && candle.close_time == self.interval.end(candle.open_time)
                && candle.open_time <= now
                && candle.trade_count > 0
        };
        let ascend = |one: &Candle, next: &Candle| one.open_time < next.open_time;
        if self.candles.len() > candles_max
            || !self.candles.iter().all(aligned)
            || !self.candles.iter().is_sorted_by(|one, next| ascend(one, next))
        {
            return Err(RestoreError::Inconsistent("candles are not those of an interval"));
        }
        Ok(self)
    }
}

impl TradeFeed for Candles {
    fn record(&mut self, trade: &Trade) -> Result<(), FeedError> {
        self.cursor.admit_trade(trade)?;
        self.trade(trade.time, trade.price, trade.quantity);
        self.cursor.advance(trade.seq, trade.time, Ok(()))
    }

    fn advance(&mut self, time: Timestamp) {
        self.cursor.advance_time(time);
    }
}
