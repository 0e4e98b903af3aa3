//! The two sides of one instrument's book: which order stands where.

use super::cell::Kept;
use super::ladder::{Ladder, WINDOW_MAX, WINDOW_MIN};
use super::level::Level;
use super::orders::{NewOrder, Orders, Queue, Slot, Vacancy, View};
use super::record::{Links, NIL, Record, price_at, rank};
use super::tree::Tree;
use crate::{OrderId, Price, Qty, Side};

/// What the first order of a side traded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// The order.
    pub maker: OrderId,
    /// Its price.
    pub price: Price,
    /// What it traded.
    pub quantity: Qty,
    /// What is left of it in its place. With nothing left it is gone.
    pub left: Qty,
}

/// The queues of one instrument, over orders that live in an [`Orders`].
///
/// Invariants: an order stands in the queue of its own side and price, once; a level that exists has an order;
/// the quantity of a level is the sum of its orders.
#[repr(C)]
pub(crate) struct Sides {
    displayed: [Ladder; 2],
    behind: [Tree<Level>; 2],
}

impl Sides {
    /// Two empty sides.
    pub(crate) fn new() -> Self {
        Self::with_window(WINDOW_MIN, WINDOW_MAX)
    }

    /// Two empty sides whose windows start and end with so many groups.
    pub(super) fn with_window(size_min: usize, size_max: usize) -> Self {
        Self {
            displayed: [(); 2].map(|()| Ladder::new(size_min, size_max)),
            behind: [Tree::default(), Tree::default()],
        }
    }

    /// What the sides hold in memory, in groups, pages and blocks.
    #[cfg(test)]
    pub(super) fn footprint(&self) -> Vec<usize> {
        let ladders = self.displayed.iter().flat_map(Ladder::footprint);
        ladders.chain(self.behind.iter().map(Tree::blocks)).collect()
    }

    #[inline]
    fn displayed(&self, side: Side) -> &Ladder {
        &self.displayed[side as usize]
    }

    #[inline]
    fn behind(&self, side: Side) -> &Tree<Level> {
        &self.behind[side as usize]
    }

    /// Puts a parked order at the back of a queue of its price.
    #[inline]
    pub(crate) fn enqueue<D: Kept>(&mut self, orders: &mut Orders<D>, slot: Slot, queue: Queue) {
        let record = orders.record_mut(slot.0);
        assert!(record.queue().is_none(), "an order stands in one queue");
        debug_assert!(record.quantity > 0, "an order in a queue has something to trade");
        record.set_queue(Some(queue));
        let (side, rank, quantity) = (record.side(), record.rank(), record.quantity);
        if queue == Queue::Behind {
            let level = self.behind[side as usize].entry_or_put(rank);
            level.append(orders, slot.0, quantity);
            return;
        }
        let ladder = &mut self.displayed[side as usize];
        if ladder.level_or_new(rank).append(orders, slot.0, quantity) {
            ladder.open(rank);
        }
    }

    /// Takes an order out of its queue; it is parked then. There is no other way out.
    #[inline]
    pub(crate) fn dequeue<D: Kept>(&mut self, orders: &mut Orders<D>, slot: Slot) {
        let record = orders.record_mut(slot.0);
        let queue = record.queue().expect("only a queued order leaves its queue");
        record.set_queue(None);
        let (side, rank, quantity) = (record.side(), record.rank(), record.quantity);
        let neighbours = orders.links(slot.0);
        if queue == Queue::Behind {
            let tree = &mut self.behind[side as usize];
            let level = tree.value_mut(rank).expect("a queued order has its level");
            if level.unlink(orders, neighbours, quantity) {
                tree.remove(rank);
            }
            return;
        }
        let ladder = &mut self.displayed[side as usize];
        if ladder.level_mut(rank).unlink(orders, neighbours, quantity) {
            ladder.close(rank);
        }
    }

    /// Inserts an order and puts it at the back of the displayed queue of its price: `insert` and `enqueue` in
    /// one go.
    ///
    /// # Panics
    /// If the store is full. That the id is not in use is the caller's to know.
    #[inline]
    pub(crate) fn rest<D: Kept>(&mut self, orders: &mut Orders<D>, order: NewOrder<D>) -> Slot {
        let vacancy = orders.reserve(order.id);
        self.rest_in(orders, vacancy, order)
    }

