//! Questions of an account about its orders and fills.
//!
//! An answer is put together from three places that do not overlap for long: what is open or has just closed, what is
//! being archived, and the archive. They are looked at in this order, and what is found twice is told once.

use std::collections::BTreeMap;

use engine_core::data::OrderState;
use engine_core::{AccountId, ClientOrderId, InstrumentId, OrderId};
use engine_wire::{Object, Symbols};

use super::archive::{Closed, FillKey, Pending, Wanted};
use super::core::Core;
use super::feed::{Views, ViewsError};
use super::fill::Fill;
use super::json::Of;
use super::questions::push_number;

/// Which orders are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OrderFilter {
    /// Those that can still trade.
    Open,
    /// Those that are over.
    Closed,
    /// All.
    #[default]
    All,
}

/// A page of an account's orders or fills.
#[derive(Clone, Copy, Debug)]
pub struct OrdersPage {
    /// Whose.
    pub account: AccountId,
    /// In one instrument only.
    pub instrument: Option<InstrumentId>,
    /// How many at most.
    pub limit: usize,
}

/// Orders by id, as they are answered.
type Found = BTreeMap<u64, Box<[u8]>>;

impl Views {
    /// The state of an account's order, whether it is open or not; `None` if it has no such order.
    ///
    /// # Errors
    /// When the archive cannot be read.
    pub fn order(&self, account: AccountId, order: OrderId) -> Result<Option<Box<[u8]>>, ViewsError> {
        let writing = {
            let core = self.core();
            if let Some(json) = core.order_json(account, order) {
                return Ok(Some(json));
            }
            self.archive().writing()
        };
        if let Some(writing) = writing {
            let closed = writing.orders.get(&(account.get(), order.get()));
            if let Some(json) = closed.and_then(|closed| closed_json(&self.symbols(), closed)) {
                return Ok(Some(json));
            }
        }
        Ok(self.archive().order(account, order)?)
    }

    /// Whether an account's order is over. `None` if it has no such order.
    ///
    /// # Errors
    /// When the archive cannot be read.
    pub fn is_closed(&self, account: AccountId, order: OrderId) -> Result<Option<bool>, ViewsError> {
        let open = self.core().projections.order(order);
        match open.filter(|state| state.account == Some(account)) {
            Some(state) => Ok(Some(state.status.is_closed())),
            None => Ok(self.order(account, order)?.map(|_| true)),
        }
    }

    /// The instrument of an account's open order.
    pub fn instrument_of(&self, account: AccountId, order: OrderId) -> Option<InstrumentId> {
        let state = self.core().projections.order(order)?;
        (state.account == Some(account)).then_some(state.instrument)
    }

    /// The account's order of this name: the open one, or else the one that was accepted last.
    ///
    /// # Errors
    /// When the archive cannot be read.
    pub fn named(&self, account: AccountId, name: &ClientOrderId) -> Result<Option<OrderId>, ViewsError> {
        let writing = {
            let core = self.core();
            let mut open = core.projections.open_orders(account);
            let open = open.find(|state| state.client_id.as_ref() == Some(name));
            if let Some(order) = open
                .map(|state| state.order)
                .or_else(|| core.filling.named(account, name))
            {
                return Ok(Some(order));
            }
            self.archive().writing()
        };
        if let Some(order) = writing.and_then(|writing| writing.named(account, name)) {
            return Ok(Some(order));
        }
        Ok(self.archive().named(account, name.as_str())?)
    }

