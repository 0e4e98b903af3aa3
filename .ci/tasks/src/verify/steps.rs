//! The steps of `cargo verify`, cheap ones first.

use std::fmt;

use super::deny::deny;
use super::fuzz::fuzz;
use crate::invocation::{Invocation, StepError};
use crate::workspace::{Package, Workspace};

/// One named check.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) purpose: &'static str,
    pub(super) run: fn(&Workspace) -> Result<Outcome, StepError>,
}

/// How a step ended that did not fail.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Everything that the step stands for was checked.
    Done,
    /// There was nothing to check; the reason says why.
    Skipped(&'static str),
}

/// Every step, in the order in which they run.
pub(super) const STEPS: &[Step] = &[
    Step {
        name: "fmt",
        purpose: "the code is formatted",
        run: fmt,
    },
    Step {
        name: "clippy",
        purpose: "no lint complains, in any target with any feature",
        run: clippy,
    },
    Step {
        name: "test",
        purpose: "unit and integration tests pass with every feature",
        run: test,
    },
    Step {
        name: "bare",
        purpose: "engine-core passes its tests without any feature",
        run: bare,
    },
    Step {
        name: "doctest",
        purpose: "the examples in the documentation work",
        run: doctest,
    },
    Step {
        name: "doc",
        purpose: "the documentation builds without a warning",
        run: doc,
    },
    Step {
        name: "alone",
        purpose: "each published crate builds by itself",
        run: alone,
    },
    Step {
        name: "deny",
        purpose: "licences, duplicates and sources of the dependencies are in order",
        run: deny,
    },
    Step {
        name: "fuzz",
        purpose: "no fuzz target fails within a minute",
        run: fuzz,
    },
];

impl Outcome {
    /// Whether something was checked.
    pub(super) fn is_done(&self) -> bool {
        matches!(self, Self::Done)
    }

    /// The outcome with its reason.
    pub(super) fn report(&self) -> String {
        match self {
            Self::Done => "good".to_owned(),
            Self::Skipped(reason) => format!("left out, {reason}"),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.report())
    }
}

fn fmt(_: &Workspace) -> Result<Outcome, StepError> {
    run_all([Invocation::cargo("fmt --all --check")])
}

fn clippy(_: &Workspace) -> Result<Outcome, StepError> {
    run_all([Invocation::cargo(
        "clippy --workspace --all-targets --all-features -- -D warnings",
    )])
}

/// Benchmarks are not among the targets: they would be built once more only to run a single iteration.
fn test(_: &Workspace) -> Result<Outcome, StepError> {
    run_all([Invocation::cargo("test --workspace --all-features --tests")])
}

fn bare(_: &Workspace) -> Result<Outcome, StepError> {
    run_all([Invocation::cargo(
        "test --package engine-core --no-default-features --tests",
    )])
}

fn doctest(_: &Workspace) -> Result<Outcome, StepError> {
    run_all([Invocation::cargo("test --workspace --all-features --doc")])
}

fn doc(_: &Workspace) -> Result<Outcome, StepError> {
    run_all(
        [Invocation::cargo("doc --workspace --all-features --no-deps").env("RUSTDOCFLAGS", "-D warnings")],
    )
}

/// Building all crates at once gives each of them the features that the others ask for; only a build of its own
/// shows a feature that a manifest forgot.
fn alone(workspace: &Workspace) -> Result<Outcome, StepError> {
    let published = workspace.packages.iter().filter(|package| package.is_published());
    run_all(published.map(check_alone))
}

fn check_alone(package: &Package) -> Invocation {
    Invocation::cargo("check --package").args([package.name.as_str()])
}

fn run_all(invocations: impl IntoIterator<Item = Invocation>) -> Result<Outcome, StepError> {
    for invocation in invocations {
        invocation.run()?;
    }
    Ok(Outcome::Done)
}
