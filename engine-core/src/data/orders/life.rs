//! What is kept of an order beside its cell, and what of one that has closed.

use super::state::{OrderState, OrderStatus};
use crate::command::{ClientOrderId, TimeInForce};
use crate::data::cells::Cell;
use crate::event::OrderType;
use crate::types::{AccountId, Amount, InstrumentId, Notional, OrderId, Price, Qty, Side, Timestamp};

/// What has happened to an order since it was accepted.
#[derive(Clone, Copy)]
pub(super) struct Progress {
    pub(super) filled: Qty,
    pub(super) cost: Notional,
    pub(super) updated: Timestamp,
}

/// What few orders have, or what is asked for seldom.
#[derive(Clone, Copy)]
pub(super) struct Extras {
    pub(super) client_id: Option<ClientOrderId>,
    pub(super) time_in_force: TimeInForce,
    pub(super) trigger: Option<Price>,
    /// What it was charged so far.
    pub(super) fee: Amount,
    /// Its limit, if that is kept here.
    pub(super) limit: Price,
}

/// A closed order, but its extras.
#[derive(Clone, Copy)]
pub(super) struct Ended {
    pub(super) order: OrderId,
    quantity: Qty,
    filled: Qty,
    cost: Notional,
    created: Timestamp,
    updated: Timestamp,
    pub(super) price: Price,
    account: Option<AccountId>,
    instrument: InstrumentId,
    status: OrderStatus,
    side: Side,
    order_type: OrderType,
    has_price: bool,
    is_triggered: bool,
    pub(super) has_extras: bool,
}

const _: () = assert!(
    size_of::<Progress>() == 32 && size_of::<Extras>() == 96 && size_of::<Ended>() == 88,
    "as documented"
);

impl Progress {
    /// Nothing has happened.
    pub(super) const NONE: Self = Self {
        filled: Qty::ZERO,
        cost: Notional::ZERO,
        updated: Timestamp::ZERO,
    };

    /// Writes it piece by piece: see [`Ended::set`].
    #[inline(always)]
    pub(super) fn set(
        &mut self,
        Self {
            filled,
            cost,
            updated,
        }: Self,
    ) {
        self.filled = filled;
        self.cost = cost;
        self.updated = updated;
    }

    /// Where an open order is in its life.
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
        limit: Price::new(0),
    };

    pub(super) fn of(state: &OrderState) -> Self {
        Self {
            client_id: state.client_id,
            time_in_force: state.time_in_force,
            trigger: state.trigger,
            fee: state.fee,
            limit: state.price.unwrap_or_default(),
        }
    }

    /// Adds to what it was charged. Cannot overflow: no order is charged more than there is of an asset.
    pub(super) fn charge(&mut self, fee: Amount) {
        self.fee = Amount::new(self.fee.units().saturating_add(fee.units()));
    }
}

impl Ended {
    /// No order.
    pub(super) const NONE: Self = Self {
        order: OrderId::new(0),
        quantity: Qty::ZERO,
        filled: Qty::ZERO,
        cost: Notional::ZERO,
        created: Timestamp::ZERO,
        updated: Timestamp::ZERO,
        price: Price::new(0),
        account: None,
        instrument: InstrumentId::new(0),
        status: OrderStatus::Pending,
        side: Side::Buy,
        order_type: OrderType::Limit,
        has_price: false,
        is_triggered: false,
        has_extras: false,
    };

    /// Makes this an order as it is now. Piece by piece: a whole one would be put together somewhere else first, and
    /// read from there before it has arrived.
    #[inline(always)]
    pub(super) fn set(
        &mut self,
        cell: &Cell,
        progress: Progress,
        account: Option<AccountId>,
        status: OrderStatus,
    ) {
        self.order = cell.id;
        self.quantity = cell.quantity;
        self.filled = progress.filled;
        self.cost = progress.cost;
        self.created = cell.created;
        self.updated = progress.updated;
        self.price = cell.price;
        self.account = account;
        self.instrument = cell.instrument;
        self.status = status;
        self.side = cell.side;
        self.order_type = cell.order_type;
        self.has_price = cell.has_price;
        self.is_triggered = cell.is_triggered;
        self.has_extras = cell.has_extras;
    }

    /// The order that is in this state.
    pub(super) fn of(state: &OrderState) -> Self {
        Self {
            order: state.order,
            quantity: state.quantity,
            filled: state.filled,
            cost: state.cost,
            created: state.created,
            updated: state.updated,
            price: state.price.unwrap_or_default(),
            account: state.account,
            instrument: state.instrument,
            status: state.status,
            side: state.side,
            order_type: state.order_type,
            has_price: state.price.is_some(),
            is_triggered: state.is_triggered,
            has_extras: true,
        }
    }

    /// The state of the order, whose extras these are if it has any.
    #[inline]
    pub(super) fn state(&self, extras: &Extras) -> OrderState {
        let mut state = OrderState {
            order: self.order,
            instrument: self.instrument,
            account: self.account,
            client_id: None,
            side: self.side,
            order_type: self.order_type,
            time_in_force: TimeInForce::Gtc,
            price: self.has_price.then_some(self.price),
            trigger: None,
            is_triggered: self.is_triggered,
            quantity: self.quantity,
            filled: self.filled,
            cost: self.cost,
            fee: Amount::ZERO,
            status: self.status,
            created: self.created,
            updated: self.updated,
        };
        if self.has_extras {
            state.client_id = extras.client_id;
            state.time_in_force = extras.time_in_force;
            state.trigger = extras.trigger;
            state.fee = extras.fee;
        }
        state
    }
}