    /// Orders of an account with ids below `before`, newest first: `{"orders":[…],"next_cursor"}`.
    ///
    /// # Errors
    /// When the archive cannot be read.
    pub fn write_orders(
        &self,
        page: &OrdersPage,
        filter: OrderFilter,
        before: Option<u64>,
        out: &mut Vec<u8>,
    ) -> Result<(), ViewsError> {
        let before = before.unwrap_or(u64::MAX);
        let mut found = Found::new();
        let writing = {
            let core = self.core();
            if filter != OrderFilter::Closed {
                core.find_open(page, before, &mut found);
            }
            if filter != OrderFilter::Open {
                find_closed(&core.filling, &core.symbols, page, before, &mut found);
            }
            self.archive().writing()
        };
        if filter != OrderFilter::Open {
            if let Some(writing) = writing {
                find_closed(&writing, &self.symbols(), page, before, &mut found);
            }
            for row in self
                .archive()
                .orders_before(page.account, before, page.wanted())?
            {
                found.entry(row.key).or_insert(row.json);
            }
        }
        let newest = found.iter().rev().take(page.limit);
        let cursor = newest.clone().next_back().map(|(order, _)| *order);
        let has_more = newest.len() == page.limit;
        write_page("orders", newest.map(|(_, json)| &**json), out, |out| {
            push_number(cursor.filter(|_| has_more)?, out);
            Some(())
        });
        Ok(())
    }

    /// The fills of an account's order, oldest first: `{"fills":[…]}`; `None` if it has no such order.
    ///
    /// # Errors
    /// When the archive cannot be read.
    pub fn write_fills_of(
        &self,
        account: AccountId,
        order: OrderId,
        out: &mut Vec<u8>,
    ) -> Result<Option<()>, ViewsError> {
        if self.order(account, order)?.is_none() {
            return Ok(None);
        }
        let mut found = BTreeMap::new();
        let symbols = self.symbols();
        let writing = {
            let core = self.core();
            keep_fills(core.filling.fills_of(account, order), &symbols, &mut found);
            self.archive().writing()
        };
        if let Some(writing) = writing {
            keep_fills(writing.fills_of(account, order), &symbols, &mut found);
        }
        for (key, _, json) in self.archive().fills_of(account, order)? {
            found.entry(key).or_insert(json);
        }
        write_page("fills", found.values().map(|json| &**json), out, |_| None);
        Ok(Some(()))
    }

    /// The fills of an account before a place in the stream, newest first: `{"fills":[…],"next_cursor"}`.
    ///
    /// # Errors
    /// When the archive cannot be read.
    pub fn write_history(
        &self,
        page: &OrdersPage,
        before: Option<FillCursor>,
        out: &mut Vec<u8>,
    ) -> Result<(), ViewsError> {
        let before = match before {
            Some(FillCursor(seq, index, part)) => (page.account.get(), seq, index, part),
            None => (page.account.get(), u64::MAX, u32::MAX, u8::MAX),
        };
        let mut found = BTreeMap::new();
        let symbols = self.symbols();
        let writing = {
            let core = self.core();
            keep_fills(fills_before(&core.filling, page, before), &symbols, &mut found);
            self.archive().writing()
        };
        if let Some(writing) = writing {
            keep_fills(fills_before(&writing, page, before), &symbols, &mut found);
        }
        for row in self.archive().fills_before(before, page.wanted())? {
            found.entry(row.key).or_insert(row.json);
        }
        let newest = found.iter().rev().take(page.limit);
        let cursor = newest.clone().next_back().map(|(key, _)| *key);
        let has_more = newest.len() == page.limit;
        write_page("fills", newest.map(|(_, json)| &**json), out, |out| {
            let (_, seq, index, part) = cursor.filter(|_| has_more)?;
            out.extend_from_slice(FillCursor(seq, index, part).to_string().as_bytes());
            Some(())
        });
        Ok(())
    }
}

/// Where a page of fills ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FillCursor(u64, u32, u8);

impl std::fmt::Display for FillCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}-{}", self.0, self.1, self.2)
    }
}

/// A text that is no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no cursor that was handed out")]
pub struct NoCursor;

impl std::str::FromStr for FillCursor {
    type Err = NoCursor;

