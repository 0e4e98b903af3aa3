//! Putting the threads together, and taking them apart again.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded};
use engine_core::{Seq, StateHash};
use engine_journal::{
    CommandLog, CommandReader, CommandSource, Directory, Fault, Identity, Journal, LogOptions, Operation,
    Retention, Storage, SyncPolicy, TornTail,
};

use crate::clock::{Clock, SystemClock};
use crate::config::{Durability, RuntimeConfig};
use crate::error::{ConfigError, SnapshotError, StartError};
use crate::events::{EventLog, Outbox};
use crate::handle::{Handle, Syncs};
use crate::hub::{Hub, Look, Visible};
use crate::intake::{Intake, Submission};
use crate::nowhere::Nowhere;
use crate::recovery::{self, Recovered, RecoveryProgress};
use crate::release::{Release, Releaser, SnapshotCalls};
use crate::replica::Replica;
use crate::shared::Shared;
use crate::snapshots::{self, Snapshots};
use crate::store::Store;
use crate::watchdog::{Stuck, Watchdog};
use crate::writer::{Pass, Writer};

/// How many carried-out parts of batches may wait for the disk before the writer does.
const RELEASES_MAX: usize = 64;

/// What a runtime is started with.
///
/// ```
/// use engine_core::Command;
/// use engine_runtime::{RuntimeBuilder, RuntimeConfig, Durability};
///
/// let config = RuntimeConfig { durability: Durability::Memory, ..RuntimeConfig::default() };
/// let (runtime, _) = RuntimeBuilder::new(config).in_memory()?;
/// let answer = runtime.handle().submit(Command::Tick)?.wait()?;
/// assert!(answer.events().is_empty());
/// runtime.stop()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct RuntimeBuilder {
    config: RuntimeConfig,
    clock: Box<dyn Clock>,
    on_recovery: Box<dyn FnMut(RecoveryProgress)>,
    on_stuck: Box<dyn FnMut(Stuck) + Send>,
}

/// A running engine. Dropping it stops it as [`Runtime::stop`] does.
pub struct Runtime {
    handle: Handle,
    threads: Option<Threads>,
}

struct Threads {
    writer: JoinHandle<Result<Seq, Fault>>,
    releaser: JoinHandle<Result<(), Fault>>,
    /// Those that end by themselves when the others have.
    others: Vec<JoinHandle<()>>,
    watchdog: (Sender<()>, JoinHandle<()>),
}

/// How a runtime ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stopped {
    /// The last command.
    pub end: Seq,
    /// The hash of the state after it.
    pub state_hash: StateHash,
    /// Why there is no snapshot of it, if there should be one. The next start then replays more.
    pub snapshot_error: Option<SnapshotError>,
}

impl RuntimeBuilder {
    /// A runtime with the system's clock, whose progress nobody watches.
    pub fn new(config: RuntimeConfig) -> Self {
        Self {
            config,
            clock: Box::new(SystemClock::new()),
            on_recovery: Box::new(|_| ()),
            on_stuck: Box::new(|_| ()),
        }
    }

    /// Another source of time.
    pub fn clock(self, clock: impl Clock) -> Self {
        Self {
            clock: Box::new(clock),
            ..self
        }
    }

    /// Is told how far the start has come, some thousand commands at a time.
    pub fn on_recovery(self, observer: impl FnMut(RecoveryProgress) + 'static) -> Self {
        Self {
            on_recovery: Box::new(observer),
            ..self
        }
    }

    /// Is told, on a thread of its own, when the writer or the disk does not get on.
    pub fn on_stuck(self, observer: impl FnMut(Stuck) + Send + 'static) -> Self {
        Self {
            on_stuck: Box::new(observer),
            ..self
        }
    }

    /// Starts with nothing, and keeps nothing.
    ///
    /// # Errors
    /// [`StartError::Config`], or what the system says about new threads.
    pub fn in_memory(self) -> Result<(Runtime, Recovered), StartError> {
        self.config.check()?;
        if self.config.durability != Durability::Memory {
            return Err(ConfigError::NoDirectory.into());
        }
        let mut replica = Replica::new(&self.config, random());
        let recovered = Recovered::nothing(&mut replica);
        let runtime = self.start::<Nowhere, Nowhere>(replica, None, None, |_, _| Ok(None))?;
        Ok((runtime, recovered))
    }

    /// Starts with what a directory holds, and keeps everything there. An empty directory becomes a journal.
    ///
    /// # Errors
    /// [`StartError`]. A directory that another process uses, that is damaged, or that a later version has written is
    /// refused with what to do about it, and nothing is changed.
    pub fn open<S: Storage>(self, storage: S) -> Result<(Runtime, Recovered), StartError> {
        let directory = self.directory(storage)?;
        let (writer, found) = directory.commands(&self.commands_options())?;
        let retention = writer.retention();
        let log = Journal::spawn(writer, |_| ())?;
        self.recover(log, directory, vec![retention], found.torn)
    }

