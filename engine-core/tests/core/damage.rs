//! A snapshot with something changed is refused, or is that of another engine; it never does harm.

use std::panic::{AssertUnwindSafe, catch_unwind};

use engine_core::{Engine, EngineSnapshot, Seq, Sequenced};
use engine_testkit::differential::Seeds;
use engine_testkit::streams::{Random, Stream};
use serde_json::Value;

/// How many streams; each is damaged [`TIMES`] times.
const STREAMS: u64 = 260;
const TIMES: u64 = 40;

/// Numbers at which something begins or ends.
const EDGES: [i128; 14] = [
    0,
    1,
    2,
    -1,
    100,
    u32::MAX as i128,
    u32::MAX as i128 + 1,
    (1 << 53) - 1,
    1 << 53,
    -(1 << 53),
    i64::MAX as i128,
    i64::MIN as i128,
    i64::MAX as i128 + 1,
    u64::MAX as i128,
];

/// Words that a snapshot may have in the place of another.
const WORDS: [&str; 24] = [
    "Limit",
    "Market",
    "Stop",
    "StopLimit",
    "TakeProfit",
    "TrailingStop",
    "Pegged",
    "MarketToLimit",
    "Gtc",
    "Ioc",
    "Day",
    "AtOpen",
    "AtClose",
    "Hidden",
    "Displayed",
    "Trigger",
    "Auction",
    "Uncrossing",
    "Arming",
    "Continuous",
    "Halted",
    "Closed",
    "CancelBoth",
    "Bracket",
];

fn leaves(value: &Value) -> u64 {
    match value {
        Value::Array(items) => 1 + items.iter().map(leaves).sum::<u64>(),
        Value::Object(fields) => fields.values().map(leaves).sum(),
        _ => 1,
    }
}

/// Changes the leaf or list with this number.
fn damage(value: &mut Value, at: &mut u64, random: &mut Random) {
    match value {
        Value::Object(fields) => {
            for field in fields.values_mut() {
                damage(field, at, random);
            }
        }
        Value::Array(_) if *at == 0 => {
            damage_list(value, random);
            *at = u64::MAX;
        }
        Value::Array(items) => {
            *at -= 1;
            for item in items {
                damage(item, at, random);
            }
        }
        leaf if *at == 0 => {
            damage_leaf(leaf, random);
            *at = u64::MAX;
        }
        _ => *at -= 1,
    }
}

fn damage_list(list: &mut Value, random: &mut Random) {
    let Value::Array(items) = list else { return };
    if items.is_empty() {
        return items.push(Value::from(1));
    }
    let count = items.len() as u64;
    let [one, other] = [random.below(count), random.below(count)].map(|at| at as usize);
    match random.below(3) {
        0 => {
            items.remove(one);
        }
        1 => items.insert(other, items[one].clone()),
        _ => items.swap(one, other),
    }
}

fn damage_leaf(leaf: &mut Value, random: &mut Random) {
    *leaf = match leaf {
        Value::Bool(is) => Value::from(!*is),
        Value::Number(number) => {
            let number = number.as_i128().expect("a snapshot has whole numbers");
            let near = number + i128::from(random.within(-3, 3));
            let number = if random.percent(60) {
                near
            } else {
                random.pick(&EDGES)
            };
            u64::try_from(number)
                .map(Value::from)
                .unwrap_or_else(|_| Value::from(number as i64))
        }
        _ if random.percent(50) => Value::from(random.pick(&WORDS)),
        _ if random.percent(50) => Value::from(random.within(-2, 200)),
        _ => Value::Null,
    };
}

/// The engine after the first commands of a stream.
fn engine_at(stream: &Stream, commands: usize) -> Engine {
    let mut engine = Engine::new(stream.config.into());
    go_on(&mut engine, stream, 0, commands);
    engine
}

fn go_on(engine: &mut Engine, stream: &Stream, from: usize, to: usize) {
    let mut events = Vec::new();
    for (time, command) in &stream.commands[from..to] {
        let command = Sequenced {
            seq: engine.applied().next(),
            time: *time,
            value: command.clone(),
        };
        engine
            .apply(&command, &mut events)
            .expect("each command is the next");
        engine.check_invariants();
    }
}

/// Restores a damaged snapshot and goes on with it; whether that was possible.
fn survives(damaged: &Value, stream: &Stream, at: usize) -> bool {
    let Ok(snapshot) = serde_json::from_value::<EngineSnapshot>(damaged.clone()) else {
        return false;
    };
    let Ok(mut engine) = Engine::restore(&snapshot) else {
        return false;
    };
    engine.check_invariants();
    assert_eq!(engine.snapshot(), snapshot, "what was restored is what was said");
    assert_eq!(engine.applied(), snapshot.applied);
    go_on(&mut engine, stream, at, stream.commands.len());
    true
}

#[test]
fn a_damaged_snapshot_is_refused_or_is_that_of_another_engine() {
    let seeds = Seeds::from_env(STREAMS);
    let (mut refused, mut survived) = (0, 0);
    for seed in seeds.first..seeds.first.saturating_add(seeds.count) {
        let stream = Stream::of(seed);
        let mut random = Random::new(seed);
        let at = random.below(stream.commands.len() as u64) as usize;
        let snapshot = serde_json::to_value(engine_at(&stream, at).snapshot()).expect("plain data");
        for time in 0..TIMES {
            let mut damaged = snapshot.clone();
            for _ in 0..=random.below(2) {
                damage(&mut damaged, &mut random.below(leaves(&snapshot)), &mut random);
            }
            let outcome = catch_unwind(AssertUnwindSafe(|| survives(&damaged, &stream, at)));
            match outcome {
                Ok(true) => survived += 1,
                Ok(false) => refused += 1,
                Err(_) => panic!("stream {seed}, damage {time}: {damaged}"),
            }
        }
    }
    let all = seeds.count * TIMES;
    assert_eq!(refused + survived, all);
    assert!(
        seeds.count < STREAMS || refused > all / 4 && survived > all / 20,
        "{refused} refused, {survived} not"
    );
}

/// Numbers are as the engine counted them, or it has counted further.
#[test]
fn the_last_count_before_the_limit_is_restored_and_goes_on() {
    let stream = Stream::of(1);
    let mut snapshot = engine_at(&stream, stream.commands.len()).snapshot();
    let limit = u64::MAX / 2;
    (snapshot.applied, snapshot.orders.arrivals) = (Seq::new(limit), limit);
    let mut engine = Engine::restore(&snapshot).expect("an engine that has counted far");
    go_on(&mut engine, &stream, 0, stream.commands.len());
}
