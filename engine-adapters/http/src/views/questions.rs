//! Questions about the market, each answered as a body.

use engine_core::data::{CandleIter, Interval};
use engine_core::{InstrumentId, Phase, Price, Side, Timestamp};
use engine_wire::decimal::write_integer;
use engine_wire::{Object, Symbols};

use super::core::{Core, public_fee};
use super::feed::Views;
use super::json::Of;

/// The most levels of a side that a book is asked for.
pub const BOOK_LEVELS_MAX: usize = 50;
/// The most candles that are kept and asked for.
pub const CANDLES_MAX: usize = 1_000;
/// The most trades that are kept and asked for.
pub const TRADES_MAX: usize = 1_000;

/// No instrument that is listed has this symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such symbol")]
pub struct NoSuchSymbol;

impl Core {
    fn listed<'a>(&self, symbols: &'a Symbols, instrument: InstrumentId) -> Result<Of<'a>, NoSuchSymbol> {
        let is_listed = self.projections.depth(instrument).is_some();
        Of::new(symbols, instrument)
            .filter(|_| is_listed)
            .ok_or(NoSuchSymbol)
    }

    fn phase(&self, instrument: InstrumentId) -> Phase {
        let phase = self.phases.get(instrument.get() as usize);
        phase.copied().unwrap_or_default()
    }
}

impl Views {
    /// The instrument with this symbol, if it is listed.
    ///
    /// # Errors
    /// When it is not.
    pub fn instrument(&self, symbol: &str) -> Result<InstrumentId, NoSuchSymbol> {
        self.symbols().find(symbol).ok_or(NoSuchSymbol)
    }

    /// The best displayed bid and ask of an instrument.
    pub fn best_prices(&self, instrument: InstrumentId) -> [Option<Price>; 2] {
        let core = self.core();
        let depth = core.projections.depth(instrument);
        Side::BOTH.map(|side| depth.and_then(|depth| depth.best(side)).map(|best| best.price))
    }

    /// The price of the newest trade of an instrument.
    pub fn last_price(&self, instrument: InstrumentId) -> Option<Price> {
        let mut core = self.core();
        let (_, newest) = core.projections.trades(instrument)?.newest().next()?;
        Some(newest.price)
    }

    /// Every instrument, as a list.
    pub fn write_symbols(&self, out: &mut Vec<u8>) {
        let core = self.core();
        let symbols = &core.symbols;
        out.push(b'[');
        let mut is_first = true;
        for instrument in core.projections.instruments() {
            let Some(of) = Of::new(symbols, instrument) else {
                continue;
            };
            if !std::mem::take(&mut is_first) {
                out.push(b',');
            }
            of.instrument(core.phase(instrument), out);
        }
        out.push(b']');
    }

    /// One instrument, as in the list of all.
    ///
    /// # Errors
    /// When it is not listed.
    pub fn write_symbol(&self, instrument: InstrumentId, out: &mut Vec<u8>) -> Result<(), NoSuchSymbol> {
        let core = self.core();
        let of = core.listed(&core.symbols, instrument)?;
        of.instrument(core.phase(instrument), out);
        Ok(())
    }

    /// The best `levels` levels of each side: `{"orderbook":{…}}`.
    ///
    /// # Errors
    /// When the instrument is not listed.
    pub fn write_book(
        &self,
        instrument: InstrumentId,
        levels: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), NoSuchSymbol> {
        let core = self.core();
        let of = core.listed(&core.symbols, instrument)?;
        let depth = core.projections.depth(instrument).ok_or(NoSuchSymbol)?;
        out.extend_from_slice(b"{\"orderbook\":");
        of.book(&depth.snapshot(levels), None, out);
        out.push(b'}');
        Ok(())
    }

