//! Orders as plain data, and back.

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::Lives;
use super::life::{Details, Fills, Life, Terms};
use super::owners::Links;
use super::state::{OrderState, OrderStatus};
use crate::book::{Orders, Slot};
use crate::data::feed::{Divergence, RestoreError};

/// All orders as plain data.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct OrdersImage {
    /// The open orders, in the order in which they were accepted.
    pub open: Vec<OrderState>,
    /// The closed orders that are kept, in the order in which they closed.
    pub closed: Vec<OrderState>,
    /// How many closed orders were forgotten without having been handed out.
    pub closed_lost: u64,
}

impl Lives {
    pub(in crate::data) fn image(&self, orders: &Orders<()>) -> OrdersImage {
        let mut open: Vec<Slot> = orders.iter().collect();
        open.sort_unstable_by_key(|slot| self.lives[slot.get()].details.arrival);
        OrdersImage {
            open: open
                .into_iter()
                .map(|slot| self.open_state(orders, slot))
                .collect(),
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
            restored.closed.push(Life::of(&state), Terms::of(&state));
        }
        restored.closed.set_lost(image.closed_lost);
        restored.newest = None;
        Ok(restored)
    }

    fn restore_open(&mut self, orders: &mut Orders<()>, state: &OrderState) -> Result<(), Divergence> {
        let fills = Fills {
            quantity: state.quantity,
            filled: state.filled,
            cost: state.cost,
            updated: state.updated,
            links: Links::NONE,
            instrument: state.instrument,
            order_type: state.order_type,
            has_terms: true,
            is_triggered: state.is_triggered,
            has_price: state.price.is_some(),
        };
        let details = Details {
            created: state.created,
            arrival: self.arrivals,
            price: state.price.unwrap_or_default(),
            client_id: state.client_id,
        };
        let slot = self.insert(orders, (state.order, state.side), fills, details)?;
        self.terms[slot.get()] = Terms::of(state);
        if let Some(account) = state.account {
            self.owners.enter(&mut self.lives, account, slot.get());
        }
        Ok(())
    }
}
