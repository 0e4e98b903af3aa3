//! The order book against a list of orders.

use engine_core::{OrderBook, OrderId, OrderIds, Price, Qty, Side};
use engine_testkit::streams::Random;

/// One order of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Listed {
    id: OrderId,
    side: Side,
    price: Price,
    quantity: Qty,
}

/// A book, and the same orders as a list by arrival.
struct Both {
    random: Random,
    book: OrderBook<u64>,
    list: Vec<Listed>,
    chosen: bool,
}

/// The most orders that the book takes.
const ORDERS_MAX: u32 = 200;

/// Does what these bytes decide to a book and to a list, and compares both after each step.
///
/// # Panics
/// If they differ, or an invariant of the book does not hold.
pub fn order_book(bytes: &[u8]) {
    let (first, rest) = bytes.split_first().unwrap_or((&0, &[]));
    let chosen = first % 2 == 1;
    let ids = if chosen {
        OrderIds::Chosen {
            hash_seed: u64::from(*first),
        }
    } else {
        OrderIds::Assigned
    };
    let mut both = Both {
        random: Random::of_bytes(rest),
        book: OrderBook::new(ids, ORDERS_MAX),
        list: Vec::new(),
        chosen,
    };
    while !both.random.is_used_up() {
        both.step();
        both.compare();
    }
}

impl Both {
    fn step(&mut self) {
        match self.random.below(8) {
            0..=3 => self.insert(),
            4 => self.remove(),
            5 => self.reduce(),
            _ => self.fill(),
        }
    }

    fn insert(&mut self) {
        let side = self.random.pick(&Side::BOTH);
        let reach = self.random.weighted(&[(6, 20), (2, 3_000), (1, 30_000)]);
        let middle = self
            .random
            .pick(&[0, 0, 0, Price::MAX.ticks() - 5, Price::MIN.ticks() + 5]);
        let price = Price::new(middle + self.random.within(-reach, reach));
        let quantity = Qty::new(self.random.pick(&[1, 2, 3, 10, 0, Qty::MAX.lots() / 3]));
        let id = if self.chosen {
            let id = OrderId::new(self.random.below(300));
            self.book
                .insert_as(id, side, price, quantity, id.get())
                .ok()
                .map(|()| id)
        } else {
            self.book.insert(side, price, quantity, 0).ok()
        };
        let total = self
            .side(side)
            .iter()
            .try_fold(quantity, |sum, order| sum.checked_add(order.quantity));
        let fits = price.is_valid()
            && !quantity.is_zero()
            && total.is_some()
            && self.list.len() < ORDERS_MAX as usize;
        match id {
            Some(id) => {
                assert!(fits, "an order that does not fit is refused");
                assert!(
                    self.list.iter().all(|order| order.id != id),
                    "an id is one order's"
                );
                self.list.push(Listed {
                    id,
                    side,
                    price,
                    quantity,
                });
            }
            None => assert!(!fits || self.chosen, "an order that fits is taken"),
        }
    }

    /// The id of an order, or sometimes any.
    fn id(&mut self) -> OrderId {
        let any = OrderId::new(self.random.below(300));
        if self.list.is_empty() || self.random.percent(10) {
            return any;
        }
        let at = self.random.below(self.list.len() as u64) as usize;
        self.list[at].id
    }

    fn find(&self, id: OrderId) -> Option<usize> {
        self.list.iter().position(|order| order.id == id)
    }

    fn remove(&mut self) {
        let id = self.id();
        let expected = self.find(id).map(|at| self.list.remove(at).quantity);
        assert_eq!(self.book.remove(id).map(|order| order.quantity), expected);
    }

    fn reduce(&mut self) {
        let id = self.id();
        let by = Qty::new(self.random.pick(&[0, 1, 2, 5]));
        let found = self.find(id).filter(|at| self.list[*at].quantity > by);
        let left = found.map(|at| {
            self.list[at].quantity -= by;
            self.list[at].quantity
        });
        assert_eq!(self.book.reduce(id, by).ok(), left);
    }

    fn fill(&mut self) {
        let side = self.random.pick(&Side::BOTH);
        let quantity = Qty::new(self.random.pick(&[1, 2, 5, 50, Qty::MAX.lots()]));
        let first = self.side(side).first().copied();
        let fill = self.book.fill_first(side, quantity);
        assert_eq!(
            fill.map(|fill| fill.maker),
            first.map(|order| order.id),
            "the first order trades"
        );
        let (Some(fill), Some(first)) = (fill, first) else {
            return;
        };
        let traded = first.quantity.min(quantity);
        assert_eq!((fill.quantity, fill.price), (traded, first.price));
        let at = self.find(first.id).expect("the first order is in the list");
        if traded == first.quantity {
            self.list.remove(at);
        } else {
            self.list[at].quantity -= traded;
        }
    }

    /// The orders of a side in the order in which they trade: the list is by arrival, and sorting keeps that.
    fn side(&self, side: Side) -> Vec<Listed> {
        let mut orders: Vec<Listed> = self
            .list
            .iter()
            .filter(|order| order.side == side)
            .copied()
            .collect();
        orders.sort_by_key(|order| match side {
            Side::Buy => -order.price.ticks(),
            Side::Sell => order.price.ticks(),
        });
        orders
    }

    fn compare(&self) {
        self.book.check_invariants();
        for side in Side::BOTH {
            let orders = self.book.orders(side).map(|order| Listed {
                id: order.id,
                side: order.side,
                price: order.price,
                quantity: order.quantity,
            });
            assert_eq!(orders.collect::<Vec<_>>(), self.side(side), "{side}");
        }
    }
}
