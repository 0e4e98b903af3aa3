//! What the ledger knows of every live order: enough to say what it holds without asking the market.

use super::fees::RateId;
use crate::book::{Index, Slab, Slot};
use crate::{OrderId, OrderIds, Price, Qty, Side};

/// Where an order's entry is, as long as it lives.
pub(super) type At = u32;

/// A live order, as far as money is concerned; two of them fit in a cache line.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(super) struct OpenOrder {
    /// The price that it holds by in the upper 54 bits (a buy's worst price; what a sell counts with on margin and in
    /// limits), then what kind of order it is.
    key: u64,
    remaining: u64,
    /// Its carry (20 bits), its rates (20) and the number of its bond plus one (24).
    terms: u64,
    pub(super) account: u32,
    /// The upper half of an id that was handed out.
    generation: u32,
}

const _: () = assert!(size_of::<OpenOrder>() == 32);

const PRICE_SHIFT: u32 = 10;
const LIVE: u64 = 1;
const SELL: u64 = 1 << 1;
const REDUCE_ONLY: u64 = 1 << 2;
const IMMEDIATE: u64 = 1 << 3;
const UNARMED: u64 = 1 << 4;
const BY_VALUE: u64 = 1 << 5;

const CARRY_BITS: u32 = 20;
const RATE_SHIFT: u32 = CARRY_BITS;
const RATE_BITS: u32 = 20;
const BOND_SHIFT: u32 = RATE_SHIFT + RATE_BITS;

/// The most lists that can be tied at a time: 24 bits name them, and one value says that there is none.
pub(super) const BONDS_MAX: u32 = mask(u64::BITS - BOND_SHIFT) as u32;

const fn mask(bits: u32) -> u64 {
    (1 << bits) - 1
}

/// What is fixed about an order when it is accepted.
#[derive(Clone, Copy, Debug)]
pub(super) struct NewOrder {
    pub(super) account: u32,
    pub(super) side: Side,
    pub(super) price: Price,
    pub(super) quantity: Qty,
    pub(super) rates: RateId,
    pub(super) reduce_only: bool,
    pub(super) immediate: bool,
}

impl OpenOrder {
    #[inline]
    pub(super) fn new(order: &NewOrder) -> Self {
        let tag = |is: bool, tag: u64| if is { tag } else { 0 };
        let tags = LIVE
            | tag(order.side == Side::Sell, SELL)
            | tag(order.reduce_only, REDUCE_ONLY)
            | tag(order.immediate, IMMEDIATE)
            | tag(order.quantity.is_zero(), BY_VALUE);
        Self {
            key: (order.price.ticks() << PRICE_SHIFT) as u64 | tags,
            remaining: order.quantity.lots(),
            terms: u64::from(order.rates.0) << RATE_SHIFT,
            account: order.account,
            generation: 0,
        }
    }

    /// A limit order that holds for itself alone.
    #[inline(always)]
    pub(super) fn plain(
        (account, side): (u32, Side),
        price: Price,
        quantity: Qty,
        (rates, carry): (RateId, u32),
    ) -> Self {
        Self {
            key: (price.ticks() << PRICE_SHIFT) as u64 | LIVE | (side as u64 * SELL),
            remaining: quantity.lots(),
            terms: u64::from(rates.0) << RATE_SHIFT | u64::from(carry),
            account,
            generation: 0,
        }
    }

    #[inline]
    pub(super) fn side(&self) -> Side {
        if self.key & SELL == 0 {
            Side::Buy
        } else {
            Side::Sell
        }
    }

    #[inline]
    pub(super) fn is_reduce_only(&self) -> bool {
        self.key & REDUCE_ONLY != 0
    }

    /// Whether it is over when its command is done, so that it pays as it trades and holds nothing.
    #[inline]
    pub(super) fn is_immediate(&self) -> bool {
        self.key & IMMEDIATE != 0
    }

    /// Whether it was given a value and no quantity.
    #[inline]
    pub(super) fn is_by_value(&self) -> bool {
        self.key & BY_VALUE != 0
    }

    /// Whether it is an exit of a bracket that waits for its entry.
    #[inline]
    pub(super) fn is_unarmed(&self) -> bool {
        self.key & UNARMED != 0
    }

    /// Whether it holds by itself, and for itself, by nothing but its price and quantity.
    #[inline]
    pub(super) fn is_plain(&self) -> bool {
        self.key & (REDUCE_ONLY | IMMEDIATE | UNARMED | BY_VALUE) == 0 && self.terms >> BOND_SHIFT == 0
    }

    #[inline]
    pub(super) fn price(&self) -> Price {
        Price::new(self.key as i64 >> PRICE_SHIFT)
    }

    #[inline]
    pub(super) fn remaining(&self) -> Qty {
        Qty::new(self.remaining)
    }

    #[inline]
    pub(super) fn carry(&self) -> u32 {
        (self.terms & mask(CARRY_BITS)) as u32
    }

    #[inline]
    pub(super) fn rates(&self) -> RateId {
        RateId((self.terms >> RATE_SHIFT & mask(RATE_BITS)) as u32)
    }

    #[inline]
    pub(super) fn set_carry(&mut self, carry: u32) {
        self.terms = self.terms & !mask(CARRY_BITS) | u64::from(carry);
    }

