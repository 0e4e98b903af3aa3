//! Where ids lie when somebody wants them to crowd, how far a search looks for them, and what growing moves.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::model::Random;
use crate::book::index::{Glance, Index};
use crate::book::orders::Slot;

/// An index beside the map that it stands for. Ids lie in slots that were never used before.
struct Beside {
    index: Index,
    map: BTreeMap<u64, Slot>,
    ids: Vec<u64>,
}

impl Beside {
    fn new(hash_seed: u64, len_max: u32) -> Self {
        Self {
            index: Index::new(hash_seed, len_max),
            map: BTreeMap::new(),
            ids: Vec::new(),
        }
    }

    fn find(&self, id: u64) -> Option<Slot> {
        let id_of = |slot: Slot| self.ids[slot.0 as usize];
        let found = self.index.find(id, id_of);
        assert_eq!(
            self.index.search(id, id_of),
            found,
            "the short way leads to {id} too"
        );
        match self.index.look(id) {
            Glance::Nobody => assert_eq!(found, None, "who is said to be nobody is not here: {id}"),
            Glance::Perhaps(slot) if id_of(slot) == id => assert_eq!(found, Some(slot)),
            Glance::Perhaps(_) | Glance::Unclear => {}
        }
        found
    }

    fn insert(&mut self, id: u64) {
        let slot = Slot(self.ids.len() as u32);
        self.ids.push(id);
        let ids = &self.ids;
        self.index.insert(id, slot, |slot| ids[slot.0 as usize]);
        self.map.insert(id, slot);
    }

    fn remove(&mut self, id: u64) {
        let slot = self.map.remove(&id).expect("only what is here is removed");
        self.index.remove(id, slot);
    }

    fn check(&self) {
        self.index
            .check_invariants(self.map.iter().map(|(id, slot)| (*id, *slot)));
        for (id, slot) in &self.map {
            assert_eq!(self.find(*id), Some(*slot), "id {id} is found");
        }
    }
}

/// Ids whose hashes under this seed agree in these bits of the part that decides where they lie.
fn colliding(hash_seed: u64, bits: u32, count: usize) -> Vec<u64> {
    let index = Index::new(hash_seed, 0);
    let candidates = (0_u64..).map(|n| n.wrapping_mul(0x2545_F491_4F6C_DD1D));
    candidates
        .filter(|id| index.upper_hash(*id) & bits == 5 & bits)
        .take(count)
        .collect()
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Insert(u64),
    Remove(usize),
    Find(u64),
}

/// Mostly ids of a small range, so that they come again; some of those that collide.
fn ids() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0..600_u64, 1 => any::<u64>(), 3 => (0..900_usize).prop_map(|at| COLLIDING.with(|ids| ids[at]))]
}

thread_local! {
    /// More than a segment holds.
    static COLLIDING: Vec<u64> = colliding(3, 0x3f, 900);
}

proptest! {
    #[test]
    fn index_behaves_like_a_sorted_map(
        steps in prop::collection::vec(
            prop_oneof![
                3 => ids().prop_map(Step::Insert),
                2 => any::<usize>().prop_map(Step::Remove),
                1 => ids().prop_map(Step::Find),
            ],
            1..3_000,
        ),
    ) {
        let mut beside = Beside::new(3, 100);
        for step in steps {
            match step {
                Step::Insert(id) if beside.map.contains_key(&id) => prop_assert!(beside.find(id).is_some()),
                Step::Insert(id) => {
                    prop_assert_eq!(beside.find(id), None);
                    beside.insert(id);
                }
                Step::Remove(_) if beside.map.is_empty() => {}
                Step::Remove(at) => {
                    let (id, _) = beside.map.iter().nth(at % beside.map.len()).expect("it is below the length");
                    let id = *id;
                    beside.remove(id);
                    prop_assert_eq!(beside.find(id), None);
                }
                Step::Find(id) => prop_assert_eq!(beside.find(id), beside.map.get(&id).copied()),
            }
        }
        beside.check();
    }
}

#[test]
fn growing_moves_the_ids_of_one_segment_at_most() {
    let mut beside = Beside::new(7, 1_000);
    let mut random = Random(11);
    let mut moved_most = 0;
    for _ in 0..60_000 {
        let moves = beside.index.moves_next();
        moved_most = moved_most.max(moves);
        beside.insert(random.next());
    }
    beside.check();
    assert!(
        moved_most > 0 && moved_most <= 448,
        "at most the 7 ids of 64 buckets move at once: {moved_most}"
    );
}

