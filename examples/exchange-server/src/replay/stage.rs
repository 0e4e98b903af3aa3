//! The engine, and beside it what has to be known to answer questions about it.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};

use engine_core::data::{
    CandlesConfig, Feed, Interval, OrderState, Projection, Projections, ProjectionsConfig,
};
use engine_core::{
    Command, Engine, EngineConfig, EngineSnapshot, Event, EventBatch, InstrumentId, MassCancel, OrderId,
    OrderIds, OrderRef, Qty, Seq, Sequenced, StateHash, Timestamp,
};

use engine_wire::Symbols;

use super::nobody::Arrivals;
use super::resumed;

/// Why no replay can begin at a snapshot.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ResumeError {
    #[error(transparent)]
    Engine(#[from] engine_core::RestoreError),
    #[error(transparent)]
    Projections(#[from] engine_core::data::RestoreError),
}

/// How many candles of each interval can be asked for.
const CANDLES_MAX: usize = 10_000;

/// How many trades the statistics remember one by one.
const STATISTICS_TRADES_MAX: usize = 1 << 20;

/// How many orders are remembered that are over.
const CLOSED_ORDERS_MAX: u32 = 1 << 16;

/// An engine that is given its commands one after the other.
pub(crate) struct Stage {
    config: EngineConfig,
    engine: Engine,
    projections: Projections,
    now: Timestamp,
    events: Vec<Event>,
    applied: Seq,
    arrivals: Arrivals,
    /// What the engine was given, where somebody wants to give it to another one.
    recorded: Option<Vec<Sequenced<Command>>>,
    /// Where it began, if not at the beginning.
    origin: Option<EngineSnapshot>,
}

/// How the engine of lines is built: callers choose the ids of orders.
fn engine_config() -> EngineConfig {
    EngineConfig {
        ids: OrderIds::Chosen { hash_seed: 0 },
        ..EngineConfig::default()
    }
}

/// Where chosen ids lie in memory differs from process to process: so whatever depended on it would be seen, and nobody can
/// choose ids that collide.
fn with_own_seed(ids: OrderIds) -> OrderIds {
    match ids {
        OrderIds::Chosen { .. } => OrderIds::Chosen {
            hash_seed: RandomState::new().hash_one(()),
        },
        other => other,
    }
}

/// The projections have the engine's own limits, so that they can follow wherever it goes.
fn projections_config(engine: EngineConfig) -> ProjectionsConfig {
    ProjectionsConfig {
        feed: Feed::Whole,
        instruments_max: engine.instruments_max,
        orders_max: engine.orders_max,
        ids: engine.ids,
        depth_changes_max: Some(0),
        trades_max: None,
        candles: Some(CandlesConfig {
            intervals: Interval::USUAL.to_vec(),
            candles_max: CANDLES_MAX,
        }),
        statistics_trades_max: Some(STATISTICS_TRADES_MAX),
        closed_orders_max: Some(CLOSED_ORDERS_MAX),
    }
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self::of(engine_config())
    }

    /// Begins at the beginning, with an engine that is built like this.
    pub(crate) fn of(config: EngineConfig) -> Self {
        let config = EngineConfig {
            ids: with_own_seed(config.ids),
            ..config
        };
        Self {
            config,
            engine: Engine::new(config),
            projections: Projections::new(projections_config(config)),
            now: Timestamp::ZERO,
            events: Vec::new(),
            applied: Seq::new(0),
            arrivals: Arrivals::new(),
            recorded: None,
            origin: None,
        }
    }

    /// Also keeps every command that the engine is given.
    pub(super) fn recording(self) -> Self {
        Self {
            recorded: Some(Vec::new()),
            ..self
        }
    }

    /// Begins where the engine of a snapshot stands.
    pub(crate) fn resume(snapshot: EngineSnapshot) -> Result<Self, ResumeError> {
        let mut snapshot = snapshot;
        snapshot.config.ids = with_own_seed(snapshot.config.ids);
        Ok(Self {
            config: snapshot.config,
            engine: Engine::restore(&snapshot)?,
            projections: resumed::projections(&snapshot, CLOSED_ORDERS_MAX)?,
            now: snapshot.now,
            applied: snapshot.applied,
            origin: Some(snapshot),
            ..Self::new()
        })
    }

    /// All of the engine's state.
    #[cfg(test)]
    pub(super) fn snapshot(&self) -> EngineSnapshot {
        self.engine.snapshot()
    }

    /// What every instrument is called, in the order in which they were listed.
    pub(crate) fn symbols(&self) -> Result<Symbols, String> {
        let mut symbols = Symbols::new();
        for asset in self.engine.assets() {
            symbols.add_asset(asset);
        }
        for spec in (0..).map_while(|number| self.engine.spec(InstrumentId::new(number))) {
            let listed = symbols.list(spec);
            listed.ok_or_else(|| spec.terms().symbol.clone())?;
        }
        Ok(symbols)
    }

    /// Whether the engine gives ids to orders, instead of whoever asks.
    pub(crate) fn gives_ids(&self) -> bool {
        self.config.ids == OrderIds::Assigned
    }

    /// The last command that was applied.
    pub(crate) fn applied(&self) -> Seq {
        self.applied
    }

    /// The hash of all of the engine's state.
    pub(crate) fn state_hash(&self) -> StateHash {
        self.engine.state_hash()
    }

    /// What the engine was given.
    pub(super) fn recorded(&self) -> &[Sequenced<Command>] {
        self.recorded.as_deref().unwrap_or_default()
    }

    /// Another engine that stands where this one began.
    pub(super) fn another_engine(&self) -> Engine {
        match &self.origin {
            Some(origin) => Engine::restore(origin).expect("it was restored before"),
            None => Engine::new(self.config),
        }
    }

    /// Gives the engine a command and says what happened, as it is told outside.
    pub(super) fn apply(&mut self, time: Timestamp, value: Command) -> &[Event] {
        self.follow(Sequenced {
            seq: self.applied.next(),
            time,
            value,
        });
        self.told()
    }

    /// Gives the engine the next command of a stream and says what happened.
    pub(crate) fn follow(&mut self, command: Sequenced<Command>) -> &[Event] {
        self.events.clear();
        self.engine
            .apply(&command, &mut self.events)
            .expect("places are given out one after the other");
        (self.applied, self.now) = (command.seq, command.time);
        let batch = EventBatch {
            seq: command.seq,
            time: command.time,
            events: &self.events,
        };
        self.projections
            .apply(&batch)
            .expect("the projections can follow wherever the engine goes");
        if let Some(recorded) = &mut self.recorded {
            recorded.push(command);
        }
        self.note_arrivals();
        &self.events
    }

    /// What happened, as it is told outside.
    pub(super) fn told(&mut self) -> &[Event] {
        if self
            .events
            .iter()
            .any(|event| matches!(event, Event::Decremented { .. }))
        {
            self.tell_decrements_as_amends();
        }
        &self.events
    }

    fn note_arrivals(&mut self) {
        for event in &self.events {
            self.arrivals.note(event);
        }
        if self.arrivals.is_full() {
            self.arrivals
                .forget(|order| live_state(&self.projections, order).is_some());
        }
    }

    /// To the outside, an order that loses quantity without trading is amended. What its total is then follows from
    /// what it is when the command is done: what it loses later in the command it still has.
    fn tell_decrements_as_amends(&mut self) {
        let mut lost_later: BTreeMap<OrderId, Qty> = BTreeMap::new();
        for event in self.events.iter_mut().rev() {
            let Event::Decremented {
                instrument,
                order,
                account,
                by,
                ..
            } = *event
            else {
                continue;
            };
            let Some(state) = self.projections.order(order) else {
                continue;
            };
            let later = lost_later.entry(order).or_default();
            *event = Event::Amended {
                instrument,
                order,
                account,
                price: state.price,
                quantity: state.quantity + *later,
                kept_priority: true,
            };
            *later += by;
        }
    }

    /// Lets time pass, if it does.
    pub(super) fn pass(&mut self, time: Timestamp) -> &[Event] {
        if time > self.now {
            self.apply(time, Command::Tick)
        } else {
            &[]
        }
    }

    pub(super) fn projections(&mut self) -> &mut Projections {
        &mut self.projections
    }

    /// The state of an order, if it is live.
    pub(crate) fn live(&self, order: OrderRef) -> Option<OrderState> {
        match order {
            OrderRef::Id(id) => live_state(&self.projections, id),
            OrderRef::Client(account, client_id) => self
                .projections
                .open_orders(account)
                .find(|state| state.client_id == Some(client_id)),
        }
    }

    /// The live orders of nobody that a mass cancel means, oldest first.
    pub(super) fn nobodys(&self, wanted: &MassCancel) -> Vec<OrderId> {
        self.arrivals.live(|order| {
            live_state(&self.projections, order).is_some_and(|state| {
                state.account.is_none()
                    && wanted
                        .instrument
                        .is_none_or(|instrument| state.instrument == instrument)
                    && wanted.side.is_none_or(|side| state.side == side)
            })
        })
    }
}

fn live_state(projections: &Projections, order: OrderId) -> Option<OrderState> {
    projections.order(order).filter(|state| !state.status.is_closed())
}
