//! The only place that decides order, time and idempotency.

mod memory;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use self::memory::Memory;
pub use self::memory::Remembered;
use crate::command::{ClientOrderId, Command, Place};
use crate::digest::{Bytes, Digest};
use crate::types::{AccountId, Seq, Timestamp};

/// A value with its place and time in the one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Sequenced<T> {
    /// Its place; the first has 1, and there are no gaps.
    pub seq: Seq,
    /// Its time, which never goes back.
    pub time: Timestamp,
    /// The value.
    pub value: T,
}

/// A command whose place in the stream is not the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("commands are missing: after {applied} came {found}")]
pub struct Gap {
    /// The last command that was applied.
    pub applied: Seq,
    /// The one that came.
    pub found: Seq,
}

/// What may be asked more than once and must happen only once.
///
/// A command has the client order id of each of its orders for a key. Give other things a key of their own by
/// implementing this for them; whatever the key is made of must be in what the journal keeps.
///
/// ```
/// use engine_core::{AccountId, ClientOrderId, Fingerprint, KeyKind, Keyed, RequestKey, Sequencer};
/// use engine_core::{SequencerConfig, Sequencing, Seq, Timestamp};
///
/// #[derive(Clone)]
/// struct Deposit { account: AccountId, amount: u64, key: ClientOrderId }
///
/// impl Keyed for Deposit {
///     fn keys(&self) -> impl Iterator<Item = RequestKey> {
///         std::iter::once(RequestKey { account: self.account, kind: KeyKind::Request, name: self.key })
///     }
///
///     fn fingerprint(&self) -> Fingerprint {
///         Fingerprint::of(&self.amount.to_le_bytes())
///     }
/// }
///
/// let account = AccountId::new(7).ok_or("0 is nobody")?;
/// let deposit = Deposit { account, amount: 100, key: ClientOrderId::new("salary-may")? };
/// let mut sequencer = Sequencer::new(SequencerConfig::new(0x5eed));
/// assert!(matches!(sequencer.sequence(Timestamp::ZERO, deposit.clone()), Sequencing::New(_)));
/// assert!(matches!(sequencer.sequence(Timestamp::ZERO, deposit), Sequencing::Repeat { first } if first == Seq::new(1)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Keyed {
    /// The keys by which a repeat is recognised; without one there are no repeats.
    fn keys(&self) -> impl Iterator<Item = RequestKey>;

    /// The same for the same content, in every version of the program: a journal is read by later ones.
    fn fingerprint(&self) -> Fingerprint;
}

/// An account's own name for something that it asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct RequestKey {
    /// Who asked.
    pub account: AccountId,
    /// What the name is for: names of different kinds are different keys.
    pub kind: KeyKind,
    /// The name.
    pub name: ClientOrderId,
}

/// What a [`RequestKey`] names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum KeyKind {
    /// An order, by its client order id.
    Order,
    /// Any other request, by its idempotency key.
    Request,
}

/// Stands for the content of a request: 64 bits of a hash that is the same everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(transparent))]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// The fingerprint of a content in a form that is always the same.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Digest::of(&Bytes(bytes)))
    }
}

impl Keyed for Command {
    fn keys(&self) -> impl Iterator<Item = RequestKey> {
        let orders: &[Place] = match self {
            Self::Place(place) => std::slice::from_ref(place),
            Self::PlaceLinked(linked) => &linked.orders,
            _ => &[],
        };
        orders.iter().filter_map(|order| {
            Some(RequestKey {
                account: order.account?,
                kind: KeyKind::Order,
                name: order.client_id?,
            })
        })
    }

    /// Everything about the order but its id: a repeat need not know which one it was given.
    fn fingerprint(&self) -> Fingerprint {
        Fingerprint(match self {
            Self::Place(place) => Digest::of(place),
            Self::PlaceLinked(linked) => {
                let mut digest = Digest::default();
                digest.then(&linked.kind).then(linked.orders.as_slice());
                digest.get()
            }
            _ => 0,
        })
    }
}

