//! An indicator and what feeds it.

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::Indicator;
use crate::data::candles::{Candle, Candles, CandlesImage};
use crate::data::feed::{FeedError, Projection, RestoreError};
use crate::data::interval::Interval;
use crate::data::trades::{Trade, TradeFeed};
use crate::event::EventBatch;
use crate::types::{InstrumentId, Seq, Timestamp};

/// Candles that the study keeps for itself: the one that closes and the one that opens.
const CANDLES_MAX: usize = 2;

/// After so many silent candles one after the other it is asked whether they still change anything.
const SILENT: u64 = 1_024;

/// What a [`Study`] takes one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum StudySource {
    /// Every trade, as a candle of its own.
    Trades,
    /// Every candle when it closes, silent ones too.
    Candles(Interval),
}

/// An indicator that follows one instrument.
///
/// ```
/// use engine_core::data::indicators::{Indicator, Period, Sma, Study, StudySource};
/// use engine_core::data::{Interval, TradeFeed, Trade};
/// use engine_core::{InstrumentId, Price, Qty, Seq, Side, Timestamp};
///
/// let sma = Sma::new(Period::new(2).expect("two is a period"));
/// let mut study = Study::new(InstrumentId::new(0), StudySource::Candles(Interval::M1), sma);
/// study.record(&Trade {
///     seq: Seq::new(1),
///     index: 0,
///     time: Timestamp::from_nanos(5),
///     price: Price::new(100),
///     quantity: Qty::new(1),
///     taker_side: Side::Buy,
///     taker: None,
/// })?;
/// study.advance(Timestamp::from_nanos(120_000_000_000));
/// let mean = study.indicator().value().expect("two minutes are over");
/// assert_eq!(mean.numerator(), 200);
/// # Ok::<(), engine_core::data::FeedError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Study<I> {
    source: StudySource,
    candles: Candles,
    /// The end of the last candle that the indicator has taken.
    taken: Timestamp,
    indicator: I,
}

/// A [`Study`] as plain data.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct StudyImage<I> {
    /// What it takes.
    pub source: StudySource,
    /// The candles that are not taken yet.
    pub candles: CandlesImage,
    /// The end of the last candle that the indicator has taken.
    pub taken: Timestamp,
    /// The indicator.
    pub indicator: I,
}

impl<I: Indicator + Clone + PartialEq> Study<I> {
    /// A study that has seen nothing yet.
    pub fn new(instrument: InstrumentId, source: StudySource, indicator: I) -> Self {
        Self {
            source,
            candles: Candles::new(instrument, source.intervals(), CANDLES_MAX),
            taken: Timestamp::ZERO,
            indicator,
        }
    }

    /// The indicator, as of the last closed candle (or trade).
    pub fn indicator(&self) -> &I {
        &self.indicator
    }

    fn take_trade(&mut self, trade: &Trade) {
        match self.source {
            StudySource::Trades => {
                self.indicator.update(&Candle::of_trade(trade));
            }
            StudySource::Candles(_) => self.candles.trade(trade.time, trade.price, trade.quantity),
        }
    }

    /// Lets the indicator take every candle that has closed by now.
    fn take_closed(&mut self) {
        let StudySource::Candles(interval) = self.source else {
            return;
        };
        let now = self.candles.time();
        let closed_until = interval.begin(now);
        if closed_until <= self.taken {
            return;
        }
        let mut silent = 0;
        for candle in self.candles.closed_since(interval, self.taken) {
            silent = if candle.trade_count == 0 { silent + 1 } else { 0 };
            let before = (silent > 0 && silent % SILENT == 0).then(|| self.indicator.clone());
            self.indicator.update(&candle);
            if before.is_some_and(|before| before == self.indicator) {
                // Only silent candles are left, and they change nothing any more: the last one stands for all.
                let just_before = Timestamp::from_nanos(closed_until.nanos() - 1);
                for last in self.candles.closed_since(interval, just_before) {
                    self.indicator.update(&last);
                }
                break;
            }
        }
        self.taken = closed_until;
    }
}

impl StudySource {
    fn intervals(&self) -> &[Interval] {
        match self {
            Self::Trades => &[],
            Self::Candles(interval) => std::slice::from_ref(interval),
        }
    }
}

impl<I: Indicator + Clone + PartialEq> Projection for Study<I> {
    type Image = StudyImage<I::Image>;

    fn apply(&mut self, batch: &EventBatch<'_>) -> Result<(), FeedError> {
        self.candles.cursor.admit(batch.seq, batch.time)?;
        self.candles.cursor.advance_time(batch.time);
        self.take_closed();
        for index in 0..batch.events.len() {
            if let Some(trade) = Trade::of_event(self.candles.instrument(), batch, index) {
                self.take_trade(&trade);
            }
        }
        self.candles.cursor.advance(batch.seq, batch.time, Ok(()))
    }

    fn last(&self) -> Option<Seq> {
        self.candles.last()
    }

    fn time(&self) -> Timestamp {
        self.candles.time()
    }

    fn image(&self) -> Self::Image {
        StudyImage {
            source: self.source,
            candles: self.candles.image(),
            taken: self.taken,
            indicator: self.indicator.image(),
        }
    }

    fn restore(image: Self::Image) -> Result<Self, RestoreError> {
        let candles = Candles::restore(image.candles)?;
        if !candles.intervals().eq(image.source.intervals().iter().copied()) {
            return Err(RestoreError::Inconsistent("candles of another interval"));
        }
        if image.taken > candles.time() {
            return Err(RestoreError::Inconsistent("a candle taken before it closed"));
        }
        Ok(Self {
            source: image.source,
            candles,
            taken: image.taken,
            indicator: I::restore(image.indicator)?,
        })
    }
}

impl<I: Indicator + Clone + PartialEq> TradeFeed for Study<I> {
    fn record(&mut self, trade: &Trade) -> Result<(), FeedError> {
        self.candles.cursor.admit_trade(trade)?;
        self.candles.cursor.advance_time(trade.time);
        self.take_closed();
        self.take_trade(trade);
        self.candles.cursor.advance(trade.seq, trade.time, Ok(()))
    }

    fn advance(&mut self, time: Timestamp) {
        self.candles.cursor.advance_time(time);
        self.take_closed();
    }
}
