//! What clients read, written by hand: exact decimals, no float, each message once.

use engine_core::data::{Candle, DepthLevel, DepthSnapshot, DepthUpdate, Interval, OrderState, OrderStatus};
use engine_core::data::{Ratio, Ticker, Trade};
use engine_core::{
    AccountId, CancelReason, InstrumentId, InstrumentSpec, Notional, OrderId, OrderType, Phase, Position,
    Price, Qty, Seq, TimeInForce, Timestamp,
};
use engine_wire::decimal::{self, write_integer, write_scaled};
use engine_wire::{ErrorCode, Object, Symbols, Word, write_text};

use super::fee::Fee;
use super::fill::{Fill, Liquidity};

/// Averages are told to this many decimal places.
const AVERAGE_PLACES: u32 = 8;
/// Percentages are told to this many decimal places.
const PERCENT_PLACES: u32 = 4;

/// An id, which is an opaque string to clients.
pub(crate) fn write_order_id(order: OrderId, out: &mut Vec<u8>) {
    out.push(b'"');
    write_integer(order.get(), out);
    out.push(b'"');
}

/// The id of one side's execution or of a trade: the place of the trade in the stream.
pub(crate) fn write_exec_id(seq: Seq, index: u32, out: &mut Vec<u8>) {
    out.push(b'"');
    write_integer(seq.get(), out);
    out.push(b'-');
    write_integer(u64::from(index), out);
    out.push(b'"');
}

/// An account's id, which is an opaque string to clients.
pub fn write_account_id(account: AccountId, out: &mut Vec<u8>) {
    out.push(b'"');
    write_integer(account.get(), out);
    out.push(b'"');
}

fn write_ratio(ratio: Option<Ratio>, places: u32, out: &mut Vec<u8>) {
    match ratio.and_then(|ratio| ratio.rounded(places)) {
        Some(value) => decimal::write(value, out),
        None => out.extend_from_slice(b"null"),
    }
}

/// Fields that need an instrument to be written.
pub(crate) struct Of<'a> {
    symbols: &'a Symbols,
    spec: &'a InstrumentSpec,
    instrument: InstrumentId,
}

impl<'a> Of<'a> {
    /// Everything about an instrument that is listed.
    pub(crate) fn new(symbols: &'a Symbols, instrument: InstrumentId) -> Option<Self> {
        let spec = symbols.spec(instrument)?;
        Some(Self {
            symbols,
            spec,
            instrument,
        })
    }

    fn symbol(&self, object: &mut Object<'_>) {
        self.symbols.write_symbol(self.instrument, object.key("symbol"));
    }

    fn price(&self, key: &'static str, price: Option<Price>, object: &mut Object<'_>) {
        match price {
            Some(price) => self.symbols.write_price(self.instrument, price, object.key(key)),
            None => object.null(key),
        }
    }

    fn quantity(&self, key: &'static str, quantity: Qty, object: &mut Object<'_>) {
        self.symbols
            .write_quantity(self.instrument, quantity, object.key(key));
    }

    fn volume(&self, key: &'static str, volume: engine_core::data::Volume, object: &mut Object<'_>) {
        match volume.decimal(self.spec.terms().lot) {
            Some(volume) => object.decimal(key, volume),
            None => object.null(key),
        }
    }

    /// An average in ticks as a price.
    fn average(&self, key: &'static str, ratio: Option<Ratio>, object: &mut Object<'_>) {
        let price = ratio.and_then(|ratio| ratio.times(self.spec.terms().tick));
        write_ratio(price, AVERAGE_PLACES, object.key(key));
    }

    fn fee(&self, fee: Fee, object: &mut Object<'_>) {
        fee.write(object.key("fee"));
    }

    fn levels(&self, key: &'static str, levels: &[DepthLevel], object: &mut Object<'_>) {
        let out = object.key(key);
        out.push(b'[');
        for (at, level) in levels.iter().enumerate() {
            out.extend_from_slice(if at == 0 { b"[" } else { b",[" });
            self.symbols.write_price(self.instrument, level.price, out);
            out.push(b',');
            self.symbols.write_quantity(self.instrument, level.quantity, out);
            out.push(b']');
        }
        out.push(b']');
    }

