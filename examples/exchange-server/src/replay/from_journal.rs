//! Replaying the commands of a journal.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use engine_core::{Command, Event, Seq, Sequenced};
use engine_journal::Stream;
use engine_wire::{Object, Symbols};

use super::compare::Comparison;
use super::output::Output;
use super::perform::named;
use super::stage::Stage;
use super::{ReplayError, output, summary};
use crate::cli::ReplayArguments;
use crate::journal::{self, Commands, JournalError, OpenJournal, Wish};
use crate::progress::Progress;

/// Replays the journal in `directory` as the arguments say.
pub(super) fn run(arguments: &ReplayArguments, directory: &Path) -> Result<(), ReplayError> {
    let journal = OpenJournal::open(directory)?;
    let (stage, span) = begin(&journal, arguments)?;
    let symbols = stage.symbols().map_err(|symbol| ReplayError::SymbolTwice {
        symbol,
        sequence: stage.applied(),
    })?;
    let mut replay = JournalReplay {
        commands: Commands::open(&journal, span.start, span.until)?,
        stage,
        symbols,
        output: output(arguments)?,
        comparison: match arguments.verify {
            true => Some(Comparison::open(&journal, span.from, span.until)?),
            false => None,
        },
        progress: progress(arguments, &span),
        span,
    };
    let outcome = replay.play();
    replay.output.flush()?;
    replay.progress.finish();
    if arguments.summary {
        let counts = replay.output.counts.unwrap_or_default();
        summary::print(replay.span.count(), counts, &replay.stage, &replay.symbols)?;
    } else if let (Some(comparison), Ok(())) = (&replay.comparison, &outcome) {
        print_verified(&replay.span, comparison, &replay.stage)?;
    }
    outcome
}

/// Which commands are applied, and of which is told.
struct Span {
    /// The first that is applied.
    start: Seq,
    /// The first that is told of.
    from: Seq,
    /// The last.
    until: Seq,
}

/// Where the replay begins and ends. Whoever wants all gets what comes after the first snapshot that can be used.
fn begin(journal: &OpenJournal, arguments: &ReplayArguments) -> Result<(Stage, Span), ReplayError> {
    let found = journal.foresee(Stream::Commands)?;
    let is_all_wanted = arguments.summary || arguments.verify;
    let wish = match arguments.from.filter(|_| !is_all_wanted) {
        Some(from) => Wish::Before(Seq::new(from)),
        None => Wish::Earliest,
    };
    let stage = journal::stage(journal, found.first, wish)?;
    let (first, end) = (stage.applied().next(), found.end);
    for wanted in [arguments.from, arguments.until].into_iter().flatten() {
        if wanted < first.get() || wanted > end.get() {
            return Err(ReplayError::from(JournalError::OutOfReach {
                directory: journal.path.clone(),
                wanted: Seq::new(wanted),
                first,
                end,
            }));
        }
    }
    let span = Span {
        start: first,
        from: arguments.from.map_or(first, Seq::new),
        until: arguments.until.map_or(end, Seq::new),
    };
    let stage = if arguments.summary {
        stage.recording()
    } else {
        stage
    };
    Ok((stage, span))
}

impl Span {
    fn count(&self) -> u64 {
        (self.until.get() + 1).saturating_sub(self.start.get())
    }
}

struct JournalReplay {
    commands: Commands,
    stage: Stage,
    symbols: Symbols,
    output: Output,
    comparison: Option<Comparison>,
    progress: Progress,
    span: Span,
}

impl JournalReplay {
    /// Plays every command up to the last one, or to the first that cannot be read.
    fn play(&mut self) -> Result<(), ReplayError> {
        while let Some(command) = self.commands.next()? {
            self.progress
                .set((command.seq.get() + 1).saturating_sub(self.span.start.get()));
            self.perform(command)?;
        }
        Ok(())
    }

    fn perform(&mut self, command: Sequenced<Command>) -> Result<(), ReplayError> {
        let (sequence, named) = (command.seq, named(&command.value));
        let spec = match &command.value {
            Command::List(spec) => Some(spec.clone()),
            _ => None,
        };
        let events = self.stage.follow(command);
        if let Some(spec) = spec.filter(|_| events.iter().any(|event| matches!(event, Event::Listed { .. })))
        {
            let listed = self.symbols.list(&spec);
            listed.ok_or_else(|| ReplayError::SymbolTwice {
                symbol: spec.terms().symbol.clone(),
                sequence,
            })?;
        }
        if sequence < self.span.from {
            return Ok(());
        }
        if let Some(comparison) = &mut self.comparison {
            comparison.events(sequence, events)?;
            comparison.state(sequence, || self.stage.state_hash())?;
        }
        if self.output.is_idle() {
            return Ok(());
        }
        let events = self.stage.told();
        self.output.events(sequence.get(), named, events, &self.symbols)?;
        Ok(())
    }
}

/// Progress, unless events are scrolling by.
fn progress(arguments: &ReplayArguments, span: &Span) -> Progress {
    let is_printing = !arguments.summary && !arguments.verify && arguments.events.is_none();
    if is_printing && io::stdout().is_terminal() {
        return Progress::none();
    }
    Progress::new("commands", span.count())
}

/// Prints what was compared, and found equal.
fn print_verified(span: &Span, comparison: &Comparison, stage: &Stage) -> io::Result<()> {
    let mut out = Vec::new();
    let mut object = Object::new(&mut out);
    object.word("type", "Verified");
    object.integer("from", span.from.get());
    object.integer("until", span.until.get());
    object.integer("batches_compared", comparison.batches());
    object.integer("snapshots_compared", comparison.snapshots());
    object.text("state_hash", &stage.state_hash().to_string());
    object.end();
    out.push(b'\n');
    io::stdout().write_all(&out)
}
