//! Orders: placing, cancelling, changing.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Path, State};
use engine_core::{
    AccountId, Amend, Cancel, CancelAllAfter, CancelReason, ClientOrderId, Command, Event, MassCancel,
    MassCancelCause, OrderId, OrderRef, Place, RejectReason, Side,
};
use engine_runtime::{Answer as Reply, Outcome};
use engine_wire::{
    AmendRequest, ErrorCode, Object, OrderListRequest, OrderRequest, Placement, RequestError, Symbols, Word,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::answer::Answer;
use super::caller::{Call, object};
use super::failure::Failure;
use super::query::Query;
use super::schema;
use crate::app::App;
use crate::limits::Kind;
use crate::metrics::OrderOutcome;

/// The most orders of a batch.
const BATCH_MAX: usize = 100;

/// Takes an order. `202` means that it is sequenced and, unless the server is told otherwise, on disk.
#[utoipa::path(post, path = "/order", tag = "orders", request_body = schema::OrderRequest, responses(
    (status = 202, description = "accepted", body = schema::Ack),
    (status = "default", description = "refused", body = schema::Error)), security(("bearer" = []), ("api_key" = [])))]
pub(crate) async fn submit(State(app): State<Arc<App>>, call: Call) -> Result<Answer, Failure> {
    place(&app, &call, &call.body).await
}

/// The whole way of one order, for the router and for the short way past it.
pub(crate) async fn place(app: &App, call: &Call, body: &[u8]) -> Result<Answer, Failure> {
    call.may_trade()?;
    let received = Instant::now();
    let place = read_place(app, call, super::caller::text(body)?)?;
    let name = place.client_id;
    let ticket = app.engine.submit(Command::Place(place))?;
    let outcome = ticket.await;
    let answered = noted(app, &place, outcome, received);
    let mut out = Vec::with_capacity(128);
    write_ack(answered?, name.as_ref(), &mut out);
    Ok(Answer::accepted(out))
}

/// What a body asks for, as a command.
fn read_place(app: &App, call: &Call, body: &str) -> Result<Place, Failure> {
    let symbols = app.views.symbols();
    let request = OrderRequest::read(body)?;
    let mut place = placed(app, &symbols, call.caller.account, &request)?;
    if let (None, Some(key)) = (place.client_id, &call.key) {
        place.client_id = ClientOrderId::new(key).ok();
    }
    Ok(place)
}

fn placed(
    app: &App,
    symbols: &Symbols,
    account: AccountId,
    request: &OrderRequest<'_>,
) -> Result<Place, Failure> {
    Ok(request.place(&placement(app, symbols, account, request)?)?)
}

fn placement<'s>(
    app: &App,
    symbols: &'s Symbols,
    account: AccountId,
    request: &OrderRequest<'_>,
) -> Result<Placement<'s>, Failure> {
    let symbol = request.symbol.as_deref();
    let symbol = symbol.ok_or(Failure::new(ErrorCode::InvalidSymbol))?;
    let instrument = symbols.find(symbol).ok_or(RequestError::UnknownSymbol)?;
    let spec = symbols.spec(instrument).ok_or(RequestError::UnknownSymbol)?;
    Ok(Placement {
        account: Some(account),
        self_trade: app.config.self_trade,
        // The id is the engine's: it follows from the order's place in the stream.
        ..Placement::new(instrument, spec, OrderId::new(0))
    })
}

/// The id of an order that was taken, now or the first time that it was asked for.
fn acked(outcome: Outcome) -> Result<OrderId, Failure> {
    let reply = outcome?;
    let Some(first) = reply.first() else {
        return Err(Failure::new(ErrorCode::DuplicateClientOrderId));
    };
    match (first.rejected, first.order()) {
        (Some(reason), _) => Err(Failure::reject(reason)),
        (None, Some(order)) => Ok(order),
        (None, None) => Err(Failure::new(ErrorCode::Internal)),
    }
}

