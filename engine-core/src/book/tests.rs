//! The store and the sides against a naive model: a sorted map of lists.

use std::collections::{BTreeMap, VecDeque};

use proptest::prelude::*;

use super::{OrderIds, Orders, Queue, Sides, Slot};
use crate::{OrderId, Price, Qty, Side};

#[derive(Clone, Debug)]
enum Step {
    Insert {
        side: Side,
        price: i64,
        quantity: u64,
        behind: bool,
    },
    Remove(usize),
    Reduce(usize, u64),
    Requeue(usize, u64),
}

/// Orders at one price: the displayed ones, then those behind.
type Queues = [VecDeque<(Slot, u64)>; 2];

#[derive(Default)]
struct Model {
    sides: [BTreeMap<i64, Queues>; 2],
    live: Vec<(Slot, Side, i64, Queue)>,
}

fn rank(side: Side, price: i64) -> i64 {
    if side == Side::Buy { price } else { -price }
}

impl Model {
    fn queue(&mut self, (_, side, price, queue): (Slot, Side, i64, Queue)) -> &mut VecDeque<(Slot, u64)> {
        let queues = self.sides[side as usize].entry(rank(side, price)).or_default();
        &mut queues[queue as usize]
    }

    fn take(&mut self, order: (Slot, Side, i64, Queue)) -> u64 {
        let queue = self.queue(order);
        let at = queue
            .iter()
            .position(|(slot, _)| *slot == order.0)
            .expect("it is there");
        let (_, quantity) = queue.remove(at).expect("it is there");
        self.sides[order.1 as usize].retain(|_, queues| queues.iter().any(|queue| !queue.is_empty()));
        quantity
    }

    fn in_priority(&self, side: Side) -> Vec<Slot> {
        let queues = self.sides[side as usize].values().rev().flatten();
        queues.flatten().map(|(slot, _)| *slot).collect()
    }

    fn levels(&self, side: Side) -> Vec<(Price, Qty)> {
        let levels = self.sides[side as usize].iter().rev();
        levels
            .map(|(at, queues)| (rank(side, *at), queues[0].iter().map(|(_, q)| *q).sum::<u64>()))
            .filter(|(_, sum)| *sum > 0)
            .map(|(price, sum)| (Price::new(price), Qty::new(sum)))
            .collect()
    }
}

fn apply(step: &Step, model: &mut Model, orders: &mut Orders<u64>, sides: &mut Sides) {
    let pick = |model: &Model, at: usize| (!model.live.is_empty()).then(|| at % model.live.len());
    match *step {
        Step::Insert {
            side,
            price,
            quantity,
            behind,
        } => {
            let queue = if behind { Queue::Behind } else { Queue::Displayed };
            let id = OrderId::new(1000 + model.live.iter().map(|o| orders.id(o.0).get()).max().unwrap_or(0));
            let slot = orders.insert(id, side, Price::new(price), Qty::new(quantity), quantity * 3);
            sides.enqueue(orders, slot, queue);
            let order = (slot, side, price, queue);
            model.queue(order).push_back((slot, quantity));
            model.live.push(order);
        }
        Step::Remove(at) => {
            let Some(at) = pick(model, at) else { return };
            let order = model.live.swap_remove(at);
            model.take(order);
            let id = orders.id(order.0);
            assert_eq!(orders.find(id), Some(order.0), "a live order is found");
            sides.dequeue(orders, order.0);
            orders.remove(order.0);
            assert_eq!(orders.find(id), None, "a closed id is gone");
        }
        Step::Reduce(at, by) => {
            let Some(at) = pick(model, at) else { return };
            let order = model.live[at];
            let entry = model
                .queue(order)
                .iter_mut()
                .find(|e| e.0 == order.0)
                .expect("it is there");
            if by < entry.1 {
                entry.1 -= by;
                sides.reduce(orders, order.0, Qty::new(by));
            }
        }
        Step::Requeue(at, quantity) => {
            let Some(at) = pick(model, at) else { return };
            let order = model.live[at];
            model.take(order);
            model.queue(order).push_back((order.0, quantity));
            sides.requeue(orders, order.0, Qty::new(quantity));
        }
    }
}

fn compare(model: &Model, orders: &Orders<u64>, sides: &Sides) {
    orders.check_invariants();
    assert_eq!(
        sides.check_invariants(orders),
        model.live.len(),
        "nothing is lost"
    );
    for side in Side::BOTH {
        let expected = model.in_priority(side);
        let first = sides.first(orders, side);
        let walked: Vec<_> = std::iter::successors(first, |slot| sides.next(orders, *slot)).collect();
        assert_eq!(walked, expected, "priority of {side}");
        let levels: Vec<_> = sides.levels(side).collect();
        assert_eq!(levels, model.levels(side), "levels of {side}");
        assert_eq!(
            sides.best(side),
            levels.first().map(|level| level.0),
            "best of {side}"
        );
        assert_eq!(
            sides.best_any(side),
            expected.first().map(|slot| orders.price(*slot))
        );
        assert_eq!(sides.is_empty(side), expected.is_empty());
    }
}

fn step() -> impl Strategy<Value = Step> {
    let side = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    prop_oneof![
        4 => (side, -6..6i64, 1..9u64, proptest::bool::weighted(0.2)).prop_map(
            |(side, price, quantity, behind)| Step::Insert { side, price, quantity, behind }
        ),
        2 => any::<usize>().prop_map(Step::Remove),
        1 => (any::<usize>(), 1..6u64).prop_map(|(at, by)| Step::Reduce(at, by)),
        1 => (any::<usize>(), 1..9u64).prop_map(|(at, quantity)| Step::Requeue(at, quantity)),
    ]
}

proptest! {
    #[test]
    fn sides_behave_like_a_sorted_map_of_lists(
        steps in proptest::collection::vec(step(), 0..120),
        chosen in any::<bool>(),
    ) {
        let ids = if chosen { OrderIds::Chosen { hash_seed: 7 } } else { OrderIds::Assigned };
        let (mut model, mut orders, mut sides) = (Model::default(), Orders::new(ids, 1000), Sides::new());
        for step in &steps {
            apply(step, &mut model, &mut orders, &mut sides);
            compare(&model, &orders, &sides);
        }
    }
}
