//! A deterministic, embeddable matching engine: no I/O, no async, no clock, no randomness, no threads.

mod types;

pub use types::{
    AccountId, AssetId, GroupId, InstrumentId, Notional, OrderId, Price, Qty, Seq, Side, Timestamp,
};
