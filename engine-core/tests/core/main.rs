//! The rules of `docs/matching-rules.md` as scenarios, and what must hold for every stream of commands.

mod book;
mod differential;

/// Runs a scenario through each engine. See [`engine_testkit::script`] for the language.
#[track_caller]
fn check(script: &str, expected: &str) {
    engine_testkit::script::check(script, expected, engine_testkit::NaiveEngine::new);
}
