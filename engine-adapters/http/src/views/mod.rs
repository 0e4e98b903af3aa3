//! Views: what everybody may ask for, made from released events by one reading thread.
//!
//! ```text
//! released batches ─→ Feed ─→ projections ─┬─→ questions (GET), under one short lock
//!                                          ├─→ messages, each written once ─→ the outlet
//!                                          └─→ closed orders and fills ─→ the archive
//! ```
//!
//! The reading thread holds the lock for one slice of batches at a time, and a question for as long as it takes to
//! write its answer. Nothing here is ever asked by the engine, and the engine never waits for anything here.

mod archive;
mod core;
mod fee;
mod feed;
mod fill;
mod gentle_file;
mod json;
mod lateness;
mod money;
mod orders;
mod outlet;
mod questions;
mod timing;

pub use self::archive::ArchiveError;
pub use self::feed::{Feed, Views, ViewsConfig, ViewsError};
pub use self::json::{text, write_account_id};
pub use self::orders::{FillCursor, NoCursor, OrderFilter, OrdersPage};
pub use self::outlet::{Kind, Outlet, PrivateChannel, PublicChannel, PublicTopic};
pub use self::questions::{BOOK_LEVELS_MAX, CANDLES_MAX, CandlesWanted, NoSuchSymbol, TRADES_MAX};

#[cfg(test)]
mod tests;
