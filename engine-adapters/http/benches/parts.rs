//! What the parts of the server cost: `cargo bench -p engine-http`.
//!
//! Every figure is the median of five runs in this process: of the processor's time, so that other work on the machine counts as
//! little as it can; of the time that passes where a disk is asked. Not measured: sockets, JSON, and what a client does.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use engine_core::{AccountId, Timestamp};
use engine_http::hub::{Connection, Hub, HubOptions};
use engine_http::identity::{Caller, Identity, IdentityOptions, SignedRequest, Tier, Via};
use engine_http::limits::{Ask, Kind, Limits, LimitsOptions};
use hmac::{Hmac, KeyInit as _, Mac as _};
use rustix::time::{ClockId, clock_gettime};
use sha2::Sha256;

const RUNS: usize = 5;
const START_MS: u64 = 1_800_000_000_000;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    identity()?;
    limits()?;
    hub()
}

/// The processor's time of this thread.
fn busy() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.try_into().expect("a thread's time is not negative")
}

/// Prints the processor's time of one of `count` repetitions.
fn report(name: &str, count: u32, mut run: impl FnMut()) {
    let once = || {
        let start = busy();
        run();
        (busy() - start) / count
    };
    print(name, std::iter::repeat_with(once).take(RUNS).collect());
}

/// Prints the time that passes.
fn report_passing(name: &str, mut run: impl FnMut()) {
    let once = || {
        let start = Instant::now();
        run();
        start.elapsed()
    };
    print(name, std::iter::repeat_with(once).take(RUNS).collect());
}

fn print(name: &str, mut times: Vec<Duration>) {
    times.sort();
    println!("{name:<64} {:>10.1?}", times[times.len() / 2]);
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

    report_passing("identity: log in, Argon2id and the store included", || {
        assert!(
            identity.login("alice", "correct horse", at(1)).is_ok(),
            "both are right"
        );
    });
    let mut token = grant.refresh_token;
    report_passing("identity: refresh, on disk", || {
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

/// All connections listen to one topic. Their readers, which are not measured, have taken everything and wait.
fn hub() -> Outcome<()> {
    const CONNECTIONS: u32 = 5_000;
    const ROUNDS: u64 = 20;
    let hub = Hub::new(HubOptions::default());
    let topics = hub.list("BTC-KRW", Some(0));
    let mut connections: Vec<Connection> = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut connection = hub.connect();
        connection.subscribe(&topics.orderbook, None)?;
        connection.subscribe(&topics.executions, None)?;
        connections.push(connection);
    }
    let message = Bytes::from(vec![b'x'; 1_000]);
    let mut out = Vec::new();
    let mut wait = |connections: &[Connection]| {
        for connection in connections {
            let outbox = connection.outbox();
            let mut context = Context::from_waker(Waker::noop());
            while outbox.poll_take(&mut context, 100, &mut out).is_ready() {
                out.clear();
            }
        }
    };
    let mut sequence = 0;
    for is_event in [false, true] {
        let times = (0..ROUNDS)
            .map(|_| {
                wait(&connections);
                let start = busy();
                if is_event {
                    sequence += 1;
                    topics.executions.publish_event(sequence, &message);
                } else {
                    topics.orderbook.publish_state(&message);
                }
                (busy() - start) / CONNECTIONS
            })
            .collect();
        let name = if is_event { "an event" } else { "a state" };
        print(
            &format!("hub: publish {name} to 5,000 that wait, each of them"),
            times,
        );
    }
    for _ in 0..100 {
        topics.orderbook.publish_state(&message);
    }
    report(
        "hub: publish a state to 5,000 slow ones, each of them",
        CONNECTIONS,
        || {
            topics.orderbook.publish_state(&message);
        },
    );
    Ok(())
}
