//! All projections together, over all instruments: each event is looked at once, each order kept once.

mod events;
mod image;

pub use image::{InstrumentImage, ProjectionsImage};

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::candles::Candles;
use super::cells::Cells;
use super::depth::{Depth, DepthLevel, DepthUpdate, Drained, Shown};
use super::feed::Cursor;
use super::interval::Interval;
use super::orders::{Lives, OrderState};
use super::statistics::{Statistics, Summary};
use super::trades::Trades;
use crate::book::OrderIds;
use crate::types::{AccountId, InstrumentId, OrderId, Side};

/// Which projections are on, and how much each may hold.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct ProjectionsConfig {
    /// Which part of the stream comes.
    pub feed: Feed,
    /// The most instruments.
    pub instruments_max: u32,
    /// The most orders at once: the engine's own limit.
    pub orders_max: u32,
    /// Who names the orders: as the engine was built.
    pub ids: OrderIds,
    /// The displayed book of each instrument, and how many changed levels are remembered until the next update
    /// is handed out (0 where nobody asks for updates).
    pub depth_changes_max: Option<usize>,
    /// The newest trades of each instrument, and how many.
    pub trades_max: Option<usize>,
    /// The candles of each instrument.
    pub candles: Option<CandlesConfig>,
    /// The statistics of each instrument, and how many trades are remembered one by one.
    pub statistics_trades_max: Option<usize>,
    /// The states of all orders, and how many closed ones are kept.
    pub closed_orders_max: Option<u32>,
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
pub struct CandlesConfig {
    /// The intervals.
    pub intervals: Vec<Interval>,
    /// How many candles of each are kept.
    pub candles_max: usize,
}

impl ProjectionsConfig {
    /// Everything is off, and the whole stream comes, of up to 10,000 instruments and a million orders.
    pub const OFF: Self = Self {
        feed: Feed::Whole,
        instruments_max: 10_000,
        orders_max: 1_000_000,
        ids: OrderIds::Assigned,
        depth_changes_max: None,
        trades_max: None,
        candles: None,
        statistics_trades_max: None,
        closed_orders_max: None,
    };
}

impl Default for ProjectionsConfig {
    /// Everything is on: of each instrument a thousand changed levels, trades, and candles of each usual
    /// interval, and 65,536 trades of statistics; and ten thousand closed orders.
    fn default() -> Self {
        Self {
            depth_changes_max: Some(1_000),
            trades_max: Some(1_000),
            candles: Some(CandlesConfig {
                intervals: Interval::USUAL.to_vec(),
                candles_max: 1_000,
            }),
            statistics_trades_max: Some(65_536),
            closed_orders_max: Some(10_000),
            ..Self::OFF
        }
    }
}

/// The projections of an engine's stream.
///
/// What it hands out is as of the last batch, whichever instrument that concerned. Books and orders are the sum
/// of all that events have said of them, so the stream must be fed from its beginning, or from where an image
/// was taken.
///
/// An order is open from the moment it is accepted. When it closes its state stays to be asked for until it is
/// handed out ([`pop_closed_order`](Self::pop_closed_order), to be archived) or `closed_orders_max` more have
/// closed; what was not handed out by then is lost, and counted
/// ([`closed_orders_lost`](Self::closed_orders_lost)). A market order by value has no quantity: it is `Filled`
/// at the end of the batch that accepted it, unless it was cancelled. A refused order is a closed one, if it
/// had an id that stands for nothing else.
///
/// ```
/// use engine_core::data::{Projection, Projections, ProjectionsConfig};
/// use engine_core::{Event, EventBatch, InstrumentId, OrderId, Price, Qty, Seq, Side, Timestamp};
///
/// let instrument = InstrumentId::new(0);
/// let config = ProjectionsConfig { depth_changes_max: Some(0), ..ProjectionsConfig::OFF };
/// let mut projections = Projections::new(config);
/// let rested = Event::Rested {
///     instrument,
///     order: OrderId::new(1),
///     side: Side::Sell,
///     price: Price::new(101),
///     displayed: Qty::new(3),
/// };
/// let events = [Event::Listed { instrument }, rested];
/// projections.apply(&EventBatch { seq: Seq::new(1), time: Timestamp::ZERO, events: &events })?;
/// let depth = projections.depth(instrument).expect("it is listed");
/// assert_eq!(depth.best(Side::Sell).map(|best| best.price), Some(Price::new(101)));
/// # Ok::<(), engine_core::data::FeedError>(())
/// ```
pub struct Projections {
    config: ProjectionsConfig,
    cursor: Cursor,
    instruments: Vec<Option<Box<Instrument>>>,
    /// All open orders (where their states are on) or all displayed ones.
    cells: Cells,
    lives: Option<Lives>,
}

/// What there is of one instrument. Its projections' own cursors are set when somebody asks for them.
struct Instrument {
    shown: Option<Shown>,
    trades: Option<Trades>,
    candles: Option<Candles>,
    statistics: Option<Statistics>,
}

/// The statistics of an instrument and its best prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticker {
    /// The last 24 hours.
    pub summary: Summary,
    /// The best bid, if books are on and there is one.
    pub best_bid: Option<DepthLevel>,
    /// The best ask, if books are on and there is one.
    pub best_ask: Option<DepthLevel>,
}

impl Projections {
    /// Nothing is listed yet.
    pub fn new(config: ProjectionsConfig) -> Self {
        let (ids, orders_max) = (config.ids, config.orders_max);
        Self {
            cursor: Cursor::default(),
            instruments: Vec::new(),
            cells: Cells::new(ids, orders_max),
            lives: config
                .closed_orders_max
                .map(|max| Lives::new(max, ids, orders_max)),
            config,
        }
    }

