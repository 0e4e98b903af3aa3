//! Market data, for everybody.

use std::sync::Arc;

use axum::extract::{Path, State};
use engine_core::data::Interval;
use engine_core::{InstrumentId, Timestamp};
use engine_wire::{ErrorCode, Object};

use super::answer::Answer;
use super::failure::Failure;
use super::query::Query;
use super::schema;
use crate::app::App;
use crate::views::{BOOK_LEVELS_MAX, CANDLES_MAX, CandlesWanted, TRADES_MAX};

/// Every symbol with what is fixed about it, and its trading phase.
#[utoipa::path(get, path = "/symbols", tag = "market", responses(
    (status = 200, description = "the symbols", body = schema::Symbols)))]
pub(crate) async fn symbols(State(app): State<Arc<App>>, query: Query) -> Result<Answer, Failure> {
    query.allow(&[])?;
    app.catch_up().await;
    let mut out = Vec::new();
    let mut object = Object::new(&mut out);
    app.views.write_symbols(object.key("symbols"));
    app.config.simulated.write(object.key("simulated"));
    object.end();
    Ok(Answer::ok(out))
}

fn instrument(app: &App, symbol: &str) -> Result<InstrumentId, Failure> {
    Ok(app.views.instrument(symbol)?)
}

/// The best levels of the book.
#[utoipa::path(get, path = "/orderbook/{symbol}", tag = "market", params(("symbol" = String, Path), ("depth" = Option<usize>, Query, minimum = 1, maximum = 50)), responses(
    (status = 200, description = "the book", body = schema::BookAnswer),
    (status = "default", description = "refused", body = schema::Error)))]
pub(crate) async fn orderbook(
    State(app): State<Arc<App>>,
    Path(symbol): Path<String>,
    query: Query,
) -> Result<Answer, Failure> {
    query.allow(&["depth"])?;
    let instrument = instrument(&app, &symbol)?;
    let depth = query.count("depth", (10, BOOK_LEVELS_MAX), ErrorCode::InvalidDepth)?;
    app.catch_up().await;
    let mut out = Vec::with_capacity(64 * depth);
    app.views.write_book(instrument, depth, &mut out)?;
    Ok(Answer::ok(out))
}

/// Candles, oldest first.
#[utoipa::path(get, path = "/klines/{symbol}/{interval}", tag = "market", params(("symbol" = String, Path), ("interval" = String, Path), ("limit" = Option<usize>, Query, minimum = 1, maximum = 1000), ("start" = Option<u64>, Query), ("end" = Option<u64>, Query)), responses(
    (status = 200, description = "the candles", body = schema::Candles),
    (status = "default", description = "refused", body = schema::Error)))]
pub(crate) async fn klines(
    State(app): State<Arc<App>>,
    Path((symbol, interval)): Path<(String, String)>,
    query: Query,
) -> Result<Answer, Failure> {
    query.allow(&["limit", "start", "end"])?;
    let instrument = instrument(&app, &symbol)?;
    let interval = Interval::USUAL
        .into_iter()
        .find(|usual| usual.to_string() == interval)
        .ok_or(Failure::new(ErrorCode::InvalidInterval))?;
    let moment = |name| {
        let millis = query.number(name, ErrorCode::InvalidField)?;
        let moment = millis.map(|millis| Timestamp::from_millis(millis).ok_or(Failure::field(name)));
        moment.transpose()
    };
    let wanted = CandlesWanted {
        interval,
        limit: query.count("limit", (100, CANDLES_MAX), ErrorCode::InvalidLimit)?,
        from: moment("start")?,
        // The last moment is meant to be among them.
        until: moment("end")?.map(|end| end.saturating_add_nanos(1)),
    };
    app.catch_up().await;
    let mut out = Vec::new();
    app.views.write_candles(instrument, &wanted, &mut out)?;
    Ok(Answer::ok(out))
}

/// The newest trades, newest first.
#[utoipa::path(get, path = "/executions/{symbol}", tag = "market", params(("symbol" = String, Path), ("limit" = Option<usize>, Query, minimum = 1, maximum = 1000)), responses(
    (status = 200, description = "the trades", body = schema::Executions),
    (status = "default", description = "refused", body = schema::Error)))]
pub(crate) async fn executions(
    State(app): State<Arc<App>>,
    Path(symbol): Path<String>,
    query: Query,
) -> Result<Answer, Failure> {
    query.allow(&["limit"])?;
    let instrument = instrument(&app, &symbol)?;
    let limit = query.count("limit", (50, TRADES_MAX), ErrorCode::InvalidLimit)?;
    app.catch_up().await;
    let mut out = Vec::new();
    app.views.write_trades(instrument, limit, &mut out)?;
    Ok(Answer::ok(out))
}

/// What happened in the last 24 hours, exactly.
#[utoipa::path(get, path = "/statistics/{symbol}", tag = "market", params(("symbol" = String, Path)), responses(
    (status = 200, description = "the statistics", body = schema::Statistics),
    (status = "default", description = "refused", body = schema::Error)))]
pub(crate) async fn statistics(
    State(app): State<Arc<App>>,
    Path(symbol): Path<String>,
    query: Query,
) -> Result<Answer, Failure> {
    query.allow(&[])?;
    let instrument = instrument(&app, &symbol)?;
    app.catch_up().await;
    let mut out = Vec::new();
    app.views.write_statistics(instrument, &mut out)?;
    Ok(Answer::ok(out))
}

/// The newest trade of a symbol.
#[utoipa::path(get, path = "/market/ticks", tag = "market", params(("symbol" = String, Query)), responses(
    (status = 200, description = "the newest tick", body = schema::Tick),
    (status = "default", description = "refused", body = schema::Error)))]
pub(crate) async fn ticks(State(app): State<Arc<App>>, query: Query) -> Result<Answer, Failure> {
    query.allow(&["symbol"])?;
    let instrument = query.instrument(&app.views)?;
    let instrument = instrument.ok_or(Failure::new(ErrorCode::InvalidSymbol))?;
    app.catch_up().await;
    let mut out = Vec::new();
    match app.views.write_tick(instrument, &mut out)? {
        true => Ok(Answer::ok(out)),
        false => Err(Failure::text(
            ErrorCode::NotFound,
            "this symbol has not traded yet",
            "아직 체결된 적이 없는 종목입니다",
        )),
    }
}
