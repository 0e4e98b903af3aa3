//! Decimals, ticks and lots.

use engine_core::{ConvertError, InstrumentSpec, Price, Qty};
use engine_testkit::streams::Random;
use rust_decimal::Decimal;

/// Builds a spec of the decimals that these bytes are, and converts others with it, there and back.
///
/// # Panics
/// If something comes back as something else, or is refused though it is exact.
pub fn decimals(bytes: &[u8]) {
    let mut random = Random::of_bytes(bytes);
    let (tick, lot, least) = (decimal(&mut random), decimal(&mut random), decimal(&mut random));
    let spec = InstrumentSpec::builder("X", tick, lot)
        .min_notional(least)
        .build();
    let Ok(spec) = spec else { return };
    while !random.is_used_up() {
        let value = if random.percent(50) {
            decimal(&mut random)
        } else {
            // Often a multiple, which a random decimal hardly is.
            let unit = random.pick(&[tick, lot]);
            unit.checked_mul(Decimal::from(number(&mut random)))
                .unwrap_or(unit)
        };
        convert(&spec, value);
        there_and_back(&spec, number(&mut random));
    }
}

fn number(random: &mut Random) -> i64 {
    let bits = (0..4).fold(0, |bits, _| bits << 16 | random.next_u64());
    bits.cast_signed() >> random.below(64)
}

fn decimal(random: &mut Random) -> Decimal {
    let mantissa = i128::from(number(random)) << random.pick(&[0, 0, 0, 16, 32]);
    Decimal::try_from_i128_with_scale(mantissa, random.below(29) as u32).unwrap_or(Decimal::ONE)
}

/// A decimal that becomes a number is exactly that many ticks or lots.
fn convert(spec: &InstrumentSpec, value: Decimal) {
    match spec.price(value) {
        Ok(price) => {
            assert!(price.is_valid());
            assert_eq!(spec.price_decimal(price), value, "a price is exact");
        }
        Err(ConvertError::NotOnTick { .. } | ConvertError::OutOfRange(_)) => {}
        Err(error) => panic!("{value} as a price: {error}"),
    }
    match spec.quantity(value) {
        Ok(quantity) => {
            assert!(quantity <= Qty::MAX);
            assert_eq!(spec.quantity_decimal(quantity), value, "a quantity is exact");
        }
        Err(ConvertError::Negative(_)) => assert!(value.is_sign_negative()),
        Err(_) => {}
    }
    let more = value
        .checked_add(Decimal::ONE)
        .and_then(|more| spec.notional(more).ok());
    if let (Ok(notional), Some(more)) = (spec.notional(value), more) {
        assert!(notional <= more, "more is not less");
    }
}

/// Every price and quantity has a decimal, from which it comes back.
fn there_and_back(spec: &InstrumentSpec, number: i64) {
    let price = Price::new(number);
    if price.is_valid() {
        assert_eq!(spec.price(spec.price_decimal(price)), Ok(price));
    }
    let quantity = Qty::new(number.unsigned_abs());
    if quantity <= Qty::MAX {
        assert_eq!(spec.quantity(spec.quantity_decimal(quantity)), Ok(quantity));
    }
}
