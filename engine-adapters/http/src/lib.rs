//! The exchange server, cut into parts that know as little of each other as they can.
//!
//! ```text
//! REST / WebSocket ── Command ──→ runtime
//!                                    │ released batches, numbered
//!                                    ├──→ completion: the ack of the one who asked
//!                                    └──→ views ──→ published state ──→ GET
//!                                           └────→ hub: bytes encoded once ──→ each connection's queue
//! ```
//!
//! - [`identity`] knows who calls: users, passwords, tokens and API keys.
//! - [`limits`] knows how much may be asked for.
//! - [`views`] is what everybody may ask for, made from events by one reading thread.
//! - [`hub`] hands messages to connections.
//! - [`Rest`] answers requests, [`Server`] holds the connections.
//!
//! Time is an argument of the parts; only [`App`] asks a clock.

mod app;
mod fanout;
pub mod hub;
pub mod identity;
pub mod limits;
mod metrics;
mod rest;
mod server;
pub mod views;
mod ws;

pub use self::app::{App, AppConfig, Auth, Simulated};
pub use self::fanout::Fanout;
pub use self::rest::{Door, Rest, asset_specs};
pub use self::server::{Server, ServerConfig};
