//! Instrument specs as JSON fields.

use engine_core::{Allocation, InstrumentSpec, InstrumentSpecBuilder, InstrumentTerms, Phase, Qty};
use rust_decimal::Decimal;

use super::field::{Field, FieldSet, Fields};
use super::words::{AllocationWord, Word};
use super::write::Object;
use crate::error::RequestError;
use crate::symbols::Symbols;

/// The fields of an instrument spec.
pub(super) const SPEC: FieldSet = FieldSet::of(&[
    Field::Symbol,
    Field::Tick,
    Field::Lot,
    Field::Base,
    Field::Quote,
    Field::MinQuantity,
    Field::MaxQuantity,
    Field::MinNotional,
    Field::PriceBandBps,
    Field::DynamicBandBps,
    Field::VolatilityAuctionNs,
    Field::VolatilityAuctionMs,
    Field::MarketProtectionBps,
    Field::MakerFeeBps,
    Field::TakerFeeBps,
    Field::Allocation,
    Field::ProRataTopOrder,
    Field::ProRataMinQuantity,
    Field::TriggerSource,
    Field::InitialPhase,
    Field::Phase,
    Field::IcebergPartsMax,
    Field::StopsMax,
])
.and(super::money::TERMS);

/// What an instrument is quoted in when nothing says it.
const QUOTE_DEFAULT: &str = "USD";

/// Reads an instrument spec from a request body; its assets are taken into `symbols`.
///
/// # Errors
/// When it is no JSON object, a field is unknown, missing or malformed, or the fields make no instrument.
pub fn read_spec(body: &str, symbols: &mut Symbols) -> Result<InstrumentSpec, RequestError> {
    let fields = Fields::read(body)?;
    fields.allow(SPEC)?;
    spec(&fields, symbols)
}

pub(super) fn spec(fields: &Fields<'_>, symbols: &mut Symbols) -> Result<InstrumentSpec, RequestError> {
    let required = |field| fields.decimal(field)?.ok_or(RequestError::Missing(field));
    let symbol = fields
        .text(Field::Symbol)?
        .ok_or(RequestError::Missing(Field::Symbol))?;
    if symbols.find(&symbol).is_some() {
        return Err(RequestError::SymbolTaken);
    }
    let mut builder = InstrumentSpec::builder(&*symbol, required(Field::Tick)?, required(Field::Lot)?);
    builder = limits(builder, fields)?;
    builder = bands(builder, fields)?;
    builder = builder
        .fees_ppm(
            fee_ppm(fields, Field::MakerFeeBps)?,
            fee_ppm(fields, Field::TakerFeeBps)?,
        )
        .trigger_source(fields.word(Field::TriggerSource)?.unwrap_or_default())
        .initial_phase(initial_phase(fields)?);
    if let Some(parts) = fields.integer(Field::IcebergPartsMax)? {
        builder = builder.iceberg_parts_max(parts);
    }
    if let Some(stops) = fields.integer(Field::StopsMax)? {
        builder = builder.stops_max(stops);
    }
    let (base, quote) = asset_names(&symbol, fields.text(Field::Base)?, fields.text(Field::Quote)?);
    if base != quote {
        builder = builder.assets(symbols.asset(&base), symbols.asset(&quote));
    }
    builder.build().map_err(|error| RequestError::Spec(error.into()))
}

/// The phase in which the market begins, under either of its names.
fn initial_phase(fields: &Fields<'_>) -> Result<Phase, RequestError> {
    match (fields.word(Field::InitialPhase)?, fields.word(Field::Phase)?) {
        (Some(_), Some(_)) => Err(RequestError::NotAllowed(Field::Phase)),
        (one, other) => Ok(one.or(other).unwrap_or_default()),
    }
}

/// What is traded and what it is paid with. `BTC-KRW` and `BTC/KRW` say it; any other symbol is itself traded, for
/// dollars.
fn asset_names(
    symbol: &str,
    base: Option<std::borrow::Cow<'_, str>>,
    quote: Option<std::borrow::Cow<'_, str>>,
) -> (String, String) {
    let (base_default, quote_default) = symbol.rsplit_once(['-', '/']).unwrap_or((symbol, QUOTE_DEFAULT));
    let or = |given: Option<std::borrow::Cow<'_, str>>, default: &str| {
        given.map_or_else(|| default.to_owned(), std::borrow::Cow::into_owned)
    };
    (or(base, base_default), or(quote, quote_default))
}

/// Quantities and the least value. Quantities are counted in lots, which takes a spec: the one so far.
fn limits(
    builder: InstrumentSpecBuilder,
    fields: &Fields<'_>,
) -> Result<InstrumentSpecBuilder, RequestError> {
    let unlimited = builder
        .clone()
        .build()
        .map_err(|error| RequestError::Spec(error.into()))?;
    let lots = |field| {
        let convert = |value: Decimal| {
            unlimited
                .quantity(value)
                .map_err(|error| RequestError::of_convert(field, error))
        };
        fields.decimal(field)?.map(convert).transpose()
    };
    let least = lots(Field::MinQuantity)?.unwrap_or(Qty::new(1));
    let most = lots(Field::MaxQuantity)?.unwrap_or(Qty::MAX);
    let notional = fields.decimal(Field::MinNotional)?.unwrap_or_default();
    let allocation = match fields.word(Field::Allocation)?.unwrap_or_default() {
        AllocationWord::PriceTime => Allocation::PriceTime,
        AllocationWord::ProRata => Allocation::ProRata {
            top_order: fields.boolean(Field::ProRataTopOrder)?,
            min_lots: lots(Field::ProRataMinQuantity)?.unwrap_or_default(),
        },
    };
    let builder = builder
        .quantities(least, most)
        .min_notional(notional)
        .allocation(allocation);
    super::money::terms(builder, fields, &unlimited)
}

