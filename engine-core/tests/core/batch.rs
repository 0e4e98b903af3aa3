//! Many commands at once do what they do one after the other.

use engine_core::{
    Amend, Cancel, Command, Engine, EngineConfig, Event, Gap, InstrumentId, InstrumentSpec, Market, OrderId,
    OrderIds, OrderRef, Place, Price, Qty, Seq, Sequenced, Side, TimeInForce, Timestamp,
};
use engine_testkit::streams::{Random, Stream};
use rust_decimal::Decimal;

/// So many that an engine looks at commands in advance.
const RESTING: u64 = 33_000;

/// A first instrument with many orders, then a stream of commands of all kinds.
fn commands(stream: &Stream) -> Vec<Sequenced<Command>> {
    let spec = InstrumentSpec::builder("FULL", Decimal::ONE, Decimal::ONE).build();
    let full = Command::List(Box::new(spec.expect("a tick and a lot are a spec")));
    let resting = (1..=RESTING).map(|at| {
        let (side, away) = if at % 2 == 0 {
            (Side::Buy, -1)
        } else {
            (Side::Sell, 1)
        };
        // Most within the window, some beyond it.
        let price = Price::new(away * (100 + (at * at % 20_000) as i64));
        let id = OrderId::new(at.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        Command::Place(Place::limit(
            InstrumentId::new(0),
            id,
            side,
            price,
            Qty::new(1 + at % 9),
        ))
    });
    let prefill = std::iter::once(full)
        .chain(resting)
        .map(|command| (Timestamp::ZERO, command));
    let stream = stream.commands.iter().cloned();
    (1..)
        .zip(prefill.chain(stream))
        .map(|(seq, (time, value))| Sequenced {
            seq: Seq::new(seq),
            time,
            value,
        })
        .collect()
}

fn config(stream: &Stream) -> EngineConfig {
    EngineConfig {
        orders_max: 100_000,
        ..stream.config.into()
    }
}

#[test]
fn batches_of_any_size_do_what_single_commands_do() {
    for seed in 0..24 {
        let stream = Stream::of(seed);
        let commands = commands(&stream);
        let mut single = Engine::new(config(&stream));
        let (mut events, mut ends) = (Vec::new(), Vec::new());
        for command in &commands {
            single.apply(command, &mut events).expect("the next command");
            ends.push(events.len());
        }
        let mut batched = Engine::new(config(&stream));
        let (mut batched_events, mut batched_ends) = (Vec::new(), Vec::new());
        let (mut random, mut rest) = (Random::new(seed), commands.as_slice());
        while !rest.is_empty() {
            let (batch, after) = rest.split_at(rest.len().min(random.below(50) as usize));
            batched
                .apply_all(batch, &mut batched_events, &mut batched_ends)
                .expect("the next commands");
            rest = after;
        }
        assert!(batched_events == events, "the same events in stream {seed}");
        assert_eq!(batched_ends, ends, "each command's own in stream {seed}");
        assert_eq!(batched.state_hash(), single.state_hash(), "stream {seed}");
        batched.check_invariants();
    }
}

#[test]
fn a_batch_ends_at_a_gap() {
    let tick = |seq| Sequenced {
        seq: Seq::new(seq),
        time: Timestamp::ZERO,
        value: Command::Tick,
    };
    let mut engine = Engine::new(EngineConfig::default());
    let (mut events, mut ends) = (Vec::new(), Vec::new());
    let applied = engine.apply_all(
        &[tick(1), tick(2), tick(2), tick(4), tick(3)],
        &mut events,
        &mut ends,
    );
    let gap = Gap {
        applied: Seq::new(2),
        found: Seq::new(4),
    };
    assert_eq!(applied, Err(gap));
    assert_eq!(engine.applied(), Seq::new(2));
    assert_eq!(
        ends,
        [0, 0, 0],
        "three commands before the gap, one of them for the second time"
    );
}

/// Several markets in which the same happens, with and without a look at what comes next.
struct Markets {
    markets: Vec<Market>,
    events: Vec<Event>,
}

impl Markets {
    fn new(ids: OrderIds) -> Self {
        let market = |number| {
            let spec = InstrumentSpec::builder("SOME", Decimal::ONE, Decimal::ONE).build();
            let spec = spec.expect("a tick and a lot are a spec");
            Market::new(InstrumentId::new(number), spec, ids, 100_000)
        };
        Self {
            markets: (0..3).map(market).collect(),
            events: Vec::new(),
        }
    }

    fn look_ahead(&self, commands: &[(usize, Command)]) {
        let named = commands.iter().map(|(at, command)| {
            let id = match command {
                Command::Place(place) => place.id,
                Command::Cancel(Cancel { order, .. }) | Command::Amend(Amend { order, .. }) => match order {
                    OrderRef::Id(id) => *id,
                    OrderRef::Client(..) => OrderId::new(0),
                },
                _ => OrderId::new(0),
            };
            (&self.markets[*at], id)
        });
        Market::look_ahead(named);
    }

    fn apply(&mut self, at: usize, command: &Command) {
        let market = &mut self.markets[at];
        match command {
            Command::Place(place) => market.place(place, &mut self.events),
            Command::Cancel(cancel) => market.cancel(cancel, &mut self.events),
            Command::Amend(amend) => market.amend(amend, &mut self.events),
            _ => {}
        }
    }
}

/// Orders of some kinds at near and far prices, and cancels and amends of orders that live, have lived or never will.
fn market_commands(random: &mut Random, ids: &[OrderId], count: usize) -> Vec<(usize, Command)> {
    let mut commands = Vec::new();
    for _ in 0..count {
        let at = random.below(3) as usize;
        let id = match random.below(10) {
            0 => OrderId::new(random.next_u64()),
            _ => ids[random.below(ids.len() as u64) as usize],
        };
        let order = OrderRef::Id(id);
        let side = random.pick(&Side::BOTH);
        let away = if random.percent(10) { 30_000 } else { 40 };
        let price = Price::new(random.within(-away, away));
        let quantity = Qty::new(1 + random.below(9));
        let instrument = InstrumentId::new(at as u32);
        let limit = Place::limit(instrument, id, side, price, quantity);
        let command = match random.below(12) {
            0 => Command::Place(Place::market(instrument, id, side, quantity)),
            1 => Command::Place(Place {
                time_in_force: TimeInForce::Ioc,
                ..limit
            }),
            2 => Command::Place(Place {
                all_or_none: true,
                ..limit
            }),
            3..=7 => Command::Place(limit),
            8 => Command::Amend(Amend {
                order,
                account: None,
                price: random.percent(50).then_some(price),
                quantity: Some(quantity),
            }),
            _ => Command::Cancel(Cancel { order, account: None }),
        };
        commands.push((at, command));
    }
    commands
}

#[test]
fn markets_do_the_same_whether_they_look_ahead_or_not() {
    for ids in [OrderIds::Assigned, OrderIds::Chosen { hash_seed: 5 }] {
        for seed in 0..20 {
            let (mut random, mut known) = (Random::new(seed), vec![OrderId::new(1)]);
            let (mut looking, mut blind) = (Markets::new(ids), Markets::new(ids));
            for _ in 0..60 {
                let count = random.below(100) as usize;
                let commands = market_commands(&mut random, &known, count);
                looking.look_ahead(&commands);
                for (at, command) in &commands {
                    looking.apply(*at, command);
                    blind.apply(*at, command);
                }
                assert!(
                    looking.events == blind.events,
                    "the same events under seed {seed}"
                );
                known.extend(looking.events.drain(..).filter_map(|event| match event {
                    Event::Rested { order, .. } => Some(order),
                    _ => None,
                }));
                blind.events.clear();
                known.extend((0..5).map(|_| OrderId::new(random.next_u64())));
            }
            for market in &looking.markets {
                market.check_invariants();
            }
            let resting: usize = looking.markets.iter().map(Market::len).sum();
            assert!(resting > 20, "orders rest: {resting}");
        }
    }
}
