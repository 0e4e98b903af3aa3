//! All projections together, over all instruments: each event is looked at once.

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::candles::{Candles, CandlesImage};
use super::depth::{Depth, DepthImage, DepthLevel, DepthLimits};
use super::feed::{Cursor, Divergence, FeedError, Projection, RestoreError};
use super::interval::Interval;
use super::orders::{Orders, OrdersImage, OrdersLimits};
use super::statistics::{Statistics, StatisticsImage, Summary};
use super::trades::{Trade, Trades, TradesImage};
use crate::event::{Event, EventBatch};
use crate::types::{InstrumentId, Seq, Side, Timestamp};

/// Which projections are on, and how much each may hold.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct ProjectionsConfig {
    /// Which part of the stream comes.
    pub feed: Feed,
    /// The most instruments.
    pub instruments_max: u32,
    /// The displayed book of each instrument.
    pub depth: Option<DepthLimits>,
    /// The newest trades of each instrument, and how many.
    pub trades_max: Option<usize>,
    /// The candles of each instrument.
    pub candles: Option<CandlesLimits>,
    /// The statistics of each instrument, and how many trades are remembered one by one.
    pub statistics_trades_max: Option<usize>,
    /// The states of all orders.
    pub orders: Option<OrdersLimits>,
}

/// Which part of the stream comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum Feed {
    /// Every batch from the first on; a missing one is an error.
    Whole,
    /// Some batches are left out because they concern nothing here.
    Part,
}

/// Which candles there are, and how many of each.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct CandlesLimits {
    /// The intervals.
    pub intervals: Vec<Interval>,
    /// How many candles of each are kept.
    pub candles_max: usize,
}

impl Default for ProjectionsConfig {
    /// Everything is on: a thousand trades and a thousand candles of each usual interval, 65,536 trades of
    /// statistics for each of up to 10,000 instruments.
    fn default() -> Self {
        Self {
            feed: Feed::Whole,
            instruments_max: 10_000,
            depth: Some(DepthLimits::default()),
            trades_max: Some(1_000),
            candles: Some(CandlesLimits {
                intervals: Interval::USUAL.to_vec(),
                candles_max: 1_000,
            }),
            statistics_trades_max: Some(65_536),
            orders: Some(OrdersLimits::default()),
        }
    }
}

/// The projections of an engine's whole stream.
///
/// What it hands out is as of the last batch, whichever instrument that concerned.
///
/// ```
/// use engine_core::data::{Projection, Projections, ProjectionsConfig};
/// use engine_core::{Event, EventBatch, InstrumentId, OrderId, Price, Qty, Seq, Side, Timestamp};
///
/// let instrument = InstrumentId::new(0);
/// let mut projections = Projections::new(ProjectionsConfig {
///     orders: None,
///     ..ProjectionsConfig::default()
/// });
/// let rested = Event::Rested {
///     instrument,
///     order: OrderId::new(1),
///     side: Side::Sell,
///     price: Price::new(101),
///     displayed: Qty::new(3),
/// };
/// let events = [Event::Listed { instrument }, rested];
/// projections.apply(&EventBatch { seq: Seq::new(1), time: Timestamp::ZERO, events: &events })?;
/// let ticker = projections.ticker(instrument).expect("it is listed");
/// assert_eq!(ticker.best_ask.map(|best| best.price), Some(Price::new(101)));
/// # Ok::<(), engine_core::data::FeedError>(())
/// ```
#[derive(Debug)]
pub struct Projections {
    config: ProjectionsConfig,
    cursor: Cursor,
    instruments: Vec<Option<Box<Instrument>>>,
    orders: Option<Orders>,
}

/// What there is of one instrument. Its projections' own cursors are set when somebody asks for them.
#[derive(Debug)]
struct Instrument {
    depth: Option<Depth>,
    trades: Option<Trades>,
    candles: Option<Candles>,
    statistics: Option<Statistics>,
}

