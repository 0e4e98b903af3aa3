//! R27: a client behind a line that breaks at any moment has the server's book all the same.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::{SinkExt, StreamExt};
use rust_decimal::Decimal;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::alone;
use crate::support::{Client, Exchange, Wish, order, within};

const ROUNDS: u32 = 12;
const ORDERS_A_ROUND: u32 = 40;

/// Random numbers that a failure can be repeated with.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// Passes on what comes, and breaks each connection after so many bytes of the server's as nobody can foretell.
async fn breaking_line(to: SocketAddr, mut random: Random, broken: Arc<AtomicU64>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is known");
    tokio::spawn(async move {
        loop {
            let (client, _) = listener.accept().await.expect("it listens");
            let bytes_max = 300 + random.below(2_700);
            let broken = Arc::clone(&broken);
            tokio::spawn(async move {
                let server = TcpStream::connect(to).await.expect("the server listens");
                pass_on(client, server, bytes_max).await;
                broken.fetch_add(1, Ordering::Relaxed);
            });
        }
    });
    address
}

async fn pass_on(mut client: TcpStream, mut server: TcpStream, mut bytes_left: u64) {
    let (mut up, mut down) = ([0; 4_096], [0; 4_096]);
    while bytes_left > 0 {
        let most = down.len().min(usize::try_from(bytes_left).unwrap_or(usize::MAX));
        tokio::select! {
            read = client.read(&mut up) => match read {
                Ok(count) if count > 0 && server.write_all(&up[..count]).await.is_ok() => {}
                _ => return,
            },
            read = server.read(&mut down[..most]) => match read {
                Ok(count) if count > 0 && client.write_all(&down[..count]).await.is_ok() => {
                    bytes_left -= count as u64;
                }
                _ => return,
            },
        }
    }
}

type Side = BTreeMap<Decimal, Decimal>;

/// A book as a client keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Book {
    bids: Side,
    asks: Side,
    sequence: u64,
}

fn decimal(value: &Value) -> Decimal {
    value.to_string().parse().expect("a decimal")
}

fn change(side: &mut Side, levels: &Value) {
    for level in levels.as_array().expect("a list of levels") {
        let (price, quantity) = (decimal(&level[0]), decimal(&level[1]));
        match quantity.is_zero() {
            true => side.remove(&price),
            false => side.insert(price, quantity),
        };
    }
}

impl Book {
    async fn snapshot(client: &mut Client) -> Self {
        let book = client.get("/v1/orderbook/X?depth=50").await.json()["orderbook"].clone();
        let mut snapshot = Self {
            sequence: book["sequence"].as_u64().expect("a number"),
            ..Self::default()
        };
        change(&mut snapshot.bids, &book["bids"]);
        change(&mut snapshot.asks, &book["asks"]);
        snapshot
    }

    /// Takes an update as the protocol says: what is older is dropped, and what follows leaves no gap.
    fn update(&mut self, message: &Value, is_first: bool) {
        let sequence = |key: &str| message[key].as_u64().expect("a number");
        let (first, last) = (sequence("first_sequence"), sequence("last_sequence"));
        if last <= self.sequence {
            return;
        }
        let follows = first == self.sequence + 1 || is_first && first <= self.sequence + 1;
        assert!(follows, "{first} does not follow on {}", self.sequence);
        change(&mut self.bids, &message["bids"]);
        change(&mut self.asks, &message["asks"]);
        self.sequence = last;
    }

    fn levels(&self) -> (&Side, &Side) {
        (&self.bids, &self.asks)
    }
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn next(socket: &mut Socket) -> Option<Value> {
    let Some(Ok(Message::Text(text))) = within(socket.next()).await else {
        return None;
    };
    Some(serde_json::from_str(&text).expect("messages are JSON"))
}

/// Follows the book until the line breaks.
async fn follow(
    line: SocketAddr,
    rest: &mut Client,
    known: &mut Option<Book>,
    tell: &watch::Sender<Book>,
) -> Option<()> {
    let (mut socket, _) = connect_async(format!("ws://{line}/ws")).await.ok()?;
    let since = known
        .as_ref()
        .map(|book| format!(r#","since":{}"#, book.sequence))
        .unwrap_or_default();
    let subscribe = format!(r#"{{"type":"Subscribe","channels":["depth"],"symbols":["X"]{since}}}"#);
    socket.send(Message::text(subscribe)).await.ok()?;
    while next(&mut socket).await?["type"] != "SubscribeSuccess" {}
    let mut is_first = known.is_none();
    if known.is_none() {
        *known = Some(Book::snapshot(rest).await);
    }
    loop {
        let message = next(&mut socket).await?;
        let book = known.as_mut().expect("it was read above");
        match message["type"].as_str() {
            Some("DepthUpdate") => book.update(&message, std::mem::take(&mut is_first)),
            Some("SnapshotRequired") => {
                *book = Book::snapshot(rest).await;
                is_first = true;
            }
            _ => continue,
        }
        tell.send_replace(book.clone());
    }
}

async fn trade(client: &mut Client, random: &mut Random) {
    for _ in 0..ORDERS_A_ROUND {
        let side = ["Buy", "Sell"][random.below(2) as usize];
        let price = format!("10.{:02}", random.below(25));
        let quantity = format!("{}.{}", random.below(9), 1 + random.below(9));
        let body = order(side, &price, &quantity);
        let placed = client.post("/v1/order", &body).await;
        assert_eq!(placed.status, 202, "{placed:?}");
        if random.below(4) == 0 {
            let id = placed.json()["order_id"].as_str().expect("an id").to_owned();
            client.delete(&format!("/v1/order/{id}")).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_line_that_breaks_a_client_has_the_servers_book_after_every_reconnect() {
    let _alone = alone().await;
    let seed = std::env::var("ENGINE_SEED").map_or(27, |text| text.parse().expect("a number"));
    println!("r27: ENGINE_SEED={seed}");
    let exchange = Exchange::start(Wish::default()).await;
    let broken = Arc::new(AtomicU64::new(0));
    let line = breaking_line(exchange.ws, Random(seed + 1), Arc::clone(&broken)).await;
    let (tell, mut told) = watch::channel(Book::default());
    let mut rest = exchange.client().await;
    let following = tokio::spawn(async move {
        let mut known = None;
        loop {
            let _ = follow(line, &mut rest, &mut known, &tell).await;
        }
    });
    let (mut trader, mut random) = (exchange.client().await, Random(seed));
    for round in 0..ROUNDS {
        trade(&mut trader, &mut random).await;
        let server = Book::snapshot(&mut trader).await;
        let same = told.wait_for(|book| book.levels() == server.levels());
        let same = tokio::time::timeout(std::time::Duration::from_secs(60), same);
        if same.await.is_err() {
            panic!("round {round}: {server:?} is not {:?}", told.borrow());
        }
        if following.is_finished() {
            following.await.expect("the updates follow on each other");
            return;
        }
    }
    let broken = broken.load(Ordering::Relaxed);
    assert!(broken >= u64::from(ROUNDS), "{broken} connections were broken");
    following.abort();
    exchange.stop().await;
}
