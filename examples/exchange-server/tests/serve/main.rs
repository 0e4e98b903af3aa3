//! `exchange-server serve`, started as a user starts it.

mod demo;
mod deploy;
mod lifecycle;
mod program;
mod reader;
mod refusals;
#[cfg(feature = "otel")]
mod repeats;
mod signal;
mod soak;
mod traces;
