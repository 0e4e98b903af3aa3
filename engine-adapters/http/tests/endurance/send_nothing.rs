//! R24: connections that are opened and not used.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::support::{Exchange, Wish, order, within};
use crate::{alone, until_metric};

const CONNECTIONS: usize = 2_000;

/// What this process has open.
fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

/// Sends the head of a request byte by byte, or nothing, until the server has had enough.
async fn linger(mut stream: TcpStream, is_silent: bool) {
    let (mut reader, mut writer) = stream.split();
    let drip = async {
        for byte in b"GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\nx-y: ".iter().cycle() {
            if is_silent || writer.write_all(&[*byte]).await.is_err() {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let mut bytes = [0; 1_024];
    let end = async { while matches!(reader.read(&mut bytes).await, Ok(read) if read > 0) {} };
    tokio::select! {
        () = drip => {}
        () = end => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_that_send_nothing_or_drip_are_closed_and_nobody_else_notices() {
    let _alone = alone().await;
    let exchange = Exchange::start(Wish {
        head_timeout: Duration::from_secs(2),
        connections_max: CONNECTIONS + 100,
        ..Wish::default()
    })
    .await;
    let mut watcher = exchange.client().await;
    until_metric(&mut watcher, "xtrader_connections ", |open| open == 1).await;
    let files = open_files();

    let is_over = Arc::new(AtomicBool::new(false));
    let (mut honest, stop) = (exchange.client().await, Arc::clone(&is_over));
    let honest = tokio::spawn(async move {
        let mut served = 0;
        while !stop.load(Ordering::Relaxed) {
            let answer = honest.post("/v1/order", &order("Buy", "5", "1")).await;
            assert_eq!(answer.status, 202, "{answer:?}");
            assert_eq!(honest.delete("/v1/orders").await.status, 200);
            served += 1;
        }
        served
    });
    let mut lingering = JoinSet::new();
    for number in 0..CONNECTIONS {
        let stream = TcpStream::connect(exchange.rest).await;
        let stream = stream.expect("there is room for it");
        lingering.spawn(linger(stream, number % 2 == 0));
    }
    while let Some(ended) = within(lingering.join_next()).await {
        ended.expect("nothing panics");
    }
    is_over.store(true, Ordering::Relaxed);
    let served = within(honest).await.expect("it was served throughout");
    assert!(served > 0);

    // The first one has been closed as idle.
    watcher = exchange.client().await;
    until_metric(&mut watcher, "xtrader_connection_timeouts_total ", |count| {
        count >= CONNECTIONS as u64
    })
    .await;
    until_metric(&mut watcher, "xtrader_connections ", |open| open == 1).await;
    // What was closed by both sides is given back a moment later.
    let given_back = async {
        while open_files() > files {
            assert_eq!(watcher.get("/health").await.status, 200);
        }
    };
    within(given_back).await;
    exchange.stop().await;
}
