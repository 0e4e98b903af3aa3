//! Starts one task by its name: `cargo verify` is an alias for `engine-tasks verify`.

use std::env;
use std::process::ExitCode;

use engine_tasks::TASKS;

/// The exit code for a command line that makes no sense, as shells use it.
const USAGE_ERROR: u8 = 2;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let Some((name, rest)) = arguments.split_first() else {
        return refuse("no task was named");
    };
    match TASKS.iter().find(|task| task.name == name) {
        Some(task) => (task.run)(rest),
        None => refuse(&format!("there is no task `{name}`")),
    }
}

fn refuse(reason: &str) -> ExitCode {
    eprintln!("{reason}; the tasks are:");
    for task in TASKS {
        eprintln!("  cargo {:<10} {}", task.name, task.purpose);
    }
    ExitCode::from(USAGE_ERROR)
}
