//! What the fuzz targets do with their bytes.

mod decimals;
mod order_book;
mod requests;
mod streams;

pub use decimals::decimals;
pub use order_book::order_book;
pub use requests::requests;
pub use streams::{commands, differential, snapshot};
