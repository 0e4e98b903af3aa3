//! Every contender trades what a workload says, so that its figures are those of a correct book.

use engine_benches::runner::{Entry, field};
use engine_benches::workload::{Flow, Recipe, generate};

/// Replays the beginning of a flow on all contenders that can do all of it.
fn check(flow: Flow, resting: u64) {
    let workload = generate(
        &Recipe {
            commands: 20_000,
            resting,
            ..Recipe::default_of(flow)
        },
        |_| {},
    );
    let exact = field().into_iter().filter(|entry| entry.exact);
    let replay = |entry: Entry| {
        let mut workload = workload.clone();
        entry.terms.apply_to(&mut workload);
        (entry.name, (entry.throughput)(&workload).tally)
    };
    let replayed: Vec<_> = exact.map(replay).collect();
    for (name, tally) in &replayed {
        assert_eq!(
            (tally.quantity, tally.rejects),
            (workload.header.traded, 0),
            "{name} on {flow}"
        );
        assert_eq!(
            (tally.trades, tally.notional),
            (replayed[0].1.trades, replayed[0].1.notional),
            "{name} on {flow}"
        );
    }
}

#[test]
fn all_agree_on_mixed_flow() {
    check(Flow::Mixed, 2_000);
}

#[test]
fn all_agree_on_deep_flow() {
    check(Flow::Deep, 20_000);
}

#[test]
fn all_agree_on_sweeps() {
    check(Flow::Sweep, 2_000);
}

#[test]
fn all_agree_on_many_symbols() {
    check(Flow::Multi, 20_000);
}
