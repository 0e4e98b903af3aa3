//! What the parts of the server cost: `cargo bench -p engine-http`.
//!
//! Every figure is the median of five runs in this process. Not measured: sockets, JSON, and anything that a client does.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use engine_core::{AccountId, Timestamp};
use engine_http::identity::{Caller, Identity, IdentityOptions, SignedRequest, Tier, Via};
use engine_http::limits::{Ask, Kind, Limits, LimitsOptions};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

const RUNS: usize = 5;
const START_MS: u64 = 1_800_000_000_000;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    identity()?;
    limits()
}

/// Prints the time of one of `count` repetitions.
fn report(name: &str, count: u32, mut run: impl FnMut()) {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed() / count
        })
        .collect();
    times.sort();
    println!("{name:<64} {:>10.1?}", times[RUNS / 2]);
}

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(START_MS + millis).expect("before the year 2554")
}

fn identity() -> Outcome<()> {
    let directory = tempfile::tempdir()?;
    let identity = Identity::open(directory.path(), IdentityOptions::default(), at(0))?;
    let grant = identity.register("alice", "correct horse", at(0))?;
    let key = identity.create_api_key(grant.account, "bench", at(0))?;

    let token = grant.access_token.expose();
    report("identity: verify an access token", 100_000, || {
        for _ in 0..100_000 {
            black_box(identity.verify(black_box(token), at(1)).is_ok());
        }
    });

    let id = key.id.to_string();
    let mut signed = Vec::new();
    let body = br#"{"symbol":"BTC-KRW","side":"Buy","order_type":"Limit","price":50000000,"quantity":0.001}"#;
    let mac = Hmac::<Sha256>::new_from_slice(key.secret.expose().as_bytes())?;
    for index in 0..10_000 * RUNS as u64 {
        let timestamp = (START_MS + index).to_string();
        let mut mac = mac.clone();
        for part in [timestamp.as_bytes(), b"POST", b"/api/v1/order", body] {
            mac.update(part);
        }
        let code = mac.finalize().into_bytes();
        signed.push((
            timestamp,
            code.iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
        ));
    }
    let mut next = 0;
    report("identity: check a signed request of 89 bytes", 10_000, || {
        for (timestamp, signature) in &signed[next..next + 10_000] {
            let request = SignedRequest {
                key: &id,
                timestamp,
                signature,
                method: "POST",
                path: "/api/v1/order",
                body,
            };
            let now = at(timestamp.parse::<u64>().expect("digits") - START_MS);
            assert!(identity.verify_signed(&request, now).is_ok(), "it is good");
        }
        next += 10_000;
    });

    report("identity: log in, Argon2id and the store included", 1, || {
        assert!(
            identity.login("alice", "correct horse", at(1)).is_ok(),
            "both are right"
        );
    });
    let mut token = grant.refresh_token;
    report("identity: refresh, on disk", 1, || {
        token = identity
            .refresh(token.expose(), at(1))
            .expect("it is the good one")
            .refresh_token;
    });
    Ok(())
}

fn limits() -> Outcome<()> {
    const CALLS: u32 = 1_000_000;
    let limits = Limits::new(&LimitsOptions::default())?;
    let caller = Caller {
        account: AccountId::new(1).ok_or("1 is not 0")?,
        tier: Tier::Enterprise,
        is_frozen: false,
        via: Via::Session(1),
    };
    let ask = |address: u32, caller| Ask {
        address: IpAddr::V4(Ipv4Addr::from_bits(address)),
        caller,
        kind: Kind::Orders,
        cost: 1,
    };
    let mut now_us = START_MS * 1_000;
    let mut admit = |ask: Ask<'_>| {
        now_us += 10;
        limits.admit(&ask, Timestamp::from_nanos(now_us * 1_000))
    };
    report("limits: admit, one account", CALLS, || {
        for _ in 0..CALLS {
            black_box(admit(ask(1, Some(&caller))));
        }
    });
    report("limits: admit, a million addresses in turn", CALLS, || {
        for address in 0..CALLS {
            black_box(admit(ask(address, None)));
        }
    });
    Ok(())
}
