//! What the streams reach.

use std::collections::BTreeSet;

use engine_core::Seq;
use engine_testkit::NaiveEngine;
use engine_testkit::coverage::Coverage;
use engine_testkit::streams::{Profile, Stream};

/// How many streams must reach everything.
const STREAMS: u64 = 2_000;

/// Requests that no rule refuses.
const NEVER_REFUSED: [&str; 3] = ["Request::CancelAllAfter", "Request::Kill", "Request::Resume"];

/// What takes a million specs to reach; a test beside the ledger does.
const TOO_FAR: &str = "RejectReason::TooManyRates";

#[test]
fn the_default_streams_reach_every_variant_of_the_vocabulary() {
    let mut coverage = Coverage::default();
    for seed in 0..STREAMS {
        let stream = Stream::of(seed);
        let mut engine = NaiveEngine::new(stream.config);
        for (time, command) in &stream.commands {
            let events = engine.apply(Seq::new(1), *time, command);
            engine.check_invariants();
            coverage.see(command, &events);
        }
    }
    let declared = Coverage::declared();
    assert!(declared.len() > 100, "the sources of the vocabulary are read");
    let mut missing = declared;
    missing.retain(|variant| !coverage.reached().contains_key(variant));
    let expected = NEVER_REFUSED.into_iter().chain([TOO_FAR]);
    assert_eq!(missing, expected.map(str::to_owned).collect::<BTreeSet<_>>());
}

#[test]
fn a_stream_follows_from_its_seed_alone() {
    for profile in Profile::ALL {
        let [one, again] = [7, 7].map(|seed| Stream::of_profile(profile, seed));
        assert_eq!(one.commands, again.commands);
        let other = Stream::of_profile(profile, 8);
        assert_ne!(one.commands, other.commands);
    }
}
