//! The reading thread's side of the views, and the handle that everybody else has.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::task::Poll;
use std::time::{Duration, Instant};

use engine_core::data::{CandlesConfig, FeedError, Interval, Projections, ProjectionsConfig};
use engine_core::{EventBatch, InstrumentId, OrderIds, Phase, Seq};
use engine_runtime::{Handle, ReadEventsError, Subscription};
use engine_wire::Symbols;
use tokio::sync::watch;

use crate::histogram::Histogram;

use super::archive::{Archive, ArchiveError};
use super::core::Core;
use super::json::Of;
use super::lateness::Lateness;
use super::outlet::{Kind, Outlet, PublicChannel, PublicTopic};
use super::questions::{CANDLES_MAX, TRADES_MAX};
use super::timing::Turn;

/// The levels of a side that the channel `orderbook` shows.
const BOOK_LEVELS: usize = 15;
/// Changed levels that are remembered within one slice of batches; more are told as a gap.
const DEPTH_CHANGES_MAX: usize = 1 << 17;
/// Trades of the last 24 hours that are remembered one by one.
const STATISTICS_TRADES_MAX: usize = 1 << 16;
/// Closed orders that the projections keep until they are handed on.
const CLOSED_ORDERS_MAX: u32 = 1 << 17;

/// How long the reading thread waits when nothing is due.
const PATIENCE: Duration = Duration::from_secs(1);

/// How the views are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewsConfig {
    /// The file of closed orders and fills; without one they are gone with the process.
    pub archive: Option<PathBuf>,
    /// How long something that closed waits at most until it is archived.
    pub archive_every: Duration,
    /// After how many rows it is archived earlier.
    pub archive_rows: usize,
    /// How many rows may wait for a slow disk before the views wait for it, too.
    pub archive_rows_max: usize,
}

impl Default for ViewsConfig {
    fn default() -> Self {
        Self {
            archive: None,
            archive_every: Duration::from_millis(500),
            archive_rows: 20_000,
            archive_rows_max: 200_000,
        }
    }
}

