//! What tests of engines are made of: a naive engine to compare with, generated streams of commands, a language
//! for scenarios, and a driver that finds and shrinks differences.

pub mod coverage;
pub mod differential;
mod naive;
pub mod rules_page;
pub mod script;
pub mod streams;
mod under_test;

pub use naive::{LiveOrder, NaiveConfig, NaiveEngine};
pub use under_test::UnderTest;
