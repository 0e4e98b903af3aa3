//! A queue that neither moves what it holds nor gives memory back.

use std::collections::VecDeque;

/// Entries in one block: small enough that a quiet market's queues stay small.
const BLOCK: usize = 128;

/// First in, first out, in blocks.
///
/// Growing takes one block more, so it takes the same short time however much there is; a queue that has once
/// been as long as it gets allocates nothing.
///
/// Invariants: every block but the first and the last is full; no block is empty; `skipped` counts the entries
/// of the first block that have left, and is less than its length.
#[derive(Clone, Debug)]
pub(super) struct Queue<T> {
    blocks: VecDeque<Vec<T>>,
    spare: Vec<Vec<T>>,
    skipped: usize,
    len: usize,
}

impl<T: Copy> Queue<T> {
    pub(super) fn new() -> Self {
        Self {
            blocks: VecDeque::new(),
            spare: Vec::new(),
            skipped: 0,
            len: 0,
        }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline]
    pub(super) fn push_back(&mut self, entry: T) {
        self.len += 1;
        if let Some(block) = self.blocks.back_mut().filter(|block| block.len() < BLOCK) {
            block.push(entry);
            return;
        }
        let mut block = self.spare.pop().unwrap_or_else(|| Vec::with_capacity(BLOCK));
        block.push(entry);
        self.blocks.push_back(block);
    }

    #[inline]
    pub(super) fn front(&self) -> Option<&T> {
        self.blocks.front().map(|block| &block[self.skipped])
    }

    #[inline]
    pub(super) fn back_mut(&mut self) -> Option<&mut T> {
        self.blocks.back_mut().and_then(|block| block.last_mut())
    }

    #[inline]
    pub(super) fn pop_front(&mut self) -> Option<T> {
        let block = self.blocks.front()?;
        let entry = block[self.skipped];
        self.skipped += 1;
        self.len -= 1;
        if self.skipped == block.len() {
            self.skipped = 0;
            let block = self.blocks.pop_front();
            self.keep(block);
        }
        Some(entry)
    }

    /// All entries, first in first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.blocks.iter().flatten().skip(self.skipped)
    }

    fn keep(&mut self, block: Option<Vec<T>>) {
        self.spare.extend(block.map(|mut block| {
            block.clear();
            block
        }));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Copy, Debug)]
    enum Step {
        Push(u16),
        Pop(u16),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            (1..300_u16).prop_map(Step::Push),
            (1..300_u16).prop_map(Step::Pop),
        ];
        prop::collection::vec(step, 1..40)
    }

    proptest! {
        #[test]
        fn a_queue_is_what_a_deque_is(steps in steps()) {
            let (mut queue, mut deque) = (Queue::new(), VecDeque::new());
            let mut number = 0_u32;
            for step in steps {
                let (Step::Push(count) | Step::Pop(count)) = step;
                for _ in 0..count {
                    number += 1;
                    match step {
                        Step::Push(_) => {
                            queue.push_back(number);
                            deque.push_back(number);
                        }
                        Step::Pop(_) => prop_assert_eq!(queue.pop_front(), deque.pop_front()),
                    }
                    prop_assert_eq!(queue.front(), deque.front());
                    prop_assert_eq!(queue.back_mut(), deque.back_mut());
                    prop_assert_eq!(queue.len(), deque.len());
                }
                prop_assert!(queue.iter().eq(deque.iter()));
            }
        }
    }
}
