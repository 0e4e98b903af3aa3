//! What is broken on purpose, and which tests have to notice.

/// Code whose faults are tried together, against the tests of its crate.
#[derive(Debug)]
pub(super) struct Area {
    pub(super) name: &'static str,
    pub(super) purpose: &'static str,
    pub(super) files: &'static [&'static str],
    /// The tests that meet each fault, as options of `cargo test`.
    pub(super) targets: &'static [&'static str],
    /// How the names of tests begin that take seconds and rarely decide. `--all-tests` runs them too.
    pub(super) slow_tests: &'static [&'static str],
}

/// How many streams of the differential tests a fault meets; `cargo verify` runs seven times as many.
pub(super) const STREAMS: u64 = 200;

/// The parts that nobody may get wrong: who trades with whom, whose the money is, and what was acknowledged.
pub(super) const AREAS: &[Area] = &[
    Area {
        name: "market",
        purpose: "matching: the rules of a market",
        files: &["engine-core/src/market/**"],
        targets: &["--test=core"],
        slow_tests: SLOW_CORE_TESTS,
    },
    Area {
        name: "book",
        purpose: "matching: resting orders",
        files: &["engine-core/src/book/**"],
        targets: &["--lib", "--test=core"],
        slow_tests: SLOW_CORE_TESTS,
    },
    Area {
        name: "accounts",
        purpose: "balances, holds, fees, positions and limits",
        files: &["engine-core/src/accounts/**"],
        targets: &["--lib", "--test=core"],
        slow_tests: SLOW_CORE_TESTS,
    },
    Area {
        name: "journal",
        purpose: "logs, snapshots, cursors and recovery",
        files: &["engine-adapters/journal/src/**"],
        targets: &["--lib", "--test=journal"],
        slow_tests: &[
            "r1_a_crash_at_every_step_leaves",
            "r2_a_log_without_syncs_cut",
            "r2_a_group_cut",
            "r3_every_flipped_bit_of_three",
            "r3_changes_that",
            "r3_a_hundred_thousand",
            "a_new_log_begins_small",
        ],
    },
];

const SLOW_CORE_TESTS: &[&str] = &[
    "a_million_orders",
    "a_sweep_of_five_thousand",
    "batches_of_any_size",
    "orders_with_chosen_ids_come_and_go",
    "ten_million_orders",
];

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::workspace::repository;

    fn sources(folder: &Path) -> String {
        let mut text = String::new();
        for entry in fs::read_dir(folder).expect("the folder is there") {
            let path = entry.expect("the folder can be listed").path();
            if path.is_dir() {
                text.push_str(&sources(&path));
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                text.push_str(&fs::read_to_string(&path).expect("sources are text"));
            }
        }
        text
    }

    #[test]
    fn areas_name_folders_and_tests_that_exist() {
        for area in AREAS {
            for files in area.files {
                let folder = files.strip_suffix("/**").expect("an area is made of folders");
                assert!(repository().join(folder).is_dir(), "{folder}");
            }
            let (package, _) = area.files[0].split_once("/src/").expect("code is in src");
            let sources = sources(&repository().join(package));
            for test in area.slow_tests {
                assert!(sources.contains(&format!("fn {test}")), "{test}");
            }
        }
    }
}
