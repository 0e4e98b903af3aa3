//! The engine and the naive one of the test kit agree event for event.

use engine_core::Engine;
use engine_testkit::differential::{Seeds, differential};

/// How many streams; `ENGINE_STREAMS` asks for another number, `ENGINE_SEED` for others.
const STREAMS: u64 = 1_300;

#[test]
fn the_engine_does_what_the_naive_one_does() {
    differential(Seeds::from_env(STREAMS), |config| Engine::new(config.into()));
}
