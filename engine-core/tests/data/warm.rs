//! Projections that have been as busy as they get allocate nothing.
#![expect(
    unsafe_code,
    reason = "an allocator that counts is unsafe by its trait, and passes everything on"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use engine_core::data::{DepthSnapshot, DepthUpdate, Projection, Projections, ProjectionsConfig};
use engine_core::{
    AccountId, Amend, Cancel, Command, Engine, EngineConfig, Event, EventBatch, InstrumentId, InstrumentSpec,
    OrderId, OrderIds, OrderRef, Place, Price, Qty, Seq, Sequenced, Side, Timestamp,
};
use engine_testkit::streams::Random;
use rust_decimal::Decimal;

use crate::{SECOND, at};

thread_local! {
    /// How often this thread has asked for memory.
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

fn count() {
    // A thread that ends has no counter any more; nobody asks for its count then.
    let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
}

// SAFETY: every call goes on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promise is the system's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: as above.
        unsafe { System.realloc(memory, layout, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Instruments of the flow.
const INSTRUMENTS: u32 = 5;

/// Orders that rest in it, about.
const RESTING: usize = 2_000;

/// Batches of events of a market that goes on and on at the same pace.
struct Flow {
    engine: Engine,
    random: Random,
    live: Vec<OrderId>,
    seq: Seq,
    now: u64,
}

impl Flow {
    fn new(ids: OrderIds) -> Self {
        Self {
            engine: Engine::new(EngineConfig {
                ids,
                ..EngineConfig::default()
            }),
            random: Random::new(7),
            live: Vec::new(),
            seq: Seq::default(),
            now: 0,
        }
    }

    /// Appends the events of the next command; returns its place and time.
    fn next(&mut self, events: &mut Vec<Event>) -> (Seq, Timestamp) {
        self.seq = self.seq.next();
        // A day passes in 43,200 commands, so trades leave the window all the time.
        self.now += 2 * SECOND;
        let time = at(self.now);
        let value = if self.seq.get() <= u64::from(INSTRUMENTS) {
            let spec = InstrumentSpec::builder("X", Decimal::ONE, Decimal::ONE).build();
            Command::List(Box::new(spec.expect("a plain spec")))
        } else {
            self.command()
        };
        let begin = events.len();
        self.engine
            .apply(
                &Sequenced {
                    seq: self.seq,
                    time,
                    value,
                },
                events,
            )
            .expect("commands are numbered");
        for event in &events[begin..] {
            if let Event::Accepted { order, .. } = event {
                self.live.push(*order);
            }
        }
        (self.seq, time)
    }

    fn command(&mut self) -> Command {
        let at = self.random.below(self.live.len() as u64 + 1) as usize;
        if self.live.len() > RESTING && at < self.live.len() {
            // Some of these are filled already: that is a rejection.
            let order = OrderRef::Id(self.live.swap_remove(at));
            return Command::Cancel(Cancel { order, account: None });
        }
        if at.is_multiple_of(10) && at < self.live.len() {
            let quantity = Some(Qty::new(1 + self.random.below(200)));
            let (order, account) = (OrderRef::Id(self.live[at]), None);
            return Command::Amend(Amend {
                order,
                account,
                price: None,
                quantity,
            });
        }
        let instrument = InstrumentId::new(self.random.below(u64::from(INSTRUMENTS)) as u32);
        let side = self.random.pick(&Side::BOTH);
        let away = self.random.below(60) as i64 - 10;
        let price = match side {
            Side::Buy => 10_000 - away,
            Side::Sell => 10_001 + away,
        };
        let quantity = Qty::new(1 + self.random.below(100));
        let account = AccountId::new(1 + self.random.below(50));
        let id = OrderId::new(self.seq.get());
        Command::Place(Place {
            account,
            ..Place::limit(instrument, id, side, Price::new(price), quantity)
        })
    }
}

/// The allocations while `batches` batches are taken, and read as a server reads them.
fn allocations_of(ids: OrderIds, warming: u64, batches: u64) -> (u64, u64) {
    let mut flow = Flow::new(ids);
    let config = ProjectionsConfig {
        ids,
        closed_orders_max: Some(500),
        // Fewer than a day has, so that slots are in use.
        statistics_trades_max: Some(300),
        ..ProjectionsConfig::default()
    };
    let mut projections = Projections::new(config);
    let (mut update, mut snapshot) = (DepthUpdate::default(), DepthSnapshot::default());
    let (mut allocations, mut trades) = (0, 0);
    let mut events = Vec::new();
    for number in 0..warming + batches {
        events.clear();
        let (seq, time) = flow.next(&mut events);
        let before = ALLOCATIONS.get();
        let batch = EventBatch {
            seq,
            time,
            events: &events,
        };
        projections
            .apply(&batch)
            .expect("an engine does not contradict itself");
        for instrument in (0..INSTRUMENTS).map(InstrumentId::new) {
            let _ = projections.drain_depth_update(instrument, &mut update);
            if let Some(depth) = projections.depth(instrument) {
                depth.snapshot_into(15, &mut snapshot);
            }
            trades += projections
                .ticker(instrument)
                .map_or(0, |ticker| ticker.summary.trade_count);
        }
        if number % 3 == 0 {
            projections.pop_closed_order();
        }
        if number >= warming {
            allocations += ALLOCATIONS.get() - before;
        }
    }
    (allocations, trades)
}

#[test]
fn warm_projections_allocate_nothing() {
    for ids in [OrderIds::Assigned, OrderIds::Chosen { hash_seed: 11 }] {
        let (allocations, trades) = allocations_of(ids, 200_000, 20_000);
        assert!(trades > 0, "the market trades");
        assert_eq!(allocations, 0, "{ids:?}");
    }
}

#[test]
fn the_counter_counts() {
    let before = ALLOCATIONS.get();
    std::hint::black_box(vec![1_u8]);
    assert_eq!(ALLOCATIONS.get() - before, 1);
}