    /// An order as its owner sees it.
    pub(crate) fn order(&self, state: &OrderState, fee: Fee, out: &mut Vec<u8>) {
        let mut object = Object::new(out);
        write_order_id(state.order, object.key("order_id"));
        match &state.client_id {
            Some(name) => object.text("client_order_id", name.as_str()),
            None => object.null("client_order_id"),
        }
        self.symbol(&mut object);
        object.word("side", state.side.word());
        object.word("order_type", order_type(state.order_type));
        object.word("time_in_force", time_in_force(state.time_in_force));
        self.price("price", state.price, &mut object);
        self.quantity("quantity", state.quantity, &mut object);
        self.quantity("filled_quantity", state.filled, &mut object);
        self.quantity("remaining_quantity", state.remaining(), &mut object);
        self.average("average_price", state.average_price(), &mut object);
        object.word("status", status(state.status));
        if let Some(reason) = reason(state.status) {
            object.word("reason", reason);
        }
        if state.trigger.is_some() {
            self.price("stop_price", state.trigger, &mut object);
            object.boolean("triggered", state.is_triggered);
        }
        if let TimeInForce::Gtd(moment) = state.time_in_force {
            object.integer("expire_at", moment.millis());
        }
        self.fee(fee, &mut object);
        object.integer("created_at", state.created.millis());
        object.integer("updated_at", state.updated.millis());
        object.end();
    }

    /// A change of an order, for its owner.
    pub(crate) fn order_update(&self, state: &OrderState, fee: Fee, out: &mut Vec<u8>) {
        let mut object = Object::new(out);
        object.word("type", "OrderUpdate");
        self.order(state, fee, object.key("order"));
        object.word("reason", update_reason(state));
        object.end();
    }

    /// A fill, for the owner of the order.
    pub(crate) fn fill(&self, fill: &Fill, out: &mut Vec<u8>) {
        let mut object = Object::new(out);
        self.fill_fields(fill, &mut object);
        object.end();
    }

    fn fill_fields(&self, fill: &Fill, object: &mut Object<'_>) {
        write_exec_id(fill.seq, fill.index, object.key("exec_id"));
        write_order_id(fill.order, object.key("order_id"));
        self.symbol(object);
        object.word("side", fill.side.word());
        self.price("price", Some(fill.price), object);
        self.quantity("quantity", fill.quantity, object);
        if let Some(remaining) = fill.remaining {
            self.quantity("remaining_quantity", remaining, object);
        }
        self.fee(fill.fee, object);
        object.word(
            "liquidity",
            match fill.liquidity {
                Liquidity::Maker => "Maker",
                Liquidity::Taker => "Taker",
            },
        );
        object.integer("timestamp", fill.time.millis());
    }

    /// A fill of an account's own order, as a message.
    pub(crate) fn private_execution(&self, fill: &Fill, status_word: &'static str, out: &mut Vec<u8>) {
        let mut object = Object::new(out);
        object.word("type", "Execution");
        self.fill(fill, object.key("execution_report"));
        object.word("order_status", status_word);
        object.end();
    }

    /// A trade as everybody sees it; with a type it is a message.
    pub(crate) fn trade(&self, trade: &Trade, fee: Fee, message: Option<&'static str>, out: &mut Vec<u8>) {
        let mut object = Object::new(out);
        if let Some(message) = message {
            object.word("type", message);
        }
        self.symbol(&mut object);
        write_exec_id(trade.seq, trade.index, object.key("exec_id"));
        match trade.taker {
            Some(taker) => write_order_id(taker, object.key("order_id")),
            None => object.null("order_id"),
        }
        object.word("side", trade.taker_side.word());
        self.price("price", Some(trade.price), &mut object);
        self.quantity("quantity", trade.quantity, &mut object);
        self.fee(fee, &mut object);
        object.integer("timestamp", trade.time.millis());
        object.integer("sequence", trade.seq.get());
        object.end();
    }

    /// The book, as a body (without a type) or a message.
    pub(crate) fn book(&self, book: &DepthSnapshot, message: Option<&'static str>, out: &mut Vec<u8>) {
        let mut object = Object::new(out);
        if let Some(message) = message {
            object.word("type", message);
        }
        self.symbol(&mut object);
        self.levels("bids", &book.bids, &mut object);
        self.levels("asks", &book.asks, &mut object);
        object.integer("timestamp", book.time.millis());
        object.integer("sequence", book.sequence.get());
        object.end();
    }

