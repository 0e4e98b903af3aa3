//! Every workload on every contender: `cargo bench -p engine-benches --bench workloads -- --help` says how.

use std::process::ExitCode;

fn main() -> ExitCode {
    engine_benches::runner::main()
}
