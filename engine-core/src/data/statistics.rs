//! What happened in the last 24 hours, exactly: a trade counts until it is 24 hours old, and not a nanosecond
//! longer.
//!
//! ```text
//! trade -> recent (each trade by itself) -> slots (only when there are more than trades_max) -> gone
//! ```

mod extremes;
mod image;

pub use image::StatisticsImage;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use self::extremes::{BlockExtremes, Extremes};
use super::feed::{Cursor, FeedError};
use super::queue::Queue;
use super::ratio::Ratio;
use super::trades::{Trade, TradeFeed};
use super::volume::{Turnover, Volume};
use crate::types::{InstrumentId, Notional, Price, Qty, Timestamp};

/// The length of the window: 24 hours.
const WINDOW_NS: u64 = 86_400 * 1_000_000_000;

/// Statistics of the last 24 hours of one instrument.
///
/// **What is exact.** Up to `trades_max` trades of the window are remembered one by one: each leaves exactly 24
/// hours after it happened. When there are more, the oldest ones are put together in slots of time,
/// [`Statistics::SLOT_NS`] long; the trades of a slot leave together, when the youngest of them is 24 hours old.
/// The window then never misses a trade, but may hold some up to that long too late, and
/// [`Summary::late_ns_max`] says so. An older window that is exact again is exact again: nothing lasts.
///
/// **Bounds.** A trade takes 24 bytes; there are at most 4,321 slots of 96 bytes, and as much for the highest and lowest
/// prices. Each trade is added and taken away once: its cost does not depend on how many there are. A summary looks at
/// no more than 128 trades.
///
/// ```
/// use engine_core::data::{Statistics, Trade, TradeFeed};
/// use engine_core::{InstrumentId, Price, Qty, Seq, Side, Timestamp};
///
/// let mut statistics = Statistics::new(InstrumentId::new(0), 65_536);
/// statistics.record(&Trade {
///     seq: Seq::new(1),
///     index: 0,
///     time: Timestamp::from_nanos(5),
///     price: Price::new(100),
///     quantity: Qty::new(2),
///     taker_side: Side::Sell,
///     taker: None,
/// })?;
/// let day = 24 * 60 * 60 * 1_000_000_000;
/// statistics.advance(Timestamp::from_nanos(day + 4));
/// assert_eq!(statistics.summary().high, Some(Price::new(100)));
/// statistics.advance(Timestamp::from_nanos(day + 5));
/// assert_eq!(statistics.summary().high, None);
/// # Ok::<(), engine_core::data::FeedError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Statistics {
    instrument: InstrumentId,
    pub(super) cursor: Cursor,
    trades_max: usize,
    /// The first moment at which the oldest trade or slot leaves.
    leaves: Timestamp,
    recent: Queue<Entry>,
    recent_extremes: BlockExtremes,
    /// How many trades have left `recent`.
    recent_gone: u64,
    slots: Queue<Slot>,
    slot_extremes: Extremes,
    volume: Volume,
    turnover: Turnover,
    trade_count: u64,
    last: Option<Price>,
}

/// One trade of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Entry {
    /// When.
    pub time: Timestamp,
    /// At what price.
    pub price: Price,
    /// How much.
    pub quantity: Qty,
}

/// The trades of a piece of the window that were too many to be remembered one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Slot {
    /// The time of its youngest trade.
    pub time: Timestamp,
    /// The first price.
    pub open: Price,
    /// The highest price.
    pub high: Price,
    /// The lowest price.
    pub low: Price,
    /// How much traded.
    pub volume: Volume,
    /// What it cost.
    pub turnover: Turnover,
    /// In how many trades.
    pub trade_count: u64,
}

const _: () = assert!(
    size_of::<Entry>() == 24 && size_of::<Slot>() == 96,
    "as documented"
);

