//! The same tests on every layout: how ids are found, where levels lie and where orders lie must not show.

mod index;
mod levels;
mod model;
mod order_book;
mod parts;
mod restoring;

use super::ladder::{WINDOW_MAX, WINDOW_MIN};
use super::slab::Slab;
use super::{NewOrder, OrderIds, Orders, Queue, Sides, Slot, load};
use crate::{OrderId, Price, Qty, Side};

/// Which structures hold the orders, and how far apart the prices lie.
#[derive(Clone, Copy)]
struct Layout {
    ids: OrderIds,
    /// Orders in the near block of the store.
    near_max: usize,
    /// The groups with which the window starts and stops growing.
    window: (usize, usize),
    /// Ticks between two prices of a test. With more than the window has, only one level is in it.
    stride: i64,
}

const CHOSEN: OrderIds = OrderIds::Chosen { hash_seed: 42 };

/// What a real book has.
const USUAL: Layout = Layout {
    ids: OrderIds::Assigned,
    near_max: usize::MAX,
    window: (WINDOW_MIN, WINDOW_MAX),
    stride: 1,
};

/// Writes the tests once for each layout.
macro_rules! on_every_layout {
    ($($test:ident),* $(,)?) => {
        on_every_layout! { @each [$($test)*]
            assigned: USUAL,
            chosen: Layout { ids: CHOSEN, ..USUAL },
            small_window: Layout { window: (2, 2), ..USUAL },
            growing_window: Layout { window: (1, 64), stride: 7, ids: CHOSEN, ..USUAL },
            far_levels: Layout { window: (1, 1), stride: 1_000_003, ..USUAL },
            small_blocks: Layout { near_max: 5, window: (2, 4), stride: 3, ids: CHOSEN },
        }
    };
    (@each $tests:tt $($layout:ident: $value:expr,)*) => {
        $(on_every_layout! { @one $tests $layout: $value })*
    };
    (@one [$($test:ident)*] $layout:ident: $value:expr) => {
        mod $layout {
            use super::*;
            $(
                #[test]
                fn $test() {
                    super::$test($value);
                }
            )*
        }
    };
}

on_every_layout! {
    behaves_like_a_sorted_map_of_lists,
    follows_a_price_that_moves_far_and_back,
    older_order_at_a_price_stands_first,
    interior_cancel_leaves_the_others_in_order,
    order_behind_stands_after_the_displayed_ones_of_its_price,
    fill_first_reduces_then_evicts,
    requeue_goes_to_the_back_of_its_level,
    prices_at_both_ends_stand_beside_others,
    levels_are_found_while_the_window_grows_and_jumps,
    level_holds_many_orders,
    orders_in_and_out_leave_no_memory_behind,
    slots_of_chosen_ids_are_used_again_whatever_the_ids,
    hints_change_nothing,
}

use model::{behaves_like_a_sorted_map_of_lists, follows_a_price_that_moves_far_and_back};

/// How often a test repeats what it would repeat `count` times at full speed.
fn repeats(count: u64) -> u64 {
    if cfg!(debug_assertions) { count / 50 } else { count }
}

/// A store and the two sides of one book.
struct Book {
    orders: Orders<u64>,
    sides: Sides,
    stride: i64,
    next_id: u64,
}

impl Book {
    fn new(layout: Layout) -> Self {
        let max = 4_000_000;
        let near_max = layout.near_max.min(max as usize);
        let (cells, links) = (Slab::with_near(near_max), Slab::with_near(near_max));
        Self {
            orders: Orders::with_slabs(layout.ids, max, cells, links),
            sides: Sides::with_window(layout.window.0, layout.window.1),
            stride: layout.stride,
            next_id: 1,
        }
    }

    fn price(&self, at: i64) -> Price {
        Price::new(at * self.stride)
    }

