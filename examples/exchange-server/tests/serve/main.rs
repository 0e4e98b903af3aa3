//! `exchange-server serve`, started as a user starts it.

mod demo;
mod lifecycle;
mod program;
mod refusals;
