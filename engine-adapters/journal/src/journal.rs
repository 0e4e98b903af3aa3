//! A log with threads: the caller appends to memory, another thread writes and syncs whatever has come together
//! since its last sync (group commit), a third prepares the next segment.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use engine_core::Seq;

use crate::batch::Batch;
use crate::command_log::{JournalSource, Receipt};
use crate::directory::{Directory, Home};
use crate::error::{AppendError, Fault, Operation, ReadError};
use crate::format::segment::Stream;
use crate::options::SyncPolicy;
use crate::progress::Progress;
use crate::reader::LogReader;
use crate::retention::Retention;
use crate::spare::Spare;
use crate::storage::Storage;
use crate::writer::LogWriter;

/// One log, appended to by one thread, written and synced by another.
///
/// ```
/// use engine_core::{Seq, Timestamp};
/// use engine_journal::{Batch, Directory, Identity, Journal, LogOptions};
/// use engine_journal::simulation::SimulatedDisk;
///
/// let directory = Directory::open(SimulatedDisk::new(), Identity { journal: 42, shard: 0 })?;
/// let options = LogOptions { segment_bytes: 1 << 16, ..LogOptions::default() };
/// let (writer, recovery) = directory.commands(&options)?;
/// assert_eq!(recovery.end, Seq::new(0));
///
/// let mut journal = Journal::spawn(writer, |_| ())?;
/// let mut batch = Batch::new();
/// batch.push_whole(Seq::new(1), Timestamp::from_nanos(5), 1, b"place")?;
/// let receipt = journal.append(&batch)?.expect("the batch is not empty");
/// journal.progress().wait_durable(receipt.last)?;
///
/// let mut reader = journal.reader(Seq::new(1))?;
/// let entry = reader.next(receipt.last)?.expect("it is written");
/// assert_eq!(entry.payload, b"place");
/// journal.close()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Journal<S: Storage> {
    home: Arc<Home<S>>,
    stream: Stream,
    pending: Arc<Pending>,
    progress: Progress,
    expected: Seq,
    payload_bytes_max: usize,
    backlog_bytes_max: usize,
    retention: Retention<S>,
    threads: Vec<JoinHandle<()>>,
}

impl<S: Storage> Journal<S> {
    /// Starts the threads. `observer` is called on the writing thread after every change of [`Progress`], and
    /// once more if the log stops; it should be quick, because the next group waits for it.
    ///
    /// # Errors
    /// What the system says about new threads.
    pub fn spawn(
        writer: LogWriter<S>,
        observer: impl FnMut(&Progress) + Send + 'static,
    ) -> Result<Self, Fault> {
        let pending = Arc::new(Pending::default());
        let progress = Progress::new(writer.written_through(), writer.durable_through());
        let (wanted, wants) = sync_channel(1);
        let mut journal = Self {
            home: Arc::clone(writer.home()),
            stream: writer.stream(),
            pending: Arc::clone(&pending),
            progress: progress.clone(),
            expected: writer.tip().expected(),
            payload_bytes_max: writer.options().payload_bytes_max(),
            backlog_bytes_max: writer.options().backlog_bytes_max,
            retention: writer.retention(),
            threads: Vec::new(),
        };
        let spare = Arc::clone(writer.spare());
        let committer = Committer {
            policy: writer.options().sync,
            writer,
            pending,
            progress,
            wanted,
            observer,
        };
        journal.start("journal-spare", move || prepare_spares(&spare, &wants))?;
        journal.start("journal-write", move || committer.run())?;
        Ok(journal)
    }

