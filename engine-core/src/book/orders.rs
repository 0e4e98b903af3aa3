//! The store of orders: a slot for each, found by id.

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::cell::{Cell, Kept};
use super::index::{Glance, Index};
use super::record::{Links, MARK_MAX, NIL, Record};
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

/// No order: an id that is never handed out. Where ids are chosen somebody may have it; then it is looked up like others,
/// but not in advance.
pub(super) const NOBODY: OrderId = OrderId::new(0);

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
///
/// What most orders need comes first, in two cache lines: of many books the next one is rarely near.
#[repr(C, align(64))]
pub(crate) struct Orders<D: Kept> {
    pub(super) cells: Slab<Cell<D>>,
    /// The slot freed last, which leads to the others.
    pub(super) free: u32,
    pub(super) len: u32,
    /// Of each slot, apart: a queue is mended at the neighbours of an order, of which nothing else is needed.
    pub(super) links: Slab<Links>,
    pub(super) orders_max: u32,
    /// Whether ids are found through `index`.
    has_index: bool,
    ids: OrderIds,
    /// Of no use where ids are handed out.
    pub(super) index: Index,
}

impl<D: Kept> Orders<D> {
    /// An empty store for at most `orders_max` orders.
    pub(crate) fn new(ids: OrderIds, orders_max: u32) -> Self {
        Self::with_slabs(
            ids,
            orders_max,
            Slab::new(orders_max as usize),
            Slab::new(orders_max as usize),
        )
    }