/// Why the views cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ViewsError {
    /// The events contradict each other, or some are missing.
    #[error("the events cannot be followed: {0}")]
    Feed(#[from] FeedError),
    /// The archive cannot be read or written.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The events cannot be read.
    #[error(transparent)]
    Events(#[from] ReadEventsError),
    /// A write of the archive has failed before.
    #[error("the archive of closed orders could not be written")]
    ArchiveStopped,
}

/// What everybody may ask for. Shared: the questions are methods of this.
pub struct Views {
    core: Mutex<Core>,
    symbols: RwLock<Arc<Symbols>>,
    archive: Arc<Archive>,
    progress: watch::Sender<Seq>,
    lateness: Lateness,
    config: ViewsConfig,
}

impl Views {
    /// How the projections are to be built that the views begin with.
    pub fn projections_config(ids: OrderIds, instruments_max: u32, orders_max: u32) -> ProjectionsConfig {
        ProjectionsConfig {
            ids,
            instruments_max,
            orders_max,
            depth_changes_max: Some(DEPTH_CHANGES_MAX),
            trades_max: Some(TRADES_MAX),
            candles: Some(CandlesConfig {
                intervals: Interval::USUAL.to_vec(),
                candles_max: CANDLES_MAX,
            }),
            statistics_trades_max: Some(STATISTICS_TRADES_MAX),
            closed_orders_max: Some(CLOSED_ORDERS_MAX),
            ..ProjectionsConfig::OFF
        }
    }

    /// The views of a stream that the projections have followed so far.
    ///
    /// # Errors
    /// When the archive cannot be opened.
    pub fn open(config: ViewsConfig, projections: Projections, symbols: Symbols) -> Result<Self, ViewsError> {
        let archive = Arc::new(match &config.archive {
            Some(path) => Archive::open(path)?,
            None => Archive::in_memory()?,
        });
        let symbols = Arc::new(symbols);
        let core = Core::new(projections, Arc::clone(&symbols), Arc::clone(&archive));
        let (progress, _) = watch::channel(core.seq());
        Ok(Self {
            core: Mutex::new(core),
            symbols: RwLock::new(symbols),
            archive,
            progress,
            lateness: Lateness::default(),
            config,
        })
    }

    pub(super) fn core(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn archive(&self) -> &Archive {
        &self.archive
    }

    /// The command up to which the archive has everything: what came after has to be [refilled](Self::refill).
    ///
    /// # Errors
    /// When the archive cannot be read.
    pub fn archived(&self) -> Result<Seq, ViewsError> {
        Ok(self.archive.complete()?.0)
    }

    /// Takes note of fills that the projections know and the archive does not: those after [`Self::archived`].
    pub fn refill<'a>(&self, batches: impl Iterator<Item = EventBatch<'a>>) {
        let mut core = self.core();
        let (complete, up_to) = (self.archive.complete(), core.seq());
        let complete = complete.map_or(Seq::default(), |(seq, _)| seq);
        for batch in batches.filter(|batch| complete < batch.seq && batch.seq <= up_to) {
            core.refill(&batch);
        }
    }

    /// Fills in what a crash has taken from the archive, from the events that are kept.
    ///
    /// # Errors
    /// When the archive or the events cannot be read.
    pub fn catch_up_archive(&self, engine: &Handle) -> Result<(), ViewsError> {
        let (from, end) = (self.archived()?.next(), self.seq());
        let mut subscription = engine.subscribe_from(from);
        while subscription.position() <= end {
            match subscription.try_next() {
                Ok(Poll::Ready(Some(slice))) => self.refill(slice.iter()),
                Ok(_) => break,
                // What is no longer kept was archived long ago, or cannot be had any more.
                Err(error) => {
                    tracing::warn!(%error, from = from.get(), "fills before this start are not complete");
                    break;
                }
            }
        }
        Ok(())
    }

    /// The phase that an instrument is in when the views begin.
    pub fn set_phase(&self, instrument: InstrumentId, phase: Phase) {
        self.core().set_phase(instrument, phase);
    }

    /// The instruments and their symbols.
    pub fn symbols(&self) -> Arc<Symbols> {
        Arc::clone(&self.symbols.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the symbols, before the instrument that is new in them is listed.
    pub fn set_symbols(&self, symbols: Symbols) {
        let symbols = Arc::new(symbols);
        self.core().symbols = Arc::clone(&symbols);
        *self.symbols.write().unwrap_or_else(PoisonError::into_inner) = symbols;
    }

    /// The last command that the views have taken.
    pub fn seq(&self) -> Seq {
        *self.progress.borrow()
    }

    /// Waits until the views have taken this command: who then asks sees what it did.
    pub async fn wait_for(&self, seq: Seq) {
        if self.seq() >= seq {
            return;
        }
        let mut progress = self.progress.subscribe();
        // The sender lives as long as the views.
        let _ = progress.wait_for(|taken| *taken >= seq).await;
    }

    /// Takes note that the order with this place in the stream was received then, and has been answered.
    pub(crate) fn note_order(&self, seq: Seq, received: Instant) {
        self.lateness.note(seq, received);
    }

    /// How long it took from receipt of orders until what they did was handed to those who listen.
    pub(crate) fn event_latency(&self) -> &Histogram {
        &self.lateness.took
    }

    /// Writes what is handed to the archive, until the feed ends: what the archive's own thread does.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn run_archive(&self) -> Result<(), ViewsError> {
        Ok(self.archive.run(|| self.symbols())?)
    }
}

/// Feeds the views and an outlet: what the reading thread has.
pub struct Feed<O> {
    views: Arc<Views>,
    outlet: O,
    turns: Vec<Turn>,
    archived: Instant,
    out: Vec<u8>,
}

impl<O: Outlet> Feed<O> {
    /// Feeds these views, and says what happened to the outlet.
    pub fn new(views: Arc<Views>, mut outlet: O, now: Instant) -> Self {
        let mut core = views.core();
        let (symbols, seq) = (Arc::clone(&core.symbols), core.seq());
        let instruments: Vec<_> = core.projections.instruments().collect();
        for instrument in instruments {
            if let Some(spec) = symbols.spec(instrument) {
                outlet.list(instrument, &spec.terms().symbol, seq);
                core.pace.mark_trade(instrument);
            }
        }
        drop(core);
        Self {
            views,
            outlet,
            turns: Vec::new(),
            archived: now,
            out: Vec::new(),
        }
    }

    /// Takes the batches that were released next. Returns when to come back, if nothing is released before.
    ///
    /// # Errors
    /// When the batches do not follow on each other, or what closed cannot be archived. The views then stay as
    /// they are, and nothing more may be taken.
    pub fn take<'a>(
        &mut self,
        batches: impl Iterator<Item = EventBatch<'a>>,
        now: Instant,
    ) -> Result<Option<Instant>, ViewsError> {
        let views = Arc::clone(&self.views);
        let mut core = views.core();
        for batch in batches {
            core.apply(&batch, &mut self.outlet)?;
        }
        core.tell_depth(&mut self.outlet);
        core.close_orders();
        self.tell_candle_ends(&mut core);
        let next = self.tell_due(&mut core, now);
        let (seq, waiting) = (core.seq(), core.filling.len());
        self.outlet.reach(seq);
        drop(core);
        views.progress.send_replace(seq);
        views.lateness.reach(seq);
        let flush = self.outlet.flush(now);
        let archive = self.archive_if_due(waiting, now)?;
        Ok([next, flush, archive].into_iter().flatten().min())
    }

    /// Sends what has become due while nothing was released.
    ///
    /// # Errors
    /// As [`Self::take`].
    pub fn wake(&mut self, now: Instant) -> Result<Option<Instant>, ViewsError> {
        self.take(std::iter::empty(), now)
    }

    /// Follows the events until the engine ends: what the reading thread does.
    ///
    /// # Errors
    /// As [`Self::take`], and when events cannot be read.
    pub fn run(mut self, mut events: Subscription) -> Result<(), ViewsError> {
        let ended = self.follow(&mut events);
        self.end();
        ended
    }

    fn follow(&mut self, events: &mut Subscription) -> Result<(), ViewsError> {
        let mut next: Option<Instant> = None;
        loop {
            let patience = next.map_or(PATIENCE, |next| next.saturating_duration_since(Instant::now()));
            next = match events.next_timeout(patience)? {
                Poll::Ready(Some(slice)) => self.take(slice.iter(), Instant::now())?,
                Poll::Ready(None) => return Ok(()),
                Poll::Pending => self.wake(Instant::now())?,
            };
        }
    }

    /// Archives what has closed, and lets the archive's thread end.
    pub fn end(mut self) {
        // Nothing comes after this that would be worth waiting for.
        self.outlet.flush(Instant::now() + PATIENCE);
        let pending = std::mem::take(&mut self.views.core().filling);
        if pending.len() > 0 {
            self.views.archive.hand_over(pending);
        }
        self.views.archive.stop();
    }

    fn archive_if_due(&mut self, waiting: usize, now: Instant) -> Result<Option<Instant>, ViewsError> {
        let config = &self.views.config;
        let due = self.archived + config.archive_every;
        if waiting == 0 {
            self.archived = now;
            return Ok(None);
        }
        if self.views.archive.has_failed() {
            return Err(ViewsError::ArchiveStopped);
        }
        let is_due = waiting >= config.archive_rows || now >= due;
        if !is_due {
            return Ok(Some(due));
        }
        if self.views.archive.is_busy() && waiting < config.archive_rows_max {
            return Ok(Some(now + config.archive_every));
        }
        // Only this thread hands over, so from here on the archive stays idle.
        self.views.archive.wait_until_idle();
        let mut core = self.views.core();
        let pending = std::mem::take(&mut core.filling);
        self.views.archive.hand_over(pending);
        self.archived = now;
        Ok(None)
    }

    fn tell_due(&mut self, core: &mut Core, now: Instant) -> Option<Instant> {
        let mut turns = std::mem::take(&mut self.turns);
        let next = core.pace.take_due(now, &mut turns);
        for turn in turns.drain(..) {
            if turn.book {
                self.tell_book(core, turn.instrument);
            }
            if turn.statistics {
                self.tell_statistics(core, turn.instrument);
            }
            if turn.candles {
                self.tell_open_candles(core, turn.instrument);
            }
        }
        self.turns = turns;
        next
    }

    fn tell_book(&mut self, core: &Core, instrument: InstrumentId) {
        let topic = PublicTopic {
            channel: PublicChannel::OrderBook,
            instrument,
        };
        if self.outlet.wants(topic) && write_book_message(core, instrument, &mut self.out) {
            self.outlet.publish(topic, Kind::State, core.seq(), &self.out);
        }
    }

    fn tell_statistics(&mut self, core: &mut Core, instrument: InstrumentId) {
        let topic = PublicTopic {
            channel: PublicChannel::Statistics,
            instrument,
        };
        if self.outlet.wants(topic) && write_statistics_message(core, instrument, &mut self.out) {
            self.outlet.publish(topic, Kind::State, core.seq(), &self.out);
        }
    }

    fn tell_open_candles(&mut self, core: &mut Core, instrument: InstrumentId) {
        for interval in Interval::USUAL {
            let topic = PublicTopic {
                channel: PublicChannel::Candles(interval),
                instrument,
            };
            if self.outlet.wants(topic) && write_candle_message(core, instrument, interval, &mut self.out) {
                self.outlet.publish(topic, Kind::State, core.seq(), &self.out);
            }
        }
    }

    /// Says of every candle that has closed what it was.
    fn tell_candle_ends(&mut self, core: &mut Core) {
        let at = core.at();
        let Some(since) = core.pace.take_candle_ends(at.time) else {
            return;
        };
        let symbols = Arc::clone(&core.symbols);
        let instruments: Vec<_> = core.projections.instruments().collect();
        for instrument in instruments {
            let Some(of) = Of::new(&symbols, instrument) else {
                continue;
            };
            for interval in Interval::USUAL {
                let topic = PublicTopic {
                    channel: PublicChannel::Candles(interval),
                    instrument,
                };
                let Some(candles) = core
                    .projections
                    .candles(instrument)
                    .filter(|_| self.outlet.wants(topic))
                else {
                    continue;
                };
                for candle in candles.closed_since(interval, since) {
                    self.out.clear();
                    of.candle_update(interval, &candle, at, &mut self.out);
                    self.outlet.publish(topic, Kind::Event, at.seq, &self.out);
                }
            }
        }
    }
}

/// The best levels of the book, as they are sent.
fn write_book_message(core: &Core, instrument: InstrumentId, out: &mut Vec<u8>) -> bool {
    out.clear();
    let depth = core.projections.depth(instrument);
    let of = Of::new(&core.symbols, instrument);
    let Some((depth, of)) = depth.zip(of) else {
        return false;
    };
    of.book(&depth.snapshot(BOOK_LEVELS), Some("OrderBookUpdate"), out);
    true
}

/// The statistics, as they are sent.
fn write_statistics_message(core: &mut Core, instrument: InstrumentId, out: &mut Vec<u8>) -> bool {
    out.clear();
    let seq = core.seq();
    let ticker = core.projections.ticker(instrument);
    let of = Of::new(&core.symbols, instrument);
    let Some((ticker, of)) = ticker.zip(of) else {
        return false;
    };
    of.statistics(&ticker, seq, true, out);
    true
}

/// The open candle of an interval, as it is sent; there is none before the first trade.
fn write_candle_message(
    core: &mut Core,
    instrument: InstrumentId,
    interval: Interval,
    out: &mut Vec<u8>,
) -> bool {
    out.clear();
    let at = core.at();
    let candles = core.projections.candles(instrument);
    let open = candles.and_then(|candles| candles.newest(interval, 1).last());
    let of = Of::new(&core.symbols, instrument);
    let Some((open, of)) = open.zip(of) else {
        return false;
    };
    of.candle_update(interval, &open, at, out);
    true
}
