//! What is kept of every order that projections know of: one cell, found by id.
//!
//! ```text
//! id ──▶ slot ──▶ cell {id, quantity, what is displayed and where, whose, next, prev}    64 bytes
//! ```
//!
//! The displayed book and the order states use the same cell, so an event looks its order up once, and what it then
//! needs is in one line of the cache. What only some orders have is kept beside it, under the same slot
//! ([`Lives`](super::orders::Lives)).

use super::feed::Divergence;
use crate::book::{Index, OrderIds, Slab, Slot};
use crate::event::OrderType;
use crate::types::{InstrumentId, OrderId, Price, Qty, Side, Timestamp};

/// No slot: the end of a queue, of a list or of the free ones.
pub(super) const NIL: u32 = u32::MAX;

/// What a cell without an order has for an id. No slot has the number `u32::MAX`, so it is not handed out.
const NO_ID: OrderId = OrderId::new(u64::MAX);

/// One order.
///
/// Invariant: it stands in the displayed book exactly if `displayed` is not zero; then it stands at `price`, between
/// `prev` and `next`.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct Cell {
    pub(super) id: OrderId,
    /// Its total quantity.
    pub(super) quantity: Qty,
    pub(super) displayed: Qty,
    /// Where it is displayed; else its limit.
    pub(super) price: Price,
    pub(super) created: Timestamp,
    /// The order behind it at its price; of a cell without an order the next free one.
    pub(super) next: u32,
    pub(super) prev: u32,
    pub(super) instrument: InstrumentId,
    /// The place of its account among the owners.
    pub(super) owner: u32,
    pub(super) side: Side,
    pub(super) order_type: OrderType,
    /// Whether it has a limit.
    pub(super) has_price: bool,
    pub(super) is_triggered: bool,
    /// Whether anything has happened to it since it was accepted.
    pub(super) has_progress: bool,
    /// Whether it has anything of what few orders have.
    pub(super) has_extras: bool,
    /// Whether its limit is among the extras, and not `price`.
    pub(super) has_limit_apart: bool,
    /// Whether there is no order in it.
    pub(super) is_free: bool,
}

const _: () = assert!(size_of::<Cell>() == 64, "a cache line");

impl Cell {
    /// An order of which nothing is known but this.
    #[inline]
    pub(super) fn new(id: OrderId, instrument: InstrumentId, side: Side) -> Self {
        Self {
            id,
            quantity: Qty::ZERO,
            displayed: Qty::ZERO,
            price: Price::new(0),
            created: Timestamp::ZERO,
            next: NIL,
            prev: NIL,
            instrument,
            owner: NIL,
            side,
            order_type: OrderType::Limit,
            has_price: false,
            is_triggered: false,
            has_progress: false,
            has_extras: false,
            has_limit_apart: false,
            is_free: false,
        }
    }

    fn free(next: u32) -> Self {
        Self {
            next,
            is_free: true,
            ..Self::new(NO_ID, InstrumentId::new(0), Side::Buy)
        }
    }

    /// Whether it stands in the displayed book.
    #[inline]
    pub(super) fn is_displayed(&self) -> bool {
        !self.displayed.is_zero()
    }
}

/// The cells of all orders.
///
/// Ids that an engine hands out name their slot, which the engine uses again when the order is gone. For ids that
/// callers choose there is an index, and slots are handed out here.
///
/// Invariants: `len` counts the orders and is at most `orders_max`; an id finds the cell that carries it.
pub(super) struct Cells {
    /// By slot plus one. What is written to the neighbour of an order that has none goes to the first one, which is
    /// nobody's: that is cheaper than to ask whether there is a neighbour, which no processor can guess.
    cells: Slab<Cell>,
    len: u32,
    orders_max: u32,
    chosen: Option<Chosen>,
}

/// Where ids are chosen.
struct Chosen {
    index: Index,
    free: u32,
    /// The order that came last: most of what is said of an order is said right after.
    newest: (OrderId, u32),
}

impl Cells {
    pub(super) fn new(ids: OrderIds, orders_max: u32) -> Self {
        let mut cells = Slab::new(orders_max as usize + 1);
        // No id leads here: the one that could, with a slot of 2^32 - 1, is not 0.
        cells.push(Cell::new(OrderId::new(0), InstrumentId::new(0), Side::Buy));
        let chosen = |hash_seed| Chosen {
            index: Index::new(hash_seed, orders_max),
            free: NIL,
            newest: (NO_ID, NIL),
        };
        Self {
            cells,
            len: 0,
            orders_max,
            chosen: match ids {
                OrderIds::Assigned => None,
                OrderIds::Chosen { hash_seed } => Some(chosen(hash_seed)),
            },
        }
    }

    /// The number of orders.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    /// Where the order with this id lives.
    #[inline]
    pub(super) fn find(&self, order: OrderId) -> Option<u32> {
        if let Some(chosen) = &self.chosen {
            return self.find_chosen(chosen, order);
        }
        let slot = order.get() as u32;
        let cell = self.cells.get(slot.wrapping_add(1))?;
        (cell.id == order).then_some(slot)
    }

