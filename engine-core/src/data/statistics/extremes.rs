//! The highest and the lowest price of a window, without looking at all of it.

use std::collections::VecDeque;

use super::Entry;
use crate::types::Price;

/// Trades of one block.
const BLOCK: u64 = 128;

/// The highest and the lowest price of a window of trades that are numbered one by one.
///
/// ```text
/// trades   gone .. gone | still there .. | .. whole blocks .. | .. youngest
///          └──── the block of the oldest ┘                    └ its extremes so far
///                is looked at when asked   extremes of each
/// ```
///
/// A trade is compared with the extremes of its block, and whether it is one nobody needs to guess. Looking at the oldest
/// block when somebody asks is what that is paid with.
#[derive(Clone, Debug)]
pub(super) struct BlockExtremes {
    /// Of the whole blocks behind that of the oldest trade.
    whole: Extremes,
    high: Price,
    low: Price,
}

impl BlockExtremes {
    pub(super) fn new() -> Self {
        Self {
            whole: Extremes::new(),
            high: Price::new(i64::MIN),
            low: Price::new(i64::MAX),
        }
    }

    /// Adds the trade with a number; `oldest` is that of the oldest one.
    #[inline]
    pub(super) fn push(&mut self, number: u64, price: Price, oldest: u64) {
        if number.is_multiple_of(BLOCK) {
            self.begin_block(number / BLOCK, oldest);
        }
        self.high = self.high.max(price);
        self.low = self.low.min(price);
    }

    #[inline(never)]
    fn begin_block(&mut self, block: u64, oldest: u64) {
        if block > oldest / BLOCK + 1 {
            self.whole.push(block - 1, self.high);
            self.whole.push(block - 1, self.low);
        }
        (self.high, self.low) = (Price::new(i64::MIN), Price::new(i64::MAX));
    }

    /// Takes note that the trade with this number is the oldest one now.
    #[inline]
    pub(super) fn drop_below(&mut self, oldest: u64) {
        if oldest.is_multiple_of(BLOCK) {
            self.whole.drop_below(oldest / BLOCK + 1);
        }
    }

    /// The highest and the lowest price of these trades, which are all from number `oldest` on.
    pub(super) fn of<'a>(
        &self,
        oldest: u64,
        len: usize,
        trades: impl Iterator<Item = &'a Entry>,
    ) -> Option<(Price, Price)> {
        let block = oldest / BLOCK;
        let first = trades
            .take((BLOCK - oldest % BLOCK) as usize)
            .map(|trade| (trade.price, trade.price));
        let whole = self.whole.high().zip(self.whole.low());
        let is_youngest_another = (oldest + len as u64).saturating_sub(1) / BLOCK > block;
        let youngest = is_youngest_another.then_some((self.high, self.low));
        let all = first.chain(whole).chain(youngest);
        all.reduce(|(high, low), (other_high, other_low)| (high.max(other_high), low.min(other_low)))
    }
}

/// The highest and the lowest price of a window that moves.
///
/// Each queue holds the prices that are still to become an extreme when what is before them has left: from
/// front to back they get worse and younger. A number may be pushed several times.
#[derive(Clone, Debug)]
pub(super) struct Extremes {
    highs: VecDeque<(u64, Price)>,
    lows: VecDeque<(u64, Price)>,
}

impl Extremes {
    pub(super) fn new() -> Self {
        Self {
            highs: VecDeque::new(),
            lows: VecDeque::new(),
        }
    }

    #[inline]
    pub(super) fn push(&mut self, number: u64, price: Price) {
        push_candidate(&mut self.highs, number, price, |older| older <= price);
        push_candidate(&mut self.lows, number, price, |older| older >= price);
    }

    /// Lets everything leave whose number is less than `number`.
    #[inline]
    pub(super) fn drop_below(&mut self, number: u64) {
        for queue in [&mut self.highs, &mut self.lows] {
            while queue.front().is_some_and(|(at, _)| *at < number) {
                queue.pop_front();
            }
        }
    }

    pub(super) fn high(&self) -> Option<Price> {
        self.highs.front().map(|(_, price)| *price)
    }

    pub(super) fn low(&self) -> Option<Price> {
        self.lows.front().map(|(_, price)| *price)
    }
}

#[inline]
fn push_candidate(
    queue: &mut VecDeque<(u64, Price)>,
    number: u64,
    price: Price,
    is_no_better: impl Fn(Price) -> bool,
) {
    while queue.back().is_some_and(|(_, older)| is_no_better(*older)) {
        queue.pop_back();
    }
    // What leaves together needs no second candidate.
    if queue.back().is_none_or(|(at, _)| *at != number) {
        queue.push_back((number, price));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::types::{Qty, Timestamp};

    /// So many trades come, then so many leave.
    fn steps() -> impl Strategy<Value = Vec<(u64, u64)>> {
        prop::collection::vec((0..300_u64, 0..300_u64), 1..12)
    }

    proptest! {
        /// Extremes of a window that is empty, within a block, over an edge and over many blocks.
        #[test]
        fn extremes_of_blocks_are_those_of_all_trades(steps in steps(), seed in any::<u64>()) {
            let (mut extremes, mut window) = (BlockExtremes::new(), VecDeque::new());
            let (mut number, mut oldest, mut random) = (0, 0, seed);
            for (come, leave) in steps {
                for _ in 0..come {
                    random = random.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
                    let price = Price::new((random >> 40) as i64 % 1_000 + number as i64 % 500);
                    extremes.push(number, price, oldest);
                    window.push_back(Entry { time: Timestamp::ZERO, price, quantity: Qty::new(1) });
                    number += 1;
                }
                for step in 0..leave.min(window.len() as u64) {
                    oldest += 1;
                    window.pop_front();
                    extremes.drop_below(oldest);
                    if step % 50 == 0 || window.len() < 3 {
                        check(&extremes, &window, oldest)?;
                    }
                }
                check(&extremes, &window, oldest)?;
            }
        }
    }

    fn check(extremes: &BlockExtremes, window: &VecDeque<Entry>, oldest: u64) -> Result<(), TestCaseError> {
        let prices = || window.iter().map(|trade| trade.price);
        let expected = prices().max().zip(prices().min());
        prop_assert_eq!(
            extremes.of(oldest, window.len(), window.iter()),
            expected,
            "from {} on",
            oldest
        );
        Ok(())
    }
}