/// How a [`Sequencer`] is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SequencerConfig {
    /// How many keys are remembered: for a new one the oldest is forgotten. About 100 bytes each are reserved when the
    /// sequencer is built.
    pub keys_max: u32,
    /// How long in engine time a key is remembered, if it is not forgotten before.
    pub retention_ns: Option<u64>,
    /// Decides where keys land in a table, and nothing else. Somebody who does not know it cannot choose keys that
    /// collide.
    pub hash_seed: u64,
}

impl SequencerConfig {
    /// A million keys, however old.
    pub const fn new(hash_seed: u64) -> Self {
        Self {
            keys_max: 1_000_000,
            retention_ns: None,
            hash_seed,
        }
    }
}

/// What became of something that was to be sequenced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "what is sequenced must be applied, or the stream has a gap"]
pub enum Sequencing<T> {
    /// It has its place.
    New(Sequenced<T>),
    /// The same was sequenced before and counts: the answer is the one that was given there.
    Repeat {
        /// Where.
        first: Seq,
    },
    /// Something else was sequenced under its key.
    Conflict {
        /// Where.
        first: Seq,
    },
}

/// The only place that decides order, time and idempotency.
///
/// Invariants: what it hands out is numbered from 1 without gaps; its time never goes back, whatever the clock does;
/// of all values with one key, as long as the key is remembered, one is sequenced.
///
/// A key is remembered from the value that it came with until `keys_max` newer keys have come, or `retention_ns` of
/// engine time have passed, first in, first out. What it remembers follows from what was sequenced alone: a sequencer
/// that [observes](Self::observe) a stream is the one that made it.
///
/// ```
/// use engine_core::{AccountId, ClientOrderId, Command, InstrumentId, OrderId, Place, Price, Qty, Seq, Sequencer};
/// use engine_core::{SequencerConfig, Sequencing, Side, Timestamp};
///
/// let mut sequencer = Sequencer::new(SequencerConfig::new(0x5eed));
/// let mine = Place {
///     account: AccountId::new(7),
///     client_id: Some(ClientOrderId::new("mine-1")?),
///     ..Place::limit(InstrumentId::new(0), OrderId::new(0), Side::Buy, Price::new(100), Qty::new(5))
/// };
/// let clock = Timestamp::from_nanos(1_000);
/// let Sequencing::New(first) = sequencer.sequence(clock, Command::Place(mine)) else {
///     return Err("nothing was sequenced before".into());
/// };
/// assert_eq!((first.seq, first.time), (Seq::new(1), clock));
///
/// // The same again is the same order; another one under its name is refused.
/// assert_eq!(sequencer.sequence(clock, Command::Place(mine)), Sequencing::Repeat { first: first.seq });
/// let other = Place { quantity: Qty::new(6), ..mine };
/// assert_eq!(sequencer.sequence(clock, Command::Place(other)), Sequencing::Conflict { first: first.seq });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sequencer {
    last: Seq,
    now: Timestamp,
    retention_ns: Option<u64>,
    memory: Memory,
}

impl Sequencer {
    /// A sequencer at the beginning of a stream.
    pub fn new(config: SequencerConfig) -> Self {
        Self {
            last: Seq::new(0),
            now: Timestamp::ZERO,
            retention_ns: config.retention_ns,
            memory: Memory::new(config.keys_max, config.hash_seed),
        }
    }

    /// Gives a value the next place, and the time of the clock or, if the clock is behind, the time as it is. A value
    /// whose key is known gets no place.
    #[inline]
    pub fn sequence<T: Keyed>(&mut self, clock: Timestamp, value: T) -> Sequencing<T> {
        let now = clock.max(self.now);
        if let Some(known) = self.look_up(now, &value) {
            return known;
        }
        let sequenced = Sequenced {
            seq: self.last.next(),
            time: now,
            value,
        };
        self.note(&sequenced);
        Sequencing::New(sequenced)
    }

