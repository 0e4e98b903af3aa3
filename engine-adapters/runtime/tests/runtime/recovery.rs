//! R11, R15 and everything else that a start may find.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use engine_core::data::{Projection, Projections, ProjectionsConfig};
use engine_core::{
    AccountId, AccountsConfig, Amount, AssetId, AssetSpec, Command, EngineConfig, Gap, InstrumentId, Phase,
    Seq, SetPhase, Side, StateHash, Timestamp, Transfer,
};
use engine_runtime::journal::simulation::SimulatedDisk;
use engine_runtime::journal::{
    AppendError, Batch, CommandLog, CommandReader, CommandSource, DamageCause, Directory, Entry, Fault,
    Identity, OpenError, ReadError, Receipt, SnapshotStamp, Storage,
};
use engine_runtime::{
    ConfigError, Durability, RecoveryProgress, ReplayError, RuntimeBuilder, RuntimeConfig, SkippedSnapshot,
    Standing, StartError,
};
use engine_testkit::streams::Random;

use crate::support::{ask, config, done, ended, events_through, fresh, open, place};

/// Gives orders, cancels nothing, and says the state at the end. Snapshots come at every hundredth command or so.
fn worked(config: &RuntimeConfig) -> (SimulatedDisk, Seq, StateHash) {
    let (disk, runtime) = fresh(config);
    for number in 0..20 {
        let orders = (0..25).map(|lots| {
            let side = if (lots + number) % 3 == 0 {
                Side::Sell
            } else {
                Side::Buy
            };
            Command::Place(place(side, 100 + (lots * 7 + number) % 10, 1 + lots as u64))
        });
        let answers = runtime
            .handle()
            .submit_all(orders.collect())
            .expect("there is room")
            .wait();
        answers.into_iter().for_each(|answer| drop(done(answer)));
    }
    let stopped = runtime.stop().expect("a disk without faults");
    (disk.restart(), stopped.end, stopped.state_hash)
}

fn with_snapshots() -> RuntimeConfig {
    RuntimeConfig {
        snapshot_every: Some(100),
        snapshots_kept: 3,
        ..config()
    }
}

fn snapshots(disk: &SimulatedDisk) -> Vec<String> {
    let names = disk.list().expect("it can be listed").into_iter();
    names.filter(|name| name.ends_with(".snap")).collect()
}

#[test]
fn an_older_snapshot_and_a_longer_replay_lead_to_the_same_state() {
    let config = with_snapshots();
    let (disk, end, hash) = worked(&config);
    let names = snapshots(&disk);
    assert!(names.len() >= 2, "{names:?}");
    let newest = names.last().expect("there are some").clone();
    let whole = disk.read_file(&newest).expect("it is there");
    let mut random = Random::new(5);
    let mut damaged: Vec<Option<Vec<u8>>> =
        vec![None, Some(whole[..whole.len() / 2].to_vec()), Some(Vec::new())];
    for _ in 0..20 {
        let mut flipped = whole.clone();
        let at = random.below(flipped.len() as u64) as usize;
        flipped[at] ^= 1 << random.below(8);
        damaged.push(Some(flipped));
    }
    for bytes in damaged {
        let is_missing = bytes.is_none();
        let disk = disk.restart();
        disk.remove_file(&newest);
        if let Some(bytes) = bytes {
            disk.write_file(&newest, bytes);
        }
        let (runtime, recovered, _) = open(disk, &config).expect("there is an older one");
        assert_eq!((recovered.end, recovered.state_hash), (end, hash));
        assert!(
            recovered.snapshot < Some(end) && recovered.replayed > 0,
            "{:?}",
            recovered.snapshot
        );
        assert_eq!(
            recovered.skipped.len(),
            usize::from(!is_missing),
            "{:?}",
            recovered.skipped
        );
        ended(runtime).expect("a disk without faults");
    }
}

