use super::field::Entry;
use super::source::Stream;
use crate::contender::Tally;
use crate::measure::{Latency, Throughput};
use crate::workload::{FormatError, Workload};
use clap::ValueEnum;
use std::collections::BTreeMap;
use std::io::{self, BufReader, Write};
use std::path::Path;
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

/// Replays standard input on a contender and prints what was measured: the inside of a child.
pub(super) fn replay(entry: &Entry, mode: Mode, core: Option<usize>) -> Result<(), ChildError> {
    print!("pinned={}", u64::from(pin(core)));
    let workload = Workload::read_from(&mut BufReader::new(io::stdin().lock()))?;
    match mode {
        Mode::Throughput => {
            let figures = (entry.throughput)(&workload);
            let tally = figures.tally;
            print!(" commands={} nanos={}", figures.commands, figures.nanos);
            print!(" trades={} quantity={}", tally.trades, tally.quantity);
            print!(" notional={} rejects={}", tally.notional, tally.rejects);
            let optional = [("waited", figures.waited), ("peak", figures.peak_bytes)];
            for (field, number) in optional {
                number.iter().for_each(|number| print!(" {field}={number}"));
            }
        }
        Mode::Latency => {
            let Latency {
                p50,
                p99,
                p999,
                max,
                clock,
            } = (entry.latency)(&workload);
            print!(" p50={p50} p99={p99} p999={p999} max={max} clock={clock}");
        }
    }
    println!();
    Ok(())
}

/// Writes what a child would read, and prints the command that makes this program such a child.
pub(super) fn write_for_profiler(entry: &Entry, stream: &Stream, path: &Path) -> Result<(), ChildError> {
    let failed = |source| ChildError::Io {
        name: entry.name,
        source,
    };
    std::fs::write(path, stream.in_terms(entry.terms)).map_err(failed)?;
    let program = std::env::current_exe().map_err(failed)?;
    let (program, path) = (program.display(), path.display());
    println!("{program} --engine {} --child throughput < {path}", entry.name);
    Ok(())
}

/// Keeps this thread on one processor and tells whether that worked.
pub(crate) fn pin(core: Option<usize>) -> bool {
    let cores = core_affinity::get_core_ids().unwrap_or_default();
    let chosen = match core {
        Some(id) => cores.iter().find(|core| core.id == id),
        // The first one serves most interrupts.
        None => cores.last(),
    };
    chosen.is_some_and(|&core| core_affinity::set_for_current(core))
}

/// What a child printed: `name=number`, separated by spaces.
pub(super) struct Report {
    name: &'static str,
    line: String,
    fields: BTreeMap<String, u64>,
}

impl Report {
    /// Measures a contender in a process of its own.
    pub(super) fn of(
        entry: &Entry,
        bytes: &[u8],
        mode: Mode,
        core: Option<usize>,
    ) -> Result<Self, ChildError> {
        let name = entry.name;
        let (line, status) =
            run(name, bytes, mode, core).map_err(|source| ChildError::Io { name, source })?;
        if !status.success() {
            return Err(ChildError::Failed { name, status });
        }
        let words = line.split_whitespace().filter_map(|word| word.split_once('='));
        let fields = words
            .filter_map(|(field, number)| Some((field.to_owned(), number.parse().ok()?)))
            .collect();
        Ok(Self { name, line, fields })
    }

    /// Whether the child had a processor to stay on.
    pub(super) fn is_pinned(&self) -> bool {
        self.fields.get("pinned") == Some(&1)
    }

    pub(super) fn throughput(&self) -> Result<Throughput, ChildError> {
        let tally = Tally {
            trades: self.field("trades")?,
            quantity: self.field("quantity")?,
            notional: self.field("notional")?,
            rejects: self.field("rejects")?,
        };
        Ok(Throughput {
            commands: self.field("commands")?,
            nanos: self.field("nanos")?,
            waited: self.fields.get("waited").copied(),
            tally,
            peak_bytes: self.fields.get("peak").copied(),
        })
    }

    pub(super) fn latency(&self) -> Result<Latency, ChildError> {
        Ok(Latency {
            p50: self.field("p50")?,
            p99: self.field("p99")?,
            p999: self.field("p999")?,
            max: self.field("max")?,
            clock: self.field("clock")?,
        })
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
fn run(name: &str, bytes: &[u8], mode: Mode, core: Option<usize>) -> io::Result<(String, ExitStatus)> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--engine", name, "--child"]);
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
        .write_all(bytes);
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
