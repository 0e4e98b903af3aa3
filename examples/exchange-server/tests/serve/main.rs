//! `exchange-server serve`, started as a user starts it.

mod demo;
mod deploy;
mod lifecycle;
mod program;
mod reader;
mod refusals;
mod signal;
mod soak;
#[cfg(feature = "otel")]
mod traces;
