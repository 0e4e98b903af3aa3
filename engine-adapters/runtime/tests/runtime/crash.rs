//! R1 through the whole runtime: the power cut at any step leaves every answered command, and a state that the oracle
//! was in.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use engine_core::{
    Command, Engine, Event, Seq, Sequenced, Sequencer, SequencerConfig, Sequencing, Side, StateHash,
    Timestamp,
};
use engine_runtime::journal::simulation::{SimulatedDisk, StepKind};
use engine_runtime::{Answer, Answers, Durability, Outcome, RuntimeConfig, SinkStart};
use engine_testkit::NaiveEngine;
use engine_testkit::streams::{Random, Stream};

use crate::support::{ask, config, done, events_through, list, open, place, seed, soak};

/// How many streams; each is cut at so many of its steps, with `SURVIVORS` choices of what survives.
const STREAMS: usize = 8;
const CUT_PERCENT: u32 = 40;
const SURVIVORS: u64 = 2;

/// What the oracle says after every command.
struct Oracle {
    hashes: Vec<StateHash>,
    events: Vec<Vec<Event>>,
}

impl Oracle {
    /// The commands as a sequencer lets them through, the naive engine's events and the state after each.
    fn of(stream: &Stream, config: &RuntimeConfig) -> Self {
        let keys = SequencerConfig {
            keys_max: config.keys_max,
            ..SequencerConfig::new(1)
        };
        let mut sequencer = Sequencer::new(keys);
        let mut naive = NaiveEngine::new(stream.config);
        let mut engine = Engine::new(config.engine);
        let mut oracle = Self {
            hashes: vec![engine.state_hash()],
            events: Vec::new(),
        };
        for (_, command) in &stream.commands {
            let Sequencing::New(sequenced) = sequencer.sequence(Timestamp::ZERO, command.clone()) else {
                continue;
            };
            let Sequenced { seq, time, value } = &sequenced;
            oracle.events.push(naive.apply(*seq, *time, value));
            engine
                .apply(&sequenced, &mut Vec::new())
                .expect("there is no gap");
            oracle.hashes.push(engine.state_hash());
        }
        oracle
    }
}

/// A disk as it was at some step, and the last command that had been answered before that.
struct Moment {
    disk: SimulatedDisk,
    answered: u64,
}

/// Runs a stream through a runtime, and keeps the disk as it was at some steps.
fn moments(stream: &Stream, config: &RuntimeConfig) -> Vec<Moment> {
    let disk = SimulatedDisk::new();
    let answered = Arc::new(AtomicU64::new(0));
    let moments = Arc::new(Mutex::new(Vec::new()));
    let (mut random, seen, kept) = (
        Random::new(stream.seed),
        Arc::clone(&answered),
        Arc::clone(&moments),
    );
    disk.observe(move |_, disk| {
        if random.percent(CUT_PERCENT) {
            let answered = seen.load(Ordering::SeqCst);
            let disk = disk.clone();
            kept.lock()
                .expect("nobody panics")
                .push(Moment { disk, answered });
        }
    });
    let (runtime, _, _) = open(disk, config).expect("an empty disk");
    let (told, tells) = channel();
    let answers: Arc<dyn Answers> = Arc::new(move |_: u64, outcome: Outcome| {
        if let Answer::Done(done) = outcome.expect("a disk without faults") {
            answered.fetch_max(done.seq().get(), Ordering::SeqCst);
        }
        told.send(()).expect("the test listens");
    });
    let mut random = Random::new(!stream.seed);
    let mut commands: Vec<Command> = stream
        .commands
        .iter()
        .map(|(_, command)| command.clone())
        .collect();
    let mut owed = 0;
    while !commands.is_empty() {
        let count = commands.len().min(1 + random.below(8) as usize);
        let rest = commands.split_off(count);
        let some = std::mem::replace(&mut commands, rest);
        runtime
            .handle()
            .submit_all_to(&answers, 0, some)
            .expect("there is room");
        owed += count;
        if random.percent(30) {
            // Otherwise everything would be one batch.
            tells.iter().take(std::mem::take(&mut owed)).for_each(drop);
        }
    }
    runtime.stop().expect("a disk without faults");
    std::mem::take(&mut moments.lock().expect("nobody panics"))
}

