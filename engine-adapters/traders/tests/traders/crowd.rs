//! What anyone who looks at the market would notice.

use engine_core::data::Interval;
use engine_core::{
    AccountId, Command, Event, OrderId, Place, Price, Qty, SelfTrade, Side, TimeInForce, Timestamp,
};
use engine_traders::{Crowd, CrowdConfig, demo};

use crate::simulation::{HOUR, MINUTE, SECOND, START, Simulation, Step, accounts, later, rejects};

/// What was seen while a crowd traded.
#[derive(Default)]
struct Seen {
    is_open: bool,
    commands: u64,
    trades: u64,
    last_trade: Option<Timestamp>,
    /// The longest time without a trade.
    silence_max: u64,
    spreads: Vec<i64>,
    orders_max: usize,
}

impl Seen {
    fn step(&mut self, step: &Step<'_>, simulation_instrument: u32) {
        let exchange = step.exchange;
        assert_eq!(rejects(&exchange.events).next(), None, "of {:?}", step.command);
        let instrument = engine_core::InstrumentId::new(simulation_instrument);
        let top = exchange.top(instrument);
        self.commands += 1;
        self.orders_max = self.orders_max.max(exchange.projections.order_count());
        let trades = exchange
            .events
            .iter()
            .filter(|event| matches!(event, Event::Traded { .. }))
            .count();
        if trades > 0 {
            let last = self.last_trade.replace(step.time).unwrap_or(START);
            self.silence_max = self.silence_max.max(step.time.nanos() - last.nanos());
            self.trades += trades as u64;
        }
        match top.bid.zip(top.ask) {
            Some((bid, ask)) => {
                self.is_open = true;
                self.spreads.push(ask.ticks() - bid.ticks());
            }
            None => assert!(!self.is_open, "a side is empty at {:?}: {top:?}", step.time),
        }
    }

    fn spread_percentile(&mut self, percent: usize) -> i64 {
        self.spreads.sort_unstable();
        self.spreads[(self.spreads.len() - 1) * percent / 100]
    }
}

#[test]
fn two_sides_are_always_quoted_a_few_ticks_apart_and_something_trades_every_few_seconds() {
    for instrument in 0..3 {
        for seed in [1, 2] {
            let mut simulation = Simulation::new(instrument, 10, seed);
            let mut seen = Seen::default();
            simulation.run(later(3 * HOUR), |step| seen.step(step, instrument));
            simulation.exchange.engine.check_invariants();
            let (median, most) = (seen.spread_percentile(50), seen.spread_percentile(99));
            assert!(median <= 5, "the median spread is {median} ticks");
            assert!(most <= 25, "one spread in a hundred is {most} ticks");
            assert!(seen.trades > 3 * 600, "a trade every 6 seconds: {}", seen.trades);
            assert!(
                seen.silence_max < MINUTE,
                "{} ns without a trade",
                seen.silence_max
            );
            assert!(seen.orders_max <= 130, "{} orders", seen.orders_max);
        }
    }
}

#[test]
fn a_slow_market_and_a_fast_one_are_quoted_too() {
    for (rate, length) in [(1, 2 * HOUR), (1_000, 2 * MINUTE)] {
        let mut simulation = Simulation::new(0, rate, 3);
        let mut seen = Seen::default();
        simulation.run(later(length), |step| seen.step(step, 0));
        assert!(
            seen.is_open && seen.trades > 100,
            "{rate}/s: {} trades",
            seen.trades
        );
    }
}

#[test]
fn the_rate_is_what_was_asked_for() {
    for rate in [1, 10, 500] {
        let mut simulation = Simulation::new(1, rate, 5);
        let mut commands: u64 = 0;
        let seconds = 20_000 / u64::from(rate);
        simulation.run(later(seconds * SECOND), |_| commands += 1);
        assert!((19_500..20_600).contains(&commands), "{rate}/s: {commands}");
    }
}