    pub(super) fn with_slabs(
        ids: OrderIds,
        orders_max: u32,
        cells: Slab<Cell<D>>,
        links: Slab<Links>,
    ) -> Self {
        Self {
            cells,
            links,
            free: NIL,
            len: 0,
            orders_max,
            ids,
            has_index: ids != OrderIds::Assigned,
            index: match ids {
                OrderIds::Assigned => Index::unused(),
                OrderIds::Chosen { hash_seed } => Index::new(hash_seed, orders_max),
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
        self.len >= self.orders_max || self.free == NIL && self.slots_used() >= NIL as usize
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

    /// Whether the caller names the orders.
    #[inline]
    pub(crate) fn has_chosen_ids(&self) -> bool {
        self.has_index
    }

    /// Where the order with this id lives.
    #[inline(always)]
    pub(crate) fn find(&self, id: OrderId) -> Option<Slot> {
        if self.has_index {
            return self.find_chosen(id);
        }
        let slot = id.get() as u32;
        let cell = self.cells.get(slot)?;
        // A free slot carries an id that no slot can have.
        (cell.record.id == id.get()).then_some(Slot(slot))
    }

    /// Ends in a call instead of returning from one, so that the frequent case saves no registers.
    #[inline(never)]
    fn find_chosen(&self, id: OrderId) -> Option<Slot> {
        let slot = match self.index.look(id.get()) {
            Glance::Nobody => return None,
            Glance::Perhaps(slot) => slot,
            Glance::Unclear => return self.search(id),
        };
        match self.cells.near(slot.0) {
            Some(cell) if cell.record.id == id.get() => Some(slot),
            _ => self.search(id),
        }
    }

    #[inline(never)]
    fn search(&self, id: OrderId) -> Option<Slot> {
        self.index.search(id.get(), |slot| self.cells[slot.0].record.id)
    }

    /// Reads where a search for this id begins. The result means nothing; it only keeps the load from being left out.
    #[inline]
    pub(crate) fn touch_index(&self, id: OrderId) -> u64 {
        if !self.has_index {
            return 0;
        }
        self.index.touch(id.get())
    }

    /// The slot in which the order with this id is if there is one.
    #[inline]
    pub(super) fn presumed_slot(&self, id: OrderId) -> Slot {
        if !self.has_index {
            return Slot(id.get() as u32);
        }
        self.index.presumed_slot(id.get())
    }

    /// Reads an order and its links. The result means nothing.
    #[inline]
    pub(super) fn touch(&self, slot: u32) -> u64 {
        let links = self.near_links(slot).map_or(0, |links| links.next);
        self.cells.near(slot).map_or(0, |cell| cell.record.id) ^ u64::from(links)
    }

    /// Where a slot leads, if it lies in the near block.
    #[inline]
    pub(super) fn near_links(&self, slot: u32) -> Option<Links> {
        self.links.near(slot).copied()
    }

    /// How many slots ever were in use.
    #[inline]
    pub(crate) fn slots_used(&self) -> usize {
        self.links.len()
    }

    /// Takes a slot for an order that stands in no queue yet. `id` is ignored where ids are assigned.
    ///
    /// # Panics
    /// If the store is full. That the id is not in use is the caller's to know.
    #[inline]
    pub(crate) fn insert(&mut self, id: OrderId, side: Side, price: Price, quantity: Qty, data: D) -> Slot {
        assert!(!self.is_full(), "the store has room for the order");
        let vacancy = self.reserve(id);
        self.occupy_parked(vacancy, side, price, quantity, data)
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
        let Links { next, prev } = self.links[slot];
        self.free = next;
        let id = if self.has_index {
            id.get()
        } else {
            u64::from(prev) << 32 | u64::from(slot)
        };
        Vacancy { slot, id }
    }

    /// Puts an order into a reserved slot, whose links are the caller's.
    #[inline]
    pub(super) fn occupy(&mut self, vacancy: Vacancy, order: Record, data: D) -> Slot {
        let Vacancy { slot, id } = vacancy;
        debug_assert!(order.price().is_valid(), "the price is within the limits");
        debug_assert_eq!(order.id, id, "the order has the id that was reserved");
        self.cells[slot] = Cell::new(order, data);
        self.len += 1;
        if self.has_index {
            let cells = &self.cells;
            self.index.insert(id, Slot(slot), |slot| cells[slot.0].record.id);
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
        let slot = self.slots_used() as u32;
        self.push_slot(Links::free(1, self.free));
        self.free = slot;
    }

    /// Adds a slot without an order.
    pub(super) fn push_slot(&mut self, links: Links) {
        self.cells.push(Cell::free());
        self.links.push(links);
    }

    /// Gives the slot of a parked order back.
    #[inline]
    pub(crate) fn remove(&mut self, slot: Slot) {
        let record = self.record(slot.0);
        assert!(record.is_parked(), "an order leaves its queue before its slot");
        self.release(slot);
    }

    /// Gives back the slot of an order, whatever it stands in, and returns what it was: who calls this sees to its queue.
    #[inline(always)]
    pub(super) fn release(&mut self, slot: Slot) -> (Record, Links) {
        // Both are found before anything is written, and so not looked for again after it.
        let (cell, links) = (&mut self.cells[slot.0], &mut self.links[slot.0]);
        let record = std::mem::replace(&mut cell.record, Record::FREE);
        let generation = generation_after(record.id, self.has_index);
        let stood = std::mem::replace(links, Links::free(generation, self.free));
        // After the last generation comes 0: such a slot stays out of the list.
        if generation != 0 {
            self.free = slot.0;
        }
        self.len -= 1;
        if self.has_index {
            self.index.remove(record.id, slot);
        }
        (record, stood)
    }

    /// Makes a slot the first free one, with the generation after that of the id that it had.
    #[inline]
    fn list_as_free(&mut self, slot: u32, id: u64) {
        let generation = generation_after(id, self.has_index);
        self.links[slot] = Links::free(generation, self.free);
        // After the last generation comes 0: such a slot stays out of the list.
        if generation != 0 {
            self.free = slot;
        }
    }

    #[inline]
    pub(super) fn record(&self, slot: u32) -> &Record {
        &self.cells[slot].record
    }

    #[inline]
    pub(super) fn record_mut(&mut self, slot: u32) -> &mut Record {
        &mut self.cells[slot].record
    }

    /// Where a slot leads.
    #[inline]
    pub(super) fn links(&self, slot: u32) -> Links {
        self.links[slot]
    }

    #[inline]
    pub(super) fn links_mut(&mut self, slot: u32) -> &mut Links {
        &mut self.links[slot]
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
        &self.cells[slot.0].data
    }

    /// What the caller keeps with an order, to be changed.
    #[inline]
    pub(crate) fn data_mut(&mut self, slot: Slot) -> &mut D {
        &mut self.cells[slot.0].data
    }

    /// All orders, parked and queued, by slot. Where ids are chosen this order means nothing and must not
    /// reach an output.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Slot> {
        let cells = self.cells.iter().zip(0..);
        let orders = cells.filter(|(cell, _)| !cell.record.is_free());
        orders.map(|(_, slot)| Slot(slot))
    }

    /// The slots that ever were in use, and the bytes of the index.
    #[cfg(test)]
    pub(super) fn footprint(&self) -> (usize, usize) {
        (self.slots_used(), self.index.footprint().0)
    }

    /// Walks everything and panics where an invariant of this type is broken.
    pub(crate) fn check_invariants(&self) {
        let mut is_listed = vec![false; self.slots_used()];
        let mut at = self.free;
        while at != NIL {
            let before = std::mem::replace(&mut is_listed[at as usize], true);
            assert!(!before, "slot {at} is free once");
            at = self.links[at].next;
        }
        let mut len = 0;
        for (slot, cell) in (0..).zip(self.cells.iter()) {
            let record = &cell.record;
            let is_listed = is_listed[slot as usize];
            if record.is_free() {
                assert_eq!(
                    is_listed,
                    self.links[slot].prev != 0,
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
        if self.has_index {
            let orders = self.iter().map(|slot| (self.id(slot).get(), slot));
            self.index.check_invariants(orders);
        }
    }
}

/// The generation of a slot after that of the id that it had, or 0 after the last one. Where ids are chosen there are no
/// generations, and any number will do that is not 0.
#[inline]
pub(super) fn generation_after(id: u64, is_chosen: bool) -> u32 {
    ((id >> 32) as u32).wrapping_add(1) | u32::from(is_chosen)
}