    /// The instruments that are listed, by id.
    pub fn instruments(&self) -> impl Iterator<Item = InstrumentId> {
        let listed = (0..)
            .zip(&self.instruments)
            .filter(|(_, instrument)| instrument.is_some());
        listed.map(|(number, _)| InstrumentId::new(number))
    }

    /// The displayed book of an instrument, if it is listed and books are on.
    pub fn depth(&self, instrument: InstrumentId) -> Option<Depth<'_>> {
        let listed = self.instruments.get(instrument.get() as usize)?.as_deref()?;
        Some(Depth {
            shown: listed.shown.as_ref()?,
            cells: &self.cells,
            sequence: self.cursor.last().unwrap_or_default(),
            time: self.cursor.time(),
        })
    }

    /// Puts the levels of a displayed book that have changed since the last call into `update`: everything that
    /// a copy of the book as of then needs to become the book as of now. Several batches become one update.
    /// `None` if the instrument is not listed or books are off.
    pub fn drain_depth_update(
        &mut self,
        instrument: InstrumentId,
        update: &mut DepthUpdate,
    ) -> Option<Drained> {
        let (last, time) = (self.cursor.last().unwrap_or_default(), self.cursor.time());
        let shown = self.listed(instrument)?.shown.as_mut()?;
        Some(shown.drain_update(last, time, update))
    }

    /// The newest trades of an instrument, if it is listed and trades are on.
    pub fn trades(&mut self, instrument: InstrumentId) -> Option<&Trades> {
        let cursor = self.cursor;
        let trades = self.listed(instrument)?.trades.as_mut()?;
        trades.cursor = cursor;
        Some(trades)
    }

    /// The candles of an instrument, if it is listed and candles are on.
    pub fn candles(&mut self, instrument: InstrumentId) -> Option<&Candles> {
        let cursor = self.cursor;
        let candles = self.listed(instrument)?.candles.as_mut()?;
        candles.cursor = cursor;
        Some(candles)
    }

    /// The statistics of an instrument, if it is listed and statistics are on.
    pub fn statistics(&mut self, instrument: InstrumentId) -> Option<&Statistics> {
        let cursor = self.cursor;
        let statistics = self.listed(instrument)?.statistics.as_mut()?;
        statistics.cursor = cursor;
        statistics.expire(cursor.time());
        Some(statistics)
    }

    /// The statistics of an instrument and its best prices, if it is listed and statistics are on.
    pub fn ticker(&mut self, instrument: InstrumentId) -> Option<Ticker> {
        let summary = self.statistics(instrument)?.summary();
        let depth = self.depth(instrument);
        Some(Ticker {
            summary,
            best_bid: depth.and_then(|depth| depth.best(Side::Buy)),
            best_ask: depth.and_then(|depth| depth.best(Side::Sell)),
        })
    }

    /// The state of an order that is open or still kept, if order states are on.
    pub fn order(&self, order: OrderId) -> Option<OrderState> {
        self.lives.as_ref()?.state(&self.cells, order)
    }

    /// The open orders of an account, newest first; none if order states are off.
    pub fn open_orders(&self, account: AccountId) -> impl Iterator<Item = OrderState> {
        let lives = self.lives.iter();
        lives.flat_map(move |lives| lives.open(&self.cells, account))
    }

    /// How many orders are open; where order states are off, how many are displayed.
    pub fn order_count(&self) -> usize {
        self.cells.len()
    }

    /// The closed orders that are kept, the one that closed first first.
    pub fn closed_orders(&self) -> impl Iterator<Item = OrderState> {
        self.lives.iter().flat_map(Lives::closed)
    }

    /// Hands out the order that closed first and forgets it.
    #[inline]
    pub fn pop_closed_order(&mut self) -> Option<OrderState> {
        self.lives.as_mut()?.pop_closed()
    }

    /// How many closed orders were forgotten without having been handed out.
    pub fn closed_orders_lost(&self) -> u64 {
        self.lives.as_ref().map_or(0, Lives::closed_lost)
    }

    #[inline]
    fn listed(&mut self, instrument: InstrumentId) -> Option<&mut Instrument> {
        self.instruments
            .get_mut(instrument.get() as usize)?
            .as_deref_mut()
    }

    /// Walks everything and panics where an invariant is broken.
    #[doc(hidden)]
    pub fn check_invariants(&self) {
        self.cells.check_invariants();
        let shown = self
            .instruments
            .iter()
            .flatten()
            .filter_map(|listed| listed.shown.as_ref());
        let displayed: usize = shown.map(|shown| shown.check_invariants(&self.cells)).sum();
        let is_displayed = |slot: &u32| self.cells.at(*slot).is_displayed();
        assert_eq!(
            displayed,
            self.cells.slots().filter(is_displayed).count(),
            "an order is displayed in one book"
        );
    }
}

impl Instrument {
    fn new(instrument: InstrumentId, config: &ProjectionsConfig) -> Self {
        let candles = config.candles.as_ref();
        Self {
            shown: config.depth_changes_max.map(Shown::new),
            trades: config.trades_max.map(|max| Trades::new(instrument, max)),
            candles: candles.map(|candles| Candles::new(instrument, &candles.intervals, candles.candles_max)),
            statistics: config
                .statistics_trades_max
                .map(|max| Statistics::new(instrument, max)),
        }
    }
}

impl std::fmt::Debug for Projections {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Projections")
            .field("config", &self.config)
            .field("cursor", &self.cursor)
            .finish_non_exhaustive()
    }
}
