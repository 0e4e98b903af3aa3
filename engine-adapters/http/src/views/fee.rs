//! What trading cost somebody, exactly.

use engine_core::{Amount, InstrumentSpec, Notional};
use engine_wire::decimal::write_scaled;

/// Fees are rates in millionths of a value.
const RATE_PLACES: u32 = 6;

/// A fee in the quote asset of its instrument, kept exactly. Negative is a rebate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fee {
    units: i128,
    /// One of the quote asset is 10 to this power units.
    places: u32,
}

impl Fee {
    /// What was charged, in an asset with so many decimal places.
    pub(crate) fn charged(amount: Amount, places: u8) -> Self {
        Self {
            units: amount.units(),
            places: places.into(),
        }
    }

    /// What a rate comes to, where nobody is charged. Where there are more digits than can be kept it is the most
    /// that can be.
    pub(crate) fn on(value: Notional, rate_ppm: i32, spec: &InstrumentSpec) -> Self {
        let (tick, lot) = (spec.terms().tick, spec.terms().lot);
        let exact = value.units().saturating_mul(i128::from(rate_ppm));
        Self {
            units: exact
                .saturating_mul(tick.mantissa())
                .saturating_mul(lot.mantissa()),
            places: tick.scale() + lot.scale() + RATE_PLACES,
        }
    }

    /// Both together.
    pub(crate) fn plus(self, other: Self) -> Self {
        let places = self.places.max(other.places);
        Self {
            units: self.units_with(places).saturating_add(other.units_with(places)),
            places,
        }
    }

    fn units_with(self, places: u32) -> i128 {
        let factor = 10_i128.saturating_pow(places - self.places);
        self.units.saturating_mul(factor)
    }

    /// Writes it as a decimal.
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        write_scaled(self.units, self.places, out);
    }

    /// The bytes in which it is kept.
    pub(crate) fn to_bytes(self) -> [u8; FEE_BYTES] {
        let mut bytes = [0; FEE_BYTES];
        bytes[..16].copy_from_slice(&self.units.to_le_bytes());
        bytes[16..].copy_from_slice(&self.places.to_le_bytes());
        bytes
    }

    /// The fee that has these bytes.
    pub(crate) fn of_bytes(bytes: &[u8; FEE_BYTES]) -> Self {
        let (mut units, mut places) = ([0; 16], [0; 4]);
        units.copy_from_slice(&bytes[..16]);
        places.copy_from_slice(&bytes[16..]);
        Self {
            units: i128::from_le_bytes(units),
            places: u32::from_le_bytes(places),
        }
    }
}

/// How many bytes a fee is kept in.
pub(crate) const FEE_BYTES: usize = 20;