    /// The levels of the book that have changed.
    pub(crate) fn depth_update(&self, update: &DepthUpdate, out: &mut Vec<u8>) {
        let mut object = Object::new(out);
        object.word("type", "DepthUpdate");
        self.symbol(&mut object);
        object.integer("first_sequence", update.first_sequence.get());
        object.integer("last_sequence", update.last_sequence.get());
        self.levels("bids", &update.bids, &mut object);
        self.levels("asks", &update.asks, &mut object);
        object.integer("timestamp", update.time.millis());
        object.end();
    }

    /// The last 24 hours, as a body or a message.
    pub(crate) fn statistics(&self, ticker: &Ticker, seq: Seq, message: bool, out: &mut Vec<u8>) {
        let summary = &ticker.summary;
        let mut object = Object::new(out);
        if message {
            object.word("type", "MarketStatistics");
        }
        self.symbol(&mut object);
        self.price("last_price", summary.last, &mut object);
        write_ratio(
            summary.change_percent(),
            PERCENT_PLACES,
            object.key("price_change_24h"),
        );
        self.volume("volume_24h", summary.volume, &mut object);
        self.symbols.write_notional(
            self.instrument,
            summary.quote_volume(),
            object.key("quote_volume_24h"),
        );
        self.price("high_24h", summary.high, &mut object);
        self.price("low_24h", summary.low, &mut object);
        self.price("open_24h", summary.open, &mut object);
        self.average("vwap_24h", summary.vwap(), &mut object);
        object.integer("trade_count_24h", summary.trade_count);
        self.price("best_bid", ticker.best_bid.map(|best| best.price), &mut object);
        self.price("best_ask", ticker.best_ask.map(|best| best.price), &mut object);
        object.integer("timestamp", summary.time.millis());
        object.integer("sequence", seq.get());
        object.end();
    }

    /// One candle.
    pub(crate) fn candle(&self, candle: &Candle, out: &mut Vec<u8>) {
        let mut object = Object::new(out);
        object.integer("open_time", candle.open_time.millis());
        object.integer("close_time", candle.close_time.millis());
        self.price("open", Some(candle.open), &mut object);
        self.price("high", Some(candle.high), &mut object);
        self.price("low", Some(candle.low), &mut object);
        self.price("close", Some(candle.close), &mut object);
        self.volume("volume", candle.volume, &mut object);
        object.integer("trade_count", candle.trade_count);
        object.end();
    }

    /// A candle that has changed or closed.
    pub(crate) fn candle_update(&self, interval: Interval, candle: &Candle, at: At, out: &mut Vec<u8>) {
        let mut object = Object::new(out);
        object.word("type", "CandlestickUpdate");
        self.symbol(&mut object);
        object.text("interval", &interval.to_string());
        self.candle(candle, object.key("candle"));
        object.boolean("is_closed", candle.is_closed(at.time));
        object.integer("sequence", at.seq.get());
        object.end();
    }

    /// What an account has bought and sold, and what that is worth at `mark`.
    pub(crate) fn position(
        &self,
        position: &Position,
        average: Option<Ratio>,
        mark: Option<Price>,
        unrealised: Option<Notional>,
        out: &mut Vec<u8>,
    ) {
        let notional = |key, value: Option<Notional>, object: &mut Object<'_>| match value {
            Some(value) => self
                .symbols
                .write_notional(self.instrument, value, object.key(key)),
            None => object.null(key),
        };
        let mut object = Object::new(out);
        self.symbol(&mut object);
        let lot = self.spec.terms().lot;
        let quantity = i128::from(position.quantity).saturating_mul(lot.mantissa());
        write_scaled(quantity, lot.scale(), object.key("quantity"));
        self.average("average_price", average, &mut object);
        self.price("mark_price", mark, &mut object);
        notional("realised_pnl", Some(position.realised), &mut object);
        notional("unrealised_pnl", unrealised, &mut object);
        object.end();
    }

    /// The newest trade as a price, for `/market/ticks`.
    pub(crate) fn tick(&self, trade: &Trade, out: &mut Vec<u8>) {
        let mut object = Object::new(out);
        self.price("price", Some(trade.price), &mut object);
        self.quantity("volume", trade.quantity, &mut object);
        object.integer("timestamp", trade.time.millis());
        object.end();
    }

    /// What is fixed about the instrument, and its phase.
    pub(crate) fn instrument(&self, phase: Phase, out: &mut Vec<u8>) {
        let terms = self.spec.terms();
        let mut object = Object::new(out);
        self.symbol(&mut object);
        for (key, asset) in [("base", terms.base), ("quote", terms.quote)] {
            match asset.and_then(|asset| self.symbols.asset_name(asset)) {
                Some(name) => object.text(key, name),
                None => object.null(key),
            }
        }
        object.decimal("tick", terms.tick);
        object.decimal("lot", terms.lot);
        object.decimal("min_quantity", self.spec.quantity_decimal(terms.min_quantity));
        object.decimal("max_quantity", self.spec.quantity_decimal(terms.max_quantity));
        object.decimal("min_notional", terms.min_notional.normalize());
        match terms.price_band_bps {
            Some(bps) => object.integer("price_band_bps", u64::from(bps)),
            None => object.null("price_band_bps"),
        }
        // Fees are millionths inside; a hundred of them are a basis point.
        write_scaled(i128::from(terms.maker_fee_ppm), 2, object.key("maker_fee_bps"));
        write_scaled(i128::from(terms.taker_fee_ppm), 2, object.key("taker_fee_bps"));
        object.word("phase", phase.word());
        object.end();
    }
}