    /// The same, of an order that was said to be there before.
    #[inline]
    pub(super) fn known(&self, order: OrderId) -> Result<u32, Divergence> {
        self.find(order).ok_or(Divergence::Order(order))
    }

    #[inline(never)]
    fn find_chosen(&self, chosen: &Chosen, order: OrderId) -> Option<u32> {
        let (newest, slot) = chosen.newest;
        if newest == order && slot != NIL {
            return Some(slot);
        }
        let found = chosen
            .index
            .find(order.get(), |slot| self.at(slot.get()).id.get());
        found.map(Slot::get)
    }

    /// What is in a slot. Of no slot it means nothing.
    #[inline]
    pub(super) fn at(&self, slot: u32) -> &Cell {
        &self.cells[slot.wrapping_add(1)]
    }

    /// What is in a slot, to be changed. What is changed in no slot means nothing.
    #[inline]
    pub(super) fn at_mut(&mut self, slot: u32) -> &mut Cell {
        &mut self.cells[slot.wrapping_add(1)]
    }

    /// Takes in an order. Its id must not be in use, and if it is handed out it names a slot below `orders_max`.
    #[inline]
    pub(super) fn insert(&mut self, cell: Cell) -> Result<u32, Divergence> {
        let slot = self.claim(cell.id)?;
        *self.at_mut(slot) = cell;
        Ok(slot)
    }

    /// The slot for an order that is about to come there: [`insert`](Self::insert) without the cell, which goes
    /// where it belongs without having been put together somewhere else before.
    #[inline]
    pub(super) fn claim(&mut self, order: OrderId) -> Result<u32, Divergence> {
        if self.len >= self.orders_max {
            return Err(Divergence::OrdersMax);
        }
        self.len += 1;
        if self.chosen.is_some() {
            return self.next_slot(order);
        }
        let slot = order.get() as u32;
        match self.cells.get(slot.wrapping_add(1)) {
            Some(cell) if cell.is_free => Ok(slot),
            Some(_) => Err(Divergence::Order(order)),
            None => self.grow_to(slot, order),
        }
    }

    #[cold]
    #[inline(never)]
    fn grow_to(&mut self, slot: u32, order: OrderId) -> Result<u32, Divergence> {
        if slot >= self.orders_max {
            return Err(Divergence::Order(order));
        }
        while self.cells.len() <= slot as usize + 1 {
            self.cells.push(Cell::free(NIL));
        }
        Ok(slot)
    }

    /// A slot for an id that was chosen, which is noted in the index.
    #[inline(never)]
    fn next_slot(&mut self, order: OrderId) -> Result<u32, Divergence> {
        let Self { cells, chosen, .. } = self;
        let chosen = chosen.as_mut().expect("ids are chosen");
        let id_of = |slot: Slot| cells[slot.get() + 1].id.get();
        if chosen.index.find(order.get(), id_of).is_some() {
            return Err(Divergence::Order(order));
        }
        let slot = match chosen.free {
            NIL => cells.len() as u32 - 1,
            free => free,
        };
        chosen.index.insert(order.get(), Slot::new(slot), |slot| {
            cells[slot.get() + 1].id.get()
        });
        if chosen.free == NIL {
            cells.push(Cell::free(NIL));
        } else {
            chosen.free = cells[slot + 1].next;
        }
        chosen.newest = (order, slot);
        Ok(slot)
    }

    /// Forgets an order that is not displayed any more.
    #[inline]
    pub(super) fn forget(&mut self, slot: u32) {
        let id = self.at(slot).id;
        let next = match &mut self.chosen {
            None => NIL,
            Some(chosen) => {
                chosen.index.remove(id.get(), Slot::new(slot));
                if chosen.newest.1 == slot {
                    chosen.newest = (NO_ID, NIL);
                }
                std::mem::replace(&mut chosen.free, slot)
            }
        };
        let cell = self.at_mut(slot);
        (cell.id, cell.next, cell.is_free) = (NO_ID, next, true);
        self.len -= 1;
    }

    /// All slots with an order. Where ids are chosen this order means nothing and must not reach an output.
    pub(super) fn slots(&self) -> impl Iterator<Item = u32> {
        let slots = 0..self.cells.len() as u32 - 1;
        slots.filter(|slot| !self.at(*slot).is_free)
    }

    /// Panics where an invariant is broken.
    pub(super) fn check_invariants(&self) {
        assert_eq!(self.slots().count(), self.len(), "len counts the orders");
        assert!(self.len <= self.orders_max, "the limit holds");
        for slot in self.slots() {
            let id = self.at(slot).id;
            assert_eq!(self.find(id), Some(slot), "order {id} is found");
        }
        let Some(chosen) = &self.chosen else { return };
        let mut free = 0;
        let mut at = chosen.free;
        while at != NIL {
            assert!(self.at(at).is_free, "slot {at} is free");
            (free, at) = (free + 1, self.at(at).next);
        }
        assert_eq!(
            free + self.len(),
            self.cells.len() - 1,
            "every slot is in use or free, once"
        );
        let (newest, slot) = chosen.newest;
        assert!(
            slot == NIL || self.at(slot).id == newest,
            "the newest order is there"
        );
    }
}
