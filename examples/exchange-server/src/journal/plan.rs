//! What a repair will do: everything that loses no command, and what it was told to give up.

use std::fmt;

use engine_core::Seq;
use engine_journal::{Damage, DamageCause, LogReport, Repair, Repaired, Stream, VerifyReport};

use super::error::JournalError;
use super::inspect::{cursor_file, end_of, is_of, log_of, snapshot_file};
use super::open::OpenJournal;
use super::verify::name_of;

/// What whoever asks for a repair is ready to give up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Consent {
    /// Nothing that a start would need or show.
    Nothing,
    /// The commands after this one.
    CutAfter(Seq),
    /// The files that hold nothing after this one.
    StartAfter(Seq),
}

/// What will be done, and what stays wrong.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) measures: Vec<Measure>,
    pub(super) left: Vec<Damage>,
}

/// One thing that is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Measure {
    /// Write anew what follows from the rest: a mark, headers, the unwritten end of a segment.
    Mend(Stream),
    /// Give up the end of a log.
    CutAfter(Stream, Seq),
    /// Give up the files at the beginning of the command log.
    StartAfter(Seq),
    /// Give up the event log as a whole.
    SetAsideEvents,
    /// Give up one file.
    SetAside(String),
    /// Put a cursor back.
    MoveCursor { name: String, to: Seq },
}

impl Plan {
    pub(super) fn new(report: &VerifyReport, consent: Consent) -> Self {
        let mut plan = Self::default();
        plan.commands(report, consent);
        plan.events(report);
        plan.others(report, consent);
        plan
    }

    fn commands(&mut self, report: &VerifyReport, consent: Consent) {
        let damage = damage_of(report, Stream::Commands);
        let is_cut_needed = damage.clone().any(|damage| !is_mendable(damage)) || is_ahead(report);
        match consent {
            Consent::CutAfter(last) if is_cut_needed => {
                self.cut(report, last);
            }
            Consent::StartAfter(sequence) if end_of(report, Stream::Commands) < sequence => {
                self.measures.push(Measure::StartAfter(sequence));
            }
            _ if !is_cut_needed && damage.clone().next().is_some() => {
                self.measures.push(Measure::Mend(Stream::Commands));
            }
            _ => self.left.extend(damage.cloned()),
        }
    }

    /// Everything that knows of a command after `last` has to forget it, or the next start would miss it.
    fn cut(&mut self, report: &VerifyReport, last: Seq) {
        self.measures.push(Measure::CutAfter(Stream::Commands, last));
        if end_of(report, Stream::Events) > last {
            self.measures.push(Measure::CutAfter(Stream::Events, last));
        }
        let later = report.snapshots.iter().filter(|sequence| **sequence > last);
        self.measures
            .extend(later.map(|sequence| Measure::SetAside(snapshot_file(*sequence))));
        for (name, _) in report.cursors.iter().filter(|(_, position)| *position > last) {
            self.measures.push(Measure::MoveCursor {
                name: name.clone(),
                to: last,
            });
        }
    }

    /// Events can be computed again from commands that are there.
    fn events(&mut self, report: &VerifyReport) {
        let damage = damage_of(report, Stream::Events);
        if damage.clone().next().is_none() {
            return;
        }
        if damage.clone().all(is_mendable) {
            self.measures.push(Measure::Mend(Stream::Events));
            return;
        }
        let first_command = log_of(report, Stream::Commands).and_then(first_of);
        let events = log_of(report, Stream::Events).filter(|log| is_start_whole(log, damage.clone()));
        match (first_command, events) {
            (Some(first), Some(log)) if first <= log.end.next() => {
                let is_cut = self
                    .measures
                    .iter()
                    .any(|measure| matches!(measure, Measure::CutAfter(Stream::Events, _)));
                if !is_cut {
                    self.measures.push(Measure::CutAfter(Stream::Events, log.end));
                }
            }
            (Some(first), None) if first == Seq::new(1) => self.measures.push(Measure::SetAsideEvents),
            _ => self.left.extend(damage.cloned()),
        }
    }

    /// Snapshots and cursors.
    fn others(&mut self, report: &VerifyReport, consent: Consent) {
        let first = log_of(report, Stream::Commands).and_then(first_of);
        for damage in &report.damage {
            let file = &damage.file;
            if Stream::BOTH.into_iter().any(|stream| is_of(file, stream)) {
                continue;
            }
            let is_start_there = |sequence: &Seq| {
                first.is_some_and(|first| sequence.next() >= first) && snapshot_file(*sequence) != *file
            };
            let is_spare = first == Some(Seq::new(1)) || report.snapshots.iter().any(is_start_there);
            match damage.cause {
                // Whoever gives up the commands has given it up with them.
                DamageCause::EndsEarly { .. } if matches!(consent, Consent::CutAfter(_)) => {}
                DamageCause::EndsEarly { .. } => self.left.push(damage.clone()),
                _ if file.starts_with("cursor-") || is_spare => {
                    self.measures.push(Measure::SetAside(file.clone()));
                }
                _ => self.left.push(damage.clone()),
            }
        }
    }
}

