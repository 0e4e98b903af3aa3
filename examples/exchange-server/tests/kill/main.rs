//! R9: a real process is killed under load, again and again, and loses nothing that it has acknowledged.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdout, Command as Process, Stdio};

use engine_core::{ClientOrderId, Command, Engine, EngineConfig, Event, OrderIds, Seq, Sequenced};
use engine_journal::simulation::Random;
use engine_journal::{Directory, Disk, Stream};
use engine_testkit::{NaiveConfig, NaiveEngine, UnderTest};
use engine_wire::decode_command;

/// The seed of a random test, from the environment or the one given, printed for the next time.
fn seed(test: &str, default: u64) -> u64 {
    let seed =
        std::env::var("ENGINE_SEED").map_or(default, |text| text.parse().expect("ENGINE_SEED is a number"));
    println!("{test}: ENGINE_SEED={seed}");
    seed
}

/// How many times longer than usual the long tests should be.
fn soak() -> u64 {
    std::env::var("ENGINE_SOAK").map_or(1, |text| text.parse().expect("ENGINE_SOAK is a number"))
}

fn program() -> Process {
    Process::new(env!("CARGO_BIN_EXE_exchange-server"))
}

/// Whoever asks for the end gets the same lines and events from a later snapshot as whoever asks for all from the first that is
/// kept.
fn check_beginnings(directory: &str, end: u64) {
    let all = succeed(&["replay", "--facts", "--journal", directory]);
    let begin = all
        .split([':', ','])
        .nth(1)
        .expect("a line begins with its number");
    let from = (u64::midpoint(number(begin), end) + 1).to_string();
    let some = succeed(&["replay", "--facts", "--journal", directory, "--from", &from]);
    assert!(!some.is_empty() && all.ends_with(&some), "{some}");
    let all = succeed(&["journal", "export", directory]);
    let some = succeed(&["journal", "export", directory, "--from", &from]);
    assert_eq!(some.lines().count() as u64, end - number(&from) + 1);
    assert!(all.ends_with(&some), "{some}");
}

/// Runs the program to its end, which must be a good one, and returns what it said.
fn succeed(arguments: &[&str]) -> String {
    let output = program()
        .args(arguments)
        .output()
        .expect("the program was built with the test");
    let (said, complained) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{arguments:?}\n{said}\n{complained}");
    said.into_owned()
}

/// How often it is killed in `cargo verify`.
const KILLS: u64 = 20;

/// The cursor that keeps what the oracle has not read yet.
const CURSOR: &str = "oracle";

/// A driven process, and what it has reported.
struct Driven {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

/// What a process says when it has recovered.
#[derive(Debug)]
struct Ready {
    end: u64,
    hash: String,
    replayed: u64,
    micros: u64,
}

impl Driven {
    fn start(directory: &Path, first: u64, more: &[&str]) -> Self {
        let mut command = program();
        command
            .arg("drive")
            .arg(directory)
            .args(["--first", &first.to_string()])
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn().expect("the program was built with the test");
        let out = child.stdout.take().expect("it is piped");
        Self {
            child,
            lines: BufReader::new(out).lines(),
        }
    }

    /// Waits until it has recovered.
    fn ready(&mut self) -> Ready {
        let line = self.next().expect("it recovers");
        let words: Vec<&str> = line.split(' ').collect();
        let ["ready", end, hash, replayed, micros] = words[..] else {
            panic!("it should be ready: {line}")
        };
        Ready {
            end: number(end),
            hash: hash.to_owned(),
            replayed: number(replayed),
            micros: number(micros),
        }
    }

    fn next(&mut self) -> Option<String> {
        self.lines.next().map(|line| line.expect("it writes text"))
    }

    /// Ends it as a power button would, and returns what it had still reported. The last line may be cut.
    fn kill(mut self) -> Vec<String> {
        self.child.kill().expect("it is running");
        self.child.wait().expect("it ends");
        let mut rest: Vec<String> = self.lines.by_ref().map_while(Result::ok).collect();
        rest.pop_if(|line| !line.ends_with(" new") && !line.ends_with(" other"));
        rest
    }
}

fn number(text: &str) -> u64 {
    text.parse().expect("a number is reported in digits")
}

/// What must be true: everything acknowledged is in the journal, and the journal alone decides the state.
struct Oracle {
    engine: Engine,
    naive: NaiveEngine,
    end: u64,
    /// Where each new order stands in the journal.
    orders: BTreeMap<ClientOrderId, u64>,
    /// The numbers of new orders that were acknowledged, with their sequence.
    acknowledged: BTreeMap<u64, u64>,
    /// The other acknowledged sequences.
    others: BTreeSet<u64>,
    /// The commands before this one were all acknowledged.
    first: u64,
    early: BTreeSet<u64>,
}

impl Oracle {
    fn new() -> Self {
        let config = EngineConfig {
            ids: OrderIds::Chosen { hash_seed: 1 },
            ..EngineConfig::default()
        };
        Self {
            engine: Engine::new(config),
            naive: NaiveEngine::new(NaiveConfig {
                ids_chosen: true,
                orders_max: config.orders_max,
                instruments_max: config.instruments_max,
                accounts: None,
            }),
            end: 0,
            orders: BTreeMap::new(),
            acknowledged: BTreeMap::new(),
            others: BTreeSet::new(),
            first: 1,
            early: BTreeSet::new(),
        }
    }

