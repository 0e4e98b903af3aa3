//! What projections cost: `cargo projections --help` says how to ask.

use std::process::ExitCode;

fn main() -> ExitCode {
    engine_benches::projections::main()
}