/// The answer to an order that was submitted, counted and timed.
fn noted(app: &App, place: &Place, outcome: Outcome, received: Instant) -> Result<OrderId, Failure> {
    app.metrics.acked(received.elapsed());
    if let Ok(Reply::Done(done)) = &outcome {
        app.views.note_order(done.seq(), received);
    }
    let answered = acked(outcome);
    app.metrics
        .order(place.instrument, place.side, OrderOutcome::of(&answered));
    answered
}

fn write_ack(order: OrderId, name: Option<&ClientOrderId>, out: &mut Vec<u8>) {
    let mut object = Object::new(out);
    write_id(order, object.key("order_id"));
    if let Some(name) = name {
        object.text("client_order_id", name.as_str());
    }
    object.word("status", "ACCEPTED");
    object.word("message", "order accepted");
    object.end();
}

fn write_id(order: OrderId, out: &mut Vec<u8>) {
    out.push(b'"');
    engine_wire::decimal::write_integer(order.get(), out);
    out.push(b'"');
}

/// A batch as an object; as an array it needs no name.
#[derive(Deserialize)]
struct Batch<'a> {
    #[serde(borrow)]
    orders: Vec<&'a RawValue>,
}

fn batch_bodies(text: &str) -> Result<Vec<&str>, Failure> {
    let bodies = match text.trim_start().starts_with('{') {
        true => {
            let batch: Batch<'_> = object(text.as_bytes())?;
            batch.orders.into_iter().map(RawValue::get).collect()
        }
        false => engine_wire::objects(text).map_err(RequestError::from)?,
    };
    match bodies.len() {
        1..=BATCH_MAX => Ok(bodies),
        _ => Err(Failure::text(
            ErrorCode::InvalidField,
            "a batch has 1 to 100 orders",
            "한 번에 1~100개의 주문을 보낼 수 있습니다",
        )),
    }
}

/// Takes up to 100 orders; each is accepted or refused by itself.
#[utoipa::path(post, path = "/orders", tag = "orders", request_body = Vec<schema::OrderRequest>, responses(
    (status = 200, description = "for each order in order its ack or its error", body = Vec<schema::Ack>),
    (status = "default", description = "refused", body = schema::Error)), security(("bearer" = []), ("api_key" = [])))]
pub(crate) async fn submit_batch(State(app): State<Arc<App>>, call: Call) -> Result<Answer, Failure> {
    app.idempotency.once("orders", &call, || batch(&app, &call)).await
}

async fn batch(app: &App, call: &Call) -> Result<Answer, Failure> {
    call.may_trade()?;
    let received = Instant::now();
    let bodies = batch_bodies(call.text()?)?;
    // One was taken when the call came.
    let more = u32::try_from(bodies.len() - 1).unwrap_or(u32::MAX);
    call.context.admit(app, Some(&call.caller), Kind::Orders, more)?;
    let symbols = app.views.symbols();
    let read: Vec<Result<Place, Failure>> = bodies
        .into_iter()
        .enumerate()
        .map(|(at, body)| {
            let request = OrderRequest::read(body)?;
            let mut place = placed(app, &symbols, call.caller.account, &request)?;
            place.client_id = place.client_id.or_else(|| call.order_name("orders", at));
            Ok(place)
        })
        .collect();
    let commands: Vec<Command> = read
        .iter()
        .flatten()
        .map(|place| Command::Place(*place))
        .collect();
    let mut outcomes = app.engine.submit_all(commands)?.await.into_iter();
    let mut out = vec![b'['];
    for (at, place) in read.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        let acked = place.and_then(|place| {
            let outcome = outcomes.next().ok_or(Failure::new(ErrorCode::Internal))?;
            Ok((noted(app, &place, outcome, received)?, place.client_id))
        });
        match acked {
            Ok((order, name)) => write_ack(order, name.as_ref(), &mut out),
            Err(failure) => failure.write(call.context.language, call.context.id(), &mut out),
        }
    }
    out.push(b']');
    Ok(Answer::ok(out))
}