    /// Ids as callers choose them: neither dense nor in order.
    fn next_id(&mut self) -> OrderId {
        self.next_id += 1;
        OrderId::new(self.next_id.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    fn insert(&mut self, side: Side, price: Price, quantity: u64, queue: Queue) -> Slot {
        let (id, quantity) = (self.next_id(), Qty::new(quantity));
        let slot = self.orders.insert(id, side, price, quantity, quantity.lots() * 3);
        self.sides.enqueue(&mut self.orders, slot, queue);
        slot
    }

    fn rest(&mut self, side: Side, price: Price, quantity: u64) -> Slot {
        let order = NewOrder {
            id: self.next_id(),
            side,
            price,
            quantity: Qty::new(quantity),
            data: quantity * 3,
        };
        self.sides.rest(&mut self.orders, order)
    }

    fn evict(&mut self, slot: Slot) {
        self.sides.evict(&mut self.orders, slot);
    }

    /// All orders of a side, first to last.
    fn in_priority(&self, side: Side) -> Vec<Slot> {
        let first = self.sides.first(&self.orders, side);
        std::iter::successors(first, |slot| self.sides.next(&self.orders, *slot)).collect()
    }

    fn levels(&self, side: Side) -> Vec<(Price, u64)> {
        let levels = self.sides.levels(side);
        levels.map(|(price, quantity)| (price, quantity.lots())).collect()
    }

    fn check(&self) -> usize {
        self.orders.check_invariants();
        self.sides.check_invariants(&self.orders)
    }
}

fn older_order_at_a_price_stands_first(layout: Layout) {
    let mut book = Book::new(layout);
    let price = book.price(10);
    let slots: Vec<Slot> = (1..=5)
        .map(|quantity| book.rest(Side::Buy, price, quantity))
        .collect();
    assert_eq!(book.in_priority(Side::Buy), slots);
    let better = book.price(11);
    let better = book.rest(Side::Buy, better, 1);
    assert_eq!(
        book.in_priority(Side::Buy)[0],
        better,
        "a better price comes before an older order"
    );
    assert_eq!(book.levels(Side::Buy)[1], (price, 15));
}

fn interior_cancel_leaves_the_others_in_order(layout: Layout) {
    let mut book = Book::new(layout);
    let price = book.price(-3);
    let slots: Vec<Slot> = (1..=6)
        .map(|quantity| book.rest(Side::Sell, price, quantity))
        .collect();
    for gone in [3, 1] {
        book.evict(slots[gone]);
    }
    assert_eq!(
        book.in_priority(Side::Sell),
        [slots[0], slots[2], slots[4], slots[5]]
    );
    assert_eq!(book.levels(Side::Sell), [(price, 1 + 3 + 5 + 6)]);
    for gone in [0, 5, 2, 4] {
        book.evict(slots[gone]);
        book.check();
    }
    assert!(book.sides.is_empty(Side::Sell));
    assert_eq!(book.sides.best(Side::Sell), None);
    assert_eq!(book.sides.level_quantity(Side::Sell, price), Qty::ZERO);
}

fn order_behind_stands_after_the_displayed_ones_of_its_price(layout: Layout) {
    let mut book = Book::new(layout);
    let (near, mid, far) = (book.price(9), book.price(8), book.price(7));
    let hidden = book.insert(Side::Buy, mid, 4, Queue::Behind);
    assert_eq!(book.sides.best(Side::Buy), None, "nothing is displayed");
    assert_eq!(book.sides.best_any(Side::Buy), Some(mid));
    let late = book.insert(Side::Buy, mid, 5, Queue::Displayed);
    let last = book.insert(Side::Buy, far, 6, Queue::Displayed);
    let best = book.insert(Side::Buy, near, 7, Queue::Behind);
    assert_eq!(book.in_priority(Side::Buy), [best, late, hidden, last]);
    assert_eq!(
        book.levels(Side::Buy),
        [(mid, 5), (far, 6)],
        "what stands behind is not displayed"
    );
    assert_eq!(book.sides.first_displayed(&book.orders, Side::Buy), Some(late));
    assert_eq!(book.sides.next_displayed(&book.orders, late), Some(last));
    assert!(book.sides.has_behind(Side::Buy) && !book.sides.has_behind(Side::Sell));
    assert_eq!(book.check(), 4);
    book.evict(best);
    book.evict(hidden);
    assert!(!book.sides.has_behind(Side::Buy));
    assert_eq!(book.in_priority(Side::Buy), [late, last]);
}

fn fill_first_reduces_then_evicts(layout: Layout) {
    let mut book = Book::new(layout);
    let (best, worse) = (book.price(-5), book.price(-4));
    book.rest(Side::Sell, worse, 2);
    let maker = book.rest(Side::Sell, best, 10);
    let maker = book.orders.id(maker);
    book.rest(Side::Sell, best, 1);
    let mut fill = |want: u64| {
        let fill = book
            .sides
            .fill_first(&mut book.orders, Side::Sell, Qty::new(want));
        book.check();
        fill.map(|fill| {
            (
                fill.maker == maker,
                fill.price,
                fill.quantity.lots(),
                fill.left.lots(),
            )
        })
    };
    assert_eq!(
        fill(4),
        Some((true, best, 4, 6)),
        "a partly filled maker stays first"
    );
    assert_eq!(fill(9), Some((true, best, 6, 0)), "no more than it has");
    assert_eq!(fill(1), Some((false, best, 1, 0)));
    assert_eq!(
        fill(9),
        Some((false, worse, 2, 0)),
        "an emptied level gives way to the next"
    );
    assert_eq!(fill(1), None);
    assert_eq!(book.orders.find(maker), None, "a closed id is gone");
    assert_eq!(book.orders.len(), 0);
}

fn requeue_goes_to_the_back_of_its_level(layout: Layout) {
    let mut book = Book::new(layout);
    let price = book.price(0);
    for queue in [Queue::Displayed, Queue::Behind] {
        let slots: Vec<Slot> = (1..=3)
            .map(|at| book.insert(Side::Buy, price, at, queue))
            .collect();
        book.sides.requeue(&mut book.orders, slots[0], Qty::new(9));
        assert_eq!(book.in_priority(Side::Buy), [slots[1], slots[2], slots[0]]);
        book.evict(slots[1]);
        book.evict(slots[2]);
        book.sides.requeue(&mut book.orders, slots[0], Qty::new(8));
        book.check();
        assert_eq!(
            book.in_priority(Side::Buy),
            [slots[0]],
            "alone it stays where it is"
        );
        assert_eq!(book.orders.quantity(slots[0]), Qty::new(8));
        book.evict(slots[0]);
    }
}

fn prices_at_both_ends_stand_beside_others(layout: Layout) {
    for side in Side::BOTH {
        let mut book = Book::new(layout);
        let middle = book.price(3);
        let prices = [Price::MIN, middle, Price::MAX];
        // From the middle outwards, so that both ends come while the window lies elsewhere.
        let slots = [1, 0, 2].map(|at| (prices[at], book.rest(side, prices[at], 5)));
        book.check();
        let mut expected = prices;
        if side == Side::Buy {
            expected.reverse();
        }
        assert!(book.sides.levels(side).map(|level| level.0).eq(expected));
        for (price, slot) in slots {
            assert_eq!(book.orders.price(slot), price);
            assert_eq!(book.sides.level_quantity(side, price), Qty::new(5));
            book.evict(slot);
            book.check();
        }
        assert!(book.sides.is_empty(side));
    }
}

/// The best price jumps away while the levels of a window that has just grown are still moving.
fn levels_are_found_while_the_window_grows_and_jumps(layout: Layout) {
    for jump in [300, 1_000_000] {
        let mut book = Book::new(layout);
        let mut expected = Vec::new();
        let rest = |book: &mut Book, expected: &mut Vec<_>, at: i64| {
            let price = book.price(at);
            let slot = book.rest(Side::Buy, price, 1);
            expected.push((price, slot));
            book.check();
        };
        for at in 0..40 {
            rest(&mut book, &mut expected, -at);
        }
        // Often enough outside of a small window for it to grow.
        for at in 50..60 {
            rest(&mut book, &mut expected, -at);
        }
        for at in [jump, jump - 1, 20, jump + 1, 0, -70] {
            rest(&mut book, &mut expected, at);
        }
        expected.sort_by_key(|(price, _)| std::cmp::Reverse(*price));
        let slots: Vec<Slot> = expected.iter().map(|(_, slot)| *slot).collect();
        assert_eq!(book.in_priority(Side::Buy), slots);
        for slot in slots {
            assert_eq!(book.sides.first(&book.orders, Side::Buy), Some(slot));
            book.evict(slot);
            book.check();
        }
    }
}

fn level_holds_many_orders(layout: Layout) {
    let mut book = Book::new(layout);
    let price = book.price(1);
    let count = repeats(1_000_000);
    let slots: Vec<Slot> = (0..count).map(|_| book.rest(Side::Sell, price, 2)).collect();
    assert_eq!(book.levels(Side::Sell), [(price, 2 * count)]);
    // Every third from the inside, then the rest from the front.
    for slot in slots.iter().skip(1).step_by(3) {
        book.evict(*slot);
    }
    let rest: Vec<Slot> = (0..)
        .zip(&slots)
        .filter(|(at, _)| at % 3 != 1)
        .map(|(_, slot)| *slot)
        .collect();
    assert!(
        book.in_priority(Side::Sell) == rest,
        "those that stay keep their order"
    );
    assert_eq!(book.check(), rest.len());
    while book
        .sides
        .fill_first(&mut book.orders, Side::Sell, Qty::new(2))
        .is_some()
    {}
    assert_eq!(book.check(), 0);
    assert_eq!(book.levels(Side::Sell), []);
}

fn slots_of_chosen_ids_are_used_again_whatever_the_ids(layout: Layout) {
    if layout.ids == OrderIds::Assigned {
        return;
    }
    let mut book = Book::new(layout);
    for id in [u64::MAX, u64::MAX << 32, 0, 1, u64::MAX] {
        let price = book.price(1);
        let slot = book
            .orders
            .insert(OrderId::new(id), Side::Buy, price, Qty::new(1), 7);
        book.sides.enqueue(&mut book.orders, slot, Queue::Displayed);
        assert_eq!(book.orders.find(OrderId::new(id)), Some(slot));
        let taken = book
            .sides
            .take_plain(&mut book.orders, Side::Buy, price, Qty::new(1), |_, _, _, _| {});
        assert_eq!(
            (taken, slot),
            (Qty::ZERO, Slot::new(0)),
            "the slot is used again after {id}"
        );
        book.check();
    }
}

fn orders_in_and_out_leave_no_memory_behind(layout: Layout) {
    let mut book = Book::new(layout);
    let mut waiting = std::collections::VecDeque::new();
    let mut random = model::Random(layout.stride.unsigned_abs());
    let mut in_and_out = |book: &mut Book, count: u64| {
        for _ in 0..count {
            let side = if random.below(2) == 0 {
                Side::Buy
            } else {
                Side::Sell
            };
            let away = random.below(40) as i64;
            let price = book.price(if side == Side::Buy { -away } else { away + 1 });
            waiting.push_back(book.rest(side, price, 1));
            if waiting.len() > 500 {
                let at = random.below(waiting.len() as u64) as usize;
                let slot = waiting.swap_remove_back(at).expect("it is there");
                book.evict(slot);
            }
        }
    };
    in_and_out(&mut book, 20_000);
    let before = (book.orders.footprint(), book.sides.footprint());
    in_and_out(&mut book, repeats(10_000_000));
    book.check();
    assert_eq!(
        book.orders.footprint(),
        before.0,
        "no slot and no part of the index is new"
    );
    for (now, before) in book.sides.footprint().into_iter().zip(before.1) {
        assert!(
            now <= before + 2,
            "at most the blocks of the tree lie a little looser: {before}, now {now}"
        );
    }
    for slot in waiting {
        book.evict(slot);
    }
    assert_eq!(book.orders.len(), 0);
    assert!(Side::BOTH.iter().all(|side| book.sides.is_empty(*side)));
}

fn hints_change_nothing(layout: Layout) {
    let mut book = Book::new(layout);
    let price = book.price(2);
    let slots: Vec<Slot> = (1..=3)
        .map(|quantity| book.rest(Side::Buy, price, quantity))
        .collect();
    let ids = slots.iter().map(|slot| book.orders.id(*slot));
    let ids: Vec<OrderId> = ids
        .chain([0, 77, 1 << 32 | 3, u64::MAX].map(OrderId::new))
        .collect();
    for many in [0, 1, ids.len(), 200] {
        load(ids.iter().cycle().take(many).map(|id| (&book.orders, *id)));
    }
    assert_eq!(book.in_priority(Side::Buy), slots);
    assert_eq!(book.check(), 3);
}
