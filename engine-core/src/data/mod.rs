//! Market data and order states: projections, which know nothing but events.
//!
//! [`Projections`] is all of them over an engine's whole stream, each switched on or off. Those that need only trades
//! can also be used one by one, and with the trades of any other source ([`TradeFeed`]):
//!
//! | projection | says |
//! |---|---|
//! | [`Depth`] | the displayed book: levels, orders, updates |
//! | [`OrderState`] | the life of an order as its owner sees it |
//! | [`Trades`] | the newest trades |
//! | [`Candles`] | what the price did in each minute, hour, day |
//! | [`Statistics`] | what happened in the last 24 hours |
//! | [`indicators::Study`] | an indicator over candles or trades |
//! | [`DepthReplica`] | somebody else's copy of a displayed book |
//!
//! The engine calls none of them, and they never ask it: the same events give the same state. What each means in
//! detail is on the page `docs/market-data.md`.

mod candles;
mod cells;
mod checksum;
mod depth;
mod feed;
pub mod indicators;
mod interval;
mod orders;
mod projections;
mod queue;
mod ratio;
mod replica;
mod statistics;
mod trades;
mod volume;

pub use candles::{Candle, CandleIter, Candles, CandlesImage};
pub use checksum::ChecksumUnits;
pub use depth::{Depth, DepthImage, DepthLevel, DepthOrder, DepthSnapshot, DepthUpdate, Drained};
pub use feed::{Cursor, Divergence, FeedError, Projection, RestoreError};
pub use interval::{Interval, IntervalError};
pub use orders::{OrderState, OrderStatus, OrdersImage};
pub use projections::{
    CandlesConfig, Feed, InstrumentImage, Projections, ProjectionsConfig, ProjectionsImage, Ticker,
};
pub use ratio::Ratio;
pub use replica::{DepthReplica, ReplicaError, Taken};
pub use statistics::{Entry, Slot, Statistics, StatisticsImage, Summary};
pub use trades::{Trade, TradeFeed, Trades, TradesImage};
pub use volume::{Turnover, Volume};
