//! Statistics as plain data, and back; and what they take from a batch.

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::{Entry, Slot, Statistics, is_gone, leaving, slot_number};
use crate::data::feed::{Cursor, FeedError, Projection, RestoreError};
use crate::data::trades::Trade;
use crate::event::EventBatch;
use crate::types::{InstrumentId, Price, Seq, Timestamp};

/// A [`Statistics`] as plain data.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct StatisticsImage {
    /// Whose statistics.
    pub instrument: InstrumentId,
    /// How far it has come.
    pub cursor: Cursor,
    /// How many trades it remembers one by one.
    pub trades_max: usize,
    /// The oldest part of the window, in slots.
    pub slots: Vec<Slot>,
    /// The rest of the window, trade by trade.
    pub trades: Vec<Entry>,
    /// The price of the newest trade ever.
    pub last: Option<Price>,
}

impl Statistics {
    /// The image, as of a cursor that may be ahead of its own: nothing has happened to it since.
    pub(in crate::data) fn image_at(&self, cursor: Cursor) -> StatisticsImage {
        let now = cursor.time();
        StatisticsImage {
            instrument: self.instrument,
            cursor,
            trades_max: self.trades_max,
            slots: self
                .slots
                .iter()
                .filter(|slot| !is_gone(slot.time, now))
                .copied()
                .collect(),
            trades: self
                .recent
                .iter()
                .filter(|entry| !is_gone(entry.time, now))
                .copied()
                .collect(),
            last: self.last,
        }
    }
}

impl Projection for Statistics {
    type Image = StatisticsImage;

    fn apply(&mut self, batch: &EventBatch<'_>) -> Result<(), FeedError> {
        self.cursor.admit(batch.seq, batch.time)?;
        for trade in Trade::of_batch(self.instrument, batch) {
            self.trade(trade.time, trade.price, trade.quantity);
        }
        self.expire(batch.time);
        self.cursor.advance(batch.seq, batch.time, Ok(()))
    }

    fn last(&self) -> Option<Seq> {
        self.cursor.last()
    }

    fn time(&self) -> Timestamp {
        self.cursor.time()
    }

    fn image(&self) -> StatisticsImage {
        self.image_at(self.cursor)
    }

    fn restore(image: StatisticsImage) -> Result<Self, RestoreError> {
        image.check()?;
        let mut restored = Self::new(image.instrument, image.trades_max);
        restored.cursor = image.cursor;
        for slot in image.slots {
            restored.restore_slot(slot);
        }
        for entry in image.trades {
            restored.trade(entry.time, entry.price, entry.quantity);
        }
        restored.last = image.last;
        restored.expire(image.cursor.time());
        Ok(restored)
    }
}

impl Statistics {
    fn restore_slot(&mut self, slot: Slot) {
        if self.trade_count == 0 {
            self.leaves = leaving(slot.time);
        }
        let number = slot_number(slot.time);
        self.slot_extremes.push(number, slot.high);
        self.slot_extremes.push(number, slot.low);
        self.volume = self.volume.joined(slot.volume);
        self.turnover.add_all(slot.turnover);
        self.trade_count += slot.trade_count;
        self.slots.push_back(slot);
    }
}

impl StatisticsImage {
    /// Whether this can be the image of a [`Statistics`].
    fn check(&self) -> Result<(), RestoreError> {
        if self.trades_max == 0 || self.trades.len() > self.trades_max {
            return Err(RestoreError::Limit {
                name: "trades_max",
                value: self.trades_max as u64,
            });
        }
        let now = self.cursor.time();
        let slots = self.slots.iter().map(|slot| slot.time);
        let times = slots.chain(self.trades.iter().map(|entry| entry.time));
        if !times.clone().is_sorted() || times.clone().any(|time| time > now || is_gone(time, now)) {
            return Err(RestoreError::Inconsistent(
                "a trade is not in the window, or not in order",
            ));
        }
        let numbers = self.slots.iter().map(|slot| slot_number(slot.time));
        if !numbers.is_sorted_by(|one, next| one < next) {
            return Err(RestoreError::Inconsistent("two slots cover one time"));
        }
        if self
            .trades
            .last()
            .is_some_and(|youngest| Some(youngest.price) != self.last)
        {
            return Err(RestoreError::Inconsistent(
                "the last price is not that of the last trade",
            ));
        }
        if !self.slots.is_empty() && self.trades.len() < self.trades_max {
            return Err(RestoreError::Inconsistent(
                "slots, though there is room for trades",
            ));
        }
        let counted = self.slots.iter().try_fold(0_u32, |count, slot| {
            let possible = slot.trade_count > 0 && slot.high >= slot.low && slot.is_volume_possible();
            count
                .checked_add(u32::try_from(slot.trade_count).ok()?)
                .filter(|_| possible)
        });
        counted
            .map(|_| ())
            .ok_or(RestoreError::Inconsistent("a slot that no trades make"))
    }
}
