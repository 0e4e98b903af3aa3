//! The store and the sides against a naive model: a sorted map of lists.

use std::collections::{BTreeMap, VecDeque};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::{Book, Layout};
use crate::book::{Queue, Slot};
use crate::{Price, Qty, Side};

/// A small generator for tests that need many numbers rather than shrinking.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let x = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let x = (x ^ x >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ x >> 31
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

#[derive(Clone, Debug)]
enum Step {
    Insert {
        side: Side,
        at: i64,
        quantity: u64,
        queue: Queue,
    },
    Rest {
        side: Side,
        at: i64,
        quantity: u64,
    },
    Remove(usize),
    Evict(usize),
    Reduce(usize, u64),
    Requeue(usize, u64),
    FillFirst(Side, u64),
    /// Moves where prices lie from here on.
    Drift(i64),
    /// Moves it far away, and the next time back.
    Jump,
}

/// Where an order stands in the model.
#[derive(Clone, Copy)]
struct Stand {
    slot: Slot,
    side: Side,
    price: i64,
    queue: Queue,
}

/// Orders at one price: the displayed ones, then those behind.
type Queues = [VecDeque<(Slot, u64)>; 2];

#[derive(Default)]
struct Model {
    sides: [BTreeMap<i64, Queues>; 2],
    live: Vec<Stand>,
    centre: i64,
    jump: i64,
}

fn rank(side: Side, price: i64) -> i64 {
    if side == Side::Buy { price } else { -price }
}

impl Model {
    fn push(&mut self, stand: Stand, quantity: u64) {
        self.queue(stand).push_back((stand.slot, quantity));
        self.live.push(stand);
    }

    fn queue(&mut self, stand: Stand) -> &mut VecDeque<(Slot, u64)> {
        let side = &mut self.sides[stand.side as usize];
        let queues = side.entry(rank(stand.side, stand.price)).or_default();
        &mut queues[stand.queue as usize]
    }

    /// Takes an order out of its queue and returns its quantity.
    fn take(&mut self, stand: Stand) -> u64 {
        let queue = self.queue(stand);
        let at = queue.iter().position(|(slot, _)| *slot == stand.slot);
        let (_, quantity) = at.and_then(|at| queue.remove(at)).expect("it is there");
        self.sides[stand.side as usize].retain(|_, queues| queues.iter().any(|queue| !queue.is_empty()));
        quantity
    }

    fn quantity_mut(&mut self, stand: Stand) -> &mut u64 {
        let mut queue = self.queue(stand).iter_mut();
        let (_, quantity) = queue.find(|(slot, _)| *slot == stand.slot).expect("it is there");
        quantity
    }

    fn pick(&self, at: usize) -> Option<usize> {
        (!self.live.is_empty()).then(|| at % self.live.len())
    }

    fn first_displayed(&self, side: Side) -> Option<Stand> {
        let displayed = self.sides[side as usize]
            .iter()
            .rev()
            .find(|(_, queues)| !queues[0].is_empty());
        let (slot, _) = displayed?.1[0][0];
        self.live.iter().copied().find(|stand| stand.slot == slot)
    }

    fn in_priority(&self, side: Side) -> Vec<Slot> {
        let queues = self.sides[side as usize].values().rev().flatten();
        queues.flatten().map(|(slot, _)| *slot).collect()
    }

    fn levels(&self, side: Side) -> Vec<(Price, u64)> {
        let levels = self.sides[side as usize].iter().rev();
        levels
            .map(|(at, queues)| {
                (
                    Price::new(rank(side, *at)),
                    queues[0].iter().map(|(_, q)| *q).sum(),
                )
            })
            .filter(|(_, sum)| *sum > 0)
            .collect()
    }
}

fn apply(step: &Step, model: &mut Model, book: &mut Book) {
    match *step {
        Step::Insert {
            side,
            at,
            quantity,
            queue,
        } => {
            let price = book.price(model.centre + at);
            let slot = book.insert(side, price, quantity, queue);
            let stand = Stand {
                slot,
                side,
                price: price.ticks(),
                queue,
            };
            model.push(stand, quantity);
        }
        Step::Rest { side, at, quantity } => {
            let price = book.price(model.centre + at);
            let slot = book.rest(side, price, quantity);
            let stand = Stand {
                slot,
                side,
                price: price.ticks(),
                queue: Queue::Displayed,
            };
            model.push(stand, quantity);
        }
        Step::Remove(at) | Step::Evict(at) => {
            let Some(at) = model.pick(at) else { return };
            let stand = model.live.swap_remove(at);
            model.take(stand);
            let id = book.orders.id(stand.slot);
            assert_eq!(book.orders.find(id), Some(stand.slot), "a live order is found");
            if let Step::Evict(_) = step {
                book.evict(stand.slot);
            } else {
                book.sides.dequeue(&mut book.orders, stand.slot);
                assert_eq!(book.orders.queue(stand.slot), None, "it is parked");
                book.orders.remove(stand.slot);
            }
            assert_eq!(book.orders.find(id), None, "a closed id is gone");
        }
        Step::Reduce(at, by) => {
            let Some(at) = model.pick(at) else { return };
            let stand = model.live[at];
            let quantity = model.quantity_mut(stand);
            if by < *quantity {
                *quantity -= by;
                book.sides.reduce(&mut book.orders, stand.slot, Qty::new(by));
            }
        }
        Step::Requeue(at, quantity) => {
            let Some(at) = model.pick(at) else { return };
            let stand = model.live[at];
            model.take(stand);
            model.queue(stand).push_back((stand.slot, quantity));
            book.sides
                .requeue(&mut book.orders, stand.slot, Qty::new(quantity));
        }
        Step::FillFirst(side, quantity) => fill_first(side, quantity, model, book),
        Step::Drift(by) => model.centre += by,
        Step::Jump => {
            model.centre -= model.jump;
            model.jump = (1 << 40) / book.stride - model.jump;
            model.centre += model.jump;
        }
    }
}

