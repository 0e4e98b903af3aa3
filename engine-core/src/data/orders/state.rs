//! What is known of an order.

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use crate::command::{ClientOrderId, TimeInForce};
use crate::data::ratio::Ratio;
use crate::event::{CancelReason, OrderType, RejectReason};
use crate::types::{AccountId, Amount, InstrumentId, Notional, OrderId, Price, Qty, Side, Timestamp};

/// An order as its owner sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct OrderState {
    /// Its id.
    pub order: OrderId,
    /// Where.
    pub instrument: InstrumentId,
    /// Whose it is.
    pub account: Option<AccountId>,
    /// The owner's own name for it.
    pub client_id: Option<ClientOrderId>,
    /// Buy or sell.
    pub side: Side,
    /// What kind of order.
    pub order_type: OrderType,
    /// How long it stays.
    pub time_in_force: TimeInForce,
    /// Its limit, where it has one; of an order that rests elsewhere (market-to-limit, slid) where it rests.
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
    /// What it was charged for that, in smallest units of the instrument's quote asset; negative was given. Zero
    /// in an engine without accounts.
    pub fee: Amount,
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
