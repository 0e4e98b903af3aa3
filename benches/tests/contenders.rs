//! Every contender trades what a workload says, so that its figures are those of a correct book.

use engine_benches::contender::Tally;
use engine_benches::runner::{Entry, field};
use engine_benches::workload::{Command, Flow, Header, Kind, Recipe, Workload, generate};
use engine_core::Side;
use std::collections::{BTreeMap, VecDeque};

/// Replays a workload on all contenders that can do all of it.
fn check(workload: &Workload) {
    let expected = Naive::tally(workload);
    assert_eq!(
        expected.quantity, workload.header.traded,
        "the workload itself is right"
    );
    for entry in field().into_iter().filter(|entry| entry.exact) {
        assert_eq!(replay(&entry, workload), expected, "{}", entry.name);
    }
}

fn replay(entry: &Entry, workload: &Workload) -> Tally {
    let mut workload = workload.clone();
    entry.terms.apply_to(&mut workload);
    (entry.throughput)(&workload).tally
}

fn beginning(flow: Flow, resting: u64) -> Workload {
    generate(
        &Recipe {
            commands: 20_000,
            resting,
            ..Recipe::default_of(flow)
        },
        |_| {},
    )
}

#[test]
fn all_are_right_on_mixed_flow() {
    check(&beginning(Flow::Mixed, 2_000));
}

#[test]
fn all_are_right_on_deep_flow() {
    check(&beginning(Flow::Deep, 20_000));
}

#[test]
fn all_are_right_on_sweeps() {
    check(&beginning(Flow::Sweep, 2_000));
}

#[test]
fn all_are_right_on_many_symbols() {
    check(&beginning(Flow::Multi, 20_000));
}

/// Two bids at a price, of which the first is amended as given, and an IOC that fills one of them.
fn after(amend: Kind, quantity: u32) -> Workload {
    let command = |kind, side, quantity, id, traded| Command {
        kind,
        side,
        symbol: 0,
        quantity,
        id,
        price: 100,
        traded,
    };
    let commands = vec![
        command(Kind::Add, Side::Buy, 10, 1, 0),
        command(Kind::Add, Side::Buy, 10, 2, 0),
        command(amend, Side::Buy, quantity, 1, 0),
        command(Kind::Ioc, Side::Sell, 10, 3, 10),
    ];
    let commands_count = commands.len() as u64;
    let header = Header {
        symbols: 1,
        prefill: 0,
        commands: commands_count,
        max_id: 3,
        min_price: 100,
        max_price: 100,
        traded: 10,
    };
    Workload { header, commands }
}

#[test]
fn a_reduced_order_keeps_its_place() {
    let workload = after(Kind::Reduce, 4);
    assert_eq!(
        Naive::tally(&workload).trades,
        2,
        "four of the first, six of the second"
    );
    check(&workload);
}

#[test]
fn an_order_that_is_repriced_to_its_own_price_goes_to_the_back() {
    let workload = after(Kind::Reprice, 4);
    assert_eq!(
        Naive::tally(&workload).trades,
        1,
        "the second has become the first"
    );
    check(&workload);
}

/// A book of maps and queues, to compare with.
#[derive(Default)]
struct Naive {
    queues: BTreeMap<(u16, Side, i64), VecDeque<u64>>,
    orders: BTreeMap<u64, Command>,
    tally: Tally,
}

impl Naive {
    fn tally(workload: &Workload) -> Tally {
        let mut naive = Self::default();
        for command in &workload.commands {
            naive.apply(command);
        }
        naive.tally
    }

    fn apply(&mut self, command: &Command) {
        match command.kind {
            Kind::Add => {
                let quantity = self.take(command);
                self.rest(Command { quantity, ..*command });
            }
            Kind::Ioc => drop(self.take(command)),
            Kind::Cancel => self.remove(command.id),
            Kind::Reduce => {
                if let Some(order) = self.orders.get_mut(&command.id) {
                    order.quantity = command.quantity;
                }
            }
            Kind::Reprice => {
                self.remove(command.id);
                self.rest(*command);
            }
        }
    }

    /// Trades with everything within the limit and returns what is left.
    fn take(&mut self, taker: &Command) -> u32 {
        let mut left = taker.quantity;
        while left > 0
            && let Some(maker) = self.first_against(taker)
        {
            let order = self.orders.get_mut(&maker).expect("what is queued rests");
            let filled = left.min(order.quantity);
            self.tally.trade(order.price, u64::from(filled));
            left -= filled;
            order.quantity -= filled;
            if order.quantity == 0 {
                self.remove(maker);
            }
        }
        left
    }

    fn first_against(&self, taker: &Command) -> Option<u64> {
        let at = |price| (taker.symbol, taker.side.opposite(), price);
        let best = match taker.side {
            Side::Buy => self.queues.range(at(i64::MIN)..=at(taker.price)).next(),
            Side::Sell => self.queues.range(at(taker.price)..=at(i64::MAX)).next_back(),
        };
        best.and_then(|(_, queue)| queue.front().copied())
    }

    fn rest(&mut self, order: Command) {
        if order.quantity > 0 {
            self.queues.entry(place(&order)).or_default().push_back(order.id);
            self.orders.insert(order.id, order);
        }
    }

    fn remove(&mut self, id: u64) {
        let order = self
            .orders
            .remove(&id)
            .expect("a workload names only orders that rest");
        let queue = self.queues.get_mut(&place(&order)).expect("what rests is queued");
        queue.retain(|queued| *queued != id);
        if queue.is_empty() {
            self.queues.remove(&place(&order));
        }
    }
}

fn place(order: &Command) -> (u16, Side, i64) {
    (order.symbol, order.side, order.price)
}
