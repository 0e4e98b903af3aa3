//! `replay`: commands in, events out, one object a line.

mod lines;

mod script;

mod nobody;

mod resumed;

mod stage;

mod perform;

mod output;

mod printer;

mod summary;

mod from_journal;

mod compare;

use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use compare::Difference;
use engine_core::Seq;

use crate::cli::ReplayArguments;
use crate::journal::JournalError;
use lines::{Lines, Next};
use output::{Counts, Output};
use printer::Printer;
use script::{LineError, Script};
pub(crate) use stage::Stage;

/// Why a replay ended early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ReplayError {
    #[error("line {number}: {cause}")]
    Line { number: u64, cause: LineError },
    #[error("{}: {cause}", .file.display())]
    File { file: PathBuf, cause: io::Error },
    #[error("cannot read the input: {0}")]
    Read(io::Error),
    #[error("cannot write the output: {0}")]
    Write(#[from] io::Error),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(
        "the journal lists a second instrument {symbol} with sequence {sequence}: lines could not tell them apart"
    )]
    SymbolTwice { symbol: String, sequence: Seq },
    #[error("{0}")]
    Differs(Box<Difference>),
}

/// The exit code where an engine does something else than a journal says.
const DIFFERS: u8 = 4;

impl ReplayError {
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Line { .. } => 2,
            Self::File { .. } | Self::Read(_) | Self::Write(_) | Self::SymbolTwice { .. } => 1,
            Self::Journal(error) => error.exit_code(),
            Self::Differs(_) => DIFFERS,
        }
    }
}

/// Replays what the arguments name.
pub(crate) fn run(arguments: &ReplayArguments) -> Result<(), ReplayError> {
    let outcome = match &arguments.journal {
        Some(directory) => from_journal::run(arguments, directory),
        None => Replay::new(arguments).and_then(|replay| replay.run(arguments.summary)),
    };
    match outcome {
        // Whoever reads the output has seen enough.
        Err(ReplayError::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome,
    }
}

struct Replay {
    lines: Lines<Box<dyn Read>>,
    script: Script,
    stage: Stage,
    output: Output,
    progress: ProgressBar,
}

impl Replay {
    fn new(arguments: &ReplayArguments) -> Result<Self, ReplayError> {
        let (input, bytes) = input(arguments.input.as_deref())?;
        let is_printing_to_terminal =
            !arguments.summary && arguments.events.is_none() && io::stdout().is_terminal();
        Ok(Self {
            lines: Lines::new(input),
            script: Script::new(),
            stage: if arguments.summary {
                Stage::new().recording()
            } else {
                Stage::new()
            },
            output: output(arguments)?,
            progress: progress(bytes.filter(|_| !is_printing_to_terminal)),
        })
    }

    /// Plays every line up to the first that cannot be read, and tells what came of them even then.
    fn run(mut self, is_summed_up: bool) -> Result<(), ReplayError> {
        let outcome = self.play();
        self.output.flush()?;
        self.progress.finish_and_clear();
        if is_summed_up {
            let counts = self.output.counts.unwrap_or_default();
            summary::print(self.lines.number(), counts, &self.stage, self.script.symbols())?;
        }
        outcome
    }

    fn play(&mut self) -> Result<(), ReplayError> {
        loop {
            let line_error = |number, cause| ReplayError::Line { number, cause };
            match self.lines.advance() {
                Next::Line => {
                    let number = self.lines.number();
                    let step = self.script.step(number, self.lines.line());
                    if let Some(step) = step.map_err(|cause| line_error(number, cause))? {
                        self.perform(step)?;
                    }
                }
                Next::Fill => {
                    // Somebody who waits for answers before he writes on is not kept waiting.
                    self.output.flush()?;
                    let read = self.lines.fill().map_err(ReplayError::Read)?;
                    self.progress.inc(read as u64);
                }
                Next::TooLong => return Err(line_error(self.lines.number(), LineError::TooLong)),
                Next::End => return Ok(()),
            }
        }
    }
}

/// Where the events go that the arguments ask for.
fn output(arguments: &ReplayArguments) -> Result<Output, ReplayError> {
    let printer: Option<Box<dyn Write>> = match &arguments.events {
        Some(file) => Some(Box::new(File::create(file).map_err(at(file))?)),
        None if arguments.summary || arguments.verify => None,
        None => Some(Box::new(io::stdout())),
    };
    Ok(Output {
        printer: printer.map(Printer::new),
        counts: arguments.summary.then(Counts::default),
        facts: arguments.facts,
    })
}

/// The input and how many bytes it has, if that is known.
fn input(file: Option<&Path>) -> Result<(Box<dyn Read>, Option<u64>), ReplayError> {
    let Some(path) = file.filter(|file| *file != Path::new("-")) else {
        return Ok((Box::new(io::stdin()), None));
    };
    let file = File::open(path).map_err(at(path))?;
    let metadata = file.metadata().map_err(at(path))?;
    Ok((Box::new(file), metadata.is_file().then_some(metadata.len())))
}

fn at(file: &Path) -> impl FnOnce(io::Error) -> ReplayError {
    move |cause| ReplayError::File {
        file: file.to_owned(),
        cause,
    }
}

/// A bar on standard error, where that is a terminal and the length is known.
fn progress(bytes: Option<u64>) -> ProgressBar {
    let Some(bytes) = bytes.filter(|_| io::stderr().is_terminal()) else {
        return ProgressBar::hidden();
    };
    let style = ProgressStyle::with_template("{wide_bar} {bytes}/{total_bytes} {eta}");
    ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::stderr())
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
