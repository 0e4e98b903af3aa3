//! Any commands in any order leave an engine whose invariants hold, and whose snapshot goes on as it does.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| engine_fuzz::commands(bytes));