/// The statistics of a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The moment; the window begins after the same time of the day before.
    pub time: Timestamp,
    /// The price of the newest trade ever.
    pub last: Option<Price>,
    /// The price of the oldest trade in the window.
    pub open: Option<Price>,
    /// The highest price in the window.
    pub high: Option<Price>,
    /// The lowest price in the window.
    pub low: Option<Price>,
    /// How much traded in the window.
    pub volume: Volume,
    /// What it cost.
    pub turnover: Turnover,
    /// In how many trades.
    pub trade_count: u64,
    /// How much longer than 24 hours a trade may have been counted: zero as long as the window is exact.
    pub late_ns_max: u64,
}

impl Summary {
    /// The last price minus the price that opened the window, in ticks.
    pub fn change(&self) -> Option<i64> {
        let (last, open) = self.last.zip(self.open)?;
        // Exact for prices within the limits.
        Some(last.ticks().saturating_sub(open.ticks()))
    }

    /// The change in percent of the opening price; none if that was zero.
    pub fn change_percent(&self) -> Option<Ratio> {
        let (change, open) = self.change().zip(self.open)?;
        Ratio::new(i128::from(change) * 100, i128::from(open.ticks()).abs())
    }

    /// What everything cost, divided by how much it was, in ticks.
    pub fn vwap(&self) -> Option<Ratio> {
        self.turnover.per(self.volume)
    }

    /// What everything cost; at most what a [`Notional`] holds.
    pub fn quote_volume(&self) -> Notional {
        self.turnover.notional()
    }
}

impl Statistics {
    /// How long a slot is: 20 seconds, of which a day has 4,320.
    pub const SLOT_NS: u64 = 20 * 1_000_000_000;

    /// An empty window that remembers up to `trades_max` trades one by one (at least one).
    pub fn new(instrument: InstrumentId, trades_max: usize) -> Self {
        Self {
            instrument,
            cursor: Cursor::default(),
            trades_max: trades_max.max(1),
            leaves: Timestamp::from_nanos(u64::MAX),
            recent: Queue::new(),
            recent_extremes: BlockExtremes::new(),
            recent_gone: 0,
            slots: Queue::new(),
            slot_extremes: Extremes::new(),
            volume: Volume::ZERO,
            turnover: Turnover::default(),
            trade_count: 0,
            last: None,
        }
    }

    /// The statistics of the time up to which this projection knows what happened.
    pub fn summary(&self) -> Summary {
        let both =
            |one: Option<Price>, other: Option<Price>, pick: fn(Price, Price) -> Price| match (one, other) {
                (Some(one), Some(other)) => Some(pick(one, other)),
                (one, other) => one.or(other),
            };
        let slots = &self.slot_extremes;
        let recent = self
            .recent_extremes
            .of(self.recent_gone, self.recent.len(), self.recent.iter());
        let (recent_high, recent_low) = recent.unzip();
        let slot_open = self.slots.front().map(|slot| slot.open);
        Summary {
            time: self.cursor.time(),
            last: self.last,
            open: slot_open.or_else(|| self.recent.front().map(|entry| entry.price)),
            high: both(slots.high(), recent_high, Price::max),
            low: both(slots.low(), recent_low, Price::min),
            volume: self.volume,
            turnover: self.turnover,
            trade_count: self.trade_count,
            late_ns_max: if self.slots.is_empty() { 0 } else { Self::SLOT_NS },
        }
    }

    /// Adds a trade that has been checked to be the next one.
    #[inline]
    pub(super) fn trade(&mut self, time: Timestamp, price: Price, quantity: Qty) {
        self.expire(time);
        if self.recent.len() == self.trades_max {
            self.put_oldest_in_slot();
        }
        if self.trade_count == 0 {
            self.leaves = leaving(time);
        }
        let number = self.recent_gone + self.recent.len() as u64;
        self.recent.push_back(Entry {
            time,
            price,
            quantity,
        });
        self.recent_extremes.push(number, price, self.recent_gone);
        self.volume = self.volume.plus(quantity);
        self.turnover.add(price.notional(quantity));
        self.trade_count += 1;
        self.last = Some(price);
    }