    /// As [`RuntimeBuilder::open`], with a command log that is kept elsewhere; the directory then holds what can be
    /// computed again from it.
    ///
    /// # Errors
    /// As [`RuntimeBuilder::open`].
    pub fn open_with<L: CommandLog, S: Storage>(
        self,
        log: L,
        storage: S,
    ) -> Result<(Runtime, Recovered), StartError> {
        let directory = self.directory(storage)?;
        self.recover(log, directory, Vec::new(), None)
    }

    fn directory<S: Storage>(&self, storage: S) -> Result<Directory<S>, StartError> {
        self.config.check()?;
        if self.config.durability == Durability::Memory {
            return Err(ConfigError::MemoryWithDirectory.into());
        }
        let identity = Identity {
            journal: random(),
            shard: self.config.shard,
        };
        Ok(Directory::open(storage, identity)?)
    }

    fn commands_options(&self) -> LogOptions {
        let sync = match self.config.durability {
            Durability::Interval(interval) => SyncPolicy::Interval(interval),
            _ => SyncPolicy::EachGroup,
        };
        LogOptions {
            segment_bytes: self.config.segment_bytes,
            sync,
            ..LogOptions::default()
        }
    }

    /// Brings state and event log to where the command log is, and starts.
    fn recover<L: CommandLog, S: Storage>(
        mut self,
        log: L,
        directory: Directory<S>,
        mut retentions: Vec<Retention<S>>,
        torn: Option<TornTail>,
    ) -> Result<(Runtime, Recovered), StartError> {
        let (end, commands, hash_seed) = (log.end(), log.source(), random());
        let options = LogOptions {
            sync: SyncPolicy::OnRequest,
            ..self.commands_options()
        };
        let (writer, events_found) = directory.events(&options, end)?;
        retentions.push(writer.retention());
        recovery::require(&directory, end)?;
        let mut events = EventLog::new(Journal::spawn(writer, |_| ())?);

        let through = end.min(events_found.end);
        let loaded = recovery::load(&self.config, hash_seed, &directory, &commands, through)?;
        let (mut replica, mut reader) = (loaded.replica, loaded.reader);
        let start = replica.applied();
        if end == Seq::new(0) && loaded.snapshot.is_none() {
            // From now on the directory says how the engine was built.
            snapshots::write(&directory, &replica, reader.history()).map_err(start_error)?;
        }
        recovery::replay(&mut replica, &mut reader, end, |slice| {
            events.complete(slice, events_found.end)?;
            let applied = slice.last();
            (self.on_recovery)(RecoveryProgress { applied, start, end });
            Ok(())
        })?;
        events.wait_written(end)?;
        let image = replica.engine.snapshot();
        let recovered = Recovered {
            end,
            time: image.now,
            state_hash: image.state_hash(),
            instruments: recovery::instruments(&replica),
            standing: recovery::standing(&replica.engine, &image),
            projections: replica.projections.take(),
            snapshot: loaded.snapshot,
            replayed: end.get() - start.get(),
            skipped: loaded.skipped,
            torn,
            events_end: events_found.end,
        };
        let newest = loaded.snapshot.unwrap_or(Seq::new(0));
        let (config, events_sync) = (self.config.clone(), events.syncing());
        let store: Arc<dyn Store> = Arc::new(directory.clone());
        let runtime = self.start(replica, Some((log, events)), Some(store), |shared, calls| {
            let snapshots = Snapshots {
                shared: Arc::clone(shared),
                config,
                hash_seed,
                directory,
                commands,
                events: events_sync,
                retentions,
                calls,
                newest,
                follower: None,
            };
            let thread = spawn("engine-snapshots", move || snapshots.run())?;
            Ok(Some((newest, thread)))
        })?;
        Ok((runtime, recovered))
    }

    /// Starts the threads. `follow` starts the one that takes snapshots, if there is one.
    fn start<L: CommandLog, E: Outbox>(
        self,
        replica: Replica,
        logs: Option<(L, E)>,
        store: Option<Arc<dyn Store>>,
        follow: impl FnOnce(&Arc<Shared>, Receiver<Seq>) -> Result<Option<(Seq, JoinHandle<()>)>, Fault>,
    ) -> Result<Runtime, StartError> {
        let config = &self.config;
        let hub = Arc::new(Hub::new(replica.applied(), config.recent_events_max));
        // One more than there can be commands, to wake the writer with.
        let (intake, submissions) = bounded::<Submission>(config.queue_max + 1);
        let shared = Arc::new(Shared::new(hub, intake, config));
        let (releases, carried_out) = bounded::<Release>(RELEASES_MAX);
        let (calls, called) = bounded(1);
        let mut others = Vec::new();

        let (log, outbox) = logs.unzip();
        let source = log.as_ref().map(CommandLog::source);
        let follower = follow(&shared, called)?;
        let snapshots = follower.map(|(newest, thread)| {
            others.push(thread);
            SnapshotCalls {
                calls,
                every: config.snapshot_every,
                newest,
            }
        });
        if let (Durability::Interval(_), Some(commands)) = (config.durability, source.clone()) {
            let hub = Arc::clone(&shared.hub);
            let start = replica.applied();
            others.push(spawn("engine-safe", move || note_safe(&hub, &commands, start))?);
        }
        let syncs = source.clone().map(|source| Arc::new(source) as Arc<dyn Syncs>);
        let handle = Handle::new(&shared, store, syncs)?;
        let releaser = Releaser {
            shared: Arc::clone(&shared),
            releases: carried_out,
            durability: config.durability,
            logs: source.zip(outbox),
            snapshots,
        };
        let releaser = spawn("engine-release", move || releaser.run())?;
        let writer = Writer {
            shared: Arc::clone(&shared),
            intake: Intake::new(Arc::clone(&shared), submissions),
            clock: self.clock,
            sequencer: replica.sequencer,
            engine: replica.engine,
            firsts: replica.firsts,
            log,
            releases,
            tick: config.tick,
            batch_max: config.batch_max,
            names_orders: config.names_orders,
            pass: Pass::default(),
        };
        let writer = spawn("engine-writer", move || writer.run())?;
        let watchdog = watch(&shared, self.on_stuck)?;
        Ok(Runtime {
            handle,
            threads: Some(Threads {
                writer,
                releaser,
                others,
                watchdog,
            }),
        })
    }
}

