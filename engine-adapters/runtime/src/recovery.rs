//! From what is on disk back to a state: the newest snapshot that can be trusted, and the commands after it.

use std::io::Read;

use engine_core::data::Projections;
use engine_core::{
    AccountId, AssetId, AssetSpec, Balance, Command, Engine, EngineSnapshot, InstrumentId, InstrumentSpec,
    OrderIds, Phase, Position, Seq, Sequenced, StateHash, Timestamp,
};
use engine_journal::{
    CommandReader, CommandSource, Damage, Directory, ReadError, SnapshotReader, Storage, TornTail,
};
use engine_wire::decode_command;

use crate::config::RuntimeConfig;
use crate::content::{CONTENT_VERSION, ContentError, from_bytes};
use crate::error::{ConfigError, ReplayError, StartError};
use crate::replica::{Replica, ReplicaImage};
use crate::slice::EventSlice;

/// What a start found, and what it gives to whoever started.
#[non_exhaustive]
pub struct Recovered {
    /// The last command that was there; the first new one follows on it.
    pub end: Seq,
    /// Its engine time. A clock that is behind it makes engine time stand still until it is caught up with.
    pub time: Timestamp,
    /// The hash of the state after it.
    pub state_hash: StateHash,
    /// The instruments, by id.
    pub instruments: Vec<InstrumentSpec>,
    /// What else no projection can tell, because it is no sum of newer events.
    pub standing: Standing,
    /// The projections after it, if they are configured: feed them with the subscription from the next command on.
    pub projections: Option<Projections>,
    /// The snapshot that was used, if there was one.
    pub snapshot: Option<Seq>,
    /// How many commands were replayed after it.
    pub replayed: u64,
    /// Snapshots that were passed over.
    pub skipped: Vec<SkippedSnapshot>,
    /// What a crash had left unfinished at the end of the command log, and was cut off.
    pub torn: Option<TornTail>,
    /// The last command whose events were in the event log already; those of the later ones were added to it.
    pub events_end: Seq,
}

/// How things stand in an engine: what its events from now on only change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Standing {
    /// The trading phase of each instrument, by id.
    pub phases: Vec<Phase>,
    /// The assets, by id.
    pub assets: Vec<AssetSpec>,
    /// What accounts have, by account within an asset.
    pub balances: Vec<(AccountId, AssetId, Balance)>,
    /// What accounts have bought and sold, by account within an instrument.
    pub positions: Vec<(AccountId, InstrumentId, Position)>,
}

/// How things stand, for whoever goes on from here.
pub(crate) fn standing(engine: &Engine, snapshot: &EngineSnapshot) -> Standing {
    let phases = snapshot
        .instruments
        .iter()
        .map(|instrument| instrument.phase)
        .collect();
    let mut standing = Standing {
        phases,
        assets: engine.assets().to_vec(),
        ..Standing::default()
    };
    let Some(accounts) = &snapshot.accounts else {
        return standing;
    };
    for (number, asset) in (0..).zip(&accounts.assets) {
        let asset_id = AssetId::new(number);
        let of = |account| (account, asset_id, engine.balance(account, asset_id));
        standing
            .balances
            .extend(asset.totals.iter().map(|total| of(total.account)));
    }
    for (number, instrument) in (0..).zip(&accounts.instruments) {
        let id = InstrumentId::new(number);
        let of = |account| (account, id, engine.position(account, id));
        standing
            .positions
            .extend(instrument.lines.iter().map(|line| of(line.account)));
    }
    standing
}

impl Recovered {
    /// There was nothing, and this is what it makes.
    pub(crate) fn nothing(replica: &mut Replica) -> Self {
        Self {
            end: Seq::new(0),
            time: Timestamp::ZERO,
            state_hash: replica.engine.state_hash(),
            instruments: Vec::new(),
            standing: Standing::default(),
            projections: replica.projections.take(),
            snapshot: None,
            replayed: 0,
            skipped: Vec::new(),
            torn: None,
            events_end: Seq::new(0),
        }
    }
}

/// Why a snapshot was passed over, so that the start took longer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SkippedSnapshot {
    /// Its file is damaged.
    Damaged(Damage),
    /// Its file is whole, and what it says is not.
    Unusable {
        /// What it is a snapshot of.
        seq: Seq,
        /// Why it cannot be used.
        cause: ReplayError,
    },
}

/// How far a start has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecoveryProgress {
    /// The last command that is part of the state.
    pub applied: Seq,
    /// Where the replay began.
    pub start: Seq,
    /// The last command that there is.
    pub end: Seq,
}

/// A state from a snapshot or from nothing, and the log from there on.
pub(crate) struct Loaded<R> {
    pub(crate) replica: Replica,
    pub(crate) reader: R,
    pub(crate) snapshot: Option<Seq>,
    pub(crate) skipped: Vec<SkippedSnapshot>,
}

