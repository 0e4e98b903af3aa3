//! The rules of `docs/matching-rules.md` and `docs/accounts.md` as scenarios, and what must hold for every stream of commands.

mod admit;
mod amend;
mod auctions;
mod balances;
mod batch;
mod book;
mod cancel;
mod classic_faults;
mod conditions;
#[cfg(feature = "serde")]
mod damage;
mod differential;
mod limits;
mod links;
mod page;
mod paid_orders;
mod pegs;
mod plain_book;
mod replay;
mod restore;
mod self_trade;
mod sequencer;
mod stops;
mod take;
mod time;

use engine_core::Engine;
use engine_testkit::NaiveEngine;

/// Runs a scenario through each engine. See [`engine_testkit::script`] for the language.
#[track_caller]
fn check(script: &str, expected: &str) {
    engine_testkit::script::check(script, expected, NaiveEngine::new);
    engine_testkit::script::check(script, expected, |config| Engine::new(config.into()));
}
