//! Who may do what: every route of the description, with every wrong way to say who one is.

use std::time::Duration;

use engine_http::limits::{LimitsOptions, Rate};
use serde_json::Value;

use crate::support::{Client, Exchange, Wish, order};

/// What is open to everybody. A route that is neither here nor described as secured fails the test.
const OPEN: [&str; 13] = [
    "/api/v1/auth/login",
    "/api/v1/auth/logout",
    "/api/v1/auth/refresh",
    "/api/v1/auth/register",
    "/api/v1/executions/{symbol}",
    "/api/v1/klines/{symbol}/{interval}",
    "/api/v1/orderbook/{symbol}",
    "/api/v1/statistics/{symbol}",
    "/api/v1/symbols",
    "/health",
    "/market/ticks",
    "/metrics",
    "/ready",
];

/// Every operation: method, path with values, whether it is secured.
pub(crate) async fn operations(client: &mut Client) -> Vec<(String, String, bool)> {
    let description = client.get("/openapi.json").await.json();
    let mut operations = Vec::new();
    for (path, item) in description["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let is_secured = operation["security"]
                .as_array()
                .is_some_and(|list| !list.is_empty());
            assert_eq!(
                is_secured,
                !OPEN.contains(&path.as_str()),
                "{method} {path} needs a rule"
            );
            let path = path
                .replace("{symbol}", "X")
                .replace("{interval}", "1m")
                .replace("{order_id}", "12")
                .replace("{api_key}", "xk_AAAAAAAAAAAAAAAAAAAAAA")
                .replace("{id}", "1");
            assert!(!path.contains('{'), "{path} has a value for everything");
            operations.push((method.to_uppercase(), path, is_secured));
        }
    }
    assert!(operations.len() > 25, "{operations:?}");
    operations
}

