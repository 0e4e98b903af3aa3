//! Decimals and whole numbers of units, exactly or not at all.

use rust_decimal::Decimal;

use super::asset::AssetSpec;

/// The decimal of `count` times `unit`; the builder has checked that every product fits.
pub(super) fn scaled(count: i128, unit: Decimal) -> Decimal {
    Decimal::from_i128_with_scale(count * unit.mantissa(), unit.scale()).normalize()
}

/// `mantissa` ÷ 10^`places` in smallest units of an asset, if that is a whole number of 64 bits.
pub(super) fn whole_units(mantissa: i128, places: u32, asset: &AssetSpec) -> Option<u64> {
    let up = u32::from(asset.scale).saturating_sub(places);
    let down = places.saturating_sub(u32::from(asset.scale));
    let scaled = mantissa.checked_mul(10_i128.checked_pow(up)?)?;
    let divisor = 10_i128.checked_pow(down)?;
    (scaled % divisor == 0)
        .then(|| scaled / divisor)
        .and_then(|units| u64::try_from(units).ok())
}

/// How often `unit`, which is positive, goes into `value`: `None` if that cannot be counted, `Some(None)` if it
/// does not go in wholly.
pub(super) fn whole_quotient(value: Decimal, unit: Decimal) -> Option<Option<i128>> {
    let (value, unit) = (value.normalize(), unit.normalize());
    // Every multiple of the unit ends at or before the unit's last decimal place.
    let Some(places) = unit.scale().checked_sub(value.scale()) else {
        return Some(None);
    };
    let scaled = 10_i128
        .checked_pow(places)
        .and_then(|power| value.mantissa().checked_mul(power))?;
    Some((scaled % unit.mantissa() == 0).then(|| scaled / unit.mantissa()))
}
