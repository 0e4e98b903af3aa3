//! The store of orders: a slot for each, found by id.

use super::index::Index;
use super::slab::Slab;
use crate::{OrderId, Price, Qty, Side};

/// No slot: the end of a queue or of the free list.
pub(super) const NIL: u32 = u32::MAX;

/// What a slot without an order carries as its id. No slot has the number `u32::MAX`, so no id that is
/// handed out can be this one.
const NO_ID: u64 = u64::MAX;

/// Where an order lives in its [`Orders`], as long as it lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Slot(pub(super) u32);

/// Who names the orders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OrderIds {
    /// The book hands ids out. They are never 0, never used twice, and found without hashing.
    #[default]
    Assigned,
    /// The caller chooses any number that is not in use.
    Chosen {
        /// Decides where ids land in the index, and nothing that leaves the book. Somebody who does not know
        /// it cannot choose ids that collide.
        hash_seed: u64,
    },
}

/// The two queues of a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Queue {
    /// What everybody sees, and what trades first.
    Displayed,
    /// Orders that stand after all displayed ones of their price.
    Behind,
}

/// Why stored orders cannot be put back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum RestoreError {
    /// More orders than the limit allows.
    #[error("more than {orders_max} orders")]
    TooManyOrders {
        /// The limit.
        orders_max: u32,
    },
    /// Two orders with one id, or an id whose slot is free or does not exist.
    #[error("order id {0} is not possible here")]
    Id(OrderId),
    /// A free slot that is named twice, does not exist, or has generation 0.
    #[error("free slot {0} is not possible here")]
    FreeSlot(u32),
}

/// One order as the matching loop needs it.
#[derive(Clone, Copy)]
#[repr(C, align(32))]
pub(super) struct Record {
    id: u64,
    pub(super) quantity: u64,
    /// The price in the upper 54 bits, then the mark, the side and the state.
    key: u64,
    /// The next order of the queue, or the next free slot.
    pub(super) next: u32,
    /// The order before it in the queue; of a free slot the generation that its next id gets.
    pub(super) prev: u32,
}

const _: () = assert!(size_of::<Record>() == 32);

const PRICE_SHIFT: u32 = 10;
const MARK_SHIFT: u32 = 3;
const MARK_MAX: u8 = (1 << (PRICE_SHIFT - MARK_SHIFT)) - 1;
const SELL: u64 = 0b100;
const STATE: u64 = 0b11;
const FREE: u64 = 0;
const PARKED: u64 = 1;
const DISPLAYED: u64 = 2;
const BEHIND: u64 = 3;

impl Record {
    #[inline]
    fn key(side: Side, price: Price) -> u64 {
        let side = match side {
            Side::Buy => 0,
            Side::Sell => SELL,
        };
        (price.ticks() << PRICE_SHIFT) as u64 | side | PARKED
    }

    #[inline]
    pub(super) fn price(&self) -> Price {
        Price::new(self.key as i64 >> PRICE_SHIFT)
    }

    #[inline]
    pub(super) fn side(&self) -> Side {
        if self.key & SELL == 0 {
            Side::Buy
        } else {
            Side::Sell
        }
    }

    /// The higher, the better for its side: one code serves both sides.
    #[inline]
    pub(super) fn rank(&self) -> i64 {
        rank(self.side(), self.price())
    }

    #[inline]
    pub(super) fn queue(&self) -> Option<Queue> {
        match self.key & STATE {
            DISPLAYED => Some(Queue::Displayed),
            BEHIND => Some(Queue::Behind),
            _ => None,
        }
    }

    #[inline]
    pub(super) fn set_queue(&mut self, queue: Option<Queue>) {
        let state = match queue {
            None => PARKED,
            Some(Queue::Displayed) => DISPLAYED,
            Some(Queue::Behind) => BEHIND,
        };
        self.key = self.key & !STATE | state;
    }

    #[inline]
    fn is_free(&self) -> bool {
        self.key & STATE == FREE
    }

    #[inline]
    fn is_parked(&self) -> bool {
        self.key & STATE == PARKED
    }
}

/// The place of `price` among the prices of `side`: the higher, the better.
#[inline]
pub(super) fn rank(side: Side, price: Price) -> i64 {
    match side {
        Side::Buy => price.ticks(),
        Side::Sell => -price.ticks(),
    }
}

/// The price at `rank`: the inverse of [`rank`].
#[inline]
pub(super) fn price_at(side: Side, rank: i64) -> Price {
    match side {
        Side::Buy => Price::new(rank),
        Side::Sell => Price::new(-rank),
    }
}

