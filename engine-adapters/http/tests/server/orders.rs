//! Orders over REST.

use crate::support::{Exchange, Wish, order};

async fn placed(client: &mut crate::support::Client, body: &str) -> String {
    let answer = client.post("/api/v1/order", body).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    let json = answer.json();
    assert_eq!(json["status"], "ACCEPTED");
    json["order_id"].as_str().expect("an id").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_there_as_soon_as_it_is_acknowledged_and_to_its_end() {
    let exchange = Exchange::start(Wish::with_tokens()).await;
    let (_, alice) = exchange.user("alice");
    let (_, bob) = exchange.user("bobby");
    let mut alice = exchange.client().await.with_token(&alice);
    let mut bob = exchange.client().await.with_token(&bob);

    let resting = placed(&mut alice, &order("Sell", "10.00", "3")).await;
    let state = alice.get(&format!("/api/v1/order/{resting}")).await;
    assert_eq!(state.json()["status"], "Pending");
    assert!(
        state.text.contains(r#""price":10,"quantity":3,"#),
        "{}",
        state.text
    );
    assert_eq!(
        bob.get(&format!("/v1/order/{resting}")).await.error(),
        "ORDER_NOT_FOUND"
    );
    assert_eq!(
        bob.delete(&format!("/v1/order/{resting}")).await.error(),
        "ORDER_NOT_FOUND"
    );
    let amend = bob
        .patch(&format!("/v1/order/{resting}"), r#"{"quantity":2}"#)
        .await;
    assert_eq!(amend.error(), "ORDER_NOT_FOUND");

    let taking = placed(&mut bob, &order("Buy", "\"10\"", "1.2")).await;
    assert_eq!(
        bob.get(&format!("/v1/order/{taking}")).await.json()["status"],
        "Filled"
    );
    let state = alice.get(&format!("/v1/order/{resting}")).await;
    assert!(
        state.text.contains(
            r#""filled_quantity":1.2,"remaining_quantity":1.8,"average_price":10,"status":"PartiallyFilled""#
        ),
        "{}",
        state.text
    );
    let fills = alice.get(&format!("/v1/order/{resting}/fills")).await.json();
    assert_eq!(fills["fills"][0]["liquidity"], "Maker");
    let history = bob.get("/v1/trades/history").await.json();
    assert_eq!(history["fills"].as_array().map(Vec::len), Some(1));

    let less = alice
        .patch(&format!("/v1/order/{resting}"), r#"{"quantity":2}"#)
        .await;
    assert!(less.text.contains(r#""remaining_quantity":0.8"#), "{less:?}");
    let cancelled = alice.delete(&format!("/v1/order/{resting}")).await;
    assert_eq!(
        (cancelled.status, cancelled.json()["status"].clone()),
        (200, "Cancelled".into())
    );
    let again = alice.delete(&format!("/v1/order/{resting}")).await;
    assert_eq!((again.status, again.error().as_str()), (409, "ORDER_CLOSED"));
    let amend = alice
        .patch(&format!("/v1/order/{resting}"), r#"{"quantity":1.5}"#)
        .await;
    assert_eq!(amend.error(), "ORDER_CLOSED");
    assert_eq!(
        alice.delete("/v1/order/987654321").await.error(),
        "ORDER_NOT_FOUND"
    );
    exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_comes_again_is_one_order() {
    let exchange = Exchange::start(Wish::default()).await;
    let mut client = exchange.client().await;
    let body = r#"{"symbol":"X","side":"Buy","order_type":"Limit","price":5,"quantity":1,"client_order_id":"mine-1"}"#;
    let first = placed(&mut client, body).await;
    assert_eq!(placed(&mut client, body).await, first);
    let other = client
        .post("/v1/order", &body.replace("\"quantity\":1", "\"quantity\":2"))
        .await;
    assert_eq!(
        (other.status, other.error().as_str()),
        (409, "DUPLICATE_CLIENT_ORDER_ID")
    );
    // A header does the same for an order without a name.
    let plain = order("Buy", "4", "1");
    let headers = [("content-type", "application/json"), ("idempotency-key", "key-1")];
    let one = client
        .send("POST", "/v1/order", &headers, Some(plain.as_bytes()))
        .await
        .json();
    let two = client
        .send("POST", "/v1/order", &headers, Some(plain.as_bytes()))
        .await
        .json();
    assert_eq!(one["order_id"], two["order_id"]);
    // And for a batch, whose orders have none either.
    let batch = format!("[{plain}]");
    let headers = [("content-type", "application/json"), ("idempotency-key", "key-2")];
    let one = client
        .send("POST", "/v1/orders", &headers, Some(batch.as_bytes()))
        .await;
    let two = client
        .send("POST", "/v1/orders", &headers, Some(batch.as_bytes()))
        .await;
    assert_eq!(one.text, two.text);
    let orders = client.get("/v1/orders?status=open").await.json();
    assert_eq!(orders["orders"].as_array().map(Vec::len), Some(3));
    let by_name = client
        .post("/v1/order/cancel", r#"{"client_order_id":"mine-1"}"#)
        .await;
    assert_eq!(by_name.json()["order_id"], first.as_str());
    let again = client
        .post("/v1/order/cancel", r#"{"client_order_id":"mine-1"}"#)
        .await;
    assert_eq!(again.error(), "ORDER_CLOSED");
    exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_connections_with_one_name_make_one_order() {
    let exchange = Exchange::start(Wish::default()).await;
    let body =
        r#"{"symbol":"X","side":"Buy","order_type":"Limit","price":5,"quantity":1,"client_order_id":"same"}"#;
    let mut clients = Vec::new();
    for _ in 0..10 {
        let mut client = exchange.client().await;
        clients.push(tokio::spawn(async move {
            let mut ids = Vec::new();
            for _ in 0..20 {
                ids.push(placed(&mut client, body).await);
            }
            ids
        }));
    }
    let mut ids = Vec::new();
    for client in clients {
        ids.extend(client.await.expect("nothing panics"));
    }
    ids.dedup();
    assert_eq!(ids.len(), 1, "{ids:?}");
    let orders = exchange.client().await.get("/v1/orders").await.json();
    assert_eq!(orders["orders"].as_array().map(Vec::len), Some(1));
    exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_order_of_a_batch_stands_for_itself() {
    let exchange = Exchange::start(Wish::default()).await;
    let mut client = exchange.client().await;
    let batch = format!(
        "[{},{},{{\"symbol\":\"NO\",\"side\":\"Buy\",\"order_type\":\"Market\",\"quantity\":1}},{}]",
        order("Buy", "5", "1"),
        order("Buy", "5.001", "1"),
        order("Buy", "6", "1"),
    );
    let answer = client.post("/api/v1/orders", &batch).await;
    assert_eq!(answer.status, 200);
    let list = answer.json();
    let codes: Vec<_> = (0..4).map(|at| list[at]["error"].as_str()).collect();
    assert_eq!(codes, [None, Some("TICK_SIZE"), Some("SYMBOL_NOT_FOUND"), None]);
    let wrapped = client
        .post("/v1/orders", &format!("{{\"orders\":{batch}}}"))
        .await;
    assert_eq!(wrapped.json().as_array().map(Vec::len), Some(4));
    let many = vec![order("Buy", "5", "1"); 101].join(",");
    assert_eq!(client.post("/v1/orders", &format!("[{many}]")).await.status, 400);
    assert_eq!(client.post("/v1/orders", "[]").await.status, 400);
    exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_lead_through_all_orders_newest_first() {
    let exchange = Exchange::start(Wish::default()).await;
    let mut client = exchange.client().await;
    let mut placed_ids = Vec::new();
    for quantity in 1..=7 {
        placed_ids.push(placed(&mut client, &order("Buy", "5", &quantity.to_string())).await);
    }
    placed_ids.reverse();
    let (mut found, mut path) = (Vec::new(), "/v1/orders?limit=3".to_owned());
    loop {
        let page = client.get(&path).await.json();
        let orders = page["orders"].as_array().expect("a list").clone();
        found.extend(
            orders
                .iter()
                .map(|order| order["order_id"].as_str().expect("an id").to_owned()),
        );
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/v1/orders?limit=3&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(found, placed_ids);
    let cancelled = client.delete("/v1/orders?symbol=X&side=buy").await.json();
    assert_eq!(cancelled["cancelled"].as_array().map(Vec::len), Some(7));
    let open = client.get("/v1/orders?status=open").await.json();
    assert_eq!(open["orders"].as_array().map(Vec::len), Some(0));
    let closed = client.get("/v1/orders?status=closed").await.json();
    assert_eq!(closed["orders"].as_array().map(Vec::len), Some(7));
    exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn linked_orders_are_taken_together_and_one_cancels_the_other() {
    let exchange = Exchange::start(Wish::default()).await;
    let mut client = exchange.client().await;
    let low = r#"{"symbol":"X","side":"Sell","order_type":"Limit","price":12,"quantity":1,"client_order_id":"take"}"#;
    let stop =
        r#"{"symbol":"X","side":"Sell","order_type":"StopLimit","price":8,"stop_price":8,"quantity":1}"#;
    let answer = client
        .post(
            "/v1/order-list",
            &format!(r#"{{"kind":"OCO","orders":[{low},{stop}]}}"#),
        )
        .await;
    assert_eq!(answer.status, 202, "{answer:?}");
    let list = answer.json();
    assert_eq!(list["orders"][0]["client_order_id"], "take");
    let (one, other) = (
        list["orders"][0]["order_id"].clone(),
        list["orders"][1]["order_id"].clone(),
    );
    let (one, other) = (one.as_str().expect("an id"), other.as_str().expect("an id"));
    client.delete(&format!("/v1/order/{one}")).await;
    let state = client.get(&format!("/v1/order/{other}")).await.json();
    assert_eq!(
        (state["status"].as_str(), state["reason"].as_str()),
        (Some("Cancelled"), Some("Linked"))
    );
    let wrong = client
        .post(
            "/v1/order-list",
            &format!(r#"{{"kind":"OCO","orders":[{stop}]}}"#),
        )
        .await;
    assert_eq!(wrong.status, 400);
    exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dead_mans_switch_is_armed_and_disarmed() {
    let exchange = Exchange::start(Wish::default()).await;
    let mut client = exchange.client().await;
    let armed = client
        .post("/v1/orders/cancel-after", r#"{"timeout_ms":60000}"#)
        .await;
    assert!(
        armed.json()["deadline"].as_u64() > Some(1_600_000_000_000),
        "{armed:?}"
    );
    let disarmed = client
        .post("/v1/orders/cancel-after", r#"{"timeout_ms":0}"#)
        .await;
    assert!(disarmed.json()["deadline"].is_null());
    exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn market_data_tells_what_was_traded() {
    let exchange = Exchange::start(Wish::default()).await;
    let mut client = exchange.client().await;
    assert_eq!(client.get("/market/ticks?symbol=X").await.status, 404);
    placed(&mut client, &order("Sell", "10", "3")).await;
    placed(&mut client, &order("Sell", "10.5", "3")).await;
    let taker = order("Buy", "10", "1").replace('}', r#","self_trade_prevention":"None"}"#);
    placed(&mut client, &taker).await;
    let book = client.get("/v1/orderbook/X?depth=1").await;
    assert!(
        book.text
            .starts_with(r#"{"orderbook":{"symbol":"X","bids":[],"asks":[[10,2]],"timestamp":"#),
        "{book:?}"
    );
    assert_eq!(
        client.get("/v1/orderbook/X?depth=51").await.error(),
        "INVALID_DEPTH"
    );
    assert_eq!(client.get("/v1/orderbook/Y").await.error(), "SYMBOL_NOT_FOUND");
    let tick = client.get("/market/ticks?symbol=X").await;
    assert!(tick.text.starts_with(r#"{"price":10,"volume":1,"#), "{tick:?}");
    let candles = client.get("/v1/klines/X/1m?limit=1").await;
    assert!(
        candles
            .text
            .contains(r#""open":10,"high":10,"low":10,"close":10,"volume":1,"trade_count":1"#),
        "{candles:?}"
    );
    assert_eq!(client.get("/v1/klines/X/2m").await.error(), "INVALID_INTERVAL");
    assert_eq!(
        client.get("/v1/klines/X/1m?limit=1001").await.error(),
        "INVALID_LIMIT"
    );
    let trades = client.get("/v1/executions/X").await;
    assert!(!trades.text.contains("account"), "{trades:?}");
    assert_eq!(trades.json()["executions"].as_array().map(Vec::len), Some(1));
    let statistics = client.get("/v1/statistics/X").await;
    assert!(
        statistics
            .text
            .contains(r#""last_price":10,"price_change_24h":0,"volume_24h":1,"#),
        "{statistics:?}"
    );
    let symbols = client.get("/v1/symbols").await.json();
    assert_eq!(symbols["symbols"][0]["symbol"], "BTC-KRW");
    assert_eq!(symbols["symbols"][1]["phase"], "continuous");
    exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_says_so_and_takes_nothing() {
    let exchange = Exchange::start(Wish {
        queue_max: 1,
        ..Wish::default()
    })
    .await;
    let mut client = exchange.client().await;
    let batch = vec![order("Buy", "5", "1"); 2].join(",");
    let answer = client.post("/v1/orders", &format!("[{batch}]")).await;
    assert_eq!((answer.status, answer.error().as_str()), (503, "OVERLOADED"));
    assert_eq!(answer.header("retry-after"), Some("1"));
    let orders = client.get("/v1/orders").await.json();
    assert_eq!(orders["orders"].as_array().map(Vec::len), Some(0));
    exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_lists_halts_freezes_and_cancels() {
    let exchange = Exchange::start(Wish::with_tokens()).await;
    let (account, alice) = exchange.user("alice");
    let mut admin = exchange.client().await.with_token(&exchange.admin());
    let mut alice = exchange.client().await.with_token(&alice);
    let listed = admin
        .post(
            "/v1/admin/symbols",
            r#"{"symbol":"GOLD-USD","tick":"0.5","lot":1}"#,
        )
        .await;
    assert_eq!(
        (listed.status, listed.json()["base"].clone()),
        (201, "GOLD".into()),
        "{listed:?}"
    );
    let twice = admin
        .post("/v1/admin/symbols", r#"{"symbol":"GOLD-USD","tick":1,"lot":1}"#)
        .await;
    assert_eq!((twice.status, twice.error().as_str()), (409, "ALREADY_EXISTS"));
    let funds = format!("/v1/admin/accounts/{account}/deposit");
    let given = admin.post(&funds, r#"{"asset":"USD","amount":"0.5"}"#).await;
    assert!(
        given
            .text
            .contains(r#"{"asset":"USD","total":1000000.5,"available":1000000.5,"held":0}"#),
        "{given:?}"
    );
    let gold = r#"{"symbol":"GOLD-USD","side":"Buy","order_type":"Limit","price":2000.5,"quantity":1}"#;
    let resting = placed(&mut alice, gold).await;
    let halted = admin
        .post("/v1/admin/symbols/GOLD-USD/phase", r#"{"phase":"halted"}"#)
        .await;
    assert_eq!(halted.json()["phase"], "halted", "{halted:?}");
    let refused = alice.post("/v1/order", gold).await;
    assert_eq!((refused.status, refused.error().as_str()), (422, "MARKET_HALTED"));
    let frozen = admin
        .post(&format!("/v1/admin/accounts/{account}/freeze"), "")
        .await;
    assert_eq!(frozen.status, 200, "{frozen:?}");
    let refused = alice.post("/v1/order", &order("Buy", "5", "1")).await;
    assert_eq!((refused.status, refused.error().as_str()), (403, "FORBIDDEN"));
    let cancelled = admin
        .post(&format!("/v1/admin/accounts/{account}/mass-cancel"), "")
        .await
        .json();
    assert_eq!(cancelled["cancelled"][0], resting.as_str());
    exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_ordered_must_be_paid_for_and_is() {
    let exchange = Exchange::start(Wish::with_tokens()).await;
    let (_, alice) = exchange.user("alice");
    let (_, poor) = exchange.poor_user("nobody");
    let mut alice = exchange.client().await.with_token(&alice);
    let mut poor = exchange.client().await.with_token(&poor);
    let refused = poor.post("/v1/order", &order("Buy", "10", "1")).await;
    assert_eq!(
        (refused.status, refused.error().as_str()),
        (422, "INSUFFICIENT_BALANCE")
    );
    let forbidden = poor
        .post("/v1/account/deposit", r#"{"asset":"USD","amount":10}"#)
        .await;
    assert_eq!((forbidden.status, forbidden.error().as_str()), (403, "FORBIDDEN"));
    placed(&mut alice, &order("Buy", "10", "5")).await;
    let held = alice.get("/v1/account").await;
    assert!(
        held.text
            .contains(r#"{"asset":"USD","total":1000000,"available":999950,"held":50}"#),
        "{held:?}"
    );

    let (_, bob) = exchange.user("bobby");
    let mut bob = exchange.client().await.with_token(&bob);
    placed(&mut bob, &order("Sell", "10", "2")).await;
    let paid = alice.get("/v1/account").await;
    assert!(
        paid.text
            .contains(r#"{"asset":"USD","total":999980,"available":999950,"held":30}"#),
        "{paid:?}"
    );
    let position = alice.get("/v1/positions/X").await;
    assert_eq!(
        position.text,
        r#"{"positions":[{"symbol":"X","quantity":2,"average_price":10,"mark_price":10,"realised_pnl":0,"unrealised_pnl":0}]}"#
    );
    assert_eq!(
        bob.get("/v1/positions").await.json()["positions"][0]["quantity"],
        -2
    );
    exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_demo_a_new_account_has_funds_and_takes_more() {
    let exchange = Exchange::start(Wish::default()).await;
    let mut client = exchange.client().await;
    let demo = client.get("/v1/account").await;
    assert!(
        demo.text.contains(r#"{"asset":"KRW","total":1000000000,"#),
        "{demo:?}"
    );
    let grant = client
        .post(
            "/v1/auth/register",
            r#"{"username":"alice","password":"correct horse"}"#,
        )
        .await
        .json();
    client.token = grant["access_token"].as_str().map(str::to_owned);
    let own = client.get("/v1/account").await;
    assert!(
        own.text
            .contains(r#"{"asset":"BTC","total":100,"available":100,"held":0}"#),
        "{own:?}"
    );
    let body = r#"{"asset":"BTC","amount":0.5}"#;
    let headers = [("content-type", "application/json"), ("idempotency-key", "once")];
    for _ in 0..2 {
        let more = client
            .send("POST", "/v1/account/deposit", &headers, Some(body.as_bytes()))
            .await;
        assert!(more.text.contains(r#"{"asset":"BTC","total":100.5,"#), "{more:?}");
    }
    for (body, code) in [
        (r#"{"asset":"GOLD","amount":1}"#, "INVALID_FIELD"),
        (r#"{"asset":"BTC","amount":1e3}"#, "INVALID_QUANTITY"),
        (r#"{"asset":"BTC","amount":0.000000001}"#, "INVALID_QUANTITY"),
        (r#"{"asset":"BTC","amount":-1}"#, "INVALID_QUANTITY"),
        (r#"{"asset":"BTC"}"#, "INVALID_FIELD"),
    ] {
        assert_eq!(
            client.post("/v1/account/deposit", body).await.error(),
            code,
            "{body}"
        );
    }
    exchange.stop().await;
}
