//! The volume-weighted average price.

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::Indicator;
use crate::data::candles::Candle;
use crate::data::feed::RestoreError;
use crate::data::interval::Interval;
use crate::data::ratio::Ratio;
use crate::data::volume::{Turnover, Volume};
use crate::types::Timestamp;

/// What everything cost, divided by how much it was: exactly the same over candles and over trades, because
/// candles carry what was paid (no "typical price" is needed).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vwap {
    image: VwapImage,
}

/// A [`Vwap`] as plain data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct VwapImage {
    /// When it begins anew; if nothing is given, never.
    pub anchor: Option<Interval>,
    /// When it last began anew.
    pub since: Timestamp,
    /// How much traded since.
    pub volume: Volume,
    /// What it cost.
    pub turnover: Turnover,
}

impl Vwap {
    /// An average over everything that comes.
    pub fn new() -> Self {
        Self::with_anchor(None)
    }

    /// An average that begins anew with every interval: with every day, for a session.
    pub fn anchored(anchor: Interval) -> Self {
        Self::with_anchor(Some(anchor))
    }

    fn with_anchor(anchor: Option<Interval>) -> Self {
        let image = VwapImage {
            anchor,
            since: Timestamp::ZERO,
            volume: Volume::ZERO,
            turnover: Turnover::default(),
        };
        Self { image }
    }
}

impl Default for Vwap {
    fn default() -> Self {
        Self::new()
    }
}

impl Indicator for Vwap {
    type Value = Ratio;
    type Image = VwapImage;

    fn update(&mut self, candle: &Candle) -> Option<Ratio> {
        let image = &mut self.image;
        let since = image.anchor.map(|anchor| anchor.begin(candle.open_time));
        if let Some(since) = since.filter(|since| *since > image.since) {
            *image = VwapImage {
                since,
                volume: Volume::ZERO,
                turnover: Turnover::default(),
                ..*image
            };
        }
        image.volume = image.volume.joined(candle.volume);
        image.turnover.add(candle.quote_volume);
        self.value()
    }

    fn value(&self) -> Option<Ratio> {
        self.image.turnover.per(self.image.volume)
    }

    fn image(&self) -> VwapImage {
        self.image
    }

    fn restore(image: VwapImage) -> Result<Self, RestoreError> {
        Ok(Self { image })
    }
}
