//! Who has something to do with an instrument, and what: one cache line for each of them, found by a keyed search.

use std::collections::BTreeMap;

use super::position::{Cost, Line};
use crate::book::{Index, Slab, Slot};
use crate::{Price, Qty, Side};

/// How many lines an instrument has at once in one piece, and its index expects; more are found a little slower.
const LINES_NEAR: u32 = 1 << 17;

/// Accounts have numbers that nobody chooses, so where they lie in the index need not be a secret.
const HASH_SEED: u64 = 0xACC0;

/// The lines of one instrument, by the number of the account.
///
/// There are as many as there are accounts that have traded here, or whose orders are counted: an account that
/// has not is an empty line, and none is kept for it.
///
/// Invariant: the costs of a line live apart exactly if one of them does not fit in it.
#[derive(Default)]
pub(super) struct Lines {
    /// With the first line comes the table.
    table: Option<Box<Table>>,
}

struct Table {
    index: Index,
    rows: Slab<Line>,
    apart: BTreeMap<u32, Cost>,
}

impl Lines {
    /// Where an account's line is.
    #[inline]
    pub(super) fn find(&self, account: u32) -> Option<u32> {
        let table = self.table.as_ref()?;
        let found = table
            .index
            .find(account.into(), |slot| table.rows[slot.get()].account.into())?;
        Some(found.get())
    }

    /// Where an account's line is; from now on it has one.
    #[inline]
    pub(super) fn ensure(&mut self, account: u32) -> u32 {
        match self.find(account) {
            Some(row) => row,
            None => self.open(account),
        }
    }

    #[inline(never)]
    fn open(&mut self, account: u32) -> u32 {
        let table = self.table.get_or_insert_with(|| Box::new(Table::new()));
        let row = table.rows.len() as u32;
        table.rows.push(Line {
            account,
            ..Line::default()
        });
        let rows = &table.rows;
        let account_of = |slot: Slot| rows[slot.get()].account.into();
        table.index.insert(account.into(), Slot::new(row), account_of);
        row
    }

    /// An account's line, or an empty one.
    #[inline]
    pub(super) fn read(&self, account: u32) -> Line {
        self.find(account)
            .zip(self.table.as_ref())
            .map_or_else(Line::default, |(row, table)| table.rows[row])
    }

    /// An account's line, to be changed; from now on it has one.
    #[inline]
    pub(super) fn at_mut(&mut self, account: u32) -> &mut Line {
        let row = self.ensure(account);
        self.row_mut(row)
    }

    /// A line that there is, to be changed.
    #[inline]
    pub(super) fn row_mut(&mut self, row: u32) -> &mut Line {
        let table = self.table.as_mut().expect("a line that was found is in a table");
        &mut table.rows[row]
    }

    /// What a position cost.
    pub(super) fn cost(&self, account: u32) -> Cost {
        self.find(account)
            .map_or_else(Cost::default, |row| self.cost_of(row))
    }

    #[inline]
    fn cost_of(&self, row: u32) -> Cost {
        let table = self.table.as_ref().expect("a line that was found is in a table");
        match table.rows[row].cost() {
            Some(cost) => cost,
            None => table.apart[&row],
        }
    }

    /// Notes what a position cost.
    pub(super) fn set_cost(&mut self, account: u32, cost: Cost) {
        let row = self.ensure(account);
        let table = self.table.as_mut().expect("a line that was found is in a table");
        if table.rows[row].set_cost(cost) {
            table.apart.remove(&row);
        } else {
            table.apart.insert(row, cost);
        }
    }

    /// Changes the position of a line by a trade, and returns its quantity and what it cost then.
    #[inline]
    pub(super) fn trade(&mut self, row: u32, side: Side, price: Price, quantity: Qty) -> (i64, Cost) {
        let line = self.row_mut(row);
        match line.trade_small(side, price, quantity) {
            Some(cost) => (line.quantity, cost),
            None => self.trade_large(row, side, price, quantity),
        }
    }

    #[cold]
    #[inline(never)]
    fn trade_large(&mut self, row: u32, side: Side, price: Price, quantity: Qty) -> (i64, Cost) {
        let mut cost = self.cost_of(row);
        let line = self.row_mut(row);
        line.trade(&mut cost, side, price, quantity);
        let (account, quantity) = (line.account, line.quantity);
        self.set_cost(account, cost);
        (quantity, cost)
    }

    /// All lines with their accounts, the oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &Line)> {
        let rows = self.table.iter().map(|table| &table.rows);
        rows.flat_map(|rows| (0..rows.len() as u32).map(|row| &rows[row]))
            .map(|line| (line.account, line))
    }

    /// Stops counting orders, and keeps no line that then says nothing.
    pub(super) fn uncount(&mut self) {
        let mut kept = Self::default();
        for (account, line) in self.iter().filter(|(_, line)| line.says_more_than_orders()) {
            *kept.at_mut(account) = Line {
                open: [0; 2],
                open_orders: 0,
                ..*line
            };
            kept.set_cost(account, self.cost(account));
        }
        *self = kept;
    }
}

impl Table {
    fn new() -> Self {
        Self {
            index: Index::new(HASH_SEED, LINES_NEAR),
            rows: Slab::new(LINES_NEAR as usize),
            apart: BTreeMap::new(),
        }
    }
}
