//! How fast the runtime is, beside the disk's own sync: `cargo bench -p engine-runtime`.
//!
//! One instrument and one producer on the same machine. Of the commands half are limit orders near the touch, a third
//! cancel one of the last orders, the rest cross the spread; the book has some thousand orders. Throughput is that of
//! the whole way: the producer's making of commands, queue, sequencer, log, engine, events and answers. Every figure is
//! the median of some runs in this process. Not measured: parsing, networks, subscriptions, more than one instrument.
//!
//! An argument runs only the parts whose name contains it.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use engine_core::{
    Cancel, Command, EngineConfig, InstrumentId, InstrumentSpec, OrderId, OrderIds, OrderRef, Place, Price,
    Qty, Side,
};
use engine_runtime::journal::Disk;
use engine_runtime::{
    Answers, Durability, Handle, Outcome, Recovered, Refused, Runtime, RuntimeBuilder, RuntimeConfig,
};
use rust_decimal::Decimal;

const COMMANDS: u64 = 2_000_000;
const RUNS: usize = 3;
const BTC: InstrumentId = InstrumentId::new(0);

type Failure<T> = Result<T, Box<dyn std::error::Error>>;
type Part = fn() -> Failure<()>;

fn main() -> Failure<()> {
    let wanted = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'))
        .unwrap_or_default();
    let parts: [(&str, Part); 5] = [
        ("disk", disk),
        ("throughput", throughput),
        ("latency", latency),
        ("recovery", recovery),
        ("snapshot", snapshot),
    ];
    for (_, run) in parts.iter().filter(|(name, _)| name.contains(&wanted)) {
        run()?;
    }
    Ok(())
}

/// What the disk takes by itself.
fn disk() -> Failure<()> {
    for bytes in [512, 64 << 10] {
        let (p50, p99) = raw_sync(bytes)?;
        println!(
            "disk         fdatasync of {bytes:>6} B, pre-allocated     p50 {p50:>9.1?}  p99 {p99:>9.1?}"
        );
    }
    Ok(())
}

fn throughput() -> Failure<()> {
    for durability in [
        Durability::Memory,
        Durability::Interval(Duration::from_millis(100)),
        Durability::Sync,
    ] {
        for at_once in [1, 16, 256] {
            let mut runs = Vec::new();
            for _ in 0..RUNS {
                runs.push(push_all(durability, at_once)?);
            }
            runs.sort_unstable();
            let (time, threads) = &runs[RUNS / 2];
            let nanos = time.as_nanos() as u64;
            println!(
                "throughput   {:<16} {at_once:>3} commands a call   {:>6} k/s  {:>4} ns each; processor ns each: {threads}",
                format!("{durability:?}"),
                COMMANDS * 1_000_000 / nanos,
                nanos / COMMANDS,
            );
        }
    }
    Ok(())
}

/// How long all commands take from the first call until the last answer, and which thread worked how long.
fn push_all(durability: Durability, at_once: usize) -> Failure<(Duration, String)> {
    let (runtime, _, _place) = started(durability, "throughput")?;
    let (tally, answers) = Tally::new();
    let mut orders = Orders::new();
    let before = processor_times()?;
    let start = Instant::now();
    let mut left = COMMANDS as usize;
    while left > 0 {
        let count = left.min(at_once);
        give(runtime.handle(), &answers, &mut orders, count);
        left -= count;
    }
    tally.wait(COMMANDS);
    let time = start.elapsed();
    let worked: Vec<String> = processor_times()?
        .into_iter()
        .filter_map(|(thread, after)| {
            let earlier = before.iter().find(|(known, _)| *known == thread);
            let each = (after - earlier.map_or(0, |(_, time)| *time)) / COMMANDS;
            (each > 0).then(|| format!("{} {each}", thread.1))
        })
        .collect();
    runtime.stop()?;
    Ok((time, worked.join(", ")))
}

/// The thread's number and name, and the nanoseconds that it has had a processor; nothing where the system does not say.
type ThreadTime = ((String, String), u64);

