//! What cargo-mutants found, from the files that it leaves.

use std::fmt;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::invocation::StepError;

/// How the faults of one area fared.
#[derive(Debug)]
pub(super) struct Report {
    counts: Counts,
    /// Where each fault is that no test noticed, and what it does.
    pub(super) survivors: Vec<String>,
}

/// The counts in `outcomes.json`.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Counts {
    /// A test failed.
    caught: u64,
    /// The tests did not come to an end, which is noticed as well.
    timeout: u64,
    missed: u64,
    /// It did not compile, and says nothing.
    unviable: u64,
}

impl Report {
    pub(super) fn read(folder: &Path) -> Result<Self, StepError> {
        let outcomes = folder.join("outcomes.json");
        let text = fs::read_to_string(&outcomes).map_err(StepError::at(&outcomes))?;
        let counts = serde_json::from_str(&text).map_err(|_| StepError::Answer {
            command: "cargo mutants".to_owned(),
        })?;
        let missed = folder.join("missed.txt");
        let text = fs::read_to_string(&missed).map_err(StepError::at(&missed))?;
        Ok(Self {
            counts,
            survivors: text.lines().map(str::to_owned).collect(),
        })
    }

    /// Whether at least so many percent were killed. Of nothing, all were.
    pub(super) fn is_killed(&self, percent_min: u64) -> bool {
        let Counts {
            caught,
            timeout,
            missed,
            ..
        } = self.counts;
        let killed = caught + timeout;
        killed * 100 >= (killed + missed) * percent_min
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts {
            caught,
            timeout,
            missed,
            unviable,
        } = self.counts;
        let killed = caught + timeout;
        let tried = killed + missed;
        let tenths = (killed * 1_000).checked_div(tried).unwrap_or(1_000);
        write!(
            out,
            "{killed} of {tried} faults killed ({}.{} %), {timeout} of them by time, {unviable} more did not compile",
            tenths / 10,
            tenths % 10
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(text: &str) -> Report {
        Report {
            counts: serde_json::from_str(text).expect("these are counts"),
            survivors: Vec::new(),
        }
    }

    #[test]
    fn a_share_is_of_what_compiled() {
        let report =
            report(r#"{"total_mutants": 14, "caught": 8, "timeout": 1, "missed": 1, "unviable": 4}"#);
        assert_eq!(
            report.to_string(),
            "9 of 10 faults killed (90.0 %), 1 of them by time, 4 more did not compile"
        );
        assert!(report.is_killed(90));
        assert!(!report.is_killed(91));
    }

    #[test]
    fn of_nothing_everything_was_killed() {
        let report = report(r#"{"caught": 0, "timeout": 0, "missed": 0, "unviable": 0}"#);
        assert!(report.is_killed(90));
        assert!(report.to_string().contains("100.0 %"), "{report}");
    }
}
