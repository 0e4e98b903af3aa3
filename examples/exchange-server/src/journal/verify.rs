//! `journal verify`: what is there, and what is wrong with it.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::process::ExitCode;

use engine_journal::{LogReport, SegmentReport, Stream, VerifyReport};

use super::arguments::VerifyArguments;
use super::error::{DAMAGED, JournalError, Where};
use super::inspect::inspect;
use super::open::OpenJournal;

pub(super) fn run(arguments: &VerifyArguments) -> Result<ExitCode, JournalError> {
    let journal = OpenJournal::open(&arguments.directory)?;
    let report = inspect(&journal)?;
    let text = describe(&journal, &report);
    io::stdout().write_all(text.as_bytes())?;
    if report.damage.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    let directory = journal.path.display();
    eprintln!(
        "exchange-server: {directory} is damaged; see what can be mended with: exchange-server journal repair {directory}"
    );
    Ok(ExitCode::from(DAMAGED))
}

fn describe(journal: &OpenJournal, report: &VerifyReport) -> String {
    let identity = journal.directory.identity();
    let mut text = format!(
        "{}: journal {:016x}, shard {}\n",
        journal.path.display(),
        identity.journal,
        identity.shard
    );
    for log in &report.logs {
        describe_log(log, &mut text);
    }
    for sequence in &report.snapshots {
        line(&mut text, format_args!("snapshot  after {sequence}"));
    }
    for (name, position) in &report.cursors {
        line(&mut text, format_args!("cursor    {name} at {position}"));
    }
    for damage in &report.damage {
        line(&mut text, format_args!("damage    {}", Where(damage)));
    }
    if report.damage.is_empty() {
        line(&mut text, format_args!("nothing is wrong"));
    }
    text
}

fn describe_log(log: &LogReport, text: &mut String) {
    let (name, first) = (
        name_of(log.stream),
        log.segments.first().map(|segment| segment.first),
    );
    match first.filter(|first| *first <= log.end) {
        Some(first) => line(
            text,
            format_args!("{name:<9} {first} to {} in {} files", log.end, log.segments.len()),
        ),
        None => line(text, format_args!("{name:<9} none")),
    }
    for SegmentReport {
        file,
        first,
        last,
        records,
        bytes,
    } in &log.segments
    {
        line(
            text,
            format_args!("  {file}: {records} records, {first} to {last}, {bytes} bytes"),
        );
    }
    if let Some(torn) = &log.torn {
        line(
            text,
            format_args!(
                "  {}: {} bytes from byte {} on were being written when the last process ended, and {} are lacking: \
                 nobody was told that they were safe, and the next start cuts them off after sequence {}",
                torn.file, torn.bytes, torn.offset, torn.missing_bytes, torn.after
            ),
        );
    }
    if log.is_running_mark_lost {
        line(
            text,
            format_args!("  the note of how far the log was safe cannot be read"),
        );
    }
}

pub(super) fn name_of(stream: Stream) -> &'static str {
    match stream {
        Stream::Commands => "commands",
        Stream::Events => "events",
    }
}

fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("a string can be written to");
    text.push('\n');
}
