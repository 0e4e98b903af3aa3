//! What happens instead of a trade with oneself: rule 5.

use super::floor::Floor;
use super::store::{Store, flag};
use super::take::Taker;
use crate::book::{Queue, Slot};
use crate::command::SelfTrade;
use crate::event::{CancelReason, Event};
use crate::types::{AccountId, GroupId, Qty};

/// Whom self-trade prevention has ended, if it had to act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prevented {
    /// The taker goes on.
    NotTaker,
    /// The taker is over.
    Taker,
}

impl Floor<'_> {
    /// Whether both orders are of one account or one group.
    pub(super) fn is_own(&self, taker: &Taker, maker: Slot) -> bool {
        self.store.is_own(taker.account, taker.group, maker)
    }

    /// Does what the taker chose instead of trading with its own `maker`.
    #[cold]
    pub(super) fn prevent(&mut self, taker: &mut Taker, maker: Slot, wanted: Qty) -> Prevented {
        match taker.self_trade {
            SelfTrade::None => unreachable!("the caller asks only for takers that prevent self-trades"),
            SelfTrade::CancelNewest => self.prevent_taker(taker),
            SelfTrade::CancelOldest => {
                self.cancel(maker, CancelReason::SelfTrade);
                Prevented::NotTaker
            }
            SelfTrade::CancelBoth => {
                self.cancel(maker, CancelReason::SelfTrade);
                self.prevent_taker(taker)
            }
            SelfTrade::Decrement => self.decrement(taker, maker, wanted),
        }
    }

    fn prevent_taker(&mut self, taker: &Taker) -> Prevented {
        if taker.has_traded && self.store.orders.mark(taker.slot) & flag::LINKED != 0 {
            self.touch_link(taker.slot);
        }
        self.cancel_rest(
            taker.slot,
            taker.remaining,
            taker.remaining,
            CancelReason::SelfTrade,
        );
        Prevented::Taker
    }

    /// Rule 5.3: both lose the lesser quantity.
    fn decrement(&mut self, taker: &mut Taker, maker: Slot, wanted: Qty) -> Prevented {
        let price = self.store.orders.price(maker);
        let maker_has = self.store.remaining(maker);
        let by = maker_has.min(wanted);
        if by == maker_has || self.store.orders.mark(maker) & flag::ALL_OR_NONE != 0 {
            self.cancel(maker, CancelReason::SelfTrade);
        } else {
            self.decrement_maker(maker, by, maker_has - by);
        }
        if by == wanted {
            self.cancel_rest(taker.slot, taker.remaining, by, CancelReason::SelfTrade);
            return Prevented::Taker;
        }
        taker.spend(price, by);
        if taker.budget.is_none() {
            self.lose(taker.slot, by);
        }
        self.say_decremented(taker.slot, by, wanted - by);
        Prevented::NotTaker
    }

    /// Takes `by` off a queued order that keeps something, the displayed part first.
    fn decrement_maker(&mut self, maker: Slot, by: Qty, remaining: Qty) {
        self.lose(maker, by);
        self.say_decremented(maker, by, remaining);
        let shown = self.store.orders.quantity(maker);
        self.reduce_displayed(maker, by.min(shown));
        if by >= shown {
            self.store.conditions_mut(maker).reserve -= by - shown;
            let replenished = self.replenish(maker);
            assert!(replenished, "what a decremented iceberg keeps is in its reserve");
        } else {
            self.market.sides.reduce(&mut self.store.orders, maker, by);
        }
    }

    /// Says that a queued order shows `by` less, if it shows anything.
    pub(super) fn reduce_displayed(&mut self, slot: Slot, by: Qty) {
        let orders = &self.store.orders;
        if orders.queue(slot) != Some(Queue::Displayed) || by.is_zero() {
            return;
        }
        let reduced = Event::Reduced {
            instrument: self.market.id,
            order: orders.id(slot),
            side: orders.side(slot),
            price: orders.price(slot),
            by,
        };
        self.say(reduced);
    }

    /// Takes `by` off an order's total and what its side has left.
    fn lose(&mut self, slot: Slot, by: Qty) {
        self.store.orders.data_mut(slot).total -= by;
        self.market.live[self.store.orders.side(slot) as usize] -= by;
    }

    fn say_decremented(&mut self, slot: Slot, by: Qty, remaining: Qty) {
        let decremented = Event::Decremented {
            instrument: self.market.id,
            order: self.store.orders.id(slot),
            account: self.store.details(slot).account,
            by,
            remaining,
        };
        self.say(decremented);
    }
}

impl Store {
    /// Whether a live order is of this account or of this group.
    pub(super) fn is_own(&self, account: Option<AccountId>, group: Option<GroupId>, order: Slot) -> bool {
        let same_account = account.is_some() && account == self.details(order).account;
        let same_group = || {
            let other = self.conditions(order).and_then(|conditions| conditions.group);
            other.is_some() && other == group
        };
        same_account || same_group()
    }
}