/// How long this thread, the first, has had a processor.
fn processor_time() -> Failure<u64> {
    let first = std::process::id().to_string();
    let times = processor_times()?.into_iter();
    Ok(times
        .filter_map(|((thread, _), time)| (thread == first).then_some(time))
        .sum())
}

fn processor_times() -> Failure<Vec<ThreadTime>> {
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else {
        return Ok(Vec::new());
    };
    let mut times = Vec::new();
    for thread in threads {
        let thread = thread?;
        let read = |file: &str| std::fs::read_to_string(thread.path().join(file)).unwrap_or_default();
        let (name, schedstat) = (read("comm"), read("schedstat"));
        let nanos = schedstat.split(' ').next().and_then(|nanos| nanos.parse().ok());
        let number = thread.file_name().to_string_lossy().into_owned();
        times.push(((number, name.trim().to_owned()), nanos.unwrap_or(0)));
    }
    Ok(times)
}

/// Gives so many commands, again and again while the queue is full.
fn give(handle: &Handle, answers: &Arc<dyn Answers>, orders: &mut Orders, count: usize) {
    if count == 1 {
        let command = orders.next();
        while let Err(refused) = handle.submit_to(answers, 0, command.clone()) {
            assert_eq!(refused, Refused::Overloaded);
            std::thread::yield_now();
        }
        return;
    }
    let mut commands: Vec<Command> = (0..count).map(|_| orders.next()).collect();
    loop {
        // A refused list is gone, so what may be refused is made when there is room.
        if handle.metrics().queued + count <= QUEUE_MAX {
            match handle.submit_all_to(answers, 0, std::mem::take(&mut commands)) {
                Ok(()) => return,
                Err(refused) => panic!("there was room: {refused}"),
            }
        }
        std::thread::yield_now();
    }
}

fn latency() -> Failure<()> {
    const GAP: Duration = Duration::from_micros(100);
    const COUNT: u64 = 20_000;
    for durability in [Durability::Memory, Durability::Sync] {
        let (runtime, _, _place) = started(durability, "latency")?;
        let handle = runtime.handle();
        let start = Instant::now();
        let times: Arc<Vec<AtomicU64>> = Arc::new((0..2 * COUNT).map(|_| AtomicU64::new(0)).collect());
        let seen = Arc::clone(&times);
        let (tally, _) = Tally::new();
        let count = Arc::clone(&tally);
        let answers: Arc<dyn Answers> = Arc::new(move |tag: u64, outcome: Outcome| {
            outcome.expect("no faults");
            seen[(COUNT + tag) as usize].store(start.elapsed().as_nanos() as u64, Ordering::Relaxed);
            count.add();
        });
        let mut orders = Orders::new();
        for tag in 0..COUNT {
            let due = GAP * u32::try_from(tag)?;
            while start.elapsed() < due {
                std::thread::park_timeout(due.saturating_sub(start.elapsed()));
            }
            times[tag as usize].store(start.elapsed().as_nanos() as u64, Ordering::Relaxed);
            handle.submit_to(&answers, tag, orders.next())?;
        }
        tally.wait(COUNT);
        let at = |index: u64| times[index as usize].load(Ordering::Relaxed);
        let mut waits: Vec<_> = (0..COUNT)
            .map(|tag| Duration::from_nanos(at(COUNT + tag) - at(tag)))
            .collect();
        let metrics = handle.metrics();
        waits.sort_unstable();
        println!(
            "latency      {:<16} at 10 k/s                   p50 {:>9.1?}  p99 {:>9.1?}",
            format!("{durability:?}"),
            waits[waits.len() / 2],
            waits[waits.len() * 99 / 100],
        );
        if metrics.syncs > 0 {
            let sync = metrics.sync_time / u32::try_from(metrics.syncs)?;
            println!(
                "             of it, {} syncs of {sync:.1?} in the mean",
                metrics.syncs
            );
        }
        runtime.stop()?;
    }
    Ok(())
}

