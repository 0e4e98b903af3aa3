//! Many commands at once do what they do one after the other.

use engine_core::{
    Command, Engine, EngineConfig, Gap, InstrumentId, InstrumentSpec, OrderId, Place, Price, Qty, Seq,
    Sequenced, Side, Timestamp,
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