    /// Takes a batch and returns at once: it is in memory and will be written in order. Only
    /// [`Progress::durable_through`] says that it is on disk. An empty batch has no receipt.
    ///
    /// # Errors
    /// [`AppendError`]; nothing of the batch was taken then.
    pub fn append(&mut self, batch: &Batch) -> Result<Option<Receipt>, AppendError> {
        if let Some(fault) = self.progress.fault() {
            return Err(fault.clone().into());
        }
        let (Some(first), Some(last)) = (batch.first(), batch.last()) else {
            return Ok(None);
        };
        if first != self.expected {
            return Err(AppendError::OutOfOrder {
                expected: self.expected,
                found: first,
            });
        }
        let (bytes, bytes_max) = (batch.payload_bytes_max(), self.payload_bytes_max);
        if bytes > bytes_max {
            return Err(AppendError::TooLarge { bytes, bytes_max });
        }
        self.pending.append(batch, self.backlog_bytes_max)?;
        self.expected = if batch.is_open() { last } else { last.next() };
        Ok(Some(Receipt { first, last }))
    }

    /// The last sequence that was appended with all its records; 0 before the first.
    pub fn end(&self) -> Seq {
        Seq::new(self.expected.get() - 1)
    }

    /// How far the log is written and durable, for this thread and any other.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Asks for a sync of everything appended so far, where the policy does not do it anyway; see
    /// [`Progress::wait_durable`].
    pub fn request_sync(&self) {
        self.pending.request_sync();
    }

    /// A reader that starts with sequence `from`, which may still be to come.
    ///
    /// # Errors
    /// [`ReadError::Gone`] if retention has removed it, damage, a newer format, or what the system says.
    pub fn reader(&self, from: Seq) -> Result<LogReader<S>, ReadError> {
        LogReader::open(&self.home, self.stream, from)
    }

    /// The same log for other threads, which read it or wait for it.
    pub fn source(&self) -> JournalSource<S> {
        JournalSource::new(Directory::of(&self.home), self.stream, self.progress.clone())
    }

    /// Removes old segments; it may be used on another thread while the log is written.
    pub fn retention(&self) -> &Retention<S> {
        &self.retention
    }

    /// Writes and syncs everything, notes durably that this is the end, and ends the threads.
    ///
    /// # Errors
    /// The fault that stopped the log, now or before.
    pub fn close(mut self) -> Result<Seq, Fault> {
        self.end_threads();
        match self.progress.fault() {
            Some(fault) => Err(fault.clone()),
            None => Ok(self.progress.durable_through()),
        }
    }

    fn start(&mut self, name: &str, run: impl FnOnce() + Send + 'static) -> Result<(), Fault> {
        let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(run);
        self.threads
            .push(spawned.map_err(Fault::at(Operation::Spawn, name))?);
        Ok(())
    }

    fn end_threads(&mut self) {
        self.pending.close();
        for thread in self.threads.drain(..).rev() {
            if thread.join().is_err() && !std::thread::panicking() {
                panic!("the journal's thread found one of its invariants broken");
            }
        }
    }
}

impl<S: Storage> Drop for Journal<S> {
    fn drop(&mut self) {
        self.end_threads();
    }
}

/// What was appended and is not yet taken by the writing thread.
#[derive(Default)]
struct Pending {
    state: Mutex<PendingState>,
    arrived: Condvar,
}

#[derive(Default)]
struct PendingState {
    batch: Batch,
    is_closing: bool,
    is_sync_requested: bool,
    is_writer_waiting: bool,
}

impl Pending {
    fn append(&self, batch: &Batch, bytes_max: usize) -> Result<(), AppendError> {
        let mut state = self.lock();
        let bytes = state.batch.bytes() + batch.bytes();
        // A single batch is always taken, or one larger than the limit never would be.
        if bytes > bytes_max && !state.batch.is_empty() {
            return Err(AppendError::Backlog { bytes, bytes_max });
        }
        state.batch.push_batch(batch)?;
        self.wake(state);
        Ok(())
    }

    fn request_sync(&self) {
        let mut state = self.lock();
        state.is_sync_requested = true;
        self.wake(state);
    }

    fn close(&self) {
        let mut state = self.lock();
        state.is_closing = true;
        self.wake(state);
    }

