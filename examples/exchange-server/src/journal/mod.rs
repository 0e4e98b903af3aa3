//! `journal`: looking into the data of a server, mending them, writing them out.

mod arguments;

mod error;

mod open;

mod start;

mod commands;

mod events;

mod inspect;

mod verify;

mod plan;

mod repair;

mod lines;

mod export;

use std::process::ExitCode;

pub(crate) use arguments::JournalArguments;
use arguments::JournalTask;
pub(crate) use commands::Commands;
pub(crate) use error::JournalError;
pub(crate) use events::Events;
pub(crate) use open::OpenJournal;
pub(crate) use start::{Wish, stage};

/// Does what the arguments name.
pub(crate) fn run(arguments: &JournalArguments) -> ExitCode {
    let outcome = match &arguments.task {
        JournalTask::Verify(arguments) => verify::run(arguments),
        JournalTask::Repair(arguments) => repair::run(arguments),
        JournalTask::Export(arguments) => export::run(arguments),
    };
    match outcome {
        Ok(code) => code,
        // Whoever reads the output has seen enough.
        Err(JournalError::Write(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("exchange-server: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