    /// Puts an order into a reserved slot and at the back of the displayed queue of its price. The id is the one that
    /// was reserved.
    #[inline(always)]
    pub(crate) fn rest_in<D: Kept>(
        &mut self,
        orders: &mut Orders<D>,
        vacancy: Vacancy,
        order: NewOrder<D>,
    ) -> Slot {
        let (side, price, lots) = (order.side, order.price, order.quantity.lots());
        debug_assert!(lots > 0, "an order in a queue has something to trade");
        let ladder = &mut self.displayed[side as usize];
        let rank = rank(side, price);
        let level = ladder.level_or_new(rank);
        let tail = level.tail;
        let record = Record::displayed(vacancy.id, side, price, lots);
        let slot = orders.occupy(vacancy, record, order.data);
        *orders.links_mut(slot.0) = Links {
            next: NIL,
            prev: tail,
        };
        level.tail = slot.0;
        level.quantity += lots;
        if tail == NIL {
            level.head = slot.0;
            ladder.open(rank);
        } else {
            orders.links_mut(tail).next = slot.0;
        }
        slot
    }

    /// Takes an order out of its queue and gives its slot back: [`dequeue`](Self::dequeue) and
    /// [`remove`](Orders::remove) in one go. Returns what it was.
    #[inline]
    pub(crate) fn evict<D: Kept>(&mut self, orders: &mut Orders<D>, slot: Slot) -> View {
        if orders.queue(slot) == Some(Queue::Displayed) {
            return self.evict_displayed(orders, slot);
        }
        let view = orders.view(slot);
        self.dequeue(orders, slot);
        orders.remove(slot);
        view
    }

    /// Takes a displayed order without a mark out of its queue and gives its slot back. `None`, and nothing happens, if
    /// it is another one.
    #[inline(always)]
    pub(crate) fn evict_plain<D: Kept>(&mut self, orders: &mut Orders<D>, slot: Slot) -> Option<View> {
        orders
            .record(slot.0)
            .is_plain()
            .then(|| self.evict_displayed(orders, slot))
    }

    #[inline(always)]
    fn evict_displayed<D: Kept>(&mut self, orders: &mut Orders<D>, slot: Slot) -> View {
        let (record, neighbours) = orders.release(slot);
        let ladder = &mut self.displayed[record.side() as usize];
        let rank = record.rank();
        let level = ladder.level_mut(rank);
        if level.unlink(orders, neighbours, record.quantity) {
            ladder.close(rank);
        }
        View::of(record)
    }

    /// Whether an order of `side` at this price would meet a displayed one, or could meet one that stands behind.
    #[inline]
    pub(crate) fn may_meet(&self, side: Side, price: Price) -> bool {
        debug_assert!(price.is_valid(), "the price is within the limits");
        let makers = 1 - side as usize;
        self.displayed[makers].meets(rank(side, price)) || !self.behind[makers].is_empty()
    }

    /// Trades up to `quantity` with the orders of a side that stand first, at `limit` and better. It ends before the
    /// first order with a mark, and does not look at what stands behind. Every fill is told; what is left is returned.
    #[inline]
    pub(crate) fn take_plain<D: Kept>(
        &mut self,
        orders: &mut Orders<D>,
        side: Side,
        limit: Price,
        quantity: Qty,
        mut filled: impl FnMut(OrderId, &D, Price, Qty),
    ) -> Qty {
        let ladder = &mut self.displayed[side as usize];
        let (limit, mut left) = (rank(side, limit), quantity.lots());
        while left > 0 && ladder.reaches(limit) {
            let (rank, level) = ladder.best_mut();
            let (price, before, first) = (price_at(side, rank), left, level.head);
            let stands;
            (stands, left) = orders.fill_in_turn(first, left, |id, data, lots| {
                filled(OrderId::new(id), data, price, Qty::new(lots));
            });
            if stands == NIL {
                *level = Level::EMPTY;
                ladder.close(rank);
                continue;
            }
            level.quantity -= before - left;
            if stands != first {
                level.head = stands;
                orders.links_mut(stands).prev = NIL;
            }
            break;
        }
        Qty::new(left)
    }