    pub(super) fn set_price(&mut self, price: Price) {
        self.key = (price.ticks() << PRICE_SHIFT) as u64 | self.key & mask(PRICE_SHIFT);
    }

    #[inline]
    pub(super) fn set_remaining(&mut self, remaining: Qty) {
        self.remaining = remaining.lots();
    }

    pub(super) fn set_unarmed(&mut self, unarmed: bool) {
        self.key = self.key & !UNARMED | if unarmed { UNARMED } else { 0 };
    }

    /// The bond that ties it to other orders.
    #[inline]
    pub(super) fn bond(&self) -> Option<u32> {
        ((self.terms >> BOND_SHIFT) as u32).checked_sub(1)
    }

    pub(super) fn set_bond(&mut self, bond: u32) {
        assert!(bond < BONDS_MAX, "a list that is one too many was refused");
        let number = u64::from(bond) + 1;
        self.terms = self.terms & mask(BOND_SHIFT) | number << BOND_SHIFT;
    }

    #[inline]
    fn is_live(&self) -> bool {
        self.key & LIVE != 0
    }
}

/// All live orders, by id.
///
/// Where the engine hands ids out, their lower half is a small number that is in use once, and that is where the
/// entry is. Where callers choose ids, entries are handed out here.
pub(super) struct OpenOrders {
    entries: Slab<OpenOrder>,
    chosen: Option<Chosen>,
    len: usize,
}

/// Entries for ids that callers choose.
struct Chosen {
    index: Index,
    ids: Slab<u64>,
    free: Vec<At>,
}

impl OpenOrders {
    pub(super) fn new(ids: OrderIds, orders_max: u32) -> Self {
        let chosen = match ids {
            OrderIds::Assigned => None,
            OrderIds::Chosen { hash_seed } => Some(Chosen {
                index: Index::new(hash_seed, orders_max),
                ids: Slab::new(orders_max as usize),
                free: Vec::new(),
            }),
        };
        Self {
            entries: Slab::new(orders_max as usize),
            chosen,
            len: 0,
        }
    }

    /// Where the order with this id is.
    #[inline]
    pub(super) fn find(&self, id: OrderId) -> Option<At> {
        let Some(chosen) = &self.chosen else {
            let at = id.get() as u32;
            let order = self.entries.get(at)?;
            let is_it = order.is_live() && order.generation == (id.get() >> 32) as u32;
            return is_it.then_some(at);
        };
        let slot = chosen.index.find(id.get(), |slot| chosen.ids[slot.get()])?;
        Some(slot.get())
    }

    /// Where the order with this id is, which lives.
    #[inline]
    pub(super) fn live(&self, id: OrderId) -> At {
        debug_assert!(
            self.find(id).is_some(),
            "what happens to an order happens while it lives"
        );
        match self.chosen {
            None => id.get() as u32,
            Some(_) => self.live_chosen(id),
        }
    }

    #[inline(never)]
    fn live_chosen(&self, id: OrderId) -> At {
        let found = self.find(id);
        found.expect("what happens to an order happens while it lives")
    }

    /// Reads the entry of an order, if it is found by the id alone. The result means nothing.
    #[inline]
    pub(super) fn touch(&self, id: OrderId) -> u64 {
        match self.chosen {
            None => self.entries.get(id.get() as u32).map_or(0, |order| order.key),
            Some(_) => 0,
        }
    }

    #[inline(always)]
    pub(super) fn insert(&mut self, id: OrderId, order: OpenOrder) -> At {
        let at = match &mut self.chosen {
            None => id.get() as u32,
            Some(chosen) => chosen.insert(id.get()),
        };
        if at as usize >= self.entries.len() {
            self.grow(at);
        }
        let entry = &mut self.entries[at];
        debug_assert!(!entry.is_live(), "an id is in use once");
        // One field after the other: an order that is put together elsewhere first has to be waited for.
        entry.key = order.key;
        entry.remaining = order.remaining;
        entry.terms = order.terms;
        entry.account = order.account;
        entry.generation = (id.get() >> 32) as u32;
        self.len += 1;
        at
    }

    #[inline(always)]
    pub(super) fn remove(&mut self, at: At) {
        let entry = &mut self.entries[at];
        debug_assert!(entry.is_live(), "only a live order can end");
        entry.key = 0;
        self.len -= 1;
        if let Some(chosen) = &mut self.chosen {
            chosen.remove(at);
        }
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, at: At) {
        while self.entries.len() <= at as usize {
            self.entries.push(OpenOrder::default());
        }
    }

    /// A live order.
    #[inline]
    pub(super) fn at(&self, at: At) -> &OpenOrder {
        &self.entries[at]
    }

    /// A live order, to be changed.
    #[inline]
    pub(super) fn at_mut(&mut self, at: At) -> &mut OpenOrder {
        &mut self.entries[at]
    }

    /// The number of live orders.
    pub(super) fn len(&self) -> usize {
        self.len
    }
}

impl Chosen {
    fn insert(&mut self, id: u64) -> At {
        let at = match self.free.pop() {
            Some(at) => at,
            None => {
                self.ids.push(id);
                self.ids.len() as u32 - 1
            }
        };
        self.ids[at] = id;
        let ids = &self.ids;
        self.index.insert(id, Slot::new(at), |slot| ids[slot.get()]);
        at
    }

    fn remove(&mut self, at: At) {
        self.index.remove(self.ids[at], Slot::new(at));
        self.free.push(at);
    }
}
