//! R25: clients that subscribe and never read.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use engine_http::hub::HubOptions;
use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::support::{Client, Exchange, Wish, order, within};
use crate::{alone, until_metric};

/// So many listen to events and never read, as many to states; twice as many read.
const COUNT: usize = 100;

/// What the systems of clients take: of those who never read, and of those who do.
const SMALL: u32 = 4 << 10;
const LARGE: u32 = 256 << 10;

/// What may wait for a client in the server: less than usual, so that it comes to that soon.
const BURST_BYTES: usize = 64 << 10;

/// How many commands who reads may be behind before more come.
const SLACK: u64 = 2_000;

/// A client whose system takes this much that it does not read.
async fn subscribed(exchange: &Exchange, channel: &str, buffer: u32) -> WebSocketStream<TcpStream> {
    let socket = TcpSocket::new_v4().expect("there are sockets");
    socket.set_recv_buffer_size(buffer).expect("it may be as large");
    let stream = socket.connect(exchange.ws).await.expect("the server listens");
    let (mut socket, _) = client_async(format!("ws://{}/ws", exchange.ws), stream)
        .await
        .expect("it is upgraded");
    let subscribe = format!(r#"{{"type":"Subscribe","channels":["{channel}"],"symbols":["X"]}}"#);
    socket.send(Message::text(subscribe)).await.expect("it is open");
    while !text(&mut socket).await.contains("SubscribeSuccess") {}
    socket
}

async fn text(socket: &mut WebSocketStream<TcpStream>) -> String {
    let message = within(socket.next()).await.expect("it is open").expect("a frame");
    message.into_text().expect("frames are text").to_string()
}

fn number(message: &str, key: &str) -> u64 {
    let (_, rest) = message.split_once(key).expect("the message has it");
    let digits = rest.split(|sign: char| !sign.is_ascii_digit()).next();
    digits.and_then(|digits| digits.parse().ok()).expect("a number")
}

/// Reads until the end is told, and misses nothing. `read` says how far it is.
async fn follow(mut socket: WebSocketStream<TcpStream>, read: Arc<AtomicU64>) -> usize {
    let (mut last, mut count) = (0, 0);
    loop {
        let update = text(&mut socket).await;
        if update.contains(r#""type":"Ping""#) {
            let pong = Message::text(r#"{"type":"Pong","timestamp":1}"#);
            socket.send(pong).await.expect("it is open");
            continue;
        }
        let first = number(&update, r#""first_sequence":"#);
        assert!(
            last == 0 || first == last + 1,
            "a change is missing before {first}"
        );
        last = number(&update, r#""last_sequence":"#);
        count += 1;
        read.store(last, Ordering::Relaxed);
        if update.contains("[[777,") {
            return count;
        }
    }
}

/// Waits until everybody who reads is nearly where the book is.
async fn catch_up(client: &mut Client, progress: &[Arc<AtomicU64>]) {
    let book = client.get("/v1/orderbook/X").await.json();
    let told = book["orderbook"]["sequence"].as_u64().expect("a number");
    let slowest = || progress.iter().map(|read| read.load(Ordering::Relaxed)).min();
    while slowest() < Some(told.saturating_sub(SLACK)) {
        assert_eq!(client.get("/health").await.status, 200);
    }
}

/// The memory of this process, in bytes.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("this is Linux");
    number(&status.replace(char::is_whitespace, ""), "VmRSS:") * 1_024
}

/// Clients who never read, and those beside them who do.
struct Crowd {
    of_events: Vec<WebSocketStream<TcpStream>>,
    of_states: Vec<WebSocketStream<TcpStream>>,
    readers: Vec<JoinHandle<usize>>,
    /// How far each reader is.
    progress: Vec<Arc<AtomicU64>>,
}

impl Crowd {
    async fn gather(exchange: &Exchange) -> Self {
        let (mut of_events, mut of_states) = (Vec::new(), Vec::new());
        let (mut readers, mut progress) = (Vec::new(), Vec::<Arc<AtomicU64>>::new());
        for _ in 0..COUNT {
            of_events.push(subscribed(exchange, "depth", SMALL).await);
            of_states.push(subscribed(exchange, "orderbook", SMALL).await);
            for _ in 0..2 {
                let socket = subscribed(exchange, "depth", LARGE).await;
                let read = Arc::default();
                progress.push(Arc::clone(&read));
                readers.push(tokio::spawn(follow(socket, read)));
            }
        }
        Self {
            of_events,
            of_states,
            readers,
            progress,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_who_never_read_are_conflated_or_closed_and_the_others_miss_nothing() {
    let _alone = alone().await;
    let exchange = Exchange::start(Wish {
        hub: HubOptions {
            burst_bytes: BURST_BYTES,
            ..HubOptions::default()
        },
        ..Wish::default()
    })
    .await;
    let Crowd {
        of_events,
        mut of_states,
        readers,
        progress,
    } = Crowd::gather(&exchange).await;
    let before = memory();
    let mut client = exchange.client().await;
    let deep: Vec<_> = (1..=100)
        .map(|price| order("Buy", &format!("{price}.5"), "1"))
        .collect();
    let batch = format!("[{}]", deep.join(","));
    let counts = || exchange.hub.counts();
    let mut taken = 0;
    while counts().slow_closed < COUNT as u64 {
        // The engine waits for nobody: every order is answered while they do not read.
        assert_eq!(client.post("/v1/orders", &batch).await.status, 200);
        assert_eq!(client.delete("/v1/orders").await.status, 200);
        taken += 1;
        // Who reads is given the time: how much of it there is depends on the machine.
        within(catch_up(&mut client, &progress)).await;
    }
    // Books come some times a second only; the hub takes them at any rate.
    let topics = exchange.hub.list("X", None);
    while counts().conflated == 0 {
        topics.orderbook.publish_state(&Bytes::from(vec![b' '; 4_096]));
        exchange.hub.wake_gathered();
        tokio::task::yield_now().await;
    }
    assert!(taken > 10, "a client that pauses for a moment is not slow");
    let grown = memory().saturating_sub(before);
    assert!(
        grown < (2 * COUNT as u64) << 20,
        "{} KiB for each who does not read",
        (grown >> 10) / (2 * COUNT as u64)
    );
    client.post("/v1/order", &order("Buy", "777", "1")).await;
    for reader in readers {
        assert!(within(reader).await.expect("it has missed nothing") > taken);
    }
    assert_eq!(counts().slow_closed, COUNT as u64, "nobody else was closed");

    until_metric(&mut client, "xtrader_ws_slow_closed_total ", |closed| {
        closed == COUNT as u64
    })
    .await;
    until_metric(&mut client, "xtrader_ws_clients ", |clients| {
        clients == COUNT as u64
    })
    .await;
    // Who comes back to read finds how things are, however much was left out.
    let mut late = of_states.pop().expect("there are some");
    while !text(&mut late).await.contains("[777,") {}
    drop((of_events, of_states, late));
    until_metric(&mut client, "xtrader_ws_clients ", |clients| clients == 0).await;
    exchange.stop().await;
}
