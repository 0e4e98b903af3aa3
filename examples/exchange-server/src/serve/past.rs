//! The past of a new exchange with simulated traders, so that its charts are full from the first second.
//!
//! It goes through the engine and its journal like everything else: as commands, with times of their own. While it is
//! told the clock stands still where it begins, so that no tick of the present comes between.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use engine_core::{AccountId, Amount, Event, InstrumentId, Price, Timestamp};
use engine_http::identity::{Identity, Tier};
use engine_http::views::Views;
use engine_runtime::{Clock, Handle, SystemClock, Tickets};
use engine_traders::{History, Past, together};

use super::exchange::now;
use super::failure::ServeError;
use super::funds::{Occasion, deposits};
use super::traders::usual;
use crate::progress::Progress;

/// Who traded in the past. When the first of them was made is when the past ended.
const USERS: [&str; 2] = ["past-1", "past-2"];
/// How many commands are given at once, where the queue has room for them.
const CHUNK: usize = 4_096;
/// How many such lots may be under way.
const CHUNKS_MAX: usize = 2;
const DAY_NS: u64 = 24 * 3_600 * 1_000_000_000;

/// The system's clock, which stands still at one moment as long as it is held there.
pub(crate) struct HeldClock {
    system: SystemClock,
    held_at: Arc<AtomicU64>,
}

/// Holds a clock.
pub(crate) struct Hold(Arc<AtomicU64>);

impl HeldClock {
    /// A clock that stands still at this moment until it is let go.
    pub(crate) fn new(at: Timestamp) -> (Self, Hold) {
        let held_at = Arc::new(AtomicU64::new(at.nanos()));
        let hold = Hold(Arc::clone(&held_at));
        let system = SystemClock::new();
        (Self { system, held_at }, hold)
    }
}

impl Clock for HeldClock {
    fn now(&mut self) -> Timestamp {
        match self.held_at.load(Ordering::Relaxed) {
            0 => self.system.now(),
            nanos => Timestamp::from_nanos(nanos),
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// When the simulated past ended that this exchange was given, if it was given one.
pub(crate) fn told_until(identity: &Identity) -> Option<Timestamp> {
    let user = identity.user_named(USERS[0]).ok().flatten()?;
    // Somebody may have registered under this name where there are no traders.
    let is_own = user.tier == Tier::Enterprise;
    Timestamp::from_millis(user.created_ms).filter(|_| is_own)
}

/// A past that is to be told.
pub(crate) struct Telling<'a> {
    pub(crate) engine: &'a Handle,
    pub(crate) views: &'a Views,
    pub(crate) identity: &'a Identity,
    pub(crate) days: u32,
    pub(crate) until: Timestamp,
    pub(crate) queue_max: usize,
}

/// Where a past begins that ends at `until`.
pub(crate) fn begin(until: Timestamp, days: u32) -> Timestamp {
    Timestamp::from_nanos(until.nanos().saturating_sub(DAY_NS * u64::from(days)).max(1))
}

impl Telling<'_> {
    /// Tells it, and returns the last price of each instrument.
    pub(crate) fn tell(&self) -> Result<BTreeMap<InstrumentId, Price>, ServeError> {
        let mut accounts = Vec::new();
        for name in USERS {
            accounts.push(self.identity.ensure(name, Tier::Enterprise, self.until)?);
        }
        let accounts: [AccountId; 2] = accounts.try_into().expect("as many as were made");
        let histories = self.histories(accounts)?;
        let commands: Vec<_> = together(histories).collect();
        let mut told = Told {
            bar: Progress::new("commands of a simulated past", commands.len() as u64),
            ..Told::default()
        };
        // Answers are looked at one lot late, so that the engine never waits for the next.
        let mut under_way = VecDeque::new();
        let room = (self.queue_max / CHUNKS_MAX).clamp(1, CHUNK);
        let mut commands = commands.into_iter().peekable();
        while commands.peek().is_some() {
            let lot = commands.by_ref().take(room).collect();
            let tickets = self.engine.submit_at(lot).map_err(refused)?;
            under_way.push_back(tickets);
            if under_way.len() == CHUNKS_MAX {
                told.take_in(under_way.pop_front())?;
            }
        }
        while !under_way.is_empty() {
            told.take_in(under_way.pop_front())?;
        }
        told.finish(now().millis().saturating_sub(self.until.millis()));
        Ok(told.prices)
    }

    /// The histories of all instruments in which something is usual, their accounts paid for.
    fn histories(&self, accounts: [AccountId; 2]) -> Result<Vec<History>, ServeError> {
        let symbols = self.views.symbols();
        let (mut histories, mut funds) = (Vec::new(), Vec::new());
        for number in 0.. {
            let instrument = InstrumentId::new(number);
            let Some(spec) = symbols.spec(instrument) else {
                break;
            };
            let Some(setting) = usual(self.views, &symbols, instrument) else {
                continue;
            };
            let past = Past {
                instrument,
                spec: spec.clone(),
                setting,
                accounts,
                until: self.until,
                days: self.days,
                seed: self.until.nanos() ^ u64::from(number),
            };
            let occasion = Occasion {
                seq: self.engine.released_through(),
                instrument,
            };
            for need in past.needs() {
                // Both trade everywhere, so what they need in several instruments adds up.
                funds.extend(deposits(&need, &symbols, occasion, |_| Amount::ZERO)?);
            }
            histories.push(past.history());
        }
        let mut paid = Told::default();
        for lot in funds.chunks(self.queue_max) {
            let tickets = self.engine.submit_all(lot.to_vec()).map_err(refused)?;
            paid.take_in(Some(tickets))?;
        }
        Ok(histories)
    }
}

fn refused(error: impl std::fmt::Display) -> ServeError {
    ServeError::Traders(error.to_string())
}

/// What has come of a past so far.
struct Told {
    prices: BTreeMap<InstrumentId, Price>,
    done: u64,
    trades: u64,
    rejects: u64,
    bar: Progress,
}

impl Default for Told {
    fn default() -> Self {
        Self {
            prices: BTreeMap::new(),
            done: 0,
            trades: 0,
            rejects: 0,
            bar: Progress::none(),
        }
    }
}

impl Told {
    fn take_in(&mut self, tickets: Option<Tickets>) -> Result<(), ServeError> {
        for outcome in tickets.map(Tickets::wait).unwrap_or_default() {
            for event in outcome.map_err(refused)?.events() {
                match event {
                    Event::Traded {
                        instrument, price, ..
                    } => {
                        self.prices.insert(*instrument, *price);
                        self.trades += 1;
                    }
                    Event::Rejected { .. } => self.rejects += 1,
                    _ => {}
                }
            }
            self.done += 1;
        }
        self.bar.set(self.done);
        Ok(())
    }

    fn finish(&mut self, took_ms: u64) {
        std::mem::replace(&mut self.bar, Progress::none()).finish();
        let Self {
            done,
            trades,
            rejects,
            ..
        } = *self;
        if rejects > 0 {
            tracing::warn!(rejects, "some commands of the simulated past were refused");
        }
        tracing::info!(
            commands = done,
            trades,
            took_ms,
            "the simulated past has been told"
        );
    }
}
