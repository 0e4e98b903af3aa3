//! `exchange-server bench`: how much a server on this machine takes, and how late it answers.
//!
//! ```text
//! Schedule ─ intended times ─→ connections ─ orders ─→ server ─ acks ───────→ Measured
//!                                                        └── messages ─→ private stream, subscribers ─┘
//! ```
//!
//! The load is open: an order is due when it is due, whether or not the ones before it have been answered, and its
//! latency counts from there. A server that stalls so shows in the figures with every order that had to wait.

mod arguments;

mod target;

mod http;

mod venue;

mod load;

mod schedule;

mod alarm;

mod orders;

mod stream;

mod executions;

mod subscribers;

mod measured;

mod report;

mod error;

mod run;

pub(crate) use arguments::BenchArguments;
pub(crate) use run::run;
