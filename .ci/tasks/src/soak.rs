//! `cargo soak`: the random and the long tests again and again, with other seeds, for as long as there is time.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitCode, ExitStatus};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

mod arguments;
mod runs;

use arguments::{Request, Wanted, parse};
use runs::{RUNS, Run};

use crate::clock::clock;
use crate::invocation::{Invocation, StepError};
use crate::workspace::Workspace;

const HELP: &str = "\
Runs the random and the long tests again and again, each time with another seed, until the time is over; what runs then is
let finish. It stops at the first failure and says how to repeat it.

Usage: cargo soak [OPTIONS]

Options:
  --minutes N    for how long, 30 by default
  --seed N       the seed of the first round, by default one that follows from the clock; each round adds 1
  --only NAME    only this test; may be given several times
  --list         list the tests
  --help         show this text

Examples:
  cargo soak --minutes 5
  cargo soak --only R9 --only R13
  cargo soak --seed 1234 --only R1    what failed there, once more";

/// The exit code for a command line that makes no sense, as shells use it.
const USAGE_ERROR: u8 = 2;

/// How often it is said that a test is still running.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);
/// How much of a test's output is repeated when it fails.
const TAIL_LINES: usize = 40;

/// Runs the task with the arguments after `cargo soak`.
pub fn run(arguments: &[String]) -> ExitCode {
    let wanted = match parse(arguments) {
        Ok(Request::Help) => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Ok(Request::List) => {
            for run in RUNS {
                println!("{:<8} {}", run.name, run.purpose);
            }
            return ExitCode::SUCCESS;
        }
        Ok(Request::Run(wanted)) => wanted,
        Err(reason) => {
            eprintln!("{reason}; `cargo soak --help` explains");
            return ExitCode::from(USAGE_ERROR);
        }
    };
    match soak(&wanted) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("the soak cannot go on: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What one test came to.
struct Tally {
    run: &'static Run,
    rounds: u64,
    took: Duration,
}

struct Soak {
    start: Instant,
    budget: Duration,
    first_seed: u64,
    logs: PathBuf,
    tallies: Vec<Tally>,
}

/// Whether nothing failed.
fn soak(wanted: &Wanted) -> Result<bool, StepError> {
    let workspace = Workspace::read().map_err(|_| StepError::Answer {
        command: "cargo metadata".to_owned(),
    })?;
    let logs = workspace.target.join("soak");
    fs::create_dir_all(&logs).map_err(StepError::at(&logs))?;
    let mut built = BTreeSet::new();
    for build in wanted.runs.iter().flat_map(|run| run.builds()) {
        if built.insert(build.to_string()) {
            build.run()?;
        }
    }
    let mut soak = Soak {
        start: Instant::now(),
        budget: Duration::from_secs(wanted.minutes * 60),
        first_seed: wanted.seed.unwrap_or_else(seed_of_the_clock),
        logs,
        tallies: wanted.runs.iter().map(|run| Tally::new(run)).collect(),
    };
    println!(
        "soaking for {} from ENGINE_SEED={} on: {}",
        clock(soak.budget),
        soak.first_seed,
        wanted
            .runs
            .iter()
            .map(|run| run.name)
            .collect::<Vec<_>>()
            .join(", ")
    );
    let is_good = soak.run_rounds(&workspace)?;
    soak.print_summary(is_good);
    Ok(is_good)
}

fn seed_of_the_clock() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(1, |since| since.as_secs())
}

impl Tally {
    fn new(run: &'static Run) -> Self {
        Self {
            run,
            rounds: 0,
            took: Duration::ZERO,
        }
    }
}

impl Soak {
    /// Whether all rounds were good. The first one is run whole, however little time there is.
    fn run_rounds(&mut self, workspace: &Workspace) -> Result<bool, StepError> {
        for round in 0.. {
            for index in 0..self.tallies.len() {
                if round > 0 && self.start.elapsed() >= self.budget {
                    return Ok(true);
                }
                let run = self.tallies[index].run;
                let start = Instant::now();
                let is_good = self.run_once(run, round, workspace)?;
                let tally = &mut self.tallies[index];
                tally.rounds += 1;
                tally.took += start.elapsed();
                if !is_good {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    fn run_once(&self, run: &Run, round: u64, workspace: &Workspace) -> Result<bool, StepError> {
        let seed = run.seed(self.first_seed, round);
        let invocation = run.invocation(seed, workspace);
        let log = self.logs.join(format!("{}.log", run.name));
        println!(
            "[{} of {}] round {}, {}: ENGINE_SEED={seed}",
            clock(self.start.elapsed()),
            clock(self.budget),
            round + 1,
            run.name
        );
        let child = invocation.start_silently(File::create(&log).map_err(StepError::at(&log))?)?;
        let status = wait(child, run.name).map_err(|source| StepError::Start {
            command: invocation.to_string(),
            source,
        })?;
        let text = fs::read(&log).map_err(StepError::at(&log))?;
        let text = String::from_utf8_lossy(&text);
        for line in text.lines().filter(|line| is_worth_saying(line)) {
            println!("  {line}");
        }
        if !status.success() {
            print_failure(&invocation, status, &log, &text);
        }
        Ok(status.success())
    }

    fn print_summary(&self, is_good: bool) {
        println!("\ntest      rounds  seeds                      time");
        for Tally { run, rounds, took } in self.tallies.iter().filter(|tally| tally.rounds > 0) {
            let (first, last) = (
                run.seed(self.first_seed, 0),
                run.seed(self.first_seed, rounds - 1),
            );
            println!(
                "{:<8} {rounds:>7}  {:<25} {:>7}",
                run.name,
                format!("{first}..={last}"),
                clock(*took)
            );
        }
        let outcome = if is_good {
            "no test failed"
        } else {
            "a test failed"
        };
        println!("cargo soak: {outcome} in {}", clock(self.start.elapsed()));
    }
}

/// Waits for a test, and says every now and then that it is still there.
fn wait(mut child: Child, name: &str) -> io::Result<ExitStatus> {
    let start = Instant::now();
    let (sender, ended) = mpsc::channel();
    thread::spawn(move || sender.send(child.wait()));
    loop {
        match ended.recv_timeout(SIGN_OF_LIFE) {
            Ok(status) => return status,
            Err(RecvTimeoutError::Timeout) => {
                println!("  {name} has been running for {}", clock(start.elapsed()))
            }
            Err(RecvTimeoutError::Disconnected) => unreachable!("the thread sends before it ends"),
        }
    }
}

/// What a test measured or left out, beside that it passed.
fn is_worth_saying(line: &str) -> bool {
    ["skipped: ", "measured: "].iter().any(|word| line.contains(word))
}

fn print_failure(invocation: &Invocation, status: ExitStatus, log: &Path, text: &str) {
    let lines: Vec<&str> = text.lines().collect();
    let tail = &lines[lines.len().saturating_sub(TAIL_LINES)..];
    eprintln!("\n{}\n", tail.join("\n"));
    eprintln!("failed with {status}; all of its output is in {}", log.display());
    eprintln!("repeat it with: {invocation}");
}
