//! Projections as plain data, and back.

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::{Instrument, Projections, ProjectionsConfig};
use crate::data::candles::{Candles, CandlesImage};
use crate::data::cells::{Cell, Cells};
use crate::data::depth::{Depth, DepthImage, Shown};
use crate::data::feed::{Cursor, FeedError, Projection, RestoreError};
use crate::data::orders::{Lives, OrdersImage};
use crate::data::statistics::{Statistics, StatisticsImage};
use crate::data::trades::{Trades, TradesImage};
use crate::event::EventBatch;
use crate::types::{InstrumentId, Seq, Timestamp};

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
    pub const IMAGE_VERSION: u32 = 2;

    fn image_of(&self, instrument: InstrumentId, listed: &Instrument) -> InstrumentImage {
        let (cursor, cells) = (self.cursor, &self.cells);
        let depth = |shown| Depth {
            shown,
            cells,
            sequence: cursor.last().unwrap_or_default(),
            time: cursor.time(),
        };
        InstrumentImage {
            instrument,
            depth: listed.shown.as_ref().map(|shown| shown.image(depth(shown))),
            trades: listed.trades.as_ref().map(|trades| trades.image_at(cursor)),
            candles: listed.candles.as_ref().map(|candles| candles.image_at(cursor)),
            statistics: listed
                .statistics
                .as_ref()
                .map(|statistics| statistics.image_at(cursor)),
        }
    }

    fn restore_instrument(&mut self, image: InstrumentImage) -> Result<(), RestoreError> {
        if !image.is_as_configured(&self.config, self.cursor) {
            return Err(RestoreError::Inconsistent(
                "an instrument unlike the configuration",
            ));
        }
        let listed = self.list(image.instrument);
        listed.map_err(|_| RestoreError::Inconsistent("an instrument that cannot be listed"))?;
        let depth = image.depth;
        let shown = depth
            .map(|depth| self.restore_shown(image.instrument, depth))
            .transpose()?;
        let restored = Instrument {
            shown,
            trades: image.trades.map(Trades::restore).transpose()?,
            candles: image.candles.map(Candles::restore).transpose()?,
            statistics: image.statistics.map(Statistics::restore).transpose()?,
        };
        self.instruments[image.instrument.get() as usize] = Some(Box::new(restored));
        Ok(())
    }

    fn restore_shown(&mut self, instrument: InstrumentId, image: DepthImage) -> Result<Shown, RestoreError> {
        if image.covered > self.cursor.last().unwrap_or_default() {
            return Err(RestoreError::Inconsistent(
                "an update of a batch that has not been",
            ));
        }
        let has_lives = self.lives.is_some();
        let changes_max = self.config.depth_changes_max.unwrap_or_default();
        let slot_of = |cells: &mut Cells, order, side| {
            if has_lives {
                return cells.find(order);
            }
            cells.insert(Cell::new(order, instrument, side)).ok()
        };
        Shown::restore(image, changes_max, &mut self.cells, slot_of)
    }
}

impl InstrumentImage {
    /// Whether exactly those projections are there that are switched on, with their limits, and as of the same
    /// batch as all others.
    fn is_as_configured(&self, config: &ProjectionsConfig, cursor: Cursor) -> bool {
        let head = |cursor: Cursor, max: usize| (self.instrument, cursor, max);
        let trades = self
            .trades
            .as_ref()
            .map(|image| (image.instrument, image.cursor, image.trades_max));
        let statistics = self
            .statistics
            .as_ref()
            .map(|image| (image.instrument, image.cursor, image.trades_max));
        let candles = self
            .candles
            .as_ref()
            .map(|image| (image.instrument, image.cursor, image.candles_max));
        let at_least_one = |max: Option<usize>| max.map(|max| head(cursor, max.max(1)));
        let intervals = || {
            let configured = config.candles.as_ref().map(|candles| {
                let fresh = Candles::new(self.instrument, &candles.intervals, 1);
                fresh.intervals().collect::<Vec<_>>()
            });
            let image = self.candles.as_ref().map(|image| {
                image
                    .series
                    .iter()
                    .map(|(interval, _)| *interval)
                    .collect::<Vec<_>>()
            });
            configured == image
        };
        self.depth.is_some() == config.depth_changes_max.is_some()
            && trades == at_least_one(config.trades_max)
            && statistics == at_least_one(config.statistics_trades_max)
            && candles == at_least_one(config.candles.as_ref().map(|candles| candles.candles_max))
            && intervals()
    }
}

impl Projection for Projections {
    type Image = ProjectionsImage;

    #[inline]
    fn apply(&mut self, batch: &EventBatch<'_>) -> Result<(), FeedError> {
        self.admit(batch)?;
        let outcome = self.take(batch);
        self.cursor.advance(batch.seq, batch.time, outcome)
    }

    fn last(&self) -> Option<Seq> {
        self.cursor.last()
    }

    fn time(&self) -> Timestamp {
        self.cursor.time()
    }

    fn image(&self) -> ProjectionsImage {
        let listed = (0..).zip(&self.instruments).filter_map(|(number, listed)| {
            Some(self.image_of(InstrumentId::new(number), listed.as_deref()?))
        });
        ProjectionsImage {
            version: Self::IMAGE_VERSION,
            config: self.config.clone(),
            cursor: self.cursor,
            instruments: listed.collect(),
            orders: self.lives.as_ref().map(|lives| lives.image(&self.cells)),
        }
    }

    fn restore(image: ProjectionsImage) -> Result<Self, RestoreError> {
        if image.version != Self::IMAGE_VERSION {
            return Err(RestoreError::Version(image.version));
        }
        let mut restored = Self::new(image.config);
        restored.cursor = image.cursor;
        restored.lives = match (image.orders, restored.config.closed_orders_max) {
            (Some(orders), Some(closed_max)) => {
                let store = (restored.config.ids, restored.config.orders_max);
                Some(Lives::restore(orders, closed_max, store, &mut restored.cells)?)
            }
            (None, None) => None,
            _ => {
                return Err(RestoreError::Inconsistent(
                    "order states unlike the configuration",
                ));
            }
        };
        for instrument in image.instruments {
            restored.restore_instrument(instrument)?;
        }
        Ok(restored)
    }
}
