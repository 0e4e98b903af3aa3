//! Orders as plain data, and back.

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::Lives;
use super::life::{Ended, Extras, Life};
use super::state::{OrderState, OrderStatus};
use crate::book::Orders;
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
    pub(in crate::data) fn image(&self, orders: &Orders<()>) -> OrdersImage {
        let mut open: Vec<OrderState> = orders
            .iter()
            .filter(|slot| self.owners.account(slot.get()).is_none())
            .map(|slot| self.open_state(orders, slot))
            .collect();
        open.sort_unstable_by_key(|state| state.order);
        for account in self.owners.accounts() {
            let newest = open.len();
            open.extend(self.open(orders, account));
            open[newest..].reverse();
        }
        OrdersImage {
            open,
            closed: self.closed.iter().collect(),
            closed_lost: self.closed.lost(),
        }
    }

    /// The lives of an image. Its open orders are put into the store, parked.
    pub(in crate::data) fn restore(
        image: OrdersImage,
        closed_max: u32,
        orders_max: u32,
        orders: &mut Orders<()>,
    ) -> Result<Self, RestoreError> {
        let mut restored = Self::new(closed_max, orders.ids(), orders_max);
        if image.closed.len() > closed_max as usize {
            return Err(RestoreError::Inconsistent("more closed orders than may be kept"));
        }
        if !image.open.is_sorted_by(comes_before) {
            return Err(RestoreError::Inconsistent("open orders in another order"));
        }
        for state in &image.open {
            let is_open = state.status == OrderStatus::Pending && state.filled.is_zero()
                || state.status == OrderStatus::PartiallyFilled && !state.filled.is_zero();
            let inserted = restored.restore_open(orders, state);
            if !is_open || inserted.is_err() {
                return Err(RestoreError::Inconsistent("an open order that cannot be"));
            }
        }
        for state in image.closed {
            if !state.status.is_closed() {
                return Err(RestoreError::Inconsistent("an open order among the closed ones"));
            }
            restored.closed.push(Ended::of(&state), &Extras::of(&state));
        }
        restored.closed.set_lost(image.closed_lost);
        restored.newest = None;
        Ok(restored)
    }

    fn restore_open(&mut self, orders: &mut Orders<()>, state: &OrderState) -> Result<(), Divergence> {
        let slot = self.insert(orders, (state.order, state.side), Life::of(state))?;
        self.extras[slot.get()] = Extras::of(state);
        if let Some(account) = state.account {
            self.owners.enter(account, slot.get());
        }
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
