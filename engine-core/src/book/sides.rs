//! The two sides of one instrument's book: which order stands where.

use std::collections::BTreeMap;

use super::orders::{NIL, Orders, Queue, Slot, price_at, rank};
use crate::{Price, Qty, Side};

/// The orders of one price and queue, first to last, and what they hold together.
#[derive(Clone, Copy)]
struct Level {
    head: u32,
    tail: u32,
    quantity: u64,
}

const _: () = assert!(size_of::<Level>() == 16);

impl Level {
    const EMPTY: Self = Self {
        head: NIL,
        tail: NIL,
        quantity: 0,
    };
}

type Ladder = BTreeMap<i64, Level>;

/// One side: its displayed levels and those behind, by rank.
#[derive(Default)]
struct Half {
    displayed: Ladder,
    behind: Ladder,
}

impl Half {
    fn ladder(&self, queue: Queue) -> &Ladder {
        match queue {
            Queue::Displayed => &self.displayed,
            Queue::Behind => &self.behind,
        }
    }

    fn ladder_mut(&mut self, queue: Queue) -> &mut Ladder {
        match queue {
            Queue::Displayed => &mut self.displayed,
            Queue::Behind => &mut self.behind,
        }
    }

    /// The first order of the best level at or below `limit`, displayed before behind.
    fn first_within(&self, limit: i64) -> Option<u32> {
        let displayed = self.displayed.range(..=limit).next_back();
        let behind = self.behind.range(..=limit).next_back();
        match (displayed, behind) {
            (Some((rank, level)), Some((rank_behind, _))) if rank >= rank_behind => Some(level.head),
            (_, Some((_, level))) | (Some((_, level)), None) => Some(level.head),
            (None, None) => None,
        }
    }
}

/// The queues of one instrument, over orders that live in an [`Orders`].
///
/// Invariants: an order stands in the queue of its own side and price, once; a level that exists has an order;
/// the quantity of a level is the sum of its orders.
pub(crate) struct Sides {
    halves: [Half; 2],
}

impl Sides {
    /// Two empty sides.
    pub(crate) fn new() -> Self {
        Self {
            halves: [Half::default(), Half::default()],
        }
    }

    #[inline]
    fn half(&self, side: Side) -> &Half {
        &self.halves[side as usize]
    }

    /// Puts a parked order at the back of a queue of its price.
    #[inline]
    pub(crate) fn enqueue<D: Copy + Default>(&mut self, orders: &mut Orders<D>, slot: Slot, queue: Queue) {
        let record = orders.record_mut(slot.0);
        assert!(record.queue().is_none(), "an order stands in one queue");
        debug_assert!(record.quantity > 0, "an order in a queue has something to trade");
        let ladder = self.halves[record.side() as usize].ladder_mut(queue);
        let level = ladder.entry(record.rank()).or_insert(Level::EMPTY);
        let tail = level.tail;
        record.set_queue(Some(queue));
        record.next = NIL;
        record.prev = tail;
        level.tail = slot.0;
        level.quantity += record.quantity;
        if tail == NIL {
            level.head = slot.0;
        } else {
            orders.record_mut(tail).next = slot.0;
        }
    }

    /// Takes an order out of its queue; it is parked then. There is no other way out.
    #[inline]
    pub(crate) fn dequeue<D: Copy + Default>(&mut self, orders: &mut Orders<D>, slot: Slot) {
        let record = orders.record_mut(slot.0);
        let queue = record.queue().expect("only a queued order leaves its queue");
        record.set_queue(None);
        let (next, prev) = (record.next, record.prev);
        let (rank, quantity) = (record.rank(), record.quantity);
        let ladder = self.halves[record.side() as usize].ladder_mut(queue);
        let level = ladder.get_mut(&rank).expect("a queued order has its level");
        level.quantity -= quantity;
        if prev == NIL {
            level.head = next;
        } else {
            orders.record_mut(prev).next = next;
        }
        if next == NIL {
            level.tail = prev;
        } else {
            orders.record_mut(next).prev = prev;
        }
        if level.head == NIL {
            ladder.remove(&rank);
        }
    }

    /// Takes `by` from a queued order, which keeps its place and some quantity.
    #[inline]
    pub(crate) fn reduce<D: Copy + Default>(&mut self, orders: &mut Orders<D>, slot: Slot, by: Qty) {
        let record = orders.record_mut(slot.0);
        let queue = record.queue().expect("only a queued order is reduced");
        assert!(by.lots() < record.quantity, "a reduced order keeps some quantity");
        record.quantity -= by.lots();
        let ladder = self.halves[record.side() as usize].ladder_mut(queue);
        let level = ladder
            .get_mut(&record.rank())
            .expect("a queued order has its level");
        level.quantity -= by.lots();
    }

    /// Puts a queued order at the back of its own level, with this quantity.
    #[inline]
    pub(crate) fn requeue<D: Copy + Default>(&mut self, orders: &mut Orders<D>, slot: Slot, quantity: Qty) {
        let queue = orders.queue(slot).expect("only a queued order goes to the back");
        self.dequeue(orders, slot);
        orders.set_quantity(slot, quantity);
        self.enqueue(orders, slot, queue);
    }