    /// Candles, oldest first: those that open within `from..until`, of more than `limit` the newest.
    ///
    /// # Errors
    /// When the instrument is not listed.
    pub fn write_candles(
        &self,
        instrument: InstrumentId,
        wanted: &CandlesWanted,
        out: &mut Vec<u8>,
    ) -> Result<(), NoSuchSymbol> {
        let mut core = self.core();
        let core = &mut *core;
        let symbols = std::sync::Arc::clone(&core.symbols);
        let of = core.listed(&symbols, instrument)?;
        let candles = core.projections.candles(instrument).ok_or(NoSuchSymbol)?;
        let found: CandleIter<'_> = match (wanted.from, wanted.until) {
            (None, None) => candles.newest(wanted.interval, wanted.limit),
            (from, until) => {
                let until = until.unwrap_or(Timestamp::from_nanos(u64::MAX));
                candles.between(wanted.interval, from.unwrap_or_default()..until)
            }
        };
        let count = found.size_hint().1.unwrap_or(usize::MAX);
        // A beginning that was asked for is kept, an end that was asked for alone is counted from.
        let skipped = if wanted.from.is_some() {
            0
        } else {
            count.saturating_sub(wanted.limit)
        };
        let mut object = Object::new(out);
        symbols.write_symbol(instrument, object.key("symbol"));
        object.text("interval", &wanted.interval.to_string());
        let list = object.key("candles");
        list.push(b'[');
        for (at, candle) in found.skip(skipped).take(wanted.limit).enumerate() {
            if at > 0 {
                list.push(b',');
            }
            of.candle(&candle, list);
        }
        list.push(b']');
        object.end();
        Ok(())
    }

    /// The newest trades, newest first: `{"symbol","executions":[…]}`.
    ///
    /// # Errors
    /// When the instrument is not listed.
    pub fn write_trades(
        &self,
        instrument: InstrumentId,
        limit: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), NoSuchSymbol> {
        let mut core = self.core();
        let symbols = std::sync::Arc::clone(&core.symbols);
        let of = core.listed(&symbols, instrument)?;
        let trades = core.projections.trades(instrument).ok_or(NoSuchSymbol)?;
        let mut object = Object::new(out);
        symbols.write_symbol(instrument, object.key("symbol"));
        let list = object.key("executions");
        list.push(b'[');
        for (at, (_, trade)) in trades.newest().take(limit).enumerate() {
            if at > 0 {
                list.push(b',');
            }
            let fee = public_fee(&symbols, instrument, trade);
            of.trade(trade, fee, None, list);
        }
        list.push(b']');
        object.end();
        Ok(())
    }

    /// The last 24 hours.
    ///
    /// # Errors
    /// When the instrument is not listed.
    pub fn write_statistics(&self, instrument: InstrumentId, out: &mut Vec<u8>) -> Result<(), NoSuchSymbol> {
        let mut core = self.core();
        let symbols = std::sync::Arc::clone(&core.symbols);
        let of = core.listed(&symbols, instrument)?;
        let seq = core.seq();
        let ticker = core.projections.ticker(instrument).ok_or(NoSuchSymbol)?;
        of.statistics(&ticker, seq, false, out);
        Ok(())
    }

    /// The newest trade as `{price, volume, timestamp}`; false where there has been none.
    ///
    /// # Errors
    /// When the instrument is not listed.
    pub fn write_tick(&self, instrument: InstrumentId, out: &mut Vec<u8>) -> Result<bool, NoSuchSymbol> {
        let mut core = self.core();
        let symbols = std::sync::Arc::clone(&core.symbols);
        let of = core.listed(&symbols, instrument)?;
        let trades = core.projections.trades(instrument).ok_or(NoSuchSymbol)?;
        let Some((_, newest)) = trades.newest().next() else {
            return Ok(false);
        };
        of.tick(newest, out);
        Ok(true)
    }
}

/// Which candles are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CandlesWanted {
    /// How long each is.
    pub interval: Interval,
    /// How many at most.
    pub limit: usize,
    /// The first moment at which one may open.
    pub from: Option<Timestamp>,
    /// The first moment at which none may open any more.
    pub until: Option<Timestamp>,
}

/// A whole number as a text.
pub(super) fn push_number(number: u64, out: &mut Vec<u8>) {
    write_integer(number, out);
}