#[test]
fn without_any_snapshot_the_whole_log_is_replayed() {
    let config = RuntimeConfig {
        snapshot_every: None,
        ..config()
    };
    let (disk, end, hash) = worked(&config);
    snapshots(&disk)
        .iter()
        .for_each(|name| assert!(disk.remove_file(name)));
    let (_, recovered, _) = open(disk, &config).expect("the log is whole");
    assert_eq!((recovered.snapshot, recovered.replayed), (None, end.get()));
    assert_eq!((recovered.end, recovered.state_hash), (end, hash));
}

/// Writes a snapshot that is whole, with another content or hash.
fn forge(disk: &SimulatedDisk, at: Seq, content: &[u8], version: u16, hash: [u8; 32]) {
    let identity = Identity { journal: 0, shard: 0 };
    let directory = Directory::open(disk.clone(), identity).expect("nobody uses it");
    let history = directory
        .history_at(engine_runtime::journal::Stream::Commands, at)
        .expect("the log has it");
    let stamp = SnapshotStamp {
        sequence: at,
        time: Timestamp::ZERO,
        version,
        history: Some(history),
    };
    let mut snapshot = directory.snapshots().begin(stamp).expect("no faults");
    std::io::Write::write_all(&mut snapshot, content).expect("no faults");
    snapshot.finish(hash).expect("no faults");
}

#[test]
fn a_snapshot_that_is_whole_and_wrong_is_passed_over() {
    let config = with_snapshots();
    let (disk, end, hash) = worked(&config);
    let directory = Directory::open(disk.clone(), Identity { journal: 0, shard: 0 }).expect("nobody uses it");
    let newest = directory
        .snapshots()
        .newest()
        .expect("no faults")
        .snapshot
        .expect("there is one");
    let (mut newest, mut content) = (newest, Vec::new());
    std::io::Read::read_to_end(&mut newest, &mut content).expect("it is whole");
    let (version, right) = (newest.stamp().version, newest.state_hash());
    drop((newest, directory));
    let mut wrong = right;
    wrong[0] ^= 1;
    let cut = &content[..content.len() - 1];
    let cases: [(&[u8], u16, [u8; 32]); 4] = [
        (&content, version, wrong),
        (cut, version, right),
        (b"nothing", version, right),
        (&content, version + 1, right),
    ];
    for (content, version, hash_beside) in cases {
        let disk = disk.restart();
        forge(&disk, end, content, version, hash_beside);
        let (_, recovered, _) = open(disk.restart(), &config).expect("there is an older one");
        assert_eq!((recovered.end, recovered.state_hash), (end, hash));
        let is_told =
            matches!(recovered.skipped.as_slice(), [SkippedSnapshot::Unusable { seq, .. }] if *seq == end);
        assert!(is_told, "{:?}", recovered.skipped);
    }
}

#[test]
fn another_configuration_of_the_engine_is_refused() {
    let (disk, ..) = worked(&config());
    let other = RuntimeConfig {
        engine: EngineConfig {
            orders_max: 9_999,
            ..config().engine
        },
        ..config()
    };
    let refused = open(disk.restart(), &other)
        .err()
        .expect("it means something else");
    assert!(
        matches!(refused, StartError::Config(ConfigError::OtherEngine { .. })),
        "{refused}"
    );
    assert!(
        refused.to_string().contains("10000"),
        "it says what was written: {refused}"
    );
}

#[test]
fn configurations_that_cannot_be_are_refused_by_name() {
    let refused = |config: RuntimeConfig| {
        let refused = open(SimulatedDisk::new(), &config).err().expect("it cannot be");
        refused.to_string()
    };
    assert!(
        refused(RuntimeConfig {
            queue_max: 0,
            ..config()
        })
        .contains("queue_max")
    );
    assert!(
        refused(RuntimeConfig {
            batch_max: 0,
            ..config()
        })
        .contains("batch_max")
    );
    assert!(
        refused(RuntimeConfig {
            tick: Some(Duration::ZERO),
            ..config()
        })
        .contains("tick")
    );
    assert!(
        refused(RuntimeConfig {
            stuck_after: Duration::ZERO,
            ..config()
        })
        .contains("stuck_after")
    );
    assert!(
        refused(RuntimeConfig {
            snapshot_every: Some(0),
            ..config()
        })
        .contains("snapshot_every")
    );
    assert!(
        refused(RuntimeConfig {
            segment_bytes: 512,
            ..config()
        })
        .contains("segment_bytes")
    );
    assert!(
        refused(RuntimeConfig {
            durability: Durability::Memory,
            ..config()
        })
        .contains("memory")
    );
    let kept = RuntimeBuilder::new(config())
        .in_memory()
        .err()
        .expect("there is no disk");
    assert_eq!(kept, StartError::Config(ConfigError::NoDirectory));
}

