//! The events of some commands in a row, shared by everybody who reads them.

use engine_core::{Event, EventBatch, Seq, Sequenced, Timestamp};

/// The events of some commands in a row, as the writer produced them. It is never changed once it is shared.
///
/// ```
/// use engine_runtime::EventSlice;
///
/// let empty = EventSlice::default();
/// assert_eq!(empty.iter().count(), 0);
/// ```
#[derive(Clone, Debug, Default)]
pub struct EventSlice {
    first: Seq,
    commands: Vec<Span>,
    events: Vec<Event>,
}

/// When a command came, and where its events end.
#[derive(Clone, Copy, Debug)]
struct Span {
    time: Timestamp,
    end: usize,
}

impl EventSlice {
    /// The first command; without meaning where there is none.
    pub fn first(&self) -> Seq {
        self.first
    }

    /// The last command; the one before the first where there is none.
    pub fn last(&self) -> Seq {
        Seq::new((self.first.get() + self.commands.len() as u64).saturating_sub(1))
    }

    /// How many commands there are.
    pub fn len(&self) -> usize {
        self.commands.len()
    }

    /// Whether there is no command.
    pub fn is_empty(&self) -> bool {
        self.commands.is_empty()
    }

    /// All events of all commands.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The events of a command, if it is one of these.
    pub fn get(&self, seq: Seq) -> Option<EventBatch<'_>> {
        let at = usize::try_from(seq.get().checked_sub(self.first.get())?).ok()?;
        (at < self.commands.len()).then(|| self.at(at))
    }

    /// The events of each command, in order.
    pub fn iter(&self) -> impl Iterator<Item = EventBatch<'_>> {
        (0..self.commands.len()).map(|at| self.at(at))
    }

    /// The events of each command from `seq` on.
    pub fn iter_from(&self, seq: Seq) -> impl Iterator<Item = EventBatch<'_>> {
        let skipped = seq.get().saturating_sub(self.first.get());
        let skipped = usize::try_from(skipped)
            .unwrap_or(usize::MAX)
            .min(self.commands.len());
        (skipped..self.commands.len()).map(|at| self.at(at))
    }

    pub(crate) fn at(&self, at: usize) -> EventBatch<'_> {
        let start = at.checked_sub(1).map_or(0, |before| self.commands[before].end);
        let Span { time, end } = self.commands[at];
        EventBatch {
            seq: Seq::new(self.first.get() + at as u64),
            time,
            events: &self.events[start..end],
        }
    }

    /// Takes everything out and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.commands.clear();
        self.events.clear();
    }

    /// The next command; what `apply` appends is its events.
    pub(crate) fn push<T, E>(
        &mut self,
        command: &Sequenced<T>,
        apply: impl FnOnce(&mut Vec<Event>) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.commands.is_empty() {
            self.first = command.seq;
        }
        debug_assert_eq!(command.seq, self.last().next(), "commands come in order");
        apply(&mut self.events)?;
        self.commands.push(Span {
            time: command.time,
            end: self.events.len(),
        });
        Ok(())
    }
}
