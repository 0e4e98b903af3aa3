//! A server that looks like an exchange from outside, and misbehaves as it is told.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, State};
use axum::http::header::{AUTHORIZATION, CONNECTION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::sync::{broadcast, watch};

/// How a server misbehaves.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Behaviour {
    /// From the order with this number on, nothing is answered for so long; `None` is for ever.
    pub(crate) stall: Option<(u64, Option<Duration>)>,
    /// Every so many-th order is refused.
    pub(crate) refuse_every: Option<u64>,
    /// Each answer ends its connection.
    pub(crate) closes: bool,
    /// After so many executions their stream is closed as too slow.
    pub(crate) executions_max: Option<u64>,
    /// Only requests with this token are taken.
    pub(crate) token: Option<&'static str>,
}

/// A server that runs until it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) shared: Arc<Shared>,
    _runtime: Runtime,
}

pub(crate) struct Shared {
    behaviour: Behaviour,
    orders: AtomicU64,
    pub(crate) bodies: Mutex<Vec<Value>>,
    pub(crate) mass_cancels: AtomicU64,
    /// How many orders had come when all were last cancelled.
    pub(crate) cancelled_after: AtomicU64,
    pub(crate) pongs: AtomicU64,
    /// When the stall ends; `true` then.
    stall_over: watch::Sender<bool>,
    is_stalling: AtomicU64,
    executions: broadcast::Sender<String>,
}

