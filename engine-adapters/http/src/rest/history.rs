//! An account's orders and fills, at any time.

use std::sync::Arc;

use axum::extract::{Path, State};
use engine_wire::ErrorCode;

use super::answer::Answer;
use super::caller::Call;
use super::failure::Failure;
use super::orders::read_order_id;
use super::query::Query;
use super::schema;
use crate::app::App;
use crate::views::{FillCursor, OrderFilter, OrdersPage};

/// The usual size of a page, and the greatest.
const PAGE: (usize, usize) = (100, 1_000);

/// The state of an order, also of one that is over.
#[utoipa::path(get, path = "/order/{order_id}", tag = "orders", params(("order_id" = String, Path)), responses(
    (status = 200, description = "the order", body = schema::OrderState),
    (status = "default", description = "refused", body = schema::Error)), security(("bearer" = []), ("api_key" = [])))]
pub(crate) async fn order(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Answer, Failure> {
    let id = read_order_id(&id)?;
    app.catch_up().await;
    let state = app.views.order(call.caller.account, id)?;
    Ok(Answer::ok(
        state.ok_or(Failure::new(ErrorCode::OrderNotFound))?.into(),
    ))
}

/// The caller's orders, newest first.
#[utoipa::path(get, path = "/orders", tag = "orders", params(("symbol" = Option<String>, Query), ("status" = Option<String>, Query), ("limit" = Option<usize>, Query, minimum = 1, maximum = 1000), ("cursor" = Option<String>, Query)), responses(
    (status = 200, description = "a page of orders", body = schema::Orders),
    (status = "default", description = "refused", body = schema::Error)), security(("bearer" = []), ("api_key" = [])))]
pub(crate) async fn orders(State(app): State<Arc<App>>, query: Query, call: Call) -> Result<Answer, Failure> {
    query.allow(&["symbol", "status", "limit", "cursor"])?;
    let filter = match query.get("status").map(str::to_ascii_lowercase).as_deref() {
        None | Some("all") => OrderFilter::All,
        Some("open") => OrderFilter::Open,
        Some("closed") => OrderFilter::Closed,
        Some(_) => return Err(Failure::field("status")),
    };
    let page = page(&app, &query, &call)?;
    let cursor = query.number("cursor", ErrorCode::InvalidField)?;
    app.catch_up().await;
    let mut out = Vec::new();
    app.views.write_orders(&page, filter, cursor, &mut out)?;
    Ok(Answer::ok(out))
}

fn page(app: &App, query: &Query, call: &Call) -> Result<OrdersPage, Failure> {
    Ok(OrdersPage {
        account: call.caller.account,
        instrument: query.instrument(&app.views)?,
        limit: query.count("limit", PAGE, ErrorCode::InvalidLimit)?,
    })
}

/// The fills of an order, oldest first.
#[utoipa::path(get, path = "/order/{order_id}/fills", tag = "orders", params(("order_id" = String, Path)), responses(
    (status = 200, description = "the fills", body = schema::Fills),
    (status = "default", description = "refused", body = schema::Error)), security(("bearer" = []), ("api_key" = [])))]
pub(crate) async fn fills(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Answer, Failure> {
    let id = read_order_id(&id)?;
    app.catch_up().await;
    let mut out = Vec::new();
    let found = app.views.write_fills_of(call.caller.account, id, &mut out)?;
    found.ok_or(Failure::new(ErrorCode::OrderNotFound))?;
    Ok(Answer::ok(out))
}

/// The caller's fills, newest first.
#[utoipa::path(get, path = "/trades/history", tag = "orders", params(("symbol" = Option<String>, Query), ("limit" = Option<usize>, Query, minimum = 1, maximum = 1000), ("cursor" = Option<String>, Query)), responses(
    (status = 200, description = "a page of fills", body = schema::Fills),
    (status = "default", description = "refused", body = schema::Error)), security(("bearer" = []), ("api_key" = [])))]
pub(crate) async fn trades(State(app): State<Arc<App>>, query: Query, call: Call) -> Result<Answer, Failure> {
    query.allow(&["symbol", "limit", "cursor"])?;
    let page = page(&app, &query, &call)?;
    let cursor = query.get("cursor").map(str::parse::<FillCursor>).transpose();
    let cursor = cursor.map_err(|_| Failure::field("cursor"))?;
    app.catch_up().await;
    let mut out = Vec::new();
    app.views.write_history(&page, cursor, &mut out)?;
    Ok(Answer::ok(out))
}
