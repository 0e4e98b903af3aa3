//! Order flow: what it consists of, how it is made, and how it is kept in a file.

mod command;
mod draw;
mod flow;
mod format;
mod generate;
mod ladder;

pub use command::{Command, Header, Kind, Workload};
pub use flow::{Flow, Recipe, UnknownFlow};
pub use format::FormatError;
pub use generate::generate;
