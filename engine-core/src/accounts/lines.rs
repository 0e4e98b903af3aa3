//! Who has something to do with an instrument, and what: half a cache line for each of them.

use std::collections::BTreeMap;

use super::paged::Paged;
use super::position::{Cost, Line, Open, Row};
use crate::book::Slab;

/// How many lines an instrument has in one piece; more are found a little slower.
const LINES_NEAR: usize = 1 << 17;

/// The lines of one instrument, by the number of the account.
///
/// There are as many as there are accounts that have traded here, or whose orders are counted: an account that
/// has not is an empty line, and none is kept for it.
///
/// Invariant: the costs of a line live apart exactly if one of them does not fit in its row.
#[derive(Default)]
pub(super) struct Lines {
    /// With the first line comes the table.
    table: Option<Box<Table>>,
}

struct Table {
    /// Where each account's row is, and 1 more; 0 where it has none.
    places: Paged<u32, 32>,
    rows: Slab<Row>,
    /// What live orders add up to, for each row up to the last that had any while they were counted.
    open: Slab<Open>,
    apart: BTreeMap<u32, Cost>,
}

impl Lines {
    /// Where an account's row is.
    #[inline]
    pub(super) fn find(&self, account: u32) -> Option<u32> {
        self.table.as_ref()?.places.read(account).checked_sub(1)
    }

    /// Where an account's row is; from now on it has one.
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
        table.rows.push(Row::of(account));
        *table.places.at_mut(account) = row + 1;
        row
    }

    /// A row that was found.
    #[inline]
    pub(super) fn row(&self, row: u32) -> &Row {
        &self.known().rows[row]
    }

    /// The same, to be changed.
    #[inline]
    pub(super) fn row_mut(&mut self, row: u32) -> &mut Row {
        &mut self.known_mut().rows[row]
    }

    /// An account's line, or an empty one.
    #[inline]
    pub(super) fn read(&self, account: u32) -> Line {
        let row = self.find(account).zip(self.table.as_ref());
        row.map_or_else(Line::default, |(row, table)| table.line(row))
    }

    /// An account's row, to be changed; from now on it has one.
    #[inline]
    pub(super) fn at_mut(&mut self, account: u32) -> &mut Row {
        let row = self.ensure(account);
        self.row_mut(row)
    }

    /// What an account's live orders add up to, to be changed.
    #[inline]
    pub(super) fn open_mut(&mut self, account: u32) -> &mut Open {
        let row = self.ensure(account);
        self.open_of(row)
    }

    /// The same of a row that there is.
    #[inline]
    pub(super) fn open_of(&mut self, row: u32) -> &mut Open {
        let open = &mut self.known_mut().open;
        while open.len() <= row as usize {
            open.push(Open::default());
        }
        &mut open[row]
    }

    #[inline]
    fn known(&self) -> &Table {
        self.table.as_ref().expect("a row that was found is in a table")
    }

    #[inline]
    fn known_mut(&mut self) -> &mut Table {
        self.table.as_mut().expect("a row that was found is in a table")
    }

    /// What a position cost.
    pub(super) fn cost(&self, account: u32) -> Cost {
        self.find(account)
            .map_or_else(Cost::default, |row| self.cost_of(row))
    }

    fn cost_of(&self, row: u32) -> Cost {
        let table = self.known();
        match table.rows[row].cost() {
            Some(cost) => cost,
            None => table.apart[&row],
        }
    }

    /// Notes what a position cost.
    pub(super) fn set_cost(&mut self, account: u32, cost: Cost) {
        let row = self.ensure(account);
        let table = self.known_mut();
        if table.rows[row].set_cost(cost) {
            table.apart.remove(&row);
        } else {
            table.apart.insert(row, cost);
        }
    }

    /// All lines with their accounts, the oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, Line)> {
        let tables = self.table.iter();
        tables.flat_map(|table| {
            let rows = 0..table.rows.len() as u32;
            rows.map(|row| (table.rows[row].account, table.line(row)))
        })
    }

    /// Stops counting orders, and keeps no line that then says nothing.
    pub(super) fn uncount(&mut self) {
        let mut kept = Self::default();
        for (account, line) in self.iter() {
            let cost = self.cost(account);
            if line.quantity != 0 || line.extra != 0 || cost != Cost::default() {
                let row = kept.at_mut(account);
                (row.quantity, row.extra) = (line.quantity, line.extra);
                kept.set_cost(account, cost);
            }
        }
        *self = kept;
    }
}

impl Table {
    fn new() -> Self {
        Self {
            places: Paged::new(),
            rows: Slab::new(LINES_NEAR),
            open: Slab::new(LINES_NEAR),
            apart: BTreeMap::new(),
        }
    }

    #[inline]
    fn line(&self, row: u32) -> Line {
        let Row { quantity, extra, .. } = self.rows[row];
        Line {
            quantity,
            extra,
            open: self.open.get(row).copied().unwrap_or_default(),
        }
    }
}
