//! Requests that are wrong, each in its own way, and what is said about them.

use crate::auth::operations;
use crate::support::{Exchange, Wish, order};

/// Fields of orders that are wrong, with the code of what is said about them.
const WRONG_FIELDS: [(&str, &str); 17] = [
    (r#""price":1,"price":1,"quantity":1"#, "INVALID_JSON"),
    (r#""price":1,"quantity":1,"colour":"red""#, "INVALID_FIELD"),
    (r#""price":1e400,"quantity":1"#, "INVALID_PRICE"),
    (r#""price":NaN,"quantity":1"#, "INVALID_PRICE"),
    (r#""price":1,"quantity":1e400"#, "INVALID_QUANTITY"),
    (r#""price":1,"quantity":0"#, "INVALID_QUANTITY"),
    (r#""price":1,"quantity":-1"#, "INVALID_QUANTITY"),
    (r#""price":1"#, "INVALID_QUANTITY"),
    (r#""quantity":1"#, "PRICE_REQUIRED"),
    (r#""price":1.001,"quantity":1"#, "TICK_SIZE"),
    (r#""price":1,"quantity":0.01"#, "LOT_SIZE"),
    (r#""price":99999999999999999999,"quantity":1"#, "INVALID_PRICE"),
    (r#""price":1,"quantity":1,"stop_price":2"#, "INVALID_STOP_PRICE"),
    (
        r#""price":1,"quantity":1,"time_in_force":"GTX""#,
        "INVALID_TIME_IN_FORCE",
    ),
    (
        r#""price":1,"quantity":1,"client_order_id":"a b""#,
        "INVALID_CLIENT_ORDER_ID",
    ),
    (r#""price":1,"quantity":1,"post_only":7"#, "INVALID_FIELD"),
    (r#""price":1,"quantity":1,"expire_at":1"#, "INVALID_TIME_IN_FORCE"),
];

/// Bodies of orders that are wrong, with the status and the code of what is said about them.
fn wrong_orders() -> Vec<(String, u16, &'static str)> {
    let limit = |fields: &str| format!(r#"{{"symbol":"X","side":"Buy","order_type":"Limit",{fields}}}"#);
    let nested = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let small = r#"{"symbol":"BTC-KRW","side":"Buy","order_type":"Limit","price":1000,"quantity":0.001}"#;
    let right = limit(r#""price":1,"quantity":1"#);
    let mut wrong = vec![
        (String::new(), 400, "INVALID_JSON"),
        ("{".to_owned(), 400, "INVALID_JSON"),
        ("null".to_owned(), 400, "INVALID_JSON"),
        (nested, 400, "INVALID_JSON"),
        (right.replace("Buy", "Long"), 400, "INVALID_SIDE"),
        (right.replace("Limit", "Limits"), 400, "INVALID_ORDER_TYPE"),
        (right.replace("Limit", "Market"), 400, "PRICE_NOT_ALLOWED"),
        (right.replace("\"X\"", "\"Y\""), 404, "SYMBOL_NOT_FOUND"),
        (small.to_owned(), 400, "MIN_NOTIONAL"),
        ("x".repeat(65 << 10), 413, "PAYLOAD_TOO_LARGE"),
    ];
    wrong.extend(WRONG_FIELDS.map(|(fields, code)| (limit(fields), 400, code)));
    wrong
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_order_has_its_code() {
    let exchange = Exchange::start(Wish::default()).await;
    let mut client = exchange.client().await;
    for (body, status, code) in wrong_orders() {
        let answer = client.post("/api/v1/order", &body).await;
        let start = &body[..body.len().min(120)];
        assert_eq!(
            (answer.status, answer.error().as_str()),
            (status, code),
            "{start}"
        );
        if status == 413 {
            client = exchange.client().await;
        }
    }
    let orders = client.get("/v1/orders").await.json();
    let rejected = orders["orders"].as_array().expect("a list");
    assert!(
        rejected.iter().all(|order| order["status"] == "Rejected"),
        "{rejected:?}"
    );
    exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_text_are_no_json() {
    let exchange = Exchange::start(Wish::default()).await;
    let mut client = exchange.client().await;
    let headers = [("content-type", "application/json")];
    let answer = client
        .send("POST", "/v1/order", &headers, Some(b"{\"symbol\":\"\xff\"}"))
        .await;
    assert_eq!(answer.error(), "INVALID_JSON");
    exchange.stop().await;
}

/// What is no sensible body anywhere.
fn rubbish() -> Vec<Vec<u8>> {
    let mut rubbish: Vec<Vec<u8>> = [
        "",
        "{",
        "null",
        "true",
        "1e400",
        "-",
        "\"",
        "[]",
        "[[[[",
        "{}",
        r#"{"":{}}"#,
        r#"{"a":1,"a":2}"#,
        r#"{"symbol":1e400,"price":1e400,"quantity":1e400,"timeout_ms":1e400,"amount":1e400,"tick":1e400}"#,
        r#"{"symbol":[],"order_id":{},"username":7,"password":null,"phase":[1],"frozen":"x","kind":0,"orders":{}}"#,
        r#"{"timeout_ms":-1,"amount":"NaN","asset":"\u0000","refresh_token":"\ud800","api_key":""}"#,
    ]
    .map(|text| text.as_bytes().to_vec())
    .into();
    let deep = |open: &str, close: &str| [open.repeat(10_000), close.repeat(10_000)].concat().into_bytes();
    rubbish.extend([
        deep("[", "]"),
        deep(r#"{"a":"#, "}"),
        b"\xff\xfe{}".to_vec(),
        vec![0; 1_000],
    ]);
    rubbish.push(format!(r#"{{"username":"{0}","password":"{0}"}}"#, "x".repeat(30_000)).into_bytes());
    rubbish
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_takes_rubbish_for_a_request_or_trips_over_it() {
    let exchange = Exchange::start(Wish::default()).await;
    let token = exchange.admin();
    let mut client = exchange.client().await.with_token(&token);
    for (method, path, _) in operations(&mut client).await {
        if method == "GET" || method == "DELETE" && !path.ends_with("api-keys") {
            continue;
        }
        for body in rubbish() {
            let json = [("content-type", "application/json")];
            let answer = client.send(&method, &path, &json, Some(&body)).await;
            let start = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
            // A body is not needed everywhere, and some take an empty one.
            let may_be_empty = body.is_empty() || body == b"{}" || path.ends_with("mass-cancel");
            assert!(
                (400..500).contains(&answer.status) || may_be_empty && answer.status < 300,
                "{method} {path} {start}: {answer:?}"
            );
            if answer.status >= 400 {
                answer.error();
            }
        }
    }
    assert_eq!(client.get("/ready").await.status, 200);
    exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_error_has_one_form_whatever_caused_it() {
    let exchange = Exchange::start(Wish::default()).await;
    let mut client = exchange.client().await;
    for (method, path, status, code) in [
        ("GET", "/", 404, "NOT_FOUND"),
        ("GET", "/api/v1/nothing", 404, "NOT_FOUND"),
        ("GET", "/api/v2/symbols", 404, "NOT_FOUND"),
        ("GET", "/api/v1/../../etc/passwd", 404, "NOT_FOUND"),
        ("GET", "/api/v1/order/..%2f..%2fadmin", 404, "ORDER_NOT_FOUND"),
        ("GET", "/api/v1/order/-1", 404, "ORDER_NOT_FOUND"),
        (
            "GET",
            "/api/v1/order/99999999999999999999999",
            404,
            "ORDER_NOT_FOUND",
        ),
        ("PUT", "/api/v1/symbols", 405, "METHOD_NOT_ALLOWED"),
        ("PUT", "/v1/order", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/v1/orders?status=mine", 400, "INVALID_FIELD"),
        ("GET", "/v1/orders?limit=0", 400, "INVALID_LIMIT"),
        ("GET", "/v1/orders?limit=1&limit=2", 400, "INVALID_FIELD"),
        ("GET", "/v1/orders?colour=red", 400, "INVALID_FIELD"),
        ("GET", "/v1/orders?cursor=x", 400, "INVALID_FIELD"),
        ("GET", "/v1/trades/history?cursor=1-2", 400, "INVALID_FIELD"),
        ("DELETE", "/v1/orders?side=up", 400, "INVALID_SIDE"),
        ("GET", "/market/ticks", 400, "INVALID_SYMBOL"),
        ("GET", "/ws", 400, "INVALID_FIELD"),
    ] {
        let answer = client.send(method, path, &[], None).await;
        assert_eq!(
            (answer.status, answer.error().as_str()),
            (status, code),
            "{method} {path}"
        );
    }
    let plain = [("content-type", "text/plain")];
    let answer = client.send("POST", "/v1/order", &plain, Some(b"{}")).await;
    assert_eq!(
        (answer.status, answer.error().as_str()),
        (415, "UNSUPPORTED_MEDIA_TYPE")
    );
    exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_in_the_language_that_was_asked_for_and_name_the_request() {
    let exchange = Exchange::start(Wish::default()).await;
    let mut client = exchange.client().await;
    let headers = [
        ("content-type", "application/json"),
        ("accept-language", "ko-KR,ko;q=0.9"),
        ("x-request-id", "mine-77"),
    ];
    let body = order("Buy", "1", "0");
    let answer = client
        .send("POST", "/v1/order", &headers, Some(body.as_bytes()))
        .await;
    assert_eq!(
        answer.text,
        r#"{"error":"INVALID_QUANTITY","message":"수량은 0보다 커야 합니다","request_id":"mine-77"}"#
    );
    let english = client.post("/v1/order", &body).await.json();
    assert_eq!(english["message"], "quantity must be greater than 0");
    exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_may_call_from_configured_origins_only() {
    let exchange = Exchange::start(Wish {
        origins: vec!["https://trade.example".to_owned()],
        ..Wish::default()
    })
    .await;
    let mut client = exchange.client().await;
    let from = |origin| [("origin", origin), ("access-control-request-method", "POST")];
    let allowed = client
        .send("OPTIONS", "/v1/order", &from("https://trade.example"), None)
        .await;
    assert_eq!(allowed.status, 204);
    assert_eq!(
        allowed.header("access-control-allow-origin"),
        Some("https://trade.example")
    );
    let other = client
        .send("OPTIONS", "/v1/order", &from("https://evil.example"), None)
        .await;
    assert_eq!(other.header("access-control-allow-origin"), None);
    assert_eq!((other.status, other.error().as_str()), (403, "FORBIDDEN"));
    exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_account_cannot_be_used_by_a_page_of_somebody_else() {
    let exchange = Exchange::start(Wish::default()).await;
    let mut client = exchange.client().await;
    let body = order("Buy", "1", "1");
    let headers = [
        ("content-type", "application/json"),
        ("origin", "https://evil.example"),
    ];
    let answer = client
        .send("POST", "/v1/order", &headers, Some(body.as_bytes()))
        .await;
    assert_eq!((answer.status, answer.error().as_str()), (403, "FORBIDDEN"));
    // The page's name leads here, but it is not ours.
    let request = "GET /v1/orders HTTP/1.1\r\nhost: evil.example:7000\r\n\r\n";
    client.write(request.as_bytes()).await;
    let answer = client.answer().await.expect("an answer");
    assert_eq!((answer.status, answer.error().as_str()), (403, "FORBIDDEN"));
    let own = format!("http://{}", exchange.rest);
    let headers = [("content-type", "application/json"), ("origin", own.as_str())];
    let answer = client
        .send("POST", "/v1/order", &headers, Some(body.as_bytes()))
        .await;
    assert_eq!(answer.status, 202);
    exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_runs_it_can_see_how_it_is() {
    let exchange = Exchange::start(Wish::default()).await;
    let mut client = exchange.client().await;
    assert_eq!(client.get("/health").await.text, r#"{"status":"ok"}"#);
    let ready = client.get("/ready").await.json();
    assert_eq!(
        (
            ready["status"].as_str(),
            ready["reasons"].as_array().map(Vec::len)
        ),
        (Some("ready"), Some(0))
    );
    client.post("/v1/order", &order("Buy", "1", "1")).await;
    client.post("/v1/order", &order("Buy", "1", "0")).await;
    let metrics = client.get("/metrics").await.text;
    for line in [
        r#"xtrader_orders_total{symbol="X",side="Buy",outcome="accepted"} 1"#,
        r#"xtrader_orders_total{symbol="X",side="Buy",outcome="rejected"} 1"#,
        "xtrader_order_ack_seconds_count 2",
        "xtrader_queue_depth 0",
    ] {
        assert!(metrics.contains(line), "{line} in\n{metrics}");
    }
    let page = client.get("/docs/").await;
    assert_eq!(page.status, 200);
    assert!(
        !page.text.contains("://"),
        "nothing is loaded from elsewhere: {}",
        page.text
    );
    exchange.stop().await;
}