fn damage_of(report: &VerifyReport, stream: Stream) -> impl Iterator<Item = &Damage> + Clone {
    report
        .damage
        .iter()
        .filter(move |damage| is_of(&damage.file, stream))
}

/// Whether the rest of the log says what the damaged part must have been.
fn is_mendable(damage: &Damage) -> bool {
    let is_header = damage.offset == 0 && damage.file.ends_with(".log");
    match damage.cause {
        _ if damage.file.ends_with(".mark") => true,
        DamageCause::Checksum | DamageCause::NotAJournal => is_header,
        DamageCause::Trailing => true,
        _ => false,
    }
}

/// Whether a snapshot or a cursor speaks of commands after the end.
fn is_ahead(report: &VerifyReport) -> bool {
    let ends_early = |damage: &Damage| matches!(damage.cause, DamageCause::EndsEarly { .. });
    report.damage.iter().any(ends_early)
}

fn first_of(log: &LogReport) -> Option<Seq> {
    log.segments.first().map(|segment| segment.first)
}

/// Whether the first segment of a log can be opened, so that a part of it can be kept.
fn is_start_whole<'a>(log: &LogReport, mut damage: impl Iterator<Item = &'a Damage>) -> bool {
    let first = log.segments.first();
    first.is_some_and(|first| {
        let is_before =
            |damage: &Damage| damage.file < first.file || damage.file == first.file && damage.offset == 0;
        !damage.any(|damage| damage.file.ends_with(".log") && is_before(damage))
    })
}

impl Measure {
    /// Does it and says what was done.
    pub(super) fn perform(&self, journal: &OpenJournal) -> Result<Vec<String>, JournalError> {
        let repair = |stream, repair| {
            let done = journal.directory.repair(stream, repair);
            done.map_err(JournalError::repair(&journal.path))
        };
        let done = match self {
            Self::Mend(stream) => repair(*stream, Repair::Mend)?,
            Self::CutAfter(stream, last) => {
                repair(*stream, Repair::CutAfter(*last))?;
                return Ok(vec![format!("the {} now end at {last}", name_of(*stream))]);
            }
            Self::StartAfter(sequence) => repair(Stream::Commands, Repair::StartAfter(*sequence))?,
            Self::SetAsideEvents => repair(Stream::Events, Repair::SetAside)?,
            Self::SetAside(file) => vec![set_aside(journal, file)?],
            Self::MoveCursor { name, to } => return move_cursor(journal, name, *to),
        };
        Ok(done.iter().map(said).collect())
    }
}

fn set_aside(journal: &OpenJournal, file: &str) -> Result<Repaired, JournalError> {
    let done = journal.directory.set_aside(file);
    done.map_err(JournalError::fault(&journal.path))
}

fn move_cursor(journal: &OpenJournal, name: &str, to: Seq) -> Result<Vec<String>, JournalError> {
    let done = set_aside(journal, &cursor_file(name))?;
    let moved = journal.directory.cursors().advance(name, to);
    moved.map_err(|error| match error {
        engine_journal::CursorError::Read(error) => JournalError::read(&journal.path)(error),
        other => unreachable!("the cursor was read under this name and is gone: {other}"),
    })?;
    Ok(vec![said(&done), format!("the cursor {name} is at {to}")])
}