fn bands(
    mut builder: InstrumentSpecBuilder,
    fields: &Fields<'_>,
) -> Result<InstrumentSpecBuilder, RequestError> {
    if let Some(bps) = fields.integer(Field::PriceBandBps)? {
        builder = builder.price_band_bps(bps);
    }
    if let Some(bps) = fields.integer(Field::MarketProtectionBps)? {
        builder = builder.market_protection_bps(bps);
    }
    let millis: Option<u64> = fields.integer(Field::VolatilityAuctionMs)?;
    let nanos = fields.integer(Field::VolatilityAuctionNs)?;
    let auction_ns = match (millis, nanos) {
        (Some(_), Some(_)) => return Err(RequestError::NotAllowed(Field::VolatilityAuctionMs)),
        (Some(millis), None) => {
            let nanos = millis.checked_mul(1_000_000);
            Some(nanos.ok_or(RequestError::OutOfRange(Field::VolatilityAuctionMs))?)
        }
        (None, nanos) => nanos,
    };
    match (fields.integer(Field::DynamicBandBps)?, auction_ns) {
        (Some(bps), auction_ns) => Ok(builder.dynamic_band_bps(bps, auction_ns)),
        (None, Some(_)) => Err(RequestError::Missing(Field::DynamicBandBps)),
        (None, None) => Ok(builder),
    }
}

/// A fee in basis points, which may have two decimals, in millionths.
pub(super) fn fee_ppm(fields: &Fields<'_>, field: Field) -> Result<i32, RequestError> {
    let Some(bps) = fields.decimal(field)? else {
        return Ok(0);
    };
    let ppm = bps
        .checked_mul(Decimal::ONE_HUNDRED)
        .ok_or(RequestError::OutOfRange(field))?
        .normalize();
    if ppm.scale() > 0 {
        return Err(RequestError::Malformed(field));
    }
    i32::try_from(ppm.mantissa()).map_err(|_| RequestError::OutOfRange(field))
}

/// Writes the fields of a spec, leaving out what is as it is by default.
pub(super) fn write_spec(spec: &InstrumentSpec, symbols: &Symbols, object: &mut Object<'_>) {
    let terms = spec.terms();
    object.text("symbol", &terms.symbol);
    object.decimal("tick", terms.tick);
    object.decimal("lot", terms.lot);
    for (key, asset) in [("base", terms.base), ("quote", terms.quote)] {
        if let Some(name) = asset.and_then(|asset| symbols.asset_name(asset)) {
            object.text(key, name);
        }
    }
    if terms.min_quantity != Qty::new(1) {
        object.decimal("min_quantity", spec.quantity_decimal(terms.min_quantity));
    }
    if terms.max_quantity != Qty::MAX {
        object.decimal("max_quantity", spec.quantity_decimal(terms.max_quantity));
    }
    if !terms.min_notional.is_zero() {
        object.decimal("min_notional", terms.min_notional);
    }
    for (key, value) in [
        ("price_band_bps", terms.price_band_bps.map(u64::from)),
        ("dynamic_band_bps", terms.dynamic_band_bps.map(u64::from)),
        (
            "volatility_auction_ns",
            terms
                .volatility_auction_ns
                .filter(|_| terms.dynamic_band_bps.is_some()),
        ),
        (
            "market_protection_bps",
            terms.market_protection_bps.map(u64::from),
        ),
    ] {
        if let Some(value) = value {
            object.integer(key, value);
        }
    }
    for (key, ppm) in [
        ("maker_fee_bps", terms.maker_fee_ppm),
        ("taker_fee_bps", terms.taker_fee_ppm),
    ] {
        if ppm != 0 {
            object.decimal(key, Decimal::new(i64::from(ppm), 2));
        }
    }
    super::money::write_terms(spec, object);
    write_policies(terms, spec, object);
}

fn write_policies(terms: &InstrumentTerms, spec: &InstrumentSpec, object: &mut Object<'_>) {
    if let Allocation::ProRata { top_order, min_lots } = terms.allocation {
        object.word("allocation", AllocationWord::ProRata.word());
        object.boolean("pro_rata_top_order", top_order);
        object.decimal("pro_rata_min_quantity", spec.quantity_decimal(min_lots));
    }
    if terms.trigger_source != Default::default() {
        object.word("trigger_source", terms.trigger_source.word());
    }
    if terms.initial_phase != Default::default() {
        object.word("initial_phase", terms.initial_phase.word());
    }
    let unlimited = InstrumentSpec::builder("X", terms.tick, terms.lot).build();
    let defaults = unlimited.as_ref().map(InstrumentSpec::terms).ok();
    if defaults.is_none_or(|defaults| defaults.iceberg_parts_max != terms.iceberg_parts_max) {
        object.integer("iceberg_parts_max", u64::from(terms.iceberg_parts_max));
    }
    if defaults.is_none_or(|defaults| defaults.stops_max != terms.stops_max) {
        object.integer("stops_max", u64::from(terms.stops_max));
    }
}
