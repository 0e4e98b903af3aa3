//! `exchange-server replay`, run as a user runs it: lines in, lines out.

mod program;

mod orders;

mod accounts;
mod balances;

mod phases;

mod questions;

mod refusals;

mod input;

mod page;

mod summary;
