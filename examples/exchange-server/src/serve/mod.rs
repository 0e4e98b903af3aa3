//! `exchange-server serve`: the whole exchange in one process.

mod arguments;
mod demo;
mod exchange;
mod failure;
mod funds;
mod options;
mod past;
mod telemetry;
mod traders;

use std::ffi::OsString;
use std::fmt::Display;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

pub(crate) use self::arguments::ServeArguments;
use self::options::Options;

/// Serves until a signal comes.
pub(crate) fn run(arguments: &ServeArguments) -> ExitCode {
    let environment = environment();
    if arguments.check_config {
        return check(arguments, &environment);
    }
    run_with(arguments, &environment, |_| ())
}

/// Says what a configuration comes to, or what is wrong with it.
pub(crate) fn check_config(file: Option<PathBuf>) -> ExitCode {
    let arguments = ServeArguments {
        config: file.or_else(|| std::env::var_os("XTRADER_CONFIG").map(PathBuf::from)),
        ..ServeArguments::default()
    };
    check(&arguments, &environment())
}

fn check(arguments: &ServeArguments, environment: &[(String, String)]) -> ExitCode {
    let options = match Options::read(arguments, environment) {
        Ok(options) => options,
        Err(error) => return refuse(&error),
    };
    if let Err(error) = exchange::check(&options) {
        return refuse(&error);
    }
    print!("{}", options.settings);
    ExitCode::SUCCESS
}

fn refuse(error: &dyn Display) -> ExitCode {
    eprintln!("exchange-server: {error}");
    ExitCode::from(2)
}

/// The environment as far as it is text: every key of the configuration is.
fn environment() -> Vec<(String, String)> {
    let text = |text: OsString| text.to_string_lossy().into_owned();
    let all = std::env::vars_os().map(|(name, value)| (text(name), text(value)));
    all.collect()
}

/// Serves until a signal comes; `greet` is told the addresses of REST and WebSocket when everything is ready.
pub(crate) fn run_with(
    arguments: &ServeArguments,
    environment: &[(String, String)],
    greet: impl FnOnce(&[SocketAddr]),
) -> ExitCode {
    let options = match Options::read(arguments, environment) {
        Ok(options) => options,
        Err(error) => return refuse(&error),
    };
    match exchange::serve(&options, greet) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("exchange-server: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}
