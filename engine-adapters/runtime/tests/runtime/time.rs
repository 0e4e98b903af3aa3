//! R14: engine time never goes back and never runs away by itself.

use std::time::Duration;

use engine_core::data::{CandlesConfig, Interval, Projection, Projections, ProjectionsConfig};
use engine_core::{CancelReason, Command, Event, Place, Seq, Side, TimeInForce, Timestamp};
use engine_runtime::{Clock, RuntimeBuilder, RuntimeConfig, SystemClock};

use crate::support::{BTC, TestClock, config, done, in_memory, list, open, order, place};

const HOUR: u64 = 3_600 * 1_000_000_000;
const START: u64 = 1_700_000_000 * 1_000_000_000;

fn at(nanos: u64) -> Timestamp {
    Timestamp::from_nanos(nanos)
}

/// A runtime whose clock stands at `START`, and all that it says from the beginning.
fn started(config: &RuntimeConfig) -> (engine_runtime::Runtime, TestClock) {
    let (runtime, _, clock) =
        open(engine_runtime::journal::simulation::SimulatedDisk::new(), config).expect("an empty disk");
    clock.set(at(START));
    done(crate::support::ask(runtime.handle(), list()));
    (runtime, clock)
}

fn time_of(runtime: &engine_runtime::Runtime) -> Timestamp {
    let ticket = runtime.handle().submit(Command::Tick).expect("there is room");
    match ticket.wait().expect("no faults") {
        engine_runtime::Answer::Done(done) => done.time(),
        other => panic!("a tick is no repeat: {other:?}"),
    }
}

#[test]
fn a_clock_that_is_set_back_makes_engine_time_stand_still() {
    let (runtime, clock) = started(&config());
    clock.set(at(START - HOUR));
    assert_eq!(time_of(&runtime), at(START));
    clock.set(at(START + 1));
    assert_eq!(time_of(&runtime), at(START + 1));
}

#[test]
fn a_clock_that_is_set_back_between_two_starts_makes_engine_time_stand_still() {
    let disk = engine_runtime::journal::simulation::SimulatedDisk::new();
    let (runtime, _, clock) = open(disk.clone(), &config()).expect("an empty disk");
    clock.set(at(START));
    assert_eq!(time_of(&runtime), at(START));
    runtime.stop().expect("a disk without faults");
    let (runtime, recovered, clock) = open(disk.restart(), &config()).expect("the disk is whole");
    assert_eq!(
        recovered.time,
        at(START),
        "the owner can see that his clock is behind"
    );
    clock.set(at(START - HOUR));
    assert_eq!(time_of(&runtime), at(START));
}

#[test]
fn orders_expire_when_a_clock_jumps_ahead_and_none_comes_back_when_it_is_set_right() {
    let (runtime, clock) = started(&config());
    let expiring = Place {
        time_in_force: TimeInForce::Gtd(at(START + HOUR)),
        ..place(Side::Buy, 100, 5)
    };
    order(runtime.handle(), expiring);
    clock.set(at(START + HOUR - 1));
    assert_eq!(time_of(&runtime), at(START + HOUR - 1));
    clock.set(at(START + 365 * 24 * HOUR));
    let taker = order(runtime.handle(), place(Side::Sell, 100, 5));
    let reasons: Vec<_> = taker
        .events()
        .iter()
        .filter_map(|event| match event {
            Event::Cancelled { reason, .. } => Some(*reason),
            _ => None,
        })
        .collect();
    assert_eq!(reasons, [CancelReason::Expired]);
    assert!(
        !taker
            .events()
            .iter()
            .any(|event| matches!(event, Event::Traded { .. }))
    );
    clock.set(at(START));
    assert_eq!(time_of(&runtime), at(START + 365 * 24 * HOUR));
}

#[test]
fn candles_never_reopen_whatever_the_clock_does() {
    let candles = CandlesConfig {
        intervals: vec![Interval::M1],
        candles_max: 100,
    };
    let config = RuntimeConfig {
        projections: Some(ProjectionsConfig {
            candles: Some(candles),
            ..ProjectionsConfig::OFF
        }),
        ..config()
    };
    let (runtime, clock) = started(&config);
    let handle = runtime.handle();
    let trade = |price| {
        order(handle, place(Side::Buy, price, 1));
        order(handle, place(Side::Sell, price, 1));
    };
    let minute = HOUR / 60;
    for (time, price) in [
        (START, 100),
        (START + 5 * minute, 200),
        (START - HOUR, 300),
        (START + 5 * minute, 400),
        (START + 6 * minute, 500),
    ] {
        clock.set(at(time));
        trade(price);
    }
    let end = handle.released_through();
    let mut projections = Projections::new(config.projections.expect("it was just given"));
    let mut subscription = handle.subscribe_from(Seq::new(1));
    while projections.last() < Some(end) {
        let slice = subscription
            .next()
            .expect("everything is kept")
            .expect("it runs on");
        slice
            .iter()
            .try_for_each(|batch| projections.apply(&batch))
            .expect("time never goes back");
    }
    let candles = projections.candles(BTC).expect("they are on");
    let closes: Vec<i64> = candles
        .newest(Interval::M1, 100)
        .map(|candle| candle.close.ticks())
        .collect();
    assert_eq!(
        closes,
        [100, 100, 100, 100, 100, 400, 500],
        "the third trade came when it was five past"
    );
}

#[test]
fn a_stuck_clock_stops_no_order() {
    let (runtime, _) = started(&config());
    order(runtime.handle(), place(Side::Buy, 100, 5));
    let taker = order(runtime.handle(), place(Side::Sell, 100, 5));
    assert!(
        taker
            .events()
            .iter()
            .any(|event| matches!(event, Event::Traded { .. }))
    );
    assert_eq!(time_of(&runtime), at(START));
}

#[test]
fn in_silence_time_is_told_to_the_engine_and_orders_expire() {
    let config = RuntimeConfig {
        tick: Some(Duration::from_millis(1)),
        ..in_memory()
    };
    let clock = TestClock::default();
    let builder = RuntimeBuilder::new(config).clock(clock.clone());
    let (runtime, _) = builder.in_memory().expect("nothing can be wrong");
    done(crate::support::ask(runtime.handle(), list()));
    let mut subscription = runtime.handle().subscribe();
    let expiring = Place {
        time_in_force: TimeInForce::Gtd(at(START)),
        ..place(Side::Buy, 100, 5)
    };
    order(runtime.handle(), expiring);
    clock.set(at(START));
    loop {
        let slice = subscription
            .next()
            .expect("nothing is missed")
            .expect("it runs on");
        let has_expired = |event: &Event| {
            matches!(
                event,
                Event::Cancelled {
                    reason: CancelReason::Expired,
                    ..
                }
            )
        };
        if slice.iter().any(|batch| batch.events.iter().any(has_expired)) {
            break;
        }
    }
    assert!(runtime.handle().metrics().ticks > 0);
}

#[test]
fn the_clock_of_the_system_does_not_go_back() {
    let mut clock = SystemClock::new();
    let mut before = clock.now();
    assert!(before > at(START), "this was written later");
    for _ in 0..1_000 {
        let now = clock.now();
        assert!(now >= before);
        before = now;
    }
}
