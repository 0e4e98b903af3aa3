//! When market data is due: often enough to follow, seldom enough to read.

use std::time::{Duration, Instant};

use engine_core::data::Interval;
use engine_core::{InstrumentId, Timestamp};

/// The book's best levels are sent at most this often.
const BOOK_EVERY: Duration = Duration::from_millis(50);
/// Statistics are sent at most this often.
const STATISTICS_EVERY: Duration = Duration::from_secs(1);
/// Open candles are sent at most this often.
const CANDLES_EVERY: Duration = Duration::from_millis(250);

/// What of an instrument has changed, and when it was sent last.
#[derive(Clone, Copy, Debug, Default)]
struct Track {
    book: Due,
    statistics: Due,
    candles: Due,
    /// Whether it is in the list of those to look at.
    is_listed: bool,
    has_book_changed: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Due {
    has_changed: bool,
    sent: Option<Instant>,
}

impl Due {
    /// Whether it is to be sent now; if only later, when.
    fn take(&mut self, every: Duration, now: Instant, next: &mut Option<Instant>) -> bool {
        if !self.has_changed {
            return false;
        }
        let due = self.sent.map_or(now, |sent| sent + every);
        if due > now {
            *next = Some(next.map_or(due, |next| next.min(due)));
            return false;
        }
        self.has_changed = false;
        self.sent = Some(now);
        true
    }
}

/// What is due for an instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Turn {
    pub(crate) instrument: InstrumentId,
    pub(crate) book: bool,
    pub(crate) statistics: bool,
    pub(crate) candles: bool,
}

/// Which instruments have changed, and when they may be sent again.
#[derive(Debug)]
pub(crate) struct Pace {
    tracks: Vec<Track>,
    /// The instruments of which something has not been sent.
    changed: Vec<InstrumentId>,
    /// The instruments whose books changed since their changes were taken.
    books: Vec<InstrumentId>,
    /// Up to when the ends of candles have been told.
    candles_closed: Timestamp,
}

impl Pace {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self {
            tracks: Vec::new(),
            changed: Vec::new(),
            books: Vec::new(),
            candles_closed: now,
        }
    }

    fn track(&mut self, instrument: InstrumentId) -> &mut Track {
        let at = instrument.get() as usize;
        if self.tracks.len() <= at {
            self.tracks.resize(at + 1, Track::default());
        }
        let track = &mut self.tracks[at];
        if !track.is_listed {
            track.is_listed = true;
            self.changed.push(instrument);
        }
        track
    }

    /// The displayed book of an instrument has changed.
    pub(crate) fn mark_book(&mut self, instrument: InstrumentId) {
        let track = self.track(instrument);
        track.book.has_changed = true;
        track.statistics.has_changed = true;
        if !track.has_book_changed {
            track.has_book_changed = true;
            self.books.push(instrument);
        }
    }

    /// An instrument was traded.
    pub(crate) fn mark_trade(&mut self, instrument: InstrumentId) {
        self.mark_book(instrument);
        self.track(instrument).candles.has_changed = true;
    }

    /// The instruments whose books have changed since the last call.
    pub(crate) fn take_changed_books(&mut self) -> Vec<InstrumentId> {
        let books = std::mem::take(&mut self.books);
        for instrument in &books {
            self.tracks[instrument.get() as usize].has_book_changed = false;
        }
        books
    }

    /// What is due now, and when the next is.
    pub(crate) fn take_due(&mut self, now: Instant, turns: &mut Vec<Turn>) -> Option<Instant> {
        let mut next = None;
        let tracks = &mut self.tracks;
        self.changed.retain(|instrument| {
            let track = &mut tracks[instrument.get() as usize];
            let turn = Turn {
                instrument: *instrument,
                book: track.book.take(BOOK_EVERY, now, &mut next),
                statistics: track.statistics.take(STATISTICS_EVERY, now, &mut next),
                candles: track.candles.take(CANDLES_EVERY, now, &mut next),
            };
            if turn.book || turn.statistics || turn.candles {
                turns.push(turn);
            }
            track.is_listed =
                track.book.has_changed || track.statistics.has_changed || track.candles.has_changed;
            track.is_listed
        });
        next
    }

    /// Since when candles have closed whose end has not been told, if any can have by `now`.
    pub(crate) fn take_candle_ends(&mut self, now: Timestamp) -> Option<Timestamp> {
        // Every interval that is offered ends with a minute.
        if Interval::M1.begin(now) <= self.candles_closed {
            return None;
        }
        Some(std::mem::replace(&mut self.candles_closed, now))
    }
}
