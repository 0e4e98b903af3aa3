//! A short run of every fuzz target over its committed corpus, on the stable toolchain and without cargo-fuzz.
//!
//! The flags are those of `cargo fuzz run --sanitizer none`: LLVM counts the edges, libFuzzer reads the counters.
//! Address sanitizing would need a nightly compiler and would find little in code that forbids `unsafe`.

use std::env;
use std::fs::{self, File};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::thread;

use super::steps::Outcome;
use crate::invocation::{Invocation, StepError};
use crate::workspace::{Package, Workspace, repository};

/// The variable that sets how long each target runs.
const SECONDS_VARIABLE: &str = "FUZZ_SECONDS";
const SECONDS_DEFAULT: u32 = 60;
/// More than this for a small input means that some length was believed before it was checked.
const MEMORY_MIB_MAX: u32 = 512;
/// A single input that takes longer has found something as bad as a crash.
const INPUT_SECONDS_MAX: u32 = 10;
/// How much of a target's log is repeated when it fails.
const TAIL_LINES: usize = 30;

/// Edge counters, comparisons as hints for the fuzzer, and the checks of a debug build at the speed of a release.
const FLAGS: &str = "-Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares \
    -Cllvm-args=-simplifycfg-branch-fold-threshold=0 \
    --cfg fuzzing -Cdebug-assertions -Ccodegen-units=1";

/// One fuzz target at work, its output going to a file.
#[derive(Debug)]
struct Running {
    target: String,
    invocation: Invocation,
    log: PathBuf,
    child: Child,
}

pub(super) fn fuzz(workspace: &Workspace) -> Result<Outcome, StepError> {
    let targets: Vec<&str> = workspace.members_in("fuzz").flat_map(Package::binaries).collect();
    if targets.is_empty() {
        return Ok(Outcome::Skipped("there is no fuzz target"));
    }
    let seconds = seconds()?;
    let host = host()?;
    for package in workspace.members_in("fuzz") {
        build(&package.name, &host).run()?;
    }
    let at_once = thread::available_parallelism().map_or(1, NonZero::get);
    println!(
        "fuzzing for {seconds} s each, {at_once} at once: {}",
        targets.join(", ")
    );
    let programs = workspace.target.join(&host).join("release");
    for group in targets.chunks(at_once) {
        let running: Result<Vec<Running>, StepError> = group
            .iter()
            .map(|target| start(target, programs.join(target), seconds, workspace))
            .collect();
        // All of them are waited for before the first failure is reported, so that none is left behind.
        let finished: Vec<Result<(), StepError>> = running?.into_iter().map(finish).collect();
        finished.into_iter().collect::<Result<(), StepError>>()?;
    }
    Ok(Outcome::Done)
}

/// Naming the host as the target keeps the flags away from build scripts and procedural macros.
fn build(package: &str, host: &str) -> Invocation {
    Invocation::cargo("build --release --bins --target")
        .args([host, "--package", package])
        .env("RUSTFLAGS", FLAGS)
}

fn host() -> Result<String, StepError> {
    let version = Invocation::cargo("--version --verbose");
    let answer = version.answer().unwrap_or_default();
    let host = answer.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| StepError::Answer {
        command: version.to_string(),
    })
}

fn seconds() -> Result<u32, StepError> {
    let Ok(value) = env::var(SECONDS_VARIABLE) else {
        return Ok(SECONDS_DEFAULT);
    };
    value.parse().map_err(|_| StepError::Variable {
        name: SECONDS_VARIABLE,
        value,
    })
}

/// New inputs go to a scratch folder, because a check must not change the committed corpus. It starts empty, because
/// what an earlier commit found is no part of this one. Without backtraces the end of the log shows the panic.
fn start(target: &str, program: PathBuf, seconds: u32, workspace: &Workspace) -> Result<Running, StepError> {
    let scratch = workspace.target.join("fuzz").join(target);
    let artifacts = repository().join("fuzz/artifacts").join(target);
    make_empty(&scratch).and_then(|()| make(&artifacts))?;
    let log = workspace.target.join("fuzz").join(format!("{target}.log"));
    let output = File::create(&log).map_err(StepError::at(&log))?;
    let corpus = Some(repository().join("fuzz/corpus").join(target)).filter(|corpus| corpus.is_dir());
    let invocation = Invocation::new(program)
        .env("RUST_BACKTRACE", "0")
        .args([
            format!("-max_total_time={seconds}"),
            format!("-rss_limit_mb={MEMORY_MIB_MAX}"),
            format!("-timeout={INPUT_SECONDS_MAX}"),
            format!("-artifact_prefix={}/", artifacts.display()),
        ])
        .args([scratch])
        .args(corpus);
    let child = invocation.start(output)?;
    Ok(Running {
        target: target.to_owned(),
        invocation,
        log,
        child,
    })
}

fn make_empty(folder: &Path) -> Result<(), StepError> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(StepError::at(folder))?;
    }
    make(folder)
}

fn make(folder: &Path) -> Result<(), StepError> {
    fs::create_dir_all(folder).map_err(StepError::at(folder))
}

fn finish(mut running: Running) -> Result<(), StepError> {
    let command = running.invocation.to_string();
    let status = running.child.wait().map_err(|source| StepError::Start {
        command: command.clone(),
        source,
    })?;
    let log = fs::read(&running.log).map_err(StepError::at(&running.log))?;
    let log = String::from_utf8_lossy(&log);
    let lines: Vec<&str> = log.lines().collect();
    if status.success() {
        println!("  {}: {}", running.target, lines.last().unwrap_or(&"no output"));
        return Ok(());
    }
    let tail = &lines[lines.len().saturating_sub(TAIL_LINES)..];
    println!(
        "  {}: failed; the end of {}:\n{}",
        running.target,
        running.log.display(),
        tail.join("\n")
    );
    Err(StepError::Exit { command, status })
}

#[cfg(test)]
mod tests {
    use std::process;

    use super::*;

    /// Runs a program in the place of a fuzz target.
    fn outcome(program: &str) -> Result<(), StepError> {
        let log = env::temp_dir().join(format!("engine-tasks-{program}-{}.log", process::id()));
        let invocation = Invocation::new(program);
        let child =
            invocation.start(File::create(&log).expect("the folder for temporary files is writable"))?;
        let outcome = finish(Running {
            target: program.to_owned(),
            invocation,
            log: log.clone(),
            child,
        });
        fs::remove_file(log).expect("the log has just been written");
        outcome
    }

    #[test]
    fn a_target_that_fails_fails_the_step() {
        assert!(matches!(outcome("false"), Err(StepError::Exit { .. })));
        assert!(outcome("true").is_ok());
    }

    #[test]
    fn targets_are_built_with_counters_and_checks() {
        let command = build("engine-fuzz", "some-host").to_string();
        assert!(
            command.contains("sancov-module") && command.contains("-Cdebug-assertions"),
            "{command}"
        );
        assert!(
            command.ends_with("--target some-host --package engine-fuzz"),
            "{command}"
        );
    }
}