fn fill_first(side: Side, quantity: u64, model: &mut Model, book: &mut Book) {
    let stand = model.first_displayed(side);
    let id = stand.map(|stand| book.orders.id(stand.slot));
    let fill = book.sides.fill_first(&mut book.orders, side, Qty::new(quantity));
    assert_eq!(
        fill.map(|fill| fill.maker),
        id,
        "the first displayed order trades"
    );
    let (Some(stand), Some(fill)) = (stand, fill) else {
        return;
    };
    let left = model.quantity_mut(stand);
    let traded = quantity.min(*left);
    *left -= traded;
    assert_eq!((fill.quantity.lots(), fill.left.lots()), (traded, *left));
    assert_eq!(fill.price.ticks(), stand.price, "at the maker's price");
    if *left == 0 {
        model.take(stand);
        model.live.retain(|other| other.slot != stand.slot);
    }
}

fn compare(model: &Model, book: &Book) {
    assert_eq!(book.check(), model.live.len(), "nothing is lost");
    for side in Side::BOTH {
        let expected = model.in_priority(side);
        assert_eq!(book.in_priority(side), expected, "priority of {side}");
        let levels = book.levels(side);
        assert_eq!(levels, model.levels(side), "levels of {side}");
        let best = levels.first().map(|level| level.0);
        assert_eq!(book.sides.best(side), best, "best of {side}");
        let best_any = expected.first().map(|slot| book.orders.price(*slot));
        assert_eq!(
            book.sides.best_any(side),
            best_any,
            "best of {side}, displayed or not"
        );
        assert_eq!(book.sides.is_empty(side), expected.is_empty());
        let first = model.first_displayed(side).map(|stand| stand.slot);
        assert_eq!(book.sides.first_displayed(&book.orders, side), first);
    }
    for stand in &model.live {
        let data = *book.orders.data(stand.slot);
        assert_eq!(data % 3, 0, "what the caller keeps is still there");
    }
}

fn step() -> impl Strategy<Value = Step> {
    let side = || prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    let queue = prop_oneof![4 => Just(Queue::Displayed), 1 => Just(Queue::Behind)];
    let at = || prop_oneof![5 => -6..6i64, 1 => -400..400i64];
    prop_oneof![
        4 => (side(), at(), 1..9u64, queue)
            .prop_map(|(side, at, quantity, queue)| Step::Insert { side, at, quantity, queue }),
        4 => (side(), at(), 1..9u64).prop_map(|(side, at, quantity)| Step::Rest { side, at, quantity }),
        1 => any::<usize>().prop_map(Step::Remove),
        2 => any::<usize>().prop_map(Step::Evict),
        1 => (any::<usize>(), 1..6u64).prop_map(|(at, by)| Step::Reduce(at, by)),
        1 => (any::<usize>(), 1..9u64).prop_map(|(at, quantity)| Step::Requeue(at, quantity)),
        3 => (side(), 1..12u64).prop_map(|(side, quantity)| Step::FillFirst(side, quantity)),
        1 => (-300..300i64).prop_map(Step::Drift),
        1 => Just(Step::Jump),
    ]
}

pub(super) fn behaves_like_a_sorted_map_of_lists(layout: Layout) {
    let mut runner = TestRunner::new(Config {
        cases: 48,
        failure_persistence: None,
        ..Config::default()
    });
    let steps = proptest::collection::vec(step(), 0..150);
    let outcome = runner.run(&steps, |steps| {
        let (mut model, mut book) = (Model::default(), Book::new(layout));
        for step in &steps {
            apply(step, &mut model, &mut book);
            compare(&model, &book);
        }
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

/// A long walk of the price, with orders left behind on its way that are cancelled later. Compared seldom, so
/// that it gets far.
pub(super) fn follows_a_price_that_moves_far_and_back(layout: Layout) {
    let (mut model, mut book) = (Model::default(), Book::new(layout));
    let mut random = Random(7);
    for turn in 0..12 {
        for _ in 0..400 {
            let side = if random.below(2) == 0 {
                Side::Buy
            } else {
                Side::Sell
            };
            let spread = if random.below(20) == 0 { 2000 } else { 60 };
            let at = random.below(spread) as i64 - spread as i64 / 2;
            let quantity = 1 + random.below(9);
            let step = match random.below(10) {
                0..5 => Step::Rest { side, at, quantity },
                5..8 => Step::FillFirst(side, quantity),
                _ => Step::Evict(random.next() as usize),
            };
            apply(&step, &mut model, &mut book);
            let drift = if turn < 6 {
                random.below(4)
            } else {
                random.below(4).wrapping_sub(3)
            };
            apply(&Step::Drift(drift as i64), &mut model, &mut book);
        }
        compare(&model, &book);
    }
}