    /// Lets everything leave that is 24 hours old or older at `now`.
    #[inline]
    pub(super) fn expire(&mut self, now: Timestamp) {
        if self.leaves <= now {
            self.expire_due(now);
        }
    }

    fn expire_due(&mut self, now: Timestamp) {
        while let Some(slot) = self.slots.front().copied().filter(|slot| is_gone(slot.time, now)) {
            self.slots.pop_front();
            self.slot_extremes.drop_below(slot_number(slot.time) + 1);
            self.volume = self.volume.minus(slot.volume);
            self.turnover.subtract_all(slot.turnover);
            self.trade_count -= slot.trade_count;
        }
        // Slots are older than trades: while one is left, no trade is due.
        while let Some(entry) = self
            .recent
            .front()
            .copied()
            .filter(|entry| is_gone(entry.time, now))
        {
            self.pop_recent();
            self.volume = self.volume.minus(Volume::ZERO.plus(entry.quantity));
            self.turnover.subtract(entry.price.notional(entry.quantity));
            self.trade_count -= 1;
        }
        let oldest = self.slots.front().map(|slot| slot.time);
        let oldest = oldest.or_else(|| self.recent.front().map(|entry| entry.time));
        self.leaves = oldest.map_or(Timestamp::from_nanos(u64::MAX), leaving);
    }

    fn pop_recent(&mut self) -> Option<Entry> {
        self.recent_gone += 1;
        self.recent_extremes.drop_below(self.recent_gone);
        self.recent.pop_front()
    }

    /// Makes room for a trade: the oldest one joins the youngest slot, or begins one.
    fn put_oldest_in_slot(&mut self) {
        let Some(entry) = self.pop_recent() else { return };
        let number = slot_number(entry.time);
        self.slot_extremes.push(number, entry.price);
        let youngest = self.slots.back_mut();
        if let Some(slot) = youngest.filter(|slot| slot_number(slot.time) == number) {
            slot.add(entry);
        } else {
            self.slots.push_back(Slot::of(entry));
        }
        if let Some(slot) = self.slots.front() {
            self.leaves = leaving(slot.time);
        }
    }
}

fn slot_number(time: Timestamp) -> u64 {
    time.nanos() / Statistics::SLOT_NS
}

/// The first moment at which a trade of `time` is not in the window any more.
#[inline]
fn leaving(time: Timestamp) -> Timestamp {
    time.saturating_add_nanos(WINDOW_NS)
}

#[inline]
fn is_gone(time: Timestamp, now: Timestamp) -> bool {
    now.nanos() - time.nanos() >= WINDOW_NS
}

impl Slot {
    fn of(entry: Entry) -> Self {
        let mut slot = Self {
            time: entry.time,
            open: entry.price,
            high: entry.price,
            low: entry.price,
            volume: Volume::ZERO,
            turnover: Turnover::default(),
            trade_count: 0,
        };
        slot.add(entry);
        slot
    }

    /// Whether so many trades can have so much volume.
    fn is_volume_possible(&self) -> bool {
        self.volume.lots() <= u128::from(self.trade_count) * u128::from(u64::MAX)
    }

    fn add(&mut self, entry: Entry) {
        self.time = entry.time;
        self.high = self.high.max(entry.price);
        self.low = self.low.min(entry.price);
        self.volume = self.volume.plus(entry.quantity);
        self.turnover.add(entry.price.notional(entry.quantity));
        self.trade_count += 1;
    }
}

impl TradeFeed for Statistics {
    fn record(&mut self, trade: &Trade) -> Result<(), FeedError> {
        self.cursor.admit_trade(trade)?;
        self.trade(trade.time, trade.price, trade.quantity);
        self.cursor.advance(trade.seq, trade.time, Ok(()))
    }

    fn advance(&mut self, time: Timestamp) {
        self.cursor.advance_time(time);
        self.expire(self.cursor.time());
    }
}
