//! `exchange-server serve`: the whole exchange in one process.

mod arguments;
mod demo;
mod exchange;
mod failure;
mod funds;
mod options;
mod past;
mod traders;

use std::net::SocketAddr;
use std::process::ExitCode;

pub(crate) use self::arguments::ServeArguments;
use self::options::Options;

/// Serves until a signal comes.
pub(crate) fn run(arguments: &ServeArguments) -> ExitCode {
    run_with(arguments, |_| ())
}

/// Serves until a signal comes; `greet` is told the addresses of REST and WebSocket when everything is ready.
pub(crate) fn run_with(arguments: &ServeArguments, greet: impl FnOnce(&[SocketAddr])) -> ExitCode {
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
    match exchange::serve(&options, greet) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("exchange-server: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}