/// Takes linked orders: all of them or none.
#[utoipa::path(post, path = "/order-list", tag = "orders", request_body = schema::OrderList, responses(
    (status = 202, description = "accepted", body = schema::OrderListAck),
    (status = "default", description = "refused", body = schema::Error)), security(("bearer" = []), ("api_key" = [])))]
pub(crate) async fn submit_list(State(app): State<Arc<App>>, call: Call) -> Result<Answer, Failure> {
    app.idempotency
        .once("order-list", &call, || list(&app, &call))
        .await
}

async fn list(app: &App, call: &Call) -> Result<Answer, Failure> {
    call.may_trade()?;
    let symbols = app.views.symbols();
    let request = OrderListRequest::read(call.text()?)?;
    let placements = request
        .orders
        .iter()
        .map(|order| placement(app, &symbols, call.caller.account, order))
        .collect::<Result<Vec<_>, _>>()?;
    let mut linked = request.linked(|index| placements[index])?;
    for (at, order) in linked.orders.iter_mut().enumerate() {
        order.client_id = order.client_id.or_else(|| call.order_name("order-list", at));
    }
    let names: Vec<_> = linked.orders.iter().map(|order| order.client_id).collect();
    let reply = app.engine.submit(Command::PlaceLinked(Box::new(linked)))?.await?;
    let first = reply
        .first()
        .ok_or(Failure::new(ErrorCode::DuplicateClientOrderId))?;
    if let Some(reason) = first.rejected {
        return Err(Failure::reject(reason));
    }
    let mut out = Vec::new();
    let mut object = Object::new(&mut out);
    write_id(OrderId::new(first.seq.get()), object.key("order_list_id"));
    object.word("status", "ACCEPTED");
    let list = object.key("orders");
    list.push(b'[');
    for (at, (order, name)) in first.orders().iter().zip(&names).enumerate() {
        if at > 0 {
            list.push(b',');
        }
        write_ack(*order, name.as_ref(), list);
    }
    list.push(b']');
    object.end();
    Ok(Answer::accepted(out))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CancelBody {
    order_id: Option<String>,
    client_order_id: Option<String>,
}

/// Cancels an order by its id or its owner's own name for it, and says how it ended.
#[utoipa::path(post, path = "/order/cancel", tag = "orders", request_body = schema::CancelRequest, responses(
    (status = 200, description = "cancelled", body = schema::OrderState),
    (status = "default", description = "refused", body = schema::Error)), security(("bearer" = []), ("api_key" = [])))]
pub(crate) async fn cancel(State(app): State<Arc<App>>, call: Call) -> Result<Answer, Failure> {
    app.idempotency
        .once("order/cancel", &call, || cancel_named(&app, &call))
        .await
}

async fn cancel_named(app: &App, call: &Call) -> Result<Answer, Failure> {
    let body: CancelBody = object(&call.body)?;
    let account = call.caller.account;
    let order = match (body.order_id, body.client_order_id) {
        (Some(id), None) => OrderRef::Id(read_order_id(&id)?),
        (None, Some(name)) => {
            let name = ClientOrderId::new(&name);
            OrderRef::Client(
                account,
                name.map_err(|_| Failure::new(ErrorCode::InvalidClientOrderId))?,
            )
        }
        _ => {
            return Err(Failure::text(
                ErrorCode::InvalidField,
                "either order_id or client_order_id is needed",
                "order_id와 client_order_id 중 하나가 필요합니다",
            ));
        }
    };
    cancelled(app, account, order).await
}

/// Cancels an order, and says how it ended.
#[utoipa::path(delete, path = "/order/{order_id}", tag = "orders", params(("order_id" = String, Path)), responses(
    (status = 200, description = "cancelled", body = schema::OrderState),
    (status = "default", description = "refused", body = schema::Error)), security(("bearer" = []), ("api_key" = [])))]
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Answer, Failure> {
    let order = OrderRef::Id(read_order_id(&id)?);
    cancelled(&app, call.caller.account, order).await
}

