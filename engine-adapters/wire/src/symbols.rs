//! What instruments and assets are called: ids inside, names outside.

use std::collections::HashMap;

use engine_core::{Amount, AssetId, AssetSpec, InstrumentId, InstrumentSpec, Notional, Price, Qty};

use crate::decimal::write_scaled;
use crate::json::write_text;

/// The instruments that have been listed, in order, with their symbols; and the assets that they name.
#[derive(Clone, Debug, Default)]
pub struct Symbols {
    listed: Vec<Listed>,
    by_name: HashMap<Box<str>, InstrumentId>,
    assets: Vec<Asset>,
    /// How many of them are known whole, because they were added.
    added: usize,
    asset_by_name: HashMap<Box<str>, AssetId>,
}

/// An instrument, with what is needed to write its prices and quantities without a detour.
#[derive(Clone, Debug)]
struct Listed {
    spec: InstrumentSpec,
    tick: Unit,
    lot: Unit,
    symbol_json: Box<[u8]>,
}

/// An asset, with its name as JSON. Before it is added nobody knows its decimal places.
#[derive(Clone, Debug)]
struct Asset {
    spec: AssetSpec,
    name_json: Box<[u8]>,
}

impl Asset {
    fn new(spec: AssetSpec) -> Self {
        let mut name_json = Vec::new();
        write_text(&spec.name, &mut name_json);
        Self {
            spec,
            name_json: name_json.into(),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Unit {
    mantissa: i128,
    scale: u32,
}

impl Unit {
    fn write(self, count: i128, out: &mut Vec<u8>) {
        // A unit is at most 2^96 / 2^53, and a count at most 2^64 in size.
        write_scaled(count * self.mantissa, self.scale, out);
    }
}

impl Symbols {
    /// Nothing listed yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in the instrument that is listed next. Its id is the number of those before it, as in the engine;
    /// `None` if another one has its symbol.
    pub fn list(&mut self, spec: &InstrumentSpec) -> Option<InstrumentId> {
        let terms = spec.terms();
        if self.by_name.contains_key(&*terms.symbol) {
            return None;
        }
        let id = InstrumentId::new(u32::try_from(self.listed.len()).ok()?);
        let mut symbol_json = Vec::new();
        write_text(&terms.symbol, &mut symbol_json);
        let unit = |unit: rust_decimal::Decimal| Unit {
            mantissa: unit.mantissa(),
            scale: unit.scale(),
        };
        self.by_name.insert(terms.symbol.as_str().into(), id);
        self.listed.push(Listed {
            tick: unit(terms.tick),
            lot: unit(terms.lot),
            symbol_json: symbol_json.into(),
            spec: spec.clone(),
        });
        Some(id)
    }

    /// How many instruments are listed.
    pub fn len(&self) -> usize {
        self.listed.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }

    /// The instrument with this symbol.
    pub fn find(&self, symbol: &str) -> Option<InstrumentId> {
        self.by_name.get(symbol).copied()
    }

    /// The one instrument, if there is exactly one.
    pub fn only(&self) -> Option<InstrumentId> {
        (self.listed.len() == 1).then(|| InstrumentId::new(0))
    }

    /// The spec of an instrument.
    pub fn spec(&self, instrument: InstrumentId) -> Option<&InstrumentSpec> {
        self.listed(instrument).map(|listed| &listed.spec)
    }

    /// The id of the asset with this name, which is taken in if it is new: it has to be added in its turn.
    pub fn asset(&mut self, name: &str) -> AssetId {
        if let Some(id) = self.find_asset(name) {
            return id;
        }
        let name = name.to_owned();
        self.push_asset(AssetSpec { name, scale: 0 })
    }

    /// Takes in the asset that is added next. Its id is the number of those before it, as in the engine; `None` if a
    /// name was taken in before it that has to be added first.
    pub fn add_asset(&mut self, spec: &AssetSpec) -> Option<AssetId> {
        let id = match self.assets.get_mut(self.added) {
            Some(asset) if asset.spec.name == spec.name => {
                asset.spec.scale = spec.scale;
                AssetId::new(u32::try_from(self.added).ok()?)
            }
            Some(_) => return None,
            None => self.push_asset(spec.clone()),
        };
        self.added += 1;
        Some(id)
    }

    /// The names that were taken in and have to be added, in this order.
    pub fn assets_to_add(&self) -> impl Iterator<Item = &str> {
        self.assets[self.added..].iter().map(|asset| &*asset.spec.name)
    }

    /// How many assets have been named, added or not.
    pub fn asset_count(&self) -> usize {
        self.assets.len()
    }

    fn push_asset(&mut self, spec: AssetSpec) -> AssetId {
        let id =
            AssetId::new(u32::try_from(self.assets.len()).expect("fewer assets than 2^32 fit in memory"));
        self.asset_by_name.entry(spec.name.as_str().into()).or_insert(id);
        self.assets.push(Asset::new(spec));
        id
    }

    /// The asset with this name; the first, where several have it.
    pub fn find_asset(&self, name: &str) -> Option<AssetId> {
        self.asset_by_name.get(name).copied()
    }

    /// The name of an asset.
    pub fn asset_name(&self, asset: AssetId) -> Option<&str> {
        self.assets
            .get(asset.get() as usize)
            .map(|asset| &*asset.spec.name)
    }

    /// The assets that were added, by id.
    pub fn assets(&self) -> impl Iterator<Item = &AssetSpec> {
        self.assets[..self.added].iter().map(|asset| &asset.spec)
    }

    /// What is known of an asset that was added.
    pub fn asset_spec(&self, asset: AssetId) -> Option<&AssetSpec> {
        let added = self.assets[..self.added].get(asset.get() as usize);
        added.map(|asset| &asset.spec)
    }

    fn listed(&self, instrument: InstrumentId) -> Option<&Listed> {
        self.listed.get(instrument.get() as usize)
    }

    /// Writes an instrument's symbol as a JSON string, or `null` for an instrument that is not listed.
    pub fn write_symbol(&self, instrument: InstrumentId, out: &mut Vec<u8>) {
        match self.listed(instrument) {
            Some(listed) => out.extend_from_slice(&listed.symbol_json),
            None => out.extend_from_slice(b"null"),
        }
    }

    /// Writes an asset's name as a JSON string, or `null` for one that is not known.
    pub fn write_asset(&self, asset: AssetId, out: &mut Vec<u8>) {
        match self.assets.get(asset.get() as usize) {
            Some(asset) => out.extend_from_slice(&asset.name_json),
            None => out.extend_from_slice(b"null"),
        }
    }

    /// Writes an amount of an asset as a decimal, or `null` for an asset that was not added.
    pub fn write_amount(&self, asset: AssetId, amount: Amount, out: &mut Vec<u8>) {
        match self.asset_spec(asset) {
            Some(spec) => write_scaled(amount.units(), spec.scale.into(), out),
            None => out.extend_from_slice(b"null"),
        }
    }

    /// Writes a price of an instrument as a decimal, or `null` for an instrument that is not listed.
    pub fn write_price(&self, instrument: InstrumentId, price: Price, out: &mut Vec<u8>) {
        self.write_units(instrument, |listed| listed.tick, i128::from(price.ticks()), out);
    }

    /// Writes a quantity of an instrument as a decimal, or `null` for an instrument that is not listed.
    pub fn write_quantity(&self, instrument: InstrumentId, quantity: Qty, out: &mut Vec<u8>) {
        self.write_units(instrument, |listed| listed.lot, i128::from(quantity.lots()), out);
    }

    /// Writes a number of lots that may be negative.
    pub(crate) fn write_lots(&self, instrument: InstrumentId, lots: i64, out: &mut Vec<u8>) {
        self.write_units(instrument, |listed| listed.lot, i128::from(lots), out);
    }

    /// Writes a number of ticks that is a distance and no price.
    pub(crate) fn write_ticks(&self, instrument: InstrumentId, ticks: i128, out: &mut Vec<u8>) {
        self.write_units(instrument, |listed| listed.tick, ticks, out);
    }

    /// Writes a value in ticks times lots as a decimal, or `null` for an instrument that is not listed.
    pub fn write_notional(&self, instrument: InstrumentId, value: Notional, out: &mut Vec<u8>) {
        let Some(Listed { tick, lot, .. }) = self.listed(instrument) else {
            out.extend_from_slice(b"null");
            return;
        };
        // Only a value that no prices and quantities could give is too large here.
        let units = value
            .units()
            .saturating_mul(tick.mantissa)
            .saturating_mul(lot.mantissa);
        write_scaled(units, tick.scale + lot.scale, out);
    }

    fn write_units(
        &self,
        instrument: InstrumentId,
        unit: impl Fn(&Listed) -> Unit,
        count: i128,
        out: &mut Vec<u8>,
    ) {
        match self.listed(instrument) {
            Some(listed) => unit(listed).write(count, out),
            None => out.extend_from_slice(b"null"),
        }
    }
}
