//! Any text is no snapshot, or one that is refused, or an engine whose invariants hold.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| engine_fuzz::snapshot(bytes));
