//! The one command: every workload on every contender, each replay in a process of its own, and a table.

mod arguments;
mod child;
mod field;
mod source;
mod table;

pub(crate) use child::pin;
pub use field::{Entry, field};

use arguments::Arguments;
use child::Mode;
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use source::{Source, Stream};
use std::process::ExitCode;
use table::{Row, Table};
use thiserror::Error;

/// Why there is no table.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RunnerError {
    /// A workload could not be had.
    #[error(transparent)]
    Source(#[from] source::SourceError),
    /// A replay failed.
    #[error(transparent)]
    Child(#[from] child::ChildError),
    /// There is no contender of that name.
    #[error("there is no engine {name:?}; there are {known}")]
    Engine {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A generated workload is not the published one.
    #[error("{flow} has the checksum {found}, published is {published}")]
    Checksum {
        /// Which workload.
        flow: &'static str,
        /// The sum of what was generated.
        found: String,
        /// The sum of the published file.
        published: &'static str,
    },
    /// A contender traded something else than it had to.
    #[error("wrong results: {0}")]
    Wrong(String),
}

/// Runs what the command line of this process asks for.
pub fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            let causes = std::iter::successors(std::error::Error::source(&error), |cause| cause.source());
            causes.for_each(|cause| eprintln!("  because: {cause}"));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), RunnerError> {
    let entries = chosen(&arguments.engine)?;
    if let Some(mode) = arguments.child {
        return Ok(child::replay(&entries[0], mode, arguments.core)?);
    }
    if arguments.list {
        entries
            .iter()
            .for_each(|entry| println!("{:<28} {}", entry.name, entry.note.unwrap_or_default()));
        return Ok(());
    }
    if arguments.check {
        return source::check_published();
    }
    let mut wrong = Vec::new();
    for source in Source::all(arguments) {
        let stream = source.stream(&entries, arguments)?;
        if let Some(path) = &arguments.write {
            return Ok(child::write_for_profiler(&entries[0], &stream, path)?);
        }
        let table = measure(&stream, &entries, arguments)?;
        println!("{}", table.render(arguments.markdown));
        wrong.extend(table.wrong());
    }
    println!("{}", notes(&entries));
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(RunnerError::Wrong(wrong.join("; ")))
    }
}

/// The contenders named, or all.
fn chosen(names: &[String]) -> Result<Vec<Entry>, RunnerError> {
    let all = field();
    if names.is_empty() {
        return Ok(all);
    }
    let known = || all.iter().map(|entry| entry.name).collect::<Vec<_>>().join(", ");
    let find = |name: &String| {
        let entry = all.iter().find(|entry| entry.name == name).copied();
        entry.ok_or_else(|| RunnerError::Engine {
            name: name.clone(),
            known: known(),
        })
    };
    names.iter().map(find).collect()
}

/// What a reader of the tables has to know of the contenders.
fn notes(entries: &[Entry]) -> String {
    let note = |entry: &Entry| Some(format!("* {}: {}.", entry.name, entry.note?));
    entries.iter().filter_map(note).collect::<Vec<_>>().join("\n")
}

/// Replays one workload on all contenders in turn, again and again.
///
/// They take turns so that what else the machine does falls on all of them alike.
fn measure(stream: &Stream, entries: &[Entry], arguments: &Arguments) -> Result<Table, RunnerError> {
    let mut rows: Vec<Row> = entries.iter().map(|entry| Row::new(*entry)).collect();
    let rounds = arguments.runs() + arguments.latency_runs();
    let progress = bar(rounds * entries.len() as u64, &stream.name);
    for round in 0..rounds {
        for row in &mut rows {
            progress.set_message(row.entry.name);
            if round < arguments.runs() {
                row.measure(stream, Mode::Throughput, arguments.core)?;
            } else {
                row.measure(stream, Mode::Latency, arguments.core)?;
            }
            progress.inc(1);
        }
    }
    progress.finish_and_clear();
    Ok(Table::new(stream, rows))
}

/// A progress bar on standard error, or nothing where that is no terminal.
pub(crate) fn bar(length: u64, name: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix:>10} [{bar:40}] {pos}/{len} {msg} ({eta} left)")
        .expect("the template is well formed");
    ProgressBar::new(length)
        .with_style(style.progress_chars("=> "))
        .with_prefix(name.to_owned())
}
