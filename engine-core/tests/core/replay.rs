//! A stream that is cut anywhere goes on from a snapshot as if nothing had happened.

use std::fmt::Write;
use std::process::Command as Process;

use engine_core::{
    Command, Engine, EngineConfig, Event, InstrumentId, Market, OrderIds, Seq, Sequenced, Timestamp,
};
use engine_testkit::differential::Seeds;
use engine_testkit::script::parse;
use engine_testkit::streams::{Random, Stream};

/// How many streams; `ENGINE_STREAMS` asks for another number, `ENGINE_SEED` for others.
const STREAMS: u64 = 520;
/// How many where an engine is restored at every command.
const FEW_STREAMS: u64 = 130;

fn config(stream: &Stream) -> EngineConfig {
    stream.config.into()
}

/// The same engine, but for where chosen ids lie in memory.
fn with_other_seed(config: EngineConfig) -> EngineConfig {
    let ids = match config.ids {
        OrderIds::Chosen { hash_seed } => OrderIds::Chosen {
            hash_seed: !hash_seed,
        },
        OrderIds::Assigned => OrderIds::Assigned,
    };
    EngineConfig { ids, ..config }
}

/// An engine restored from a snapshot of this one, with another seed.
fn restored(engine: &Engine) -> Engine {
    let mut snapshot = engine.snapshot();
    snapshot.config = with_other_seed(snapshot.config);
    let restored = Engine::restore(&snapshot).unwrap_or_else(|error| panic!("{error}: {snapshot:?}"));
    restored.check_invariants();
    assert_eq!(restored.snapshot(), snapshot);
    restored
}

fn apply(engine: &mut Engine, at: usize, (time, command): &(Timestamp, Command)) -> Vec<Event> {
    let mut events = Vec::new();
    let seq = Seq::new(at as u64 + 1);
    let command = Sequenced {
        seq,
        time: *time,
        value: command.clone(),
    };
    engine
        .apply(&command, &mut events)
        .expect("the test numbers commands without gaps");
    events
}

fn streams(count: u64) -> impl Iterator<Item = Stream> {
    let seeds = Seeds::from_env(count);
    (seeds.first..seeds.first.saturating_add(seeds.count)).map(Stream::of)
}

/// Runs a stream through an engine and through one that `change` may replace before each command.
fn goes_on_the_same(stream: &Stream, mut change: impl FnMut(usize, &mut Engine)) {
    let mut whole = Engine::new(config(stream));
    let mut cut = Engine::new(config(stream));
    for (at, command) in stream.commands.iter().enumerate() {
        change(at, &mut cut);
        let expected = apply(&mut whole, at, command);
        let said = apply(&mut cut, at, command);
        assert_eq!(
            said, expected,
            "stream {}, command {at}: {command:?}",
            stream.seed
        );
        assert_eq!(
            cut.state_hash(),
            whole.state_hash(),
            "stream {}, command {at}: {command:?}",
            stream.seed
        );
    }
}

#[test]
fn a_stream_that_is_cut_anywhere_goes_on_as_if_nothing_had_happened() {
    for stream in streams(STREAMS) {
        let mut random = Random::new(stream.seed);
        let cut = random.below(stream.commands.len() as u64) as usize;
        goes_on_the_same(&stream, |at, engine| {
            if at == cut {
                *engine = restored(engine);
            }
        });
    }
}

#[test]
fn a_stream_that_is_cut_everywhere_goes_on_as_if_nothing_had_happened() {
    for stream in streams(FEW_STREAMS) {
        goes_on_the_same(&stream, |_, engine| *engine = restored(engine));
    }
}

/// Tells what a program that runs another hash seed, another time zone and another language must tell too.
fn tell(other_seed: bool) -> String {
    let mut told = String::new();
    for stream in streams(STREAMS) {
        let config = config(&stream);
        let mut engine = Engine::new(if other_seed {
            with_other_seed(config)
        } else {
            config
        });
        let mut last = String::new();
        for (at, command) in stream.commands.iter().enumerate() {
            last.clear();
            let events = apply(&mut engine, at, command);
            write!(last, "{events:?} {}", engine.state_hash()).expect("a string takes all");
            let sum = last
                .bytes()
                .fold(0_u32, |sum, byte| sum.rotate_left(5).wrapping_add(byte.into()));
            write!(told, "{sum:x} ").expect("a string takes all");
        }
        writeln!(told, "{}: {last}", stream.seed).expect("a string takes all");
    }
    told
}

const TOLD: &str = "told: ";

#[test]
fn another_process_with_another_hash_seed_says_and_is_the_same() {
    const CHILD: &str = "ENGINE_REPLAY_CHILD";
    if std::env::var_os(CHILD).is_some() {
        for line in tell(true).lines() {
            println!("{TOLD}{line}");
        }
        return;
    }
    let program = std::env::current_exe().expect("a test knows its program");
    let child = Process::new(program)
        .args([
            "--exact",
            "replay::another_process_with_another_hash_seed_says_and_is_the_same",
            "--nocapture",
        ])
        .envs([
            (CHILD, "1"),
            ("TZ", "Asia/Seoul"),
            ("LANG", "ko_KR.UTF-8"),
            ("LC_ALL", "ko_KR.UTF-8"),
        ])
        .output()
        .expect("a test can run its own program");
    assert!(
        child.status.success(),
        "{}",
        String::from_utf8_lossy(&child.stderr)
    );
    let output = String::from_utf8(child.stdout).expect("what is told is text");
    let theirs: Vec<&str> = output
        .lines()
        .filter_map(|line| line.split_once(TOLD))
        .map(|(_, told)| told)
        .collect();
    let ours = tell(false);
    assert_eq!(theirs.len() as u64, Seeds::from_env(STREAMS).count);
    for (theirs, ours) in theirs.into_iter().zip(ours.lines()) {
        assert_eq!(theirs, ours);
    }
}

