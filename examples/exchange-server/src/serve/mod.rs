//! `exchange-server serve`: the whole exchange in one process.

mod arguments;
mod demo;
mod exchange;
mod failure;
mod options;
mod traders;

use std::process::ExitCode;

pub(crate) use self::arguments::ServeArguments;
use self::options::Options;

/// Serves until a signal comes.
pub(crate) fn run(arguments: &ServeArguments) -> ExitCode {
    let options = match Options::read(arguments) {
        Ok(options) => options,
        Err(error) => {
            eprintln!("exchange-server: {error}");
            return ExitCode::from(2);
        }
    };
    if arguments.check_config {
        println!("{options}");
        return ExitCode::SUCCESS;
    }
    match exchange::serve(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("exchange-server: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}
