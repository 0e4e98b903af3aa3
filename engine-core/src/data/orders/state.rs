//! What is known of an order.

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use crate::command::{ClientOrderId, TimeInForce};
use crate::data::feed::Cursor;
use crate::data::ratio::Ratio;
use crate::event::{CancelReason, OrderType, RejectReason};
use crate::types::{AccountId, InstrumentId, Notional, OrderId, Price, Qty, Side, Timestamp};

/// An order as its owner sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct OrderState {
    /// Its id.
    pub order: OrderId,
    /// Where, if that is known.
    pub instrument: Option<InstrumentId>,
    /// Whose it is.
    pub account: Option<AccountId>,
    /// The owner's own name for it.
    pub client_id: Option<ClientOrderId>,
    /// Buy or sell; unknown of a refused order.
    pub side: Option<Side>,
    /// What kind of order; unknown of a refused one.
    pub order_type: Option<OrderType>,
    /// How long it stays.
    pub time_in_force: TimeInForce,
    /// Its limit, where it has one; of a market-to-limit order where it rests.
    pub price: Option<Price>,
    /// What sets it off, or did; of a trailing stop where it began.
    pub trigger: Option<Price>,
    /// Whether it has been set off.
    pub is_triggered: bool,
    /// Its total quantity; zero where it was given as a value.
    pub quantity: Qty,
    /// How much has traded.
    pub filled: Qty,
    /// What that cost.
    pub cost: Notional,
    /// Where it is in its life.
    pub status: OrderStatus,
    /// When it was accepted (or refused).
    pub created: Timestamp,
    /// When something last happened to it.
    pub updated: Timestamp,
}

impl OrderState {
    /// What has not traded.
    pub fn remaining(&self) -> Qty {
        self.quantity.saturating_sub(self.filled)
    }

    /// The average price of what has traded, in ticks.
    pub fn average_price(&self) -> Option<Ratio> {
        Ratio::new(self.cost.units(), i128::from(self.filled.lots()))
    }
}

/// Where an order is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum OrderStatus {
    /// Accepted; nothing has traded yet.
    Pending,
    /// A part has traded.
    PartiallyFilled,
    /// All of it has traded.
    Filled,
    /// It is over before all of it traded.
    Cancelled(CancelReason),
    /// It was refused.
    Rejected(RejectReason),
    /// Its time was up.
    Expired,
}

impl OrderStatus {
    /// Whether nothing can happen to it any more.
    pub fn is_closed(self) -> bool {
        !matches!(self, Self::Pending | Self::PartiallyFilled)
    }
}

/// How much an [`Orders`](super::Orders) may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct OrdersLimits {
    /// The most open orders: the engine's own limit.
    pub open_max: u32,
    /// The most closed orders that are kept.
    pub closed_max: u32,
    /// Decides where ids land in an index, and nothing that can be seen. Somebody who does not know it cannot
    /// choose ids that collide.
    pub hash_seed: u64,
}

impl Default for OrdersLimits {
    /// A million open orders and a hundred thousand closed ones.
    fn default() -> Self {
        Self {
            open_max: 1_000_000,
            closed_max: 100_000,
            hash_seed: 0,
        }
    }
}

/// An [`Orders`](super::Orders) as plain data.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct OrdersImage {
    /// How far it has come.
    pub cursor: Cursor,
    /// How much it may hold.
    pub limits: OrdersLimits,
    /// The open orders, in the order in which they were accepted.
    pub open: Vec<OrderState>,
    /// The closed orders that are kept, in the order in which they closed.
    pub closed: Vec<OrderState>,
    /// How many closed orders were forgotten without having been handed out.
    pub closed_lost: u64,
}

/// What of a state is written once and read seldom.
#[derive(Clone, Copy, Debug)]
pub(super) struct Details {
    pub(super) instrument: Option<InstrumentId>,
    pub(super) account: Option<AccountId>,
    pub(super) client_id: Option<ClientOrderId>,
    pub(super) side: Option<Side>,
    pub(super) order_type: Option<OrderType>,
    pub(super) time_in_force: TimeInForce,
    pub(super) price: Option<Price>,
    pub(super) trigger: Option<Price>,
    pub(super) is_triggered: bool,
    pub(super) created: Timestamp,
    /// How many orders were accepted before it.
    pub(super) arrival: u64,
}

impl Details {
    pub(super) fn new(account: Option<AccountId>, created: Timestamp) -> Self {
        Self {
            instrument: None,
            account,
            client_id: None,
            side: None,
            order_type: None,
            time_in_force: TimeInForce::Gtc,
            price: None,
            trigger: None,
            is_triggered: false,
            created,
            arrival: 0,
        }
    }
}
