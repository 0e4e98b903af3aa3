//! Finds the slot of an order whose id the caller chose: an open-addressing table of 8-byte entries.
//!
//! ```text
//! entry     tag (32 bits of the id's hash) and slot + 1; 0 is no entry
//! home      the upper bits of the tag, so entries move without a look at their orders
//! growing   new ids go to a table of twice the size, and every change moves a few entries from the old one
//! ```

use std::collections::BTreeMap;

use super::orders::Slot;

/// The size with which a table starts.
const BITS_MIN: u32 = 6;

/// How far from its home an entry may lie. A table has so many places beyond its last home, so no search goes
/// around its end.
const REACH: usize = 128;

/// Entries that one change moves while the table grows. The new table has room for as many new ids as there
/// are old ones, so one would do; more ends the time of two tables sooner.
const MOVES: usize = 8;

/// Places of the old table that are given back to the allocator at once, so that none of these calls is long:
/// 64 KiB.
const RELEASED: usize = 8 * 1024;

/// A keyed hash: without the keys nobody can choose ids that meet in one place.
///
/// One widening multiplication whose halves are folded: every bit of the id reaches the upper half, and what
/// it does there depends on both keys.
#[derive(Clone, Copy)]
struct Keys {
    mask: u64,
    factor: u64,
}

impl Keys {
    fn new(hash_seed: u64) -> Self {
        Self {
            mask: mix(hash_seed),
            factor: mix(hash_seed ^ 0x9E37_79B9_7F4A_7C15) | 1,
        }
    }

    #[inline]
    fn tag(self, id: u64) -> u32 {
        let product = u128::from(id ^ self.mask) * u128::from(self.factor);
        ((product >> 64) as u64 ^ product as u64) as u32
    }
}

/// Spreads a seed over 64 bits (the finaliser of SplitMix64).
fn mix(seed: u64) -> u64 {
    let mut x = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ x >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ x >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ x >> 31
}

/// Where entries lie. Invariant: between the home of an entry and its place there is no empty place.
#[derive(Default)]
struct Table {
    places: Vec<u64>,
    bits: u32,
}

#[inline]
fn entry(tag: u32, slot: u32) -> u64 {
    u64::from(tag) << 32 | u64::from(slot + 1)
}

#[inline]
fn tag_of(entry: u64) -> u32 {
    (entry >> 32) as u32
}

#[inline]
fn slot_of(entry: u64) -> Slot {
    Slot(entry as u32 - 1)
}

impl Table {
    fn new(bits: u32) -> Self {
        Self {
            places: vec![0; (1 << bits) + REACH],
            bits,
        }
    }

    /// Where the search for a tag begins.
    #[inline]
    fn home(&self, tag: u32) -> usize {
        (tag >> (32 - self.bits)) as usize
    }

    /// The slot with this tag for which `is_it` holds.
    #[inline]
    fn find(&self, tag: u32, is_it: impl Fn(Slot) -> bool) -> Option<Slot> {
        let run = self.places.get(self.home(tag)..)?.iter().take(REACH);
        for entry in run.take_while(|entry| **entry != 0) {
            if tag_of(*entry) == tag && is_it(slot_of(*entry)) {
                return Some(slot_of(*entry));
            }
        }
        None
    }

    /// Puts an entry in the first empty place within reach of its home. Returns whether there was one.
    #[inline]
    fn insert(&mut self, entry: u64) -> bool {
        let home = self.home(tag_of(entry));
        let place = self.places[home..home + REACH]
            .iter_mut()
            .find(|place| **place == 0);
        let found = place.is_some();
        if let Some(place) = place {
            *place = entry;
        }
        found
    }

    /// Takes an entry out and closes the gap. Returns whether it was there.
    #[inline]
    fn remove(&mut self, entry: u64) -> bool {
        let home = self.home(tag_of(entry));
        if home >= self.places.len() {
            return false;
        }
        let run = self.places[home..]
            .iter()
            .take(REACH)
            .take_while(|place| **place != 0);
        let Some(offset) = run.into_iter().position(|place| *place == entry) else {
            return false;
        };
        let mut gap = home + offset;
        for at in gap + 1..self.places.len() {
            let moving = self.places[at];
            if moving == 0 {
                break;
            }
            if self.home(tag_of(moving)) <= gap {
                self.places[gap] = moving;
                gap = at;
            }
        }
        self.places[gap] = 0;
        true
    }
}