/// An id that was never handed out is that of no order.
pub(crate) fn read_order_id(text: &str) -> Result<OrderId, Failure> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    let id = text.parse().ok().filter(|_| is_plain);
    id.map(OrderId::new).ok_or(Failure::new(ErrorCode::OrderNotFound))
}

async fn cancelled(app: &App, account: AccountId, order: OrderRef) -> Result<Answer, Failure> {
    let command = Command::Cancel(Cancel {
        order,
        account: Some(account),
    });
    let reply = app.engine.submit(command)?.await?;
    // What was due before the command, an expiry say, comes before it among the events.
    let ended = reply.events().iter().find_map(|event| match *event {
        Event::Cancelled {
            order,
            account: owner,
            reason: CancelReason::User,
            ..
        } if owner == Some(account) => Some(Ok(order)),
        Event::Rejected { reason, .. } => Some(Err(reason)),
        _ => None,
    });
    match ended {
        Some(Ok(id)) => state_after(app, account, id, &reply).await,
        Some(Err(RejectReason::OrderNotFound)) => Err(not_live(app, account, order).await?),
        Some(Err(reason)) => Err(Failure::reject(reason)),
        None => Err(Failure::new(ErrorCode::Internal)),
    }
}

/// Whether an order that is not live is over or was never there.
async fn not_live(app: &App, account: AccountId, order: OrderRef) -> Result<Failure, Failure> {
    app.catch_up().await;
    let is_over = match order {
        OrderRef::Id(id) => app.views.is_closed(account, id)?.is_some(),
        OrderRef::Client(_, name) => app.views.named(account, &name)?.is_some(),
    };
    Ok(Failure::new(match is_over {
        true => ErrorCode::OrderClosed,
        false => ErrorCode::OrderNotFound,
    }))
}

/// The state of an order after a command about it.
async fn state_after(
    app: &App,
    account: AccountId,
    order: OrderId,
    reply: &Reply,
) -> Result<Answer, Failure> {
    if let Reply::Done(done) = reply {
        app.views.wait_for(done.seq()).await;
    }
    let state = app.views.order(account, order)?;
    let state = state.ok_or(Failure::new(ErrorCode::Internal))?;
    Ok(Answer::ok(state.into()))
}

/// Changes an order's price, its total quantity, or both.
#[utoipa::path(patch, path = "/order/{order_id}", tag = "orders", params(("order_id" = String, Path)), request_body = schema::AmendRequest, responses(
    (status = 200, description = "changed", body = schema::OrderState),
    (status = "default", description = "refused", body = schema::Error)), security(("bearer" = []), ("api_key" = [])))]
pub(crate) async fn amend(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Answer, Failure> {
    call.may_trade()?;
    let (account, id) = (call.caller.account, read_order_id(&id)?);
    let request = AmendRequest::read(call.text()?)?;
    app.catch_up().await;
    let Some(instrument) = app.views.instrument_of(account, id) else {
        return Err(not_live(&app, account, OrderRef::Id(id)).await?);
    };
    let symbols = app.views.symbols();
    let spec = symbols.spec(instrument).ok_or(RequestError::UnknownSymbol)?;
    let (price, quantity) = request.terms(spec)?;
    let command = Command::Amend(Amend {
        order: OrderRef::Id(id),
        account: Some(account),
        price,
        quantity,
    });
    let reply = app.engine.submit(command)?.await?;
    let refused = reply.events().iter().find_map(|event| match event {
        Event::Rejected { reason, .. } => Some(*reason),
        _ => None,
    });
    match refused {
        None => state_after(&app, account, id, &reply).await,
        Some(RejectReason::OrderNotFound) => Err(not_live(&app, account, OrderRef::Id(id)).await?),
        Some(reason) => Err(Failure::reject(reason)),
    }
}

/// Cancels all of the caller's open orders, or those of a symbol or a side.
#[utoipa::path(delete, path = "/orders", tag = "orders", params(("symbol" = Option<String>, Query), ("side" = Option<String>, Query)), responses(
    (status = 200, description = "the ids of what was cancelled", body = schema::Cancelled),
    (status = "default", description = "refused", body = schema::Error)), security(("bearer" = []), ("api_key" = [])))]
