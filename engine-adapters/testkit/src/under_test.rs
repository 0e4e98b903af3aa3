//! What the test kit asks of an engine.

use std::collections::BTreeMap;

use engine_core::{Command, Engine, Event, OrderId, OrderRef, Seq, Sequenced, Timestamp};

use crate::naive::NaiveEngine;

/// An engine that can be tested.
pub trait UnderTest {
    /// Applies a command and appends what happened.
    fn apply(&mut self, seq: Seq, time: Timestamp, command: &Command, events: &mut Vec<Event>);

    /// Panics if what must always hold does not.
    fn check_invariants(&self);
}

impl UnderTest for NaiveEngine {
    fn apply(&mut self, seq: Seq, time: Timestamp, command: &Command, events: &mut Vec<Event>) {
        events.extend(Self::apply(self, seq, time, command));
    }

    fn check_invariants(&self) {
        Self::check_invariants(self);
    }
}

impl UnderTest for Engine {
    fn apply(&mut self, seq: Seq, time: Timestamp, command: &Command, events: &mut Vec<Event>) {
        let value = command.clone();
        let applied = Self::apply(self, &Sequenced { seq, time, value }, events);
        applied.expect("the test numbers commands without gaps");
    }

    fn check_invariants(&self) {
        Self::check_invariants(self);
    }
}

/// An engine that hands ids out, seen through the labels that the commands use for its orders.
///
/// Labels must be unique within a stream. An id that is no label stands for itself plus 2^62, which no engine
/// hands out, so that it is not found.
pub(crate) struct Labelled<E> {
    inner: E,
    given: BTreeMap<OrderId, OrderId>,
    labels: BTreeMap<OrderId, OrderId>,
}

const NOBODY: u64 = 1 << 62;

impl<E: UnderTest> Labelled<E> {
    pub(crate) fn new(inner: E) -> Self {
        Self {
            inner,
            given: BTreeMap::new(),
            labels: BTreeMap::new(),
        }
    }

    fn with_given_ids(&self, command: &Command) -> Command {
        let mut command = command.clone();
        let order = match &mut command {
            Command::Cancel(cancel) => &mut cancel.order,
            Command::Amend(amend) => &mut amend.order,
            _ => return command,
        };
        if let OrderRef::Id(label) = order {
            let nobody = OrderId::new(label.get() | NOBODY);
            *label = self.given.get(label).copied().unwrap_or(nobody);
        }
        command
    }

    fn relabel(&self, id: &mut OrderId) {
        let label = self.labels.get(id).copied();
        *id = label.unwrap_or(OrderId::new(id.get() & !NOBODY));
    }
}

impl<E: UnderTest> UnderTest for Labelled<E> {
    fn apply(&mut self, seq: Seq, time: Timestamp, command: &Command, events: &mut Vec<Event>) {
        let mut labels = match command {
            Command::Place(place) => vec![place.id],
            Command::PlaceLinked(linked) => linked.orders.iter().map(|place| place.id).collect(),
            _ => Vec::new(),
        }
        .into_iter();
        let begin = events.len();
        self.inner.apply(seq, time, &self.with_given_ids(command), events);
        for event in &mut events[begin..] {
            if let Event::Accepted { order, .. } = event {
                let label = labels
                    .next()
                    .expect("no more orders are accepted than were placed");
                self.given.insert(label, *order);
                self.labels.insert(*order, label);
            }
            for id in orders_of(event) {
                self.relabel(id);
            }
        }
    }

    fn check_invariants(&self) {
        self.inner.check_invariants();
    }
}

/// All order ids in an event.
fn orders_of(event: &mut Event) -> Vec<&mut OrderId> {
    match event {
        Event::Traded { maker, taker, .. } => vec![maker, taker],
        Event::Accepted { order, .. }
        | Event::Terms { order, .. }
        | Event::Named { order, .. }
        | Event::Rejected { order, .. }
        | Event::Cancelled { order, .. }
        | Event::Amended { order, .. }
        | Event::Decremented { order, .. }
        | Event::Triggered { order, .. }
        | Event::Armed { order, .. }
        | Event::Rested { order, .. }
        | Event::Pulled { order, .. }
        | Event::Reduced { order, .. }
        | Event::Replenished { order, .. } => vec![order],
        _ => Vec::new(),
    }
}
