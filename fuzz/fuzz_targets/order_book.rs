//! The order book is a sorted list of orders, whatever is done to it.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| engine_fuzz::order_book(bytes));