impl Runtime {
    /// A runtime with the system's clock on the data in a directory; [`RuntimeBuilder`] has more.
    ///
    /// # Errors
    /// As [`RuntimeBuilder::open`].
    pub fn open<S: Storage>(storage: S, config: RuntimeConfig) -> Result<(Self, Recovered), StartError> {
        RuntimeBuilder::new(config).open(storage)
    }

    /// The way in, to be cloned for everybody who needs it.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Takes nothing more, carries out and answers what was taken, brings everything to the disk, and ends the threads.
    ///
    /// # Errors
    /// The fault that stopped the runtime, now or before.
    pub fn stop(mut self) -> Result<Stopped, Fault> {
        self.end()
    }

    fn end(&mut self) -> Result<Stopped, Fault> {
        let shared = &self.handle.shared;
        shared.close();
        let Some(threads) = self.threads.take() else {
            unreachable!("a runtime is ended once")
        };
        let end = joined(shared, threads.writer);
        let released = joined(shared, threads.releaser);
        for thread in threads.others {
            let _ = thread.join();
        }
        let (stop, watchdog) = threads.watchdog;
        drop(stop);
        let _ = watchdog.join();
        shared.end();
        if let Some(fault) = shared.fault() {
            return Err(fault.clone());
        }
        let (Some(end), Some(released)) = (end, released) else {
            unreachable!("a thread that panics notes a fault")
        };
        released?;
        Ok(Stopped {
            end: end?,
            state_hash: shared.final_state().expect("the writer ended without a fault"),
            snapshot_error: shared.snapshot_error(),
        })
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        if self.threads.is_some() {
            // Whoever wants to know how it went calls `stop`.
            let _ = self.end();
        }
    }
}

/// What a thread returned; nothing if it panicked, which its guard has noted as a fault.
fn joined<T>(shared: &Shared, thread: JoinHandle<T>) -> Option<T> {
    let outcome = thread.join().ok();
    debug_assert!(
        outcome.is_some() || shared.fault().is_some(),
        "a panic leaves a fault"
    );
    outcome
}

/// Notes for those who must see only what is safe how far that is.
fn note_safe<C: CommandSource>(hub: &Hub, commands: &C, start: Seq) {
    let mut safe = start;
    while let Look::Here(_, until) | Look::Gone { until, .. } = hub.wait(safe.next(), Visible::Answered, None)
    {
        // A fault is told by the thread that releases.
        if commands.wait_durable(until).is_err() {
            return;
        }
        hub.note_safe(until);
        safe = until;
    }
}

fn watch(
    shared: &Arc<Shared>,
    report: Box<dyn FnMut(Stuck) + Send>,
) -> Result<(Sender<()>, JoinHandle<()>), Fault> {
    let (stop, stopped) = bounded(0);
    let watchdog = Watchdog {
        shared: Arc::clone(shared),
        stuck_after: shared.stuck_after,
        report,
    };
    let thread = spawn("engine-watchdog", move || watchdog.run(&stopped))?;
    Ok((stop, thread))
}

fn spawn<T: Send + 'static>(
    name: &str,
    run: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, Fault> {
    let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(run);
    spawned.map_err(|error| Fault {
        operation: Operation::Spawn,
        file: name.to_owned(),
        kind: error.kind(),
        code: error.raw_os_error(),
    })
}

fn start_error(error: SnapshotError) -> StartError {
    match error {
        SnapshotError::Fault(fault) => fault.into(),
        SnapshotError::Start(error) => error,
        SnapshotError::Diverged { .. } => unreachable!("nothing has run yet"),
    }
}

/// A number that nobody can guess, from the seeds of the standard library's hash maps.
fn random() -> u64 {
    RandomState::new().hash_one(0)
}