#[test]
fn missing_events_are_computed_again() {
    let config = with_snapshots();
    let config = RuntimeConfig {
        snapshots_kept: 100,
        ..config
    };
    let (disk, end, _) = worked(&config);
    let (runtime, _, _) = open(disk.restart(), &config).expect("the disk is whole");
    let all = events_through(runtime.handle(), end);
    drop(runtime);
    let names = disk.list().expect("it can be listed");
    for name in names.iter().filter(|name| name.starts_with("events")) {
        disk.remove_file(name);
    }
    let (runtime, recovered, _) = open(disk, &config).expect("the commands are whole");
    assert_eq!(recovered.events_end, Seq::new(0));
    assert_eq!(
        recovered.snapshot,
        Some(Seq::new(0)),
        "only from the beginning can all events be computed"
    );
    assert_eq!(events_through(runtime.handle(), end), all);
}

#[test]
fn a_log_that_ends_before_what_a_sink_has_carried_out_is_refused() {
    let (disk, end, _) = worked(&config());
    let directory = Directory::open(disk.clone(), Identity { journal: 0, shard: 0 }).expect("nobody uses it");
    directory
        .cursors()
        .advance("copy", end.next())
        .expect("no faults");
    drop(directory);
    let refused = open(disk.restart(), &config()).err().expect("commands are lost");
    let StartError::Open(OpenError::Read(ReadError::Damage(damage))) = refused else {
        panic!("{refused}")
    };
    assert_eq!(damage.file, "cursor-copy.cur");
    assert!(matches!(damage.cause, DamageCause::EndsEarly { .. }), "{damage}");
}

#[test]
fn damage_in_the_middle_is_refused_with_the_place_and_what_to_do() {
    let (disk, ..) = worked(&config());
    disk.flip_bit("commands-0000000001.log", 8 * 700);
    let refused = open(disk, &config()).err().expect("it is damaged").to_string();
    assert!(
        refused.contains("commands-0000000001.log") && refused.contains("journal verify"),
        "{refused}"
    );
}

#[test]
fn a_start_says_how_far_it_has_come() {
    let config = RuntimeConfig {
        snapshot_every: None,
        ..config()
    };
    let (disk, end, _) = worked(&config);
    snapshots(&disk)
        .iter()
        .for_each(|name| assert!(disk.remove_file(name)));
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hearing = Arc::clone(&heard);
    let builder = RuntimeBuilder::new(config);
    let builder = builder.on_recovery(move |progress| hearing.lock().expect("nobody panics").push(progress));
    builder.open(disk).expect("the disk is whole");
    let heard = heard.lock().expect("nobody panics");
    assert_eq!(
        heard.last(),
        Some(&RecoveryProgress {
            applied: end,
            start: Seq::new(0),
            end
        })
    );
}