    /// Takes note of what was sequenced before, to go on from there. What is known already is ignored.
    ///
    /// # Errors
    /// When something is missing before it; nothing happens then.
    pub fn observe<T: Keyed>(&mut self, sequenced: &Sequenced<T>) -> Result<(), Gap> {
        if sequenced.seq <= self.last {
            return Ok(());
        }
        if sequenced.seq != self.last.next() {
            return Err(Gap {
                applied: self.last,
                found: sequenced.seq,
            });
        }
        self.note(sequenced);
        Ok(())
    }

    /// The place of what was sequenced last; 0 before the first.
    pub fn last(&self) -> Seq {
        self.last
    }

    /// Engine time: that of what was sequenced last.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// How many keys are remembered.
    pub fn keys(&self) -> usize {
        self.memory.len()
    }

    /// All that decides what it will do, as plain data.
    pub fn snapshot(&self) -> SequencerSnapshot {
        SequencerSnapshot {
            last: self.last,
            now: self.now,
            keys: self.memory.iter().copied().collect(),
        }
    }

    /// A sequencer that goes on where the one went on of which this is a snapshot. Of more keys than `keys_max`
    /// the newest are remembered.
    ///
    /// # Errors
    /// When no sequencer can have this snapshot.
    pub fn restore(
        config: SequencerConfig,
        snapshot: &SequencerSnapshot,
    ) -> Result<Self, SequencerSnapshotError> {
        let mut before = (Seq::new(1), Timestamp::ZERO);
        for Remembered { seq, time, .. } in &snapshot.keys {
            if *seq < before.0 || *time < before.1 || *seq > snapshot.last || *time > snapshot.now {
                return Err(SequencerSnapshotError { seq: *seq });
            }
            before = (*seq, *time);
        }
        let mut sequencer = Self::new(config);
        for remembered in &snapshot.keys {
            sequencer.memory.insert(*remembered);
        }
        (sequencer.last, sequencer.now) = (snapshot.last, snapshot.now);
        Ok(sequencer)
    }

    /// Whether one of the value's keys is known; the first that names something else decides.
    fn look_up<T: Keyed, U>(&self, now: Timestamp, value: &T) -> Option<Sequencing<U>> {
        let mut known = value
            .keys()
            .filter_map(|key| self.memory.find(&key))
            .filter(|remembered| !self.is_old(remembered.time, now))
            .peekable();
        let first = known.peek()?.seq;
        let fingerprint = value.fingerprint();
        Some(
            match known.find(|remembered| remembered.fingerprint != fingerprint) {
                Some(other) => Sequencing::Conflict { first: other.seq },
                None => Sequencing::Repeat { first },
            },
        )
    }

    /// Moves to a value that is next, and remembers its keys.
    #[inline]
    fn note<T: Keyed>(&mut self, sequenced: &Sequenced<T>) {
        self.last = sequenced.seq;
        self.now = self.now.max(sequenced.time);
        self.forget_old();
        let mut keys = sequenced.value.keys().peekable();
        if keys.peek().is_none() {
            return;
        }
        let fingerprint = sequenced.value.fingerprint();
        for key in keys {
            self.memory.insert(Remembered {
                key,
                seq: self.last,
                time: self.now,
                fingerprint,
            });
        }
    }

    fn forget_old(&mut self) {
        while let Some(oldest) = self.memory.oldest()
            && self.is_old(oldest.time, self.now)
        {
            self.memory.forget_oldest();
        }
    }

    /// Whether a key of this time is forgotten by `now`.
    fn is_old(&self, time: Timestamp, now: Timestamp) -> bool {
        self.retention_ns
            .is_some_and(|retention| now.nanos() - time.nanos() >= retention)
    }
}

/// All that decides what a [`Sequencer`] will do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct SequencerSnapshot {
    /// The place of what was sequenced last.
    pub last: Seq,
    /// Its time.
    pub now: Timestamp,
    /// The keys, the oldest first.
    pub keys: Vec<Remembered>,
}

/// A key of a [`SequencerSnapshot`] that is not in its place: beyond the end, or before the key before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key of command {seq} is out of place")]
pub struct SequencerSnapshotError {
    /// The command that the key is said to have come with.
    pub seq: Seq,
}
