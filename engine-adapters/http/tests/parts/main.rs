//! The parts of the server, each without a socket and with a clock that the test moves.

mod hub;
mod hub_model;
mod identity;
mod limits;
mod signed;
mod time;