/// From ids to slots.
///
/// Invariants: every id is in one of `table`, `old` and `crowded`, once; at most five eighths of `table` are
/// in use.
pub(super) struct Index {
    keys: Keys,
    table: Table,
    /// What is left of the table before: its entries from the first up to a place that moves down.
    old: Table,
    /// Ids that found no place within reach of their home: next to none, unless somebody knows the seed.
    crowded: BTreeMap<u64, u32>,
    len: usize,
}

impl Index {
    pub(super) fn new(hash_seed: u64) -> Self {
        Self {
            keys: Keys::new(hash_seed),
            table: Table::new(BITS_MIN),
            old: Table::default(),
            crowded: BTreeMap::new(),
            len: 0,
        }
    }

    /// The slot of an id. `id_of` tells whose slot a slot is.
    #[inline]
    pub(super) fn find(&self, id: u64, id_of: impl Fn(Slot) -> u64) -> Option<Slot> {
        let tag = self.keys.tag(id);
        let found = self.table.find(tag, |slot| id_of(slot) == id);
        if found.is_some() || self.is_whole() {
            return found;
        }
        let old = self.old.find(tag, |slot| id_of(slot) == id);
        old.or_else(|| self.crowded.get(&id).map(|slot| Slot(*slot)))
    }

    /// Whether the table holds everything.
    #[inline]
    fn is_whole(&self) -> bool {
        self.old.places.is_empty() && self.crowded.is_empty()
    }

    /// Notes the slot of an id that is not here yet.
    #[inline]
    pub(super) fn insert(&mut self, id: u64, slot: Slot, id_of: impl Fn(Slot) -> u64) {
        self.len += 1;
        if self.len > (1 << self.table.bits) / 8 * 5 {
            self.grow();
        }
        if !self.old.places.is_empty() {
            self.move_some(id_of);
        }
        if !self.table.insert(entry(self.keys.tag(id), slot.0)) {
            self.crowded.insert(id, slot.0);
        }
    }

    /// Forgets the slot of an id that is here.
    #[inline]
    pub(super) fn remove(&mut self, id: u64, slot: Slot) {
        self.len -= 1;
        let entry = entry(self.keys.tag(id), slot.0);
        if !self.table.remove(entry) {
            let elsewhere = self.old.remove(entry) || self.crowded.remove(&id).is_some();
            assert!(elsewhere, "the id is in the index");
        }
    }

    #[inline(never)]
    fn grow(&mut self) {
        assert!(
            self.old.places.is_empty(),
            "eight moves an insertion end the growth before the next"
        );
        let larger = Table::new(self.table.bits + 1);
        self.old = std::mem::replace(&mut self.table, larger);
    }

    /// Moves what lies in the last few places of the old table. What is left stays valid: no search goes past
    /// its end.
    #[inline(never)]
    fn move_some(&mut self, id_of: impl Fn(Slot) -> u64) {
        for _ in 0..MOVES {
            let Some(entry) = self.old.places.pop() else { break };
            if entry != 0 && !self.table.insert(entry) {
                let slot = slot_of(entry);
                self.crowded.insert(id_of(slot), slot.0);
            }
        }
        if self.old.places.len().is_multiple_of(RELEASED) {
            self.old.places.shrink_to_fit();
        }
    }

    /// Walks everything and panics where an invariant of this type is broken. `orders` are all orders.
    pub(super) fn check_invariants(&self, orders: impl Iterator<Item = (u64, Slot)>) {
        let tables = self.table.places.iter().chain(&self.old.places);
        let mut entries: Vec<u64> = tables.copied().filter(|entry| *entry != 0).collect();
        entries.sort_unstable();
        let mut len = 0;
        for (id, slot) in orders {
            let in_tables = entries.binary_search(&entry(self.keys.tag(id), slot.0)).is_ok();
            assert!(
                in_tables != self.crowded.contains_key(&id),
                "id {id} is here once"
            );
            len += 1;
        }
        assert_eq!(len, self.len, "len counts the ids");
        assert_eq!(entries.len() + self.crowded.len(), len, "nothing else is here");
    }
}