#[test]
fn the_same_seed_gives_the_same_commands_and_another_seed_others() {
    let commands = |seed| {
        let mut simulation = Simulation::new(0, 20, seed);
        let mut commands = Vec::new();
        simulation.run(later(10 * MINUTE), |step| {
            commands.push((step.time, step.command.clone()))
        });
        commands
    };
    let first = commands(1);
    assert!(first.len() > 10_000);
    assert!(first == commands(1));
    assert!(first != commands(2));
}

#[test]
fn prices_look_like_a_market_s() {
    let mut simulation = Simulation::new(0, 10, 11);
    simulation.run(later(24 * HOUR), |_| {});
    let usual = simulation.setting.price.ticks();
    let candles = simulation
        .exchange
        .projections
        .candles(simulation.instrument)
        .expect("it is listed");
    let closes: Vec<i64> = candles
        .newest(Interval::M1, 24 * 60)
        .map(|candle| candle.close.ticks())
        .collect();
    let moves: Vec<i64> = closes.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
    assert!(
        closes
            .iter()
            .all(|close| (usual * 3 / 4..usual * 5 / 4).contains(close))
    );
    let (low, high) = (closes.iter().min(), closes.iter().max());
    let (low, high) = low.zip(high).expect("a day has minutes");
    assert!(high - low > usual / 100, "a day moves: {low} to {high}");

    // Volatility comes in clusters: a minute after a wild one is wilder than the mean by a good deal.
    let mean = moves.iter().sum::<i64>() / moves.len() as i64;
    let after_wild: Vec<i64> = moves
        .windows(2)
        .filter(|pair| pair[0] > 2 * mean)
        .map(|pair| pair[1])
        .collect();
    let after = after_wild.iter().sum::<i64>() / after_wild.len() as i64;
    assert!(after * 10 > mean * 13, "mean {mean}, after a wild minute {after}");

    // Nobody can earn by following the last minute: there is no trend that everybody sees.
    let signed: Vec<i64> = closes.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let product: i64 = signed.windows(2).map(|pair| pair[0] * pair[1]).sum();
    let square: i64 = signed.iter().map(|step| step * step).sum();
    assert!((product * 100 / square).abs() < 15, "{product} of {square}");
}

/// A stranger with as much as the exchange takes.
fn stranger(simulation: &Simulation, side: Side, price: Price, quantity: Qty) -> Place {
    Place {
        account: AccountId::new(999),
        self_trade: SelfTrade::None,
        ..Place::limit(simulation.instrument, OrderId::new(0), side, price, quantity)
    }
}

#[test]
fn a_book_that_was_swept_is_quoted_again_at_once() {
    for side in Side::BOTH {
        let mut simulation = Simulation::new(0, 10, 4);
        simulation.run(later(MINUTE), |_| {});
        let everything = Place {
            time_in_force: TimeInForce::Ioc,
            ..stranger(
                &simulation,
                side,
                Price::new(if side == Side::Buy { 70_000 } else { 30_000 }),
                Qty::new(100_000_000_000),
            )
        };
        simulation.apply(later(MINUTE), Command::Place(everything));
        assert_eq!(
            simulation
                .exchange
                .top(simulation.instrument)
                .best(side.opposite()),
            None
        );
        simulation.run(later(MINUTE + 5 * SECOND), |step| {
            assert_eq!(
                rejects(&step.exchange.events).next(),
                None,
                "of {:?}",
                step.command
            );
        });
        let top = simulation.exchange.top(simulation.instrument);
        let (bid, ask) = top.bid.zip(top.ask).expect("both sides are quoted again");
        assert!(ask.ticks() - bid.ticks() < 100, "{bid} to {ask}");
    }
}

