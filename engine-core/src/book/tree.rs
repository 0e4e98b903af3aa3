//! Values by rank without any limit on the ranks: for groups of levels far from the touch, and for queues that are rare.
//!
//! ```text
//! directory   [first rank, block] [first rank, block] ..    sorted, one binary search
//! block       up to 32 ranks, sorted, and their values      another one
//! ```
//!
//! Blocks are kept when they fall empty, so a tree that has once been as large as it gets allocates nothing.

/// Values in one block. A quarter of a block is the least that two neighbours hold together on average, so a
/// directory of a million values stays a few hundred kilobytes, which move in microseconds.
const BLOCK: usize = 32;

#[derive(Clone, Copy)]
struct Entry {
    /// The lowest rank of the block.
    first: i64,
    block: u32,
    len: u32,
}

struct Block<T> {
    ranks: [i64; BLOCK],
    values: [T; BLOCK],
}

/// Values sorted by rank.
///
/// Invariants: ranks ascend through the directory and within every block; no block in the directory is empty;
/// a block is in the directory or in the list of spare ones, once.
#[derive(Default)]
#[repr(C)]
pub(super) struct Tree<T> {
    directory: Vec<Entry>,
    /// Each by itself: growing the list must not move the blocks, which would stall.
    blocks: Vec<Box<Block<T>>>,
    spare: Vec<u32>,
}

/// Where a value is, or where it would have to be: the place in the directory and the place in the block.
type Place = (usize, usize);

