//! Events and answers as lines.

use std::io::{self, Write};

use engine_core::data::{Candle, Depth, DepthOrder, Interval, Ratio, Ticker, Volume};
use engine_core::{AccountId, AssetId, Balance, Event, InstrumentId, OrderRef, Price, Side, StateHash};
use engine_wire::{Object, Symbols, decimal, write_event};
use rust_decimal::Decimal;

use super::script::Refusal;

/// How much is gathered before it is written.
const BUFFER_BYTES: usize = 1 << 16;

/// To how many decimal places a quotient is rounded, unless the tick has nearly as many.
const QUOTIENT_PLACES: u32 = 8;

/// Writes one object a line, each led by the number of the input line that it is about.
pub(super) struct Printer {
    to: Box<dyn Write>,
    buffer: Vec<u8>,
}

impl Printer {
    pub(super) fn new(to: Box<dyn Write>) -> Self {
        Self {
            to,
            buffer: Vec::with_capacity(2 * BUFFER_BYTES),
        }
    }

    /// Writes everything that has been gathered.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.to.write_all(&self.buffer)?;
        self.buffer.clear();
        self.to.flush()
    }

    fn line(&mut self, number: u64, fields: impl FnOnce(&mut Object<'_>)) -> io::Result<()> {
        let mut object = Object::new(&mut self.buffer);
        object.integer("line", number);
        fields(&mut object);
        object.end();
        self.buffer.push(b'\n');
        if self.buffer.len() < BUFFER_BYTES {
            return Ok(());
        }
        self.to.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }

    pub(super) fn event(&mut self, number: u64, event: &Event, symbols: &Symbols) -> io::Result<()> {
        self.line(number, |object| write_event(event, symbols, object))
    }

    /// Says that a line about an order was refused.
    pub(super) fn refused(&mut self, number: u64, refusal: &Refusal) -> io::Result<()> {
        self.line(number, |object| {
            object.word("type", "Rejected");
            match refusal.order {
                OrderRef::Id(id) => object.integer("id", id.get()),
                OrderRef::Client(_, client_id) => object.text("client_order_id", client_id.as_str()),
            }
            object.word("reason", refusal.code.as_str());
            object.word("op", refusal.op.as_str());
        })
    }

    pub(super) fn book(
        &mut self,
        number: u64,
        instrument: InstrumentId,
        depth: Depth<'_>,
        levels: usize,
        symbols: &Symbols,
    ) -> io::Result<()> {
        self.line(number, |object| {
            object.word("type", "Book");
            symbols.write_symbol(instrument, object.key("symbol"));
            for (key, side) in [("bids", Side::Buy), ("asks", Side::Sell)] {
                write_levels(instrument, depth.orders(side), levels, symbols, object.key(key));
            }
        })
    }

    pub(super) fn candles(
        &mut self,
        number: u64,
        instrument: InstrumentId,
        interval: Interval,
        candles: impl Iterator<Item = Candle>,
        symbols: &Symbols,
    ) -> io::Result<()> {
        self.line(number, |object| {
            object.word("type", "Candles");
            symbols.write_symbol(instrument, object.key("symbol"));
            object.text("interval", &interval.to_string());
            let out = object.key("candles");
            out.push(b'[');
            for (index, candle) in candles.enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_candle(instrument, &candle, symbols, out);
            }
            out.push(b']');
        })
    }

    pub(super) fn statistics(
        &mut self,
        number: u64,
        instrument: InstrumentId,
        ticker: &Ticker,
        symbols: &Symbols,
    ) -> io::Result<()> {
        self.line(number, |object| {
            object.word("type", "Statistics");
            symbols.write_symbol(instrument, object.key("symbol"));
            write_ticker(instrument, ticker, symbols, object);
        })
    }

    pub(super) fn hash(&mut self, number: u64, hash: StateHash) -> io::Result<()> {
        self.line(number, |object| {
            object.word("type", "Hash");
            object.text("state_hash", &hash.to_string());
        })
    }

    /// What an account has of every asset, by their ids; nobody has what was collected in fees. Without accounts there
    /// are no assets.
    pub(super) fn balances(
        &mut self,
        number: u64,
        account: Option<AccountId>,
        has: impl Fn(AssetId) -> Balance,
        symbols: &Symbols,
    ) -> io::Result<()> {
        let assets = || {
            (0..)
                .map(AssetId::new)
                .take_while(|asset| symbols.asset_spec(*asset).is_some())
        };
        self.line(number, |object| {
            object.word("type", "Balances");
            object.integer("account", account.map_or(0, AccountId::get));
            let out = object.key("balances");
            out.push(b'[');
            for (index, asset) in assets().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_balance(asset, has(asset), symbols, out);
            }
            out.push(b']');
            if account.is_none() && assets().next().is_some() {
                let out = object.key("fees_collected");
                out.push(b'{');
                for (index, asset) in assets().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    symbols.write_asset(asset, out);
                    out.push(b':');
                    symbols.write_amount(asset, has(asset).total, out);
                }
                out.push(b'}');
            }
        })
    }
}

