//! Counters and histograms, written as Prometheus reads them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use engine_core::{InstrumentId, OrderId, Side};
use engine_runtime::SinkState;
use engine_wire::Word;

use crate::app::App;
use crate::histogram::{Histogram, Micros};
use crate::rest::failure::Failure;

/// What became of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum OrderOutcome {
    Accepted,
    Rejected,
    Unanswered,
}

impl OrderOutcome {
    pub(crate) fn of(answered: &Result<OrderId, Failure>) -> Self {
        match answered {
            Ok(_) => Self::Accepted,
            Err(failure) if failure.status().is_server_error() => Self::Unanswered,
            Err(_) => Self::Rejected,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Unanswered => "unanswered",
        }
    }
}

/// What the server has counted since it was started.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    orders: Mutex<BTreeMap<InstrumentId, [[u64; 3]; 2]>>,
    ack: Histogram,
    pub(crate) requests: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) connections: AtomicU64,
    pub(crate) connections_refused: AtomicU64,
    pub(crate) time_outs: AtomicU64,
    pub(crate) ws_clients: AtomicU64,
    pub(crate) ws_accepted: AtomicU64,
    pub(crate) ws_slow: AtomicU64,
    pub(crate) ws_bad: AtomicU64,
}

impl Metrics {
    /// An order was answered.
    pub(crate) fn order(&self, instrument: InstrumentId, side: Side, outcome: OrderOutcome) {
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        orders.entry(instrument).or_default()[side as usize][outcome as usize] += 1;
    }

    /// How long an order took from when it was received until it could be answered.
    pub(crate) fn acked(&self, took: Duration) {
        self.ack.record(took);
    }

    /// Everything, as text.
    pub(crate) fn render(&self, app: &App) -> String {
        let mut out = String::with_capacity(4_096);
        self.render_orders(app, &mut out);
        let name = "xtrader_order_ack_seconds";
        self.ack
            .render(name, "From receipt of an order to its acknowledgement.", &mut out);
        let name = "xtrader_order_event_seconds";
        let help = "From receipt of an order to when its events were handed to those who listen.";
        app.views.event_latency().render(name, help, &mut out);
        self.render_connections(&mut out);
        render_engine(app, &mut out);
        out
    }

    fn render_connections(&self, out: &mut String) {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        gauge(out, "connections", "Open connections.", read(&self.connections));
        gauge(out, "ws_clients", "WebSocket clients.", read(&self.ws_clients));
        count(out, "requests", "Requests.", read(&self.requests));
        count(
            out,
            "requests_refused",
            "Requests answered with an error.",
            read(&self.refused),
        );
        let refused = read(&self.connections_refused);
        count(out, "connections_refused", "Connections above the cap.", refused);
        let late = read(&self.time_outs);
        count(
            out,
            "connection_timeouts",
            "Connections that sent too slowly.",
            late,
        );
        let slow = read(&self.ws_slow);
        count(out, "ws_slow_closed", "WebSocket clients closed as slow.", slow);
        let bad = read(&self.ws_bad);
        count(
            out,
            "ws_bad_closed",
            "WebSocket clients closed for nonsense.",
            bad,
        );
        count(
            out,
            "ws_clients",
            "WebSocket clients so far.",
            read(&self.ws_accepted),
        );
    }

    fn render_orders(&self, app: &App, out: &mut String) {
        let _ = writeln!(
            out,
            "# HELP xtrader_orders_total Orders by what became of them.\n# TYPE xtrader_orders_total counter"
        );
        let orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let symbols = app.views.symbols();
        for (instrument, sides) in orders {
            let Some(spec) = symbols.spec(instrument) else {
                continue;
            };
            for (side, outcomes) in Side::BOTH.into_iter().zip(sides) {
                let names = [
                    OrderOutcome::Accepted,
                    OrderOutcome::Rejected,
                    OrderOutcome::Unanswered,
                ];
                for (outcome, count) in names.into_iter().zip(outcomes) {
                    let _ = writeln!(
                        out,
                        "xtrader_orders_total{{symbol={:?},side=\"{}\",outcome=\"{}\"}} {count}",
                        spec.terms().symbol,
                        side.word(),
                        outcome.name(),
                    );
                }
            }
        }
    }
}

fn sample(out: &mut String, name: &str, kind: &str, help: &str, value: impl std::fmt::Display) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
}

fn render_engine(app: &App, out: &mut String) {
    let engine = app.engine.metrics();
    let released = engine.released_through.get();
    let lag = released.saturating_sub(app.views.seq().get());
    gauge(
        out,
        "queue_depth",
        "Commands that wait for the engine.",
        engine.queued as u64,
    );
    gauge(out, "sequence", "The last command that was answered.", released);
    gauge(out, "views_lag", "Commands answered and not viewed yet.", lag);
    count(out, "commands", "Commands carried out.", engine.commands);
    count(out, "events", "Events.", engine.events);
    count(out, "batches", "Batches of commands.", engine.batches);
    count(out, "repeats", "Orders that came again.", engine.repeats);
    count(out, "conflicts", "Orders with another's name.", engine.conflicts);
    count(
        out,
        "overloaded",
        "Commands refused: queue full.",
        engine.overloaded,
    );
    count(out, "journal_syncs", "Syncs of the journal.", engine.syncs);
    count(out, "snapshots", "Snapshots.", engine.snapshots);
    count(
        out,
        "snapshots_failed",
        "Failed snapshots.",
        engine.snapshots_failed,
    );
    render_sinks(app, released, out);
    let sync_us = Micros(u64::try_from(engine.sync_time.as_micros()).unwrap_or(u64::MAX));
    let name = "xtrader_journal_sync_seconds_total";
    sample(out, name, "counter", "How long syncing took in all.", sync_us);
    let hub = app.hub.counts();
    count(out, "ws_queued", "Messages queued, one a client.", hub.queued);
    count(
        out,
        "ws_conflated",
        "States replaced before they were read.",
        hub.conflated,
    );
}

/// How far each sink is behind. There are as many as are configured, so they make good labels.
fn render_sinks(app: &App, released: u64, out: &mut String) {
    let name = "xtrader_sink_lag";
    let _ = writeln!(
        out,
        "# HELP {name} Commands that a sink has not noted yet.\n# TYPE {name} gauge"
    );
    for sink in app.engine.sinks() {
        let lag = released.saturating_sub(sink.noted.get());
        let _ = writeln!(out, "{name}{{sink=\"{}\"}} {lag}", sink.name);
    }
    let name = "xtrader_sink_failing";
    let _ = writeln!(
        out,
        "# HELP {name} Whether a sink cannot hand on what it reads.\n# TYPE {name} gauge"
    );
    for sink in app.engine.sinks() {
        let is_failing = matches!(sink.state, SinkState::Failing(_));
        let _ = writeln!(out, "{name}{{sink=\"{}\"}} {}", sink.name, u8::from(is_failing));
    }
}

/// A number that rises and falls.
fn gauge(out: &mut String, name: &str, help: &str, value: u64) {
    sample(out, &format!("xtrader_{name}"), "gauge", help, value);
}

/// A number that only grows.
fn count(out: &mut String, name: &str, help: &str, value: u64) {
    sample(out, &format!("xtrader_{name}_total"), "counter", help, value);
}
