//! The runtime says what the naive engine says, whatever happens to it in between.

use engine_core::{Command, EngineConfig, Event, Seq, Timestamp};
use engine_runtime::journal::simulation::SimulatedDisk;
use engine_runtime::{Answer, Durability, Runtime, RuntimeConfig};
use engine_testkit::streams::{Random, Stream};
use engine_testkit::{NaiveConfig, NaiveEngine};

use crate::support::{TestClock, config, events_through, open, seed, soak};

/// How many streams of up to 200 commands.
const STREAMS: u64 = 10;

/// The naive engine beside the runtime, and all that both have said.
struct Beside {
    naive: NaiveEngine,
    said: Vec<(Seq, Timestamp, Vec<Event>)>,
}

impl Beside {
    fn new(config: NaiveConfig) -> Self {
        Self {
            naive: NaiveEngine::new(config),
            said: Vec::new(),
        }
    }

    /// Gives both a command and compares what they say. A repeat is not carried out by either.
    fn ask(&mut self, runtime: &Runtime, clock: &TestClock, time: Timestamp, command: &Command) {
        clock.set(time);
        let answer = runtime
            .handle()
            .submit(command.clone())
            .expect("there is room")
            .wait();
        let Answer::Done(done) = answer.expect("a disk without faults") else {
            return;
        };
        let expected = self.naive.apply(done.seq(), done.time(), command);
        assert_eq!(done.events(), expected, "{command:?}");
        self.said.push((done.seq(), done.time(), expected));
    }
}

fn config_of(stream: &Stream, durability: Durability) -> RuntimeConfig {
    RuntimeConfig {
        durability,
        engine: EngineConfig::from(stream.config),
        snapshot_every: Some(40),
        // Most of the events are read back from the log.
        recent_events_max: 32,
        ..config()
    }
}

/// Streams whose orders are named by their commands, as both engines then agree on the names.
fn streams(first: u64) -> impl Iterator<Item = Stream> {
    (first..)
        .map(Stream::of)
        .filter(|stream| stream.config.ids_chosen)
}

/// Runs a stream and stops at random places, the way `restart` does it.
fn goes_on(
    stream: &Stream,
    config: &RuntimeConfig,
    restart: impl Fn(Runtime, SimulatedDisk) -> SimulatedDisk,
) {
    let mut random = Random::new(stream.seed);
    let mut beside = Beside::new(stream.config);
    let mut disk = SimulatedDisk::new();
    let (mut runtime, _, mut clock) = open(disk.clone(), config).expect("an empty disk");
    for (time, command) in &stream.commands {
        beside.ask(&runtime, &clock, *time, command);
        if random.percent(3) {
            disk = restart(runtime, disk);
            let (again, recovered, again_clock) = open(disk.clone(), config).expect("the disk is whole");
            assert_eq!(recovered.end.get() as usize, beside.said.len(), "nothing is lost");
            (runtime, clock) = (again, again_clock);
        }
    }
    let end = Seq::new(beside.said.len() as u64);
    assert_eq!(
        events_through(runtime.handle(), end),
        beside.said,
        "the log of events says the same"
    );
}

#[test]
fn a_runtime_that_is_stopped_and_started_says_what_the_naive_engine_says() {
    let first = seed("stopped and started", 0);
    for stream in streams(first).take((STREAMS * soak()) as usize) {
        let config = config_of(&stream, Durability::Sync);
        goes_on(&stream, &config, |runtime, disk| {
            let hash = runtime.stop().expect("a disk without faults").state_hash;
            let (again, recovered, _) = open(disk.restart(), &config).expect("the disk is whole");
            assert_eq!(recovered.state_hash, hash, "the state is the same");
            drop(again);
            disk.restart()
        });
    }
}

#[test]
fn a_runtime_whose_power_was_cut_says_what_the_naive_engine_says() {
    let first = seed("power cut", 1_000);
    for stream in streams(first).take((STREAMS * soak()) as usize) {
        let config = config_of(&stream, Durability::Sync);
        goes_on(&stream, &config, |runtime, disk| {
            // Every answer was given, so everything is on disk.
            let cut = disk.power_cut(stream.seed);
            drop(runtime);
            cut
        });
    }
}

#[test]
fn a_process_that_ends_in_mode_interval_loses_nothing_that_was_answered() {
    let first = seed("interval", 2_000);
    for stream in streams(first).take(STREAMS as usize / 4) {
        let config = config_of(
            &stream,
            Durability::Interval(std::time::Duration::from_secs(3_600)),
        );
        goes_on(&stream, &config, |runtime, disk| {
            let ended = disk.restart();
            drop(runtime);
            ended
        });
    }
}
