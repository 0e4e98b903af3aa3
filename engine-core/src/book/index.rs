//! Finds the slot of an order whose id the caller chose.
//!
//! ```text
//! id -> hash    [ which segment | .. | which bucket ][ .. | tag ]      64 bits, keyed
//! directory     2^depth numbers of segments: the upper bits of the hash choose one
//! segment       128 buckets; when one gets too full, half of its entries move to a new segment
//! bucket        one cache line: 7 tags of a byte, 7 slots, the upper half of each one's hash
//! ```
//!
//! A search compares all tags of a line at once and takes no branch that depends on where an entry lies. Growth
//! splits one segment at a time, which is some microseconds, and looks at no order: the hashes are at hand.

use std::collections::BTreeMap;

use super::orders::Slot;
use super::slab::Slab;

/// Buckets in a segment.
const BUCKETS: u32 = 128;

/// How many buckets after its own an entry may lie.
const REACH: u32 = 2;

/// Entries in a bucket: with their tags and the count they fill a cache line.
const LANES: usize = 7;

/// The highest bit of the byte of every lane.
const LANE_BITS: u64 = 0x0080_8080_8080_8080;
const EVERY_BYTE: u64 = 0x0101_0101_0101_0101;
/// One in the byte after the lanes.
const ONE_DISPLACED: u64 = 1 << 56;

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
            factor: mix(!hash_seed) | 1,
        }
    }

    #[inline]
    fn hash(self, id: u64) -> Hash {
        let product = u128::from(id ^ self.mask) * u128::from(self.factor);
        let folded = (product >> 64) as u64 ^ product as u64;
        Hash {
            upper: (folded >> 32) as u32,
            tag: folded as u8 | 0x80,
        }
    }
}

/// Spreads a seed over 64 bits (the finaliser of SplitMix64).
fn mix(seed: u64) -> u64 {
    let mut x = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ x >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ x >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ x >> 31
}

/// What of an id's hash is kept.
#[derive(Clone, Copy)]
struct Hash {
    /// The upper bits choose the segment, the lower ones the bucket.
    upper: u32,
    /// Never 0, which is the tag of an empty lane.
    tag: u8,
}

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Bucket {
    /// A byte for each lane: the tag of its entry, or 0. The last byte counts the entries that have their home
    /// here and lie in a later bucket.
    tags: u64,
    slots: [u32; LANES],
    hashes: [u32; LANES],
}

const _: () = assert!(size_of::<Bucket>() == 64);

impl Bucket {
    const EMPTY: Self = Self {
        tags: 0,
        slots: [0; LANES],
        hashes: [0; LANES],
    };

    /// The lanes with this tag, and perhaps a few others: each lane's highest bit.
    #[inline]
    fn lanes(&self, tag: u8) -> Lanes {
        // A byte is 0 exactly if taking 1 from it borrows; a borrow may reach the lanes above, no other.
        let differing = self.tags ^ (u64::from(tag) * EVERY_BYTE);
        Lanes(differing.wrapping_sub(EVERY_BYTE) & !differing & LANE_BITS)
    }

    /// The lane that holds this slot.
    #[inline]
    fn lane_of(&self, tag: u8, slot: Slot) -> Option<usize> {
        self.lanes(tag).find(|lane| self.slots[*lane] == slot.0)
    }

    /// The first empty lane. The bits of [`lanes`](Self::lanes) below the first true one are right, so the
    /// first one is an empty one.
    #[inline]
    fn empty_lane(&self) -> Option<usize> {
        self.lanes(0).next()
    }

    #[inline]
    fn fill(&mut self, lane: usize, hash: Hash, slot: Slot) {
        self.tags |= u64::from(hash.tag) << (lane * 8);
        self.slots[lane] = slot.0;
        self.hashes[lane] = hash.upper;
    }

    #[inline]
    fn clear(&mut self, lane: usize) {
        self.tags &= !(0xff << (lane * 8));
    }

    #[inline]
    fn has_displaced(&self) -> bool {
        self.tags >= ONE_DISPLACED
    }

    /// Everything in the bucket.
    fn entries(&self) -> impl Iterator<Item = (Hash, Slot)> {
        (0..LANES).filter_map(|lane| {
            let tag = (self.tags >> (lane * 8)) as u8;
            let upper = self.hashes[lane];
            (tag != 0).then_some((Hash { upper, tag }, Slot(self.slots[lane])))
        })
    }
}

/// A set of lanes of a bucket, lowest first.
struct Lanes(u64);

