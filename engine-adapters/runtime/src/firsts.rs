//! The first answers to commands with client order ids, for those who ask again.

use std::collections::VecDeque;

use engine_core::{EventBatch, OrderId, RejectReason, Seq};
use serde::{Deserialize, Serialize};

use crate::answer::FirstAnswer;

/// A bounded memory of first answers, the oldest forgotten first.
///
/// A command takes an entry for each of its accepted orders, at least one, and never more than it has keys; so with as
/// many entries as the sequencer remembers keys, what can be asked for again is here. It follows from the events alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Firsts {
    entries: VecDeque<Entry>,
    entries_max: usize,
}

/// One order of a command, or a command without an accepted order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    seq: Seq,
    order: Option<OrderId>,
    rejected: Option<RejectReason>,
}

impl Firsts {
    pub(crate) fn new(keys_max: u32) -> Self {
        Self {
            entries: VecDeque::new(),
            entries_max: keys_max as usize,
        }
    }

    /// The memory with these entries, of which the newest are kept.
    pub(crate) fn restore(keys_max: u32, mut entries: Vec<Entry>) -> Self {
        let mut firsts = Self::new(keys_max);
        entries.drain(..entries.len().saturating_sub(firsts.entries_max));
        firsts.entries = entries.into();
        firsts
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// Remembers what a command that has keys was answered.
    pub(crate) fn note(&mut self, batch: EventBatch<'_>) {
        let answer = FirstAnswer::of(batch);
        let entry = |order| Entry {
            seq: answer.seq,
            order,
            rejected: answer.rejected,
        };
        if answer.orders().is_empty() {
            self.push(entry(None));
        }
        for order in answer.orders() {
            self.push(entry(Some(*order)));
        }
    }

    /// What the command `seq` was answered. A command that is forgotten here, though it is remembered that it was,
    /// has an answer without orders.
    pub(crate) fn find(&self, seq: Seq) -> FirstAnswer {
        let mut answer = FirstAnswer::new(seq);
        let start = self.entries.partition_point(|entry| entry.seq < seq);
        for entry in self.entries.range(start..).take_while(|entry| entry.seq == seq) {
            answer.rejected = entry.rejected;
            if let Some(order) = entry.order {
                answer.name(order);
            }
        }
        answer
    }

    fn push(&mut self, entry: Entry) {
        if self.entries_max == 0 {
            return;
        }
        if self.entries.len() == self.entries_max {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }
}
