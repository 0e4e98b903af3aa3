//! The binary form of an instrument spec.

use engine_core::{Allocation, InstrumentSpec, InstrumentTerms};

use super::DecodeError;
use super::bytes::{Binary, Reader};

impl Binary for InstrumentSpec {
    fn put(&self, out: &mut Vec<u8>) {
        let terms = self.terms();
        out.push(terms.symbol.len() as u8);
        out.extend_from_slice(terms.symbol.as_bytes());
        terms.tick.put(out);
        terms.lot.put(out);
        terms.base.put(out);
        terms.quote.put(out);
        terms.min_quantity.put(out);
        terms.max_quantity.put(out);
        terms.min_notional.put(out);
        terms.price_band_bps.put(out);
        terms.dynamic_band_bps.put(out);
        terms.volatility_auction_ns.put(out);
        terms.market_protection_bps.put(out);
        terms.maker_fee_ppm.put(out);
        terms.taker_fee_ppm.put(out);
        terms.allocation.put(out);
        terms.trigger_source.put(out);
        terms.initial_phase.put(out);
        terms.iceberg_parts_max.put(out);
        terms.stops_max.put(out);
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let length: u8 = reader.take()?;
        let symbol =
            std::str::from_utf8(reader.slice(usize::from(length))?).map_err(|_| DecodeError::Text)?;
        // A struct's fields are evaluated in the order in which they are written here.
        let terms = InstrumentTerms {
            symbol: symbol.to_owned(),
            tick: reader.take()?,
            lot: reader.take()?,
            base: reader.take()?,
            quote: reader.take()?,
            min_quantity: reader.take()?,
            max_quantity: reader.take()?,
            min_notional: reader.take()?,
            price_band_bps: reader.take()?,
            dynamic_band_bps: reader.take()?,
            volatility_auction_ns: reader.take()?,
            market_protection_bps: reader.take()?,
            maker_fee_ppm: reader.take()?,
            taker_fee_ppm: reader.take()?,
            allocation: reader.take()?,
            trigger_source: reader.take()?,
            initial_phase: reader.take()?,
            iceberg_parts_max: reader.take()?,
            stops_max: reader.take()?,
        };
        Self::try_from(terms).map_err(|error| DecodeError::Spec(error.into()))
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