#[cfg(feature = "serde")]
#[test]
fn a_snapshot_survives_json() {
    for stream in streams(FEW_STREAMS) {
        let cut = stream.commands.len() / 2;
        goes_on_the_same(&stream, |at, engine| {
            if at == cut {
                let snapshot = engine.snapshot();
                let json = serde_json::to_string(&snapshot).expect("a snapshot is plain data");
                let read = serde_json::from_str(&json).expect("it can be read back");
                assert_eq!(snapshot, read);
                *engine = Engine::restore(&read).expect("it is an engine's");
            }
        });
    }
}

/// A state with something of everything, and its hash as this version of snapshots has it. Whatever adds to the state changes
/// this number together with `SNAPSHOT_VERSION`.
#[test]
fn the_hash_of_a_state_is_fixed_for_ever() {
    let script = parse(
        "
        list band 500 dynamic 300 for 10s protect 100 parts 50 stops 30 quantities 1..1000 notional 5
        list prorata top min 2 trigger mark phase auction
        list
        sell 1 50 @ 101 iceberg 5 acct 7 name abc
        sell 2 5 @ 102 hidden day stp both group 3
        buy 3 9 @ 99 gtd 9s post-only
        buy 4 7 @ 100 aon slide
        buy 4 7 @ 98 aon
        buy 5 2 market
        buy 6 2 peg primary -1 limit 99
        sell 7 3 peg mid
        sell 8 3 trail 5
        buy 9 3 trail 50bp @ 110
        buy 10 3 stop 105 @ 106 iceberg 2
        oco: sell 11 5 @ 103 | sell 12 5 stop 80
        bracket: buy 13 5 @ 97 | sell 14 5 @ 104 | sell 15 5 profit 109
        bracket: buy 16 5 @ 97 | sell 17 5 @ 104 | sell 18 5 stop 90
        buy 19 4 @ 100 at-open
        sell 20 4 market at-close
        buy 21 8 @ 102 in 1
        sell 22 3 @ 100 in 1
        sell 23 3 market in 1
        mark 70 in 1
        switch 7 5s
        switch 8 6s
        kill 9
        phase halted in 2
        cancel 21
        at 1s
        tick
        ",
    );
    let script = script.unwrap_or_else(|error| panic!("{error}"));
    let mut engine = Engine::new(script.config.into());
    for (at, step) in script.steps.iter().enumerate() {
        apply(&mut engine, at, &(step.time, step.command.clone()));
    }
    assert_eq!(engine.state_hash().to_string(), "e8bf773e93fd1f32");
    assert_eq!(restored(&engine).state_hash(), engine.state_hash());
}

/// A market alone, given the commands of a stream that are for its instrument.
fn ask(market: &mut Market, (time, command): &(Timestamp, Command)) -> Vec<Event> {
    let mut events = Vec::new();
    market.advance(*time, &mut events);
    match command {
        Command::Place(place) => market.place(place, &mut events),
        Command::PlaceLinked(linked) => market.place_linked(linked, &mut events),
        Command::Cancel(cancel) => market.cancel(cancel, &mut events),
        Command::Amend(amend) => market.amend(amend, &mut events),
        Command::MassCancel(cancel) => market.cancel_all(cancel.account, cancel.side, &mut events),
        Command::SetPhase(set) => market.set_phase(set.phase, &mut events),
        Command::Uncross(_) => market.uncross(&mut events),
        Command::SetMark(set) => market.set_mark(set.price, &mut events),
        _ => {}
    }
    events
}

#[test]
fn a_market_alone_goes_on_from_its_snapshot() {
    for stream in streams(FEW_STREAMS) {
        let spec = stream.commands.iter().find_map(|(_, command)| match command {
            Command::List(spec) => Some(spec),
            _ => None,
        });
        let spec = spec.expect("a stream lists an instrument");
        let EngineConfig { ids, orders_max, .. } = config(&stream);
        let mut whole = Market::new(InstrumentId::new(0), (**spec).clone(), ids, orders_max);
        let mut cut = Market::new(InstrumentId::new(0), (**spec).clone(), ids, orders_max);
        for command in &stream.commands {
            let mut snapshot = cut.snapshot();
            snapshot.ids = with_other_seed(EngineConfig {
                ids: snapshot.ids,
                ..config(&stream)
            })
            .ids;
            cut = Market::restore(&snapshot).unwrap_or_else(|error| panic!("{error}: {snapshot:?}"));
            cut.check_invariants();
            assert_eq!(
                ask(&mut cut, command),
                ask(&mut whole, command),
                "stream {}",
                stream.seed
            );
            assert_eq!(
                cut.state_hash(),
                whole.state_hash(),
                "stream {}: {command:?}",
                stream.seed
            );
        }
    }
}
