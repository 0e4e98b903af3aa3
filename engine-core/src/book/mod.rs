//! Resting orders with price-time priority, and nothing else.
//!
//! ```text
//!                 Orders<D>: one store, for one book or many
//!   id ──────▶ slot ─▶ record {id, quantity, price and flags, next, prev}   32 bytes, and a D beside it
//!                         ▲ │
//!                    head │ │ next, prev: the queue of a price, first to last
//!                         │ ▼
//!   price ─▶ rank ─▶ level {head, tail, quantity}                           16 bytes
//!                 Sides: for each side a ladder of levels, and a tree for what stands behind
//!
//!   ladder:    far (tree) ◀──── low  [ window: ring of levels + bitmap ]  high ────▶ far (tree)
//!                                              best ▲
//! ```
//!
//! An order lives in a slot of [`Orders`] from `insert` to `remove`. In between it is *parked* (in no queue)
//! or stands in one of the two queues of its price: [`Queue::Displayed`], or [`Queue::Behind`], which trades
//! after it. A *rank* is a price of which more is better, on both sides.
//!
//! The structure that matters is the [ladder](ladder::Ladder): a level near the best price is found by masking
//! its rank and the next one by a bitmap, whatever the number of levels. The window follows the best price a
//! few levels at a time and grows when much is asked for just outside of it. Where it lies, where an id lies in
//! its index and which slot an order gets are invisible from outside, except that ids that are handed out name
//! their slot.
//!
//! Nothing here stalls while it grows: no operation moves more than some dozens of kilobytes.
//! `docs/decisions/0003-the-book.md` has the alternatives and their figures.

mod ahead;
mod far;
mod follow;
mod index;
mod ladder;
mod level;
mod order_book;
mod orders;
mod record;
mod restore;
mod sides;
mod slab;
mod tree;
mod window;

#[cfg(test)]
mod tests;

pub use ahead::Upcoming;
pub use order_book::{InsertError, OrderBook, ReduceError, RestingOrder};
pub use orders::OrderIds;

pub(crate) use ahead::{AHEAD, Venue, load};
pub(crate) use index::{Index, Keys};
pub(crate) use orders::{NewOrder, Orders, Queue, Slot, Vacancy, View};
pub(crate) use restore::RestoreError;
pub use sides::Fill;
pub(crate) use sides::Sides;
pub(crate) use slab::Slab;
