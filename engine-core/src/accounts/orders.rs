//! What the ledger knows of every live order: enough to say what it holds without asking the market.

use std::collections::BTreeMap;

use super::column::Column;
use super::fees::{FeeState, Rates};
use crate::{OrderId, OrderIds, Price, Qty, Side};

/// Where an order's entry is, as long as it lives.
pub(super) type At = u32;

/// A live order, as far as money is concerned. One cache line.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(64))]
pub(super) struct OpenOrder {
    /// What it holds of its asset; of an order in a pair what it would hold alone.
    pub(super) held: i128,
    id: u64,
    /// A buy's worst price; what a sell counts with on margin and in limits.
    price: i64,
    remaining: u64,
    total: u64,
    fees: u64,
    pub(super) account: u32,
    tags: u32,
}

const _: () = assert!(size_of::<OpenOrder>() == 64);

const LIVE: u32 = 1;
const SELL: u32 = 1 << 1;
const REDUCE_ONLY: u32 = 1 << 2;
const IMMEDIATE: u32 = 1 << 3;
const UNARMED: u32 = 1 << 4;
const BOND_SHIFT: u32 = 8;

/// What is fixed about an order when it is accepted.
#[derive(Clone, Copy, Debug)]
pub(super) struct NewOrder {
    pub(super) id: OrderId,
    pub(super) account: u32,
    pub(super) side: Side,
    pub(super) price: Price,
    pub(super) quantity: Qty,
    pub(super) rates: Rates,
    pub(super) reduce_only: bool,
    pub(super) immediate: bool,
}

impl OpenOrder {
    pub(super) fn new(order: &NewOrder) -> Self {
        let tag = |is: bool, tag: u32| if is { tag } else { 0 };
        let quantity = order.quantity.lots();
        let mut new = Self {
            held: 0,
            id: order.id.get(),
            price: order.price.ticks(),
            remaining: quantity,
            total: quantity,
            fees: 0,
            account: order.account,
            tags: LIVE
                | tag(order.side == Side::Sell, SELL)
                | tag(order.reduce_only, REDUCE_ONLY)
                | tag(order.immediate, IMMEDIATE),
        };
        new.set_fees(FeeState::new(order.rates));
        new
    }

    #[inline]
    pub(super) fn id(&self) -> OrderId {
        OrderId::new(self.id)
    }

    #[inline]
    pub(super) fn side(&self) -> Side {
        if self.tags & SELL == 0 {
            Side::Buy
        } else {
            Side::Sell
        }
    }

    #[inline]
    pub(super) fn is_reduce_only(&self) -> bool {
        self.tags & REDUCE_ONLY != 0
    }

    /// Whether it is over when its command is done, so that it pays as it trades and holds nothing.
    #[inline]
    pub(super) fn is_immediate(&self) -> bool {
        self.tags & IMMEDIATE != 0
    }

    /// Whether it is an exit of a bracket that waits for its entry.
    #[inline]
    pub(super) fn is_unarmed(&self) -> bool {
        self.tags & UNARMED != 0
    }

    #[inline]
    pub(super) fn price(&self) -> Price {
        Price::new(self.price)
    }

    #[inline]
    pub(super) fn remaining(&self) -> Qty {
        Qty::new(self.remaining)
    }

    #[inline]
    pub(super) fn total(&self) -> Qty {
        Qty::new(self.total)
    }

    #[inline]
    pub(super) fn fees(&self) -> FeeState {
        FeeState::from_bits(self.fees)
    }

    #[inline]
    pub(super) fn set_fees(&mut self, fees: FeeState) {
        self.fees = fees.bits();
    }

    pub(super) fn set_price(&mut self, price: Price) {
        self.price = price.ticks();
    }

    #[inline]
    pub(super) fn set_remaining(&mut self, remaining: Qty) {
        self.remaining = remaining.lots();
    }

    pub(super) fn set_total(&mut self, total: Qty) {
        self.total = total.lots();
    }

    pub(super) fn set_unarmed(&mut self, unarmed: bool) {
        self.tags = self.tags & !UNARMED | if unarmed { UNARMED } else { 0 };
    }

    /// The same order with another hold.
    pub(super) fn holding(mut self, held: i128) -> Self {
        self.held = held;
        self
    }

    /// The bond that ties it to other orders.
    #[inline]
    pub(super) fn bond(&self) -> Option<u32> {
        (self.tags >> BOND_SHIFT).checked_sub(1)
    }

    pub(super) fn set_bond(&mut self, bond: u32) {
        let number = bond + 1;
        assert!(
            number < 1 << (u32::BITS - BOND_SHIFT),
            "a bond's number has 24 bits"
        );
        self.tags = self.tags & ((1 << BOND_SHIFT) - 1) | number << BOND_SHIFT;
    }

    #[inline]
    fn is_live(&self) -> bool {
        self.tags & LIVE != 0
    }
}

/// All live orders, by id.
///
/// Where the engine hands ids out, their lower half is a small number that is in use once, and that is where the
/// entry is. Where callers choose ids, entries are handed out here.
pub(super) struct OpenOrders {
    entries: Column<OpenOrder, 256>,
    ids: OrderIds,
    chosen: BTreeMap<u64, At>,
    free: Vec<At>,
    used: u32,
    len: usize,
}

impl OpenOrders {
    pub(super) const fn new(ids: OrderIds) -> Self {
        Self {
            entries: Column::new(),
            ids,
            chosen: BTreeMap::new(),
            free: Vec::new(),
            used: 0,
            len: 0,
        }
    }

    /// Where the order with this id is.
    #[inline]
    pub(super) fn find(&self, id: OrderId) -> Option<At> {
        let at = match self.ids {
            OrderIds::Assigned => id.get() as u32,
            OrderIds::Chosen { .. } => *self.chosen.get(&id.get())?,
        };
        let order = self.entries.at(at)?;
        (order.is_live() && order.id == id.get()).then_some(at)
    }

    #[inline]
    pub(super) fn insert(&mut self, order: OpenOrder) -> At {
        let at = match self.ids {
            OrderIds::Assigned => order.id as u32,
            OrderIds::Chosen { .. } => {
                let at = self.free.pop().unwrap_or(self.used);
                self.used = self.used.max(at + 1);
                self.chosen.insert(order.id, at);
                at
            }
        };
        let entry = self.entries.at_mut(at);
        debug_assert!(!entry.is_live(), "an id is in use once");
        *entry = order;
        self.len += 1;
        at
    }

    #[inline]
    pub(super) fn remove(&mut self, at: At) {
        let entry = self.entries.at_mut(at);
        debug_assert!(entry.is_live(), "only a live order can end");
        entry.tags = 0;
        self.len -= 1;
        if let OrderIds::Chosen { .. } = self.ids {
            let id = entry.id;
            self.chosen.remove(&id);
            self.free.push(at);
        }
    }

    /// A live order.
    #[inline]
    pub(super) fn at(&self, at: At) -> &OpenOrder {
        self.entries.at(at).expect("a live order has its entry")
    }

    /// A live order, to be changed.
    #[inline]
    pub(super) fn at_mut(&mut self, at: At) -> &mut OpenOrder {
        self.entries.at_mut(at)
    }

    /// The number of live orders.
    pub(super) fn len(&self) -> usize {
        self.len
    }
}
