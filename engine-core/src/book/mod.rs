//! Resting orders with price-time priority, and nothing else.
//!
//! ```text
//!                 Orders<D>: one store, for one book or many
//!   id ──────▶ slot ─▶ cell {id, quantity, price and flags, and a D}        24 bytes and the D's
//!                   ─▶ links {next, prev}: the queue of a price             8 bytes
//!                         ▲
//!                    head │ tail
//!   price ─▶ rank ─▶ level {head, tail, quantity}                           16 bytes
//!                 Sides: for each side a ladder of displayed levels, and a tree for what stands behind
//!
//!   ladder:  rank / 64 ─▶ group {64 bits, 8 pages} ─▶ page of 8 levels: they never move
//!              in a window near the touch, with a bit for each group that has orders,
//!              in a tree elsewhere
//! ```
//!
//! An order lives in a slot of [`Orders`] from `insert` to `remove`. In between it is *parked* (in no queue)
//! or stands in one of the two queues of its price: [`Queue::Displayed`], or [`Queue::Behind`], which trades
//! after it. A *rank* is a price of which more is better, on both sides.
//!
//! The structure that matters is the [ladder](ladder::Ladder): a level near the best price is found by dividing its
//! rank, and the next one by bitmaps, whatever the number of levels. Pages are taken from a pool when a level needs one,
//! so memory follows the levels that there are. The window covers up to 65,536 ranks and moves seldom. Where it lies, where
//! an id lies in its index and which slot an order gets are invisible from outside, except that ids that are handed out
//! name their slot.
//!
//! Nothing here stalls while it grows: no operation moves more than some dozens of kilobytes.
//! `docs/decisions/0003-the-book.md` has the alternatives and their figures.

mod ahead;
mod cell;
mod fill;
mod index;
mod ladder;
mod level;
mod order_book;
mod orders;
mod pages;
mod record;
mod restore;
mod sides;
mod slab;
mod tree;
mod window;

#[cfg(test)]
mod tests;

pub use order_book::{InsertError, OrderBook, ReduceError, RestingOrder};
pub use orders::OrderIds;

pub(crate) use ahead::{AHEAD, load};
pub(crate) use cell::{CacheLine, Kept};
pub(crate) use index::{Index, Keys};
pub(crate) use ladder::Ladder;
pub(crate) use level::Level;
pub(crate) use orders::{NewOrder, Orders, Queue, Slot, Vacancy, View};
pub(crate) use record::{price_at, rank};
pub(crate) use restore::RestoreError;
pub use sides::Fill;
pub(crate) use sides::Sides;
pub(crate) use slab::Slab;