/// Loads the newest state up to and with `through`.
pub(crate) fn load<C: CommandSource, S: Storage>(
    config: &RuntimeConfig,
    hash_seed: u64,
    directory: &Directory<S>,
    commands: &C,
    through: Seq,
) -> Result<Loaded<C::Reader>, StartError> {
    let snapshots = directory.snapshots();
    let mut skipped = Vec::new();
    let mut limit = through;
    loop {
        let newest = snapshots.newest_through(limit)?;
        skipped.extend(newest.skipped.into_iter().map(SkippedSnapshot::Damaged));
        let Some(mut snapshot) = newest.snapshot else {
            return Ok(Loaded {
                replica: Replica::new(config, hash_seed),
                reader: commands.reader(Seq::new(1))?,
                snapshot: None,
                skipped,
            });
        };
        let stamp = snapshot.stamp();
        match restore(config, hash_seed, &mut snapshot) {
            Ok(replica) => {
                return Ok(Loaded {
                    replica,
                    reader: commands.replay_after(&stamp)?,
                    snapshot: Some(stamp.sequence),
                    skipped,
                });
            }
            Err(StartError::Replay(cause)) => skipped.push(SkippedSnapshot::Unusable {
                seq: stamp.sequence,
                cause,
            }),
            Err(error) => return Err(error),
        }
        let Some(before) = stamp.sequence.get().checked_sub(1) else {
            // Nothing is before the beginning, not even a snapshot.
            return Ok(Loaded {
                replica: Replica::new(config, hash_seed),
                reader: commands.reader(Seq::new(1))?,
                snapshot: None,
                skipped,
            });
        };
        limit = Seq::new(before);
    }
}

/// The engine's state that a snapshot holds, checked against the hash that stands beside it: for tools that look into
/// a directory.
///
/// # Errors
/// [`ReplayError`]: it is of another version, is not whole, or does not have its hash.
pub fn read_snapshot<S: Storage>(snapshot: &mut SnapshotReader<S>) -> Result<EngineSnapshot, ReplayError> {
    Ok(read_image(snapshot)?.engine)
}

fn read_image<S: Storage>(snapshot: &mut SnapshotReader<S>) -> Result<ReplicaImage, ReplayError> {
    let stamp = snapshot.stamp();
    if stamp.version != CONTENT_VERSION {
        return Err(ReplayError::ContentVersion {
            found: stamp.version,
            known: CONTENT_VERSION,
        });
    }
    let mut bytes = Vec::new();
    snapshot
        .read_to_end(&mut bytes)
        .map_err(|error| ReplayError::Content(error.to_string().into()))?;
    let image: ReplicaImage =
        from_bytes(&bytes).map_err(|error: ContentError| ReplayError::Content(error.to_string().into()))?;
    let (expected, found) = (hash_of(snapshot.state_hash()), image.engine.state_hash());
    if expected != found || image.engine.applied != stamp.sequence {
        return Err(ReplayError::OtherState {
            seq: stamp.sequence,
            expected,
            found,
        });
    }
    Ok(image)
}

/// The state that a snapshot holds, for an engine of this configuration.
fn restore<S: Storage>(
    config: &RuntimeConfig,
    hash_seed: u64,
    snapshot: &mut SnapshotReader<S>,
) -> Result<Replica, StartError> {
    let mut image = read_image(snapshot)?;
    // Where chosen ids lie in memory is no part of the state.
    if let (OrderIds::Chosen { .. }, OrderIds::Chosen { .. }) = (image.engine.config.ids, config.engine.ids) {
        image.engine.config.ids = config.engine.ids;
    }
    if image.engine.config != config.engine {
        let written = format!("{:?}", image.engine.config).into();
        return Err(ConfigError::OtherEngine { written }.into());
    }
    Ok(Replica::restore(config, hash_seed, image)?)
}

/// The form in which a hash stands beside a snapshot.
pub(crate) fn bytes_of(hash: StateHash) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&hash.get().to_le_bytes());
    bytes
}

fn hash_of(bytes: [u8; 32]) -> StateHash {
    let (number, _) = bytes.split_first_chunk().expect("there are more than eight");
    StateHash::new(u64::from_le_bytes(*number))
}

/// How many commands are replayed before anybody is told.
const REPLAY_COMMANDS: usize = 4_096;
/// How many events they may make before that.
const REPLAY_EVENTS: usize = 8_192;

/// Applies the commands of the log up to and with `until`. `each` is shown what they did, some commands at a time.
pub(crate) fn replay<R: CommandReader>(
    replica: &mut Replica,
    reader: &mut R,
    until: Seq,
    mut each: impl FnMut(&EventSlice) -> Result<(), ReplayError>,
) -> Result<(), ReplayError> {
    let mut slice = EventSlice::default();
    loop {
        slice.clear();
        while slice.len() < REPLAY_COMMANDS && slice.events().len() < REPLAY_EVENTS {
            let Some(command) = next_command(reader, until)? else {
                break;
            };
            replica.apply(&command, &mut slice)?;
        }
        if slice.is_empty() {
            return Ok(());
        }
        each(&slice)?;
    }
}

fn next_command<R: CommandReader>(
    reader: &mut R,
    until: Seq,
) -> Result<Option<Sequenced<Command>>, ReplayError> {
    let Some(entry) = reader.next(until)? else {
        return Ok(None);
    };
    let (seq, time) = (entry.sequence, entry.time);
    let value =
        decode_command(entry.version, entry.payload).map_err(|cause| ReplayError::Decode { seq, cause })?;
    Ok(Some(Sequenced { seq, time, value }))
}

/// All instruments of an engine, by id.
pub(crate) fn instruments(replica: &Replica) -> Vec<InstrumentSpec> {
    let specs = (0..).map_while(|number| replica.engine.spec(InstrumentId::new(number)));
    specs.cloned().collect()
}

/// Refuses a log that ends before something that was made of it.
pub(crate) fn require<S: Storage>(directory: &Directory<S>, end: Seq) -> Result<(), StartError> {
    let log = engine_journal::Recovery {
        first: end.next(),
        end,
        torn: None,
        is_running_mark_lost: false,
    };
    for (name, position) in directory.cursors().positions()? {
        log.require(position, &format!("cursor-{name}.cur"))?;
    }
    for sequence in directory.snapshots().sequences().map_err(ReadError::from)? {
        log.require(sequence, &format!("snapshot-{:020}.snap", sequence.get()))?;
    }
    Ok(())
}
