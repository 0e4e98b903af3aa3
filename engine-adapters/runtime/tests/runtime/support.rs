//! A small engine on a simulated disk, a clock that tests move, and what they check again and again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use engine_core::{
    AccountId, ClientOrderId, Command, EngineConfig, Event, InstrumentId, InstrumentSpec, OrderId, OrderIds,
    Place, Price, Qty, Seq, Side, Timestamp,
};
use engine_runtime::journal::simulation::SimulatedDisk;
use engine_runtime::journal::{Fault, Storage};
use engine_runtime::{
    Answer, Clock, Durability, Handle, Outcome, Recovered, Runtime, RuntimeBuilder, RuntimeConfig, StartError,
};
use rust_decimal::Decimal;

pub(crate) const BTC: InstrumentId = InstrumentId::new(0);

/// Everything small, so that segments rotate and snapshots are taken within a test; no time passes by itself.
pub(crate) fn config() -> RuntimeConfig {
    RuntimeConfig {
        engine: EngineConfig {
            ids: OrderIds::Assigned,
            orders_max: 10_000,
            ..EngineConfig::default()
        },
        keys_max: 1_000,
        queue_max: 1_000,
        batch_max: 16,
        tick: None,
        snapshot_every: None,
        snapshots_kept: 1_000,
        segment_bytes: 64 << 10,
        ..RuntimeConfig::default()
    }
}

pub(crate) fn in_memory() -> RuntimeConfig {
    RuntimeConfig {
        durability: Durability::Memory,
        ..config()
    }
}

/// A clock that shows what it was set to.
#[derive(Clone, Default)]
pub(crate) struct TestClock(Arc<AtomicU64>);

impl TestClock {
    pub(crate) fn set(&self, time: Timestamp) {
        self.0.store(time.nanos(), Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&mut self) -> Timestamp {
        Timestamp::from_nanos(self.0.load(Ordering::SeqCst))
    }
}

pub(crate) fn open<S: Storage>(
    disk: S,
    config: &RuntimeConfig,
) -> Result<(Runtime, Recovered, TestClock), StartError> {
    let clock = TestClock::default();
    let (runtime, recovered) = RuntimeBuilder::new(config.clone())
        .clock(clock.clone())
        .open(disk)?;
    Ok((runtime, recovered, clock))
}

/// A runtime on a new disk, with one instrument.
pub(crate) fn fresh(config: &RuntimeConfig) -> (SimulatedDisk, Runtime) {
    let disk = SimulatedDisk::new();
    let (runtime, _, _) = open(disk.clone(), config).expect("an empty disk");
    done(ask(runtime.handle(), list()));
    (disk, runtime)
}

pub(crate) fn list() -> Command {
    let spec = InstrumentSpec::builder("BTC-KRW", Decimal::from(1_000), Decimal::new(1, 8)).build();
    Command::List(Box::new(spec.expect("the terms are in order")))
}

pub(crate) fn place(side: Side, price: i64, lots: u64) -> Place {
    Place::limit(BTC, OrderId::new(0), side, Price::new(price), Qty::new(lots))
}

/// An order of an account, under the account's own name for it.
pub(crate) fn named(account: u64, name: &str, place: Place) -> Place {
    Place {
        account: AccountId::new(account),
        client_id: Some(ClientOrderId::new(name).expect("a short name")),
        ..place
    }
}

/// Gives a command and waits for its answer.
pub(crate) fn ask(handle: &Handle, command: Command) -> Outcome {
    handle.submit(command).expect("there is room").wait()
}

pub(crate) fn order(handle: &Handle, place: Place) -> Answer {
    ask(handle, Command::Place(place)).expect("a disk without faults")
}

/// The place and the events of a command that was carried out.
pub(crate) fn done(outcome: Outcome) -> (Seq, Vec<Event>) {
    match outcome {
        Ok(Answer::Done(done)) => (done.seq(), done.events().to_vec()),
        other => panic!("it should have been carried out: {other:?}"),
    }
}

/// All events up to and with command `end`, in order, from wherever they are kept.
pub(crate) fn events_through(handle: &Handle, end: Seq) -> Vec<(Seq, Timestamp, Vec<Event>)> {
    let mut subscription = handle.subscribe_from(Seq::new(1));
    let mut all = Vec::new();
    while all.len() < end.get() as usize {
        let slice = subscription.next().expect("everything is kept");
        let slice = slice.expect("the runtime runs on");
        all.extend(
            slice
                .iter()
                .map(|batch| (batch.seq, batch.time, batch.events.to_vec())),
        );
    }
    let numbers: Vec<u64> = all.iter().map(|(seq, ..)| seq.get()).collect();
    assert_eq!(
        numbers,
        (1..=end.get()).collect::<Vec<_>>(),
        "in order and without a gap"
    );
    all
}

pub(crate) fn ended(runtime: Runtime) -> Result<Seq, Fault> {
    runtime.stop().map(|stopped| {
        assert_eq!(stopped.snapshot_error, None);
        stopped.end
    })
}

/// A seed, which `ENGINE_SEED` replaces and a failing test prints.
pub(crate) fn seed(test: &str, usual: u64) -> u64 {
    let seed = number("ENGINE_SEED").unwrap_or(usual);
    println!("{test}: ENGINE_SEED={seed} repeats this");
    seed
}

/// How many times longer than usual; `ENGINE_SOAK` says.
pub(crate) fn soak() -> u64 {
    number("ENGINE_SOAK").unwrap_or(1)
}

fn number(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(
        value
            .parse()
            .unwrap_or_else(|_| panic!("{name} is {value:?}, which is no number")),
    )
}
