//! Moving average convergence/divergence.

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::ema::{EmaImage, Share, Smoothing};
use super::{Fixed, Indicator, Period};
use crate::data::candles::Candle;
use crate::data::feed::RestoreError;
use crate::types::Price;

/// The distance between a fast and a slow exponential average, and the average of that distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Macd {
    fast: Smoothing,
    slow: Smoothing,
    signal: Smoothing,
    line: Option<Fixed>,
}

/// What [`Macd`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MacdValue {
    /// The fast average minus the slow one.
    pub line: Fixed,
    /// The exponential average of the line; none while there have been too few lines.
    pub signal: Option<Fixed>,
    /// The line minus the signal.
    pub histogram: Option<Fixed>,
}

/// A [`Macd`] as plain data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct MacdImage {
    /// The fast average.
    pub fast: EmaImage,
    /// The slow average.
    pub slow: EmaImage,
    /// The average of their distance.
    pub signal: EmaImage,
}

impl Macd {
    /// Averages over `fast` and `slow` candles, and over `signal` of their distances; usual are 12, 26 and 9.
    pub fn new(fast: Period, slow: Period, signal: Period) -> Self {
        let average = |period| Smoothing::new(period, Share::Exponential);
        Self {
            fast: average(fast),
            slow: average(slow),
            signal: average(signal),
            line: None,
        }
    }

    /// Takes the next price, where there are no candles.
    pub fn price(&mut self, price: Price) -> Option<MacdValue> {
        let price = Fixed::of_price(price);
        let averages = self.fast.add(price).zip(self.slow.add(price));
        self.line = averages.map(|(fast, slow)| fast - slow);
        if let Some(line) = self.line {
            self.signal.add(line);
        }
        self.value()
    }
}

impl Indicator for Macd {
    type Value = MacdValue;
    type Image = MacdImage;

    fn update(&mut self, candle: &Candle) -> Option<MacdValue> {
        self.price(candle.close)
    }

    fn value(&self) -> Option<MacdValue> {
        let line = self.line?;
        let signal = self.signal.value();
        Some(MacdValue {
            line,
            signal,
            histogram: signal.map(|signal| line - signal),
        })
    }

    fn image(&self) -> MacdImage {
        MacdImage {
            fast: self.fast.image(),
            slow: self.slow.image(),
            signal: self.signal.image(),
        }
    }

    fn restore(image: MacdImage) -> Result<Self, RestoreError> {
        let average = |image| Smoothing::restore(image, Share::Exponential);
        let (fast, slow) = (average(image.fast)?, average(image.slow)?);
        let averages = fast.value().zip(slow.value());
        Ok(Self {
            fast,
            slow,
            signal: average(image.signal)?,
            line: averages.map(|(fast, slow)| fast - slow),
        })
    }
}
