use super::market::{ORDERS_MAX, amend, cancel, naming, place, spec};
use super::{Contender, Rehearsed, Tally, Terms, count};
use crate::workload::{self, Header, Kind};
use engine_core::{Command, Engine, EngineConfig, Event, Seq, Sequenced, Timestamp};

/// [`Engine`] of this workspace: numbered commands, a clock that goes on with each, routing, without accounts.
pub struct WholeEngine<const ASSIGNED: bool> {
    pub(super) engine: Engine,
    pub(super) next: u64,
    pub(super) events: Vec<Event>,
}

impl<const ASSIGNED: bool> WholeEngine<ASSIGNED> {
    #[inline(always)]
    fn submit(&mut self, value: Command) {
        self.events.clear();
        let sequenced = Sequenced {
            seq: Seq::new(self.next),
            time: Timestamp::from_nanos(self.next),
            value,
        };
        self.next += 1;
        self.engine
            .apply(&sequenced, &mut self.events)
            .expect("commands are numbered without a gap");
    }
}

impl<const ASSIGNED: bool> Contender for WholeEngine<ASSIGNED> {
    const NAME: &'static str = if ASSIGNED { "engine" } else { "engine-u64" };

    const NOTE: Option<&'static str> = if ASSIGNED {
        Some("hands the ids out")
    } else {
        Some("takes any ids of 64 bits; they are scattered over all of them")
    };

    const TERMS: Terms = if ASSIGNED { Terms::EngineIds } else { Terms::AnyIds };

    fn new(header: &Header) -> Self {
        let config = EngineConfig {
            ids: naming(ASSIGNED),
            orders_max: ORDERS_MAX,
            ..EngineConfig::default()
        };
        let mut engine = Self {
            engine: Engine::new(config),
            next: 1,
            events: Vec::new(),
        };
        for _ in 0..header.symbols {
            engine.submit(Command::List(Box::new(spec())));
        }
        engine
    }

    #[inline]
    fn apply(&mut self, command: &workload::Command, tally: &mut Tally) {
        self.perform(command);
        count(&self.events, tally);
    }
}

impl<const ASSIGNED: bool> Rehearsed for WholeEngine<ASSIGNED> {
    #[inline]
    fn perform(&mut self, command: &workload::Command) -> &[Event] {
        self.submit(match command.kind {
            Kind::Add | Kind::Ioc => Command::Place(place(command)),
            Kind::Cancel => Command::Cancel(cancel(command)),
            Kind::Reduce | Kind::Reprice => Command::Amend(amend(command)),
        });
        &self.events
    }
}
