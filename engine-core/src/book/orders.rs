//! The store of orders: a slot for each, found by id.

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::index::{Glance, Index};
use super::record::{MARK_MAX, NIL, Record};
use super::slab::Slab;
use crate::{OrderId, Price, Qty, Side};

/// Where an order lives in its [`Orders`], as long as it lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Slot(pub(super) u32);

impl Slot {
    /// The slot with this number, for stores of the caller's own.
    #[inline]
    pub(crate) const fn new(number: u32) -> Self {
        Self(number)
    }

    /// Its number.
    #[inline]
    pub(crate) const fn get(self) -> u32 {
        self.0
    }
}

/// Who names the orders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
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

/// An order that comes to rest.
#[derive(Clone, Copy)]
pub(crate) struct NewOrder<D> {
    /// Ignored where ids are assigned.
    pub(crate) id: OrderId,
    pub(crate) side: Side,
    pub(crate) price: Price,
    pub(crate) quantity: Qty,
    pub(crate) data: D,
}

/// A slot that waits for an order, and the id that the order has.
#[derive(Clone, Copy)]
#[must_use = "a reserved slot is occupied or given back"]
pub(crate) struct Vacancy {
    slot: u32,
    pub(super) id: u64,
}

impl Vacancy {
    /// The id that the order has.
    #[inline]
    pub(crate) fn id(&self) -> OrderId {
        OrderId::new(self.id)
    }
}

/// What the store knows of one order, read at once.
#[derive(Clone, Copy)]
pub(crate) struct View(Record);

impl View {
    #[inline]
    pub(super) fn of(record: Record) -> Self {
        Self(record)
    }

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
        self.0.mark()
    }

    /// Whether it stands in the displayed queue and has no mark.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.0.is_plain()
    }

    /// The queue in which it stands.
    #[inline]
    pub(crate) fn queue(&self) -> Option<Queue> {
        self.0.queue()
    }
}

/// All orders of one book or of many, each in a slot, with the caller's `D` beside it.
///
/// An id that is handed out is the slot's generation and number: `generation << 32 | slot`. The generation
/// starts at 1 and rises whenever the slot is given back; a slot whose generations are used up is retired, so
/// no id ever comes back.
///
/// Invariants: a slot is free, parked, queued or retired; the free list holds every free slot, once; `len`
/// counts the orders and never exceeds the limit; an id finds exactly the slot that carries it.
pub(crate) struct Orders<D> {
    pub(super) records: Slab<Record>,
    pub(super) data: Slab<D>,
    /// The slot freed last, which leads to the others.
    pub(super) free: u32,
    pub(super) len: u32,
    pub(super) orders_max: u32,
    ids: OrderIds,
    /// Present where ids are chosen.
    index: Option<Index>,
}

impl<D: Copy + Default> Orders<D> {
    /// An empty store for at most `orders_max` orders.
    pub(crate) fn new(ids: OrderIds, orders_max: u32) -> Self {
        Self::with_slabs(
            ids,
            orders_max,
            Slab::new(orders_max as usize),
            Slab::new(orders_max as usize),
        )
    }

