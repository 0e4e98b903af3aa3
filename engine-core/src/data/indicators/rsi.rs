//! The relative strength index.

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::ema::{EmaImage, Share, Smoothing};
use super::{Fixed, Indicator, Period};
use crate::data::candles::Candle;
use crate::data::feed::RestoreError;
use crate::types::Price;

/// Wilder's relative strength index: what part of the average movement between closes was upwards, from 0 to
/// 100. Where nothing moved at all it is 50.
///
/// Its averages are at most period / 2 × 10⁻¹² ticks off, so the index is off by at most 10⁻¹⁰ × period divided
/// by the average movement in ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rsi {
    gains: Smoothing,
    losses: Smoothing,
    previous: Option<Price>,
}

/// An [`Rsi`] as plain data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct RsiImage {
    /// The average of upward movements.
    pub gains: EmaImage,
    /// The average of downward movements.
    pub losses: EmaImage,
    /// The last close.
    pub previous: Option<Price>,
}

impl Rsi {
    /// An index over `period` movements; usual are 14.
    pub fn new(period: Period) -> Self {
        Self {
            gains: Smoothing::new(period, Share::Wilder),
            losses: Smoothing::new(period, Share::Wilder),
            previous: None,
        }
    }

    /// Takes the next price, where there are no candles.
    pub fn price(&mut self, price: Price) -> Option<Fixed> {
        if let Some(previous) = self.previous.replace(price) {
            let moved = Fixed::of_price(price) - Fixed::of_price(previous);
            self.gains.add(moved.max(Fixed::ZERO));
            self.losses.add((-moved).max(Fixed::ZERO));
        }
        self.value()
    }
}

impl Indicator for Rsi {
    type Value = Fixed;
    type Image = RsiImage;

    fn update(&mut self, candle: &Candle) -> Option<Fixed> {
        self.price(candle.close)
    }

    fn value(&self) -> Option<Fixed> {
        let (gain, loss) = self.gains.value().zip(self.losses.value())?;
        let movement = gain + loss;
        if movement == Fixed::ZERO {
            return Some(Fixed::ONE.times(50));
        }
        Some(gain.percent_of(movement))
    }

    fn image(&self) -> RsiImage {
        RsiImage {
            gains: self.gains.image(),
            losses: self.losses.image(),
            previous: self.previous,
        }
    }

    fn restore(image: RsiImage) -> Result<Self, RestoreError> {
        if image.gains.state.min(image.losses.state) < Fixed::ZERO {
            return Err(RestoreError::Inconsistent("a movement of less than nothing"));
        }
        Ok(Self {
            gains: Smoothing::restore(image.gains, Share::Wilder)?,
            losses: Smoothing::restore(image.losses, Share::Wilder)?,
            previous: image.previous,
        })
    }
}
