//! What a projection is fed with, where it stands in the stream, and what it refuses.

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::trades::Trade;
use crate::event::EventBatch;
use crate::types::{InstrumentId, OrderId, Price, Seq, Side, Timestamp};

/// State that is computed from events only: the same events give the same state, everywhere and always.
///
/// A batch must come after the one before it: a repeated or older one, or one whose time is earlier, is refused
/// and changes nothing. Gaps are allowed, because a projection may be fed with a part of the stream (its own
/// instrument's batches, say); who feeds the whole stream compares [`Projection::last`] with the batch's
/// sequence, or lets [`Projections`](super::Projections) do it.
pub trait Projection: Sized {
    /// Everything that the projection knows, as plain data.
    type Image;

    /// Takes the events of one command.
    ///
    /// # Errors
    /// When the batch does not follow on the last one (it changed nothing then), or contradicts what the
    /// projection knows. After the latter the state is that of no stream, and every further batch is refused:
    /// build the projection anew.
    fn apply(&mut self, batch: &EventBatch<'_>) -> Result<(), FeedError>;

    /// The sequence of the last batch, if there was one.
    fn last(&self) -> Option<Seq>;

    /// The time up to which the projection knows what happened.
    fn time(&self) -> Timestamp;

    /// Everything that the projection knows.
    fn image(&self) -> Self::Image;

    /// The projection that has this image, or nothing at all.
    ///
    /// # Errors
    /// When no stream of events leads to this image.
    fn restore(image: Self::Image) -> Result<Self, RestoreError>;
}

/// Why a batch was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FeedError {
    /// The batch was there already, or should have been. It changed nothing.
    #[error("batch {got} cannot follow on batch {last}")]
    OutOfOrder {
        /// The last batch that was taken.
        last: Seq,
        /// The refused one.
        got: Seq,
    },
    /// The batch is later in the stream but earlier in time. It changed nothing.
    #[error("time {} ns of batch {seq} is before {} ns, which has been", got.nanos(), last.nanos())]
    TimeBackwards {
        /// The refused batch.
        seq: Seq,
        /// The time that has been.
        last: Timestamp,
        /// The time of the refused batch.
        got: Timestamp,
    },
    /// A trade of a foreign feed has a price or a quantity that no trade has. It changed nothing.
    #[error("trade {0} has a price beyond the limits, or no quantity")]
    Trade(Seq),
    /// Batches are missing, where all were promised. It changed nothing.
    #[error("batch {got} came where batch {expected} was due")]
    Gap {
        /// The batch that was due.
        expected: Seq,
        /// The refused one.
        got: Seq,
    },
    /// A batch contradicted what the events before it said. Nothing more is taken.
    #[error("batch {at} contradicts the batches before it: {cause}")]
    Diverged {
        /// The first batch that did not fit.
        at: Seq,
        /// What did not fit.
        cause: Divergence,
    },
}

/// What an event contradicts: the stream was not fed from its beginning, or is not one engine's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub enum Divergence {
    /// Less is displayed at this price than the event takes away.
    #[error("not so much is displayed on the {side} side at {price} ticks")]
    Level {
        /// The side.
        side: Side,
        /// The price.
        price: Price,
    },
    /// Two orders with one id, or none, or one that traded more than its quantity; or ids that are not handed
    /// out by the engine, as the projections were told.
    #[error("order {0} is not known, is known already, or traded more than its quantity")]
    Order(OrderId),
    /// No such instrument was listed.
    #[error("instrument {0} was not listed")]
    Instrument(InstrumentId),
    /// A settlement of what is no trade of its batch.
    #[error("event {0} of the batch was settled and is no trade")]
    Trade(u32),
    /// More orders at once than the projections were given room for.
    #[error("more orders at once than there is room for")]
    OrdersMax,
    /// More instruments than the projections were given room for.
    #[error("more instruments than there is room for")]
    InstrumentsMax,
}

/// Why an image cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// The image was written by another version of this crate.
    #[error("image version {0} is not known")]
    Version(u32),
    /// A limit or a period is outside what can be.
    #[error("{name} of {value} is outside of what can be")]
    Limit {
        /// Which.
        name: &'static str,
        /// Its value.
        value: u64,
    },
    /// Two parts of the image contradict each other.
    #[error("the image contradicts itself: {0}")]
    Inconsistent(&'static str),
}

/// How far a projection has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Cursor {
    last: Option<Seq>,
    time: Timestamp,
    diverged: Option<(Seq, Divergence)>,
}

impl Cursor {
    /// Whether what has this sequence and time may come next.
    #[inline]
    pub(super) fn admit(&self, seq: Seq, time: Timestamp) -> Result<(), FeedError> {
        if let Some((at, cause)) = self.diverged {
            return Err(FeedError::Diverged { at, cause });
        }
        if let Some(last) = self.last.filter(|last| *last >= seq) {
            return Err(FeedError::OutOfOrder { last, got: seq });
        }
        if time < self.time {
            return Err(FeedError::TimeBackwards {
                seq,
                last: self.time,
                got: time,
            });
        }
        Ok(())
    }

    /// Whether this trade of a foreign feed may come next.
    pub(super) fn admit_trade(&self, trade: &Trade) -> Result<(), FeedError> {
        if !trade.price.is_valid() || trade.quantity.is_zero() {
            return Err(FeedError::Trade(trade.seq));
        }
        self.admit(trade.seq, trade.time)
    }

    /// Notes what has been taken, and how that went.
    #[inline]
    pub(super) fn advance(
        &mut self,
        seq: Seq,
        time: Timestamp,
        outcome: Result<(), Divergence>,
    ) -> Result<(), FeedError> {
        self.last = Some(seq);
        self.time = time;
        outcome.map_err(|cause| {
            self.diverged = Some((seq, cause));
            FeedError::Diverged { at: seq, cause }
        })
    }

    /// Moves the time forward without a batch; time that has been stays.
    #[inline]
    pub(super) fn advance_time(&mut self, time: Timestamp) {
        self.time = self.time.max(time);
    }

    /// The last sequence.
    #[inline]
    pub(super) fn last(&self) -> Option<Seq> {
        self.last
    }

    /// The time.
    #[inline]
    pub(super) fn time(&self) -> Timestamp {
        self.time
    }
}
