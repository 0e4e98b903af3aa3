//! The engine and the naive one of the test kit agree event for event.

use engine_core::{Engine, EngineConfig, Event, OrderIds, Seq};
use engine_testkit::UnderTest;
use engine_testkit::differential::{Seeds, differential};
use engine_testkit::streams::Stream;

/// How many streams; `ENGINE_STREAMS` asks for another number, `ENGINE_SEED` for others.
const STREAMS: u64 = 1_500;

#[test]
fn the_engine_does_what_the_naive_one_does() {
    differential(Seeds::from_env(STREAMS), |config| Engine::new(config.into()));
}

#[test]
fn another_hash_seed_gives_the_same_events() {
    for seed in 0..130 {
        let stream = Stream::of(seed);
        if stream.config.ids_chosen {
            let [one, other] = [1, u64::MAX].map(|hash_seed| events_with(&stream, hash_seed));
            assert_eq!(one, other, "stream {seed}");
        }
    }
}

fn events_with(stream: &Stream, hash_seed: u64) -> Vec<Event> {
    let mut engine = Engine::new(EngineConfig {
        ids: OrderIds::Chosen { hash_seed },
        ..stream.config.into()
    });
    let (mut events, mut seq) = (Vec::new(), Seq::new(0));
    for (time, command) in &stream.commands {
        seq = seq.next();
        UnderTest::apply(&mut engine, seq, *time, command, &mut events);
    }
    events
}
