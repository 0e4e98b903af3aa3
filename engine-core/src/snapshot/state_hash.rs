//! A number for all of an engine's state.

use std::fmt;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::{
    AccountSnapshot, AccountsSnapshot, AssetSnapshot, ConditionsSnapshot, Direction, EngineSnapshot,
    FreePlace, IndicativeSnapshot, InstrumentSnapshot, KilledSnapshot, LineSnapshot, LinesSnapshot,
    LinkSnapshot, MarketSnapshot, OrderSnapshot, OrdersSnapshot, PaidOrderSnapshot, PegSnapshot,
    SideSnapshot, SwitchSnapshot, TotalSnapshot, TrailSnapshot, TransferSnapshot, VolumeSnapshot, Waits,
};
use crate::accounts::AccountsConfig;
use crate::book::OrderIds;
use crate::command::{Limits, Transfer};
use crate::digest::{Digest, Words};
use crate::engine::EngineConfig;
use crate::spec::{AssetSpec, FeeTier, Funding, InstrumentSpec, InstrumentTerms};

/// Stands for all state that can influence a later event: equal for equal states, on every platform, in every
/// process, whatever the seed of an index. It is written as 16 hexadecimal digits.
///
/// ```
/// use engine_core::{Engine, EngineConfig};
///
/// let engine = Engine::new(EngineConfig::default());
/// assert_eq!(engine.state_hash().to_string(), "7abdbea03bb5453b");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(transparent))]
pub struct StateHash(u64);

impl StateHash {
    /// The hash with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for StateHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl EngineSnapshot {
    /// The hash of the state that this is a snapshot of.
    pub fn state_hash(&self) -> StateHash {
        StateHash(Digest::of(self))
    }
}

impl MarketSnapshot {
    /// The hash of the state that this is a snapshot of.
    pub fn state_hash(&self) -> StateHash {
        StateHash(Digest::of(self))
    }
}

/// Writes the words of structs: those of their fields, in this order, which is the order of their declaration.
macro_rules! fields_in_order {
    ($($name:ident { $($field:ident),* $(,)? })*) => {
        $(impl Words for $name {
            fn write(&self, digest: &mut Digest) {
                let Self { $($field),* } = self;
                $(digest.then($field);)*
            }
        })*
    };
}

fields_in_order! {
    EngineSnapshot { version, config, applied, now, killed, switches, orders, instruments, accounts }
    MarketSnapshot { version, id, ids, orders_max, now, orders, market }
    KilledSnapshot { engine, accounts }
    SwitchSnapshot { account, deadline }
    OrdersSnapshot { arrivals, free, retired }
    FreePlace { place, generation }
    InstrumentSnapshot { spec, phase, last, marked, indicative, auction_ends, buys, sells, links }
    IndicativeSnapshot { price, quantity, imbalance }
    SideSnapshot { queued, waiting }
    OrderSnapshot { id, account, price, total, remaining, arrival, conditions }
    ConditionsSnapshot {
        order_type, time_in_force, visibility, post_only, all_or_none, reduce_only, self_trade, group, client_id,
        reserve, trigger, trail, peg, waits,
    }
    TrailSnapshot { distance, best }
    PegSnapshot { peg, offset, limit }
    LinkSnapshot { id, kind, orders }
    InstrumentTerms {
        symbol, tick, lot, base, quote, min_price, max_price, min_quantity, max_quantity, min_notional, price_band_bps, dynamic_band_bps,
        volatility_auction_ns, market_protection_bps, maker_fee_ppm, taker_fee_ppm, fee_tiers, funding,
        allocation, trigger_source, initial_phase, iceberg_parts_max, stops_max,
    }
    AccountsSnapshot { accounts, assets, instruments, orders, transfers }
    AccountSnapshot { account, tier, group, frozen }
    AssetSnapshot { spec, fees, totals, volumes }
    TotalSnapshot { account, total }
    VolumeSnapshot { account, day, value }
    LinesSnapshot { limits, lines }
    LineSnapshot { account, quantity, cost, realised, limits, orders_this_second }
    PaidOrderSnapshot { id, price, maker_fee_ppm, taker_fee_ppm, carry }
    TransferSnapshot { direction, transfer, first }
    Transfer { account, asset, amount, key }
    Limits {
        order_quantity_max, order_notional_max, open_orders_max, open_quantity_max, position_max, price_collar_bps,
        orders_per_second_max,
    }
    AssetSpec { name, scale }
    FeeTier { volume_min, maker_fee_ppm, taker_fee_ppm }
    EngineConfig { ids, orders_max, instruments_max, accounts }
    AccountsConfig { accounts_max, assets_max, transfer_keys_max }
}

impl Words for InstrumentSpec {
    fn write(&self, digest: &mut Digest) {
        self.terms().write(digest);
    }
}

/// The seed is left out: it decides where ids lie in memory, and nothing that leaves the engine.
impl Words for OrderIds {
    fn write(&self, digest: &mut Digest) {
        digest.word(match self {
            Self::Assigned => 0,
            Self::Chosen { hash_seed: _ } => 1,
        });
    }
}

impl Words for Funding {
    fn write(&self, digest: &mut Digest) {
        match self {
            Self::Spot => digest.variant(0),
            Self::Margin {
                initial_ppm,
                maintenance_ppm,
                position_max,
            } => digest
                .variant(1)
                .then(initial_ppm)
                .then(maintenance_ppm)
                .then(position_max),
        };
    }
}

impl Words for Direction {
    fn write(&self, digest: &mut Digest) {
        digest.word(*self as u64);
    }
}

impl Words for Waits {
    fn write(&self, digest: &mut Digest) {
        digest.word(*self as u64);
    }
}
