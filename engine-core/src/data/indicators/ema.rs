//! Averages that forget slowly: exponential, and Wilder's.

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::{Fixed, Indicator, Period};
use crate::data::candles::Candle;
use crate::data::feed::RestoreError;
use crate::types::Price;

/// An average that begins with the mean of its first period, and then moves by a share of the distance to each
/// new number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct EmaImage {
    /// Over how many candles.
    pub period: Period,
    /// How many of the first period's candles have been; the period, when it is over.
    pub begun: u32,
    /// The sum of what has been, and from the end of the first period on the average.
    pub state: Fixed,
}

/// Both kinds of average: they differ in the share alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Smoothing {
    image: EmaImage,
    share: Share,
}

/// How far the average moves towards a new number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Share {
    /// 2 / (period + 1).
    Exponential,
    /// 1 / period.
    Wilder,
}

impl Smoothing {
    pub(super) fn new(period: Period, share: Share) -> Self {
        let image = EmaImage {
            period,
            begun: 0,
            state: Fixed::ZERO,
        };
        Self { image, share }
    }

    pub(super) fn add(&mut self, number: Fixed) -> Option<Fixed> {
        let image = &mut self.image;
        let period = image.period.candles();
        if image.begun < period {
            image.begun += 1;
            image.state = image.state + number;
            if image.begun == period {
                image.state = image.state.divided(period);
            }
        } else {
            let distance = number - image.state;
            let step = match self.share {
                Share::Exponential => distance.times(2).divided(period + 1),
                Share::Wilder => distance.divided(period),
            };
            image.state = image.state + step;
        }
        self.value()
    }

    pub(super) fn value(&self) -> Option<Fixed> {
        (self.image.begun == self.image.period.candles()).then_some(self.image.state)
    }

    pub(super) fn image(&self) -> EmaImage {
        self.image
    }

    pub(super) fn restore(image: EmaImage, share: Share) -> Result<Self, RestoreError> {
        if image.begun > image.period.candles() {
            return Err(RestoreError::Inconsistent("more candles than the first period"));
        }
        if !image.state.is_possible() {
            return Err(RestoreError::Inconsistent("an average beyond all prices"));
        }
        Ok(Self { image, share })
    }
}

/// The exponential moving average of closes: each moves it by 2 / (period + 1) of the distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ema(Smoothing);

impl Ema {
    /// An average over `period` candles.
    pub fn new(period: Period) -> Self {
        Self(Smoothing::new(period, Share::Exponential))
    }

    /// Takes the next price, where there are no candles.
    pub fn price(&mut self, price: Price) -> Option<Fixed> {
        self.0.add(Fixed::of_price(price))
    }
}

impl Indicator for Ema {
    type Value = Fixed;
    type Image = EmaImage;

    fn update(&mut self, candle: &Candle) -> Option<Fixed> {
        self.price(candle.close)
    }

    fn value(&self) -> Option<Fixed> {
        self.0.value()
    }

    fn image(&self) -> EmaImage {
        self.0.image()
    }

    fn restore(image: EmaImage) -> Result<Self, RestoreError> {
        Smoothing::restore(image, Share::Exponential).map(Self)
    }
}
