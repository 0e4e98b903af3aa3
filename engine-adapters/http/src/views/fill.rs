//! One order's part of a trade.

use engine_core::{AccountId, InstrumentId, OrderId, Price, Qty, Seq, Side, Timestamp};

use super::fee::Fee;

/// Which part an order had in a trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Liquidity {
    /// It rested.
    Maker,
    /// It arrived.
    Taker,
}

/// One order's part of a trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fill {
    pub(crate) account: AccountId,
    pub(crate) instrument: InstrumentId,
    pub(crate) order: OrderId,
    pub(crate) seq: Seq,
    pub(crate) index: u32,
    pub(crate) time: Timestamp,
    pub(crate) side: Side,
    pub(crate) liquidity: Liquidity,
    pub(crate) price: Price,
    pub(crate) quantity: Qty,
    /// What was left of the order, where somebody is told.
    pub(crate) remaining: Option<Qty>,
    pub(crate) fee: Fee,
}
