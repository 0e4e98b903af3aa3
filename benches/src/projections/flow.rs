use crate::contender::{amend, cancel, place, spec};
use crate::workload::{Command, Kind, Workload};
use engine_core::Command as EngineCommand;
use engine_core::{
    AccountId, Engine, EngineConfig, Event, EventBatch, OrderIds, Place, Seq, Sequenced, Timestamp,
};

/// How many orders may live at a time.
pub(super) const ORDERS_MAX: u32 = 4_000_000;

/// How many commands the engine is ahead of the projections: a batch of a busy server. Their events are in the
/// cache when the projections come to them, and so is what the engine needed.
const SLICE: usize = 256;

/// The time from one command to the next. Five million of them take 28 hours, so candles of all intervals close
/// and trades leave the window of 24 hours.
const STEP_NS: u64 = 20_000_000;

/// How many accounts the orders belong to.
const ACCOUNTS: u64 = 1_000;

/// An engine that replays a workload in slices, and the events of the slice at hand.
pub struct Slices {
    engine: Engine,
    next: u64,
    events: Vec<Event>,
    /// The place and time of each batch, and where its events end.
    batches: Vec<(Seq, Timestamp, usize)>,
}

impl Slices {
    /// An engine in which the instruments of the workload are about to be listed: that is the slice at hand.
    pub fn new(workload: &Workload, ids: OrderIds) -> Self {
        let config = EngineConfig {
            ids,
            orders_max: ORDERS_MAX,
            ..EngineConfig::default()
        };
        let mut slices = Self {
            engine: Engine::new(config),
            next: 1,
            events: Vec::new(),
            batches: Vec::new(),
        };
        for _ in 0..workload.header.symbols {
            slices.submit(EngineCommand::List(Box::new(spec())));
        }
        slices
    }

    /// Cuts commands into slices.
    pub fn cut(commands: &[Command]) -> impl Iterator<Item = &[Command]> {
        commands.chunks(SLICE)
    }

    /// Lets the engine do what these commands ask for. Their events are the slice at hand then.
    pub fn replay(&mut self, commands: &[Command]) {
        self.events.clear();
        self.batches.clear();
        for command in commands {
            self.submit(match command.kind {
                Kind::Add | Kind::Ioc => EngineCommand::Place(Place {
                    account: AccountId::new(1 + spread(command.id) % ACCOUNTS),
                    ..place(command)
                }),
                Kind::Cancel => EngineCommand::Cancel(cancel(command)),
                Kind::Reduce | Kind::Reprice => EngineCommand::Amend(amend(command)),
            });
        }
    }

    fn submit(&mut self, value: EngineCommand) {
        let (seq, time) = (Seq::new(self.next), Timestamp::from_nanos(self.next * STEP_NS));
        self.next += 1;
        let sequenced = Sequenced { seq, time, value };
        self.engine
            .apply(&sequenced, &mut self.events)
            .expect("commands are numbered without a gap");
        self.batches.push((seq, time, self.events.len()));
    }

    /// The batches of the slice at hand.
    pub fn batches(&self) -> impl Iterator<Item = EventBatch<'_>> {
        let mut begin = 0;
        self.batches.iter().map(move |&(seq, time, end)| {
            let events = &self.events[begin..end];
            begin = end;
            EventBatch { seq, time, events }
        })
    }

    /// The events of the slice at hand.
    pub fn events(&self) -> &[Event] {
        &self.events
    }
}

/// Another number for each number: orders one after the other are not those of one account.
fn spread(id: u64) -> u64 {
    let spread = id.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    spread ^ (spread >> 32)
}
