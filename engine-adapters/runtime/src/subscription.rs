//! Reading the events: from the newest on, or from any place that is kept.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use engine_core::{EventBatch, Seq};

use crate::error::ReadEventsError;
use crate::events::EventReader;
use crate::hub::{End, Hub, Look, Visible};
use crate::slice::EventSlice;
use crate::store::Store;

/// The events of some commands in a row, without those that the reader has had.
#[derive(Clone, Debug)]
pub struct Slice {
    events: Arc<EventSlice>,
    first: Seq,
    last: Seq,
}

impl Slice {
    /// The first command.
    pub fn first(&self) -> Seq {
        self.first
    }

    /// The last command: what a sink notes when it is done with this.
    pub fn last(&self) -> Seq {
        self.last
    }

    /// The events of each command, in order; a command may have none.
    pub fn iter(&self) -> impl Iterator<Item = EventBatch<'_>> {
        let last = self.last;
        self.events
            .iter_from(self.first)
            .take_while(move |batch| batch.seq <= last)
    }
}

/// A place in the stream of events, from which on they are read in order and without a gap.
///
/// It holds nothing back: a reader may be as slow as it likes. If it is so far behind that the events are no longer in
/// memory they are read from the event log, and without one (`Durability::Memory`) it is told that it missed them.
///
/// The calls that return at once (`try_next`, `poll_next`, `recv`) read the event log where they have to, which may
/// take a millisecond or, from a cold disk, longer.
pub struct Subscription {
    hub: Arc<Hub>,
    store: Option<Arc<dyn Store>>,
    next: Seq,
    visible: Visible,
    /// Reads what is no longer in memory.
    log: Option<Box<dyn EventReader>>,
}

impl Subscription {
    pub(crate) fn new(hub: Arc<Hub>, store: Option<Arc<dyn Store>>, next: Seq, visible: Visible) -> Self {
        Self {
            hub,
            store,
            next,
            visible,
            log: None,
        }
    }

    /// The command whose events come next.
    pub fn position(&self) -> Seq {
        self.next
    }

    /// Waits for the next events. `None` means that the runtime was stopped and all events have been given out.
    ///
    /// # Errors
    /// [`ReadEventsError`]; after a fault of the runtime, when all events before it have been given out.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator could not say why there is no more"
    )]
    pub fn next(&mut self) -> Result<Option<Slice>, ReadEventsError> {
        let look = self.hub.wait(self.next, self.visible, None);
        Ok(self
            .take(look)?
            .expect("without a deadline the wait ends with something"))
    }

    /// Waits no longer than `timeout` for the next events; `Poll::Pending` means that it has passed.
    ///
    /// # Errors
    /// As [`Subscription::next`].
    pub fn next_timeout(&mut self, timeout: Duration) -> Result<Poll<Option<Slice>>, ReadEventsError> {
        let deadline = Instant::now().checked_add(timeout);
        let look = self.hub.wait(self.next, self.visible, deadline);
        Ok(self.take(look)?.map_or(Poll::Pending, Poll::Ready))
    }

    /// The next events if there are some; `Poll::Pending` if there are none yet.
    ///
    /// # Errors
    /// As [`Subscription::next`].
    pub fn try_next(&mut self) -> Result<Poll<Option<Slice>>, ReadEventsError> {
        let look = self.hub.look(self.next, self.visible, None);
        Ok(self.take(look)?.map_or(Poll::Pending, Poll::Ready))
    }

    /// The next events, or a promise to wake the task when there may be some.
    ///
    /// # Errors
    /// As [`Subscription::next`].
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Slice>, ReadEventsError>> {
        let look = self.hub.look(self.next, self.visible, Some(context.waker()));
        match self.take(look) {
            Ok(None) => Poll::Pending,
            Ok(Some(slice)) => Poll::Ready(Ok(slice)),
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    /// [`Subscription::next`] for async code. What it waits for is not lost if it is dropped.
    ///
    /// # Errors
    /// As [`Subscription::next`].
    pub async fn recv(&mut self) -> Result<Option<Slice>, ReadEventsError> {
        poll_fn(|context| self.poll_next(context)).await
    }

    /// What comes of a look: a slice, the end (`Some(None)`), or nothing yet.
    fn take(&mut self, look: Look) -> Result<Option<Option<Slice>>, ReadEventsError> {
        let (events, last) = match look {
            Look::Nothing => return Ok(None),
            Look::Ended(End::Stopped) => return Ok(Some(None)),
            Look::Ended(End::Fault(fault)) => return Err(ReadEventsError::Stopped(fault)),
            Look::Here(slice, last) => {
                self.log = None;
                (slice, last)
            }
            Look::Gone { until, oldest } => {
                let slice = self.read_log(until, oldest)?;
                let last = slice.last();
                (Arc::new(slice), last)
            }
        };
        let first = self.next;
        self.next = last.next();
        Ok(Some(Some(Slice { events, first, last })))
    }

    fn read_log(&mut self, until: Seq, oldest: Seq) -> Result<EventSlice, ReadEventsError> {
        let Some(store) = &self.store else {
            return Err(ReadEventsError::Missed {
                from: self.next,
                oldest,
            });
        };
        let mut log = match self.log.take() {
            Some(log) => log,
            None => store.events(self.next)?,
        };
        let mut slice = EventSlice::default();
        log.read(until, &mut slice)?;
        self.log = Some(log);
        Ok(slice)
    }
}
