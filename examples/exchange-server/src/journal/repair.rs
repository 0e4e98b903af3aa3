//! `journal repair`: says what it would do, does it when told to, and looks again.

use std::process::ExitCode;

use engine_core::Seq;
use engine_journal::{Damage, Stream, VerifyReport};

use super::arguments::RepairArguments;
use super::error::{DAMAGED, JournalError, Where};
use super::inspect::{end_of, inspect, is_damaged};
use super::open::OpenJournal;
use super::plan::{Consent, Plan};

const IDENTITY_FILE: &str = "journal.id";

pub(super) fn run(arguments: &RepairArguments) -> Result<ExitCode, JournalError> {
    let journal = match OpenJournal::open(&arguments.directory) {
        Err(JournalError::Damaged { damage, .. }) if damage.file == IDENTITY_FILE => {
            match mend_identity(arguments, &damage)? {
                Some(journal) if inspect(&journal)?.damage.is_empty() => return look_again(&journal),
                Some(journal) => journal,
                None => return Ok(say_how(arguments)),
            }
        }
        journal => journal?,
    };
    let report = inspect(&journal)?;
    check(arguments, &report)?;
    let plan = Plan::new(&report, consent(arguments));
    for damage in &report.damage {
        println!("{}: {}", journal.path.display(), Where(damage));
    }
    for measure in &plan.measures {
        println!("{} {measure}", if arguments.yes { "doing:" } else { "would" });
    }
    if plan.measures.is_empty() {
        return Ok(give_up(&journal, &report, &plan.left));
    }
    if !arguments.yes {
        hint(&journal, &report, &plan.left);
        return Ok(say_how(arguments));
    }
    for measure in &plan.measures {
        for done in measure.perform(&journal)? {
            println!("done: {done}");
        }
    }
    look_again(&journal)
}

/// Writes anew the file that says whose directory this is, if that is asked for.
fn mend_identity(arguments: &RepairArguments, damage: &Damage) -> Result<Option<OpenJournal>, JournalError> {
    println!("{}: {}", arguments.directory.display(), Where(damage));
    if !arguments.yes {
        println!("would write {IDENTITY_FILE} anew from what the logs say, and look for more then");
        return Ok(None);
    }
    let journal = OpenJournal::open_without_identity(&arguments.directory)?;
    println!("done: {IDENTITY_FILE} was written anew");
    Ok(Some(journal))
}

/// Refuses to repair what is whole, and to cut where nothing can be read.
fn check(arguments: &RepairArguments, report: &VerifyReport) -> Result<(), JournalError> {
    let (directory, end) = (arguments.directory.clone(), end_of(report, Stream::Commands));
    if report.damage.is_empty() {
        return Err(JournalError::NothingToRepair { directory, end });
    }
    match arguments.cut_after {
        Some(last) if Seq::new(last) > end => Err(JournalError::OutOfReach {
            directory,
            wanted: Seq::new(last),
            first: Seq::new(1),
            end,
        }),
        _ => Ok(()),
    }
}

fn consent(arguments: &RepairArguments) -> Consent {
    match (arguments.cut_after, arguments.start_after) {
        (Some(last), _) => Consent::CutAfter(Seq::new(last)),
        (None, Some(sequence)) => Consent::StartAfter(Seq::new(sequence)),
        (None, None) => Consent::Nothing,
    }
}

fn say_how(arguments: &RepairArguments) -> ExitCode {
    let option = match consent(arguments) {
        Consent::Nothing => String::new(),
        Consent::CutAfter(last) => format!(" --cut-after {last}"),
        Consent::StartAfter(sequence) => format!(" --start-after {sequence}"),
    };
    println!(
        "nothing was changed; to do it: exchange-server journal repair {}{option} --yes",
        arguments.directory.display()
    );
    ExitCode::from(DAMAGED)
}

fn look_again(journal: &OpenJournal) -> Result<ExitCode, JournalError> {
    let report = inspect(journal)?;
    if report.damage.is_empty() {
        println!(
            "nothing is wrong any more: the commands go to {}; what was replaced or given up is in files that end in \
             .removed-1 and so on",
            end_of(&report, Stream::Commands)
        );
        return Ok(ExitCode::SUCCESS);
    }
    for damage in &report.damage {
        println!("still: {}", Where(damage));
    }
    Ok(give_up(journal, &report, &report.damage))
}

fn give_up(journal: &OpenJournal, report: &VerifyReport, left: &[Damage]) -> ExitCode {
    eprintln!(
        "exchange-server: {}: not everything can be mended without giving something up",
        journal.path.display()
    );
    hint(journal, report, left);
    ExitCode::from(DAMAGED)
}

/// The ways that are left, each with what it costs.
fn hint(journal: &OpenJournal, report: &VerifyReport, left: &[Damage]) {
    if left.is_empty() {
        return;
    }
    let (directory, end) = (journal.path.display(), end_of(report, Stream::Commands));
    eprintln!(
        "  a backup of the missing or damaged files loses nothing: put them back, then `journal verify {directory}`"
    );
    let later = report.snapshots.iter().rev().find(|sequence| **sequence > end);
    if let Some(snapshot) = later.filter(|_| is_damaged(report, Stream::Commands)) {
        eprintln!(
            "  to start from the snapshot after {snapshot}, without what happened before it:\n    \
             exchange-server journal repair {directory} --start-after {snapshot} --yes"
        );
    }
    eprintln!(
        "  to give up every command after {end}, acknowledged or not:\n    \
         exchange-server journal repair {directory} --cut-after {end} --yes"
    );
}
