//! Everything that is wrong with a journal: what its files say of themselves, and what they say of each other.

use engine_core::Seq;
use engine_journal::{Damage, DamageCause, LogReport, ReadError, Stream, VerifyReport};

use super::error::JournalError;
use super::open::OpenJournal;
use crate::progress::Progress;

/// Reads all of a journal, with the progress on standard error.
pub(super) fn inspect(journal: &OpenJournal) -> Result<VerifyReport, JournalError> {
    let mut progress = Progress::new("segments", 0);
    let report = journal.directory.verify(|read| {
        progress.set_all(read.segments_all as u64);
        progress.set(read.segments_done as u64);
    });
    progress.finish();
    let mut report = report.map_err(JournalError::read(&journal.path))?;
    // Beside a damaged log nobody can say what belongs to it.
    if !is_damaged(&report, Stream::Commands) {
        let damage = contradictions(journal, &report)?;
        report.damage.extend(damage);
    }
    Ok(report)
}

/// The end of a log, which is 0 where there is none.
pub(super) fn end_of(report: &VerifyReport, stream: Stream) -> Seq {
    log_of(report, stream).map_or(Seq::new(0), |log| log.end)
}

pub(super) fn log_of(report: &VerifyReport, stream: Stream) -> Option<&LogReport> {
    report.logs.iter().find(|log| log.stream == stream)
}

/// Whether a file of this log is damaged.
pub(super) fn is_damaged(report: &VerifyReport, stream: Stream) -> bool {
    report.damage.iter().any(|damage| is_of(&damage.file, stream))
}

/// Whether a file is of this log.
pub(super) fn is_of(file: &str, stream: Stream) -> bool {
    file.starts_with(match stream {
        Stream::Commands => "commands",
        Stream::Events => "events",
    })
}

/// The file of a snapshot.
pub(super) fn snapshot_file(sequence: Seq) -> String {
    format!("snapshot-{:020}.snap", sequence.get())
}

/// The file of a cursor.
pub(super) fn cursor_file(name: &str) -> String {
    format!("cursor-{name}.cur")
}

/// What is whole in itself and speaks of commands that the log does not have, or has otherwise.
fn contradictions(journal: &OpenJournal, report: &VerifyReport) -> Result<Vec<Damage>, JournalError> {
    let end = end_of(report, Stream::Commands);
    let ends_early = |file: String, acknowledged: Seq| Damage {
        file,
        offset: 0,
        sequence: Some(end.next()),
        cause: DamageCause::EndsEarly { end, acknowledged },
    };
    let mut damage = Vec::new();
    for sequence in &report.snapshots {
        if *sequence > end {
            damage.push(ends_early(snapshot_file(*sequence), *sequence));
        } else if !is_of_this_history(journal, *sequence)? {
            damage.push(Damage {
                file: snapshot_file(*sequence),
                offset: 0,
                sequence: Some(*sequence),
                cause: DamageCause::OtherHistory,
            });
        }
    }
    let ahead = report.cursors.iter().filter(|(_, position)| *position > end);
    damage.extend(ahead.map(|(name, position)| ends_early(cursor_file(name), *position)));
    Ok(damage)
}

fn is_of_this_history(journal: &OpenJournal, sequence: Seq) -> Result<bool, JournalError> {
    let at = || JournalError::read(&journal.path);
    let found = journal
        .directory
        .snapshots()
        .newest_through(sequence)
        .map_err(at())?;
    let Some(stamp) = found.snapshot.map(|snapshot| snapshot.stamp()) else {
        return Ok(true);
    };
    match journal.directory.replay_after(&stamp) {
        Ok(_) => Ok(true),
        Err(ReadError::Damage(damage)) if damage.cause == DamageCause::OtherHistory => Ok(false),
        // The log begins after it, so nothing contradicts it.
        Err(ReadError::Gone { .. }) => Ok(true),
        Err(error) => Err(at()(error)),
    }
}
