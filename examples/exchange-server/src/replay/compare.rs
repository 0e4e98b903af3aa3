//! Comparing what an engine does with what a journal says that it did.

use std::collections::BTreeMap;
use std::fmt;

use engine_core::{Event, Seq, StateHash};
use engine_journal::Stream;

use super::ReplayError;
use crate::journal::{Events, JournalError, OpenJournal};

/// The first thing that is not as the journal says.
#[derive(Debug)]
pub(crate) enum Difference {
    /// An event of a command.
    Event {
        sequence: Seq,
        /// Its place among the events of the command, from 1.
        number: usize,
        kept: Option<Event>,
        happened: Option<Event>,
    },
    /// The state after a command.
    State {
        sequence: Seq,
        kept: StateHash,
        happened: StateHash,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event {
                sequence,
                number,
                kept,
                happened,
            } => {
                write!(
                    f,
                    "the first difference is at sequence {sequence}, event {number}\n  event log: "
                )?;
                write_event(kept.as_ref(), f)?;
                f.write_str("\n  engine:    ")?;
                write_event(happened.as_ref(), f)
            }
            Self::State {
                sequence,
                kept,
                happened,
            } => write!(
                f,
                "the first difference is the state after sequence {sequence}\n  snapshot: {kept}\n  engine:   {happened}"
            ),
        }
    }
}

fn write_event(event: Option<&Event>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match event {
        Some(event) => write!(f, "{event:?}"),
        None => f.write_str("nothing more"),
    }
}

/// What is compared, and how much of it was.
pub(super) struct Comparison {
    events: Option<Events>,
    /// The first and the last command whose events the journal keeps.
    kept: (Seq, Seq),
    hashes: BTreeMap<Seq, StateHash>,
    batches: u64,
    snapshots: u64,
}

impl Comparison {
    /// Compares what lies from `from` to `until`, both included.
    pub(super) fn open(journal: &OpenJournal, from: Seq, until: Seq) -> Result<Self, JournalError> {
        let found = journal.foresee(Stream::Events)?;
        let kept = (found.first.max(from), found.end);
        let events = match kept.0 <= kept.1 {
            true => Some(Events::open(journal, kept.0)?),
            false => None,
        };
        Ok(Self {
            events,
            kept,
            hashes: hashes(journal, from, until)?,
            batches: 0,
            snapshots: 0,
        })
    }

    pub(super) fn batches(&self) -> u64 {
        self.batches
    }

    pub(super) fn snapshots(&self) -> u64 {
        self.snapshots
    }

    /// Compares the events of the next command.
    pub(super) fn events(&mut self, sequence: Seq, happened: &[Event]) -> Result<(), ReplayError> {
        let (first, last) = self.kept;
        let Some(events) = self
            .events
            .as_mut()
            .filter(|_| first <= sequence && sequence <= last)
        else {
            return Ok(());
        };
        let kept = events.of(sequence)?;
        self.batches += 1;
        let equal = kept
            .iter()
            .zip(happened)
            .take_while(|(kept, happened)| kept == happened);
        let equal = equal.count();
        if equal == kept.len().max(happened.len()) {
            return Ok(());
        }
        Err(ReplayError::Differs(Box::new(Difference::Event {
            sequence,
            number: equal + 1,
            kept: kept.get(equal).cloned(),
            happened: happened.get(equal).cloned(),
        })))
    }

    /// Compares the state after a command, if there is a snapshot of it.
    pub(super) fn state(
        &mut self,
        sequence: Seq,
        happened: impl Fn() -> StateHash,
    ) -> Result<(), ReplayError> {
        let Some(kept) = self.hashes.remove(&sequence) else {
            return Ok(());
        };
        self.snapshots += 1;
        let happened = happened();
        if kept == happened {
            return Ok(());
        }
        Err(ReplayError::Differs(Box::new(Difference::State {
            sequence,
            kept,
            happened,
        })))
    }
}

/// The hashes of the snapshots that are whole. Those that are not are named: nobody can say what they held.
fn hashes(journal: &OpenJournal, from: Seq, until: Seq) -> Result<BTreeMap<Seq, StateHash>, JournalError> {
    let snapshots = journal.directory.snapshots();
    let sequences = snapshots
        .sequences()
        .map_err(JournalError::fault(&journal.path))?;
    let mut hashes = BTreeMap::new();
    for sequence in sequences
        .into_iter()
        .filter(|sequence| (from..=until).contains(sequence))
    {
        let newest = snapshots.newest_through(sequence);
        let newest = newest.map_err(JournalError::read(&journal.path))?;
        for damage in newest
            .skipped
            .iter()
            .filter(|damage| damage.sequence == Some(sequence))
        {
            eprintln!(
                "exchange-server: not compared: {}: {damage}",
                journal.path.display()
            );
        }
        if let Some(snapshot) = newest
            .snapshot
            .filter(|snapshot| snapshot.stamp().sequence == sequence)
        {
            let [a, b, c, d, e, f, g, h, ..] = snapshot.state_hash();
            let hash = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
            hashes.insert(sequence, StateHash::new(hash));
        }
    }
    Ok(hashes)
}
