//! What a new exchange begins with.

use engine_core::{AssetSpec, Command, InstrumentSpec};
use engine_http::asset_specs;
use engine_wire::{RequestError, Symbols, read_spec};

use super::failure::ServeError;

/// The symbols of the demo, with the fields of an instrument's spec.
pub(crate) const SYMBOLS: [&str; 3] = [
    r#"{"symbol":"BTC-KRW","tick":1000,"lot":0.00000001,"min_notional":5000,"maker_fee_bps":2,"taker_fee_bps":5,"price_band_bps":5000}"#,
    r#"{"symbol":"ETH-KRW","tick":500,"lot":0.00000001,"min_notional":5000,"maker_fee_bps":2,"taker_fee_bps":5,"price_band_bps":5000}"#,
    r#"{"symbol":"AAPL","quote":"USD","tick":0.01,"lot":0.0001,"min_notional":1,"maker_fee_bps":2,"taker_fee_bps":5,"price_band_bps":5000}"#,
];

/// The commands that list the instruments of these texts, each after the assets that it needs.
pub(crate) fn listing<'a>(
    texts: impl Iterator<Item = &'a str>,
    symbols: &mut Symbols,
) -> Result<Vec<Command>, ServeError> {
    let mut commands = Vec::new();
    for text in texts {
        let wrong = |cause| ServeError::Symbol {
            text: text.to_owned(),
            cause,
        };
        let spec = read_spec(text, symbols).map_err(wrong)?;
        for asset in asset_specs(symbols, &spec) {
            symbols.add_asset(&asset);
            commands.push(Command::AddAsset(Box::new(asset)));
        }
        symbols.list(&spec).ok_or(wrong(RequestError::SymbolTaken))?;
        commands.push(Command::List(Box::new(spec)));
    }
    Ok(commands)
}

/// The names of what is there already.
pub(crate) fn known_symbols(assets: &[AssetSpec], specs: &[InstrumentSpec]) -> Symbols {
    let mut symbols = Symbols::new();
    for asset in assets {
        symbols.add_asset(asset);
    }
    for spec in specs {
        symbols.list(spec);
    }
    symbols
}
