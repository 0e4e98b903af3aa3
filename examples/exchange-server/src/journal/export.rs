//! `journal export`: commands as lines that `replay` reads.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use engine_core::{Command, Event, OrderRef, Seq, Sequenced};
use engine_journal::Stream;

use super::arguments::ExportArguments;
use super::commands::Commands;
use super::error::JournalError;
use super::lines::{Circumstances, LineWriter};
use super::open::OpenJournal;
use super::start::{self, Wish};
use crate::progress::Progress;
use crate::replay::Stage;

pub(super) fn run(arguments: &ExportArguments) -> Result<ExitCode, JournalError> {
    let journal = OpenJournal::open(&arguments.directory)?;
    let (stage, span, unreadable) = begin(&journal, arguments)?;
    let (commands, unreadable) = match (Commands::open(&journal, span.first, span.until), unreadable) {
        (Ok(commands), unreadable) => (commands, unreadable),
        // Nothing can be read, and this error says why.
        (Err(_), Some(error)) | (Err(error), None) => return Err(error),
    };
    let mut export = Export {
        commands,
        lines: LineWriter::new(stage.symbols().unwrap_or_default()),
        stage,
        output: output(arguments)?,
        progress: Progress::new("commands", span.count()),
        written: 0,
        span,
    };
    let outcome = export.write_all();
    export.output.flush()?;
    export.progress.finish();
    eprintln!(
        "exchange-server: {} commands written, {} to {}; the state after them has the hash {}",
        export.written,
        export.span.from,
        export.stage.applied(),
        export.stage.state_hash()
    );
    if export.span.first > Seq::new(1) {
        eprintln!(
            "exchange-server: what led to the snapshot after {} is no longer kept, so a replay of these lines alone gives \
             another state",
            export.span.first.get() - 1
        );
    }
    if export.stage.gives_ids() {
        eprintln!(
            "exchange-server: the engine of this journal gives ids to orders; in the lines they are chosen, so a replay gives \
             the same events, but the state has another hash"
        );
    }
    // What could be read was to be written first.
    match unreadable {
        Some(error) => Err(error),
        None => outcome.map(|()| ExitCode::SUCCESS),
    }
}

/// Which commands are read, and which of them are written.
struct Span {
    first: Seq,
    from: Seq,
    until: Seq,
}

/// Where the export begins and ends. From a journal with a damaged end, everything is read that can be; the error then says
/// what is wrong.
fn begin(
    journal: &OpenJournal,
    arguments: &ExportArguments,
) -> Result<(Stage, Span, Option<JournalError>), JournalError> {
    let (first, end, error) = match journal.foresee(Stream::Commands) {
        Ok(found) => (found.first, found.end, None),
        Err(error @ JournalError::Damaged { .. }) => (Seq::new(1), Seq::new(u64::MAX - 1), Some(error)),
        Err(error) => return Err(error),
    };
    let wish = arguments
        .from
        .map_or(Wish::Earliest, |from| Wish::Before(Seq::new(from)));
    let stage = start::stage(journal, first, wish)?;
    let first = stage.applied().next();
    for wanted in [arguments.from, arguments.until].into_iter().flatten() {
        if wanted < first.get() || wanted > end.get() {
            return Err(JournalError::OutOfReach {
                directory: journal.path.clone(),
                wanted: Seq::new(wanted),
                first,
                end,
            });
        }
    }
    let span = Span {
        first,
        from: arguments.from.map_or(first, Seq::new),
        until: arguments.until.map_or(end, Seq::new),
    };
    Ok((stage, span, error))
}

impl Span {
    fn count(&self) -> u64 {
        (self.until.get() + 1).saturating_sub(self.first.get())
    }
}

struct Export {
    commands: Commands,
    /// Knows of each order in which units it is.
    stage: Stage,
    lines: LineWriter,
    output: Box<dyn Write>,
    progress: Progress,
    written: u64,
    span: Span,
}

impl Export {
    fn write_all(&mut self) -> Result<(), JournalError> {
        while let Some(command) = self.commands.next()? {
            self.write(&command)?;
            self.progress
                .set((command.seq.get() + 1).saturating_sub(self.span.first.get()));
        }
        Ok(())
    }

    fn write(&mut self, command: &Sequenced<Command>) -> Result<(), JournalError> {
        let instrument = amended(&command.value).and_then(|order| Some(self.stage.live(order)?.instrument));
        let are_ids_given = self.stage.gives_ids();
        let events = self.stage.follow(command.clone());
        let known = Circumstances {
            instrument,
            is_listed: events.iter().any(|event| matches!(event, Event::Listed { .. })),
        };
        let line = match are_ids_given {
            true => self.lines.line(&with_given_ids(command, events), known),
            false => self.lines.line(command, known),
        };
        if command.seq >= self.span.from {
            self.output.write_all(line)?;
            self.written += 1;
        }
        Ok(())
    }
}

/// The command with the ids that the engine gave to its orders: in lines, whoever asks chooses them.
fn with_given_ids(command: &Sequenced<Command>, events: &[Event]) -> Sequenced<Command> {
    let mut command = command.clone();
    let places = match &mut command.value {
        Command::Place(place) => std::slice::from_mut(place),
        Command::PlaceLinked(linked) => linked.orders.as_mut_slice(),
        _ => &mut [],
    };
    let given = events.iter().filter_map(|event| match event {
        Event::Accepted { order, .. } => Some(*order),
        _ => None,
    });
    for (place, order) in places.iter_mut().zip(given) {
        place.id = order;
    }
    command
}

fn amended(command: &Command) -> Option<OrderRef> {
    match command {
        Command::Amend(amend) => Some(amend.order),
        _ => None,
    }
}

fn output(arguments: &ExportArguments) -> Result<Box<dyn Write>, JournalError> {
    let Some(file) = &arguments.output else {
        return Ok(Box::new(BufWriter::new(io::stdout().lock())));
    };
    let created = File::create_new(file).map_err(|cause| JournalError::Output {
        file: file.clone(),
        cause,
    })?;
    Ok(Box::new(BufWriter::new(created)))
}
