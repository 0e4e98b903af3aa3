//! The exchange server, cut into parts that know as little of each other as they can.
//!
//! - [`identity`] knows who calls: users, passwords, tokens and API keys.
//! - [`limits`] knows how much may be asked for.
//! - [`hub`] hands messages to connections.
//!
//! Time is an argument of everything here; no part asks a clock.

pub mod hub;
pub mod identity;
pub mod limits;
