//! The engine and the naive one say the same to any commands.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| engine_fuzz::differential(bytes));