fn check(moment: &Moment, survivors: u64, oracle: &Oracle, config: &RuntimeConfig) {
    let cut = moment.disk.power_cut(survivors);
    let (runtime, recovered, _) = open(cut, config).expect("a power cut is no damage");
    let end = recovered.end.get();
    assert!(
        end >= moment.answered,
        "{end} of {} answered commands are there",
        moment.answered
    );
    assert_eq!(
        recovered.state_hash, oracle.hashes[end as usize],
        "the state is one that was"
    );
    let events: Vec<Vec<Event>> = events_through(runtime.handle(), recovered.end)
        .into_iter()
        .map(|(_, _, events)| events)
        .collect();
    assert_eq!(
        events,
        oracle.events[..end as usize],
        "no event is missing and none is there twice"
    );
    // It goes on, and comes back once more.
    let next = runtime
        .handle()
        .submit(Command::Tick)
        .expect("there is room")
        .wait();
    next.expect("a disk without faults");
    assert_eq!(
        runtime.stop().expect("a disk without faults").end,
        Seq::new(end + 1)
    );
}

fn cut_everywhere(durability: Durability, first: u64) {
    let streams = (first..)
        .map(Stream::of)
        .filter(|stream| stream.config.ids_chosen);
    let mut points = 0;
    for stream in streams.take(STREAMS * soak() as usize) {
        let config = RuntimeConfig {
            durability,
            engine: stream.config.into(),
            snapshot_every: Some(30),
            ..config()
        };
        let oracle = Oracle::of(&stream, &config);
        for moment in moments(&stream, &config) {
            let answered = match durability {
                Durability::Sync => moment.answered,
                _ => 0,
            };
            let moment = Moment { answered, ..moment };
            for survivors in 0..SURVIVORS {
                check(&moment, first ^ survivors, &oracle, &config);
                points += 1;
            }
        }
    }
    println!("{points} crash points");
    assert!(points >= 200, "only {points} crash points");
}

#[test]
fn a_power_cut_at_any_step_loses_nothing_that_was_answered() {
    cut_everywhere(Durability::Sync, seed("crash", 3_000));
}

#[test]
fn a_power_cut_in_mode_interval_leaves_a_state_that_was() {
    let interval = Durability::Interval(std::time::Duration::from_millis(1));
    cut_everywhere(interval, seed("crash in mode interval", 4_000));
}

/// The disk at each moment at which an old segment of the commands has just been removed.
fn moments_of_removal(config: &RuntimeConfig) -> Vec<SimulatedDisk> {
    let disk = SimulatedDisk::new();
    let moments = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&moments);
    disk.observe(move |kind, disk| {
        if kind == StepKind::Delete && disk.read_file("commands-0000000001.log").is_none() {
            kept.lock().expect("nobody panics").push(disk.clone());
        }
    });
    let (runtime, _, _) = open(disk, config).expect("an empty disk");
    done(ask(runtime.handle(), list()));
    for _ in 0..60 {
        let orders = (0..100).map(|number| Command::Place(place(Side::Buy, 1 + number, 1)));
        let answers = runtime
            .handle()
            .submit_all(orders.collect())
            .expect("there is room")
            .wait();
        answers.into_iter().for_each(|answer| drop(done(answer)));
    }
    runtime.stop().expect("a disk without faults");
    std::mem::take(&mut moments.lock().expect("nobody panics"))
}

#[test]
fn what_was_removed_is_not_needed_after_a_power_cut() {
    let config = RuntimeConfig {
        snapshot_every: Some(300),
        snapshots_kept: 1,
        ..config()
    };
    let moments = moments_of_removal(&config);
    assert!(moments.len() >= 3, "segments were removed");
    let first = seed("removal", 6_000);
    for disk in &moments {
        for survivors in 0..8 * soak() {
            let (runtime, recovered, _) =
                open(disk.power_cut(first ^ survivors), &config).expect("it is enough");
            let mut events = runtime
                .handle()
                .sink("all", SinkStart::Oldest)
                .expect("a name")
                .expect("a disk");
            let mut last = Seq::new(0);
            while last < recovered.end {
                let slice = events
                    .events()
                    .next()
                    .expect("no event is missing")
                    .expect("it runs on");
                assert!(
                    last == Seq::new(0) || slice.first() == last.next(),
                    "without a gap"
                );
                last = slice.last();
            }
        }
    }
}