/// The statistics of an instrument and its best prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticker {
    /// The last 24 hours.
    pub summary: Summary,
    /// The best bid, if the displayed book is on and has one.
    pub best_bid: Option<DepthLevel>,
    /// The best ask, if the displayed book is on and has one.
    pub best_ask: Option<DepthLevel>,
}

/// A [`Projections`] as plain data.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct ProjectionsImage {
    /// The version of this image's form: [`Projections::IMAGE_VERSION`].
    pub version: u32,
    /// Which projections are on.
    pub config: ProjectionsConfig,
    /// How far they have come.
    pub cursor: Cursor,
    /// What there is of each instrument, by id.
    pub instruments: Vec<InstrumentImage>,
    /// The states of all orders.
    pub orders: Option<OrdersImage>,
}

/// What there is of one instrument as plain data.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct InstrumentImage {
    /// Which instrument.
    pub instrument: InstrumentId,
    /// Its displayed book.
    pub depth: Option<DepthImage>,
    /// Its newest trades.
    pub trades: Option<TradesImage>,
    /// Its candles.
    pub candles: Option<CandlesImage>,
    /// Its statistics.
    pub statistics: Option<StatisticsImage>,
}

impl Projections {
    /// The version of the form of [`ProjectionsImage`].
    pub const IMAGE_VERSION: u32 = 1;

    /// Nothing is listed yet.
    pub fn new(config: ProjectionsConfig) -> Self {
        Self {
            orders: config.orders.map(Orders::new),
            config,
            cursor: Cursor::default(),
            instruments: Vec::new(),
        }
    }

    /// The instruments that are listed, by id.
    pub fn instruments(&self) -> impl Iterator<Item = InstrumentId> {
        let listed = (0..).zip(&self.instruments).filter(|(_, instrument)| instrument.is_some());
        listed.map(|(number, _)| InstrumentId::new(number))
    }

    /// The displayed book of an instrument, if it is listed and books are on.
    pub fn depth(&mut self, instrument: InstrumentId) -> Option<&mut Depth> {
        let cursor = self.cursor;
        let depth = self.instrument(instrument)?.depth.as_mut()?;
        depth.cursor = cursor;
        Some(depth)
    }

    /// The newest trades of an instrument, if it is listed and trades are on.
    pub fn trades(&mut self, instrument: InstrumentId) -> Option<&Trades> {
        let cursor = self.cursor;
        let trades = self.instrument(instrument)?.trades.as_mut()?;
        trades.cursor = cursor;
        Some(trades)
    }

    /// The candles of an instrument, if it is listed and candles are on.
    pub fn candles(&mut self, instrument: InstrumentId) -> Option<&Candles> {
        let cursor = self.cursor;
        let candles = self.instrument(instrument)?.candles.as_mut()?;
        candles.cursor = cursor;
        Some(candles)
    }

    /// The statistics of an instrument, if it is listed and statistics are on.
    pub fn statistics(&mut self, instrument: InstrumentId) -> Option<&Statistics> {
        let cursor = self.cursor;
        let statistics = self.instrument(instrument)?.statistics.as_mut()?;
        statistics.cursor = cursor;
        statistics.expire(cursor.time());
        Some(statistics)
    }

    /// The statistics of an instrument and its best prices, if it is listed and statistics are on.
    pub fn ticker(&mut self, instrument: InstrumentId) -> Option<Ticker> {
        let summary = self.statistics(instrument)?.summary();
        let depth = self.instrument(instrument)?.depth.as_ref();
        let best = |side| depth.and_then(|depth| depth.best(side));
        Some(Ticker {
            summary,
            best_bid: best(Side::Buy),
            best_ask: best(Side::Sell),
        })
    }

    /// The states of all orders, if they are on.
    pub fn orders(&mut self) -> Option<&mut Orders> {
        let orders = self.orders.as_mut()?;
        orders.cursor = self.cursor;
        Some(orders)
    }

