//! What is kept of an order, in the pieces in which it is used.

use super::state::{OrderState, OrderStatus};
use crate::command::{ClientOrderId, TimeInForce};
use crate::event::OrderType;
use crate::types::{AccountId, Amount, InstrumentId, Notional, OrderId, Price, Qty, Side, Timestamp};

/// What every order has, beside what the store knows.
#[derive(Clone, Copy)]
pub(super) struct Life {
    pub(super) quantity: Qty,
    pub(super) filled: Qty,
    pub(super) cost: Notional,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
    pub(super) price: Price,
    pub(super) instrument: InstrumentId,
    pub(super) order_type: OrderType,
    /// Whether the price is one.
    pub(super) has_price: bool,
    pub(super) is_triggered: bool,
    /// Whether anything of what few orders have was said of this one.
    pub(super) has_extras: bool,
}

/// The life of an open order. Every event of the order is in one cache line.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct Open(pub(super) Life);

const _: () = assert!(size_of::<Open>() == 64, "a cache line");

/// What few orders have, or what is asked for seldom.
#[derive(Clone, Copy)]
pub(super) struct Extras {
    pub(super) client_id: Option<ClientOrderId>,
    pub(super) time_in_force: TimeInForce,
    pub(super) trigger: Option<Price>,
    /// What it was charged so far.
    pub(super) fee: Amount,
}

/// A closed order, but its extras.
#[derive(Clone, Copy)]
pub(super) struct Ended {
    pub(super) life: Life,
    pub(super) order: OrderId,
    pub(super) account: Option<AccountId>,
    pub(super) status: OrderStatus,
    pub(super) side: Side,
}

const _: () = assert!(
    size_of::<Ended>() == 88 && size_of::<Extras>() == 88,
    "as documented"
);

impl Life {
    /// The life of an order that is in this state.
    pub(super) fn of(state: &OrderState) -> Self {
        Self {
            quantity: state.quantity,
            filled: state.filled,
            cost: state.cost,
            created: state.created,
            updated: state.updated,
            price: state.price.unwrap_or_default(),
            instrument: state.instrument,
            order_type: state.order_type,
            has_price: state.price.is_some(),
            is_triggered: state.is_triggered,
            has_extras: true,
        }
    }

    /// Where an open order with this life is in it.
    pub(super) fn status(&self) -> OrderStatus {
        if self.filled.is_zero() {
            OrderStatus::Pending
        } else {
            OrderStatus::PartiallyFilled
        }
    }
}

impl Extras {
    pub(super) const NONE: Self = Self {
        client_id: None,
        time_in_force: TimeInForce::Gtc,
        trigger: None,
        fee: Amount::ZERO,
    };

    pub(super) fn of(state: &OrderState) -> Self {
        Self {
            client_id: state.client_id,
            time_in_force: state.time_in_force,
            trigger: state.trigger,
            fee: state.fee,
        }
    }

    /// Adds to what it was charged. Cannot overflow: no order is charged more than there is of an asset.
    pub(super) fn charge(&mut self, fee: Amount) {
        self.fee = Amount::new(self.fee.units().saturating_add(fee.units()));
    }
}

impl Ended {
    /// The closed order that is in this state.
    pub(super) fn of(state: &OrderState) -> Self {
        Self {
            life: Life::of(state),
            order: state.order,
            account: state.account,
            status: state.status,
            side: state.side,
        }
    }

    /// The state of the order, whose extras these are if it has any.
    pub(super) fn state(&self, extras: Extras) -> OrderState {
        let life = &self.life;
        let extras = if life.has_extras { extras } else { Extras::NONE };
        OrderState {
            order: self.order,
            instrument: life.instrument,
            account: self.account,
            client_id: extras.client_id,
            side: self.side,
            order_type: life.order_type,
            time_in_force: extras.time_in_force,
            price: life.has_price.then_some(life.price),
            trigger: extras.trigger,
            is_triggered: life.is_triggered,
            quantity: life.quantity,
            filled: life.filled,
            cost: life.cost,
            fee: extras.fee,
            status: self.status,
            created: life.created,
            updated: life.updated,
        }
    }
}
