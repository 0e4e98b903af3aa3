//! Finds the slot of an order whose id the caller chose.
//!
//! ```text
//! id -> hash    [ .. | which segment | which bucket ][ .. | tag ]      64 bits, keyed
//! segment       64 buckets; while ids come, one segment after the other gives half of its ids to a new one
//! bucket        one cache line: 7 tags of a byte, 7 slots, the upper half of each one's hash, and the number
//!               of ids that found this bucket full and went on to the next
//! ```
//!
//! A search compares all tags of a line at once and goes on only if somebody went on from there, so it takes
//! next to no branch that depends on where an id lies. Growth splits one segment at a time (linear hashing),
//! which takes some microseconds and looks at no order: the hashes are at hand. How large the table is depends
//! on the most ids that there ever were and on nothing else, so a book that is in use for long allocates
//! nothing.

use std::collections::BTreeMap;

use super::orders::Slot;
use super::slab::Slab;

/// Buckets in a segment, and so the most that a search looks at. With 2.5 to 5 ids to a bucket of 7 it does not fill
/// up by chance: that is 7 standard deviations away.
const BUCKETS: u32 = 64;

/// Ids for every 2 buckets before the table grows.
const IDS_PER_TWO_BUCKETS: usize = 5;

/// Ids in a bucket: with their tags and the count they fill a cache line.
const LANES: usize = 7;

/// The highest bit of the byte of every lane.
const LANE_BITS: u64 = 0x0080_8080_8080_8080;
const EVERY_BYTE: u64 = 0x0101_0101_0101_0101;
/// One id that went on, in the byte after the lanes.
const ONE_PASSED: u64 = 1 << 56;
/// The most ids that may go on from one bucket.
const PASSED_MAX: u64 = 0xff;

/// A keyed hash: without the keys nobody can choose ids that meet in one place.
///
/// One widening multiplication whose halves are folded: every bit of the id reaches the upper half, and what
/// it does there depends on both keys.
#[derive(Clone, Copy)]
pub(crate) struct Keys {
    mask: u64,
    factor: u64,
}

impl Keys {
    pub(crate) fn new(hash_seed: u64) -> Self {
        Self {
            mask: mix(hash_seed),
            factor: mix(!hash_seed) | 1,
        }
    }

