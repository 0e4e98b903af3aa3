//! R37: the same load again and again; memory, descriptors and tasks are as they were.

use std::fs;
use std::net::SocketAddr;

use crate::program::{Program, ask, request, request_text};
use crate::reader::Reader;

/// Rounds in `cargo verify`. The first third is for warming up.
const ROUNDS: usize = 12;
const BATCHES: usize = 4;
const BATCH: usize = 100;
const READERS: usize = 8;
/// What memory may grow by without a cause: the allocator keeps some of what it was given back.
const NOISE_KIB: u64 = 16 << 10;
/// What an order may take as long as the newest closed orders are not as many as are kept in memory.
const KIB_PER_THOUSAND_ORDERS: u64 = 1_000;
const CLOSED_ORDERS_MAX: usize = 1 << 17;
/// A new segment of a log is opened before the last is closed.
const DESCRIPTORS_APART: usize = 4;

/// How many times longer than usual the long tests should be.
fn soak() -> usize {
    std::env::var("ENGINE_SOAK").map_or(1, |text| text.parse().expect("ENGINE_SOAK is a number"))
}

/// How a server is when nobody asks it for anything.
#[derive(Clone, Copy, Debug)]
struct Rest {
    memory_kib: u64,
    descriptors: usize,
}

impl Rest {
    /// Waits until nobody is connected but whoever asks, and looks.
    fn of(program: &Program) -> Self {
        loop {
            let (_, metrics) =
                request_text(program.rest, "GET", "/metrics", None, "").expect("the server answers");
            let value = |name: &str| {
                let line = metrics
                    .lines()
                    .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
                line.expect("it is exported").to_owned()
            };
            let is_quiet = value("xtrader_ws_clients") == "0" && value("xtrader_views_lag") == "0";
            if is_quiet && value("xtrader_connections") == "1" {
                return Self::now(program.id());
            }
            std::thread::yield_now();
        }
    }

    fn now(id: u32) -> Self {
        let status = fs::read_to_string(format!("/proc/{id}/status")).expect("it runs");
        let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let memory = memory.and_then(|text| text.split_whitespace().next());
        Self {
            memory_kib: memory.expect("it has memory").parse().expect("a number"),
            descriptors: fs::read_dir(format!("/proc/{id}/fd")).expect("it runs").count(),
        }
    }
}

/// Readers come, orders trade and are taken back, others talk nonsense, and all go.
fn round(rest: SocketAddr) {
    let readers: Vec<Reader> = (0..READERS).map(|_| Reader::subscribe(rest, "AAPL")).collect();
    for batch in 0..BATCHES {
        let orders = (0..BATCH).map(|number| {
            let (side, price) = [("Sell", 100), ("Buy", 100), ("Buy", 50 + batch)][number % 3];
            format!(
                r#"{{"symbol":"AAPL","side":"{side}","order_type":"Limit","price":{price},"quantity":1,"self_trade_prevention":"None"}}"#
            )
        });
        let orders = orders.collect::<Vec<_>>().join(",");
        let acks = ask(rest, "POST", "/v1/orders", &format!("[{orders}]"));
        let acks = acks.as_array().expect("a list");
        assert!(acks.iter().all(|ack| ack["status"] == "ACCEPTED"), "{acks:?}");
        ask(rest, "GET", "/v1/klines/AAPL/1m?limit=10", "");
        ask(rest, "GET", "/v1/orders?status=closed", "");
        let refused = request(rest, "POST", "/v1/order", None, "{\"symbol\":");
        assert_eq!(refused.map(|(status, _)| status), Some(400));
    }
    ask(rest, "DELETE", "/v1/orders?symbol=AAPL", "");
    for (number, reader) in readers.into_iter().enumerate() {
        match number % 2 {
            0 => reader.leave(),
            _ => drop(reader),
        }
    }
}

/// The mean of a third.
fn mean(rests: &[Rest]) -> u64 {
    rests.iter().map(|rest| rest.memory_kib).sum::<u64>() / rests.len() as u64
}

#[test]
fn r37_memory_and_descriptors_stay_as_they_are() {
    let data = tempfile::tempdir().expect("a temporary directory");
    let program = Program::start(data.path(), &["--log-level", "warn"]);
    let rounds = ROUNDS * soak();
    let mut rests = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        round(program.rest);
        rests.push(Rest::of(&program));
    }
    program.stop();
    let third = rounds / 3;
    let [first, middle, last] = [0, 1, 2].map(|part| &rests[part * third..(part + 1) * third]);
    let (before, after) = (mean(middle), mean(last));
    println!(
        "R37: {rounds} rounds, {} KiB, then {before}, then {after}; descriptors {:?} to {:?}",
        mean(first),
        middle.iter().map(|rest| rest.descriptors).min(),
        last.iter().map(|rest| rest.descriptors).max(),
    );
    let kept = |rounds: usize| (rounds * BATCHES * BATCH).min(CLOSED_ORDERS_MAX) as u64;
    let caused = (kept(rounds) - kept(third)) * KIB_PER_THOUSAND_ORDERS / 1_000;
    assert!(
        after <= before + NOISE_KIB + caused,
        "memory grew from {before} to {after} KiB"
    );
    let most = |rests: &[Rest]| rests.iter().map(|rest| rest.descriptors).max();
    assert!(
        most(last) <= most(middle).map(|most| most + DESCRIPTORS_APART),
        "{middle:?} {last:?}"
    );
}
