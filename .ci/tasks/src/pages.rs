//! The pages with code, so that `cargo test --doc` compiles it. A test names the page that is missing here.

#[doc = include_str!("../../../README.md")]
struct Readme;

#[doc = include_str!("../../../docs/market-data.md")]
struct WhatProjectionsMean;

#[doc = include_str!("../../../docs/traders.md")]
struct SimulatedTraders;

#[doc = include_str!("../../../docs/runtime.md")]
struct Runtime;
