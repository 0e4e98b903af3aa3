//! Resting orders with price-time priority, and nothing else.
//!
//! ```text
//! Orders<D>   slot -> {id, quantity, price, links}        one store, may serve many books
//! Sides       side -> ladder -> level -> first .. last    one instrument's two sides
//! ```
//!
//! An order lives in a slot of [`Orders`] from `insert` to `remove`. In between it is *parked* (in no queue)
//! or stands in one of the two queues of its price: [`Queue::Displayed`], or [`Queue::Behind`], which trades
//! after it. Queues are linked through the slots, so a book holds no memory per order of its own.

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

pub use order_book::{InsertError, OrderBook, ReduceError, RestingOrder};
pub use orders::OrderIds;

pub(crate) use index::{Index, Keys};
pub(crate) use orders::{NewOrder, Orders, Queue, Slot, View};
pub(crate) use restore::RestoreError;
pub use sides::Fill;
pub(crate) use sides::Sides;
pub(crate) use slab::Slab;
