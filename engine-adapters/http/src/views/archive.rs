//! Closed orders and fills on disk: an index, made from events, that keeps memory bounded.
//!
//! ```text
//! the views: filling ─(when there is enough, or enough time has passed)→ writing ─→ the store
//! ```
//!
//! A reader looks at the three in this order, so nothing that moves between them is missed. The store is never the
//! only copy: it says up to which command it is complete, and what came after is filled in from the event log.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use engine_core::data::OrderState;
use engine_core::{AccountId, ClientOrderId, InstrumentId, OrderId, Seq, Timestamp};
use engine_wire::Symbols;
use redb::{Database, ReadableDatabase, TableDefinition};

use super::fee::{FEE_BYTES, Fee};
use super::fill::Fill;
use super::gentle_file::GentleFile;
use super::json::Of;

/// (account, order) -> instrument, order state as it is answered.
const ORDERS: TableDefinition<'_, (u64, u64), &[u8]> = TableDefinition::new("orders");
/// (account, client order id, order) -> nothing: the orders that had this name.
const NAMES: TableDefinition<'_, (u64, &str, u64), ()> = TableDefinition::new("names");
/// (account, sequence, index, maker or taker) -> instrument, fee, fill as it is answered.
const FILLS: TableDefinition<'_, FillKey, &[u8]> = TableDefinition::new("fills");
/// (order, sequence, index) -> account, which with them is the key of a fill.
const FILLS_OF_ORDER: TableDefinition<'_, (u64, u64, u32, u8), u64> = TableDefinition::new("fills_of_order");
/// How far the store is complete.
const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
const COMPLETE_SEQ: &str = "complete_seq";
const COMPLETE_TIME_NS: &str = "complete_time_ns";

/// What the store keeps in memory of what is on disk.
const CACHE_BYTES: usize = 64 << 20;

/// Account, sequence, index of the event, and 0 for a maker's or 1 for a taker's: an account can trade with itself.
pub(crate) type FillKey = (u64, u64, u32, u8);

/// Where a fill stands, its fee, and its JSON.
pub(crate) type PaidFill = (FillKey, Fee, Box<[u8]>);

/// Why the archive cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the archive of closed orders: {0}")]
pub struct ArchiveError(#[source] Box<redb::Error>);

impl<E: Into<redb::Error>> From<E> for ArchiveError {
    fn from(error: E) -> Self {
        Self(Box::new(error.into()))
    }
}

/// An order that is over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Closed {
    pub(crate) state: OrderState,
    pub(crate) fee: Fee,
}

/// What has not been written yet.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    pub(crate) orders: BTreeMap<(u64, u64), Closed>,
    pub(crate) fills: BTreeMap<FillKey, Fill>,
    pub(crate) up_to: (Seq, Timestamp),
}

impl Pending {
    pub(crate) fn len(&self) -> usize {
        self.orders.len() + self.fills.len()
    }

    pub(crate) fn add_fill(&mut self, fill: Fill) {
        self.fills.insert(fill_key(&fill), fill);
    }

    fn fee_of(&self, account: AccountId, order: OrderId) -> Fee {
        self.fills_of(account, order)
            .fold(Fee::default(), |sum, fill| sum.plus(fill.fee))
    }

    /// The fills of one order, oldest first.
    pub(crate) fn fills_of(&self, account: AccountId, order: OrderId) -> impl Iterator<Item = &Fill> {
        let of_account = self.fills.range(account_range(account));
        of_account
            .map(|(_, fill)| fill)
            .filter(move |fill| fill.order == order)
    }

    /// The closed order of this name that was accepted last.
    pub(crate) fn named(&self, account: AccountId, name: &ClientOrderId) -> Option<OrderId> {
        let of_account = self.orders.range((account.get(), 0)..=(account.get(), u64::MAX));
        let mut named = of_account
            .rev()
            .filter(|(_, closed)| closed.state.client_id.as_ref() == Some(name));
        named.next().map(|(_, closed)| closed.state.order)
    }
}

pub(crate) fn fill_key(fill: &Fill) -> FillKey {
    (
        fill.account.get(),
        fill.seq.get(),
        fill.index,
        fill.liquidity as u8,
    )
}

fn account_range(account: AccountId) -> std::ops::RangeInclusive<FillKey> {
    (account.get(), 0, 0, 0)..=(account.get(), u64::MAX, u32::MAX, u8::MAX)
}

/// A row of the store, as it is answered.
#[derive(Clone, Debug)]
pub(crate) struct Row<K> {
    pub(crate) key: K,
    pub(crate) json: Box<[u8]>,
}

/// The store, and what is on its way there.
pub(crate) struct Archive {
    database: Database,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    writing: Option<Arc<Pending>>,
    is_stopping: bool,
    has_failed: bool,
}

impl Archive {
    /// Opens the store of this file, or makes it.
    pub(crate) fn open(path: &Path) -> Result<Self, ArchiveError> {
        let database = Database::builder()
            .set_cache_size(CACHE_BYTES)
            .create_with_backend(GentleFile::open(path)?)?;
        Self::new(database)
    }

