//! Measures order books on generated order flow, each in a process of its own, one beside the other.
//!
//! A [`workload`] is a stream of commands with the quantity that each must trade. A [`contender`] is an order
//! book that can replay one. The [`runner`] replays every workload on every contender and prints the table.
//! [`projections`] measures what it costs to take in the events of a workload.

#![expect(
    clippy::float_arithmetic,
    reason = "figures for people are ratios; nothing that is measured computes with them"
)]

pub mod contender;
pub mod measure;
pub mod projections;
pub mod runner;
pub mod workload;
