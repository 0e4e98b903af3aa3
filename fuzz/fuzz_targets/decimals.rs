//! Decimals become ticks and lots exactly, or an error.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| engine_fuzz::decimals(bytes));