    /// Notes an acknowledgement.
    fn note(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        let ["ack", tag, sequence, kind] = words[..] else {
            panic!("a command was not acknowledged: {line}")
        };
        let (tag, sequence) = (number(tag), number(sequence));
        if kind == "new" {
            let before = self.acknowledged.insert(tag, sequence);
            assert!(
                before.is_none_or(|before| before == sequence),
                "{tag} was acknowledged as {before:?} and as {sequence}"
            );
        } else {
            self.others.insert(sequence);
        }
        self.early.insert(tag);
        while self.early.remove(&self.first) {
            self.first += 1;
        }
    }

    /// Reads what the journal holds after a kill, and compares it with what was acknowledged.
    fn read(&mut self, path: &Path) {
        let disk = Disk::open(path).expect("the directory is there");
        let directory = Directory::open_existing(disk).expect("the lock ends with its process");
        let found = directory
            .foresee(Stream::Commands)
            .expect("a killed process damages nothing");
        let Some(found) = found else { return };
        let mut reader = directory
            .reader(Stream::Commands, Seq::new(self.end + 1))
            .expect("the cursor keeps what is to be read");
        while let Some(entry) = reader.next(found.end).expect("what is written is whole") {
            let value = decode_command(entry.version, entry.payload).expect("it was written by this version");
            self.apply(&Sequenced {
                seq: entry.sequence,
                time: entry.time,
                value,
            });
        }
        assert!(self.end <= found.end.get(), "the journal became shorter");
        self.end = found.end.get();
        directory
            .cursors()
            .advance(CURSOR, Seq::new(self.end))
            .expect("the disk works");
        self.check();
    }

    /// The engine and the naive engine do the same.
    fn apply(&mut self, command: &Sequenced<Command>) {
        let sequence = command.seq.get();
        if let Command::Place(place) = &command.value {
            let client_id = place.client_id.expect("every driven order has one");
            let before = self.orders.insert(client_id, sequence);
            assert_eq!(before, None, "{client_id} was taken twice, again as {sequence}");
        } else {
            self.others.remove(&sequence);
        }
        let (mut events, mut naive): (Vec<Event>, Vec<Event>) = (Vec::new(), Vec::new());
        self.engine
            .apply(command, &mut events)
            .expect("the journal has no gap");
        UnderTest::apply(
            &mut self.naive,
            command.seq,
            command.time,
            &command.value,
            &mut naive,
        );
        assert_eq!(events, naive, "command {sequence}");
        self.end = sequence;
    }

    /// Everything that was acknowledged is there.
    fn check(&self) {
        for (tag, sequence) in &self.acknowledged {
            let client_id = ClientOrderId::new(&format!("n{tag}")).expect("it is short");
            assert_eq!(
                self.orders.get(&client_id),
                Some(sequence),
                "{tag} was acknowledged and is lost"
            );
        }
        assert!(self.others.is_empty(), "acknowledged and lost: {:?}", self.others);
    }

    fn compare(&self, ready: &Ready) {
        assert_eq!(
            ready.end, self.end,
            "what the test reads is what the process recovers"
        );
        assert_eq!(
            ready.hash,
            self.engine.state_hash().to_string(),
            "after {}",
            ready.end
        );
    }
}

#[test]
fn r9_a_process_killed_under_load_loses_and_doubles_nothing() {
    let seed = seed("r9", 9);
    let mut random = Random::new(seed);
    let place = tempfile::tempdir().expect("there is a temporary directory");
    let path = place.path().join("data");
    let mut oracle = Oracle::new();
    let seed = seed.to_string();
    let more = ["--seed", seed.as_str()];
    let (mut replayed, mut micros) = (0, 0);
    for kill in 0..KILLS * soak() {
        let mut driven = Driven::start(&path, oracle.first, &more);
        // One in eight is killed while it starts.
        if kill > 0 && random.below(8) == 0 {
            driven.kill();
        } else {
            let ready = driven.ready();
            oracle.compare(&ready);
            (replayed, micros) = (replayed + ready.replayed, micros + ready.micros);
            for _ in 0..random.below(4_000) {
                let line = driven.next().expect("it goes on until it is killed");
                oracle.note(&line);
            }
            for line in driven.kill() {
                oracle.note(&line);
            }
        }
        oracle.read(&path);
    }
    let mut last = Driven::start(&path, oracle.first, &more);
    oracle.compare(&last.ready());
    drop(last.child.stdin.take());
    while let Some(line) = last.next() {
        match line.strip_prefix("stopped ") {
            None => oracle.note(&line),
            Some(_) => break,
        }
    }
    assert!(
        last.child.wait().expect("it ends").success(),
        "it stops when it is asked to"
    );
    oracle.read(&path);
    let directory = path.to_str().expect("temporary directories have names of text");
    succeed(&["journal", "verify", directory]);
    let verified = succeed(&["replay", "--journal", directory, "--verify"]);
    assert!(
        verified.contains(&oracle.engine.state_hash().to_string()),
        "{verified}"
    );
    check_beginnings(directory, oracle.end);
    println!(
        "measured: {} kills, {} commands, {} acknowledged orders; {replayed} commands replayed in {} ms of starts",
        KILLS * soak(),
        oracle.end,
        oracle.acknowledged.len(),
        micros / 1_000
    );
    assert!(oracle.acknowledged.len() > 1_000, "it was under load");
}