pub(crate) async fn mass_cancel(
    State(app): State<Arc<App>>,
    query: Query,
    call: Call,
) -> Result<Answer, Failure> {
    query.allow(&["symbol", "side"])?;
    let instrument = query.instrument(&app.views)?;
    let side = query.get("side").map(|side| {
        let side = Side::read(side);
        side.ok_or(Failure::new(ErrorCode::InvalidSide))
    });
    let wanted = MassCancel {
        account: Some(call.caller.account),
        instrument,
        side: side.transpose()?,
        cause: MassCancelCause::Asked,
    };
    cancel_all(&app, wanted).await
}

/// Cancels what matches, and says what it was.
pub(crate) async fn cancel_all(app: &App, wanted: MassCancel) -> Result<Answer, Failure> {
    let reply = app.engine.submit(Command::MassCancel(wanted))?.await?;
    let mut out = Vec::new();
    let mut object = Object::new(&mut out);
    let list = object.key("cancelled");
    list.push(b'[');
    let mut is_first = true;
    for event in reply.events() {
        match *event {
            Event::Cancelled { order, account, .. } if account == wanted.account => {
                if !std::mem::take(&mut is_first) {
                    list.push(b',');
                }
                write_id(order, list);
            }
            Event::Rejected { reason, .. } => return Err(Failure::reject(reason)),
            _ => {}
        }
    }
    list.push(b']');
    object.end();
    Ok(Answer::ok(out))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CancelAfterBody {
    timeout_ms: u64,
}

/// Arms the dead-man's switch: unless it is armed again in time, all orders of the account are cancelled. 0 disarms.
#[utoipa::path(post, path = "/orders/cancel-after", tag = "orders", request_body = schema::CancelAfter, responses(
    (status = 200, description = "when it will fire", body = schema::Deadline),
    (status = "default", description = "refused", body = schema::Error)), security(("bearer" = []), ("api_key" = [])))]
pub(crate) async fn cancel_after(State(app): State<Arc<App>>, call: Call) -> Result<Answer, Failure> {
    app.idempotency
        .once("orders/cancel-after", &call, || arm(&app, &call))
        .await
}

async fn arm(app: &App, call: &Call) -> Result<Answer, Failure> {
    let body: CancelAfterBody = object(&call.body)?;
    let timeout_ns = body
        .timeout_ms
        .checked_mul(1_000_000)
        .ok_or(Failure::field("timeout_ms"))?;
    let command = Command::CancelAllAfter(CancelAllAfter {
        account: call.caller.account,
        timeout_ns: Some(timeout_ns).filter(|timeout| *timeout > 0),
    });
    let reply = app.engine.submit(command)?.await?;
    let deadline = reply.events().iter().find_map(|event| match *event {
        Event::CancelAllArmed { deadline, .. } => Some(Ok(deadline)),
        Event::Rejected { reason, .. } => Some(Err(reason)),
        _ => None,
    });
    let deadline = match deadline {
        Some(Ok(deadline)) => deadline,
        Some(Err(reason)) => return Err(Failure::reject(reason)),
        None => None,
    };
    let mut out = Vec::new();
    let mut object = Object::new(&mut out);
    match deadline {
        Some(deadline) => object.integer("deadline", deadline.millis()),
        None => object.null("deadline"),
    }
    object.end();
    Ok(Answer::ok(out))
}
