//! Tests of the test kit itself: what it generates, what it reads and writes, what it finds.

mod driver;
mod language;
mod streams;
