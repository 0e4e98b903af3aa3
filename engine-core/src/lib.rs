//! A deterministic, embeddable matching engine: no I/O, no async, no clock, no randomness, no threads.

mod types;

#[allow(
    dead_code,
    unused_imports,
    reason = "the market, which uses all of it, comes next"
)]
mod book;

pub use book::OrderIds;
pub use types::{
    AccountId, AssetId, GroupId, InstrumentId, Notional, OrderId, Price, Qty, Seq, Side, Timestamp,
};
