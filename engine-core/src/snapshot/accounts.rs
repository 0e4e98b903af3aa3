//! All money as plain data.
//!
//! What follows from the rest is not repeated: what is held follows from the live orders and the positions, what was
//! deposited from what is there. Nothing that is zero is said.

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use crate::command::{Limits, Transfer};
use crate::spec::AssetSpec;
use crate::types::{AccountId, Amount, GroupId, Notional, OrderId, Price, Seq};

/// All money of an engine with accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct AccountsSnapshot {
    /// The accounts that exist, in ascending order.
    pub accounts: Vec<AccountSnapshot>,
    /// The assets; the first has the id 0.
    pub assets: Vec<AssetSnapshot>,
    /// Positions and limits, by instrument.
    pub instruments: Vec<LinesSnapshot>,
    /// What the live orders hold by, in ascending order of their ids.
    pub orders: Vec<PaidOrderSnapshot>,
    /// The transfers that had a key and are remembered, the oldest first.
    pub transfers: Vec<TransferSnapshot>,
}

/// An account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct AccountSnapshot {
    /// Whose it is.
    pub account: AccountId,
    /// Its fixed fee tier.
    pub tier: Option<u8>,
    /// The group of its orders.
    pub group: Option<GroupId>,
    /// Whether its orders and withdrawals are refused.
    pub frozen: bool,
}

/// An asset and who has how much of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct AssetSnapshot {
    /// What is fixed.
    pub spec: AssetSpec,
    /// What has been collected in fees.
    pub fees: Amount,
    /// What accounts have, in ascending order.
    pub totals: Vec<TotalSnapshot>,
    /// What accounts traded in the days that count, by account and day.
    pub volumes: Vec<VolumeSnapshot>,
}

/// What an account has of an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct TotalSnapshot {
    /// Whose.
    pub account: AccountId,
    /// How much, whether held or not.
    pub total: Amount,
}

/// What an account traded in an asset in one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct VolumeSnapshot {
    /// Who.
    pub account: AccountId,
    /// The day of engine time, counted from the epoch in UTC.
    pub day: u32,
    /// How much.
    pub value: Amount,
}

/// Positions and limits in one instrument.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct LinesSnapshot {
    /// What everyone is limited to who has no limits of his own.
    pub limits: Option<Limits>,
    /// What is known of single accounts, in ascending order.
    pub lines: Vec<LineSnapshot>,
}

/// One account in one instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct LineSnapshot {
    /// Which account.
    pub account: AccountId,
    /// Bought less sold, in lots.
    pub quantity: i64,
    /// What the open quantity cost, in ticks times lots; negative when sold.
    pub cost: Notional,
    /// What closing has brought so far, in ticks times lots.
    pub realised: Notional,
    /// The account's own limits.
    pub limits: Option<Limits>,
    /// The orders that count for the limit on orders in the current second of engine time.
    pub orders_this_second: u32,
}

/// What a live order holds by, and what its fills will be charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct PaidOrderSnapshot {
    /// Which order.
    pub id: OrderId,
    /// A buy's worst price; what a sell counts with on margin and in limits.
    pub price: Price,
    /// What it pays as maker, in millionths of the value.
    pub maker_fee_ppm: i32,
    /// What it pays as taker, in millionths of the value.
    pub taker_fee_ppm: i32,
    /// What it has paid ahead by rounding up, in millionths of a unit.
    pub carry: u32,
}

/// A transfer whose repeat is known for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct TransferSnapshot {
    /// Which way it went.
    pub direction: Direction,
    /// What it was; it has a key.
    pub transfer: Transfer,
    /// The command that it first came with.
    pub first: Seq,
}

/// Which way money goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum Direction {
    /// A deposit.
    In,
    /// A withdrawal.
    Out,
}
