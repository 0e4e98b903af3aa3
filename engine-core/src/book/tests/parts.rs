//! What cannot be seen from outside: where entries lie when somebody wants them to crowd, and how the parts
//! find their way.

use std::collections::BTreeMap;

use super::model::Random;
use crate::book::index::Index;
use crate::book::level::Level;
use crate::book::orders::Slot;
use crate::book::slab::Slab;
use crate::book::tree::Tree;

fn level(number: u64) -> Level {
    Level {
        head: number as u32,
        tail: number as u32,
        quantity: number,
    }
}

#[test]
fn tree_behaves_like_a_sorted_map() {
    let mut tree: Tree<Level> = Tree::default();
    let mut map: BTreeMap<i64, u64> = BTreeMap::new();
    let mut random = Random(3);
    for (round, spread) in [30, 3_000, 300_000, 100, 5_000].into_iter().enumerate() {
        for step in 0..4_000 {
            let rank = random.below(spread) as i64 - 50;
            // Every second round shrinks.
            if random.below(10) < if round % 2 == 0 { 7 } else { 2 } {
                let quantity = map.entry(rank).or_insert(step + 1);
                *tree.get_or_put(rank) = level(*quantity);
            } else if map.remove(&rank).is_some() {
                tree.remove(rank);
            } else if let Some(rank) = map.range(rank..).next().map(|(rank, _)| *rank) {
                map.remove(&rank);
                tree.remove(rank);
            }
            assert_eq!(
                tree.get(rank).map(|level| level.quantity),
                map.get(&rank).copied()
            );
            assert_eq!(
                tree.value_mut(rank).map(|level| level.quantity),
                map.get(&rank).copied()
            );
            assert_eq!(tree.last(), map.last_key_value().map(|(rank, _)| *rank));
            assert_eq!(
                tree.below(rank),
                map.range(..rank).next_back().map(|(rank, _)| *rank)
            );
            assert_eq!(
                tree.at_or_above(rank),
                map.range(rank..).next().map(|(rank, _)| *rank)
            );
        }
        tree.check_invariants();
        let levels = tree.iter().map(|(rank, level)| (rank, level.quantity));
        assert!(levels.eq(map.iter().rev().map(|(rank, quantity)| (*rank, *quantity))));
    }
    let blocks = tree.blocks();
    for rank in map.into_keys() {
        tree.remove(rank);
    }
    assert!(tree.is_empty());
    for rank in 0..1_000 {
        tree.get_or_put(rank);
    }
    assert_eq!(tree.blocks(), blocks, "blocks that fell empty are used again");
}

#[test]
fn slab_is_one_array_across_its_blocks() {
    let mut slab = Slab::with_near(10);
    for number in 0..20_000_u64 {
        assert_eq!(slab.len() as u64, number);
        slab.push(number * 2);
    }
    for at in [0, 9, 10, 11, 4_105, 4_106, 19_999] {
        assert_eq!(slab[at], u64::from(at) * 2);
        slab[at] += 1;
        assert_eq!(slab.get(at), Some(&(u64::from(at) * 2 + 1)));
    }
    assert_eq!(slab.get(20_000), None);
    assert!(slab.element_mut(u32::MAX).is_none());
    assert_eq!(slab.iter().count(), 20_000);
    let near_only: Slab<u64> = Slab::new(0);
    assert_eq!(near_only.get(0), None);
}

/// Fills an index with ids, checks it, empties it, and says how many bytes an id took and how many ids found no
/// place in a bucket.
fn fill_index(hash_seed: u64, ids: &[u64]) -> (usize, usize) {
    let mut index = Index::new(hash_seed, ids.len() as u32);
    let id_of = |slot: Slot| ids[slot.0 as usize];
    for (slot, id) in (0..).map(Slot).zip(ids) {
        assert_eq!(
            index.find(*id, id_of),
            None,
            "an id is not found before it is there"
        );
        index.insert(*id, slot, id_of);
    }
    for (slot, id) in (0..).map(Slot).zip(ids) {
        assert_eq!(index.find(*id, id_of), Some(slot));
    }
    index.check_invariants((0..).map(Slot).zip(ids).map(|(slot, id)| (*id, slot)));
    let (bytes, crowded) = index.footprint();
    for (slot, id) in (0..).map(Slot).zip(ids) {
        index.remove(*id, slot);
        assert_eq!(index.find(*id, id_of), None, "a forgotten id is gone");
    }
    index.check_invariants(std::iter::empty());
    (bytes / ids.len(), crowded)
}

/// 100,000 ids of every kind that crowds a table with a worse hash, under several seeds.
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
        for (kind, id) in kinds {
            let ids: Vec<u64> = (0..count).map(id).collect();
            let (bytes, crowded) = fill_index(seed, &ids);
            assert_eq!(crowded, 0, "{kind} under seed {seed}: no id is crowded out");
            assert!(bytes <= 30, "{kind} under seed {seed}: {bytes} bytes an id");
        }
    }
}

#[test]
fn ids_that_collide_for_whoever_knows_the_seed_are_still_found() {
    let hash_seed = 99;
    let index = Index::new(hash_seed, 0);
    let candidates = (0_u64..).map(|n| n.wrapping_mul(0x2545_F491_4F6C_DD1D));
    let ids: Vec<u64> = candidates
        .filter(|id| index.home(*id) % 4096 == 5)
        .take(4_000)
        .collect();
    let (bytes, crowded) = fill_index(hash_seed, &ids);
    assert!(
        crowded > 1_000,
        "this is the case that the tree is for: {crowded}"
    );
    assert!(
        bytes <= 64,
        "they take no more memory than others: {bytes} bytes an id"
    );
}
