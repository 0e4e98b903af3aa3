//! A complete exchange made of nothing but the engine and its adapters.

use std::process::ExitCode;

use clap::Parser;

mod cli;

mod progress;

mod journal;

mod replay;

mod serve;

mod demo;

mod bench;

mod drive;

fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    let Some(task) = arguments.task else {
        return serve::check_config(arguments.config);
    };
    match task {
        cli::Task::Bench(arguments) => match bench::run(&arguments) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("exchange-server: {error}");
                ExitCode::FAILURE
            }
        },
        cli::Task::Replay(arguments) => match replay::run(&arguments) {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                eprintln!("exchange-server: {failure}");
                ExitCode::from(failure.exit_code())
            }
        },
        cli::Task::Demo(arguments) => demo::run(&arguments),
        cli::Task::Serve(arguments) => serve::run(&arguments),
        cli::Task::Journal(arguments) => journal::run(&arguments),
        cli::Task::Drive(arguments) => drive::run(&arguments),
    }
}
