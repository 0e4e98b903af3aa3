//! Where a replay of a journal begins: at a snapshot, or at the first command.

use std::error::Error;

use engine_core::{EngineSnapshot, Seq};
use engine_runtime::read_snapshot;

use super::error::JournalError;
use super::open::OpenJournal;
use crate::replay::Stage;

/// Which of the snapshots to begin at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// The first one, so that as much as possible is replayed.
    Earliest,
    /// The last one before this command.
    Before(Seq),
}

/// A stage that stands where the next command of the journal can be applied.
///
/// Without a snapshot that can be used, the replay begins with the first command, if that is kept. A snapshot says how the
/// engine was built, too.
pub(crate) fn stage(journal: &OpenJournal, first: Seq, wish: Wish) -> Result<Stage, JournalError> {
    let snapshots = journal.directory.snapshots();
    let mut sequences = snapshots
        .sequences()
        .map_err(JournalError::fault(&journal.path))?;
    sequences.retain(|sequence| sequence.next() >= first);
    let is_all_kept = first == Seq::new(1);
    if let Wish::Before(before) = wish {
        for sequence in sequences.iter().rev().filter(|sequence| **sequence < before) {
            match image(journal, *sequence)?.and_then(resume) {
                Ok(stage) => return Ok(stage),
                Err(cause) => say_passed_over(journal, *sequence, &cause),
            }
        }
    }
    for sequence in sequences {
        match image(journal, sequence)? {
            Ok(image) if is_all_kept => return Ok(Stage::of(image.config)),
            usable => match usable.and_then(resume) {
                Ok(stage) => return Ok(stage),
                Err(cause) if !is_all_kept => say_passed_over(journal, sequence, &cause),
                Err(_) => {}
            },
        }
    }
    if is_all_kept {
        return Ok(Stage::new());
    }
    Err(JournalError::NoBeginning {
        directory: journal.path.clone(),
        first,
    })
}

/// Why a snapshot cannot be used.
type Cause = Box<dyn Error>;

/// What a snapshot holds, if it can be used.
fn image(journal: &OpenJournal, sequence: Seq) -> Result<Result<EngineSnapshot, Cause>, JournalError> {
    let found = journal.directory.snapshots().newest_through(sequence);
    let mut found = found.map_err(JournalError::read(&journal.path))?;
    if let Some(damage) = found
        .skipped
        .pop()
        .filter(|damage| damage.sequence == Some(sequence))
    {
        return Ok(Err(damage.into()));
    }
    let Some(mut snapshot) = found
        .snapshot
        .filter(|snapshot| snapshot.stamp().sequence == sequence)
    else {
        return Ok(Err("it is not there".into()));
    };
    // One of another history leads to another state than the commands do.
    let outcome = journal.directory.replay_after(&snapshot.stamp());
    let of_this_history = outcome.map(|_| ()).map_err(Cause::from);
    Ok(of_this_history.and_then(|()| Ok(read_snapshot(&mut snapshot)?)))
}

fn resume(image: EngineSnapshot) -> Result<Stage, Cause> {
    Ok(Stage::resume(image)?)
}

fn say_passed_over(journal: &OpenJournal, sequence: Seq, cause: &Cause) {
    let directory = journal.path.display();
    eprintln!("exchange-server: {directory}: the snapshot after {sequence} is passed over: {cause}");
}
