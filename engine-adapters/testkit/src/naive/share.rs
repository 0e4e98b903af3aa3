//! Pro-rata: a level that the taker does not use up is shared out (3.7, 5.5).

use engine_core::{Allocation, OrderId, Price, Qty};

use super::NaiveEngine;
use super::take::Taking;

/// One displayed order of the level and what it gets.
struct Share {
    maker: OrderId,
    shown: Qty,
    gets: Qty,
}

impl NaiveEngine {
    /// One round at the level of `price`. If self-trade prevention had anything to do, the rest of the round is
    /// left to the next look at the book.
    pub(super) fn take_share(&mut self, taking: &Taking, price: Price) {
        if self.prevent_in_level(taking, price) {
            return;
        }
        let Allocation::ProRata { top_order, min_lots } = self.market(taking.at).spec.terms().allocation
        else {
            panic!("only a pro-rata market shares out");
        };
        let mut level = self.level(taking, price);
        let members: Vec<OrderId> = level.iter().map(|share| share.maker).collect();
        let mut left = self.wanted_at(taking.taker, price);
        if top_order {
            let top = level.remove(0);
            let quantity = top.shown.min(left);
            self.trade(taking, top.maker, quantity);
            left -= quantity;
        }
        share_out(&mut level, left, min_lots);
        for share in level.iter().filter(|share| !share.gets.is_zero()) {
            self.trade(taking, share.maker, share.gets);
        }
        for maker in members {
            self.replenish_if_used_up(maker);
        }
    }

    /// The displayed orders of the level, in queue order.
    fn level(&self, taking: &Taking, price: Price) -> Vec<Share> {
        let queue = self.queue(taking.at, taking.side.opposite()).into_iter();
        let displayed = queue.filter(|maker| maker.queued_at() == Some(price) && !maker.shown().is_zero());
        let share = |maker: &super::Order| Share {
            maker: maker.id(),
            shown: maker.shown(),
            gets: Qty::ZERO,
        };
        displayed.map(share).collect()
    }

    /// 5.5: lets self-trade prevention act on the level; whether there was anything to do.
    fn prevent_in_level(&mut self, taking: &Taking, price: Price) -> bool {
        let mut acted = false;
        for share in self.level(taking, price) {
            // CancelBoth and CancelNewest end with the first, Decrement when the taker is empty.
            if self.is_live(taking.taker) && self.prevents(taking, share.maker) {
                self.prevent_self_trade(taking.taker, share.maker);
                acted = true;
            }
        }
        acted
    }
}

/// Numbers 3 and 4 of 3.7.
fn share_out(level: &mut [Share], to_share: Qty, min_lots: Qty) {
    let displayed: u128 = level.iter().map(|share| u128::from(share.shown.lots())).sum();
    let mut left = to_share;
    for share in level.iter_mut() {
        let due = u128::from(to_share.lots()) * u128::from(share.shown.lots()) / displayed;
        let due = Qty::new(due as u64);
        if due >= min_lots {
            share.gets = due;
            left -= due;
        }
    }
    for share in level {
        let more = left.min(share.shown - share.gets);
        share.gets += more;
        left -= more;
    }
}