    /// Trades up to `quantity` with the displayed order that stands first. With nothing left of it, it is
    /// evicted.
    #[inline]
    pub(crate) fn fill_first<D: Kept>(
        &mut self,
        orders: &mut Orders<D>,
        side: Side,
        quantity: Qty,
    ) -> Option<Fill> {
        let ladder = &mut self.displayed[side as usize];
        let rank = ladder.best()?;
        let level = ladder.level_mut(rank);
        let slot = level.head;
        let record = orders.record_mut(slot);
        let traded = record.quantity.min(quantity.lots());
        let fill = Fill {
            maker: OrderId::new(record.id),
            price: price_at(side, rank),
            quantity: Qty::new(traded),
            left: Qty::new(record.quantity - traded),
        };
        record.quantity -= traded;
        level.quantity -= traded;
        if fill.left.is_zero() {
            let (_, Links { next, .. }) = orders.release(Slot(slot));
            level.head = next;
            if next == NIL {
                level.tail = NIL;
                ladder.close(rank);
            } else {
                orders.links_mut(next).prev = NIL;
            }
        }
        Some(fill)
    }

    /// The level in which a queued order stands.
    #[inline]
    fn level_mut(&mut self, side: Side, queue: Queue, rank: i64) -> &mut Level {
        match queue {
            Queue::Displayed => self.displayed[side as usize].level_mut(rank),
            Queue::Behind => {
                let level = self.behind[side as usize].value_mut(rank);
                level.expect("a queued order has its level")
            }
        }
    }

    /// Takes `by` from a queued order, which keeps its place and some quantity.
    #[inline]
    pub(crate) fn reduce<D: Kept>(&mut self, orders: &mut Orders<D>, slot: Slot, by: Qty) {
        let record = orders.record_mut(slot.0);
        let queue = record.queue().expect("only a queued order is reduced");
        assert!(by.lots() < record.quantity, "a reduced order keeps some quantity");
        record.quantity -= by.lots();
        self.level_mut(record.side(), queue, record.rank()).quantity -= by.lots();
    }

    /// Puts a displayed order at the back of another price, or of its own, with this quantity.
    #[inline]
    pub(crate) fn move_displayed<D: Kept>(
        &mut self,
        orders: &mut Orders<D>,
        slot: Slot,
        price: Price,
        quantity: Qty,
    ) {
        let record = orders.record_mut(slot.0);
        assert!(
            record.queue() == Some(Queue::Displayed) && !quantity.is_zero(),
            "a displayed order is displayed elsewhere"
        );
        let (side, before) = (record.side(), *record);
        record.set_price(price);
        record.quantity = quantity.lots();
        let ladder = &mut self.displayed[side as usize];
        let (from, to) = (before.rank(), rank(side, price));
        let level = ladder.level_mut(from);
        let neighbours = orders.links(slot.0);
        if level.unlink(orders, neighbours, before.quantity) {
            ladder.close(from);
        }
        if ladder.level_or_new(to).append(orders, slot.0, quantity.lots()) {
            ladder.open(to);
        }
    }

    /// Puts a queued order at the back of its own level, with this quantity.
    #[inline]
    pub(crate) fn requeue<D: Kept>(&mut self, orders: &mut Orders<D>, slot: Slot, quantity: Qty) {
        let record = orders.record_mut(slot.0);
        let queue = record.queue().expect("only a queued order goes to the back");
        let before = std::mem::replace(&mut record.quantity, quantity.lots());
        let (side, rank) = (record.side(), record.rank());
        let neighbours = orders.links(slot.0);
        let level = self.level_mut(side, queue, rank);
        // The level may be empty in between: nobody sees it.
        level.unlink(orders, neighbours, before);
        level.append(orders, slot.0, quantity.lots());
    }

    /// The best displayed price.
    #[inline]
    pub(crate) fn best(&self, side: Side) -> Option<Price> {
        self.displayed(side).best().map(|rank| price_at(side, rank))
    }

    /// The best price, displayed or behind.
    #[inline]
    pub(crate) fn best_any(&self, side: Side) -> Option<Price> {
        let best = self.displayed(side).best();
        if self.behind(side).is_empty() {
            return best.map(|rank| price_at(side, rank));
        }
        best.max(self.behind(side).last())
            .map(|rank| price_at(side, rank))
    }

    /// The order that trades first.
    #[inline]
    pub(crate) fn first<D: Kept>(&self, orders: &Orders<D>, side: Side) -> Option<Slot> {
        if self.behind(side).is_empty() {
            return self.first_displayed(orders, side);
        }
        self.first_of(side, self.displayed(side).best(), self.behind(side).last())
    }