fn said(done: &Repaired) -> String {
    match done {
        Repaired::Mark { file } | Repaired::Header { file } => format!("{file} was written anew"),
        Repaired::Padding { file } => format!("{file} ends behind its last record again"),
        Repaired::Cut { end } => format!("the log now ends at {end}"),
        Repaired::SetAside { file } => format!("{file} was put aside"),
        other => format!("{other:?}"),
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mend(stream) => write!(
                f,
                "write anew what the rest of the {} says: their mark, headers of files, ends of files; nothing is lost",
                name_of(*stream)
            ),
            Self::CutAfter(Stream::Events, last) => write!(
                f,
                "cut the events off after {last}; the next start computes them again from the commands"
            ),
            Self::CutAfter(Stream::Commands, last) => {
                write!(f, "cut the commands off after {last}: everything behind it is lost")
            }
            Self::StartAfter(sequence) => write!(
                f,
                "put the files aside that hold no command after {sequence}: a start uses the snapshot, but what \
                 happened before cannot be replayed"
            ),
            Self::SetAsideEvents => f.write_str(
                "put the event log aside; the next start computes it again from the first command on, and readers \
                 get every event from their cursor on",
            ),
            Self::SetAside(file) if file.starts_with("cursor-") => write!(
                f,
                "put {file} aside: its reader begins again with the first event that is kept, and gets events twice"
            ),
            Self::SetAside(file) => write!(
                f,
                "put {file} aside; a start uses the one before it, or the commands alone, and takes longer"
            ),
            Self::MoveCursor { name, to } => write!(
                f,
                "put the cursor {name} back to {to}: what its reader was given after that did not happen"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn damage(file: &str, offset: u64, cause: DamageCause) -> Damage {
        Damage {
            file: file.to_owned(),
            offset,
            sequence: Some(Seq::new(5)),
            cause,
        }
    }

    fn log(stream: Stream, first: u64, end: u64) -> LogReport {
        let segment = engine_journal::SegmentReport {
            file: format!("{}-0000000001.log", name_of(stream)),
            first: Seq::new(first),
            last: Seq::new(end),
            records: end,
            bytes: 4096,
        };
        LogReport {
            stream,
            segments: vec![segment],
            end: Seq::new(end),
            torn: None,
            is_running_mark_lost: false,
        }
    }

    /// Commands from `first` to 10, events to 9, snapshots at 4 and 8, one cursor at 9.
    fn report(first: u64, damage: Vec<Damage>) -> VerifyReport {
        VerifyReport {
            logs: vec![log(Stream::Commands, first, 10), log(Stream::Events, 1, 9)],
            snapshots: vec![Seq::new(4), Seq::new(8)],
            cursors: vec![("redis".to_owned(), Seq::new(9))],
            damage,
        }
    }

    #[test]
    fn commands_are_given_up_only_where_it_is_said_and_then_everywhere() {
        let record = damage("commands-0000000001.log", 1024, DamageCause::Checksum);
        let report = report(1, vec![record.clone()]);
        let plan = Plan::new(&report, Consent::Nothing);
        assert_eq!((plan.measures, plan.left), (vec![], vec![record]));
        let plan = Plan::new(&report, Consent::CutAfter(Seq::new(6)));
        let expected = vec![
            Measure::CutAfter(Stream::Commands, Seq::new(6)),
            Measure::CutAfter(Stream::Events, Seq::new(6)),
            Measure::SetAside("snapshot-00000000000000000008.snap".to_owned()),
            Measure::MoveCursor {
                name: "redis".to_owned(),
                to: Seq::new(6),
            },
        ];
        assert_eq!((plan.measures, plan.left), (expected, vec![]));
    }

    #[test]
    fn what_the_rest_says_is_mended_without_consent() {
        for lost in [
            damage("commands.mark", 0, DamageCause::Missing),
            damage("commands-0000000002.log", 0, DamageCause::Checksum),
            damage("commands-0000000002.log", 2048, DamageCause::Trailing),
        ] {
            let plan = Plan::new(&report(1, vec![lost]), Consent::Nothing);
            assert_eq!(
                (plan.measures, plan.left),
                (vec![Measure::Mend(Stream::Commands)], vec![])
            );
        }
    }

    #[test]
    fn damaged_events_are_computed_again_where_the_commands_are_there() {
        let inside = damage("events-0000000001.log", 1024, DamageCause::Checksum);
        let plan = Plan::new(&report(1, vec![inside.clone()]), Consent::Nothing);
        assert_eq!(plan.measures, [Measure::CutAfter(Stream::Events, Seq::new(9))]);
        let start = damage("events-0000000001.log", 0, DamageCause::OtherJournal);
        let plan = Plan::new(&report(1, vec![start.clone()]), Consent::Nothing);
        assert_eq!(plan.measures, [Measure::SetAsideEvents]);
        let plan = Plan::new(&report(3, vec![start.clone()]), Consent::Nothing);
        assert_eq!(
            (plan.measures, plan.left),
            (vec![], vec![start]),
            "commands are missing"
        );
    }

    #[test]
    fn the_only_snapshot_of_a_shortened_log_is_kept() {
        let lost = damage("snapshot-00000000000000000002.snap", 0, DamageCause::Checksum);
        let mut only = report(3, vec![lost.clone()]);
        only.snapshots.clear();
        assert_eq!(
            Plan::new(&only, Consent::Nothing).left,
            std::slice::from_ref(&lost)
        );
        let plan = Plan::new(&report(3, vec![lost.clone()]), Consent::Nothing);
        assert_eq!(plan.measures, [Measure::SetAside(lost.file)]);
    }

    #[test]
    fn a_log_that_ends_before_its_snapshot_is_not_taken_for_whole() {
        let cause = DamageCause::EndsEarly {
            end: Seq::new(10),
            acknowledged: Seq::new(12),
        };
        let early = damage("snapshot-00000000000000000012.snap", 0, cause);
        let mut report = report(1, vec![early.clone()]);
        report.snapshots.push(Seq::new(12));
        assert_eq!(
            Plan::new(&report, Consent::Nothing).left,
            std::slice::from_ref(&early)
        );
        let plan = Plan::new(&report, Consent::CutAfter(Seq::new(10)));
        assert_eq!(plan.left, []);
        assert!(plan.measures.contains(&Measure::SetAside(early.file)));
    }
}
