//! `cargo mutation`: breaks the code in one place after another and asks whether a test notices, with cargo-mutants.

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

mod areas;
mod arguments;
mod report;

use areas::{AREAS, Area};
use arguments::{Request, Wanted, parse};
use report::Report;

use crate::clock::clock;
use crate::invocation::{Invocation, StepError};
use crate::workspace::Workspace;

const HELP: &str = "\
Breaks the code in one place after another, runs the tests each time, and says which faults no test noticed.

Usage: cargo mutation [OPTIONS] [AREA]... [-- OPTION OF CARGO-MUTANTS...]

Options:
  --shard K/N    only every Nth fault, counted from the Kth: a sample that anybody can draw again
  --all-tests    each fault meets every test of its crate, also those that take seconds
  --list         list the areas
  --help         show this text

Examples:
  cargo mutation                             everything; that takes ten hours or more
  cargo mutation journal --shard 0/10        a tenth of the journal
  cargo mutation accounts --all-tests -- --re 'in Ledger::admit'    the faults whose names match";

/// The exit code for a command line that makes no sense, as shells use it.
const USAGE_ERROR: u8 = 2;
/// Fewer killed faults than this fail the task.
const KILLED_PERCENT_MIN: u64 = 90;
/// What cargo-mutants ends with when some faults survived, and when the tests did not come to an end with some.
const SOME_SURVIVED: [i32; 2] = [2, 3];

/// Runs the task with the arguments after `cargo mutation`.
pub fn run(arguments: &[String]) -> ExitCode {
    let wanted = match parse(arguments) {
        Ok(Request::Help) => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Ok(Request::List) => {
            for area in AREAS {
                println!("{:<9} {}", area.name, area.purpose);
            }
            return ExitCode::SUCCESS;
        }
        Ok(Request::Run(wanted)) => wanted,
        Err(reason) => {
            eprintln!("{reason}; `cargo mutation --help` explains");
            return ExitCode::from(USAGE_ERROR);
        }
    };
    if Invocation::cargo("mutants --version").answer().is_none() {
        eprintln!(
            "cargo-mutants is missing; `cargo install --locked cargo-mutants` brings it within minutes"
        );
        return ExitCode::FAILURE;
    }
    match run_areas(&wanted) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("the faults cannot be tried: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether enough faults were killed in each area.
fn run_areas(wanted: &Wanted) -> Result<bool, StepError> {
    let workspace = Workspace::read().map_err(|_| StepError::Answer {
        command: "cargo metadata".to_owned(),
    })?;
    let mut summary = String::new();
    let mut is_good = true;
    for area in &wanted.areas {
        let start = Instant::now();
        let out = workspace.target.join("mutation").join(area.name);
        fs::create_dir_all(&out).map_err(StepError::at(&out))?;
        try_faults(area, wanted, &out)?;
        let report = Report::read(&out.join("mutants.out"))?;
        for survivor in &report.survivors {
            println!("survived: {survivor}");
        }
        is_good &= report.is_killed(KILLED_PERCENT_MIN);
        summary.push_str(&format!(
            "{:<9} {report}, {}\n",
            area.name,
            clock(start.elapsed())
        ));
    }
    print!("\n{summary}");
    if !is_good {
        eprintln!("fewer than {KILLED_PERCENT_MIN} % were killed");
    }
    Ok(is_good)
}

fn try_faults(area: &Area, wanted: &Wanted, out: &Path) -> Result<(), StepError> {
    match invocation(area, wanted, out).run() {
        Err(StepError::Exit { status, .. })
            if status.code().is_some_and(|code| SOME_SURVIVED.contains(&code)) =>
        {
            Ok(())
        }
        other => other,
    }
}

fn invocation(area: &Area, wanted: &Wanted, out: &Path) -> Invocation {
    let mut invocation = Invocation::cargo("mutants --colors never --output").args([out]);
    invocation = invocation.args(area.files.iter().map(|files| format!("--file={files}")));
    if let Some(shard) = &wanted.shard {
        invocation = invocation.args(["--sharding=round-robin", "--shard", shard]);
    }
    if !wanted.with_all_tests {
        let targets = area.targets.iter().map(|target| format!("--cargo-arg={target}"));
        let skipped = area.slow_tests.iter().flat_map(|test| ["--skip", test]);
        let skipped = ["--"].into_iter().chain(skipped);
        invocation = invocation
            .args(targets)
            .args(skipped.map(|word| format!("--cargo-test-arg={word}")))
            .env("ENGINE_STREAMS", areas::STREAMS.to_string());
    }
    invocation.args(&wanted.passed_on)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(words: &[&str]) -> String {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        match parse(&words) {
            Ok(Request::Run(wanted)) => invocation(wanted.areas[0], &wanted, Path::new("out")).to_string(),
            other => panic!("{words:?} should run, not {other:?}"),
        }
    }

    #[test]
    fn a_sample_meets_the_quick_tests() {
        let line = line(&["journal", "--shard", "3/10", "--", "--in-place"]);
        assert!(line.starts_with("ENGINE_STREAMS="), "{line}");
        for part in [
            " --output out --file=engine-adapters/journal/src/** --sharding=round-robin --shard 3/10 ",
            " --cargo-arg=--test=journal ",
            " --cargo-test-arg=-- --cargo-test-arg=--skip ",
        ] {
            assert!(line.contains(part), "`{part}` is not in `{line}`");
        }
        assert!(line.ends_with(" --in-place"), "{line}");
    }

    #[test]
    fn with_all_tests_nothing_is_left_out() {
        let line = line(&["journal", "--all-tests"]);
        assert!(line.starts_with("cargo mutants "), "{line}");
        assert!(!line.contains("arg="), "{line}");
    }

    #[test]
    fn the_page_lists_every_area() {
        let page = include_str!("../../../docs/mutation-testing.md");
        for area in AREAS {
            assert!(
                page.contains(&format!("\n| {} | ", area.name)),
                "docs/mutation-testing.md lacks {}",
                area.name
            );
        }
    }
}