/// A place in the stream and its time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct At {
    pub(crate) seq: Seq,
    pub(crate) time: Timestamp,
}

/// A text with its quotes.
pub fn text(value: &str, out: &mut Vec<u8>) {
    write_text(value, out);
}

fn order_type(order_type: OrderType) -> &'static str {
    match order_type {
        // By quantity or by value is said by the quantity.
        OrderType::MarketByQuote => OrderType::Market.word(),
        other => other.word(),
    }
}

fn time_in_force(time_in_force: TimeInForce) -> &'static str {
    match time_in_force {
        TimeInForce::Gtc => "GTC",
        TimeInForce::Ioc => "IOC",
        TimeInForce::Fok => "FOK",
        TimeInForce::Gtd(_) => "GTD",
        TimeInForce::Day => "DAY",
        TimeInForce::AtOpen => "ATO",
        TimeInForce::AtClose => "ATC",
    }
}

/// The protocol's word for where an order is in its life.
pub(crate) fn status(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::Pending => "Pending",
        OrderStatus::PartiallyFilled => "PartiallyFilled",
        OrderStatus::Filled => "Filled",
        OrderStatus::Cancelled(_) => "Cancelled",
        OrderStatus::Rejected(_) => "Rejected",
        OrderStatus::Expired => "Expired",
    }
}

/// Why an order is over, as one word.
fn reason(status: OrderStatus) -> Option<&'static str> {
    match status {
        OrderStatus::Cancelled(reason) => Some(reason.word()),
        OrderStatus::Rejected(reason) => Some(ErrorCode::from(reason).as_str()),
        _ => None,
    }
}

/// What happened to an order last, for people.
fn update_reason(state: &OrderState) -> &'static str {
    match state.status {
        OrderStatus::Pending if state.is_triggered => "Triggered",
        OrderStatus::Pending => "Accepted",
        OrderStatus::PartiallyFilled => "Partially filled",
        OrderStatus::Filled => "Filled",
        OrderStatus::Expired => "Expired",
        OrderStatus::Rejected(reason) => engine_wire::reject_message(reason, engine_wire::Language::English),
        OrderStatus::Cancelled(reason) => match reason {
            CancelReason::User => "Cancelled by user",
            CancelReason::IocRemainder => "Cancelled: not filled at once",
            CancelReason::FokKilled => "Cancelled: could not be filled whole",
            CancelReason::NoLiquidity => "Cancelled: nothing left to trade with",
            CancelReason::MinQuantity => "Cancelled: minimum quantity not reached",
            CancelReason::SelfTrade => "Cancelled: would have traded with the same account",
            CancelReason::MassCancel => "Cancelled by mass cancel",
            CancelReason::Disconnected => "Cancelled: connection lost",
            CancelReason::CancelAllAfter => "Cancelled by dead-man's switch",
            CancelReason::Killed => "Cancelled by kill switch",
            CancelReason::Linked => "Cancelled: linked order traded or ended",
            CancelReason::Closed => "Cancelled: market closed",
            CancelReason::VolatilityInterruption => "Cancelled: volatility interruption",
            CancelReason::PostOnly => "Cancelled: post-only order would trade at once",
            _ => "Cancelled",
        },
    }
}
