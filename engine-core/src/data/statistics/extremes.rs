//! The highest and the lowest price of a window, without looking at all of it.

use std::collections::VecDeque;

use crate::types::Price;

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
