//! What was measured.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

/// Two minutes in microseconds: longer than any time-out.
const MICROS_MAX: u64 = 120_000_000;
/// More kinds of errors than a server has.
const CODES_MAX: usize = 64;

/// Latencies in microseconds, to three digits.
#[derive(Clone, Debug)]
pub(crate) struct Latencies {
    histogram: Histogram<u64>,
}

impl Latencies {
    pub(crate) fn new() -> Self {
        let histogram = Histogram::new_with_bounds(1, MICROS_MAX, 3);
        Self {
            histogram: histogram.expect("these are bounds, and three digits can be had"),
        }
    }

    pub(crate) fn record(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        self.histogram.saturating_record(micros);
    }

    pub(crate) fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// p50, p90, p99, p99.9 and the greatest, in microseconds.
    pub(crate) fn percentiles(&self) -> [u64; 5] {
        let at = |quantile| self.histogram.value_at_quantile(quantile);
        [at(0.5), at(0.9), at(0.99), at(0.999), self.histogram.max()]
    }
}

/// What went wrong, by code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Errors {
    counts: BTreeMap<String, u64>,
}

impl Errors {
    pub(crate) fn count(&mut self, code: &str) {
        let known = self.counts.len() < CODES_MAX || self.counts.contains_key(code);
        let code = if known { code } else { "OTHER" };
        *self.counts.entry(code.to_owned()).or_default() += 1;
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.counts.iter().map(|(code, count)| (code.as_str(), *count))
    }

    pub(crate) fn total(&self) -> u64 {
        self.counts.values().sum()
    }
}

/// What became of the orders that were due while it was measured.
#[derive(Clone, Debug)]
pub(crate) struct Orders {
    /// Orders that are due earlier are not counted.
    measured_from: Instant,
    /// From when an order was due to its ack. One without an answer counts with as long as it was waited for.
    pub(crate) ack: Latencies,
    /// From when an order was due to when it was sent.
    pub(crate) lateness: Latencies,
    pub(crate) accepted: u64,
    /// Sent, and answered with something else or not at all.
    pub(crate) errors: Errors,
    /// Due, and never sent because no connection was free.
    pub(crate) unsent: u64,
    /// When the last answer came.
    pub(crate) last_answer: Option<Instant>,
}

impl Orders {
    pub(crate) fn new(measured_from: Instant) -> Self {
        Self {
            measured_from,
            ack: Latencies::new(),
            lateness: Latencies::new(),
            accepted: 0,
            errors: Errors::default(),
            unsent: 0,
            last_answer: None,
        }
    }

    pub(crate) fn is_measured(&self, intended: Instant) -> bool {
        intended >= self.measured_from
    }

    pub(crate) fn accepted(&mut self, intended: Instant, sent: Instant, answered: Instant) {
        if self.is_measured(intended) {
            self.accepted += 1;
            self.ack.record(answered - intended);
            self.lateness.record(sent - intended);
            self.last_answer = Some(answered);
        }
    }

    /// Refused at once: it says nothing of how long an ack takes.
    pub(crate) fn refused(&mut self, intended: Instant, code: &str) {
        if self.is_measured(intended) {
            self.errors.count(code);
            self.last_answer = Some(Instant::now());
        }
    }

    /// Not answered by `given_up`: an ack would have taken longer than that.
    pub(crate) fn unanswered(&mut self, intended: Instant, given_up: Instant, code: &str) {
        if self.is_measured(intended) {
            self.errors.count(code);
            self.ack.record(given_up.saturating_duration_since(intended));
        }
    }

    /// Not even sent by `given_up`.
    pub(crate) fn unsent(&mut self, intended: Instant, given_up: Instant) {
        if self.is_measured(intended) {
            self.unsent += 1;
            self.ack.record(given_up.saturating_duration_since(intended));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn percentiles_are_those_of_what_was_recorded() {
        let mut latencies = Latencies::new();
        for ms in 1..=1_000 {
            latencies.record(ms * MS);
        }
        let about: Vec<u64> = latencies
            .percentiles()
            .iter()
            .map(|micros| micros / 1_000)
            .collect();
        assert_eq!(about, [500, 900, 990, 999, 1_000]);
        latencies.record(Duration::from_secs(1_000));
        assert!(
            latencies.percentiles()[4] >= MICROS_MAX,
            "too long is as long as there is"
        );
    }

    #[test]
    fn what_is_due_during_the_warm_up_is_not_counted() {
        let from = Instant::now();
        let mut orders = Orders::new(from);
        let early = from - MS;
        orders.accepted(early, early, from + MS);
        orders.refused(early, "X");
        orders.unanswered(early, from + MS, "X");
        orders.unsent(early, from + MS);
        assert_eq!(
            (orders.ack.count(), orders.errors.total(), orders.unsent),
            (0, 0, 0)
        );
    }

    #[test]
    fn what_was_never_answered_counts_with_its_wait() {
        let from = Instant::now();
        let mut orders = Orders::new(from);
        orders.accepted(from, from, from + MS);
        orders.unanswered(from, from + 5_000 * MS, "TIMEOUT");
        orders.unsent(from + MS, from + 5_001 * MS);
        assert_eq!(orders.ack.count(), 3);
        let p90 = orders.ack.percentiles()[1];
        assert!((4_990_000..5_010_000).contains(&p90), "{p90}");
        assert_eq!((orders.accepted, orders.errors.total(), orders.unsent), (1, 1, 1));
    }

    #[test]
    fn codes_are_bounded() {
        let mut errors = Errors::default();
        for code in 0..1_000 {
            errors.count(&format!("C{code}"));
        }
        assert_eq!(errors.iter().count(), CODES_MAX + 1);
        assert_eq!(errors.total(), 1_000);
    }
}
