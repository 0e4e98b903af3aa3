//! Keys that were seen, first in, first out.
//!
//! ```text
//! ring    the keys in the order in which they came
//! table   half empty; [ 32 bits of the key's hash | its place in the ring, from 1 ], or 0
//! ```
//!
//! Both have their full size from the beginning, untouched memory though: nothing ever grows, moves or stalls.

use std::hash::{DefaultHasher, Hash, Hasher};

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::{Fingerprint, RequestKey};
use crate::types::{Seq, Timestamp};

/// A key, and what it was first used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Remembered {
    /// The key.
    pub key: RequestKey,
    /// Where in the stream it came.
    pub seq: Seq,
    /// When.
    pub time: Timestamp,
    /// With what.
    pub fingerprint: Fingerprint,
}

/// A bounded memory of keys.
///
/// Invariants: the table finds a key's newest entry of the ring, and nothing that was forgotten; `len` is at most
/// `keys_max`.
#[derive(Clone, Debug)]
pub(super) struct Memory {
    ring: Vec<Remembered>,
    table: Vec<u64>,
    keys_max: usize,
    /// The place of the oldest entry in the ring.
    oldest: usize,
    len: usize,
    hash_seed: u64,
}

impl Memory {
    /// An empty memory.
    pub(super) fn new(keys_max: u32, hash_seed: u64) -> Self {
        let keys_max = keys_max as usize;
        Self {
            ring: Vec::with_capacity(keys_max),
            table: vec![0; (2 * keys_max).next_power_of_two()],
            keys_max,
            oldest: 0,
            len: 0,
            hash_seed,
        }
    }

    /// The number of entries.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The newest entry of this key.
    pub(super) fn find(&self, key: &RequestKey) -> Option<&Remembered> {
        let at = self.position(self.hash(key), |place| self.ring[place].key == *key)?;
        Some(&self.ring[place_of(self.table[at])])
    }

    /// Adds an entry; it counts instead of an older one of the same key. If there is no room for it the oldest goes.
    pub(super) fn insert(&mut self, remembered: Remembered) {
        if self.keys_max == 0 {
            return;
        }
        if self.len == self.keys_max {
            self.forget_oldest();
        }
        let place = (self.oldest + self.len) % self.keys_max;
        let hash = self.hash(&remembered.key);
        let at = self.position(hash, |place| self.ring[place].key == remembered.key);
        let at = at.unwrap_or_else(|| self.first_empty(hash));
        self.table[at] = u64::from(hash) << 32 | (place as u64 + 1);
        if place == self.ring.len() {
            self.ring.push(remembered);
        } else {
            self.ring[place] = remembered;
        }
        self.len += 1;
    }

    /// The entry that goes first.
    pub(super) fn oldest(&self) -> Option<&Remembered> {
        (self.len > 0).then(|| &self.ring[self.oldest])
    }

    /// Forgets the oldest entry, if there is one.
    pub(super) fn forget_oldest(&mut self) {
        let Some(oldest) = self.oldest() else { return };
        let hash = self.hash(&oldest.key);
        // A newer entry of the same key has taken its place in the table.
        if let Some(at) = self.position(hash, |place| place == self.oldest) {
            self.empty(at);
        }
        self.oldest = (self.oldest + 1) % self.keys_max;
        self.len -= 1;
    }

    /// All entries, the oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Remembered> {
        (0..self.len).map(|at| &self.ring[(self.oldest + at) % self.keys_max])
    }

    /// The standard library's SipHash, with the seed before the key so that nobody can choose keys that collide.
    fn hash(&self, key: &RequestKey) -> u32 {
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(self.hash_seed);
        key.hash(&mut hasher);
        hasher.finish() as u32
    }

    fn mask(&self) -> usize {
        self.table.len() - 1
    }

    /// The positions where an entry with this hash may be, in the order in which they are looked at.
    fn probe(&self, hash: u32) -> impl Iterator<Item = usize> {
        (0..self.table.len()).map(move |step| (hash as usize + step) & self.mask())
    }

    /// The position of the entry with this hash whose place in the ring is the wanted one.
    fn position(&self, hash: u32, is_wanted: impl Fn(usize) -> bool) -> Option<usize> {
        self.probe(hash)
            .take_while(|at| self.table[*at] != 0)
            .find(|at| hash_of(self.table[*at]) == hash && is_wanted(place_of(self.table[*at])))
    }

    fn first_empty(&self, hash: u32) -> usize {
        self.probe(hash)
            .find(|at| self.table[*at] == 0)
            .expect("the table has twice as much room as the ring")
    }

    /// Empties a position, and moves what was displaced by it nearer to where it belongs.
    fn empty(&mut self, at: usize) {
        let mask = self.mask();
        let mut hole = at;
        let mut next = (at + 1) & mask;
        while self.table[next] != 0 {
            let home = hash_of(self.table[next]) as usize & mask;
            if next.wrapping_sub(home) & mask >= next.wrapping_sub(hole) & mask {
                self.table[hole] = self.table[next];
                hole = next;
            }
            next = (next + 1) & mask;
        }
        self.table[hole] = 0;
    }
}

fn hash_of(entry: u64) -> u32 {
    (entry >> 32) as u32
}

fn place_of(entry: u64) -> usize {
    (entry & u64::from(u32::MAX)) as usize - 1
}
