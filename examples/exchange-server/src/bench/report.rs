//! What a load test came to, for people and for programs.

use std::fmt::{self, Display, Formatter};

use serde_json::{Value, json};

use super::measured::{Errors, Latencies, Orders};
use super::subscribers::Seen;

/// What a load test came to.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) rate: u32,
    /// How long was measured: at least as long as was asked for, longer if answers came later.
    pub(crate) elapsed_ns: u128,
    pub(crate) connections: u32,
    pub(crate) symbols: Vec<String>,
    pub(crate) orders: Orders,
    pub(crate) executions: Option<Latencies>,
    /// Why executions are not, or not all, in the figures.
    pub(crate) executions_ended: Option<String>,
    pub(crate) subscribers: u32,
    pub(crate) seen: Seen,
    /// Why open orders could not be taken back.
    pub(crate) left_over: Option<String>,
}

impl Report {
    /// So many in the time that was measured, a second.
    fn per_second(&self, count: u64) -> u64 {
        let per_second = u128::from(count) * 1_000_000_000 / self.elapsed_ns.max(1);
        u64::try_from(per_second).unwrap_or(u64::MAX)
    }

    fn latencies(&self) -> impl Iterator<Item = (&'static str, &Latencies)> {
        let executions = self.executions.as_ref();
        [
            ("order_to_ack", Some(&self.orders.ack)),
            ("order_to_execution", executions),
            ("book_delivery", Some(&self.seen.delivery)),
            (
                "event_delivery",
                Some(&self.seen.events).filter(|events| events.count() > 0),
            ),
            ("tool_lateness", Some(&self.orders.lateness)),
        ]
        .into_iter()
        .filter_map(|(name, latencies)| Some((name, latencies?)))
    }

    pub(crate) fn json(&self) -> Value {
        let mut latencies = serde_json::Map::new();
        for (name, found) in self.latencies() {
            let [p50, p90, p99, p999, max] = found.percentiles();
            let figures = json!({"count": found.count(), "p50": p50, "p90": p90, "p99": p99, "p99_9": p999, "max": max});
            latencies.insert(name.into(), figures);
        }
        let errors = |errors: &Errors| -> Value {
            errors
                .iter()
                .map(|(code, count)| (code.to_owned(), json!(count)))
                .collect()
        };
        json!({
            "version": 1,
            "orders": {
                "rate_asked": self.rate,
                "accepted_per_second": self.per_second(self.orders.accepted),
                "accepted": self.orders.accepted,
                "unsent": self.orders.unsent,
                "errors": errors(&self.orders.errors),
                "connections": self.connections,
                "symbols": self.symbols,
                "executions_ended": self.executions_ended,
                "left_over": self.left_over,
            },
            "subscribers": {
                "asked": self.subscribers,
                "subscribed": self.seen.subscribed,
                "messages": self.seen.messages,
                "messages_per_second": self.per_second(self.seen.messages),
                "errors": errors(&self.seen.errors),
            },
            "latency_us": latencies,
            "elapsed_ms": u64::try_from(self.elapsed_ns / 1_000_000).unwrap_or(u64::MAX),
        })
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { orders, seen, .. } = self;
        writeln!(
            f,
            "orders       {} accepted, {}/s of {}/s asked for, over {} connections",
            orders.accepted,
            self.per_second(orders.accepted),
            self.rate,
            self.connections
        )?;
        let wrong = orders.errors.total();
        writeln!(
            f,
            "             {wrong} answered otherwise or not at all, {} never sent",
            orders.unsent
        )?;
        for (code, count) in orders.errors.iter().chain(seen.errors.iter()) {
            writeln!(f, "             {code:<28} {count:>10}")?;
        }
        if self.subscribers > 0 {
            writeln!(
                f,
                "subscribers  {} of {}, {} messages, {}/s",
                seen.subscribed,
                self.subscribers,
                seen.messages,
                self.per_second(seen.messages)
            )?;
        }
        writeln!(
            f,
            "\n{:<20}{:>10}{:>12}{:>12}{:>12}{:>12}{:>12}",
            "latency in ms", "count", "p50", "p90", "p99", "p99.9", "max"
        )?;
        for (name, latencies) in self.latencies().filter(|(_, latencies)| latencies.count() > 0) {
            write!(f, "{:<20}{:>10}", name.replace('_', " "), latencies.count())?;
            for micros in latencies.percentiles() {
                write!(f, "{:>12}", format!("{}.{:03}", micros / 1_000, micros % 1_000))?;
            }
            writeln!(f)?;
        }
        if let Some(ended) = &self.executions_ended {
            writeln!(f, "\nexecutions are not all counted: {ended}")?;
        }
        if let Some(left_over) = &self.left_over {
            writeln!(f, "\nopen orders could not be cancelled: {left_over}")?;
        }
        Ok(())
    }
}