/// The first part of a token that is ours, with another signature, or without any.
fn forged(token: &str) -> Vec<String> {
    let parts: Vec<&str> = token.split('.').collect();
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    vec![
        "nonsense".to_owned(),
        format!("{none}.{}.", parts[1]),
        format!("{none}.{}.{}", parts[1], parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}.{}", parts[0], parts[1], "A".repeat(43)),
        format!("{}.{}.{}", parts[0], parts[2], parts[1]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_refuses_whoever_does_not_say_who_it_is() {
    let exchange = Exchange::start(Wish::with_tokens()).await;
    let (_, token) = exchange.user("alice");
    let stale = exchange.stale_token("late");
    let other = Exchange::start(Wish::with_tokens()).await;
    let (_, foreign) = other.user("alice");
    other.stop().await;
    let mut wrong_tokens = forged(&token);
    wrong_tokens.extend([stale, foreign]);
    let mut client = exchange.client().await;
    for (method, path, is_secured) in operations(&mut client).await {
        let json = [("content-type", "application/json")];
        let answer = client.send(&method, &path, &json, Some(b"{}")).await;
        if !is_secured {
            assert_ne!(answer.status, 401, "{method} {path}");
            continue;
        }
        assert_eq!(
            (answer.status, answer.error().as_str()),
            (401, "UNAUTHORIZED"),
            "{method} {path}"
        );
        for wrong in &wrong_tokens {
            let bearer = format!("Bearer {wrong}");
            let headers = [("authorization", bearer.as_str())];
            let answer = client.send(&method, &path, &headers, None).await;
            assert_eq!(answer.error(), "UNAUTHORIZED", "{method} {path} {wrong}");
        }
        for scheme in ["Basic YTpi", "Bearer", "", &format!("bearer{token}"), &token] {
            let answer = client
                .send(&method, &path, &[("authorization", scheme)], None)
                .await;
            assert_eq!(answer.error(), "UNAUTHORIZED", "{method} {path} {scheme}");
        }
        let key = [
            ("x-api-key", "xk_AAAAAAAAAAAAAAAAAAAAAA"),
            ("x-timestamp", "1"),
            ("x-signature", "00"),
        ];
        let answer = client.send(&method, &path, &key, None).await;
        assert_eq!(answer.error(), "UNAUTHORIZED", "{method} {path} with a key");
    }
    exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_described_route_is_there_and_no_user_may_administer() {
    let exchange = Exchange::start(Wish::with_tokens()).await;
    let (_, token) = exchange.user("alice");
    let mut client = exchange.client().await.with_token(&token);
    for (method, path, _) in operations(&mut client).await {
        for path in [path.clone(), path.replacen("/api/v1/", "/v1/", 1)] {
            let json = [("content-type", "application/json")];
            let answer = client.send(&method, &path, &json, Some(b"{}")).await;
            if path.contains("/admin/") {
                assert_eq!(
                    (answer.status, answer.error().as_str()),
                    (403, "FORBIDDEN"),
                    "{method} {path}"
                );
            }
            if answer.status >= 400 {
                let code = answer.error();
                assert!(
                    code != "METHOD_NOT_ALLOWED" && code != "INTERNAL",
                    "{method} {path}: {code}"
                );
                let is_of_a_thing = path.contains("api-keys/") || path == "/market/ticks";
                assert!(code != "NOT_FOUND" || is_of_a_thing, "{method} {path} is there");
            }
        }
    }
    exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_registers_logs_in_refreshes_once_and_logs_out() {
    let exchange = Exchange::start(Wish::with_tokens()).await;
    let mut client = exchange.client().await;
    let credentials = r#"{"username":"alice","password":"correct horse"}"#;
    let registered = client.post("/api/v1/auth/register", credentials).await;
    assert_eq!(registered.status, 201, "{registered:?}");
    let grant = registered.json();
    assert_eq!(
        (grant["token_type"].as_str(), grant["expires_in"].as_u64()),
        (Some("Bearer"), Some(900))
    );
    let twice = client.post("/api/v1/auth/register", credentials).await;
    assert_eq!((twice.status, twice.error().as_str()), (409, "ALREADY_EXISTS"));
    let wrong = credentials.replace("horse", "house");
    assert_eq!(client.post("/login", &wrong).await.error(), "UNAUTHORIZED");
    let login = client.post("/login", credentials).await.json();
    assert_eq!(login["account_id"], grant["account_id"]);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let refresh = |token: &Value| format!(r#"{{"refresh_token":"{}"}}"#, text(token));
    let next = client
        .post("/v1/auth/refresh", &refresh(&login["refresh_token"]))
        .await;
    assert_eq!(next.status, 200, "{next:?}");
    let next = next.json();
    client.token = Some(text(&next["access_token"]));
    assert_eq!(
        client.get("/v1/account").await.json()["account_id"],
        grant["account_id"]
    );
    client.token = None;
    let reused = client
        .post("/v1/auth/refresh", &refresh(&login["refresh_token"]))
        .await;
    assert_eq!(
        reused.error(),
        "UNAUTHORIZED",
        "a token that comes twice was stolen"
    );
    client.token = Some(text(&next["access_token"]));
    assert_eq!(
        client.get("/v1/account").await.error(),
        "UNAUTHORIZED",
        "its session has ended"
    );
    let first = text(&grant["access_token"]);
    client.token = None;
    assert_eq!(
        client
            .post("/v1/auth/logout", &refresh(&grant["refresh_token"]))
            .await
            .status,
        200
    );
    client.token = Some(first);
    assert_eq!(client.get("/v1/account").await.error(), "UNAUTHORIZED");
    exchange.stop().await;
}

fn signature(secret: &str, parts: &[&str]) -> String {
    use hmac::{KeyInit as _, Mac as _};
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).expect("any key does");
    parts.iter().for_each(|part| mac.update(part.as_bytes()));
    let code = mac.finalize().into_bytes();
    code.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_request_counts_once_and_only_as_it_was_signed() {
    let exchange = Exchange::start(Wish::with_tokens()).await;
    let (_, token) = exchange.user("alice");
    let mut client = exchange.client().await.with_token(&token);
    let made = client.post("/v1/auth/api-keys", r#"{"label":"bot"}"#).await;
    assert_eq!(made.status, 201, "{made:?}");
    let made = made.json();
    let (key, secret) = (
        made["api_key"].as_str().expect("a key"),
        made["secret"].as_str().expect("a secret"),
    );
    client.token = None;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let timestamp = now.expect("after 1970").as_millis().to_string();
    let body = order("Buy", "5", "1");
    let signed = signature(secret, &[&timestamp, "POST", "/v1/order", &body]);
    let headers = [
        ("content-type", "application/json"),
        ("x-api-key", key),
        ("x-timestamp", &timestamp),
        ("x-signature", &signed),
    ];
    let other = body.replace('5', "6");
    let changed = client
        .send("POST", "/v1/order", &headers, Some(other.as_bytes()))
        .await;
    assert_eq!(changed.error(), "UNAUTHORIZED", "another body");
    let elsewhere = client
        .send("POST", "/api/v1/order", &headers, Some(body.as_bytes()))
        .await;
    assert_eq!(elsewhere.error(), "UNAUTHORIZED", "another path");
    let taken = client
        .send("POST", "/v1/order", &headers, Some(body.as_bytes()))
        .await;
    assert_eq!(taken.status, 202, "{taken:?}");
    let replayed = client
        .send("POST", "/v1/order", &headers, Some(body.as_bytes()))
        .await;
    assert_eq!(replayed.error(), "UNAUTHORIZED", "the same again");
    let path = "/api/v1/orders?status=open";
    let signed = signature(secret, &[&timestamp, "GET", path, ""]);
    let headers = [
        ("x-api-key", key),
        ("x-timestamp", &*timestamp),
        ("x-signature", &*signed),
    ];
    let looked = client.send("GET", path, &headers, None).await;
    assert_eq!(
        looked.json()["orders"].as_array().map(Vec::len),
        Some(1),
        "{looked:?}"
    );
    exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_too_much_is_told_when_to_ask_again() {
    let mut limits = LimitsOptions::default();
    let rate = Rate {
        burst: 3,
        per_minute: 6,
    };
    limits.accounts.free.orders = rate;
    limits.addresses.auth = rate;
    let exchange = Exchange::start(Wish {
        limits,
        ..Wish::with_tokens()
    })
    .await;
    let (_, token) = exchange.user("alice");
    let mut client = exchange.client().await.with_token(&token);
    for left in ["2", "1", "0"] {
        let answer = client.post("/v1/order", &order("Buy", "5", "1")).await;
        assert_eq!(answer.status, 202);
        assert_eq!(answer.header("x-ratelimit-remaining"), Some(left));
        assert_eq!(answer.header("x-ratelimit-limit"), Some("3"));
    }
    let limited = client.post("/v1/order", &order("Buy", "5", "1")).await;
    assert_eq!((limited.status, limited.error().as_str()), (429, "RATE_LIMITED"));
    let wait: u64 = limited
        .header("retry-after")
        .expect("a time")
        .parse()
        .expect("seconds");
    assert!((1..=10).contains(&wait), "{wait}");
    assert_eq!(
        client.get("/v1/orders").await.status,
        200,
        "looking is another bucket"
    );
    let mut guesser = exchange.client().await;
    let mut codes = Vec::new();
    for _ in 0..5 {
        let body = r#"{"username":"alice","password":"guessed it"}"#;
        codes.push(guesser.post("/v1/auth/login", body).await.error());
    }
    assert_eq!(codes[3..], ["RATE_LIMITED", "RATE_LIMITED"], "{codes:?}");
    tokio::time::timeout(Duration::from_secs(20), exchange.stop())
        .await
        .expect("it ends");
}
