//! The rules of `docs/matching-rules.md` and `docs/accounts.md` as scenarios, and what must hold for every stream of commands.

mod admit;
mod alone;
mod amend;
mod auctions;
mod balances;
mod batch;
mod book;
mod bookkeeper;
mod cancel;
mod classic_faults;
mod conditions;
#[cfg(feature = "serde")]
mod damage;
mod differential;
mod holds;
mod limits;
mod links;
mod money_limits;
mod page;
mod paid_orders;
mod pegs;
mod plain_book;
mod positions;
mod replay;
mod restore;
mod self_trade;
mod sequencer;
mod settlement;
mod stops;
mod take;
mod time;

use engine_core::{Engine, Sequenced};
use engine_testkit::NaiveEngine;

/// Runs a scenario through each engine. See [`engine_testkit::script`] for the language.
#[track_caller]
fn check(script: &str, expected: &str) {
    engine_testkit::script::check(script, expected, NaiveEngine::new);
    engine_testkit::script::check(script, expected, |config| Engine::new(config.into()));
}

/// The engine after a script, whose events nobody looks at.
fn engine_after(script: &str) -> Engine {
    let script = engine_testkit::script::parse(script).unwrap_or_else(|error| panic!("{error}"));
    let mut engine = Engine::new(script.config.into());
    let mut events = Vec::new();
    for step in script.steps {
        let command = Sequenced {
            seq: engine.applied().next(),
            time: step.time,
            value: step.command,
        };
        engine
            .apply(&command, &mut events)
            .expect("each command is the next");
    }
    engine
}
