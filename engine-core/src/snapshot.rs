//! All state of an engine or a market as plain data.
//!
//! A snapshot is taken with [`Engine::snapshot`](crate::Engine::snapshot) and given back with
//! [`Engine::restore`](crate::Engine::restore). It says everything that can influence a later event and nothing else:
//! not where a price stands in memory, how an index is laid out or with which seed it hashes. Equal states have equal
//! snapshots, and equal [`StateHash`]es.
//!
//! What follows from the rest is not repeated: level totals, the counts of stops, the lists by deadline. What can be
//! said wrongly is checked: every snapshot that no engine can be in is refused with a [`RestoreError`].

mod accounts;
mod error;
mod state_hash;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

pub use self::accounts::{
    AccountSnapshot, AccountsSnapshot, AssetSnapshot, Direction, LineSnapshot, LinesSnapshot,
    PaidOrderSnapshot, TotalSnapshot, TransferSnapshot, VolumeSnapshot,
};
pub use self::error::{AccountsFault, InstrumentFault, LinkFault, OrderFault, RestoreError};
pub use self::state_hash::StateHash;
use crate::book::OrderIds;
use crate::command::{
    ClientOrderId, LinkKind, Peg, Phase, PostOnly, SelfTrade, TimeInForce, Trail, Visibility,
};
use crate::engine::EngineConfig;
use crate::event::OrderType;
use crate::spec::InstrumentSpec;
use crate::types::{AccountId, GroupId, InstrumentId, OrderId, Price, Qty, Seq, Timestamp};

/// The version of the snapshots that this program takes, and the only one that it restores.
pub const SNAPSHOT_VERSION: u32 = 2;

/// No engine lives long enough to count further than this, and what is still to be counted fits behind it.
pub(crate) const SNAPSHOT_COUNT_MAX: u64 = u64::MAX / 2;

/// All state of an [`Engine`](crate::Engine).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct EngineSnapshot {
    /// [`SNAPSHOT_VERSION`].
    pub version: u32,
    /// How the engine was built. The seed of chosen ids may be replaced before restoring.
    pub config: EngineConfig,
    /// The last command that was applied.
    pub applied: Seq,
    /// Engine time.
    pub now: Timestamp,
    /// Whose new orders are refused.
    pub killed: KilledSnapshot,
    /// The dead-man's switches that are armed, by account.
    pub switches: Vec<SwitchSnapshot>,
    /// What the live orders of all instruments share.
    pub orders: OrdersSnapshot,
    /// The instruments; the first has the id 0.
    pub instruments: Vec<InstrumentSnapshot>,
    /// All money, if orders are paid for.
    pub accounts: Option<AccountsSnapshot>,
}

/// All state of a [`Market`](crate::Market).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct MarketSnapshot {
    /// [`SNAPSHOT_VERSION`].
    pub version: u32,
    /// The instrument's id.
    pub id: InstrumentId,
    /// Who names the orders. The seed of chosen ids may be replaced before restoring.
    pub ids: OrderIds,
    /// How many orders may live.
    pub orders_max: u32,
    /// The time.
    pub now: Timestamp,
    /// What decides the arrivals and ids of later orders.
    pub orders: OrdersSnapshot,
    /// The instrument's market.
    pub market: InstrumentSnapshot,
}

/// Whose kill switch is thrown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct KilledSnapshot {
    /// The engine's.
    pub engine: bool,
    /// These accounts', in ascending order.
    pub accounts: Vec<AccountId>,
}

/// An armed dead-man's switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct SwitchSnapshot {
    /// Whose orders it cancels.
    pub account: AccountId,
    /// When.
    pub deadline: Timestamp,
}

/// What decides the arrivals and the ids of later orders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct OrdersSnapshot {
    /// How many arrivals were counted.
    pub arrivals: u64,
    /// The places for orders that are free, those first that are taken first. Empty where ids are chosen.
    ///
    /// The id of an order is its place and, 32 bits higher, how often that place was taken.
    pub free: Vec<FreePlace>,
    /// The places whose ids are used up, in ascending order.
    pub retired: Vec<u32>,
}

/// A place that the next order can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct FreePlace {
    /// Its number.
    pub place: u32,
    /// The generation of the next order there, from 1.
    pub generation: u32,
}

