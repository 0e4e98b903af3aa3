//! The chores of this repository: one task per alias in `.cargo/config.toml`.
//!
//! A task is a name, a line of help and a function. Adding one means a module here, an entry in [`TASKS`] and an
//! alias.

use std::process::ExitCode;

mod clock;
pub mod demo;
mod invocation;
pub mod mutation;
#[cfg(doctest)]
mod pages;
pub mod soak;
pub mod verify;
pub mod workspace;

/// A chore that an alias starts.
#[derive(Debug)]
pub struct Task {
    /// The word after `cargo`.
    pub name: &'static str,
    /// What the task does, in one line.
    pub purpose: &'static str,
    /// Runs the task with the arguments that follow its name.
    pub run: fn(&[String]) -> ExitCode,
}

/// Every task, in the order in which the help lists them.
pub const TASKS: &[Task] = &[
    Task {
        name: "demo",
        purpose: "builds the exchange and starts it with simulated traders",
        run: demo::run,
    },
    Task {
        name: "verify",
        purpose: "runs every check there is",
        run: verify::run,
    },
    Task {
        name: "soak",
        purpose: "runs the random and the long tests for as long as it is told to",
        run: soak::run,
    },
    Task {
        name: "mutation",
        purpose: "breaks the code on purpose and says what no test notices",
        run: mutation::run,
    },
];
