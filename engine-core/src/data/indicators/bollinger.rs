//! Bollinger bands.

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::fixed::divide_to_nearest;
use super::sma::{Sma, SmaImage};
use super::{Fixed, Indicator, Period};
use crate::data::candles::Candle;
use crate::data::feed::RestoreError;
use crate::data::ratio::Ratio;
use crate::types::Price;

/// Binary places of the square root.
const ROOT_BITS: u32 = 40;

/// A simple moving average and bands at a number of standard deviations (of the whole population, not of a
/// sample) above and below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bollinger {
    closes: Sma,
    /// The sum of the squares of the same closes.
    squares: i128,
    /// The distance of the bands in hundredths of a standard deviation.
    width: u16,
}

/// What [`Bollinger`] says, in ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bands {
    /// The mean, exactly.
    pub middle: Ratio,
    /// The standard deviation, at most 10⁻¹² ticks too low.
    pub deviation: Fixed,
    /// The upper band.
    pub upper: Fixed,
    /// The lower band.
    pub lower: Fixed,
}

/// A [`Bollinger`] as plain data.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct BollingerImage {
    /// The closes.
    pub closes: SmaImage,
    /// The distance of the bands in hundredths of a standard deviation.
    pub width: u16,
}

impl Bollinger {
    /// The widest bands: 100 standard deviations.
    pub const WIDTH_MAX: u16 = 10_000;

    /// Bands over `period` candles at `width` hundredths of a standard deviation, or `None` for more than
    /// [`Bollinger::WIDTH_MAX`]; usual are 20 and 200.
    pub fn new(period: Period, width: u16) -> Option<Self> {
        (width <= Self::WIDTH_MAX).then(|| Self {
            closes: Sma::new(period),
            squares: 0,
            width,
        })
    }

    /// Takes the next price, where there are no candles. One beyond the engine's limits counts as the limit.
    pub fn price(&mut self, price: Price) -> Option<Bands> {
        let price = price.clamp(Price::MIN, Price::MAX);
        self.squares -= self.closes.leaving().map_or(0, square);
        self.squares += square(price);
        self.closes.price(price);
        self.value()
    }
}

/// At most 106 bits.
fn square(price: Price) -> i128 {
    i128::from(price.ticks()) * i128::from(price.ticks())
}

impl Indicator for Bollinger {
    type Value = Bands;
    type Image = BollingerImage;

    fn update(&mut self, candle: &Candle) -> Option<Bands> {
        self.price(candle.close)
    }

    fn value(&self) -> Option<Bands> {
        let middle = self.closes.value()?;
        let (sum, period) = (middle.numerator(), middle.denominator());
        // The variance times the square of the period: whole, and at most 10 + 10 + 106 bits.
        let scattered = period * self.squares - sum * sum;
        let root = square_root(scattered.unsigned_abs());
        let deviation = in_trillionths(root) / period;
        let width = divide_to_nearest(deviation * i128::from(self.width), 100);
        let mean = divide_to_nearest(sum * Fixed::ONE.trillionths(), period);
        Some(Bands {
            middle,
            deviation: Fixed::of_trillionths(deviation),
            upper: Fixed::of_trillionths(mean + width),
            lower: Fixed::of_trillionths(mean - width),
        })
    }

    fn image(&self) -> BollingerImage {
        BollingerImage {
            closes: self.closes.image(),
            width: self.width,
        }
    }

    fn restore(image: BollingerImage) -> Result<Self, RestoreError> {
        let too_many = image.closes.closes.len() > image.closes.period.candles() as usize;
        let restored = Self::new(image.closes.period, image.width).filter(|_| !too_many);
        let mut restored = restored.ok_or(RestoreError::Inconsistent(
            "more closes than the period, or too wide",
        ))?;
        for close in image.closes.closes {
            restored.price(close);
        }
        Ok(restored)
    }
}

/// The square root with [`ROOT_BITS`] binary places, rounded down, of a number of at most 126 bits: digit by
/// digit, two bits of the number for each bit of the root.
fn square_root(number: u128) -> u128 {
    let (mut root, mut rest) = (0_u128, 0_u128);
    for pair in 0..64 + ROOT_BITS {
        let bits = match pair {
            0..64 => number >> (126 - 2 * pair) & 0b11,
            _ => 0,
        };
        rest = rest << 2 | bits;
        let trial = root << 2 | 1;
        root <<= 1;
        // The rest stays below twice the root plus one, which has at most 105 bits.
        if rest >= trial {
            rest -= trial;
            root |= 1;
        }
    }
    root
}

/// A root in trillionths, rounded down.
fn in_trillionths(root: u128) -> i128 {
    let (whole, places) = (root >> ROOT_BITS, root & ((1 << ROOT_BITS) - 1));
    let one = Fixed::ONE.trillionths();
    // 63 bits times 40, and 40 times 40.
    whole as i128 * one + ((places as i128 * one) >> ROOT_BITS)
}
