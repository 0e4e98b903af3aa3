//! `exchange-server serve`, started as a user starts it.

mod demo;
mod deploy;
mod lifecycle;
mod program;
mod refusals;
#[cfg(feature = "otel")]
mod traces;