    /// 32 bits of the hash.
    #[inline]
    pub(crate) fn hash32(self, id: u64) -> u32 {
        self.hash(id).upper
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
    /// The lowest bits choose the bucket: first those of the bucket in its segment, above them the segment.
    upper: u32,
    /// Never 0, which is the tag of an empty lane.
    tag: u8,
}

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Bucket {
    /// A byte for each lane: the tag of its id, or 0. The last byte counts the ids that went on from here.
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

    /// The first empty lane: every tag has its highest bit.
    #[inline]
    fn empty_lane(&self) -> Option<usize> {
        Lanes(!self.tags & LANE_BITS).next()
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

    /// How many ids went on from here.
    #[inline]
    fn passed(&self) -> u64 {
        self.tags >> 56
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

/// What one look at a bucket says about an id.
pub(super) enum Glance {
    /// It is not here.
    Nobody,
    /// If it is not in this slot, it has to be searched for.
    Perhaps(Slot),
    /// It has to be searched for.
    Unclear,
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
/// Invariants: every id is in a bucket of its segment or in `crowded`, once; a bucket counts the ids that lie
/// in a later one, going around the segment from their home, and passed it; there are `used` buckets, and an id's home
/// is told by the lowest bits of its hash that make a number below that.
pub(crate) struct Index {
    keys: Keys,
    buckets: Slab<Bucket>,
    /// The number of buckets: so many segments of them.
    used: u32,
    /// As many one bits as the number of the last bucket has.
    mask: u32,
    len: usize,
    /// With so many ids the table grows.
    len_max: usize,
    /// Ids that found no place: none, unless somebody knows the seed. A search among them is slower, but never
    /// long.
    crowded: BTreeMap<u64, u32>,
}

impl Index {
    /// An empty index that is expected to hold `len_max` ids at most.
    pub(crate) fn new(hash_seed: u64, len_max: u32) -> Self {
        let buckets_max = len_max as usize * 2 / IDS_PER_TWO_BUCKETS + 2 * BUCKETS as usize;
        let mut index = Self {
            buckets: Slab::new(buckets_max),
            keys: Keys::new(hash_seed),
            ..Self::unused()
        };
        index.add_segment();
        index
    }

    /// An index that nobody asks.
    pub(super) fn unused() -> Self {
        Self {
            keys: Keys::new(0),
            buckets: Slab::new(0),
            used: 0,
            mask: 0,
            len: 0,
            len_max: 0,
            crowded: BTreeMap::new(),
        }
    }

    fn add_segment(&mut self) {
        for _ in 0..BUCKETS {
            self.buckets.push(Bucket::EMPTY);
        }
        self.used += BUCKETS;
        self.mask |= self.used - 1;
        self.len_max = self.used as usize * IDS_PER_TWO_BUCKETS / 2;
    }

    /// The bucket in which a search for a hash begins: a number with as many bits as the last bucket's, or with one
    /// bit less if there is no such bucket yet.
    #[inline]
    fn home_of(&self, hash: Hash) -> u32 {
        let wide = hash.upper & self.mask;
        if wide < self.used {
            wide
        } else {
            hash.upper & self.mask >> 1
        }
    }

    /// The slot of an id. `id_of` tells whose slot a slot is.
    #[inline]
    pub(crate) fn find(&self, id: u64, id_of: impl Fn(Slot) -> u64) -> Option<Slot> {
        match self.look(id) {
            Glance::Nobody => None,
            Glance::Perhaps(slot) if id_of(slot) == id => Some(slot),
            Glance::Perhaps(_) | Glance::Unclear => self.search(id, id_of),
        }
    }

    /// What the first entry that is alike says about an id. More is rarely needed, and nothing here calls anything.
    #[inline]
    pub(super) fn look(&self, id: u64) -> Glance {
        let hash = self.keys.hash(id);
        let Some(home) = self.buckets.near(self.home_of(hash)) else {
            return Glance::Unclear;
        };
        match home.lanes(hash.tag).next() {
            Some(lane) if home.hashes[lane] == hash.upper => Glance::Perhaps(Slot(home.slots[lane])),
            None if home.passed() == 0 && self.crowded.is_empty() => Glance::Nobody,
            _ => Glance::Unclear,
        }
    }

    /// Reads the bucket in which a search for an id begins. The result means nothing.
    #[inline]
    pub(super) fn touch(&self, id: u64) -> u64 {
        self.buckets[self.home_of(self.keys.hash(id))].tags
    }

    /// The slot of the first entry that is alike, or one that nobody has.
    #[inline]
    pub(super) fn presumed_slot(&self, id: u64) -> Slot {
        match self.look(id) {
            Glance::Perhaps(slot) => slot,
            Glance::Nobody | Glance::Unclear => Slot(u32::MAX),
        }
    }

    /// The slot of an id, wherever it lies.
    #[inline(never)]
    pub(super) fn search(&self, id: u64, id_of: impl Fn(Slot) -> u64) -> Option<Slot> {
        let hash = self.keys.hash(id);
        for at in self.path(hash) {
            let bucket = &self.buckets[at];
            let alike = bucket
                .lanes(hash.tag)
                .filter(|lane| bucket.hashes[*lane] == hash.upper);
            let found = alike
                .map(|lane| Slot(bucket.slots[lane]))
                .find(|slot| id_of(*slot) == id);
            if found.is_some() {
                return found;
            }
        }
        self.crowded.get(&id).map(|slot| Slot(*slot))
    }

    /// The buckets in which an id with this hash can lie: its home and then on as long as somebody went on.
    fn path(&self, hash: Hash) -> impl Iterator<Item = u32> {
        let mut goes_on = true;
        around(self.home_of(hash))
            .take_while(move |at| std::mem::replace(&mut goes_on, self.buckets[*at].passed() > 0))
    }

    /// Notes the slot of an id that is not here yet.
    #[inline(never)]
    pub(crate) fn insert(&mut self, id: u64, slot: Slot, id_of: impl Fn(Slot) -> u64) {
        let hash = self.keys.hash(id);
        let home = self.home_of(hash);
        if self.len < self.len_max
            && let Some(home) = self.buckets.near_mut(home)
            && let Some(lane) = home.empty_lane()
        {
            self.len += 1;
            return home.fill(lane, hash, slot);
        }
        self.insert_further(id, hash, slot, id_of);
    }

    #[inline(never)]
    fn insert_further(&mut self, id: u64, hash: Hash, slot: Slot, id_of: impl Fn(Slot) -> u64) {
        if self.len >= self.len_max {
            self.split_next(id_of);
        }
        self.len += 1;
        if !self.place(hash, slot) {
            self.crowded.insert(id, slot.0);
        }
    }

    /// Puts an entry in the first bucket with room from its home on. Returns whether it could get there.
    fn place(&mut self, hash: Hash, slot: Slot) -> bool {
        let home = self.home_of(hash);
        for at in around(home) {
            let bucket = &mut self.buckets[at];
            if let Some(lane) = bucket.empty_lane() {
                bucket.fill(lane, hash, slot);
                self.each_between(home, at, |passed| passed.tags += ONE_PASSED);
                return true;
            }
            if bucket.passed() == PASSED_MAX {
                break;
            }
        }
        false
    }

    /// Does something to the buckets that an id passes on its way from its home to where it lies.
    fn each_between(&mut self, home: u32, at: u32, what: impl Fn(&mut Bucket)) {
        for before in around(home).take_while(|before| *before != at) {
            what(&mut self.buckets[before]);
        }
    }

    /// Adds a segment and moves half of the ids of another one there: the one whose number is the new one's
    /// without its highest bit.
    fn split_next(&mut self, id_of: impl Fn(Slot) -> u64) {
        let first = self.splits_next();
        let mut before = [Bucket::EMPTY; BUCKETS as usize];
        for (at, bucket) in (first..).zip(&mut before) {
            std::mem::swap(&mut self.buckets[at], bucket);
        }
        self.add_segment();
        for (hash, slot) in before.iter().flat_map(Bucket::entries) {
            if !self.place(hash, slot) {
                self.crowded.insert(id_of(slot), slot.0);
            }
        }
    }

    /// The first bucket of the segment that is split next.
    fn splits_next(&self) -> u32 {
        self.used & !(1 << self.used.ilog2())
    }

    /// Forgets the slot of an id that is here.
    #[inline(never)]
    pub(crate) fn remove(&mut self, id: u64, slot: Slot) {
        let hash = self.keys.hash(id);
        let home = self.home_of(hash);
        if let Some(home) = self.buckets.near_mut(home)
            && let Some(lane) = home.lanes(hash.tag).next()
            && home.slots[lane] == slot.0
        {
            self.len -= 1;
            return home.clear(lane);
        }
        self.remove_further(id, hash, slot);
    }

    #[inline(never)]
    fn remove_further(&mut self, id: u64, hash: Hash, slot: Slot) {
        self.len -= 1;
        let home = self.home_of(hash);
        let found = self
            .path(hash)
            .find_map(|at| Some((at, self.buckets[at].lane_of(hash.tag, slot)?)));
        let Some((at, lane)) = found else {
            assert!(self.crowded.remove(&id).is_some(), "the id is in the index");
            return;
        };
        self.buckets[at].clear(lane);
        self.each_between(home, at, |passed| passed.tags -= ONE_PASSED);
    }

    /// The bytes of the table, and the number of ids that found no place in it.
    #[cfg(test)]
    pub(super) fn footprint(&self) -> (usize, usize) {
        (self.buckets.len() * size_of::<Bucket>(), self.crowded.len())
    }

    /// The part of an id's hash that decides where it lies.
    #[cfg(test)]
    pub(super) fn upper_hash(&self, id: u64) -> u32 {
        self.keys.hash(id).upper
    }

    /// How many buckets a search for this id looks at if it finds nothing.
    #[cfg(test)]
    pub(super) fn probes(&self, id: u64) -> usize {
        self.path(self.keys.hash(id)).count()
    }

    /// How many ids another one that comes may move.
    #[cfg(test)]
    pub(super) fn moves_next(&self) -> usize {
        if self.len < self.len_max {
            return 0;
        }
        let first = self.splits_next();
        let buckets = (first..first + BUCKETS).map(|at| &self.buckets[at]);
        buckets.map(|bucket| bucket.entries().count()).sum()
    }

    /// Walks everything and panics where an invariant of this type is broken. `orders` are all orders.
    pub(super) fn check_invariants(&self, orders: impl Iterator<Item = (u64, Slot)>) {
        let mut len = 0;
        for (id, slot) in orders {
            let hash = self.keys.hash(id);
            let places = self
                .path(hash)
                .filter(|at| self.buckets[*at].lane_of(hash.tag, slot).is_some());
            let in_crowd = self.crowded.get(&id) == Some(&slot.0);
            assert_eq!(places.count() + usize::from(in_crowd), 1, "id {id} is here once");
            len += 1;
        }
        assert_eq!(len, self.len, "len counts the ids");
        assert_eq!(self.used as usize, self.buckets.len(), "buckets are counted");
        let mut passed = vec![0; self.buckets.len()];
        let mut entries = self.crowded.len();
        for (at, bucket) in (0..).zip(self.buckets.iter()) {
            for (hash, _) in bucket.entries() {
                entries += 1;
                let home = self.home_of(hash);
                assert_eq!(home / BUCKETS, at / BUCKETS, "an id lies in its segment");
                for before in around(home).take_while(|before| *before != at) {
                    passed[before as usize] += 1;
                }
            }
        }
        assert_eq!(entries, len, "nothing else is here");
        for (bucket, passed) in self.buckets.iter().zip(passed) {
            assert_eq!(bucket.passed(), passed, "a bucket counts who went on");
        }
    }
}

/// The buckets of a segment from one on, once around.
fn around(home: u32) -> impl Iterator<Item = u32> {
    let first = home - home % BUCKETS;
    (0..BUCKETS).map(move |after| first + (home + after) % BUCKETS)
}
