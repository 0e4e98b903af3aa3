//! Simulated traders that keep a book alive, and a simulated past that fills its charts.
//!
//! ```text
//! events, time, best prices ──→ Crowd { market makers, noise, momentum } ──→ commands
//!                     seed ──→ History ──→ commands with times in the past
//! ```
//!
//! Everything here is a pure state machine on whole numbers: no clock, no thread, no float. The same seed and the same
//! observations give the same commands, so a demo, a test and a load generator can all use it, and what they see can
//! be repeated.

#![forbid(unsafe_code)]

mod setting;

mod view;

mod strategy;

mod market_maker;

mod noise;

mod momentum;

mod own;

mod trader;

mod crowd;

mod needs;

mod history;

mod fair;

mod random;

pub use crowd::{Crowd, CrowdConfig};
pub use fair::FairPrice;
pub use history::{History, Past, together};
pub use market_maker::MarketMaker;
pub use momentum::Momentum;
pub use needs::Need;
pub use noise::Noise;
pub use own::OpenOrder;
pub use random::Random;
pub use setting::{DEMO_ASSETS, Setting, demo};
pub use strategy::Strategy;
pub use view::{Top, View};
