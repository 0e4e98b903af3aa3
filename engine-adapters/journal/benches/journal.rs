//! How fast the journal is, beside the disk's own sync: `cargo bench -p engine-journal`.
//!
//! Records have a payload of 64 bytes. Every figure is the median of five runs in this process. Not measured: the
//! encoding of payloads, and anything but this machine's file system under the target directory.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use engine_core::{Seq, Timestamp};
use engine_journal::{Batch, Directory, Disk, Identity, Journal, LogOptions, LogWriter, Stream, SyncPolicy};

const RECORDS: u64 = 2_000_000;
const BATCH: u64 = 512;
const PAYLOAD: [u8; 64] = [0xa5; 64];
const RUNS: usize = 5;
const SYNCS: usize = 1_000;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for bytes in [256, 64 << 10] {
        let (p50, p99) = raw_sync(&place.join("raw"), bytes)?;
        println!("disk alone      fdatasync of {bytes:>6} B, pre-allocated   p50 {p50:?}  p99 {p99:?}");
    }
    let (p50, p99) = commit_one_by_one(place)?;
    println!("journal         one command until durable           p50 {p50:?}  p99 {p99:?}");
    report("append, written, no sync (one thread)", || written(place))?;
    report("append, written, no sync (threads)", || {
        through_threads(place, SyncPolicy::OnRequest)
    })?;
    report("append until durable, group commit", || {
        through_threads(place, SyncPolicy::EachGroup)
    })?;
    let path = place.join("read");
    fill(&path)?;
    report("open and read, every record verified", || read(&path))?;
    std::fs::remove_dir_all(path)?;
    Ok(())
}

/// Runs something that handles all records and says how many a second that is.
fn report(what: &str, run: impl Fn() -> Outcome<Duration>) -> Outcome<()> {
    let mut times = (0..RUNS).map(|_| run()).collect::<Outcome<Vec<_>>>()?;
    times.sort_unstable();
    let nanos = times[RUNS / 2].as_nanos() as u64;
    let thousands = RECORDS * 1_000_000 / nanos;
    println!(
        "journal         {what:<40} {thousands:>7} k records/s  {:>4} ns each",
        nanos / RECORDS
    );
    Ok(())
}

fn raw_sync(path: &Path, bytes: usize) -> Outcome<(Duration, Duration)> {
    let file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(path)?;
    let block = vec![1; bytes];
    for number in 0..SYNCS {
        file.write_all_at(&vec![0; bytes], (number * bytes) as u64)?;
    }
    file.sync_all()?;
    let times = (0..SYNCS).map(|number| {
        file.write_all_at(&block, (number * bytes) as u64)?;
        let start = Instant::now();
        file.sync_data()?;
        Ok(start.elapsed())
    });
    let outcome = percentiles(times.collect::<Outcome<Vec<_>>>()?);
    std::fs::remove_file(path)?;
    Ok(outcome)
}

fn percentiles(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort_unstable();
    (times[times.len() / 2], times[times.len() * 99 / 100])
}

fn open(path: &Path, sync: SyncPolicy) -> Outcome<LogWriter<Disk>> {
    let _ = std::fs::remove_dir_all(path);
    let directory = Directory::open(Disk::open(path)?, Identity { journal: 1, shard: 0 })?;
    let options = LogOptions {
        sync,
        ..LogOptions::default()
    };
    Ok(directory.commands(&options)?.0)
}

fn fill_batch(batch: &mut Batch, next: &mut u64) -> Outcome<()> {
    batch.clear();
    for _ in 0..BATCH.min(RECORDS + 1 - *next) {
        batch.push_whole(Seq::new(*next), Timestamp::from_nanos(*next), 1, &PAYLOAD)?;
        *next += 1;
    }
    Ok(())
}

fn written(place: &Path) -> Outcome<Duration> {
    let path = place.join("written");
    let mut writer = open(&path, SyncPolicy::OnRequest)?;
    let (mut batch, mut next) = (Batch::new(), 1);
    let start = Instant::now();
    while next <= RECORDS {
        fill_batch(&mut batch, &mut next)?;
        writer.write(&batch)?;
    }
    let time = start.elapsed();
    drop(writer);
    std::fs::remove_dir_all(path)?;
    Ok(time)
}

fn through_threads(place: &Path, sync: SyncPolicy) -> Outcome<Duration> {
    let path = place.join("threads");
    let mut journal = Journal::spawn(open(&path, sync)?, |_| ())?;
    let (mut batch, mut next) = (Batch::new(), 1);
    let start = Instant::now();
    while next <= RECORDS {
        fill_batch(&mut batch, &mut next)?;
        while let Err(error) = journal.append(&batch) {
            if !matches!(error, engine_journal::AppendError::Backlog { .. }) {
                return Err(error.into());
            }
            std::thread::yield_now();
        }
    }
    match sync {
        SyncPolicy::EachGroup => journal.progress().wait_durable(Seq::new(RECORDS))?,
        _ => journal.progress().wait_written(Seq::new(RECORDS))?,
    }
    let time = start.elapsed();
    drop(journal);
    std::fs::remove_dir_all(path)?;
    Ok(time)
}

fn commit_one_by_one(place: &Path) -> Outcome<(Duration, Duration)> {
    let path = place.join("single");
    let mut journal = Journal::spawn(open(&path, SyncPolicy::EachGroup)?, |_| ())?;
    let mut batch = Batch::new();
    let mut times = Vec::new();
    for sequence in 1..=SYNCS as u64 {
        batch.clear();
        batch.push_whole(Seq::new(sequence), Timestamp::from_nanos(sequence), 1, &PAYLOAD)?;
        let start = Instant::now();
        journal.append(&batch)?;
        journal.progress().wait_durable(Seq::new(sequence))?;
        times.push(start.elapsed());
    }
    drop(journal);
    std::fs::remove_dir_all(path)?;
    Ok(percentiles(times))
}

fn fill(path: &Path) -> Outcome<()> {
    let mut writer = open(path, SyncPolicy::OnRequest)?;
    let (mut batch, mut next) = (Batch::new(), 1);
    while next <= RECORDS {
        fill_batch(&mut batch, &mut next)?;
        writer.write(&batch)?;
    }
    writer.close()?;
    Ok(())
}

fn read(path: &Path) -> Outcome<Duration> {
    let start = Instant::now();
    let directory = Directory::open(Disk::open(path)?, Identity { journal: 1, shard: 0 })?;
    let (_writer, recovery) = directory.commands(&LogOptions {
        sync: SyncPolicy::OnRequest,
        ..LogOptions::default()
    })?;
    let mut reader = directory.reader(Stream::Commands, Seq::new(1))?;
    let mut sum = 0;
    while let Some(entry) = reader.next(recovery.end)? {
        sum += entry.sequence.get() ^ u64::from(entry.payload[0]);
    }
    assert!(sum > 0, "the records were read");
    Ok(start.elapsed())
}
