//! REST: one door for requests, one form for answers and errors.

mod admin;
pub(crate) mod answer;
pub(crate) mod caller;
pub(crate) mod context;
pub(crate) mod failure;
mod funds;
mod history;
pub(crate) mod idempotency;
mod market;
mod operations;
mod orders;
mod query;
mod routes;
mod schema;
mod users;

pub use self::admin::asset_specs;
pub(crate) use self::funds::welcome;
pub use self::routes::{Door, Rest};
