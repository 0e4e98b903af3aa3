//! The simple moving average.

use std::collections::VecDeque;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::{Indicator, Period};
use crate::data::candles::Candle;
use crate::data::feed::RestoreError;
use crate::data::ratio::Ratio;
use crate::types::Price;

/// The mean of the closes of the last candles, exactly.
///
/// ```
/// use engine_core::data::indicators::{Period, Sma};
/// use engine_core::Price;
///
/// let mut sma = Sma::new(Period::new(2).expect("two is a period"));
/// assert_eq!(sma.price(Price::new(10)), None);
/// let mean = sma.price(Price::new(13)).expect("two prices have been");
/// assert_eq!((mean.numerator(), mean.denominator()), (23, 2));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sma {
    period: Period,
    closes: VecDeque<Price>,
    sum: i128,
}

/// An [`Sma`] as plain data.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct SmaImage {
    /// Over how many candles.
    pub period: Period,
    /// The last closes, at most so many, oldest first.
    pub closes: Vec<Price>,
}

impl Sma {
    /// An average over `period` candles.
    pub fn new(period: Period) -> Self {
        Self {
            period,
            closes: VecDeque::with_capacity(period.candles() as usize),
            sum: 0,
        }
    }

    /// The close that the next one replaces, if it does.
    pub(super) fn leaving(&self) -> Option<Price> {
        let full = self.closes.len() == self.period.candles() as usize;
        self.closes.front().copied().filter(|_| full)
    }

    /// Takes the next price, where there are no candles.
    pub fn price(&mut self, price: Price) -> Option<Ratio> {
        if let Some(oldest) = self.leaving() {
            self.closes.pop_front();
            self.sum -= i128::from(oldest.ticks());
        }
        self.closes.push_back(price);
        self.sum += i128::from(price.ticks());
        self.value()
    }
}

impl Indicator for Sma {
    type Value = Ratio;
    type Image = SmaImage;

    fn update(&mut self, candle: &Candle) -> Option<Ratio> {
        self.price(candle.close)
    }

    fn value(&self) -> Option<Ratio> {
        let period = self.period.candles();
        let full = self.closes.len() == period as usize;
        Ratio::new(self.sum, i128::from(period)).filter(|_| full)
    }

    fn image(&self) -> SmaImage {
        SmaImage {
            period: self.period,
            closes: self.closes.iter().copied().collect(),
        }
    }

    fn restore(image: SmaImage) -> Result<Self, RestoreError> {
        if image.closes.len() > image.period.candles() as usize {
            return Err(RestoreError::Inconsistent("more closes than the period"));
        }
        let mut restored = Self::new(image.period);
        for close in image.closes {
            restored.price(close);
        }
        Ok(restored)
    }
}