#[test]
fn projections_and_instruments_come_back_with_the_engine() {
    let config = RuntimeConfig {
        projections: Some(ProjectionsConfig::default()),
        ..with_snapshots()
    };
    let (disk, end, _) = worked(&config);
    let (runtime, recovered, _) = open(disk.restart(), &config).expect("the disk is whole");
    assert_eq!(recovered.snapshot, Some(end), "nothing had to be replayed");
    let projections = recovered.projections.expect("they are configured");
    let mut fed = Projections::new(ProjectionsConfig::default());
    let mut subscription = runtime.handle().subscribe_from(Seq::new(1));
    while fed.last() < Some(end) {
        let slice = subscription
            .next()
            .expect("everything is kept")
            .expect("it runs on");
        slice
            .iter()
            .try_for_each(|batch| fed.apply(&batch))
            .expect("the stream is whole");
    }
    assert_eq!(projections.image(), fed.image());
    assert_eq!(recovered.instruments.len(), 1);
    assert_eq!(recovered.instruments[0].terms().symbol, "BTC-KRW");

    // They go on with what comes now.
    let mut projections = projections;
    let mut subscription = runtime.handle().subscribe_from(recovered.end.next());
    done(ask(runtime.handle(), Command::Place(place(Side::Buy, 1, 1))));
    let slice = subscription
        .next()
        .expect("nothing is missed")
        .expect("it runs on");
    slice
        .iter()
        .try_for_each(|batch| projections.apply(&batch))
        .expect("it follows");
    assert_eq!(
        projections.instruments().collect::<Vec<_>>(),
        [InstrumentId::new(0)]
    );
}

#[test]
fn how_things_stand_comes_back_with_the_engine() {
    let config = RuntimeConfig {
        engine: EngineConfig {
            accounts: Some(AccountsConfig::default()),
            ..config().engine
        },
        ..config()
    };
    let disk = SimulatedDisk::new();
    let (runtime, recovered, _) = open(disk.clone(), &config).expect("an empty disk");
    assert_eq!(recovered.standing, Standing::default());
    let account = AccountId::new(7).expect("0 is nobody");
    let spec = AssetSpec {
        name: "KRW".to_owned(),
        scale: 0,
    };
    let asset = AssetId::new(0);
    done(ask(runtime.handle(), Command::AddAsset(Box::new(spec.clone()))));
    let transfer = Transfer {
        account,
        asset,
        amount: Amount::new(500),
        key: None,
    };
    done(ask(runtime.handle(), Command::Deposit(transfer)));
    runtime.stop().expect("a disk without faults");
    let (_, recovered, _) = open(disk.restart(), &config).expect("the disk is whole");
    assert_eq!(recovered.standing.assets, [spec]);
    let [(owner, of, balance)] = recovered.standing.balances.as_slice() else {
        panic!("one balance: {:?}", recovered.standing)
    };
    assert_eq!((*owner, *of, balance.total), (account, asset, Amount::new(500)));
    assert_eq!(recovered.standing.phases, [], "nothing is listed");
}

#[test]
fn phases_come_back_with_the_engine() {
    let (disk, runtime) = fresh(&config());
    let halt = SetPhase {
        instrument: InstrumentId::new(0),
        phase: Phase::Halted,
    };
    done(ask(runtime.handle(), Command::SetPhase(halt)));
    runtime.stop().expect("a disk without faults");
    let (_, recovered, _) = open(disk.restart(), &config()).expect("the disk is whole");
    assert_eq!(recovered.standing.phases, [Phase::Halted]);
}

/// Sequence, time, version and payload.
type Record = (Seq, Timestamp, u16, Vec<u8>);

/// A command log that is kept elsewhere: here, in memory that two runtimes see one after the other.
#[derive(Clone, Default)]
struct Elsewhere {
    records: Arc<Mutex<Vec<Record>>>,
}

impl CommandLog for Elsewhere {
    type Source = Self;

    fn append(&mut self, batch: &Batch) -> Result<Option<Receipt>, AppendError> {
        let mut records = self.records.lock().expect("nobody panics");
        records.extend(
            batch
                .iter()
                .map(|entry| (entry.sequence, entry.time, entry.version, entry.payload.to_vec())),
        );
        Ok(batch
            .first()
            .zip(batch.last())
            .map(|(first, last)| Receipt { first, last }))
    }

    fn end(&self) -> Seq {
        self.records
            .lock()
            .expect("nobody panics")
            .last()
            .map_or(Seq::new(0), |record| record.0)
    }

    fn source(&self) -> Self {
        self.clone()
    }

    fn close(self) -> Result<Seq, Fault> {
        Ok(self.end())
    }
}

impl CommandSource for Elsewhere {
    type Reader = ElsewhereReader;

