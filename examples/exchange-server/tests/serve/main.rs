//! `exchange-server serve`, started as a user starts it.

mod lifecycle;
mod program;
mod refusals;
