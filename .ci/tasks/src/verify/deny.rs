//! The licences, the duplicates and the sources of all dependencies, by cargo-deny and `deny.toml`.

use super::steps::Outcome;
use crate::invocation::{Invocation, StepError};
use crate::workspace::Workspace;

/// The version that is installed where there is none; any later one is taken as it is.
const INSTALLED: Version = Version(0, 20, 2);

/// A version without its pre-release part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Version(u32, u32, u32);

/// Advisories are not among the checks: their database has to be downloaded, and a new entry would turn an unchanged
/// commit red.
pub(super) fn deny(_: &Workspace) -> Result<Outcome, StepError> {
    if !is_installed() {
        install().run()?;
    }
    Invocation::cargo("deny --workspace --all-features check bans licenses sources").run()?;
    Ok(Outcome::Done)
}

fn is_installed() -> bool {
    Invocation::cargo("deny --version")
        .answer()
        .is_some_and(|line| is_new_enough(&line))
}

/// Judges a line such as `cargo-deny 0.20.2`.
fn is_new_enough(line: &str) -> bool {
    parse(line).is_some_and(|version| version >= INSTALLED)
}

/// An unoptimised build, because it is ready three times sooner and checks this workspace within a second.
fn install() -> Invocation {
    let Version(major, minor, patch) = INSTALLED;
    Invocation::cargo("install --locked --debug --config profile.dev.debug=false cargo-deny --version")
        .args([format!("{major}.{minor}.{patch}")])
}

fn parse(line: &str) -> Option<Version> {
    let number = line.trim().strip_prefix("cargo-deny ")?;
    let mut parts = number.split(['.', '-', '+']).map(|part| part.parse().ok());
    Some(Version(parts.next()??, parts.next()??, parts.next()??))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_the_answer_of_the_tool() {
        assert_eq!(parse("cargo-deny 0.20.2\n"), Some(Version(0, 20, 2)));
        assert_eq!(parse("cargo-deny 1.0.0-rc.1"), Some(Version(1, 0, 0)));
        assert_eq!(parse("cargo 1.95.0"), None);
        assert_eq!(parse("cargo-deny ?"), None);
    }

    #[test]
    fn an_older_tool_does_not_count_as_installed() {
        assert!(!is_new_enough("cargo-deny 0.14.2"));
        assert!(is_new_enough("cargo-deny 0.20.2"));
        assert!(
            is_new_enough("cargo-deny 0.100.0"),
            "numbers are compared, not texts"
        );
        assert!(!is_new_enough("error: no such command: `deny`"));
    }
}