impl Server {
    pub(crate) fn start(behaviour: Behaviour) -> Self {
        let runtime = Runtime::new().expect("the system has threads");
        let shared = Arc::new(Shared {
            behaviour,
            orders: AtomicU64::new(0),
            bodies: Mutex::default(),
            mass_cancels: AtomicU64::new(0),
            cancelled_after: AtomicU64::new(0),
            pongs: AtomicU64::new(0),
            stall_over: watch::Sender::new(false),
            is_stalling: AtomicU64::new(0),
            executions: broadcast::Sender::new(10_000),
        });
        let app = Router::new()
            .route("/api/v1/symbols", get(symbols))
            .route("/api/v1/statistics/{symbol}", get(statistics))
            .route("/api/v1/order", post(order))
            .route("/api/v1/orders", axum::routing::delete(mass_cancel))
            .route("/ws", get(upgrade))
            .with_state(Arc::clone(&shared));
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .expect("there is a free port");
        let address = listener.local_addr().expect("it is bound");
        runtime.spawn(async move { axum::serve(listener, app).await });
        Self {
            address,
            shared,
            _runtime: runtime,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn orders(&self) -> u64 {
        self.shared.orders.load(Ordering::SeqCst)
    }
}

impl Shared {
    fn is_allowed(&self, headers: &HeaderMap) -> bool {
        let Some(token) = self.behaviour.token else {
            return true;
        };
        let sent = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        sent == Some(&format!("Bearer {token}"))
    }

    fn unauthorized() -> Response {
        let body = json!({"error": "UNAUTHORIZED", "message": "no"});
        (StatusCode::UNAUTHORIZED, Json(body)).into_response()
    }

    /// Holds an order back while the server stalls, which the one with the right number begins.
    async fn stall(&self, number: u64) {
        let Some((from, length)) = self.behaviour.stall else {
            return;
        };
        if number < from {
            return;
        }
        let mut over = self.stall_over.subscribe();
        let is_first = self.is_stalling.fetch_add(1, Ordering::SeqCst) == 0;
        match length {
            None => std::future::pending().await,
            Some(length) if is_first => {
                tokio::time::sleep(length).await;
                self.stall_over.send_replace(true);
            }
            Some(_) => drop(over.wait_for(|is_over| *is_over).await),
        }
    }
}

async fn symbols() -> Json<Value> {
    Json(json!([
        {"symbol": "BTC-KRW", "tick": 1000, "lot": 0.00000001, "min_notional": 5000, "phase": "continuous"},
        {"symbol": "AAPL", "tick": 0.01, "lot": 0.0001, "min_notional": 1, "phase": "continuous"},
    ]))
}

async fn statistics(Path(symbol): Path<String>) -> Json<Value> {
    let last = if symbol == "AAPL" {
        json!(200.05)
    } else {
        Value::Null
    };
    Json(json!({"symbol": symbol, "last_price": last}))
}

async fn order(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Json<Value>) -> Response {
    if !shared.is_allowed(&headers) {
        return Shared::unauthorized();
    }
    let number = shared.orders.fetch_add(1, Ordering::SeqCst);
    let is_taker = body["side"] == "Buy" && body["time_in_force"] == "GTC";
    shared.bodies.lock().expect("nobody panics here").push(body.0);
    shared.stall(number).await;
    if let Some(every) = shared.behaviour.refuse_every
        && number % every == 0
    {
        let body = json!({"error": "RATE_LIMITED", "message": "slower", "request_id": "1"});
        return (StatusCode::TOO_MANY_REQUESTS, Json(body)).into_response();
    }
    if is_taker {
        let report = json!({"order_id": format!("o-{number}"), "liquidity": "Taker"});
        // The tool may follow no executions.
        let _ = shared.executions.send(report.to_string());
    }
    let mut answer = (
        StatusCode::ACCEPTED,
        Json(json!({"order_id": format!("o-{number}"), "status": "ACCEPTED", "message": "x"})),
    )
        .into_response();
    if shared.behaviour.closes {
        answer
            .headers_mut()
            .insert(CONNECTION, "close".parse().expect("it is a header"));
    }
    answer
}

async fn mass_cancel(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    if !shared.is_allowed(&headers) {
        return Shared::unauthorized();
    }
    shared.mass_cancels.fetch_add(1, Ordering::SeqCst);
    let orders = shared.orders.load(Ordering::SeqCst);
    shared.cancelled_after.store(orders, Ordering::SeqCst);
    Json(json!({"cancelled": []})).into_response()
}

async fn upgrade(State(shared): State<Arc<Shared>>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(async move |socket| {
        // A connection that the tool closes is over.
        let _ = serve(socket, &shared).await;
    })
}

/// Answers what is asked, sends an order book whenever there is time, and executions to who has authenticated.
async fn serve(mut socket: WebSocket, shared: &Shared) -> Result<(), axum::Error> {
    let text = |value: Value| Message::text(value.to_string());
    socket
        .send(text(json!({"type": "Connected", "client_id": "x"})))
        .await?;
    let mut executions = shared.executions.subscribe();
    let mut books = tokio::time::interval(Duration::from_millis(20));
    let (mut follows_books, mut is_private, mut sent) = (false, false, 0);
    loop {
        tokio::select! {
            received = socket.recv() => {
                let Some(Ok(Message::Text(received))) = received else { return Ok(()) };
                let message: Value = serde_json::from_str(&received).expect("the tool sends JSON");
                let answer = match message["type"].as_str() {
                    Some("Authenticate") if message["token"].as_str() == shared.behaviour.token => "AuthenticateSuccess",
                    Some("Authenticate") => "Error",
                    Some("Subscribe") if message["channels"] == json!(["orderbook"]) => { follows_books = true; "SubscribeSuccess" }
                    Some("Subscribe") => { is_private = true; "SubscribeSuccess" }
                    _ => { shared.pongs.fetch_add(1, Ordering::SeqCst); continue }
                };
                // Written by hand: `type` stands first on the wire.
                socket.send(Message::text(format!(r#"{{"type":"{answer}"}}"#))).await?;
                socket.send(Message::text(r#"{"type":"Ping","timestamp":5}"#)).await?;
            }
            execution = executions.recv(), if is_private => {
                let report = execution.expect("the queue is long enough");
                sent += 1;
                if shared.behaviour.executions_max.is_some_and(|most| sent > most) {
                    let frame = CloseFrame { code: 4008, reason: "slow consumer".into() };
                    return socket.send(Message::Close(Some(frame))).await;
                }
                let message = format!(r#"{{"type":"Execution","execution_report":{report},"order_status":"Filled"}}"#);
                socket.send(Message::text(message)).await?;
            }
            _ = books.tick(), if follows_books => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_millis();
                // Half a second old, as if it had been on its way for that long.
                let then = now - 500;
                let message = format!(r#"{{"type":"OrderBookUpdate","symbol":"X","bids":[],"asks":[],"timestamp":{then},"sequence":1}}"#);
                socket.send(Message::text(message)).await?;
            }
        }
    }
}
