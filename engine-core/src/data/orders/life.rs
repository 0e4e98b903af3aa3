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

/// Everything that is kept of one order.
#[derive(Clone, Copy)]
pub(super) struct Life {
    pub(super) order: OrderId,
    pub(super) account: Option<AccountId>,
    pub(super) side: Side,
    pub(super) status: OrderStatus,
    pub(super) terms: Terms,
    pub(super) fills: Fills,
    pub(super) details: Details,
}

const _: () = assert!(
    size_of::<Open>() == 128 && size_of::<Life>() == 192,
    "two and three of them"
);

impl Life {
    /// The life of an order that is in this state.
    pub(super) fn of(state: &OrderState, arrival: u64) -> Self {
        Self {
            order: state.order,
            account: state.account,
            side: state.side,
            status: state.status,
            terms: Terms {
                time_in_force: state.time_in_force,
                trigger: state.trigger,
            },
            fills: Fills {
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
            },
            details: Details {
                created: state.created,
                arrival,
                price: state.price.unwrap_or_default(),
                client_id: state.client_id,
            },
        }
    }

    /// The state of the order.
    pub(super) fn state(&self) -> OrderState {
        let (fills, details) = (&self.fills, &self.details);
        let terms = if fills.has_terms { self.terms } else { Terms::NONE };
        OrderState {
            order: self.order,
            instrument: fills.instrument,
            account: self.account,
            client_id: details.client_id,
            side: self.side,
            order_type: fills.order_type,
            time_in_force: terms.time_in_force,
            price: fills.has_price.then_some(details.price),
            trigger: terms.trigger,
            is_triggered: fills.is_triggered,
            quantity: fills.quantity,
            filled: fills.filled,
            cost: fills.cost,
            status: self.status,
            created: details.created,
            updated: fills.updated,
        }
    }
}