impl Iterator for Lanes {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        let lane = (self.0.trailing_zeros() / 8) as usize;
        self.0 &= self.0.wrapping_sub(1);
        (lane < LANES).then_some(lane)
    }
}

/// From ids to slots.
///
/// Invariants: every id is in its home bucket, in one of the few after it in its segment, or in `crowded`,
/// once; a bucket counts the entries that it sent to the buckets after it; a segment of depth d is named by
/// the 2^(depth - d) places of the directory whose upper d bits are those of its ids.
pub(super) struct Index {
    keys: Keys,
    directory: Vec<u32>,
    /// The bits by which the directory is addressed, at least 1.
    depth: u32,
    buckets: Slab<Bucket>,
    /// For every segment the number of upper bits that all its ids share.
    depths: Vec<u8>,
    len: usize,
    /// Ids that found no place: next to none, unless somebody knows the seed. A search among them is slower
    /// and never long.
    crowded: BTreeMap<u64, u32>,
}

impl Index {
    /// An empty index that is expected to hold `len_max` ids at most.
    pub(super) fn new(hash_seed: u64, len_max: u32) -> Self {
        // Two entries in a bucket are what a segment has at worst on average, just after a split.
        let mut index = Self {
            keys: Keys::new(hash_seed),
            directory: vec![0; 2],
            depth: 1,
            buckets: Slab::new(len_max as usize / 2 + 2 * BUCKETS as usize),
            depths: Vec::new(),
            len: 0,
            crowded: BTreeMap::new(),
        };
        index.add_segment(0);
        index
    }

    fn add_segment(&mut self, depth: u8) -> u32 {
        for _ in 0..BUCKETS {
            self.buckets.push(Bucket::EMPTY);
        }
        self.depths.push(depth);
        self.depths.len() as u32 - 1
    }

    #[inline]
    fn segment(&self, hash: Hash) -> u32 {
        self.directory[(hash.upper >> (32 - self.depth)) as usize]
    }

    /// The bucket `after` places after the home of a hash, within its segment.
    #[inline]
    fn bucket(segment: u32, hash: Hash, after: u32) -> u32 {
        segment * BUCKETS + (hash.upper + after) % BUCKETS
    }

    /// The slot of an id. `id_of` tells whose slot a slot is.
    #[inline]
    pub(super) fn find(&self, id: u64, id_of: impl Fn(Slot) -> u64) -> Option<Slot> {
        let hash = self.keys.hash(id);
        let segment = self.segment(hash);
        let home = &self.buckets[Self::bucket(segment, hash, 0)];
        for lane in home.lanes(hash.tag) {
            if home.hashes[lane] == hash.upper && id_of(Slot(home.slots[lane])) == id {
                return Some(Slot(home.slots[lane]));
            }
        }
        if !home.has_displaced() && self.crowded.is_empty() {
            return None;
        }
        self.find_displaced(id, hash, id_of)
    }

    #[inline(never)]
    fn find_displaced(&self, id: u64, hash: Hash, id_of: impl Fn(Slot) -> u64) -> Option<Slot> {
        let segment = self.segment(hash);
        for after in 1..=REACH {
            let bucket = &self.buckets[Self::bucket(segment, hash, after)];
            let mut slots = bucket.lanes(hash.tag).map(|lane| Slot(bucket.slots[lane]));
            let found = slots.find(|slot| id_of(*slot) == id);
            if found.is_some() {
                return found;
            }
        }
        self.crowded.get(&id).map(|slot| Slot(*slot))
    }

    /// Notes the slot of an id that is not here yet.
    #[inline]
    pub(super) fn insert(&mut self, id: u64, slot: Slot, id_of: impl Fn(Slot) -> u64) {
        let hash = self.keys.hash(id);
        self.len += 1;
        let home = Self::bucket(self.segment(hash), hash, 0);
        let home = &mut self.buckets[home];
        if let Some(lane) = home.empty_lane() {
            home.fill(lane, hash, slot);
            return;
        }
        self.insert_crowded(id, hash, slot, id_of);
    }

    #[inline(never)]
    fn insert_crowded(&mut self, id: u64, hash: Hash, slot: Slot, id_of: impl Fn(Slot) -> u64) {
        while !self.place(hash, slot) {
            if !self.may_split(self.segment(hash)) {
                self.crowded.insert(id, slot.0);
                return;
            }
            self.split(self.segment(hash), &id_of);
        }
    }