    pub(super) fn with_slabs(ids: OrderIds, orders_max: u32, records: Slab<Record>, data: Slab<D>) -> Self {
        Self {
            records,
            data,
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

    /// The most orders that there may be.
    #[inline]
    pub(crate) fn orders_max(&self) -> u32 {
        self.orders_max
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
    #[inline(always)]
    pub(crate) fn find(&self, id: OrderId) -> Option<Slot> {
        if self.index.is_some() {
            return self.find_chosen(id);
        }
        let slot = id.get() as u32;
        let record = self.records.get(slot)?;
        // A free slot carries an id that no slot can have.
        (record.id == id.get()).then_some(Slot(slot))
    }

    /// Ends in a call instead of returning from one, so that the frequent case saves no registers.
    #[inline(never)]
    fn find_chosen(&self, id: OrderId) -> Option<Slot> {
        let slot = match self.index.as_ref()?.look(id.get()) {
            Glance::Nobody => return None,
            Glance::Perhaps(slot) => slot,
            Glance::Unclear => return self.search(id),
        };
        match self.records.near(slot.0) {
            Some(record) if record.id == id.get() => Some(slot),
            _ => self.search(id),
        }
    }

    #[inline(never)]
    fn search(&self, id: OrderId) -> Option<Slot> {
        let index = self.index.as_ref()?;
        index.search(id.get(), |slot| self.records[slot.0].id)
    }

    /// Reads where a search for this id begins. The result means nothing; it only keeps the load from being left out.
    #[inline]
    pub(crate) fn touch_index(&self, id: OrderId) -> u64 {
        self.index.as_ref().map_or(0, |index| index.touch(id.get()))
    }

    /// The slot in which the order with this id is if there is one.
    #[inline]
    pub(super) fn presumed_slot(&self, id: OrderId) -> Slot {
        match &self.index {
            None => Slot(id.get() as u32),
            Some(index) => index.presumed_slot(id.get()),
        }
    }

    /// What is in a slot, and beside it.
    #[inline]
    pub(super) fn near(&self, slot: u32) -> Option<(&Record, &D)> {
        Some((self.records.near(slot)?, self.data.near(slot)?))
    }

    /// Reads a record. The result means nothing.
    #[inline]
    pub(super) fn touch(&self, slot: u32) -> u64 {
        self.records.near(slot).map_or(0, |record| record.id)
    }

    /// How many slots ever were in use.
    #[inline]
    pub(crate) fn slots_used(&self) -> usize {
        self.records.len()
    }

    /// Takes a slot for an order that stands in no queue yet. `id` is ignored where ids are assigned.
    ///
    /// # Panics
    /// If the store is full. That the id is not in use is the caller's to know.
    #[inline]
    pub(crate) fn insert(&mut self, id: OrderId, side: Side, price: Price, quantity: Qty, data: D) -> Slot {
        self.store(Record::parked(id.get(), side, price, quantity.lots()), data)
    }

    /// Takes a slot for an order. Where ids are assigned it gets its id here.
    #[inline]
    pub(super) fn store(&mut self, mut order: Record, data: D) -> Slot {
        assert!(!self.is_full(), "the store has room for the order");
        let vacancy = self.reserve(OrderId::new(order.id));
        order.id = vacancy.id;
        self.occupy(vacancy, order, data)
    }

    /// Takes a slot off the free list for an order that may come to rest. Its id is final: the one that it brings,
    /// or where ids are assigned the one that it gets. [`occupy`](Self::occupy) or [`decline`](Self::decline) follows.
    ///
    /// That the store is not full and the id not in use is the caller's to know.
    #[inline]
    pub(crate) fn reserve(&mut self, id: OrderId) -> Vacancy {
        debug_assert!(!self.is_full(), "the store has room for the order");
        if self.free == NIL {
            self.add_slot();
        }
        let slot = self.free;
        let record = &self.records[slot];
        self.free = record.next;
        let id = match self.index {
            None => u64::from(record.prev) << 32 | u64::from(slot),
            Some(_) => id.get(),
        };
        Vacancy { slot, id }
    }

    /// Puts an order into a reserved slot.
    #[inline]
    pub(super) fn occupy(&mut self, vacancy: Vacancy, order: Record, data: D) -> Slot {
        let Vacancy { slot, id } = vacancy;
        debug_assert!(order.price().is_valid(), "the price is within the limits");
        debug_assert_eq!(order.id, id, "the order has the id that was reserved");
        self.records[slot] = order;
        self.data[slot] = data;
        self.len += 1;
        if let Some(index) = &mut self.index {
            index.insert(id, Slot(slot), |slot| self.records[slot.0].id);
        }
        Slot(slot)
    }

    /// Puts an order that stands in no queue yet into a reserved slot.
    #[inline]
    pub(crate) fn occupy_parked(
        &mut self,
        vacancy: Vacancy,
        side: Side,
        price: Price,
        quantity: Qty,
        data: D,
    ) -> Slot {
        let order = Record::parked(vacancy.id, side, price, quantity.lots());
        self.occupy(vacancy, order, data)
    }

    /// Gives a reserved slot back. Its id is used up all the same.
    #[inline]
    pub(crate) fn decline(&mut self, vacancy: Vacancy) {
        self.list_as_free(vacancy.slot, vacancy.id);
    }

    /// Adds a slot with its first generation to the free list.
    #[cold]
    #[inline(never)]
    pub(super) fn add_slot(&mut self) {
        let slot = self.records.len() as u32;
        self.records.push(Record::free(1, self.free));
        self.data.push(D::default());
        self.free = slot;
    }

    /// Gives the slot of a parked order back.
    #[inline]
    pub(crate) fn remove(&mut self, slot: Slot) {
        let record = self.record(slot.0);
        assert!(record.is_parked(), "an order leaves its queue before its slot");
        self.release(slot, record.id);
    }

    /// Gives back the slot of the order with this id, whatever it stands in: who calls this sees to its queue.
    #[inline]
    pub(super) fn release(&mut self, slot: Slot, id: u64) {
        debug_assert_eq!(self.records[slot.0].id, id, "the order is the one that is meant");
        self.len -= 1;
        self.list_as_free(slot.0, id);
        if let Some(index) = &mut self.index {
            index.remove(id, slot);
        }
    }

    /// Makes a slot the first free one, with the generation after that of the id that it had.
    #[inline]
    fn list_as_free(&mut self, slot: u32, id: u64) {
        // Where ids are chosen there are no generations, and any number will do that is not 0.
        let generation = match self.ids {
            OrderIds::Assigned => ((id >> 32) as u32).wrapping_add(1),
            OrderIds::Chosen { .. } => 1,
        };
        self.records[slot] = Record::free(generation, self.free);
        // After the last generation comes 0: such a slot stays out of the list.
        if generation != 0 {
            self.free = slot;
        }
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
        record.set_price(price);
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

    /// Seven bits for the caller, in the record that the matching loop reads anyway; 0 at first.
    #[inline]
    pub(crate) fn mark(&self, slot: Slot) -> u8 {
        self.record(slot.0).mark()
    }

    /// Sets the caller's bits of an order, queued or not.
    #[inline]
    pub(crate) fn set_mark(&mut self, slot: Slot, mark: u8) {
        assert!(mark <= MARK_MAX, "a mark has seven bits");
        self.record_mut(slot.0).set_mark(mark);
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
        let orders = self
            .records
            .iter()
            .zip(0..)
            .filter(|(record, _)| !record.is_free());
        orders.map(|(_, slot)| Slot(slot))
    }

    /// The slots that ever were in use, and the bytes of the index.
    #[cfg(test)]
    pub(super) fn footprint(&self) -> (usize, usize) {
        let index = self.index.as_ref().map_or(0, |index| index.footprint().0);
        (self.records.len(), index)
    }

    /// Walks everything and panics where an invariant of this type is broken.
    pub(crate) fn check_invariants(&self) {
        let mut is_listed = vec![false; self.records.len()];
        let mut at = self.free;
        while at != NIL {
            let before = std::mem::replace(&mut is_listed[at as usize], true);
            assert!(!before, "slot {at} is free once");
            at = self.records[at].next;
        }
        let mut len = 0;
        for (slot, record) in (0..).zip(self.records.iter()) {
            let is_listed = is_listed[slot as usize];
            if record.is_free() {
                assert_eq!(
                    is_listed,
                    record.prev != 0,
                    "free slot {slot} is listed or retired"
                );
                assert!(record.has_no_id(), "free slot {slot} has no id");
                continue;
            }
            len += 1;
            assert!(!is_listed, "slot {slot} with an order is not free");
            let found = self.find(OrderId::new(record.id));
            assert_eq!(found, Some(Slot(slot)), "order {} is found", record.id);
        }
        assert_eq!(len, self.len, "len counts the orders");
        assert!(self.len <= self.orders_max, "the limit holds");
        if let Some(index) = &self.index {
            index.check_invariants(self.iter().map(|slot| (self.id(slot).get(), slot)));
        }
    }
}