impl<T: Copy + Default> Tree<T> {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.directory.is_empty()
    }

    /// The place of the first rank at or above `rank`, which may be one beyond the end of its block.
    fn place(&self, rank: i64) -> Place {
        let at = self
            .directory
            .partition_point(|entry| entry.first <= rank)
            .saturating_sub(1);
        let Some(entry) = self.directory.get(at) else {
            return (0, 0);
        };
        let ranks = &self.blocks[entry.block as usize].ranks[..entry.len as usize];
        (at, ranks.partition_point(|other| *other < rank))
    }

    /// The rank at a place, if there is one.
    fn rank_at(&self, (at, within): Place) -> Option<i64> {
        let entry = self.directory.get(at)?;
        (within < entry.len as usize).then(|| self.blocks[entry.block as usize].ranks[within])
    }

    pub(super) fn get(&self, rank: i64) -> Option<&T> {
        let place = self.place(rank);
        (self.rank_at(place) == Some(rank))
            .then(|| &self.blocks[self.directory[place.0].block as usize].values[place.1])
    }

    pub(super) fn value_mut(&mut self, rank: i64) -> Option<&mut T> {
        let place = self.place(rank);
        (self.rank_at(place) == Some(rank))
            .then(|| &mut self.blocks[self.directory[place.0].block as usize].values[place.1])
    }

    /// The highest rank.
    pub(super) fn last(&self) -> Option<i64> {
        let entry = self.directory.last()?;
        Some(self.blocks[entry.block as usize].ranks[entry.len as usize - 1])
    }

    /// The highest rank below `rank`.
    pub(super) fn below(&self, rank: i64) -> Option<i64> {
        let (at, within) = self.place(rank);
        match within {
            0 => {
                let entry = self.directory.get(at.checked_sub(1)?)?;
                Some(self.blocks[entry.block as usize].ranks[entry.len as usize - 1])
            }
            _ => self.rank_at((at, within - 1)),
        }
    }

    /// The lowest rank at or above `rank`.
    pub(super) fn at_or_above(&self, rank: i64) -> Option<i64> {
        let (at, within) = self.place(rank);
        self.rank_at((at, within)).or_else(|| self.rank_at((at + 1, 0)))
    }

    /// The value at `rank`. If there is none, the default one is put in.
    pub(super) fn entry_or_put(&mut self, rank: i64) -> &mut T {
        let (mut at, mut within) = self.place(rank);
        if self.rank_at((at, within)) != Some(rank) {
            (at, within) = self.make_room((at, within));
            let entry = &mut self.directory[at];
            let block = &mut self.blocks[entry.block as usize];
            let len = entry.len as usize;
            block.ranks.copy_within(within..len, within + 1);
            block.values.copy_within(within..len, within + 1);
            block.ranks[within] = rank;
            block.values[within] = T::default();
            entry.len += 1;
            entry.first = block.ranks[0];
        }
        &mut self.blocks[self.directory[at].block as usize].values[within]
    }

    /// Sees to it that the block of a place can take one more value, and says where the place is then.
    fn make_room(&mut self, (at, within): Place) -> Place {
        let Some(entry) = self.directory.get(at).copied() else {
            let block = self.take_block();
            self.directory.push(Entry {
                first: 0,
                block,
                len: 0,
            });
            return (0, 0);
        };
        if (entry.len as usize) < BLOCK {
            return (at, within);
        }
        let upper = self.take_block();
        let half = BLOCK / 2;
        let [lower_block, upper_block] = self
            .blocks
            .get_disjoint_mut([entry.block as usize, upper as usize])
            .expect("a spare block is not in use");
        upper_block.ranks[..half].copy_from_slice(&lower_block.ranks[half..]);
        upper_block.values[..half].copy_from_slice(&lower_block.values[half..]);
        let first = upper_block.ranks[0];
        self.directory[at].len = half as u32;
        self.directory.insert(
            at + 1,
            Entry {
                first,
                block: upper,
                len: half as u32,
            },
        );
        if within > half {
            (at + 1, within - half)
        } else {
            (at, within)
        }
    }

    fn take_block(&mut self) -> u32 {
        self.spare.pop().unwrap_or_else(|| {
            self.blocks.push(Box::new(Block {
                ranks: [0; BLOCK],
                values: [T::default(); BLOCK],
            }));
            self.blocks.len() as u32 - 1
        })
    }

    /// Takes out the value at `rank`, which exists.
    pub(super) fn remove(&mut self, rank: i64) -> T {
        let (at, within) = self.place(rank);
        let entry = &mut self.directory[at];
        let block = &mut self.blocks[entry.block as usize];
        let len = entry.len as usize;
        assert!(within < len && block.ranks[within] == rank, "the value exists");
        let value = block.values[within];
        block.ranks.copy_within(within + 1..len, within);
        block.values.copy_within(within + 1..len, within);
        entry.len -= 1;
        entry.first = block.ranks[0];
        if entry.len == 0 {
            self.spare.push(entry.block);
            self.directory.remove(at);
        } else if at + 1 < self.directory.len() && self.fits_together(at) {
            self.merge(at);
        } else if at > 0 && self.fits_together(at - 1) {
            self.merge(at - 1);
        }
        value
    }

    /// Whether the block at this place of the directory and the one after it fill half a block at most.
    fn fits_together(&self, at: usize) -> bool {
        self.directory[at].len + self.directory[at + 1].len <= BLOCK as u32 / 2
    }

    /// Moves the block after this one into this one.
    fn merge(&mut self, at: usize) {
        let upper = self.directory.remove(at + 1);
        let entry = &mut self.directory[at];
        let (from, len) = (entry.len as usize, upper.len as usize);
        let [lower_block, upper_block] = self
            .blocks
            .get_disjoint_mut([entry.block as usize, upper.block as usize])
            .expect("no block is twice in the directory");
        lower_block.ranks[from..from + len].copy_from_slice(&upper_block.ranks[..len]);
        lower_block.values[from..from + len].copy_from_slice(&upper_block.values[..len]);
        entry.len += upper.len;
        self.spare.push(upper.block);
    }

    /// All values, highest rank first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (i64, &T)> {
        self.directory.iter().rev().flat_map(|entry| {
            let block = &self.blocks[entry.block as usize];
            let len = entry.len as usize;
            block.ranks[..len].iter().copied().zip(&block.values[..len]).rev()
        })
    }

    /// The blocks that the tree holds, used and spare.
    #[cfg(test)]
    pub(super) fn blocks(&self) -> usize {
        self.blocks.len()
    }

    /// Walks everything and panics where an invariant of this type is broken.
    pub(super) fn check_invariants(&self) {
        let mut seen = vec![false; self.blocks.len()];
        let listed = self.directory.iter().map(|entry| entry.block);
        for block in listed.chain(self.spare.iter().copied()) {
            assert!(
                !std::mem::replace(&mut seen[block as usize], true),
                "block {block} has one use"
            );
        }
        assert!(seen.iter().all(|seen| *seen), "no block is lost");
        let mut above = None;
        for entry in &self.directory {
            let ranks = &self.blocks[entry.block as usize].ranks[..entry.len as usize];
            assert_eq!(
                ranks.first(),
                Some(&entry.first),
                "the directory knows the first rank"
            );
            for rank in ranks {
                assert!(above < Some(*rank), "ranks ascend");
                above = Some(*rank);
            }
        }
    }
}