    #[inline]
    fn instrument(&mut self, instrument: InstrumentId) -> Option<&mut Instrument> {
        self.instruments.get_mut(instrument.get() as usize)?.as_deref_mut()
    }

    #[inline]
    fn admit(&self, batch: &EventBatch<'_>) -> Result<(), FeedError> {
        self.cursor.admit(batch.seq, batch.time)?;
        let expected = self.cursor.last().unwrap_or_default().next();
        if self.config.feed == Feed::Whole && batch.seq != expected {
            return Err(FeedError::Gap {
                expected,
                got: batch.seq,
            });
        }
        Ok(())
    }

    #[inline]
    fn event(&mut self, batch: &EventBatch<'_>, index: usize, event: &Event) -> Result<(), Divergence> {
        match *event {
            Event::Rested { instrument, .. }
            | Event::Pulled { instrument, .. }
            | Event::Reduced { instrument, .. }
            | Event::Replenished { instrument, .. }
            | Event::Cancelled { instrument, .. } => {
                let listed = self.instrument(instrument).ok_or(Divergence::Instrument(instrument))?;
                if let Some(depth) = &mut listed.depth {
                    depth.event(event)?;
                }
            }
            Event::Traded { instrument, .. } => {
                let listed = self.instrument(instrument).ok_or(Divergence::Instrument(instrument))?;
                listed.traded(instrument, batch, index, event)?;
            }
            Event::Listed { instrument } => self.list(instrument)?,
            _ => {}
        }
        match &mut self.orders {
            Some(orders) => orders.event(batch.time, event),
            None => Ok(()),
        }
    }

    fn list(&mut self, instrument: InstrumentId) -> Result<(), Divergence> {
        if instrument.get() >= self.config.instruments_max {
            return Err(Divergence::InstrumentsMax(self.config.instruments_max));
        }
        let at = instrument.get() as usize;
        if self.instruments.len() <= at {
            self.instruments.resize_with(at + 1, || None);
        }
        if self.instruments[at].is_some() {
            return Err(Divergence::Instrument(instrument));
        }
        self.instruments[at] = Some(Box::new(Instrument::new(instrument, &self.config)));
        Ok(())
    }
}

impl Instrument {
    fn new(instrument: InstrumentId, config: &ProjectionsConfig) -> Self {
        let candles = config.candles.as_ref();
        Self {
            depth: config.depth.map(|limits| Depth::new(instrument, limits)),
            trades: config.trades_max.map(|max| Trades::new(instrument, max)),
            candles: candles.map(|limits| Candles::new(instrument, &limits.intervals, limits.candles_max)),
            statistics: config.statistics_trades_max.map(|max| Statistics::new(instrument, max)),
        }
    }

    #[inline]
    fn traded(
        &mut self,
        instrument: InstrumentId,
        batch: &EventBatch<'_>,
        index: usize,
        event: &Event,
    ) -> Result<(), Divergence> {
        if let Some(depth) = &mut self.depth {
            depth.event(event)?;
        }
        let Some(trade) = Trade::of_event(instrument, batch, index) else {
            return Ok(());
        };
        if let Some(trades) = &mut self.trades {
            trades.push(trade);
        }
        if let Some(candles) = &mut self.candles {
            candles.trade(trade.time, trade.price, trade.quantity);
        }
        if let Some(statistics) = &mut self.statistics {
            statistics.trade(trade.time, trade.price, trade.quantity);
        }
        Ok(())
    }

    fn image(&self, instrument: InstrumentId, cursor: Cursor) -> InstrumentImage {
        InstrumentImage {
            instrument,
            depth: self.depth.as_ref().map(|depth| depth.image_at(cursor)),
            trades: self.trades.as_ref().map(|trades| trades.image_at(cursor)),
            candles: self.candles.as_ref().map(|candles| candles.image_at(cursor)),
            statistics: self.statistics.as_ref().map(|statistics| statistics.image_at(cursor)),
        }
    }

