//! What is kept of an order, in the pieces in which it is used.

use super::owners::Links;
use super::state::{OrderState, OrderStatus};
use crate::command::{ClientOrderId, TimeInForce};
use crate::event::OrderType;
use crate::types::{AccountId, InstrumentId, Notional, OrderId, Price, Qty, Side, Timestamp};

/// What is kept of an open order beside its place in the store: two cache lines that lie side by side.
#[derive(Clone, Copy)]
#[repr(align(128))]
pub(super) struct Open {
    pub(super) fills: Fills,
    pub(super) details: Details,
}

/// What every trade of an order changes, and where it stands among its owner's.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct Fills {
    pub(super) quantity: Qty,
    pub(super) filled: Qty,
    pub(super) cost: Notional,
    pub(super) updated: Timestamp,
    pub(super) links: Links,
    pub(super) instrument: InstrumentId,
    pub(super) order_type: OrderType,
    /// Whether there are terms of this order.
    pub(super) has_terms: bool,
    pub(super) is_triggered: bool,
    /// Whether the price of the details is one.
    pub(super) has_price: bool,
}

/// What of an order is written once and read seldom.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct Details {
    pub(super) created: Timestamp,
    /// How many orders were accepted before it.
    pub(super) arrival: u64,
    pub(super) price: Price,
    pub(super) client_id: Option<ClientOrderId>,
}

const _: () = assert!(
    size_of::<Fills>() == 64 && size_of::<Details>() == 64,
    "a cache line each"
);

/// What few orders have.
#[derive(Clone, Copy)]
pub(super) struct Terms {
    pub(super) time_in_force: TimeInForce,
    pub(super) trigger: Option<Price>,
}

impl Terms {
    pub(super) const NONE: Self = Self {
        time_in_force: TimeInForce::Gtc,
        trigger: None,
    };
}

/// What is kept of an order, but its terms, in one piece: as closed orders are stored.
#[derive(Clone, Copy)]
pub(super) struct Life {
    pub(super) order: OrderId,
    pub(super) account: Option<AccountId>,
    pub(super) quantity: Qty,
    pub(super) filled: Qty,
    pub(super) cost: Notional,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
    pub(super) price: Price,
    pub(super) client_id: Option<ClientOrderId>,
    pub(super) instrument: InstrumentId,
    pub(super) status: OrderStatus,
    pub(super) side: Side,
    pub(super) order_type: OrderType,
    pub(super) has_terms: bool,
    pub(super) is_triggered: bool,
    pub(super) has_price: bool,
}

const _: () = assert!(
    size_of::<Open>() == 128 && size_of::<Life>() == 128,
    "two of them each"
);

impl Life {
    /// The life of an order that is in this state.
    pub(super) fn of(state: &OrderState) -> Self {
        Self {
            order: state.order,
            account: state.account,
            quantity: state.quantity,
            filled: state.filled,
            cost: state.cost,
            created: state.created,
            updated: state.updated,
            price: state.price.unwrap_or_default(),
            client_id: state.client_id,
            instrument: state.instrument,
            status: state.status,
            side: state.side,
            order_type: state.order_type,
            has_terms: true,
            is_triggered: state.is_triggered,
            has_price: state.price.is_some(),
        }
    }

    /// The state of the order, whose terms these are if it has any.
    pub(super) fn state(&self, terms: Terms) -> OrderState {
        let terms = if self.has_terms { terms } else { Terms::NONE };
        OrderState {
            order: self.order,
            instrument: self.instrument,
            account: self.account,
            client_id: self.client_id,
            side: self.side,
            order_type: self.order_type,
            time_in_force: terms.time_in_force,
            price: self.has_price.then_some(self.price),
            trigger: terms.trigger,
            is_triggered: self.is_triggered,
            quantity: self.quantity,
            filled: self.filled,
            cost: self.cost,
            status: self.status,
            created: self.created,
            updated: self.updated,
        }
    }
}

impl Terms {
    pub(super) fn of(state: &OrderState) -> Self {
        Self {
            time_in_force: state.time_in_force,
            trigger: state.trigger,
        }
    }
}