    /// The order that trades after this one: the next at its price, displayed before behind, then the first at
    /// the next price.
    #[inline]
    pub(crate) fn next<D: Kept>(&self, orders: &Orders<D>, slot: Slot) -> Option<Slot> {
        let next = orders.links(slot.0).next;
        if next != NIL {
            return Some(Slot(next));
        }
        let record = orders.record(slot.0);
        let (side, rank) = (record.side(), record.rank());
        let displayed = self.displayed(side).below(rank);
        if self.behind(side).is_empty() {
            return displayed.map(|rank| Slot(self.displayed(side).level(rank).head));
        }
        let behind = match record.queue().expect("only a queued order has a next one") {
            Queue::Displayed => self.behind(side).below(rank + 1),
            Queue::Behind => self.behind(side).below(rank),
        };
        self.first_of(side, displayed, behind)
    }

    /// The first order of the better one of a displayed level and one behind.
    #[inline(never)]
    fn first_of(&self, side: Side, displayed: Option<i64>, behind: Option<i64>) -> Option<Slot> {
        if behind > displayed {
            let level = self.behind(side).get(behind?);
            return level.map(|level| Slot(level.head));
        }
        Some(Slot(self.displayed(side).level(displayed?).head))
    }

    /// Whether a side has orders behind the displayed ones.
    #[inline]
    pub(crate) fn has_behind(&self, side: Side) -> bool {
        !self.behind(side).is_empty()
    }

    /// The displayed order that trades first.
    #[inline]
    pub(crate) fn first_displayed<D: Kept>(&self, _orders: &Orders<D>, side: Side) -> Option<Slot> {
        let best = self.displayed(side).best()?;
        Some(Slot(self.displayed(side).level(best).head))
    }

    /// The displayed order that trades after this displayed one.
    #[inline]
    pub(crate) fn next_displayed<D: Kept>(&self, orders: &Orders<D>, slot: Slot) -> Option<Slot> {
        let record = orders.record(slot.0);
        debug_assert_eq!(record.queue(), Some(Queue::Displayed), "the order is displayed");
        let next = orders.links(slot.0).next;
        if next != NIL {
            return Some(Slot(next));
        }
        let ladder = self.displayed(record.side());
        let below = ladder.below(record.rank())?;
        Some(Slot(ladder.level(below).head))
    }

    /// What is displayed at a price.
    #[inline]
    pub(crate) fn level_quantity(&self, side: Side, price: Price) -> Qty {
        Qty::new(self.displayed(side).level(rank(side, price)).quantity)
    }

    /// The displayed levels, best first.
    pub(crate) fn levels(&self, side: Side) -> impl Iterator<Item = (Price, Qty)> {
        let levels = self.displayed(side).iter();
        levels.map(move |(rank, level)| (price_at(side, rank), Qty::new(level.quantity)))
    }

    /// Whether a side has no order, displayed or behind.
    #[cfg(test)]
    pub(crate) fn is_empty(&self, side: Side) -> bool {
        self.displayed(side).is_empty() && self.behind(side).is_empty()
    }

    /// Walks everything and panics where an invariant of this type is broken. Returns the number of queued
    /// orders.
    pub(crate) fn check_invariants<D: Kept>(&self, orders: &Orders<D>) -> usize {
        let mut count = 0;
        for side in Side::BOTH {
            self.displayed(side).check_invariants();
            self.behind(side).check_invariants();
            for (rank, level) in self.displayed(side).iter() {
                count += check_level(orders, (side, Queue::Displayed, rank), level);
            }
            for (rank, level) in self.behind(side).iter() {
                count += check_level(orders, (side, Queue::Behind, rank), level);
            }
        }
        count
    }
}

/// Checks one level, which stands at this side, queue and rank, and returns the number of its orders.
fn check_level<D: Kept>(orders: &Orders<D>, place: (Side, Queue, i64), level: &Level) -> usize {
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
        assert_eq!(orders.links(at).prev, prev, "links agree in both directions");
        assert!(record.quantity > 0, "an order in a queue has something to trade");
        total += record.quantity;
        count += 1;
        (prev, at) = (at, orders.links(at).next);
    }
    assert_eq!(level.tail, prev, "a level ends with its last order");
    assert_eq!(level.quantity, total, "a level holds what its orders hold");
    count
}
