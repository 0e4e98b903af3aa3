//! The tests that a soak repeats, and how much of each makes one round.

use crate::invocation::Invocation;
use crate::workspace::Workspace;

/// One test, or several of one file.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) name: &'static str,
    pub(super) purpose: &'static str,
    package: &'static str,
    /// The integration test that it is in.
    binary: &'static str,
    filter: &'static str,
    /// How much longer than in `cargo verify` it is, in its own way.
    size: Size,
}

#[derive(Debug)]
enum Size {
    /// So many times what `cargo verify` does.
    Times(u64),
    /// So many streams, which are as many seeds.
    Streams(u64),
    /// As in `cargo verify`, and with a program built for release beside the one for tests.
    BothProfiles,
}

/// Every run, the short ones first.
pub(super) const RUNS: &[Run] = &[
    journal("R1", "power cuts at every step of a long run", "crash", 2),
    journal("R2", "logs that end anywhere", "tail", 2),
    journal("R3", "damage of every kind, to every bit", "damage", 3),
    journal("R6", "full disks, real ones where they can be mounted", "r6", 2),
    journal("R7", "writes and syncs that fail", "faults", 2),
    journal(
        "R11",
        "snapshots that are damaged, missing or unfinished",
        "r11",
        1,
    ),
    journal(
        "live",
        "a journal that is written, read and trimmed by several threads",
        "live",
        2,
    ),
    times(
        "R1-run",
        "power cuts at every step of a running engine",
        ["engine-runtime", "runtime", "crash"],
        2,
    ),
    times(
        "oracle",
        "a running engine beside the naive one",
        ["engine-runtime", "runtime", "oracle"],
        3,
    ),
    times(
        "R16",
        "orders that are asked for twice, also at once and after a restart",
        ["engine-runtime", "runtime", "repeats"],
        5,
    ),
    times(
        "damage",
        "R2 to R5 and R11, with the program that a user starts",
        ["exchange-server", "journal", "damage"],
        5,
    ),
    times(
        "R9",
        "a process that is killed 200 times under load",
        ["exchange-server", "kill", "r9"],
        10,
    ),
    times(
        "R37",
        "a server under load, whose memory and descriptors stay as they are",
        ["exchange-server", "serve", "r37"],
        50,
    ),
    Run {
        name: "R13",
        purpose: "the same bytes in every process, debug and release",
        package: "exchange-server",
        binary: "journal",
        filter: "r13",
        size: Size::BothProfiles,
    },
    Run {
        name: "R18",
        purpose: "the engine does what the naive engine does",
        package: "engine-core",
        binary: "core",
        filter: "the_engine_does_what_the_naive_one_does",
        size: Size::Streams(20_000),
    },
];

const fn journal(name: &'static str, purpose: &'static str, filter: &'static str, count: u64) -> Run {
    times(name, purpose, ["engine-journal", "journal", filter], count)
}

/// A test by its package, its file and the beginning of its name.
const fn times(
    name: &'static str,
    purpose: &'static str,
    [package, binary, filter]: [&'static str; 3],
    count: u64,
) -> Run {
    Run {
        name,
        purpose,
        package,
        binary,
        filter,
        size: Size::Times(count),
    }
}

impl Run {
    /// The seed of a round. Rounds share none.
    pub(super) fn seed(&self, first: u64, round: u64) -> u64 {
        match self.size {
            Size::Streams(count) => first.wrapping_add(round.wrapping_mul(count)),
            Size::Times(_) | Size::BothProfiles => first.wrapping_add(round),
        }
    }

    /// What has to be built before the clock starts.
    pub(super) fn builds(&self) -> Vec<Invocation> {
        let mut builds = vec![self.cargo_test().args(["--no-run"])];
        if let Size::BothProfiles = self.size {
            builds.push(Invocation::cargo("build --release --package").args([self.package]));
        }
        builds
    }

    pub(super) fn invocation(&self, seed: u64, workspace: &Workspace) -> Invocation {
        let invocation = self
            .cargo_test()
            .args(["--", "--nocapture", self.filter])
            .env("ENGINE_SEED", seed.to_string());
        match self.size {
            Size::Times(times) => invocation.env("ENGINE_SOAK", times.to_string()),
            Size::Streams(count) => invocation.env("ENGINE_STREAMS", count.to_string()),
            Size::BothProfiles => {
                let program = workspace.target.join("release").join(self.package);
                invocation.env("ENGINE_OTHER_PROGRAM", program)
            }
        }
    }

    fn cargo_test(&self) -> Invocation {
        Invocation::cargo("test --package").args([self.package, "--test", self.binary])
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::workspace::repository;

    /// All source files below a folder, put together.
    fn sources(folder: &Path) -> String {
        let mut text = String::new();
        for entry in fs::read_dir(folder).expect("the folder is there") {
            let path = entry.expect("the folder can be listed").path();
            if path.is_dir() {
                text.push_str(&sources(&path));
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.file_stem().expect("a file has a name").to_string_lossy();
                let source = fs::read_to_string(&path).expect("sources are text");
                text.push_str(&format!("mod {name};\n{source}"));
            }
        }
        text
    }

    #[test]
    fn every_run_names_tests_that_exist() {
        let workspace = Workspace::read().expect("the workspace has valid manifests");
        for run in RUNS {
            let package = workspace
                .packages
                .iter()
                .find(|package| package.name == run.package)
                .expect("the package is in the workspace");
            let tests = repository().join(workspace.folder(package)).join("tests");
            let sources = sources(&tests.join(run.binary));
            let names = [format!("mod {}", run.filter), format!("fn {}", run.filter)];
            assert!(
                names.iter().any(|name| sources.contains(name.as_str())),
                "{}",
                run.name
            );
        }
    }

    #[test]
    fn no_seed_is_used_twice() {
        for run in RUNS {
            let count = match run.size {
                Size::Streams(count) => count,
                Size::Times(_) | Size::BothProfiles => 1,
            };
            assert_eq!(run.seed(7, 0), 7);
            assert_eq!(run.seed(7, 3), 7 + 3 * count, "{}", run.name);
        }
    }
}
