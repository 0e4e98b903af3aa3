//! Indicators: state machines over candles or trades.
//!
//! Each takes one candle after the other ([`Indicator::update`]) and costs the same however long its period
//! is. [`Study`] feeds one from the events of the engine or from any trade feed.
//!
//! | indicator | value | precision |
//! |---|---|---|
//! | [`Sma`], [`Vwap`] | [`Ratio`](super::Ratio) | exact |
//! | [`Ema`] | [`Fixed`] | each step rounds to 10⁻¹² ticks; together at most (period + 1) / 4 × 10⁻¹² off |
//! | [`Rsi`], [`Atr`] | [`Fixed`] | the averages: each step rounds to 10⁻¹² ticks; together at most period / 2 × 10⁻¹² off |
//! | [`Macd`] | [`Macd::Value`](MacdValue) | as its averages |
//! | [`Bollinger`] | [`Bands`] | the middle exact, the bands to 10⁻¹⁰ ticks |
//!
//! Wilder's averages and exponential averages begin with the simple average of their first period, as their
//! authors' worked examples do.

mod atr;
mod bollinger;
mod ema;
mod fixed;
mod macd;
mod rsi;
mod sma;
mod study;
mod vwap;

pub use atr::{Atr, AtrImage};
pub use bollinger::{Bands, Bollinger, BollingerImage};
pub use ema::{Ema, EmaImage};
pub use fixed::Fixed;
pub use macd::{Macd, MacdImage, MacdValue};
pub use rsi::{Rsi, RsiImage};
pub use sma::{Sma, SmaImage};
pub use study::{Study, StudyImage, StudySource};
pub use vwap::{Vwap, VwapImage};

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::candles::Candle;
use super::feed::RestoreError;

/// A number that follows the market, computed from one candle after the other.
pub trait Indicator: Sized {
    /// What it says.
    type Value;
    /// Everything that it knows, as plain data.
    type Image;

    /// Takes the next closed candle, and says the value then.
    fn update(&mut self, candle: &Candle) -> Option<Self::Value>;

    /// The value after the last candle; none while there have been too few.
    fn value(&self) -> Option<Self::Value>;

    /// Everything that it knows.
    fn image(&self) -> Self::Image;

    /// The indicator that has this image.
    ///
    /// # Errors
    /// When no candles lead to this image.
    fn restore(image: Self::Image) -> Result<Self, RestoreError>;
}

/// Over how many candles an indicator looks: 1 to 1,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(Serialize, Deserialize),
    serde(try_from = "u32", into = "u32")
)]
pub struct Period(u32);

impl Period {
    /// The longest period.
    pub const MAX: u32 = 1_000;

    /// So many candles, or `None` for zero or more than [`Period::MAX`].
    pub const fn new(candles: u32) -> Option<Self> {
        match candles {
            1..=Self::MAX => Some(Self(candles)),
            _ => None,
        }
    }

    /// The number of candles.
    pub const fn candles(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for Period {
    type Error = RestoreError;

    fn try_from(candles: u32) -> Result<Self, RestoreError> {
        Self::new(candles).ok_or(RestoreError::Limit {
            name: "period",
            value: u64::from(candles),
        })
    }
}

impl From<Period> for u32 {
    fn from(period: Period) -> Self {
        period.0
    }
}
