//! Taking snapshots without stopping the writer: by an engine beside it that follows the log.
//!
//! It costs a second engine in memory, and the time of a replay on another core. It gives, beside a writer that is
//! never stopped, a daily proof that what is on disk leads back to the state.

use std::io;
use std::sync::Arc;

use crossbeam_channel::Receiver;
use engine_core::Seq;
use engine_journal::{
    CommandReader, CommandSource, Directory, Fault, Operation, Retention, SnapshotStamp, Storage,
};

use crate::config::RuntimeConfig;
use crate::content::{CONTENT_VERSION, ContentError, to_writer};
use crate::error::{ReplayError, SnapshotError};
use crate::events::EventSync;
use crate::recovery::{bytes_of, load, replay};
use crate::replica::Replica;
use crate::shared::{PanicGuard, Shared};

/// Takes snapshots of what the log says.
pub(crate) struct Snapshots<C: CommandSource, S: Storage> {
    pub(crate) shared: Arc<Shared>,
    pub(crate) config: RuntimeConfig,
    pub(crate) hash_seed: u64,
    pub(crate) directory: Directory<S>,
    pub(crate) commands: C,
    pub(crate) events: EventSync<S>,
    /// Of each log that this runtime keeps itself.
    pub(crate) retentions: Vec<Retention<S>>,
    pub(crate) calls: Receiver<Seq>,
    /// The last command of the newest snapshot.
    pub(crate) newest: Seq,
    /// The engine beside the writer's, once it is needed.
    pub(crate) follower: Option<Follower<C::Reader>>,
}

/// A state that follows the log.
pub(crate) struct Follower<R> {
    replica: Replica,
    reader: R,
}

impl<C: CommandSource, S: Storage> Snapshots<C, S> {
    /// Takes a snapshot whenever it is called for, and one at the end.
    pub(crate) fn run(mut self) {
        let _guard = PanicGuard {
            shared: Arc::clone(&self.shared),
            thread: "engine-snapshots",
            stage: None,
        };
        while let Ok(through) = self.calls.recv() {
            let outcome = self.take(through);
            self.shared.note_snapshot(outcome);
        }
        let end = self.commands.durable_through();
        if self.shared.fault().is_none() && end > self.newest {
            let outcome = self.take(end);
            self.shared.note_snapshot(outcome);
        }
    }

    /// Takes a snapshot of the state after command `through`, then lets go of what nobody needs any more.
    fn take(&mut self, through: Seq) -> Result<(), SnapshotError> {
        self.commands.wait_durable(through)?;
        // What follows cannot be used again if it fails halfway.
        let mut follower = match self.follower.take() {
            Some(follower) => follower,
            None => self.load(through)?,
        };
        replay(&mut follower.replica, &mut follower.reader, through, |_| Ok(()))?;
        self.compare(&follower.replica)?;
        // The commands before a snapshot may be removed; from then on their events cannot be computed again.
        self.events.sync(through)?;
        write(&self.directory, &follower.replica, follower.reader.history())?;
        self.newest = through;
        self.follower = Some(follower);
        self.let_go()
    }

    fn load(&self, through: Seq) -> Result<Follower<C::Reader>, SnapshotError> {
        let loaded = load(
            &self.config,
            self.hash_seed,
            &self.directory,
            &self.commands,
            through,
        )?;
        Ok(Follower {
            replica: loaded.replica,
            reader: loaded.reader,
        })
    }

    /// After the writer's last command both engines are in the same state, or one of them is wrong.
    fn compare(&self, replica: &Replica) -> Result<(), SnapshotError> {
        let Some(running) = self.shared.final_state() else {
            return Ok(());
        };
        let (seq, end) = (replica.applied(), self.commands.durable_through());
        let replayed = replica.engine.state_hash();
        if seq == end && replayed != running {
            return Err(SnapshotError::Diverged {
                seq,
                running,
                replayed,
            });
        }
        Ok(())
    }

    /// Removes what neither a kept snapshot nor a sink needs.
    fn let_go(&self) -> Result<(), SnapshotError> {
        let passed = self.directory.passed_by_all(self.config.snapshots_kept)?;
        if let Some(passed) = passed {
            for retention in &self.retentions {
                retention.remove_through(passed)?;
            }
        }
        Ok(())
    }
}

/// Writes a snapshot of a state; `history` stands for the commands that led to it.
pub(crate) fn write<S: Storage>(
    directory: &Directory<S>,
    replica: &Replica,
    history: Option<u64>,
) -> Result<(), SnapshotError> {
    let stamp = SnapshotStamp {
        sequence: replica.applied(),
        time: replica.engine.now(),
        version: CONTENT_VERSION,
        history,
    };
    let image = replica.image();
    let mut snapshot = directory.snapshots().begin(stamp)?;
    to_writer(&image, &mut snapshot).map_err(|error| match error {
        ContentError::Write(kind) => refused(stamp.sequence, kind),
        other => ReplayError::Content(other.to_string().into()).into(),
    })?;
    snapshot.finish(bytes_of(image.engine.state_hash()))?;
    Ok(())
}

fn refused(sequence: Seq, kind: io::ErrorKind) -> SnapshotError {
    SnapshotError::Fault(Fault {
        operation: Operation::Write,
        file: format!("snapshot-{:020}.snap", sequence.get()),
        kind,
        code: None,
    })
}