    /// A store that is gone with the process.
    pub(crate) fn in_memory() -> Result<Self, ArchiveError> {
        let backend = redb::backends::InMemoryBackend::new();
        Self::new(Database::builder().create_with_backend(backend)?)
    }

    fn new(database: Database) -> Result<Self, ArchiveError> {
        let transaction = database.begin_write()?;
        transaction.open_table(ORDERS)?;
        transaction.open_table(NAMES)?;
        transaction.open_table(FILLS)?;
        transaction.open_table(FILLS_OF_ORDER)?;
        transaction.open_table(META)?;
        transaction.commit()?;
        Ok(Self {
            database,
            state: Mutex::default(),
            changed: Condvar::new(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last command of which everything is here, and its time.
    pub(crate) fn complete(&self) -> Result<(Seq, Timestamp), ArchiveError> {
        let meta = self.database.begin_read()?.open_table(META)?;
        let number = |key| Ok::<_, ArchiveError>(meta.get(key)?.map_or(0, |value| value.value()));
        Ok((
            Seq::new(number(COMPLETE_SEQ)?),
            Timestamp::from_nanos(number(COMPLETE_TIME_NS)?),
        ))
    }

    /// Whether something is being written, so that more has to wait.
    pub(crate) fn is_busy(&self) -> bool {
        self.lock().writing.is_some()
    }

    /// Whether a write has failed: nothing more is taken.
    pub(crate) fn has_failed(&self) -> bool {
        self.lock().has_failed
    }

    /// Waits until what was handed over is written, or cannot be.
    pub(crate) fn wait_until_idle(&self) {
        let mut state = self.lock();
        while state.writing.is_some() && !state.has_failed {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Hands over what is to be written, after waiting for what was handed over before.
    pub(crate) fn hand_over(&self, pending: Pending) {
        self.wait_until_idle();
        let mut state = self.lock();
        if !state.has_failed {
            state.writing = Some(Arc::new(pending));
            self.changed.notify_all();
        }
    }

    /// What is being written, which is not in the store yet.
    pub(crate) fn writing(&self) -> Option<Arc<Pending>> {
        self.lock().writing.clone()
    }

    /// Writes what is handed over, until it is stopped: what the thread of the archive does.
    pub(crate) fn run(&self, symbols: impl Fn() -> Arc<Symbols>) -> Result<(), ArchiveError> {
        while let Some(pending) = self.next() {
            let written = self.write(&pending, &symbols());
            let mut state = self.lock();
            state.writing = None;
            state.has_failed |= written.is_err();
            self.changed.notify_all();
            drop(state);
            written?;
        }
        Ok(())
    }

    fn next(&self) -> Option<Arc<Pending>> {
        let mut state = self.lock();
        loop {
            if let Some(writing) = &state.writing {
                return Some(Arc::clone(writing));
            }
            if state.is_stopping {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Lets [`Self::run`] end when everything that was handed over is written.
    pub(crate) fn stop(&self) {
        self.lock().is_stopping = true;
        self.changed.notify_all();
    }

    fn write(&self, pending: &Pending, symbols: &Symbols) -> Result<(), ArchiveError> {
        let transaction = self.database.begin_write()?;
        {
            let mut orders = transaction.open_table(ORDERS)?;
            let mut names = transaction.open_table(NAMES)?;
            let mut row = Vec::new();
            for (key, closed) in &pending.orders {
                let Some(of) = Of::new(symbols, closed.state.instrument) else {
                    continue;
                };
                begin_row(closed.state.instrument, &mut row);
                of.order(&closed.state, closed.fee, &mut row);
                orders.insert(key, row.as_slice())?;
                if let Some(name) = &closed.state.client_id {
                    names.insert((key.0, name.as_str(), key.1), ())?;
                }
            }
            let mut fills = transaction.open_table(FILLS)?;
            let mut fills_of_order = transaction.open_table(FILLS_OF_ORDER)?;
            for (key, fill) in &pending.fills {
                let Some(of) = Of::new(symbols, fill.instrument) else {
                    continue;
                };
                begin_row(fill.instrument, &mut row);
                row.extend_from_slice(&fill.fee.to_bytes());
                of.fill(fill, &mut row);
                fills.insert(key, row.as_slice())?;
                fills_of_order.insert((fill.order.get(), key.1, key.2, key.3), key.0)?;
            }
            let mut meta = transaction.open_table(META)?;
            meta.insert(COMPLETE_SEQ, pending.up_to.0.get())?;
            meta.insert(COMPLETE_TIME_NS, pending.up_to.1.nanos())?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// A closed order of an account.
    pub(crate) fn order(
        &self,
        account: AccountId,
        order: OrderId,
    ) -> Result<Option<Box<[u8]>>, ArchiveError> {
        let orders = self.database.begin_read()?.open_table(ORDERS)?;
        let row = orders.get((account.get(), order.get()))?;
        Ok(row.map(|row| split_row(row.value()).1.into()))
    }

    /// The closed order of this name that was accepted last.
    pub(crate) fn named(&self, account: AccountId, name: &str) -> Result<Option<OrderId>, ArchiveError> {
        let names = self.database.begin_read()?.open_table(NAMES)?;
        let mut range = names.range((account.get(), name, 0)..=(account.get(), name, u64::MAX))?;
        let last = range.next_back().transpose()?;
        Ok(last.map(|(key, _)| OrderId::new(key.value().2)))
    }

    /// Closed orders of an account with ids below `before`, newest first, of one instrument if one is named.
    pub(crate) fn orders_before(
        &self,
        account: AccountId,
        before: u64,
        wanted: Wanted,
    ) -> Result<Vec<Row<u64>>, ArchiveError> {
        let orders = self.database.begin_read()?.open_table(ORDERS)?;
        let range = (
            Bound::Included((account.get(), 0)),
            Bound::Excluded((account.get(), before)),
        );
        let mut rows = Vec::new();
        for row in orders.range::<(u64, u64)>(range)?.rev() {
            let (key, value) = row?;
            let (instrument, json) = split_row(value.value());
            if wanted.takes(instrument) {
                rows.push(Row {
                    key: key.value().1,
                    json: json.into(),
                });
            }
            if rows.len() >= wanted.count {
                break;
            }
        }
        Ok(rows)
    }

    /// Fills of an account before a key, newest first, of one instrument if one is named.
    pub(crate) fn fills_before(
        &self,
        before: FillKey,
        wanted: Wanted,
    ) -> Result<Vec<Row<FillKey>>, ArchiveError> {
        let fills = self.database.begin_read()?.open_table(FILLS)?;
        let range = (Bound::Included((before.0, 0, 0, 0)), Bound::Excluded(before));
        let mut rows = Vec::new();
        for row in fills.range::<FillKey>(range)?.rev() {
            let (key, value) = row?;
            let (instrument, rest) = split_row(value.value());
            if wanted.takes(instrument) {
                rows.push(Row {
                    key: key.value(),
                    json: split_fee(rest).1.into(),
                });
            }
            if rows.len() >= wanted.count {
                break;
            }
        }
        Ok(rows)
    }

    /// The fills of an account's order, oldest first, each with its fee.
    pub(crate) fn fills_of(&self, account: AccountId, order: OrderId) -> Result<Vec<PaidFill>, ArchiveError> {
        let transaction = self.database.begin_read()?;
        let fills = transaction.open_table(FILLS)?;
        let keys = transaction.open_table(FILLS_OF_ORDER)?;
        let range = (order.get(), 0, 0, 0)..=(order.get(), u64::MAX, u32::MAX, u8::MAX);
        let mut found = Vec::new();
        for row in keys.range(range)? {
            let (key, owner) = row?;
            if owner.value() != account.get() {
                continue;
            }
            let (_, seq, index, liquidity) = key.value();
            let key = (account.get(), seq, index, liquidity);
            if let Some(value) = fills.get(key)? {
                let (fee, json) = split_fee(split_row(value.value()).1);
                found.push((key, fee, json.into()));
            }
        }
        Ok(found)
    }

    /// What an order has been charged, on disk and on the way there.
    pub(crate) fn fee_of(&self, filling: &Pending, account: AccountId, order: OrderId) -> Fee {
        let mut sum = filling.fee_of(account, order);
        let writing = self.writing();
        if let Some(writing) = &writing {
            sum = sum.plus(writing.fee_of(account, order));
        }
        let is_new = |key: &FillKey| {
            let in_writing = writing
                .as_ref()
                .is_some_and(|writing| writing.fills.contains_key(key));
            !in_writing && !filling.fills.contains_key(key)
        };
        let stored = self.fills_of(account, order).unwrap_or_default();
        let stored = stored.iter().filter(|(key, ..)| is_new(key));
        stored.fold(sum, |sum, (_, fee, _)| sum.plus(*fee))
    }
}

/// Which rows are wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) instrument: Option<InstrumentId>,
    pub(crate) count: usize,
}

impl Wanted {
    pub(crate) fn takes(self, instrument: InstrumentId) -> bool {
        self.instrument.is_none_or(|wanted| wanted == instrument)
    }
}

fn begin_row(instrument: InstrumentId, row: &mut Vec<u8>) {
    row.clear();
    row.extend_from_slice(&instrument.get().to_le_bytes());
}

fn split_row(row: &[u8]) -> (InstrumentId, &[u8]) {
    match row.split_first_chunk() {
        Some((instrument, rest)) => (InstrumentId::new(u32::from_le_bytes(*instrument)), rest),
        None => (InstrumentId::new(u32::MAX), row),
    }
}

fn split_fee(rest: &[u8]) -> (Fee, &[u8]) {
    match rest.split_first_chunk::<FEE_BYTES>() {
        Some((fee, json)) => (Fee::of_bytes(fee), json),
        None => (Fee::default(), rest),
    }
}
