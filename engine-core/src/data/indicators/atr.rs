//! The average true range.

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::ema::{EmaImage, Share, Smoothing};
use super::{Fixed, Indicator, Period};
use crate::data::candles::Candle;
use crate::data::feed::RestoreError;
use crate::types::Price;

/// Wilder's average true range: how far the price moves within a candle, the jump from the candle before
/// included. The first candle's range is its high minus its low.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Atr {
    ranges: Smoothing,
    previous: Option<Price>,
}

/// An [`Atr`] as plain data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct AtrImage {
    /// The average of the ranges.
    pub ranges: EmaImage,
    /// The last close.
    pub previous: Option<Price>,
}

impl Atr {
    /// A range over `period` candles; usual are 14.
    pub fn new(period: Period) -> Self {
        Self {
            ranges: Smoothing::new(period, Share::Wilder),
            previous: None,
        }
    }
}

impl Indicator for Atr {
    type Value = Fixed;
    type Image = AtrImage;

    fn update(&mut self, candle: &Candle) -> Option<Fixed> {
        let (high, low) = (Fixed::of_price(candle.high), Fixed::of_price(candle.low));
        let mut range = high - low;
        if let Some(previous) = self.previous.replace(candle.close) {
            let previous = Fixed::of_price(previous);
            range = range.max((high - previous).abs()).max((low - previous).abs());
        }
        self.ranges.add(range)
    }

    fn value(&self) -> Option<Fixed> {
        self.ranges.value()
    }

    fn image(&self) -> AtrImage {
        AtrImage {
            ranges: self.ranges.image(),
            previous: self.previous,
        }
    }

    fn restore(image: AtrImage) -> Result<Self, RestoreError> {
        Ok(Self {
            ranges: Smoothing::restore(image.ranges, Share::Wilder)?,
            previous: image.previous,
        })
    }
}