/// How long a start takes that has to replay everything.
fn recovery() -> Failure<()> {
    let (runtime, config, place) = started(Durability::Sync, "recovery")?;
    let (tally, answers) = Tally::new();
    let mut orders = Orders::new();
    (0..COMMANDS / 256).for_each(|_| give(runtime.handle(), &answers, &mut orders, 256));
    let count = COMMANDS / 256 * 256;
    tally.wait(count);
    // Dropped snapshots make the next start replay all of it.
    let end = runtime.stop()?.end;
    let mut times = Vec::new();
    let mut worked = 0;
    for _ in 0..RUNS {
        remove_snapshots(place.path())?;
        let (start, before) = (Instant::now(), processor_time()?);
        let (runtime, recovered): (Runtime, Recovered) =
            RuntimeBuilder::new(config.clone()).open(Disk::open(place.path())?)?;
        times.push(start.elapsed());
        worked = processor_time()? - before;
        assert_eq!((recovered.end, recovered.replayed), (end, end.get()));
        runtime.stop()?;
    }
    let nanos = median(&mut times).as_nanos() as u64;
    println!(
        "recovery     of {end} commands, without a snapshot   {:>6} k/s  {:>4} ns each; processor ns each: {}",
        end.get() * 1_000_000 / nanos,
        nanos / end.get(),
        worked / end.get(),
    );
    Ok(())
}