    /// Waits for work until `deadline`, and takes it: the batch goes into `taken`, which must be empty.
    fn take(&self, taken: &mut Batch, deadline: Option<Instant>) -> Taken {
        let mut state = self.lock();
        while state.batch.is_empty() && !state.is_closing && !state.is_sync_requested {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                break;
            }
            state.is_writer_waiting = true;
            state = match left {
                Some(left) => {
                    self.arrived
                        .wait_timeout(state, left)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0
                }
                None => self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
            state.is_writer_waiting = false;
        }
        std::mem::swap(&mut state.batch, taken);
        Taken {
            is_closing: state.is_closing,
            is_sync_requested: std::mem::take(&mut state.is_sync_requested),
        }
    }

    fn lock(&self) -> MutexGuard<'_, PendingState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self, state: MutexGuard<'_, PendingState>) {
        let is_writer_waiting = state.is_writer_waiting;
        drop(state);
        if is_writer_waiting {
            self.arrived.notify_one();
        }
    }
}

struct Taken {
    is_closing: bool,
    is_sync_requested: bool,
}

/// The writing thread.
struct Committer<S: Storage, O> {
    writer: LogWriter<S>,
    policy: SyncPolicy,
    pending: Arc<Pending>,
    progress: Progress,
    wanted: SyncSender<()>,
    observer: O,
}

impl<S: Storage, O: FnMut(&Progress)> Committer<S, O> {
    fn run(mut self) {
        let _guard = PanicGuard(self.progress.clone());
        if let Err(error) = self.commit_all() {
            self.stop(error);
            return;
        }
        if let Err(fault) = self.writer.close() {
            self.progress.stop(fault);
            (self.observer)(&self.progress);
        }
    }

    /// Takes, writes and syncs until the journal is closed.
    fn commit_all(&mut self) -> Result<(), AppendError> {
        let mut batch = Batch::new();
        let mut next_sync = None;
        loop {
            batch.clear();
            let taken = self.pending.take(&mut batch, next_sync);
            self.writer.write(&batch)?;
            let now = Instant::now();
            let is_due = match self.policy {
                SyncPolicy::EachGroup => true,
                SyncPolicy::Interval(_) => next_sync.is_some_and(|due| due <= now),
                SyncPolicy::OnRequest => false,
            };
            if is_due || taken.is_sync_requested || taken.is_closing {
                self.writer.sync()?;
                self.progress.note_sync(now.elapsed());
                next_sync = None;
            }
            if let (SyncPolicy::Interval(interval), None) = (self.policy, next_sync) {
                let is_behind = self.writer.durable_through() < self.writer.written_through();
                next_sync = is_behind.then(|| now + interval);
            }
            self.publish();
            if taken.is_closing && batch.is_empty() {
                return Ok(());
            }
        }
    }

    fn publish(&mut self) {
        if self.writer.wants_spare() {
            // A request that still waits in the channel will do for this one too.
            let _ = self.wanted.try_send(());
        }
        self.progress
            .publish(self.writer.written_through(), self.writer.durable_through());
        (self.observer)(&self.progress);
    }

    fn stop(&mut self, error: AppendError) {
        let AppendError::Stopped(fault) = error else {
            panic!("batches are checked before they are taken: {error}")
        };
        self.progress.stop(fault);
        (self.observer)(&self.progress);
    }
}

/// Tells everyone who waits for the writing thread if it ends by a panic, which would leave them waiting for ever.
struct PanicGuard(Progress);

impl Drop for PanicGuard {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let error = io::Error::other("the writing thread panicked");
            self.0
                .stop(Fault::new(Operation::Continue, "journal-write", &error));
        }
    }
}

/// Prepares a segment whenever one is wanted. A failure is not reported here: it comes again, to the writer,
/// if the segment is really needed.
fn prepare_spares<S: Storage>(spare: &Spare<S>, wants: &Receiver<()>) {
    while wants.recv().is_ok() {
        let _ = spare.prepare();
    }
}
