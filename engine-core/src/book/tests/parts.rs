//! What cannot be seen from outside: where entries lie when somebody wants them to crowd, and how the parts
//! find their way.

use std::collections::BTreeMap;

use super::model::Random;
use crate::book::level::Level;
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
                *tree.entry_or_put(rank) = level(*quantity);
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
        tree.entry_or_put(rank);
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
