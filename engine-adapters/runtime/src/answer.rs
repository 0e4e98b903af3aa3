//! What whoever asked is told.

use std::sync::Arc;

use engine_core::{Event, EventBatch, OrderId, RejectReason, Seq, Timestamp};
use engine_journal::Fault;

use crate::slice::EventSlice;

/// What a completion is given: an answer, or why there is none.
pub type Outcome = Result<Answer, Unanswered>;

/// What became of a command.
#[derive(Clone, Debug)]
pub enum Answer {
    /// It was carried out; the events say how.
    Done(Done),
    /// The same was asked before under this client order id, and counts. This is what was answered then.
    Repeat(FirstAnswer),
    /// Something else was asked before under this client order id; nothing happened now.
    Conflict {
        /// The command that has the client order id.
        first: Seq,
    },
}

impl Answer {
    /// The orders that were named and whether they were refused: the same for a command and all its repeats. `None`
    /// for a conflict.
    pub fn first(&self) -> Option<FirstAnswer> {
        match self {
            Self::Done(done) => Some(FirstAnswer::of(done.batch())),
            Self::Repeat(first) => Some(*first),
            Self::Conflict { .. } => None,
        }
    }

    /// The events, if the command was carried out now.
    pub fn events(&self) -> &[Event] {
        match self {
            Self::Done(done) => done.events(),
            Self::Repeat(_) | Self::Conflict { .. } => &[],
        }
    }
}

/// A command that was carried out. It shares the memory of its events with everybody else who has them.
#[derive(Clone, Debug)]
pub struct Done {
    slice: Arc<EventSlice>,
    at: usize,
}

impl Done {
    pub(crate) fn new(slice: Arc<EventSlice>, at: usize) -> Self {
        Self { slice, at }
    }

    /// The command's place in the stream.
    pub fn seq(&self) -> Seq {
        self.batch().seq
    }

    /// The command's engine time.
    pub fn time(&self) -> Timestamp {
        self.batch().time
    }

    /// What it did, in order.
    pub fn events(&self) -> &[Event] {
        self.batch().events
    }

    /// All of it.
    pub fn batch(&self) -> EventBatch<'_> {
        self.slice.at(self.at)
    }
}

/// What a command with client order ids was first answered: enough to say it again after its events are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstAnswer {
    /// The command's place in the stream.
    pub seq: Seq,
    /// Why it was refused, if it was.
    pub rejected: Option<RejectReason>,
    orders: [OrderId; Self::ORDERS_MAX],
    count: u8,
}

impl FirstAnswer {
    /// No list of orders is longer.
    const ORDERS_MAX: usize = 3;

    pub(crate) const fn new(seq: Seq) -> Self {
        Self {
            seq,
            rejected: None,
            orders: [OrderId::new(0); Self::ORDERS_MAX],
            count: 0,
        }
    }

    /// What the events of a command answer.
    pub(crate) fn of(batch: EventBatch<'_>) -> Self {
        let mut answer = Self::new(batch.seq);
        for event in batch.events {
            match *event {
                Event::Accepted { order, .. } => answer.name(order),
                Event::Rejected { reason, .. } => answer.rejected = answer.rejected.or(Some(reason)),
                _ => {}
            }
        }
        answer
    }

    /// The ids of its orders that were accepted, in the order in which they were given.
    pub fn orders(&self) -> &[OrderId] {
        &self.orders[..usize::from(self.count)]
    }

    /// The id of its first order, if it was accepted.
    pub fn order(&self) -> Option<OrderId> {
        self.orders().first().copied()
    }

    pub(crate) fn name(&mut self, order: OrderId) {
        if let Some(place) = self.orders.get_mut(usize::from(self.count)) {
            *place = order;
            self.count += 1;
        }
    }
}

/// Why a command that was taken has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unanswered {
    /// The runtime ended before the command had a place in the stream. It did not happen and never will.
    #[error("the engine stopped before this was its turn; it was not carried out")]
    NotTaken,
    /// The runtime stopped while the command was on its way to the disk. It may have happened: ask again, by the client
    /// order id, when the engine is back.
    #[error("the engine stopped while this was on its way to the disk; whether it counts is not known")]
    Unknown,
    /// The command is larger than a record of the journal may be. It did not happen.
    #[error("the command has {bytes} bytes, the limit is {bytes_max}")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        bytes_max: usize,
    },
}

/// Why a command was not taken. It did not happen and never will.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// As many commands wait as may.
    #[error("the queue is full: try again later")]
    Overloaded,
    /// The engine is being stopped.
    #[error("the engine is stopping")]
    Stopping,
    /// The engine has stopped because of a fault.
    #[error("the engine has stopped: {0}")]
    Stopped(Fault),
}