    fn written_through(&self) -> Seq {
        self.end()
    }

    fn durable_through(&self) -> Seq {
        self.end()
    }

    fn wait_written(&self, through: Seq) -> Result<(), Fault> {
        assert!(through <= self.end(), "only what was appended is waited for");
        Ok(())
    }

    fn wait_durable(&self, through: Seq) -> Result<(), Fault> {
        self.wait_written(through)
    }

    fn syncs(&self) -> (u64, Duration) {
        (0, Duration::ZERO)
    }

    fn reader(&self, from: Seq) -> Result<ElsewhereReader, ReadError> {
        let records = self.records.lock().expect("nobody panics");
        let at = records
            .iter()
            .position(|record| record.0 >= from)
            .unwrap_or(records.len());
        Ok(ElsewhereReader {
            log: self.clone(),
            at,
            record: None,
        })
    }

    fn replay_after(&self, snapshot: &SnapshotStamp) -> Result<ElsewhereReader, ReadError> {
        self.reader(snapshot.sequence.next())
    }
}

struct ElsewhereReader {
    log: Elsewhere,
    at: usize,
    record: Option<Record>,
}

impl CommandReader for ElsewhereReader {
    fn next(&mut self, until: Seq) -> Result<Option<Entry<'_>>, ReadError> {
        self.record = self
            .log
            .records
            .lock()
            .expect("nobody panics")
            .get(self.at)
            .cloned();
        let Some((sequence, time, version, payload)) = &self.record else {
            return Ok(None);
        };
        if *sequence > until {
            return Ok(None);
        }
        self.at += 1;
        Ok(Some(Entry {
            sequence: *sequence,
            time: *time,
            version: *version,
            continues: false,
            payload,
        }))
    }

    fn history(&self) -> Option<u64> {
        None
    }
}

/// A log elsewhere with some orders in it, the disk beside it, and the state after them.
fn worked_elsewhere(config: &RuntimeConfig) -> (Elsewhere, SimulatedDisk, StateHash) {
    let (log, disk) = (Elsewhere::default(), SimulatedDisk::new());
    let builder = RuntimeBuilder::new(config.clone());
    let (runtime, _) = builder
        .open_with(log.clone(), disk.clone())
        .expect("nothing is there");
    done(ask(runtime.handle(), crate::support::list()));
    for lots in 1..100 {
        done(ask(runtime.handle(), Command::Place(place(Side::Buy, 100, lots))));
    }
    let hash = runtime.stop().expect("no faults").state_hash;
    (log, disk.restart(), hash)
}

#[test]
fn a_log_that_is_kept_elsewhere_takes_the_place_of_the_journal() {
    for snapshot_every in [None, Some(30)] {
        let config = RuntimeConfig {
            snapshot_every,
            ..config()
        };
        let (log, disk, hash) = worked_elsewhere(&config);
        for disk in [disk, SimulatedDisk::new()] {
            let builder = RuntimeBuilder::new(config.clone());
            let (runtime, recovered) = builder.open_with(log.clone(), disk).expect("the log is whole");
            assert_eq!((recovered.end, recovered.state_hash), (Seq::new(100), hash));
            events_through(runtime.handle(), recovered.end);
        }
    }
}

#[test]
fn a_gap_in_the_log_stops_the_start_with_both_numbers_and_a_repeat_is_ignored() {
    let config = config();
    let (log, _, hash) = worked_elsewhere(&config);
    let repeated = log.records.lock().expect("nobody panics")[40].clone();
    log.records.lock().expect("nobody panics").insert(50, repeated);
    let open =
        |log: &Elsewhere| RuntimeBuilder::new(config.clone()).open_with(log.clone(), SimulatedDisk::new());
    let (_, recovered) = open(&log).expect("a repeat is no harm");
    assert_eq!(recovered.state_hash, hash);

    log.records.lock().expect("nobody panics").remove(60);
    let gap = Gap {
        applied: Seq::new(59),
        found: Seq::new(61),
    };
    assert_eq!(open(&log).err(), Some(StartError::Replay(ReplayError::Gap(gap))));
}
