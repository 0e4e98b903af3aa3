//! How long it takes from receipt of an order until everybody was told what it did.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use engine_core::Seq;

use crate::histogram::Histogram;

/// The most orders that are waited for. Views that are so far behind are told of in other figures.
const WAITING_MAX: usize = 1 << 18;

/// The orders that were answered before the views had come to them, and how long all of them took.
#[derive(Debug, Default)]
pub(super) struct Lateness {
    waiting: Mutex<Waiting>,
    pub(super) took: Histogram,
}

#[derive(Debug, Default)]
struct Waiting {
    orders: BinaryHeap<Reverse<(Seq, Instant)>>,
    /// Everything up to here has been told.
    told: Seq,
}

impl Lateness {
    /// An order with this place in the stream was received then, and has been answered.
    pub(super) fn note(&self, seq: Seq, received: Instant) {
        let mut waiting = self.waiting();
        if waiting.told >= seq {
            drop(waiting);
            self.took.record(received.elapsed());
        } else if waiting.orders.len() < WAITING_MAX {
            waiting.orders.push(Reverse((seq, received)));
        }
    }

    /// Everything up to this command has been told.
    pub(super) fn reach(&self, seq: Seq) {
        let mut waiting = self.waiting();
        waiting.told = seq;
        let now = Instant::now();
        while let Some(Reverse((_, received))) = waiting.pop_up_to(seq) {
            self.took.record(now.saturating_duration_since(received));
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn pop_up_to(&mut self, seq: Seq) -> Option<Reverse<(Seq, Instant)>> {
        self.orders.peek().filter(|Reverse((waits, _))| *waits <= seq)?;
        self.orders.pop()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(lateness: &Lateness) -> String {
        let mut out = String::new();
        lateness.took.render("x", "y", &mut out);
        let count = out.lines().find_map(|line| line.strip_prefix("x_count "));
        count.expect("a histogram has a count").to_owned()
    }

    #[test]
    fn an_order_counts_once_when_it_was_told_and_answered_in_either_order() {
        let (lateness, now) = (Lateness::default(), Instant::now());
        lateness.note(Seq::new(2), now);
        lateness.note(Seq::new(1), now);
        lateness.note(Seq::new(5), now);
        assert_eq!(count(&lateness), "0", "nothing was told");
        lateness.reach(Seq::new(3));
        assert_eq!(count(&lateness), "2");
        lateness.note(Seq::new(3), now);
        assert_eq!(count(&lateness), "3", "it had been told before it was answered");
        lateness.reach(Seq::new(5));
        assert_eq!(count(&lateness), "4");
    }
}
