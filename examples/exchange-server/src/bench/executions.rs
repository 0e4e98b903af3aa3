//! How long it takes until the owner of an order hears that it traded.
//!
//! The ack of an order names its id and comes on one connection; its execution names the id too and comes on another.
//! Either may be first.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::http::text_of;
use super::measured::Latencies;
use super::stream::{Ended, Stream, kind, list};
use super::target::Target;

/// What of an order is known so far.
#[derive(Clone, Copy, Debug)]
enum Half {
    Acked { intended: Instant },
    Executed { received: Instant },
}

/// Brings acks and executions of the same orders together.
#[derive(Debug)]
pub(crate) struct Pairing {
    halves: HashMap<u64, Half>,
    /// The same, by when they came, so that those that stay alone are forgotten.
    arrivals: VecDeque<(u64, Instant)>,
    kept_for: Duration,
    measured_from: Instant,
    pub(crate) latencies: Latencies,
}

impl Pairing {
    /// What stays alone for `kept_for` is forgotten; orders due before `measured_from` are not counted.
    pub(crate) fn new(measured_from: Instant, kept_for: Duration) -> Self {
        Self {
            halves: HashMap::new(),
            arrivals: VecDeque::new(),
            kept_for,
            measured_from,
            latencies: Latencies::new(),
        }
    }

    /// Executions that began to be received before the load know only now from when on they count.
    pub(crate) fn begin(&mut self, measured_from: Instant) {
        self.measured_from = measured_from;
    }

    pub(crate) fn acked(&mut self, order_id: &str, intended: Instant, now: Instant) {
        let key = key(order_id);
        match self.halves.remove(&key) {
            Some(Half::Executed { received }) => self.record(intended, received),
            _ => self.keep(key, Half::Acked { intended }, now),
        }
    }

    /// Only the taker's execution follows from its own order; a maker's waits for somebody else.
    pub(crate) fn executed(&mut self, order_id: &str, is_taker: bool, received: Instant) {
        let key = key(order_id);
        match self.halves.remove(&key) {
            Some(Half::Acked { intended }) if is_taker => self.record(intended, received),
            None if is_taker => self.keep(key, Half::Executed { received }, received),
            _ => {}
        }
    }

    fn record(&mut self, intended: Instant, received: Instant) {
        if intended >= self.measured_from {
            self.latencies
                .record(received.saturating_duration_since(intended));
        }
    }

    fn keep(&mut self, key: u64, half: Half, now: Instant) {
        self.halves.insert(key, half);
        self.arrivals.push_back((key, now));
        let is_old = |(_, arrival): &(u64, Instant)| now.saturating_duration_since(*arrival) > self.kept_for;
        while let Some((old, _)) = self.arrivals.pop_front_if(|arrival| is_old(arrival)) {
            self.halves.remove(&old);
        }
    }
}

/// Ids are as long as the server likes; 64 bits tell them apart.
fn key(order_id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    order_id.hash(&mut hasher);
    hasher.finish()
}

/// Follows the account's executions until the stream ends; says on `ready` once the first could come.
pub(crate) async fn follow(
    target: &Target,
    token: Option<&str>,
    symbols: &[String],
    pairing: &Rc<RefCell<Pairing>>,
    ready: oneshot::Sender<()>,
) -> Ended {
    let mut stream = match subscribe(target, token, symbols).await {
        Ok(stream) => stream,
        Err(ended) => return ended,
    };
    // Where nobody waits any more the load begins without.
    let _ = ready.send(());
    loop {
        match stream.next().await {
            Ok(message) if kind(&message) == "Execution" => {
                let message = message.as_bytes();
                let order_id = text_of(message, "order_id");
                let is_taker = text_of(message, "liquidity") == Some("Taker");
                if let Some(order_id) = order_id {
                    pairing.borrow_mut().executed(order_id, is_taker, Instant::now());
                }
            }
            Ok(_) => {}
            Err(ended) => return ended,
        }
    }
}

async fn subscribe(target: &Target, token: Option<&str>, symbols: &[String]) -> Result<Stream, Ended> {
    let mut stream = Stream::open(target).await?;
    let token = token
        .map(|token| format!(r#","token":"{token}""#))
        .unwrap_or_default();
    stream
        .send(format!(r#"{{"type":"Authenticate"{token}}}"#))
        .await?;
    stream.wait_for("AuthenticateSuccess").await?;
    let symbols = list(symbols);
    let subscribe = format!(r#"{{"type":"Subscribe","channels":["orders"],"symbols":{symbols}}}"#);
    stream.send(subscribe).await?;
    stream.wait_for("SubscribeSuccess").await?;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn an_ack_and_an_execution_meet_in_either_order() {
        let from = Instant::now();
        let mut pairing = Pairing::new(from, 1_000 * MS);
        pairing.acked("a", from, from + MS);
        pairing.executed("a", true, from + 5 * MS);
        pairing.executed("b", true, from + 6 * MS);
        pairing.acked("b", from, from + 9 * MS);
        assert_eq!(pairing.latencies.count(), 2);
        assert_eq!(
            pairing.latencies.percentiles()[4] / 1_000,
            6,
            "the ack's own lateness does not count"
        );
        assert!(pairing.halves.is_empty());
    }

    #[test]
    fn makers_do_not_count_and_only_the_first_fill_does() {
        let from = Instant::now();
        let mut pairing = Pairing::new(from, 1_000 * MS);
        pairing.acked("maker", from, from + MS);
        pairing.executed("maker", false, from + 500 * MS);
        pairing.acked("taker", from, from + MS);
        pairing.executed("taker", true, from + 2 * MS);
        pairing.executed("taker", true, from + 900 * MS);
        assert_eq!(pairing.latencies.count(), 1);
        assert_eq!(pairing.latencies.percentiles()[4] / 1_000, 2);
    }

    #[test]
    fn what_stays_alone_is_forgotten() {
        let from = Instant::now();
        let mut pairing = Pairing::new(from, 10 * MS);
        for number in 0..1_000 {
            pairing.acked(&number.to_string(), from, from + number * MS);
        }
        assert!(pairing.halves.len() <= 11 && pairing.arrivals.len() <= 11);
    }

    #[test]
    fn orders_of_the_warm_up_do_not_count() {
        let from = Instant::now();
        let mut pairing = Pairing::new(from + 10 * MS, 1_000 * MS);
        pairing.acked("a", from, from + MS);
        pairing.executed("a", true, from + 20 * MS);
        assert_eq!(pairing.latencies.count(), 0);
    }
}