#[test]
fn a_wall_below_the_price_is_bought_up() {
    let mut simulation = Simulation::new(0, 10, 4);
    simulation.run(later(MINUTE), |_| {});
    let bid = simulation
        .exchange
        .top(simulation.instrument)
        .bid
        .expect("it is quoted");
    let cheap = Price::new(bid.ticks() - 100);
    let lots = simulation.setting.quantity.lots() * 60;
    let wall = stranger(&simulation, Side::Sell, cheap, Qty::new(lots));
    simulation.apply(later(MINUTE), Command::Place(wall));
    let mut is_gone = false;
    simulation.run(later(3 * MINUTE), |step| {
        assert_eq!(
            rejects(&step.exchange.events).next(),
            None,
            "of {:?}",
            step.command
        );
        let ask = step.exchange.top(engine_core::InstrumentId::new(0)).ask;
        is_gone |= ask.is_some_and(|ask| ask > cheap);
    });
    assert!(is_gone, "nobody took what was cheap");
    let bid = simulation
        .exchange
        .top(simulation.instrument)
        .bid
        .expect("it is quoted");
    assert!(bid > cheap, "the bids are where they were: {bid}");
}

#[test]
fn who_buys_a_lot_pays_more_and_more() {
    let mut simulation = Simulation::new(0, 10, 6);
    simulation.run(later(MINUTE), |_| {});
    let before = simulation
        .exchange
        .top(simulation.instrument)
        .ask
        .expect("it is quoted");
    let mut now = MINUTE;
    for _ in 0..120 {
        let ask = simulation
            .exchange
            .top(simulation.instrument)
            .ask
            .expect("it is quoted");
        let lots = simulation.setting.quantity.lots() * 15;
        let buy = Place {
            time_in_force: TimeInForce::Ioc,
            ..stranger(
                &simulation,
                Side::Buy,
                Price::new(ask.ticks() + 50),
                Qty::new(lots),
            )
        };
        simulation.apply(later(now), Command::Place(buy));
        now += 5 * SECOND;
        simulation.run(later(now), |_| {});
    }
    let after = simulation
        .exchange
        .top(simulation.instrument)
        .ask
        .expect("it is quoted");
    assert!(
        after.ticks() > before.ticks() * 1_003 / 1_000,
        "{before} to {after}"
    );
}

#[test]
fn a_new_crowd_takes_back_what_the_one_before_left() {
    let mut simulation = Simulation::new(0, 10, 4);
    simulation.run(later(MINUTE), |_| {});
    let (spec, setting) = demo()[0].clone();
    let price = simulation
        .exchange
        .top(simulation.instrument)
        .bid
        .expect("it is quoted");
    simulation.crowd = Crowd::new(CrowdConfig {
        instrument: simulation.instrument,
        spec,
        setting,
        accounts: accounts(1),
        orders_per_second: 10,
        seed: 5,
        price,
        start: later(MINUTE),
    });
    let mut mass_cancelled = 0;
    let mut seen = Seen::default();
    simulation.run(later(HOUR), |step| {
        if matches!(step.command, Command::MassCancel(_)) {
            mass_cancelled += 1;
            let left = step.exchange.projections.order_count();
            assert!(
                mass_cancelled < Crowd::ACCOUNTS || left == 0,
                "{left} orders are left"
            );
        } else {
            seen.step(step, 0);
        }
    });
    assert_eq!(mass_cancelled, Crowd::ACCOUNTS);
    assert!(seen.is_open && seen.orders_max <= 130);
}

#[test]
fn after_a_pause_it_catches_up_on_a_second_at_most() {
    let mut simulation = Simulation::new(0, 10, 4);
    simulation.run(later(MINUTE), |_| {});
    let top = simulation.exchange.top(simulation.instrument);
    let mut commands = Vec::new();
    simulation.crowd.act(later(HOUR), top, &mut commands);
    assert!((2..30).contains(&commands.len()), "{}", commands.len());
    assert!(simulation.crowd.next_due() > later(HOUR));
    commands.clear();
    simulation.crowd.act(later(HOUR), top, &mut commands);
    assert!(commands.is_empty(), "nothing is due");
}
