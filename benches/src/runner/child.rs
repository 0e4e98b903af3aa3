use super::field::Entry;
use super::source::Stream;
use crate::contender::Tally;
use crate::measure::{Latency, Throughput};
use crate::workload::{FormatError, Workload};
use clap::ValueEnum;
use std::collections::BTreeMap;
use std::io::{self, BufReader, Write};
use std::process::{Command, ExitStatus, Stdio};
use thiserror::Error;

/// What a child measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Mode {
    Throughput,
    Latency,
}

/// Why a replay gave no figures.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ChildError {
    /// The process could not be started or talked to.
    #[error("the process for {name} cannot be run")]
    Io {
        /// The contender.
        name: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// The process failed.
    #[error("the process for {name} ended with {status}")]
    Failed {
        /// The contender.
        name: &'static str,
        /// How it ended.
        status: ExitStatus,
    },
    /// The process printed something else than figures.
    #[error("the process for {name} printed {line:?}, where {field} is missing")]
    Report {
        /// The contender.
        name: &'static str,
        /// What it printed.
        line: String,
        /// The figure that was looked for.
        field: &'static str,
    },
    /// What came on standard input was no workload.
    #[error("no workload on standard input")]
    Input(#[from] FormatError),
}

/// A figure of a replay, and whether it was made on a processor of its own.
#[derive(Clone, Copy)]
pub(super) struct Pinned<T> {
    pub(super) figures: T,
    pub(super) is_pinned: bool,
}

/// Replays standard input on a contender and prints what was measured: the inside of a child.
pub(super) fn replay(entry: &Entry, mode: Mode, core: Option<usize>) -> Result<(), ChildError> {
    let pinned = u64::from(pin(core));
    let workload = Workload::read_from(&mut BufReader::new(io::stdin().lock()))?;
    match mode {
        Mode::Throughput => {
            let Throughput {
                commands,
                nanos,
                tally,
                peak_bytes,
            } = (entry.throughput)(workload);
            let Tally {
                trades,
                quantity,
                notional,
                rejects,
            } = tally;
            print!("pinned={pinned} commands={commands} nanos={nanos} trades={trades} quantity={quantity} ");
            print!("notional={notional} rejects={rejects}");
            println!(
                "{}",
                peak_bytes.map_or_else(String::new, |peak| format!(" peak={peak}"))
            );
        }
        Mode::Latency => {
            let Latency {
                p50,
                p99,
                p999,
                max,
                clock,
            } = (entry.latency)(workload);
            println!("pinned={pinned} p50={p50} p99={p99} p999={p999} max={max} clock={clock}");
        }
    }
    Ok(())
}

/// Keeps this thread on one processor and tells whether that worked.
fn pin(core: Option<usize>) -> bool {
    let cores = core_affinity::get_core_ids().unwrap_or_default();
    let chosen = match core {
        Some(id) => cores.iter().find(|core| core.id == id),
        // The first one serves most interrupts.
        None => cores.last(),
    };
    chosen.is_some_and(|&core| core_affinity::set_for_current(core))
}

/// Measures throughput in a process of its own.
pub(super) fn throughput(
    entry: &Entry,
    stream: &Stream,
    core: Option<usize>,
) -> Result<Pinned<Throughput>, ChildError> {
    let report = Report::of(entry, stream, Mode::Throughput, core)?;
    let tally = Tally {
        trades: report.field("trades")?,
        quantity: report.field("quantity")?,
        notional: report.field("notional")?,
        rejects: report.field("rejects")?,
    };
    let figures = Throughput {
        commands: report.field("commands")?,
        nanos: report.field("nanos")?,
        tally,
        peak_bytes: report.fields.get("peak").copied(),
    };
    Ok(Pinned {
        figures,
        is_pinned: report.field("pinned")? == 1,
    })
}

/// Measures latency in a process of its own.
pub(super) fn latency(
    entry: &Entry,
    stream: &Stream,
    core: Option<usize>,
) -> Result<Pinned<Latency>, ChildError> {
    let report = Report::of(entry, stream, Mode::Latency, core)?;
    let figures = Latency {
        p50: report.field("p50")?,
        p99: report.field("p99")?,
        p999: report.field("p999")?,
        max: report.field("max")?,
        clock: report.field("clock")?,
    };
    Ok(Pinned {
        figures,
        is_pinned: report.field("pinned")? == 1,
    })
}

/// What a child printed: `name=number`, separated by spaces.
struct Report {
    name: &'static str,
    line: String,
    fields: BTreeMap<String, u64>,
}

impl Report {
    fn of(entry: &Entry, stream: &Stream, mode: Mode, core: Option<usize>) -> Result<Self, ChildError> {
        let name = entry.name;
        let (line, status) =
            run(entry, stream, mode, core).map_err(|source| ChildError::Io { name, source })?;
        if !status.success() {
            return Err(ChildError::Failed { name, status });
        }
        let field = |word: &str| {
            word.split_once('=')
                .and_then(|(key, number)| Some((key.to_owned(), number.parse().ok()?)))
        };
        let fields = line.split_whitespace().filter_map(field).collect();
        Ok(Self { name, line, fields })
    }

    fn field(&self, field: &'static str) -> Result<u64, ChildError> {
        let number = self.fields.get(field).copied();
        number.ok_or_else(|| ChildError::Report {
            name: self.name,
            line: self.line.clone(),
            field,
        })
    }
}

/// Starts this program again, gives it the workload and returns what it prints.
fn run(entry: &Entry, stream: &Stream, mode: Mode, core: Option<usize>) -> io::Result<(String, ExitStatus)> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--engine", entry.name, "--child"]);
    command.arg(match mode {
        Mode::Throughput => "throughput",
        Mode::Latency => "latency",
    });
    if let Some(core) = core {
        command.arg("--core").arg(core.to_string());
    }
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let written = child
        .stdin
        .take()
        .expect("standard input is a pipe")
        .write_all(&stream.bytes);
    let output = child.wait_with_output()?;
    // A child that fails stops reading; how it ended says more than the broken pipe.
    if output.status.success() {
        written?;
    }
    Ok((
        String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        output.status,
    ))
}