fn remove_snapshots(path: &Path) -> Failure<()> {
    for entry in std::fs::read_dir(path)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "snap") {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// What the writer does while a snapshot of a million resting orders is taken beside it.
fn snapshot() -> Failure<()> {
    const ORDERS: u64 = 1_000_000;
    let place = Scratch::new("snapshot")?;
    let config = RuntimeConfig {
        snapshot_every: Some(ORDERS + 50_000),
        ..config(Durability::Sync)
    };
    let (runtime, _) = RuntimeBuilder::new(config.clone()).open(Disk::open(place.path())?)?;
    runtime.handle().submit(list()?)?.wait()?;
    let (tally, answers) = Tally::new();
    let mut given = 0;
    while given < ORDERS {
        let commands: Vec<Command> = (given..given + 500).map(resting).collect();
        while runtime.handle().metrics().queued + 500 > QUEUE_MAX {
            std::thread::yield_now();
        }
        runtime.handle().submit_all_to(&answers, 0, commands)?;
        given += 500;
    }
    tally.wait(ORDERS);
    let mut waits = [Vec::new(), Vec::new()];
    while runtime.handle().metrics().snapshots == 0 {
        let is_called_for = runtime.handle().metrics().commands > ORDERS + 50_000;
        let start = Instant::now();
        runtime
            .handle()
            .submit_all((given..given + 10).map(resting).collect())?
            .wait();
        given += 10;
        waits[usize::from(is_called_for)].push(start.elapsed());
    }
    for (what, mut waits) in ["before", "while"].into_iter().zip(waits) {
        waits.sort_unstable();
        println!(
            "snapshot     of 1 M orders: {what:<6} it was taken, {:>6} answers p50 {:>9.1?}  p99 {:>9.1?}  worst {:>9.1?}",
            waits.len(),
            waits[waits.len() / 2],
            waits[waits.len() * 99 / 100],
            waits[waits.len() - 1],
        );
    }
    runtime.stop()?;
    let start = Instant::now();
    let (runtime, recovered) = RuntimeBuilder::new(config).open(Disk::open(place.path())?)?;
    println!(
        "snapshot     start from it, {} commands replayed after it            {:>9.1?}",
        recovered.replayed,
        start.elapsed()
    );
    drop(runtime);
    Ok(())
}

/// An order that rests: thousands of levels, and never one that crosses.
fn resting(number: u64) -> Command {
    let level = (number % 5_000) as i64;
    let (side, price) = match number % 2 {
        0 => (Side::Buy, 100_000 - level),
        _ => (Side::Sell, 100_001 + level),
    };
    let id = OrderId::new(1 + number);
    Command::Place(Place::limit(BTC, id, side, Price::new(price), Qty::new(5)))
}

/// The stream of commands.
struct Orders {
    state: u64,
    next_id: u64,
}

impl Orders {
    fn new() -> Self {
        Self {
            state: 0x9e37_79b9_7f4a_7c15,
            next_id: 1,
        }
    }

    fn draw(&mut self, below: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state % below
    }

    fn next(&mut self) -> Command {
        let what = self.draw(6);
        if what < 2 && self.next_id > 5_000 {
            let id = self.next_id - 1 - self.draw(5_000);
            let order = OrderRef::Id(OrderId::new(id));
            return Command::Cancel(Cancel { order, account: None });
        }
        let side = if self.draw(2) == 0 { Side::Buy } else { Side::Sell };
        let away = if what == 5 { -2 } else { 1 + self.draw(50) as i64 };
        let price = match side {
            Side::Buy => 10_000 - away,
            Side::Sell => 10_000 + away,
        };
        let id = OrderId::new(self.next_id);
        self.next_id += 1;
        Command::Place(Place::limit(
            BTC,
            id,
            side,
            Price::new(price),
            Qty::new(1 + self.draw(10)),
        ))
    }
}

/// Counts answers; a producer waits for the last.
struct Tally {
    count: AtomicU64,
    waiting: std::thread::Thread,
}

impl Tally {
    fn new() -> (Arc<Self>, Arc<dyn Answers>) {
        let tally = Arc::new(Self {
            count: AtomicU64::new(0),
            waiting: std::thread::current(),
        });
        let counting = Arc::clone(&tally);
        let answers = move |_: u64, outcome: Outcome| {
            outcome.expect("no faults");
            counting.add();
        };
        (tally, Arc::new(answers))
    }

    fn add(&self) {
        let count = self.count.fetch_add(1, Ordering::Release) + 1;
        if count.is_multiple_of(256) {
            self.waiting.unpark();
        }
    }

    fn wait(&self, count: u64) {
        while self.count.load(Ordering::Acquire) < count {
            std::thread::park_timeout(Duration::from_millis(1));
        }
    }
}

const QUEUE_MAX: usize = 65_536;

fn config(durability: Durability) -> RuntimeConfig {
    RuntimeConfig {
        durability,
        engine: EngineConfig {
            ids: OrderIds::Chosen { hash_seed: 7 },
            orders_max: 2_000_000,
            ..EngineConfig::default()
        },
        queue_max: QUEUE_MAX,
        tick: None,
        snapshot_every: None,
        ..RuntimeConfig::default()
    }
}

fn list() -> Failure<Command> {
    let spec = InstrumentSpec::builder("BTC-KRW", Decimal::from(1_000), Decimal::new(1, 8)).build()?;
    Ok(Command::List(Box::new(spec)))
}

/// A runtime with one instrument, its configuration and where its data lies.
fn started(durability: Durability, name: &str) -> Failure<(Runtime, RuntimeConfig, Scratch)> {
    let place = Scratch::new(name)?;
    let config = config(durability);
    let builder = RuntimeBuilder::new(config.clone());
    let (runtime, _) = match durability {
        Durability::Memory => builder.in_memory()?,
        _ => builder.open(Disk::open(place.path())?)?,
    };
    runtime.handle().submit(list()?)?.wait()?;
    Ok((runtime, config, place))
}

/// A directory under the target directory, which goes when it is dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Failure<Self> {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("runtime-{name}"));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn raw_sync(bytes: usize) -> Failure<(Duration, Duration)> {
    const SYNCS: usize = 1_000;
    let place = Scratch::new("raw")?;
    let file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(place.path().join("raw"))?;
    let block = vec![1; bytes];
    for number in 0..SYNCS {
        file.write_all_at(&vec![0; bytes], (number * bytes) as u64)?;
    }
    file.sync_all()?;
    let mut times = Vec::new();
    for number in 0..SYNCS {
        file.write_all_at(&block, (number * bytes) as u64)?;
        let start = Instant::now();
        file.sync_data()?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    Ok((times[SYNCS / 2], times[SYNCS * 99 / 100]))
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