    /// The best displayed price.
    #[inline]
    pub(crate) fn best(&self, side: Side) -> Option<Price> {
        let best = self.half(side).displayed.last_key_value();
        best.map(|(rank, _)| price_at(side, *rank))
    }

    /// The best price, displayed or behind.
    #[inline]
    pub(crate) fn best_any(&self, side: Side) -> Option<Price> {
        let half = self.half(side);
        let displayed = half.displayed.last_key_value().map(|(rank, _)| *rank);
        let behind = half.behind.last_key_value().map(|(rank, _)| *rank);
        displayed.max(behind).map(|rank| price_at(side, rank))
    }

    /// The order that trades first.
    #[inline]
    pub(crate) fn first<D: Copy + Default>(&self, _orders: &Orders<D>, side: Side) -> Option<Slot> {
        self.half(side).first_within(i64::MAX).map(Slot)
    }

    /// The order that trades after this one: the next at its price, displayed before behind, then the first at
    /// the next price.
    #[inline]
    pub(crate) fn next<D: Copy + Default>(&self, orders: &Orders<D>, slot: Slot) -> Option<Slot> {
        let record = orders.record(slot.0);
        if record.next != NIL {
            return Some(Slot(record.next));
        }
        let half = self.half(record.side());
        let behind = match record.queue().expect("only a queued order has a next one") {
            Queue::Displayed => half.behind.get(&record.rank()),
            Queue::Behind => None,
        };
        match behind {
            Some(level) => Some(Slot(level.head)),
            None => half.first_within(record.rank() - 1).map(Slot),
        }
    }

    /// Whether a side has orders behind the displayed ones.
    #[inline]
    pub(crate) fn has_behind(&self, side: Side) -> bool {
        !self.half(side).behind.is_empty()
    }

    /// The displayed order that trades first.
    #[inline]
    pub(crate) fn first_displayed<D: Copy + Default>(&self, _orders: &Orders<D>, side: Side) -> Option<Slot> {
        let best = self.half(side).displayed.last_key_value();
        best.map(|(_, level)| Slot(level.head))
    }

    /// The displayed order that trades after this displayed one.
    #[inline]
    pub(crate) fn next_displayed<D: Copy + Default>(&self, orders: &Orders<D>, slot: Slot) -> Option<Slot> {
        let record = orders.record(slot.0);
        debug_assert_eq!(record.queue(), Some(Queue::Displayed), "the order is displayed");
        if record.next != NIL {
            return Some(Slot(record.next));
        }
        let worse = self.half(record.side()).displayed.range(..record.rank());
        worse.map(|(_, level)| Slot(level.head)).next_back()
    }

    /// What is displayed at a price.
    #[inline]
    pub(crate) fn level_quantity(&self, side: Side, price: Price) -> Qty {
        let level = self.half(side).displayed.get(&rank(side, price));
        level.map_or(Qty::ZERO, |level| Qty::new(level.quantity))
    }

    /// The displayed levels, best first.
    pub(crate) fn levels(&self, side: Side) -> impl Iterator<Item = (Price, Qty)> {
        let levels = self.half(side).displayed.iter().rev();
        levels.map(move |(rank, level)| (price_at(side, *rank), Qty::new(level.quantity)))
    }

    /// Whether a side has no order, displayed or behind.
    #[inline]
    pub(crate) fn is_empty(&self, side: Side) -> bool {
        let half = self.half(side);
        half.displayed.is_empty() && half.behind.is_empty()
    }

    /// Walks everything and panics where an invariant of this type is broken. Returns the number of queued
    /// orders.
    pub(crate) fn check_invariants<D: Copy + Default>(&self, orders: &Orders<D>) -> usize {
        let mut count = 0;
        for side in Side::BOTH {
            for queue in [Queue::Displayed, Queue::Behind] {
                for (rank, level) in self.half(side).ladder(queue) {
                    count += check_level(orders, (side, queue, *rank), level);
                }
            }
        }
        count
    }
}

/// Checks one level, which stands at this side, queue and rank, and returns the number of its orders.
fn check_level<D: Copy + Default>(orders: &Orders<D>, place: (Side, Queue, i64), level: &Level) -> usize {
    let (mut count, mut total) = (0, 0);
    let (mut prev, mut at) = (NIL, level.head);
    assert_ne!(at, NIL, "a level that exists has an order");
    while at != NIL {
        let record = orders.record(at);
        let queue = record.queue().expect("an order of a level is queued");
        assert_eq!(
            (record.side(), queue, record.rank()),
            place,
            "it stands in its own place"
        );
        assert_eq!(record.prev, prev, "links agree in both directions");
        assert!(record.quantity > 0, "an order in a queue has something to trade");
        total += record.quantity;
        count += 1;
        (prev, at) = (at, record.next);
    }
    assert_eq!(level.tail, prev, "a level ends with its last order");
    assert_eq!(level.quantity, total, "a level holds what its orders hold");
    count
}
