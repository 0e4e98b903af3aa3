//! The binary form of an instrument spec.

use engine_core::{Allocation, AssetSpec, FeeTier, Funding, InstrumentSpec, InstrumentTerms};

use super::DecodeError;
use super::bytes::{Binary, Reader};
use super::command::structs;

impl Binary for InstrumentSpec {
    fn put(&self, out: &mut Vec<u8>) {
        let terms = self.terms();
        put_text(&terms.symbol, out);
        terms.tick.put(out);
        terms.lot.put(out);
        terms.base.put(out);
        terms.quote.put(out);
        terms.min_price.put(out);
        terms.max_price.put(out);
        terms.min_quantity.put(out);
        terms.max_quantity.put(out);
        terms.min_notional.put(out);
        terms.price_band_bps.put(out);
        terms.dynamic_band_bps.put(out);
        terms.volatility_auction_ns.put(out);
        terms.market_protection_bps.put(out);
        terms.maker_fee_ppm.put(out);
        terms.taker_fee_ppm.put(out);
        out.push(terms.fee_tiers.len() as u8);
        for tier in &terms.fee_tiers {
            tier.put(out);
        }
        terms.funding.put(out);
        terms.allocation.put(out);
        terms.trigger_source.put(out);
        terms.initial_phase.put(out);
        terms.iceberg_parts_max.put(out);
        terms.stops_max.put(out);
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        // A struct's fields are evaluated in the order in which they are written here.
        let terms = InstrumentTerms {
            symbol: take_text(reader)?,
            tick: reader.take()?,
            lot: reader.take()?,
            base: reader.take()?,
            quote: reader.take()?,
            min_price: reader.take()?,
            max_price: reader.take()?,
            min_quantity: reader.take()?,
            max_quantity: reader.take()?,
            min_notional: reader.take()?,
            price_band_bps: reader.take()?,
            dynamic_band_bps: reader.take()?,
            volatility_auction_ns: reader.take()?,
            market_protection_bps: reader.take()?,
            maker_fee_ppm: reader.take()?,
            taker_fee_ppm: reader.take()?,
            fee_tiers: take_tiers(reader)?,
            funding: reader.take()?,
            allocation: reader.take()?,
            trigger_source: reader.take()?,
            initial_phase: reader.take()?,
            iceberg_parts_max: reader.take()?,
            stops_max: reader.take()?,
        };
        Self::try_from(terms).map_err(|error| DecodeError::Spec(error.into()))
    }
}

/// A text of at most 255 bytes, led by their number.
fn put_text(text: &str, out: &mut Vec<u8>) {
    out.push(text.len() as u8);
    out.extend_from_slice(text.as_bytes());
}

fn take_text(reader: &mut Reader<'_>) -> Result<String, DecodeError> {
    let length: u8 = reader.take()?;
    let text = std::str::from_utf8(reader.slice(usize::from(length))?);
    text.map(str::to_owned).map_err(|_| DecodeError::Text)
}

/// At most 255 tiers, led by their number: a spec has fewer.
fn take_tiers(reader: &mut Reader<'_>) -> Result<Vec<FeeTier>, DecodeError> {
    let count: u8 = reader.take()?;
    (0..count).map(|_| reader.take()).collect()
}

structs! {
    FeeTier { volume_min maker_fee_ppm taker_fee_ppm }
}

impl Binary for Funding {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Spot => out.push(0),
            Self::Margin {
                initial_ppm,
                maintenance_ppm,
                position_max,
            } => {
                out.push(1);
                initial_ppm.put(out);
                maintenance_ppm.put(out);
                position_max.put(out);
            }
        }
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match reader.take::<u8>()? {
            0 => Self::Spot,
            1 => Self::Margin {
                initial_ppm: reader.take()?,
                maintenance_ppm: reader.take()?,
                position_max: reader.take()?,
            },
            tag => return Err(DecodeError::UnknownTag { what: "funding", tag }),
        })
    }
}

/// A name of any length, in four bytes, because it is checked by the engine and not here.
impl Binary for AssetSpec {
    fn put(&self, out: &mut Vec<u8>) {
        (self.name.len() as u32).put(out);
        out.extend_from_slice(self.name.as_bytes());
        self.scale.put(out);
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let length: u32 = reader.take()?;
        let name = std::str::from_utf8(reader.slice(length as usize)?);
        Ok(Self {
            name: name.map_err(|_| DecodeError::Text)?.to_owned(),
            scale: reader.take()?,
        })
    }
}

impl Binary for Allocation {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::PriceTime => out.push(0),
            Self::ProRata { top_order, min_lots } => {
                out.push(1);
                top_order.put(out);
                min_lots.put(out);
            }
        }
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match reader.take::<u8>()? {
            0 => Self::PriceTime,
            1 => Self::ProRata {
                top_order: reader.take()?,
                min_lots: reader.take()?,
            },
            tag => {
                return Err(DecodeError::UnknownTag {
                    what: "allocation",
                    tag,
                });
            }
        })
    }
}
