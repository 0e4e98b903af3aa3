//! Any text is a request that means one thing, or an error that says what is wrong with it.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| engine_fuzz::requests(bytes));
