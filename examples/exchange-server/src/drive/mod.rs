//! `drive`: an engine on a data directory, under load, that reports each acknowledgement. It is there to be killed.

mod flow;

use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use engine_core::{Command, EngineConfig, OrderIds};
use engine_runtime::journal::Disk;
use engine_runtime::{
    Answer, Answers, Outcome, Recovered, Refused, Runtime, RuntimeBuilder, RuntimeConfig, StartError,
};

use flow::Flow;

/// Runs an engine under generated load until it is killed or its standard input ends.
///
/// For tests of the disk and of the journal. It writes `ready END HASH REPLAYED MICROSECONDS` when it has recovered, then
/// `ack NUMBER SEQ new|other` for each command that is on disk, and `stopped END HASH` when it was stopped. Numbers count the
/// generated commands; the same numbers give the same commands.
#[derive(Debug, Args)]
pub(crate) struct DriveArguments {
    /// The directory of the data; an empty one becomes a journal
    #[arg(value_name = "DIR")]
    directory: PathBuf,

    /// The first command to give; commands that an earlier process was not acknowledged are given again
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    first: u64,

    /// The seed of the commands
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    seed: u64,

    /// How many commands are given a second
    #[arg(long, value_name = "COUNT", default_value_t = 20_000)]
    per_second: u64,

    /// How many commands are given, at most
    #[arg(long, value_name = "COUNT", default_value_t = u64::MAX)]
    count: u64,

    /// After how many commands a snapshot is taken; 0 for none but at the end
    #[arg(long, value_name = "COUNT", default_value_t = 5_000)]
    snapshot_every: u64,

    /// The size of a segment of the logs in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 256 << 10)]
    segment_bytes: u64,
}

/// Why the drive ended early.
#[derive(Debug, thiserror::Error)]
enum DriveError {
    #[error("{0}")]
    Disk(io::Error),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error("the engine stopped: {0}")]
    Stopped(#[from] engine_runtime::journal::Fault),
    #[error("the report cannot be written: {0}")]
    Report(#[from] io::Error),
}

pub(crate) fn run(arguments: &DriveArguments) -> ExitCode {
    match drive(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("exchange-server: {error}");
            ExitCode::FAILURE
        }
    }
}

/// How often it is looked how many commands are due.
const BURST: Duration = Duration::from_millis(1);

fn drive(arguments: &DriveArguments) -> Result<(), DriveError> {
    let start = Instant::now();
    let disk = Disk::open(&arguments.directory).map_err(DriveError::Disk)?;
    let (runtime, recovered) = RuntimeBuilder::new(config(arguments)).open(disk)?;
    report(&format!(
        "ready {} {} {} {}\n",
        recovered.end,
        recovered.state_hash,
        recovered.replayed,
        start.elapsed().as_micros()
    ))?;
    list(&runtime, &recovered)?;
    let stop = end_of_input();
    give(arguments, &runtime, &stop)?;
    let stopped = runtime.stop()?;
    report(&format!("stopped {} {}\n", stopped.end, stopped.state_hash))?;
    Ok(())
}

fn config(arguments: &DriveArguments) -> RuntimeConfig {
    RuntimeConfig {
        engine: EngineConfig {
            ids: OrderIds::Chosen { hash_seed: 0 },
            ..EngineConfig::default()
        },
        names_orders: true,
        // All commands are those that are counted.
        tick: None,
        snapshot_every: Some(arguments.snapshot_every).filter(|every| *every > 0),
        segment_bytes: arguments.segment_bytes,
        ..RuntimeConfig::default()
    }
}

/// The first process lists the instrument.
fn list(runtime: &Runtime, recovered: &Recovered) -> Result<(), DriveError> {
    if recovered.instruments.is_empty() {
        let listed = runtime.handle().submit(Command::List(Box::new(flow::spec())))?;
        // Whoever kills the process early finds no instrument, and the next one lists it.
        drop(listed.wait());
    }
    Ok(())
}

/// Gives commands as they are due, until it is told to stop.
fn give(arguments: &DriveArguments, runtime: &Runtime, stop: &Receiver<()>) -> Result<(), DriveError> {
    let flow = Flow::new(arguments.seed);
    let answers: Arc<dyn Answers> = Arc::new(Reporter);
    let start = Instant::now();
    let mut given = 0;
    while given < arguments.count {
        let due = start.elapsed().as_nanos() * u128::from(arguments.per_second) / 1_000_000_000;
        let due = u64::try_from(due).unwrap_or(u64::MAX).min(arguments.count);
        while given < due {
            let number = arguments.first + given;
            match runtime.handle().submit_to(&answers, number, flow.command(number)) {
                Ok(()) => given += 1,
                Err(Refused::Overloaded) => break,
                Err(refused) => return Err(refused.into()),
            }
        }
        match stop.recv_timeout(BURST) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    Ok(())
}

/// Reports each answer while it is given, so that nothing is reported that was not answered.
struct Reporter;

impl Answers for Reporter {
    fn answer(&self, tag: u64, outcome: Outcome) {
        let line = match outcome {
            Ok(Answer::Done(done)) => {
                let kind = if Flow::is_new(tag) { "new" } else { "other" };
                format!("ack {tag} {} {kind}\n", done.seq())
            }
            Ok(Answer::Repeat(first)) => format!("ack {tag} {} new\n", first.seq),
            Ok(Answer::Conflict { first }) => format!("conflict {tag} {first}\n"),
            Err(unanswered) => format!("unanswered {tag} {unanswered}\n"),
        };
        // Nobody reads any more: the process is about to end.
        drop(report(&line));
    }
}

fn report(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(line.as_bytes())?;
    out.flush()
}

/// Tells when standard input ends.
fn end_of_input() -> Receiver<()> {
    let (ended, end): (SyncSender<()>, _) = sync_channel(1);
    thread::spawn(move || {
        drop(io::stdin().lock().read_to_end(&mut Vec::new()));
        let _ = ended.send(());
    });
    end
}