/// What the store knows of one live order, read at once.
#[derive(Clone, Copy)]
pub(crate) struct View(Record);

impl View {
    /// Its id.
    #[inline]
    pub(crate) fn id(&self) -> OrderId {
        OrderId::new(self.0.id)
    }

    /// Its side.
    #[inline]
    pub(crate) fn side(&self) -> Side {
        self.0.side()
    }

    /// Its price.
    #[inline]
    pub(crate) fn price(&self) -> Price {
        self.0.price()
    }

    /// What of it stands in its queue.
    #[inline]
    pub(crate) fn quantity(&self) -> Qty {
        Qty::new(self.0.quantity)
    }

    /// The caller's bits.
    #[inline]
    pub(crate) fn mark(&self) -> u8 {
        (self.0.key >> MARK_SHIFT) as u8 & MARK_MAX
    }

    /// The queue in which it stands.
    #[inline]
    pub(crate) fn queue(&self) -> Option<Queue> {
        self.0.queue()
    }
}

/// All orders of one book or of many, each in a slot, with the caller's `D` beside it.
///
/// Invariants: a slot is free, parked or queued; the free list holds every free slot that is not retired,
/// once; `len` counts the others and never exceeds the limit; an id finds exactly the slot that carries it.
pub(crate) struct Orders<D> {
    records: Slab<Record>,
    data: Slab<D>,
    free: u32,
    len: u32,
    orders_max: u32,
    ids: OrderIds,
    /// Present where ids are chosen.
    index: Option<Index>,
}

impl<D: Copy + Default> Orders<D> {
    /// An empty store for at most `orders_max` orders.
    pub(crate) fn new(ids: OrderIds, orders_max: u32) -> Self {
        Self {
            records: Slab::new(orders_max as usize),
            data: Slab::new(orders_max as usize),
            free: NIL,
            len: 0,
            orders_max,
            ids,
            index: match ids {
                OrderIds::Assigned => None,
                OrderIds::Chosen { hash_seed } => Some(Index::new(hash_seed, orders_max)),
            },
        }
    }

