//! `cargo verify`: every check of this repository, as named steps that stop at the first failure.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::clock::clock;
use crate::invocation::StepError;
use crate::workspace::{Workspace, WorkspaceError};

mod deny;
mod fuzz;
mod steps;

use steps::{Outcome, STEPS, Step};

const HELP: &str = "\
Runs every check of this repository, or only the steps that are named, and stops at the first failure.

Usage: cargo verify [OPTIONS] [STEP]...

Options:
  --list   list the steps in the order in which they run
  --help   show this text

Examples:
  cargo verify               everything, as CI does it
  cargo verify fmt clippy    two steps, for instance before a commit
  FUZZ_SECONDS=600 cargo verify fuzz    ten minutes for each fuzz target instead of one";

/// The exit code for a command line that makes no sense, as shells use it.
const USAGE_ERROR: u8 = 2;

/// What the command line asks for.
#[derive(Debug)]
enum Request {
    Help,
    List,
    Run(Vec<&'static Step>),
}

/// A word on the command line that is neither a step nor an option.
#[derive(Debug)]
struct UnknownWord(String);

/// How one step went and how long it took.
#[derive(Debug)]
struct Finished {
    name: &'static str,
    outcome: Outcome,
    took: Duration,
}

/// Runs the task with the arguments after `cargo verify`.
pub fn run(arguments: &[String]) -> ExitCode {
    match parse(arguments) {
        Ok(Request::Help) => {
            println!("{HELP}");
            ExitCode::SUCCESS
        }
        Ok(Request::List) => {
            print_steps();
            ExitCode::SUCCESS
        }
        Ok(Request::Run(steps)) => run_steps(&steps),
        Err(UnknownWord(word)) => {
            eprintln!("`{word}` is neither a step nor an option; `cargo verify --list` shows the steps");
            ExitCode::from(USAGE_ERROR)
        }
    }
}

/// Steps run in their own order whatever the order of the arguments, because the cheap ones come first.
fn parse(arguments: &[String]) -> Result<Request, UnknownWord> {
    if arguments.iter().any(|word| word == "--help" || word == "-h") {
        return Ok(Request::Help);
    }
    if arguments.iter().any(|word| word == "--list") {
        return Ok(Request::List);
    }
    if let Some(word) = arguments
        .iter()
        .find(|word| STEPS.iter().all(|step| step.name != word.as_str()))
    {
        return Err(UnknownWord(word.clone()));
    }
    let wanted = |step: &&Step| arguments.is_empty() || arguments.iter().any(|word| word == step.name);
    Ok(Request::Run(STEPS.iter().filter(wanted).collect()))
}

fn print_steps() {
    for step in STEPS {
        println!("{:<9} {}", step.name, step.purpose);
    }
}

fn run_steps(steps: &[&'static Step]) -> ExitCode {
    let workspace = match Workspace::read() {
        Ok(workspace) => workspace,
        Err(error) => return stop_before_start(&error),
    };
    let start = Instant::now();
    let mut finished = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        let place = format!("[{}/{}] {}", index + 1, steps.len(), step.name);
        println!("\n{place}: {}", step.purpose);
        let step_start = Instant::now();
        match (step.run)(&workspace) {
            Ok(outcome) => {
                let took = step_start.elapsed();
                println!(
                    "{place}: {} in {}, {} since the start",
                    outcome,
                    clock(took),
                    clock(start.elapsed())
                );
                finished.push(Finished {
                    name: step.name,
                    outcome,
                    took,
                });
            }
            Err(error) => {
                print_failure(&place, step, &error, start.elapsed());
                return ExitCode::FAILURE;
            }
        }
    }
    print_summary(&finished, start.elapsed());
    ExitCode::SUCCESS
}

fn stop_before_start(error: &WorkspaceError) -> ExitCode {
    eprintln!("the crates of the workspace cannot be listed: {error}");
    ExitCode::FAILURE
}

fn print_failure(place: &str, step: &Step, error: &StepError, elapsed: Duration) {
    eprintln!("\n{place}: failed after {}", clock(elapsed));
    eprintln!("  because {error}");
    eprintln!("  repeat it with: cargo verify {}", step.name);
}

fn print_summary(finished: &[Finished], elapsed: Duration) {
    println!("\nstep          time  outcome");
    for step in finished {
        println!(
            "{:<9} {:>8}  {}",
            step.name,
            clock(step.took),
            step.outcome.report()
        );
    }
    let skipped: Vec<&str> = finished
        .iter()
        .filter(|step| !step.outcome.is_done())
        .map(|step| step.name)
        .collect();
    let rest = match skipped.as_slice() {
        [] => "nothing was left out".to_owned(),
        names => format!("left out: {}", names.join(", ")),
    };
    println!("cargo verify: no check failed in {}; {rest}", clock(elapsed));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(arguments: &[&str]) -> Vec<&'static str> {
        let words: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
        match parse(&words) {
            Ok(Request::Run(steps)) => steps.iter().map(|step| step.name).collect(),
            other => panic!("{arguments:?} should run steps, not {other:?}"),
        }
    }

    #[test]
    fn no_argument_runs_every_step() {
        assert_eq!(names(&[]).len(), STEPS.len());
    }

    #[test]
    fn named_steps_run_in_their_own_order() {
        assert_eq!(names(&["test", "fmt"]), ["fmt", "test"]);
    }

    #[test]
    fn an_unknown_word_is_refused_by_name() {
        let refused = parse(&["fmt".to_owned(), "fnt".to_owned()]);
        assert!(matches!(refused, Err(UnknownWord(word)) if word == "fnt"));
    }

    #[test]
    fn step_names_are_unique() {
        for step in STEPS {
            assert_eq!(
                STEPS.iter().filter(|other| other.name == step.name).count(),
                1,
                "{}",
                step.name
            );
        }
    }

    #[test]
    fn the_contributing_page_explains_every_step() {
        let page = include_str!("../../../docs/contributing.md");
        for step in STEPS {
            assert!(
                page.contains(&format!("\n| `{}` | ", step.name)),
                "docs/contributing.md lacks {}",
                step.name
            );
        }
    }
}