    /// Puts an entry in its home bucket or one within reach. Returns whether one had room.
    fn place(&mut self, hash: Hash, slot: Slot) -> bool {
        let segment = self.segment(hash);
        for after in 0..=REACH {
            let bucket = &mut self.buckets[Self::bucket(segment, hash, after)];
            if let Some(lane) = bucket.empty_lane() {
                bucket.fill(lane, hash, slot);
                if after > 0 {
                    self.buckets[Self::bucket(segment, hash, 0)].tags += ONE_DISPLACED;
                }
                return true;
            }
        }
        false
    }

    /// Whether a segment may be split: always, except if the directory would have to grow out of proportion,
    /// which happens when somebody who knows the seed makes ids meet.
    fn may_split(&self, segment: u32) -> bool {
        u32::from(self.depths[segment as usize]) < self.depth || self.directory.len() < self.len / 32
    }

    /// Moves the entries of a segment whose next bit is 1 to a new segment.
    #[inline(never)]
    fn split(&mut self, segment: u32, id_of: impl Fn(Slot) -> u64) {
        let shared = self.depths[segment as usize];
        if u32::from(shared) == self.depth {
            self.directory = self.directory.iter().flat_map(|segment| [*segment; 2]).collect();
            self.depth += 1;
        }
        self.depths[segment as usize] = shared + 1;
        let upper = self.add_segment(shared + 1);
        // The places that name the segment stand together; the upper half of them gets the new one.
        let first = self.directory.iter().position(|named| *named == segment);
        let first = first.expect("every segment is named");
        let places = 1 << (self.depth - u32::from(shared));
        self.directory[first + places / 2..first + places].fill(upper);
        let buckets = segment * BUCKETS..(segment + 1) * BUCKETS;
        let old: Vec<Bucket> = buckets
            .map(|at| std::mem::replace(&mut self.buckets[at], Bucket::EMPTY))
            .collect();
        for (hash, slot) in old.iter().flat_map(Bucket::entries) {
            if !self.place(hash, slot) {
                self.crowded.insert(id_of(slot), slot.0);
            }
        }
    }

    /// Forgets the slot of an id that is here.
    #[inline]
    pub(super) fn remove(&mut self, id: u64, slot: Slot) {
        let hash = self.keys.hash(id);
        self.len -= 1;
        let home = Self::bucket(self.segment(hash), hash, 0);
        let home = &mut self.buckets[home];
        if let Some(lane) = home.lane_of(hash.tag, slot) {
            home.clear(lane);
            return;
        }
        self.remove_displaced(id, hash, slot);
    }

    #[inline(never)]
    fn remove_displaced(&mut self, id: u64, hash: Hash, slot: Slot) {
        let segment = self.segment(hash);
        for after in 1..=REACH {
            let bucket = &mut self.buckets[Self::bucket(segment, hash, after)];
            if let Some(lane) = bucket.lane_of(hash.tag, slot) {
                bucket.clear(lane);
                self.buckets[Self::bucket(segment, hash, 0)].tags -= ONE_DISPLACED;
                return;
            }
        }
        assert!(self.crowded.remove(&id).is_some(), "the id is in the index");
    }

    /// Walks everything and panics where an invariant of this type is broken. `orders` are all orders.
    pub(super) fn check_invariants(&self, orders: impl Iterator<Item = (u64, Slot)>) {
        let mut len = 0;
        for (id, slot) in orders {
            let hash = self.keys.hash(id);
            let segment = self.segment(hash);
            let places = (0..=REACH).filter(|after| {
                let bucket = &self.buckets[Self::bucket(segment, hash, *after)];
                bucket.lane_of(hash.tag, slot).is_some()
            });
            let in_crowd = self.crowded.get(&id) == Some(&slot.0);
            assert_eq!(places.count() + usize::from(in_crowd), 1, "id {id} is here once");
            len += 1;
        }
        assert_eq!(len, self.len, "len counts the ids");
        let mut displaced = vec![0; self.buckets.len()];
        let mut entries = self.crowded.len();
        for (at, bucket) in (0..).zip(self.buckets.iter()) {
            for (hash, _) in bucket.entries() {
                entries += 1;
                assert_eq!(self.segment(hash), at / BUCKETS, "an entry lies in its segment");
                let home = Self::bucket(at / BUCKETS, hash, 0);
                displaced[home as usize] += u64::from(home != at);
            }
        }
        assert_eq!(entries, len, "nothing else is here");
        for (bucket, displaced) in self.buckets.iter().zip(displaced) {
            assert_eq!(bucket.tags >> 56, displaced, "a bucket counts what it sent away");
        }
    }
}