/// Fills an index with ids, checks it, and says how many bytes an id took, how many buckets a search for one looks at in
/// the mean, how many at most, and how many ids found no place in a bucket. Then empties it.
fn fill(hash_seed: u64, ids: &[u64]) -> Filled {
    let mut beside = Beside::new(hash_seed, ids.len() as u32);
    for id in ids {
        assert_eq!(beside.find(*id), None, "an id is not found before it is there");
        beside.insert(*id);
    }
    beside.check();
    let (bytes, crowded) = beside.index.footprint();
    let probes = ids.iter().map(|id| beside.index.probes(*id));
    let filled = Filled {
        bytes_each: bytes / ids.len(),
        probes_per_1000: probes.clone().sum::<usize>() * 1000 / ids.len(),
        probes_max: probes.max().unwrap_or(0),
        crowded,
    };
    for id in ids {
        beside.remove(*id);
        assert_eq!(beside.find(*id), None, "a forgotten id is gone");
    }
    beside.check();
    filled
}

struct Filled {
    bytes_each: usize,
    probes_per_1000: usize,
    probes_max: usize,
    crowded: usize,
}

/// 100,000 ids of every kind that crowds a table with a worse hash, under several seeds: what they cost is counted in
/// buckets, each of which is a cache line.
#[test]
fn ids_chosen_to_collide_do_not_without_the_seed() {
    type Kind = (&'static str, fn(u64) -> u64);
    let kinds: [Kind; 9] = [
        ("dense", |n| n),
        ("same low half", |n| n << 32),
        ("same low 47 bits", |n| n << 47),
        ("same low bits and high bits", |n| n << 20 | 0xabc << 50 | 0xfff),
        ("multiples of a page", |n| n * 4096),
        ("falling", |n| u64::MAX - n),
        ("reversed", u64::reverse_bits),
        ("made for another seed", |n| {
            n.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23)
        }),
        ("multiples of the golden ratio's inverse", |n| {
            n.wrapping_mul(0xF1DE_83E1_9937_733D)
        }),
    ];
    let count = if cfg!(debug_assertions) { 20_000 } else { 100_000 };
    for seed in [0, 1, 0xdead_beef, u64::MAX] {
        let mut random = Random(seed);
        let usual: Vec<u64> = (0..count).map(|_| random.next()).collect();
        let usual = fill(seed, &usual).probes_per_1000;
        let of_another_seed = colliding(seed ^ 1, 0x3f, 10_000);
        let chosen = kinds
            .iter()
            .map(|(kind, id)| (*kind, (0..count).map(id).collect()));
        for (kind, ids) in chosen.chain([("that collide under another seed", of_another_seed)]) {
            let filled = fill(seed, &ids);
            assert_eq!(
                filled.crowded, 0,
                "{kind} under seed {seed}: no id is crowded out"
            );
            let Filled {
                bytes_each,
                probes_per_1000,
                probes_max,
                ..
            } = filled;
            assert!(
                bytes_each <= 30,
                "{kind} under seed {seed}: {bytes_each} bytes an id"
            );
            assert!(
                probes_per_1000 * 10 <= usual * 12 && probes_max <= 24,
                "{kind} under seed {seed}: {probes_per_1000} buckets for 1,000 searches, {usual} are usual; at most \
                 {probes_max}"
            );
        }
    }
}

/// Who knows the seed makes a search look at one segment and at the logarithm of the ids that found no place in it.
#[test]
fn ids_that_collide_for_whoever_knows_the_seed_are_found_in_bounded_time() {
    // In one bucket, and in one segment: all buckets of it full, so that every search goes around.
    for bits in [0xfff, 0xfc0] {
        let filled = fill(99, &colliding(99, bits, 4_000));
        assert!(
            filled.crowded > 1_000,
            "this is the case that the sorted map is for: {}",
            filled.crowded
        );
        assert!(
            filled.probes_max <= 64,
            "a segment at most: {}",
            filled.probes_max
        );
        assert!(
            filled.bytes_each <= 64,
            "they take no more memory than others: {} bytes an id",
            filled.bytes_each
        );
    }
}