fn write_balance(asset: AssetId, balance: Balance, symbols: &Symbols, out: &mut Vec<u8>) {
    let mut object = Object::new(out);
    symbols.write_asset(asset, object.key("asset"));
    for (key, amount) in [
        ("total", balance.total),
        ("available", balance.available()),
        ("held", balance.held),
    ] {
        symbols.write_amount(asset, amount, object.key(key));
    }
    object.end();
}

/// Each level as its price, its visible quantity and the number of its orders, best first.
fn write_levels(
    instrument: InstrumentId,
    orders: impl Iterator<Item = DepthOrder>,
    levels_max: usize,
    symbols: &Symbols,
    out: &mut Vec<u8>,
) {
    let mut orders = orders.peekable();
    out.push(b'[');
    for index in 0..levels_max {
        let Some(first) = orders.next() else { break };
        let (mut quantity, mut count) = (first.quantity, 1);
        while let Some(next) = orders.next_if(|next| next.price == first.price) {
            quantity += next.quantity;
            count += 1;
        }
        out.extend_from_slice(if index > 0 { b",[" } else { b"[" });
        symbols.write_price(instrument, first.price, out);
        out.push(b',');
        symbols.write_quantity(instrument, quantity, out);
        out.push(b',');
        decimal::write_integer(count, out);
        out.push(b']');
    }
    out.push(b']');
}

fn write_candle(instrument: InstrumentId, candle: &Candle, symbols: &Symbols, out: &mut Vec<u8>) {
    let mut object = Object::new(out);
    object.integer("open_time", candle.open_time.millis());
    object.integer("close_time", candle.close_time.millis());
    for (key, price) in [
        ("open", candle.open),
        ("high", candle.high),
        ("low", candle.low),
        ("close", candle.close),
    ] {
        symbols.write_price(instrument, price, object.key(key));
    }
    write_volume(instrument, candle.volume, symbols, object.key("volume"));
    object.integer("trade_count", candle.trade_count);
    object.end();
}

fn write_ticker(instrument: InstrumentId, ticker: &Ticker, symbols: &Symbols, object: &mut Object<'_>) {
    let price = |price: Option<Price>, out: &mut Vec<u8>| match price {
        Some(price) => symbols.write_price(instrument, price, out),
        None => out.extend_from_slice(b"null"),
    };
    let tick = symbols
        .spec(instrument)
        .map(|spec| spec.terms().tick)
        .unwrap_or_default();
    let summary = &ticker.summary;
    price(summary.last, object.key("last_price"));
    write_quotient(
        summary.change_percent(),
        QUOTIENT_PLACES,
        object.key("price_change_24h"),
    );
    write_volume(instrument, summary.volume, symbols, object.key("volume_24h"));
    symbols.write_notional(instrument, summary.quote_volume(), object.key("quote_volume_24h"));
    price(summary.high, object.key("high_24h"));
    price(summary.low, object.key("low_24h"));
    price(summary.open, object.key("open_24h"));
    let vwap = summary.vwap().and_then(|ticks| ticks.times(tick));
    write_quotient(
        vwap,
        QUOTIENT_PLACES.max(tick.scale() + 2),
        object.key("vwap_24h"),
    );
    object.integer("trade_count_24h", summary.trade_count);
    price(ticker.best_bid.map(|best| best.price), object.key("best_bid"));
    price(ticker.best_ask.map(|best| best.price), object.key("best_ask"));
    object.integer("timestamp", summary.time.millis());
}

/// A sum over many trades, which may be more than a quantity can.
fn write_volume(instrument: InstrumentId, volume: Volume, symbols: &Symbols, out: &mut Vec<u8>) {
    let lot = symbols
        .spec(instrument)
        .map(|spec| spec.terms().lot)
        .unwrap_or_default();
    write_decimal(volume.decimal(lot), out);
}

fn write_quotient(quotient: Option<Ratio>, places: u32, out: &mut Vec<u8>) {
    write_decimal(quotient.and_then(|quotient| quotient.rounded(places)), out);
}

fn write_decimal(value: Option<Decimal>, out: &mut Vec<u8>) {
    match value {
        Some(value) => decimal::write(value, out),
        None => out.extend_from_slice(b"null"),
    }
}