    fn restore(image: InstrumentImage) -> Result<Self, RestoreError> {
        Ok(Self {
            depth: image.depth.map(Depth::restore).transpose()?,
            trades: image.trades.map(Trades::restore).transpose()?,
            candles: image.candles.map(Candles::restore).transpose()?,
            statistics: image.statistics.map(Statistics::restore).transpose()?,
        })
    }
}

impl Projection for Projections {
    type Image = ProjectionsImage;

    fn apply(&mut self, batch: &EventBatch<'_>) -> Result<(), FeedError> {
        self.admit(batch)?;
        let mut events = batch.events.iter().enumerate();
        let mut outcome = events.try_for_each(|(index, event)| self.event(batch, index, event));
        if let Some(orders) = &mut self.orders {
            outcome = outcome.and_then(|()| orders.end_batch(batch.time));
        }
        self.cursor.advance(batch.seq, batch.time, outcome)
    }

    fn last(&self) -> Option<Seq> {
        self.cursor.last()
    }

    fn time(&self) -> Timestamp {
        self.cursor.time()
    }

    fn image(&self) -> ProjectionsImage {
        let listed = (0..).zip(&self.instruments).filter_map(|(number, instrument)| {
            let instrument = instrument.as_deref()?;
            Some(instrument.image(InstrumentId::new(number), self.cursor))
        });
        ProjectionsImage {
            version: Self::IMAGE_VERSION,
            config: self.config.clone(),
            cursor: self.cursor,
            instruments: listed.collect(),
            orders: self.orders.as_ref().map(|orders| orders.image_at(self.cursor)),
        }
    }

    fn restore(image: ProjectionsImage) -> Result<Self, RestoreError> {
        if image.version != Self::IMAGE_VERSION {
            return Err(RestoreError::Version(image.version));
        }
        if !image.is_as_configured() {
            return Err(RestoreError::Inconsistent("not what the configuration says"));
        }
        let mut restored = Self::new(image.config);
        restored.cursor = image.cursor;
        for instrument in image.instruments {
            let listed = restored.list(instrument.instrument);
            listed.map_err(|_| RestoreError::Inconsistent("an instrument that cannot be listed"))?;
            let at = instrument.instrument.get() as usize;
            restored.instruments[at] = Some(Box::new(Instrument::restore(instrument)?));
        }
        restored.orders = image.orders.map(Orders::restore).transpose()?;
        Ok(restored)
    }
}

impl ProjectionsImage {
    /// Whether exactly those projections are there that the configuration switches on, with its limits.
    fn is_as_configured(&self) -> bool {
        let config = &self.config;
        let fits = |image: &InstrumentImage| {
            let fresh = Instrument::new(image.instrument, config).image(image.instrument, self.cursor);
            let depth = |image: &DepthImage| (image.instrument, image.cursor, image.limits);
            let trades = |image: &TradesImage| (image.instrument, image.cursor, image.trades_max);
            let candles = |image: &CandlesImage| {
                let intervals: Vec<_> = image.series.iter().map(|(interval, _)| *interval).collect();
                (image.instrument, image.cursor, image.candles_max, intervals)
            };
            let statistics = |image: &StatisticsImage| (image.instrument, image.cursor, image.trades_max);
            image.depth.as_ref().map(depth) == fresh.depth.as_ref().map(depth)
                && image.trades.as_ref().map(trades) == fresh.trades.as_ref().map(trades)
                && image.candles.as_ref().map(candles) == fresh.candles.as_ref().map(candles)
                && image.statistics.as_ref().map(statistics) == fresh.statistics.as_ref().map(statistics)
        };
        self.instruments.iter().all(fits)
            && self.orders.as_ref().map(|orders| orders.limits) == config.orders
            && self.orders.as_ref().is_none_or(|orders| orders.cursor == self.cursor)
    }
}
