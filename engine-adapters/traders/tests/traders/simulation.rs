//! An engine with projections, a crowd, and a clock that jumps from one command to the next.

use std::collections::VecDeque;

use engine_core::data::{CandlesConfig, Interval, Projection, Projections, ProjectionsConfig};
use engine_core::{
    AccountId, Command, Engine, EngineConfig, Event, EventBatch, InstrumentId, InstrumentSpec, Seq,
    Sequenced, Side, Timestamp,
};
use engine_traders::{Crowd, CrowdConfig, Setting, Top, demo};

pub(crate) const SECOND: u64 = 1_000_000_000;
pub(crate) const MINUTE: u64 = 60 * SECOND;
pub(crate) const HOUR: u64 = 60 * MINUTE;

/// Where simulations begin: a whole day, so that candles begin there.
pub(crate) const START: Timestamp = Timestamp::from_nanos(1_699_920_000 * SECOND);

pub(crate) fn later(nanos: u64) -> Timestamp {
    START.saturating_add_nanos(nanos)
}

pub(crate) fn accounts<const N: usize>(first: u64) -> [AccountId; N] {
    std::array::from_fn(|index| AccountId::new(first + index as u64).expect("accounts are counted from 1"))
}

/// An engine and what is known of it.
pub(crate) struct Exchange {
    pub(crate) engine: Engine,
    pub(crate) projections: Projections,
    seq: u64,
    pub(crate) events: Vec<Event>,
}

impl Exchange {
    /// An exchange that lists these.
    pub(crate) fn listing(specs: &[InstrumentSpec]) -> Self {
        let mut exchange = Self::new(EngineConfig::default());
        for spec in specs {
            exchange.apply(Timestamp::ZERO, Command::List(Box::new(spec.clone())));
        }
        exchange
    }

    /// An exchange that lists nothing yet.
    pub(crate) fn new(engine: EngineConfig) -> Self {
        let config = ProjectionsConfig {
            depth_changes_max: Some(0),
            candles: Some(CandlesConfig {
                intervals: Interval::USUAL.to_vec(),
                candles_max: 3_000,
            }),
            ..ProjectionsConfig::OFF
        };
        Self {
            engine: Engine::new(engine),
            projections: Projections::new(config),
            seq: 0,
            events: Vec::new(),
        }
    }

    /// Applies a command; what happened is in `events`.
    pub(crate) fn apply(&mut self, time: Timestamp, value: Command) -> Seq {
        self.seq += 1;
        let seq = Seq::new(self.seq);
        self.events.clear();
        let command = Sequenced { seq, time, value };
        self.engine
            .apply(&command, &mut self.events)
            .expect("commands are numbered without a gap");
        let batch = EventBatch {
            seq,
            time,
            events: &self.events,
        };
        self.projections
            .apply(&batch)
            .expect("batches are numbered without a gap");
        seq
    }

    /// The events of the last command.
    pub(crate) fn batch(&self, seq: Seq, time: Timestamp) -> EventBatch<'_> {
        EventBatch {
            seq,
            time,
            events: &self.events,
        }
    }

    pub(crate) fn top(&self, instrument: InstrumentId) -> Top {
        let depth = self.projections.depth(instrument).expect("it is listed");
        let best = |side| depth.best(side).map(|level| level.price);
        Top {
            bid: best(Side::Buy),
            ask: best(Side::Sell),
        }
    }
}

/// What is told of each command after it was applied.
pub(crate) struct Step<'a> {
    pub(crate) time: Timestamp,
    pub(crate) command: &'a Command,
    pub(crate) exchange: &'a Exchange,
}

/// A crowd in one instrument of the demo.
pub(crate) struct Simulation {
    pub(crate) exchange: Exchange,
    pub(crate) crowd: Crowd,
    pub(crate) instrument: InstrumentId,
    pub(crate) setting: Setting,
    /// How long events take to the crowd.
    pub(crate) lag: u64,
    on_their_way: VecDeque<(Timestamp, Seq, Vec<Event>)>,
    pub(crate) now: Timestamp,
}

impl Simulation {
    pub(crate) fn new(instrument: u32, orders_per_second: u32, seed: u64) -> Self {
        let demo = demo();
        let specs = demo.clone().map(|(spec, _)| spec);
        let (spec, setting) = demo[instrument as usize].clone();
        let instrument = InstrumentId::new(instrument);
        let config = CrowdConfig {
            instrument,
            spec,
            setting,
            accounts: accounts(1),
            orders_per_second,
            seed,
            price: setting.price,
            start: START,
        };
        Self {
            exchange: Exchange::listing(&specs),
            crowd: Crowd::new(config),
            instrument,
            setting,
            lag: 0,
            on_their_way: VecDeque::new(),
            now: START,
        }
    }

    /// Lets the crowd trade up to `until`; `step` sees every command of it.
    pub(crate) fn run(&mut self, until: Timestamp, mut step: impl FnMut(&Step<'_>)) {
        let mut commands = Vec::new();
        while self.crowd.next_due() < until {
            let time = self.crowd.next_due();
            self.deliver(time);
            self.crowd
                .act(time, self.exchange.top(self.instrument), &mut commands);
            for command in commands.drain(..) {
                self.apply(time, command.clone());
                step(&Step {
                    time,
                    command: &command,
                    exchange: &self.exchange,
                });
            }
        }
        self.now = until;
    }

    /// Applies somebody's command; the crowd hears of it.
    pub(crate) fn apply(&mut self, time: Timestamp, command: Command) {
        let seq = self.exchange.apply(time, command);
        let arrival = time.saturating_add_nanos(self.lag);
        self.on_their_way
            .push_back((arrival, seq, self.exchange.events.clone()));
        self.deliver(time);
    }

    fn deliver(&mut self, now: Timestamp) {
        while let Some((arrival, seq, events)) = self.on_their_way.front() {
            if *arrival > now {
                return;
            }
            let batch = EventBatch {
                seq: *seq,
                time: *arrival,
                events,
            };
            self.crowd.observe(&batch);
            self.on_their_way.pop_front();
        }
    }
}

/// The refusals among events.
pub(crate) fn rejects(events: &[Event]) -> impl Iterator<Item = &Event> {
    events
        .iter()
        .filter(|event| matches!(event, Event::Rejected { .. }))
}
