use super::Slices;
use crate::measure::{processor_clock_cost, processor_time};
use crate::workload::Workload;
use engine_core::data::{DepthUpdate, Projection, Projections, ProjectionsConfig};
use engine_core::{Event, EventBatch, InstrumentId};
use std::collections::BTreeSet;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// After so many slices the changed levels are handed out: 4,096 commands, which are 50 ms at 80,000 a second.
const SLICES_PER_UPDATE: u64 = 16;

/// What taking the events of a workload cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taking {
    /// How many commands were measured.
    pub commands: u64,
    /// How many events they had.
    pub events: u64,
    /// How long the projections took for them, and for handing out the changed levels.
    pub nanos: u64,
    /// How many trades there were, those of the prefill too.
    pub trades: u64,
}

/// Lets projections take all events of a workload. The prefill and the engine are not on the clock.
pub fn take(workload: &Workload, config: &ProjectionsConfig) -> (Taking, Projections) {
    let mut slices = Slices::new(workload, config.ids);
    let mut reader = Reader::new(config);
    reader.take(&slices);
    for commands in Slices::cut(workload.prefill()) {
        slices.replay(commands);
        reader.take(&slices);
    }
    reader.taken = Duration::ZERO;
    let mut events = 0;
    for commands in Slices::cut(workload.measured()) {
        slices.replay(commands);
        events += slices.events().len() as u64;
        reader.take(&slices);
    }
    let taking = Taking {
        commands: workload.header.commands,
        events,
        nanos: reader.taken.as_nanos() as u64,
        trades: reader.trades,
    };
    (taking, reader.projections)
}

/// The projections, and what a server does with them: it takes what the engine said, and sends now and then the
/// changed levels of the books in which something happened.
struct Reader {
    projections: Projections,
    update: DepthUpdate,
    changed: BTreeSet<InstrumentId>,
    slices: u64,
    trades: u64,
    /// How long it was on the clock, and what reading that clock takes.
    taken: Duration,
    clock: Duration,
}

impl Reader {
    fn new(config: &ProjectionsConfig) -> Self {
        Self {
            projections: Projections::new(config.clone()),
            update: DepthUpdate::default(),
            changed: BTreeSet::new(),
            slices: 0,
            trades: 0,
            taken: Duration::ZERO,
            clock: processor_clock_cost(),
        }
    }

    fn take(&mut self, slices: &Slices) {
        self.slices += 1;
        let batches: Vec<EventBatch<'_>> = slices.batches().collect();
        let mut changed = Vec::new();
        if self.slices.is_multiple_of(SLICES_PER_UPDATE) {
            changed.extend(std::mem::take(&mut self.changed));
        }
        let start = now();
        self.clocked(&batches, &changed);
        self.taken += now().saturating_sub(start).saturating_sub(self.clock);
        self.note_changed(slices);
    }

    /// What is on the clock, under a name that profilers find.
    #[inline(never)]
    fn clocked(&mut self, batches: &[EventBatch<'_>], changed: &[InstrumentId]) {
        for batch in batches {
            self.projections
                .apply(batch)
                .expect("an engine does not contradict itself");
        }
        while let Some(closed) = self.projections.pop_closed_order() {
            black_box(&closed);
        }
        for &instrument in changed {
            black_box(self.projections.drain_depth_update(instrument, &mut self.update));
            black_box(&self.update);
        }
    }

    /// Notes in which books something happened: a server knows it from the events that it sends on.
    fn note_changed(&mut self, slices: &Slices) {
        for event in slices.events() {
            match *event {
                Event::Traded { instrument, .. } => {
                    self.trades += 1;
                    self.changed.insert(instrument);
                }
                Event::Rested { instrument, .. } | Event::Cancelled { instrument, .. } => {
                    self.changed.insert(instrument);
                }
                _ => {}
            }
        }
    }
}

/// The time that this thread has had a processor, or where that is not told the time that has passed.
fn now() -> Duration {
    thread_local! {
        static BEGIN: Instant = Instant::now();
    }
    processor_time().unwrap_or_else(|| BEGIN.with(Instant::elapsed))
}
