//! Who has something to do with an instrument, and what: half a cache line for each of them.

use std::collections::BTreeMap;

use super::paged::Paged;
use super::position::{Cost, Line, Open, Row};
use crate::book::Slab;

/// The lines of one instrument, by the number of the account.
///
/// There are some for accounts that have traded here, or whose orders are counted, and for those with numbers next to
/// theirs: four lie together. All others are empty, and none is kept for them.
///
/// Invariant: the costs of a line live apart exactly if one of them does not fit in its row.
pub(super) struct Lines {
    rows: Paged<Row, 4>,
    /// What live orders add up to, for each row up to the last that had any while they were counted.
    open: Slab<Open>,
    apart: BTreeMap<u32, Cost>,
}

impl Default for Lines {
    fn default() -> Self {
        Self {
            rows: Paged::new(),
            open: Slab::new(u32::MAX as usize),
            apart: BTreeMap::new(),
        }
    }
}

impl Lines {
    /// Where an account's row is; from now on it has one.
    #[inline]
    pub(super) fn ensure(&mut self, account: u32) -> u32 {
        self.rows.ensure(account)
    }

    /// A row that was found.
    #[inline]
    pub(super) fn row(&self, row: u32) -> &Row {
        self.rows.at_row(row)
    }

    /// The same, to be changed.
    #[inline]
    pub(super) fn row_mut(&mut self, row: u32) -> &mut Row {
        self.rows.row_mut(row)
    }

    /// An account's line, or an empty one.
    #[inline]
    pub(super) fn read(&self, account: u32) -> Line {
        self.rows
            .find(account)
            .map_or_else(Line::default, |row| self.line(row))
    }

    #[inline]
    fn line(&self, row: u32) -> Line {
        let Row { quantity, extra, .. } = *self.row(row);
        Line {
            quantity,
            extra,
            open: self.open.get(row).copied().unwrap_or_default(),
        }
    }

    /// An account's row, to be changed; from now on it has one.
    #[inline]
    pub(super) fn at_mut(&mut self, account: u32) -> &mut Row {
        self.rows.at_mut(account)
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
        while self.open.len() <= row as usize {
            self.open.push(Open::default());
        }
        &mut self.open[row]
    }

    /// What a position cost.
    pub(super) fn cost(&self, account: u32) -> Cost {
        let row = self.rows.find(account).map(|row| self.row(row));
        row.map_or_else(Cost::default, |row| match row.cost() {
            Some(cost) => cost,
            None => self.apart[&account],
        })
    }

    /// Notes what a position cost.
    pub(super) fn set_cost(&mut self, account: u32, cost: Cost) {
        if self.at_mut(account).set_cost(cost) {
            self.apart.remove(&account);
        } else {
            self.apart.insert(account, cost);
        }
    }

    /// All lines with their accounts, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, Line)> {
        self.rows.rows().map(|(account, row)| (account, self.line(row)))
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