    /// The number of orders, parked ones included.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether no order can be inserted: the limit is reached.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.len >= self.orders_max || self.free == NIL && self.records.len() >= NIL as usize
    }

    /// Whether this many more orders can be inserted.
    pub(crate) fn has_room_for(&self, count: usize) -> bool {
        self.len() + count <= self.orders_max as usize
    }

    /// Who names the orders.
    #[inline]
    pub(crate) fn ids(&self) -> OrderIds {
        self.ids
    }

    /// Where the order with this id lives.
    #[inline]
    pub(crate) fn find(&self, id: OrderId) -> Option<Slot> {
        if let Some(index) = &self.index {
            return index.find(id.get(), |slot| self.records[slot.0].id);
        }
        let slot = id.get() as u32;
        let record = self.records.get(slot)?;
        (record.id == id.get()).then_some(Slot(slot))
    }

    /// Takes a slot for an order that stands in no queue yet. `id` is ignored where ids are assigned.
    ///
    /// # Panics
    /// If the store is full or the id is in use: the caller has checked both.
    #[inline]
    pub(crate) fn insert(&mut self, id: OrderId, side: Side, price: Price, quantity: Qty, data: D) -> Slot {
        assert!(!self.is_full(), "the store has room for the order");
        debug_assert!(price.is_valid(), "the price is within the limits");
        let slot = self.take_free_slot();
        let record = &mut self.records[slot];
        let id = match self.index {
            None => u64::from(record.prev) << 32 | u64::from(slot),
            Some(_) => id.get(),
        };
        *record = Record {
            id,
            quantity: quantity.lots(),
            key: Record::key(side, price),
            next: NIL,
            prev: NIL,
        };
        self.data[slot] = data;
        if let Some(index) = &mut self.index {
            index.insert(id, Slot(slot), |slot| self.records[slot.0].id);
        }
        self.len += 1;
        Slot(slot)
    }

    /// The slot freed last, or a new one.
    #[inline]
    fn take_free_slot(&mut self) -> u32 {
        if self.free == NIL {
            let slot = self.records.len() as u32;
            self.records.push(Record {
                id: NO_ID,
                quantity: 0,
                key: FREE,
                next: NIL,
                prev: 1,
            });
            self.data.push(D::default());
            return slot;
        }
        let slot = self.free;
        self.free = self.records[slot].next;
        slot
    }

    /// Gives the slot of a parked order back.
    #[inline]
    pub(crate) fn remove(&mut self, slot: Slot) {
        assert!(
            self.record(slot.0).is_parked(),
            "an order leaves its queue before its slot"
        );
        self.free(slot);
    }

    /// Gives the slot of an order back that no queue leads to any more.
    #[inline]
    pub(super) fn free(&mut self, slot: Slot) {
        let record = &mut self.records[slot.0];
        let id = record.id;
        let generation = match self.index {
            None => ((id >> 32) as u32).wrapping_add(1),
            Some(_) => 1,
        };
        *record = Record {
            id: NO_ID,
            quantity: 0,
            key: FREE,
            next: self.free,
            prev: generation,
        };
        // A slot whose generations are used up stays out of the list, so no id ever comes back.
        if generation != 0 {
            self.free = slot.0;
        }
        if let Some(index) = &mut self.index {
            index.remove(id, slot);
        }
        self.len -= 1;
    }

    #[inline]
    pub(super) fn record(&self, slot: u32) -> &Record {
        &self.records[slot]
    }

    #[inline]
    pub(super) fn record_mut(&mut self, slot: u32) -> &mut Record {
        &mut self.records[slot]
    }

    /// Everything about an order at once.
    #[inline]
    pub(crate) fn view(&self, slot: Slot) -> View {
        View(*self.record(slot.0))
    }

    /// The id of an order.
    #[inline]
    pub(crate) fn id(&self, slot: Slot) -> OrderId {
        OrderId::new(self.record(slot.0).id)
    }

    /// The side of an order.
    #[inline]
    pub(crate) fn side(&self, slot: Slot) -> Side {
        self.record(slot.0).side()
    }

    /// The price of an order.
    #[inline]
    pub(crate) fn price(&self, slot: Slot) -> Price {
        self.record(slot.0).price()
    }

    /// What of an order stands in its queue.
    #[inline]
    pub(crate) fn quantity(&self, slot: Slot) -> Qty {
        Qty::new(self.record(slot.0).quantity)
    }

    /// The queue in which an order stands, or `None` while it is parked.
    #[inline]
    pub(crate) fn queue(&self, slot: Slot) -> Option<Queue> {
        self.record(slot.0).queue()
    }

    /// Gives a parked order another price.
    #[inline]
    pub(crate) fn set_price(&mut self, slot: Slot, price: Price) {
        debug_assert!(price.is_valid(), "the price is within the limits");
        let record = self.record_mut(slot.0);
        assert!(record.is_parked(), "a queued order keeps its price");
        record.key = (price.ticks() << PRICE_SHIFT) as u64 | record.key & ((1 << PRICE_SHIFT) - 1);
    }

    /// Gives a parked order another quantity.
    #[inline]
    pub(crate) fn set_quantity(&mut self, slot: Slot, quantity: Qty) {
        let record = self.record_mut(slot.0);
        assert!(
            record.is_parked(),
            "a queued order's quantity belongs to its level"
        );
        record.quantity = quantity.lots();
    }

    /// Seven bits for the caller in the record that the matching loop reads anyway; 0 after `insert`.
    #[inline]
    pub(crate) fn mark(&self, slot: Slot) -> u8 {
        (self.record(slot.0).key >> MARK_SHIFT) as u8 & MARK_MAX
    }

    /// Sets the caller's bits of an order, queued or not.
    #[inline]
    pub(crate) fn set_mark(&mut self, slot: Slot, mark: u8) {
        assert!(mark <= MARK_MAX, "a mark has seven bits");
        let record = self.record_mut(slot.0);
        record.key = record.key & !(u64::from(MARK_MAX) << MARK_SHIFT) | u64::from(mark) << MARK_SHIFT;
    }

    /// What the caller keeps with an order.
    #[inline]
    pub(crate) fn data(&self, slot: Slot) -> &D {
        &self.data[slot.0]
    }

    /// What the caller keeps with an order, to be changed.
    #[inline]
    pub(crate) fn data_mut(&mut self, slot: Slot) -> &mut D {
        &mut self.data[slot.0]
    }

    /// All orders, parked and queued, by slot. Where ids are chosen this order means nothing and must not
    /// reach an output.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Slot> {
        let live = self
            .records
            .iter()
            .zip(0..)
            .filter(|(record, _)| !record.is_free());
        live.map(|(_, slot)| Slot(slot))
    }

    /// The number of slots that ever were in use: with the ids in use and the free list it decides every id
    /// handed out later. 0 where ids are chosen, because slot numbers mean nothing there.
    pub(crate) fn slots(&self) -> u32 {
        match self.ids {
            OrderIds::Assigned => self.records.len() as u32,
            OrderIds::Chosen { .. } => 0,
        }
    }

    /// The free slots in the order in which they will be taken, each with the generation that its next id
    /// gets. Empty where ids are chosen.
    pub(crate) fn free_list(&self) -> impl Iterator<Item = (u32, u32)> {
        let first = match self.ids {
            OrderIds::Assigned => self.free,
            OrderIds::Chosen { .. } => NIL,
        };
        let slot = |slot: u32| (slot != NIL).then_some(slot);
        std::iter::successors(slot(first), move |at| slot(self.records[*at].next))
            .map(|at| (at, self.records[at].prev))
    }

    /// A store as it was when [`slots`](Self::slots) and [`free_list`](Self::free_list) were read, still
    /// without its orders: [`restore_order`](Self::restore_order) puts them back. A slot that is neither free
    /// nor gets its order back is a retired one.
    ///
    /// # Errors
    /// If the free list is not one that a store can have.
    pub(crate) fn restore(
        ids: OrderIds,
        orders_max: u32,
        slots: u32,
        free_list: &[(u32, u32)],
    ) -> Result<Self, RestoreError> {
        let mut orders = Self::new(ids, orders_max);
        if let OrderIds::Chosen { .. } = ids {
            return match free_list.first() {
                Some((slot, _)) => Err(RestoreError::FreeSlot(*slot)),
                None => Ok(orders),
            };
        }
        if slots == NIL {
            return Err(RestoreError::FreeSlot(slots));
        }
        for _ in 0..slots {
            let slot = orders.take_free_slot();
            orders.records[slot].prev = 0;
        }
        for (slot, generation) in free_list.iter().rev() {
            let record = orders
                .records
                .get_mut(*slot)
                .ok_or(RestoreError::FreeSlot(*slot))?;
            if record.prev != 0 || *generation == 0 {
                return Err(RestoreError::FreeSlot(*slot));
            }
            record.prev = *generation;
            record.next = orders.free;
            orders.free = *slot;
        }
        Ok(orders)
    }

    /// Puts an order back under the id that it had, parked.
    ///
    /// # Errors
    /// If the store is full, or this store cannot have an order with this id.
    pub(crate) fn restore_order(
        &mut self,
        id: OrderId,
        side: Side,
        price: Price,
        quantity: Qty,
        data: D,
    ) -> Result<Slot, RestoreError> {
        if self.len >= self.orders_max {
            return Err(RestoreError::TooManyOrders {
                orders_max: self.orders_max,
            });
        }
        if let OrderIds::Chosen { .. } = self.ids {
            if self.find(id).is_some() {
                return Err(RestoreError::Id(id));
            }
            return Ok(self.insert(id, side, price, quantity, data));
        }
        let slot = id.get() as u32;
        let record = self.records.get_mut(slot).ok_or(RestoreError::Id(id))?;
        if !record.is_free() || record.prev != 0 || id.get() >> 32 == 0 {
            return Err(RestoreError::Id(id));
        }
        *record = Record {
            id: id.get(),
            quantity: quantity.lots(),
            key: Record::key(side, price),
            next: NIL,
            prev: NIL,
        };
        self.data[slot] = data;
        self.len += 1;
        Ok(Slot(slot))
    }

    /// Walks everything and panics where an invariant of this type is broken.
    pub(crate) fn check_invariants(&self) {
        let mut free = vec![false; self.records.len()];
        let mut at = self.free;
        while at != NIL {
            assert!(
                !std::mem::replace(&mut free[at as usize], true),
                "slot {at} is free once"
            );
            at = self.records[at].next;
        }
        let mut len = 0;
        for (slot, record) in (0..).zip(self.records.iter()) {
            if record.is_free() {
                assert!(
                    free[slot] || record.prev == 0,
                    "free slot {slot} is listed or retired"
                );
                assert_eq!(record.id, NO_ID, "free slot {slot} has no id");
                continue;
            }
            len += 1;
            assert!(!free[slot], "slot {slot} with an order is not free");
            let found = self.find(OrderId::new(record.id));
            assert_eq!(found, Some(Slot(slot as u32)), "order {} is found", record.id);
        }
        if let Some(index) = &self.index {
            index.check_invariants(self.iter().map(|slot| (self.id(slot).get(), slot)));
        }
        assert_eq!(len, self.len, "len counts the orders");
        assert!(self.len <= self.orders_max, "the limit holds");
    }
}
