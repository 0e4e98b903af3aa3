//! The levels of one side against a sorted map of ranks, with prices that wander and jump.

use std::collections::BTreeMap;

use super::model::Random;
use crate::book::ladder::{Ladder, WINDOW_MAX, WINDOW_MIN};
use crate::book::level::Level;

/// A ladder, and what stands at each of its ranks.
struct Levels {
    ladder: Ladder,
    model: BTreeMap<i64, u64>,
}

impl Levels {
    fn new(size_min: usize, size_max: usize) -> Self {
        Self {
            ladder: Ladder::new(size_min, size_max),
            model: BTreeMap::new(),
        }
    }

    /// Puts one more lot in at a rank.
    fn put(&mut self, rank: i64) {
        let level = self.ladder.level_or_new(rank);
        let is_first = level.is_empty();
        (level.head, level.tail) = (rank as u32 >> 1, rank as u32 >> 1);
        level.quantity += 1;
        if is_first {
            self.ladder.open(rank);
        }
        *self.model.entry(rank).or_default() += 1;
    }

    /// Takes all lots of a rank that has some.
    fn take(&mut self, rank: i64) {
        let lots = self.model.remove(&rank);
        let level = self.ladder.level_mut(rank);
        assert_eq!(lots, Some(level.quantity), "at rank {rank}");
        *level = Level::EMPTY;
        self.ladder.close(rank);
    }

    /// Takes all lots of the first rank at or above this one, or else of the best.
    fn take_near(&mut self, rank: i64) {
        let next = self.model.range(rank..).next().or(self.model.last_key_value());
        if let Some(rank) = next.map(|(rank, _)| *rank) {
            self.take(rank);
        }
    }

    fn check_at(&self, rank: i64) {
        let expected = self.model.get(&rank).copied().unwrap_or_default();
        assert_eq!(self.ladder.level(rank).quantity, expected, "at rank {rank}");
        let below = self.model.range(..rank).next_back().map(|(rank, _)| *rank);
        assert_eq!(self.ladder.below(rank), below, "below rank {rank}");
        assert_eq!(
            self.ladder.best(),
            self.model.last_key_value().map(|(rank, _)| *rank)
        );
    }

    fn check(&self) {
        self.ladder.check_invariants();
        let levels = self.ladder.iter().map(|(rank, level)| (rank, level.quantity));
        assert!(levels.eq(self.model.iter().rev().map(|(rank, lots)| (*rank, *lots))));
    }

    fn window_size(&self) -> usize {
        self.ladder.footprint()[0]
    }

    fn pages(&self) -> usize {
        self.ladder.footprint()[1]
    }
}

#[test]
fn ladder_behaves_like_a_sorted_map_wherever_prices_go() {
    for (seed, (size_min, size_max)) in [(1, 1), (1, 8), (16, 64), (WINDOW_MIN, WINDOW_MAX)]
        .into_iter()
        .enumerate()
    {
        let mut levels = Levels::new(size_min, size_max);
        let mut random = Random(seed as u64);
        let mut centre = 0;
        for round in 0..60 {
            // Ranks crowd, lie a window apart, or further than any window.
            let spread = [30, 500, 20_000, 70_000, 1 << 30][random.below(5) as usize];
            let drift = random.below(300) as i64 - 150;
            let fill = 3 + random.below(5);
            for _ in 0..300 {
                let rank = centre + random.below(spread) as i64 - spread as i64 / 2;
                if random.below(10) < fill {
                    levels.put(rank);
                } else {
                    levels.take_near(rank);
                }
                levels.check_at(rank);
                levels.check_at(centre + random.below(spread) as i64);
                centre += drift;
            }
            levels.check();
            if round % 7 == 0 {
                centre = [0, 1 << 40, -(1 << 40), centre][random.below(4) as usize];
            }
        }
        while let Some(best) = levels.ladder.best() {
            levels.take(best);
        }
        levels.check();
    }
}

#[test]
fn window_comes_to_cover_a_range_in_which_the_best_price_jumps() {
    let mut levels = Levels::new(WINDOW_MIN, WINDOW_MAX);
    let mut random = Random(5);
    for step in 0..30_000 {
        let rank = -27_500 - random.below(37_900) as i64;
        levels.put(rank);
        if step >= 150 {
            levels.take_near(-27_500 - random.below(37_900) as i64);
        }
    }
    assert_eq!(levels.window_size(), WINDOW_MAX);
    let ranks = levels.model.keys();
    let far = ranks.filter(|rank| !levels.ladder.is_near(**rank)).count();
    assert_eq!(far, 0, "nothing has to be looked for in the tree");
}

#[test]
fn window_goes_with_the_price_and_grows_for_nobody_who_stands_far_away() {
    let mut levels = Levels::new(WINDOW_MIN, WINDOW_MAX);
    levels.put(-1_000_000);
    let mut random = Random(6);
    for step in 0..200_000 {
        let rank = step / 4 - random.below(300) as i64;
        levels.put(rank);
        if levels.model.range(-900_000..).count() > 100 {
            levels.take_near(-900_000);
        }
        if step % 50 == 0 {
            levels.put(-1_000_000 - random.below(100_000) as i64);
        }
    }
    let best = levels.ladder.best().expect("there are orders");
    assert!((0..250).all(|away| levels.ladder.is_near(best - away)));
    assert!(levels.window_size() <= 2 * WINDOW_MIN);
    levels.check();
}

#[test]
fn memory_follows_the_levels_that_there_are() {
    let mut levels = Levels::new(WINDOW_MIN, WINDOW_MAX);
    let mut random = Random(8);
    // A hundred levels go far, each alone and together.
    for step in 0_i64..20_000 {
        let jump = if step / 1_000 % 3 == 1 { 1 << 40 } else { 0 };
        levels.put(jump + step * 97 + random.below(5_000) as i64);
        if levels.model.len() > 100 {
            levels.take_near(random.next() as i64 >> 22);
        }
    }
    levels.check();
    assert!(levels.pages() <= 101, "{} pages for 101 levels", levels.pages());
    let before = levels.pages();
    while let Some(best) = levels.ladder.best() {
        levels.take(best);
    }
    levels.check();
    // Dense levels share pages, those that stand alone have one each.
    for rank in 0..8 * 100 {
        levels.put(1 << 50 | rank);
    }
    assert!(levels.pages() <= before.max(100), "all pages were free again");
    for at in 0..3_000 {
        levels.put(at << 30);
    }
    levels.check();
    let [window, pages, blocks] = levels.ladder.footprint();
    assert!(
        window <= WINDOW_MAX && pages <= 3_100,
        "{window} groups, {pages} pages"
    );
    assert!(
        blocks <= 4 * 3_000 / 32 + 2,
        "a block is a quarter full at least: {blocks}"
    );
}
