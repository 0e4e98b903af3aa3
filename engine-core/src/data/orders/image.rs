//! Orders as plain data, and back.

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::Lives;
use super::life::{Extras, Progress};
use super::state::{OrderState, OrderStatus};
use crate::book::OrderIds;
use crate::data::cells::{Cell, Cells};
use crate::data::feed::{Divergence, RestoreError};

/// All orders as plain data.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct OrdersImage {
    /// The open orders: those of nobody by id, then account by account, each one's in the order in which they were
    /// accepted.
    pub open: Vec<OrderState>,
    /// The closed orders that are kept, in the order in which they closed.
    pub closed: Vec<OrderState>,
    /// How many closed orders were forgotten without having been handed out.
    pub closed_lost: u64,
}

impl Lives {
    pub(in crate::data) fn image(&self, cells: &Cells) -> OrdersImage {
        let mut open: Vec<OrderState> = cells
            .slots()
            .filter(|slot| self.owners.account(cells.at(*slot).owner).is_none())
            .map(|slot| self.open_state(cells, slot))
            .collect();
        open.sort_unstable_by_key(|state| state.order);
        for account in self.owners.accounts() {
            let newest = open.len();
            open.extend(self.open(cells, account));
            open[newest..].reverse();
        }
        OrdersImage {
            open,
            closed: self.closed.iter().collect(),
            closed_lost: self.closed.lost(),
        }
    }

    /// The lives of an image. Its open orders are taken in; none is displayed yet.
    pub(in crate::data) fn restore(
        image: OrdersImage,
        closed_max: u32,
        (ids, orders_max): (OrderIds, u32),
        cells: &mut Cells,
    ) -> Result<Self, RestoreError> {
        let mut restored = Self::new(closed_max, ids, orders_max);
        if image.closed.len() > closed_max as usize {
            return Err(RestoreError::Inconsistent("more closed orders than may be kept"));
        }
        if !image.open.is_sorted_by(comes_before) {
            return Err(RestoreError::Inconsistent("open orders in another order"));
        }
        for state in &image.open {
            let is_open = state.status == OrderStatus::Pending && state.filled.is_zero()
                || state.status == OrderStatus::PartiallyFilled && !state.filled.is_zero();
            let inserted = restored.restore_open(cells, state);
            if !is_open || inserted.is_err() {
                return Err(RestoreError::Inconsistent("an open order that cannot be"));
            }
        }
        for state in image.closed {
            if !state.status.is_closed() {
                return Err(RestoreError::Inconsistent("an open order among the closed ones"));
            }
            restored.closed.push_state(&state);
        }
        restored.closed.set_lost(image.closed_lost);
        Ok(restored)
    }

    fn restore_open(&mut self, cells: &mut Cells, state: &OrderState) -> Result<(), Divergence> {
        let slot = cells.claim(state.order)?;
        *cells.at_mut(slot) = Cell {
            owner: self.enter(state.account, slot),
            quantity: state.quantity,
            created: state.created,
            order_type: state.order_type,
            has_price: state.price.is_some(),
            is_triggered: state.is_triggered,
            has_progress: true,
            has_extras: true,
            has_limit_apart: true,
            ..Cell::new(state.order, state.instrument, state.side)
        };
        self.extras[slot] = Extras::of(state);
        self.progress[slot + 1] = Progress {
            filled: state.filled,
            cost: state.cost,
            updated: state.updated,
        };
        Ok(())
    }
}

/// Whether two open orders may follow each other in an image. Which of an account's came first, only their places say.
fn comes_before(one: &OrderState, other: &OrderState) -> bool {
    match (one.account, other.account) {
        (None, None) => one.order < other.order,
        (one, other) => one <= other,
    }
}
