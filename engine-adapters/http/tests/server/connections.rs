//! Connections that misbehave, and what that does to others.

use std::time::Duration;

use tokio::io::AsyncWriteExt;

use crate::socket::Socket;
use crate::support::{Client, Exchange, Wish, order, within};

fn hasty() -> Wish {
    Wish {
        head_timeout: Duration::from_millis(300),
        ..Wish::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_nothing_or_too_slowly_is_closed_and_others_are_served() {
    let exchange = Exchange::start(hasty()).await;
    let mut silent = Vec::new();
    for _ in 0..100 {
        silent.push(exchange.client().await);
    }
    let mut slow = exchange.client().await;
    let dripping = tokio::spawn(async move {
        for byte in b"GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\nx-y: " {
            slow.write(&[*byte]).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        slow.closed().await;
    });
    let mut honest = exchange.client().await;
    assert_eq!(honest.get("/health").await.status, 200);
    for client in &mut silent {
        within(client.closed()).await;
    }
    within(dripping).await.expect("it is closed");
    assert_eq!(exchange.client().await.get("/health").await.status, 200);
    exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_do_not_end_or_lie_about_their_length_are_refused() {
    let exchange = Exchange::start(Wish::default()).await;
    let mut client = exchange.client().await;
    let head = "POST /v1/order HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n";
    client
        .write(format!("{head}transfer-encoding: chunked\r\n\r\n").as_bytes())
        .await;
    let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
    for _ in 0..20 {
        client.write(chunk.as_bytes()).await;
    }
    let answer = within(client.answer()).await.expect("an answer");
    assert_eq!(
        (answer.status, answer.error().as_str()),
        (413, "PAYLOAD_TOO_LARGE")
    );

    let mut client = exchange.client().await;
    client
        .write(format!("{head}content-length: 10000000000\r\n\r\n{{").as_bytes())
        .await;
    let answer = within(client.answer()).await.expect("an answer");
    assert_eq!(answer.status, 413);

    let mut client = exchange.client().await;
    let mut request = "GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\n".to_owned();
    for number in 0..1_000 {
        request.push_str(&format!("x-{number}: y\r\n"));
    }
    client.write(format!("{request}\r\n").as_bytes()).await;
    let answer = within(client.answer()).await.expect("an answer");
    assert_eq!(answer.status, 431);

    for nonsense in ["\0\0\0\0\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n"] {
        let mut client = exchange.client().await;
        client.write(nonsense.as_bytes()).await;
        within(client.closed()).await;
    }
    assert_eq!(exchange.client().await.get("/health").await.status, 200);
    exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_and_never_reads_the_answers_is_closed() {
    let exchange = Exchange::start(Wish {
        write_timeout: Duration::from_millis(300),
        ..Wish::default()
    })
    .await;
    let socket = tokio::net::TcpSocket::new_v4().expect("there are sockets");
    socket.set_recv_buffer_size(4_096).expect("it may be small");
    let mut deaf = socket.connect(exchange.rest).await.expect("the server listens");
    let request = format!("GET /openapi.json HTTP/1.1\r\nhost: {}\r\n\r\n", exchange.rest);
    let asked = request.repeat(500);
    // The server stops to read before all of it is written, and goes away.
    let asking = tokio::spawn(async move {
        let _ = deaf.write_all(asked.as_bytes()).await;
        std::future::pending::<()>().await;
    });
    let mut honest = exchange.client().await;
    let gone = async {
        while !honest
            .get("/metrics")
            .await
            .text
            .contains("\nxtrader_connections 1\n")
        {}
    };
    within(gone).await;
    asking.abort();
    exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_counts_among_the_connections_for_as_long_as_it_lives() {
    let exchange = Exchange::start(Wish {
        connections_max: 2,
        ..Wish::default()
    })
    .await;
    let one = Socket::open(exchange.ws).await;
    let two = Socket::open(exchange.rest).await;
    let mut three = Client::connect(exchange.rest).await;
    within(three.closed()).await;
    drop((one, two));
    let served = async {
        while Client::connect(exchange.rest)
            .await
            .asked("/health")
            .await
            .is_none()
        {}
    };
    within(served).await;
    exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn above_the_cap_connections_are_closed_at_once() {
    let exchange = Exchange::start(Wish {
        connections_max: 2,
        ..Wish::default()
    })
    .await;
    let mut one = exchange.client().await;
    let mut two = exchange.client().await;
    assert_eq!(one.get("/health").await.status, 200);
    assert_eq!(two.get("/health").await.status, 200);
    let mut three = Client::connect(exchange.rest).await;
    within(three.closed()).await;
    assert_eq!(one.get("/health").await.status, 200);
    exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_under_way_end_before_the_server_does() {
    let exchange = Exchange::start(Wish::default()).await;
    let mut client = exchange.client().await;
    let body = order("Buy", "5", "1");
    let head = format!(
        "POST /v1/order HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    client.write(head.as_bytes()).await;
    client.write(&body.as_bytes()[..10]).await;
    // The head has been taken when a later request on another connection is answered.
    assert_eq!(exchange.client().await.get("/health").await.status, 200);
    let rest = exchange.rest;
    let stopping = tokio::spawn(exchange.stop());
    client.write(&body.as_bytes()[10..]).await;
    let answer = within(client.answer()).await.expect("it is answered");
    assert_eq!(answer.status, 202, "{answer:?}");
    within(stopping).await.expect("it ends");
    assert!(
        tokio::net::TcpStream::connect(rest).await.is_err(),
        "nobody listens"
    );
}