    fn from_str(text: &str) -> Result<Self, NoCursor> {
        let mut parts = text.split('-');
        let mut next = || parts.next().ok_or(NoCursor);
        let cursor = Self(
            next()?.parse().map_err(|_| NoCursor)?,
            next()?.parse().map_err(|_| NoCursor)?,
            next()?.parse().map_err(|_| NoCursor)?,
        );
        match parts.next() {
            Some(_) => Err(NoCursor),
            None => Ok(cursor),
        }
    }
}

impl OrdersPage {
    fn wanted(&self) -> Wanted {
        Wanted {
            instrument: self.instrument,
            count: self.limit,
        }
    }
}

impl Core {
    fn order_json(&self, account: AccountId, order: OrderId) -> Option<Box<[u8]>> {
        if let Some(state) = self.projections.order(order)
            && state.account == Some(account)
        {
            return self.state_json(&state);
        }
        let closed = self.filling.orders.get(&(account.get(), order.get()))?;
        closed_json(&self.symbols, closed)
    }

    fn state_json(&self, state: &OrderState) -> Option<Box<[u8]>> {
        let fee = self.fee_of(state);
        closed_json(&self.symbols, &Closed { state: *state, fee })
    }

    fn find_open(&self, page: &OrdersPage, before: u64, found: &mut Found) {
        let open = self.projections.open_orders(page.account);
        let wanted = open.filter(|state| state.order.get() < before && page.wanted().takes(state.instrument));
        for state in wanted.take(page.limit) {
            if let Some(json) = self.state_json(&state) {
                found.insert(state.order.get(), json);
            }
        }
    }
}

fn find_closed(pending: &Pending, symbols: &Symbols, page: &OrdersPage, before: u64, found: &mut Found) {
    let account = page.account.get();
    let range = pending.orders.range((account, 0)..(account, before)).rev();
    let wanted = range.filter(|(_, closed)| page.wanted().takes(closed.state.instrument));
    for (key, closed) in wanted.take(page.limit) {
        if let Some(json) = closed_json(symbols, closed) {
            found.entry(key.1).or_insert(json);
        }
    }
}

fn closed_json(symbols: &Symbols, closed: &Closed) -> Option<Box<[u8]>> {
    let mut out = Vec::with_capacity(512);
    Of::new(symbols, closed.state.instrument)?.order(&closed.state, closed.fee, &mut out);
    Some(out.into())
}

fn fills_before<'a>(
    pending: &'a Pending,
    page: &OrdersPage,
    before: FillKey,
) -> impl Iterator<Item = &'a Fill> {
    let wanted = page.wanted();
    let range = pending.fills.range((before.0, 0, 0, 0)..before).rev();
    let fills = range.map(|(_, fill)| fill);
    fills
        .filter(move |fill| wanted.takes(fill.instrument))
        .take(wanted.count)
}

fn keep_fills<'a>(
    fills: impl Iterator<Item = &'a Fill>,
    symbols: &Symbols,
    found: &mut BTreeMap<FillKey, Box<[u8]>>,
) {
    for fill in fills {
        let mut out = Vec::with_capacity(256);
        if let Some(of) = Of::new(symbols, fill.instrument) {
            of.fill(fill, &mut out);
            found.insert(super::archive::fill_key(fill), out.into());
        }
    }
}

/// Writes a list under its name, and the cursor of the next page as a string or `null`.
fn write_page<'a>(
    name: &'static str,
    rows: impl Iterator<Item = &'a [u8]>,
    out: &mut Vec<u8>,
    cursor: impl FnOnce(&mut Vec<u8>) -> Option<()>,
) {
    let mut object = Object::new(out);
    let list = object.key(name);
    list.push(b'[');
    for (at, row) in rows.enumerate() {
        if at > 0 {
            list.push(b',');
        }
        list.extend_from_slice(row);
    }
    list.push(b']');
    let mut text = Vec::new();
    match cursor(&mut text) {
        Some(()) => {
            let out = object.key("next_cursor");
            out.push(b'"');
            out.extend_from_slice(&text);
            out.push(b'"');
        }
        None => object.null("next_cursor"),
    }
    object.end();
}