/// All state of one instrument's market.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct InstrumentSnapshot {
    /// What is fixed.
    pub spec: InstrumentSpec,
    /// The trading phase.
    pub phase: Phase,
    /// The price of the last trade.
    pub last: Option<Price>,
    /// The mark price.
    pub marked: Option<Price>,
    /// What was last said of the auction that is on.
    pub indicative: IndicativeSnapshot,
    /// When the auction that is on ends by itself.
    pub auction_ends: Option<Timestamp>,
    /// The live buys.
    pub buys: SideSnapshot,
    /// The live sells.
    pub sells: SideSnapshot,
    /// The lists whose orders still depend on each other, the oldest first.
    pub links: Vec<LinkSnapshot>,
}

/// What an auction would do if it ended now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct IndicativeSnapshot {
    /// The price, if anything would trade.
    pub price: Option<Price>,
    /// How much would trade.
    pub quantity: Qty,
    /// What would be left over.
    pub imbalance: i64,
}

impl InstrumentSnapshot {
    /// The number of live orders.
    pub(crate) fn live(&self) -> usize {
        let sides = [&self.buys, &self.sells].into_iter();
        sides.map(|side| side.queued.len() + side.waiting.len()).sum()
    }
}

/// The live orders of one side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct SideSnapshot {
    /// Those that stand in the book, in the order in which they trade.
    pub queued: Vec<OrderSnapshot>,
    /// Those that wait, by arrival.
    pub waiting: Vec<OrderSnapshot>,
}

/// A live order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct OrderSnapshot {
    /// Its id.
    pub id: OrderId,
    /// Whose it is.
    pub account: Option<AccountId>,
    /// The price at which it stands or its limit; 0 where it has neither.
    pub price: Price,
    /// Its quantity with what has traded of it.
    pub total: Qty,
    /// What has not traded of it, shown or not.
    pub remaining: Qty,
    /// When it came, counted in arrivals from 1.
    pub arrival: u64,
    /// What it has that a limit order good till cancelled does not have.
    pub conditions: Option<Box<ConditionsSnapshot>>,
}

/// What only some orders have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct ConditionsSnapshot {
    /// What it is now: a stop that was set off is a market or limit order.
    pub order_type: OrderType,
    /// How long it stays.
    pub time_in_force: TimeInForce,
    /// How much of it others see.
    pub visibility: Visibility,
    /// Whether it may take when it is amended.
    pub post_only: PostOnly,
    /// Trades whole or not at all.
    pub all_or_none: bool,
    /// May only make the account's position smaller.
    pub reduce_only: bool,
    /// What it does as a taker instead of trading with its owner.
    pub self_trade: SelfTrade,
    /// Whom it counts as, with others, for self-trade prevention.
    pub group: Option<GroupId>,
    /// The owner's own name for it.
    pub client_id: Option<ClientOrderId>,
    /// What of its remaining quantity an iceberg in the book does not show.
    pub reserve: Qty,
    /// What sets a stop off, if it has a trigger yet.
    pub trigger: Option<Price>,
    /// How a trailing stop follows the price.
    pub trail: Option<TrailSnapshot>,
    /// What a pegged order follows.
    pub peg: Option<PegSnapshot>,
    /// What an order that does not stand in the book waits for.
    pub waits: Option<Waits>,
}

/// How a trailing stop follows the price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct TrailSnapshot {
    /// At what distance.
    pub distance: Trail,
    /// The best price that it has followed to.
    pub best: Option<Price>,
}

/// What a pegged order follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct PegSnapshot {
    /// Which price.
    pub peg: Peg,
    /// Added to it, in ticks.
    pub offset: i64,
    /// How far it may follow.
    pub limit: Option<Price>,
}

/// What an order waits for that does not stand in the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum Waits {
    /// Its trigger.
    Trigger,
    /// An auction.
    Auction,
    /// The end of the auction in which it takes part at any price.
    Uncrossing,
    /// A price to be pegged to.
    Peg,
    /// The end of its bracket's entry.
    Arming,
}

/// Orders that depend on each other.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct LinkSnapshot {
    /// The arrival of the first order of the list when it was accepted, which no other list has.
    pub id: u64,
    /// How they depend on each other.
    pub kind: LinkKind,
    /// The live ones, in the order of the list; of a bracket the entry is the first.
    pub orders: Vec<OrderId>,
}
