//! What waits for one connection.

use std::collections::VecDeque;

use bytes::Bytes;

use super::topic::TopicId;

/// A queue that is empty keeps at most this much room, so that thousands of idle connections cost little.
const ROOM_KEPT: usize = 8;

/// How a message is treated when its reader is slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The newest of a topic makes the older ones pointless.
    State,
    /// Each one counts.
    Event,
    /// An event that the reader has asked for again.
    Missed,
}

#[derive(Debug)]
struct Entry {
    topic: TopicId,
    kind: Kind,
    message: Bytes,
}

/// How much may wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// So many events always fit.
    pub(super) events: usize,
    /// So many fit as long as they take less than `burst_bytes`.
    pub(super) burst_events: usize,
    pub(super) burst_bytes: usize,
    /// So many events that were asked for again.
    pub(super) missed: usize,
}

/// Messages in the order in which they were published.
///
/// - Events wait up to the bounds; one more does not fit.
/// - As long as fewer than four fifths of `Bounds::events` messages wait, all of them are kept. From there on a state takes the
///   place of the one before it in its topic, unless an event of the topic has come between: so at most one state is
///   added for each topic and for each event.
/// - What was missed and asked for again is bounded by the history from which it comes.
#[derive(Debug, Default)]
pub(super) struct Queue {
    entries: VecDeque<Entry>,
    events: usize,
    event_bytes: usize,
    missed: usize,
}

/// No more events fit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

impl Queue {
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Says whether another state had to go for it.
    pub(super) fn push_state(&mut self, topic: TopicId, message: &Bytes, bounds: &Bounds) -> bool {
        let waiting = self.entries.len() - self.missed;
        if waiting >= bounds.events / 5 * 4 {
            let newest = self.entries.iter_mut().rev().find(|entry| entry.topic == topic);
            // Behind an event of the topic it has to stay behind it.
            if let Some(entry) = newest.filter(|entry| entry.kind == Kind::State) {
                entry.message = message.clone();
                return true;
            }
        }
        self.push(topic, Kind::State, message);
        false
    }

    pub(super) fn push_event(
        &mut self,
        topic: TopicId,
        message: &Bytes,
        bounds: &Bounds,
    ) -> Result<(), Full> {
        let is_burst = self.events < bounds.burst_events && self.event_bytes < bounds.burst_bytes;
        if self.events >= bounds.events && !is_burst {
            return Err(Full);
        }
        self.events += 1;
        self.event_bytes += message.len();
        self.push(topic, Kind::Event, message);
        Ok(())
    }

    /// All of them fit, or none is taken.
    pub(super) fn push_missed<'a>(
        &mut self,
        topic: TopicId,
        messages: impl ExactSizeIterator<Item = &'a Bytes>,
        bounds: &Bounds,
    ) -> Result<(), Full> {
        if self.missed + messages.len() > bounds.missed {
            return Err(Full);
        }
        self.missed += messages.len();
        messages.for_each(|message| self.push(topic, Kind::Missed, message));
        Ok(())
    }

    fn push(&mut self, topic: TopicId, kind: Kind, message: &Bytes) {
        self.entries.push_back(Entry {
            topic,
            kind,
            message: message.clone(),
        });
    }

    /// Moves up to `count` messages out, the oldest first.
    pub(super) fn take(&mut self, count: usize, out: &mut Vec<Bytes>) {
        let count = count.min(self.entries.len());
        for entry in self.entries.drain(..count) {
            match entry.kind {
                Kind::State => {}
                Kind::Event => {
                    self.events -= 1;
                    self.event_bytes -= entry.message.len();
                }
                Kind::Missed => self.missed -= 1,
            }
            out.push(entry.message);
        }
        if self.entries.is_empty() && self.entries.capacity() > ROOM_KEPT {
            self.entries.shrink_to(ROOM_KEPT);
        }
    }

    /// Forgets what waits of a topic.
    pub(super) fn forget(&mut self, topic: TopicId) {
        self.entries.retain(|entry| entry.topic != topic);
        let count = |kind| self.entries.iter().filter(|entry| entry.kind == kind).count();
        self.events = count(Kind::Event);
        self.missed = count(Kind::Missed);
        let events = self.entries.iter().filter(|entry| entry.kind == Kind::Event);
        self.event_bytes = events.map(|entry| entry.message.len()).sum();
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}
