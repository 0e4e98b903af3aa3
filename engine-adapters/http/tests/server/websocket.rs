//! What clients on a WebSocket see.

use serde_json::Value;
use tokio::io::AsyncWriteExt;

use crate::socket::Socket;
use crate::support::{Exchange, Wish, order, within};

#[tokio::test(flavor = "multi_thread")]
async fn trades_come_to_everybody_and_fills_to_their_owner() {
    let exchange = Exchange::start(Wish::with_tokens()).await;
    let (_, alice) = exchange.user("alice");
    let (_, bob) = exchange.user("bobby");
    let mut public = Socket::open(exchange.ws).await;
    public
        .subscribe(r#""channels":["executions","depth"],"symbols":["X"]"#)
        .await;
    let mut private = Socket::open(exchange.rest).await;
    private.say(r#"{"type":"Subscribe","channels":["orders"]}"#).await;
    let refused = private.next().await;
    assert_eq!(
        (refused["type"].as_str(), refused["code"].as_str()),
        (Some("Error"), Some("UNAUTHORIZED"))
    );
    private
        .say(&format!(r#"{{"type":"Authenticate","token":"{alice}"}}"#))
        .await;
    assert_eq!(private.next().await["type"], "AuthenticateSuccess");
    private.subscribe(r#""channels":["orders"]"#).await;

    let mut seller = exchange.client().await.with_token(&alice);
    let mut buyer = exchange.client().await.with_token(&bob);
    let maker = seller.post("/v1/order", &order("Sell", "10", "3")).await.json();
    let taker = buyer.post("/v1/order", &order("Buy", "10", "1")).await.json();

    let accepted = private.next().await;
    assert_eq!(
        (accepted["type"].as_str(), accepted["order"]["status"].as_str()),
        (Some("OrderUpdate"), Some("Pending"))
    );
    let fill = private.next().await;
    let report = &fill["execution_report"];
    assert_eq!(
        (report["order_id"].clone(), report["liquidity"].as_str()),
        (maker["order_id"].clone(), Some("Maker"))
    );
    assert_eq!(
        (
            report["remaining_quantity"].as_u64(),
            fill["order_status"].as_str()
        ),
        (Some(2), Some("PartiallyFilled"))
    );
    assert_eq!(private.next().await["order"]["status"], "PartiallyFilled");

    let first = public.next_of("DepthUpdate").await;
    assert_eq!(first["asks"][0][1], 3);
    let trade = public.next_of("Execution").await;
    assert_eq!(
        (trade["order_id"].clone(), trade["side"].as_str()),
        (taker["order_id"].clone(), Some("Buy"))
    );
    assert!(trade.get("execution_report").is_none() && trade.get("account_id").is_none());
    let second = public.next_of("DepthUpdate").await;
    let follows = first["last_sequence"].as_u64().map(|last| last + 1);
    assert_eq!(second["first_sequence"].as_u64(), follows, "no change is missing");
    exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_is_told_at_once_how_things_are_and_nothing_after_he_leaves() {
    let exchange = Exchange::start(Wish::default()).await;
    let mut client = exchange.client().await;
    client.post("/v1/order", &order("Sell", "10", "3")).await;
    client.get("/v1/orderbook/X").await;
    let mut socket = Socket::open(exchange.ws).await;
    socket
        .subscribe(r#""channels":["orderbook","statistics","candles"],"symbols":["all"],"intervals":["1m"]"#)
        .await;
    let mut kinds = Vec::new();
    for _ in 0..4 {
        let message = socket.next().await;
        kinds.push((
            message["type"].as_str().expect("a type").to_owned(),
            message["symbol"].clone(),
        ));
    }
    kinds.sort_by_key(|(kind, symbol)| (kind.clone(), symbol.to_string()));
    let expected = [
        ("MarketStatistics", "BTC-KRW"),
        ("MarketStatistics", "X"),
        ("OrderBookUpdate", "BTC-KRW"),
        ("OrderBookUpdate", "X"),
    ];
    assert_eq!(
        kinds,
        expected.map(|(kind, symbol)| (kind.to_owned(), Value::from(symbol)))
    );
    socket
        .say(r#"{"type":"Unsubscribe","channels":["all"],"symbols":["all"]}"#)
        .await;
    socket.next_of("UnsubscribeSuccess").await;
    client.post("/v1/order", &order("Buy", "9", "3")).await;
    client.get("/v1/orderbook/X").await;
    socket.say(r#"{"type":"Ping","timestamp":7}"#).await;
    let next = socket.next().await;
    assert_eq!(
        (next["type"].as_str(), next["timestamp"].as_u64()),
        (Some("Pong"), Some(7)),
        "{next}"
    );
    exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_that_mean_nothing_are_told_and_too_many_close() {
    let exchange = Exchange::start(Wish::default()).await;
    let mut socket = Socket::open(exchange.ws).await;
    for (text, code) in [
        ("hello", "INVALID_JSON"),
        (r#"{"type":"Shout"}"#, "INVALID_FIELD"),
        (
            r#"{"type":"Subscribe","channels":["gossip"],"symbols":["X"]}"#,
            "SUBSCRIPTION_FAILED",
        ),
        (
            r#"{"type":"Subscribe","channels":["depth"],"symbols":["XYZ-KRW"]}"#,
            "SUBSCRIPTION_FAILED",
        ),
        (
            r#"{"type":"Subscribe","channels":["candles"],"symbols":["X"],"intervals":["7m"]}"#,
            "SUBSCRIPTION_FAILED",
        ),
        (r#"{"type":"Authenticate","token":"x.y.z"}"#, "UNAUTHORIZED"),
    ] {
        socket.say(text).await;
        let error = socket.next().await;
        assert_eq!(
            (error["type"].as_str(), error["code"].as_str()),
            (Some("Error"), Some(code)),
            "{text}"
        );
    }
    socket
        .subscribe(r#""channels":["executions"],"symbols":["X"]"#)
        .await;
    for _ in 0..19 {
        socket.say("x").await;
        assert_eq!(socket.next().await["type"], "Error", "the count began anew");
    }
    socket.say("x").await;
    assert_eq!(socket.closed().await, 1008);
    exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_big_or_no_frame_at_all_is_closed_with_its_code() {
    let exchange = Exchange::start(Wish::default()).await;
    let mut socket = Socket::open(exchange.ws).await;
    socket.say(&"x".repeat((64 << 10) + 1)).await;
    assert_eq!(socket.closed().await, 1009);

    const MASK: [u8; 4] = [0; 4];
    for (what, head, rest, code) in [
        ("reserved bits", &[0xf1, 0x80][..], &[][..], 1002),
        ("an opcode that means nothing", &[0x83, 0x80], &[], 1002),
        ("a ping in parts", &[0x09, 0x80], &[], 1002),
        ("a long ping", &[0x89, 0xfe, 0, 126], &[0; 126], 1002),
        ("the rest of nothing", &[0x80, 0x80], &[], 1002),
        ("half a close code", &[0x88, 0x81], &[3], 1002),
        ("text that is none", &[0x81, 0x82], &[0xc3, 0x28], 1007),
        (
            "a frame of 4 EiB",
            &[0x81, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0],
            &[],
            1009,
        ),
        ("a large part", &[0x01, 0xff, 0, 0, 0, 0, 0, 1, 0, 1], &[], 1009),
    ] {
        let mut broken = Socket::open(exchange.ws).await;
        let bytes = [head, &MASK, rest].concat();
        broken.0.get_mut().write_all(&bytes).await.expect("it is open");
        assert_eq!(broken.closed().await, code, "{what}");
    }
    let mut unmasked = Socket::open(exchange.ws).await;
    let bytes = [0x81, 0x01, b'x'];
    unmasked.0.get_mut().write_all(&bytes).await.expect("it is open");
    assert_eq!(unmasked.closed().await, 1002);
    nobody_is_left(&exchange).await;
    exchange.stop().await;
}

/// Waits until the tasks of all clients have ended, and nothing is kept for them.
async fn nobody_is_left(exchange: &Exchange) {
    let mut client = exchange.client().await;
    let gone = async {
        while !client
            .get("/metrics")
            .await
            .text
            .contains("\nxtrader_ws_clients 0\n")
        {}
    };
    within(gone).await;
    assert_eq!(exchange.hub.counts().connections, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_goodbye_is_answered() {
    let exchange = Exchange::start(Wish::default()).await;
    let mut socket = Socket::open(exchange.ws).await;
    let bytes = [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8];
    socket.0.get_mut().write_all(&bytes).await.expect("it is open");
    assert_eq!(socket.closed().await, 1000);
    nobody_is_left(&exchange).await;
    exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_floods_is_closed_whatever_the_frames_say() {
    let exchange = Exchange::start(Wish::default()).await;
    let ping = [0x89, 0x80, 0, 0, 0, 0].to_vec();
    let pong = [0x8a, 0x80, 0, 0, 0, 0].to_vec();
    let text = br#"{"type":"Ping"}"#;
    let said = [&[0x81, 0x80 | text.len() as u8, 0, 0, 0, 0][..], text].concat();
    for frame in [ping, pong, said] {
        let mut flood = Socket::open(exchange.ws).await;
        let frames = frame.repeat(100_000);
        let (mut writer, reader) = (frames.as_slice(), &mut flood);
        // It is read from while it is written to, as its close could not come otherwise.
        let code = loop {
            let chunk = &writer[..writer.len().min(60_000)];
            if reader.0.get_mut().write_all(chunk).await.is_err() || writer.is_empty() {
                break reader.closed().await;
            }
            writer = &writer[chunk.len()..];
        };
        assert_eq!(code, 1008);
    }
    nobody_is_left(&exchange).await;
    exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_gets_what_was_missed() {
    let exchange = Exchange::start(Wish::default()).await;
    let mut client = exchange.client().await;
    let mut socket = Socket::open(exchange.ws).await;
    socket
        .subscribe(r#""channels":["executions"],"symbols":["X"]"#)
        .await;
    client.post("/v1/order", &order("Sell", "10", "9")).await;
    let take = order("Buy", "10", "1").replace('}', r#","self_trade_prevention":"None"}"#);
    client.post("/v1/order", &take).await;
    let seen = socket.next_of("Execution").await;
    drop(socket);
    client.post("/v1/order", &take).await;
    client.post("/v1/order", &take).await;
    client.get("/v1/executions/X").await;
    let mut again = Socket::open(exchange.ws).await;
    let since = seen["sequence"].as_u64().expect("a number");
    again
        .subscribe(&format!(
            r#""channels":["executions"],"symbols":["X"],"since":{since}"#
        ))
        .await;
    let mut ids = Vec::new();
    while ids.len() < 3 {
        let execution = again.next_of("Execution").await;
        ids.push(execution["exec_id"].as_str().expect("an id").to_owned());
    }
    assert_eq!(
        ids[0],
        seen["exec_id"].as_str().expect("an id"),
        "those of the same command come again"
    );
    ids.dedup();
    assert_eq!(ids.len(), 3, "{ids:?}");
    exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_to_what_is_not_kept_is_told_to_look() {
    let exchange = Exchange::start(Wish::default()).await;
    let mut client = exchange.client().await;
    for _ in 0..600 {
        client.post("/v1/order", &order("Buy", "5", "1")).await;
        client.delete("/v1/orders").await;
    }
    client.get("/v1/orderbook/X").await;
    let mut socket = Socket::open(exchange.ws).await;
    socket.say(r#"{"type":"Authenticate"}"#).await;
    socket.next_of("AuthenticateSuccess").await;
    socket
        .subscribe(r#""channels":["depth","orders"],"symbols":["X"],"since":1"#)
        .await;
    for topic in ["depth:X", "orders"] {
        assert_eq!(socket.next_of("SnapshotRequired").await["topic"], topic);
    }
    exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_who_does_not_read_is_closed_and_others_do_not_notice() {
    let exchange = Exchange::start(Wish::default()).await;
    let mut slow = Socket::open(exchange.ws).await;
    slow.subscribe(r#""channels":["depth"],"symbols":["X"]"#).await;
    let mut fast = Socket::open(exchange.ws).await;
    fast.subscribe(r#""channels":["depth"],"symbols":["X"]"#).await;
    let reading = tokio::spawn(async move {
        let mut last = 0;
        loop {
            let update = fast.next_of("DepthUpdate").await;
            let first = update["first_sequence"].as_u64().expect("a number");
            assert!(last == 0 || first == last + 1, "no change is missing");
            last = update["last_sequence"].as_u64().expect("a number");
            if update["bids"][0][0].as_u64() == Some(777) {
                return;
            }
        }
    });
    let mut client = exchange.client().await;
    let deep: Vec<_> = (1..=100)
        .map(|price| order("Buy", &format!("{price}.5"), "1"))
        .collect();
    let batch = format!("[{}]", deep.join(","));
    while exchange.hub.counts().slow_closed == 0 {
        assert_eq!(client.post("/v1/orders", &batch).await.status, 200);
        client.delete("/v1/orders").await;
    }
    client.post("/v1/order", &order("Buy", "777", "1")).await;
    within(reading).await.expect("it has seen everything");
    assert_eq!(slow.closed().await, 4008);
    let metrics = client.get("/metrics").await.text;
    assert!(metrics.contains("xtrader_ws_slow_closed_total 1"), "{metrics}");
    exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_of_a_lost_connection_are_cancelled_where_that_was_asked_for() {
    let exchange = Exchange::start(Wish::default()).await;
    let mut client = exchange.client().await;
    let mut watcher = Socket::open(exchange.ws).await;
    watcher.say(r#"{"type":"Authenticate"}"#).await;
    watcher.next_of("AuthenticateSuccess").await;
    watcher.subscribe(r#""channels":["orders"]"#).await;
    let mut careless = Socket::open(exchange.ws).await;
    careless.say(r#"{"type":"Authenticate"}"#).await;
    careless.next_of("AuthenticateSuccess").await;
    let mut careful = Socket::open(exchange.ws).await;
    careful
        .say(r#"{"type":"Authenticate","cancel_on_disconnect":true}"#)
        .await;
    careful.next_of("AuthenticateSuccess").await;
    client.post("/v1/order", &order("Buy", "5", "1")).await;
    assert_eq!(watcher.next_of("OrderUpdate").await["order"]["status"], "Pending");
    drop(careless);
    client.post("/v1/order", &order("Buy", "6", "1")).await;
    assert_eq!(watcher.next_of("OrderUpdate").await["order"]["status"], "Pending");
    drop(careful);
    for _ in 0..2 {
        let update = watcher.next_of("OrderUpdate").await;
        assert_eq!(update["order"]["reason"], "Disconnected", "{update}");
    }
    exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn balances_come_whole_at_once_and_when_one_of_them_changes() {
    let exchange = Exchange::start(Wish::with_tokens()).await;
    let (_, alice) = exchange.user("alice");
    let mut socket = Socket::open(exchange.ws).await;
    socket
        .say(&format!(r#"{{"type":"Authenticate","token":"{alice}"}}"#))
        .await;
    socket.next_of("AuthenticateSuccess").await;
    let mut client = exchange.client().await.with_token(&alice);
    // An answer waits until the views have come to everything that was acknowledged.
    client.get("/v1/account").await;
    socket.subscribe(r#""channels":["balances"]"#).await;
    let mut held = Vec::new();
    for body in [None, Some(order("Buy", "10", "5"))] {
        if let Some(body) = body {
            client.post("/v1/order", &body).await;
        }
        let update = socket.next().await;
        assert_eq!(update["type"], "BalanceUpdate");
        let balances = update["balances"].as_array().expect("a list").clone();
        held.push(
            balances
                .iter()
                .map(|balance| balance["held"].as_u64())
                .collect::<Vec<_>>(),
        );
    }
    assert_eq!(held[0], [Some(0); 4]);
    assert_eq!(held[1], [Some(0), Some(0), Some(0), Some(50)]);
    exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_server_stops_clients_are_told_the_last_and_then_that_it_goes() {
    let exchange = Exchange::start(Wish::default()).await;
    let mut socket = Socket::open(exchange.ws).await;
    socket.subscribe(r#""channels":["depth"],"symbols":["X"]"#).await;
    exchange
        .client()
        .await
        .post("/v1/order", &order("Buy", "5", "1"))
        .await;
    let stopping = tokio::spawn(exchange.stop());
    assert_eq!(socket.next_of("DepthUpdate").await["bids"][0][0], 5);
    assert_eq!(socket.closed().await, 1001);
    within(stopping).await.expect("it ends");
}
