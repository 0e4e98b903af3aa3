//! Changing live orders: rule 12.

use super::admit::admit_phase;
use super::enter::Entry;
use super::floor::Floor;
use super::store::{Conditions, WaitsFor};
use crate::book::Slot;
use crate::command::{Amend, Phase, PostOnly};
use crate::event::{Event, OrderType, RejectReason, Request};
use crate::types::{Price, Qty};

/// An order as it will be.
pub(crate) struct Amended {
    pub(crate) price: Option<Price>,
    pub(crate) total: Qty,
    pub(crate) remaining: Qty,
    keeps_place: bool,
}

impl Floor<'_> {
    /// Carries out a change of a live order.
    #[inline]
    pub(crate) fn amend(&mut self, slot: Slot, amend: &Amend) {
        if !self.amend_plain(slot, amend) {
            self.amend_any(slot, amend);
        }
    }

    #[inline(never)]
    fn amend_any(&mut self, slot: Slot, amend: &Amend) {
        match self.admit_amend(slot, amend) {
            Ok(amended) => self.carry_out_amend(slot, &amended),
            Err(reason) => self.refuse_amend(slot, amend, reason),
        }
    }

    /// Changes an order as was admitted.
    pub(crate) fn carry_out_amend(&mut self, slot: Slot, amended: &Amended) {
        if amended.keeps_place {
            self.amend_in_place(slot, amended);
        } else {
            self.amend_anew(slot, amended);
        }
        self.come_to_rest();
    }

    /// Says that a change was refused.
    pub(crate) fn refuse_amend(&mut self, slot: Slot, amend: &Amend, reason: RejectReason) {
        let account = amend.account.or(amend.order.owner());
        self.refuse(Request::Amend, self.store.orders.id(slot), account, reason);
    }

    /// Rule 12.1, after the order was found.
    pub(crate) fn admit_amend(&self, slot: Slot, amend: &Amend) -> Result<Amended, RejectReason> {
        let details = self.store.details(slot);
        if self.store.killed.concerns(details.account) {
            return Err(RejectReason::Killed);
        }
        admit_phase(self.market.phase)?;
        if amend.price.is_none() && amend.quantity.is_none() {
            return Err(RejectReason::NothingToAmend);
        }
        let remaining = self.store.remaining(slot);
        let filled = details.total - remaining;
        let total = amend.quantity.unwrap_or(details.total);
        if amend.quantity.is_some() {
            self.market.admit_lots(total)?;
            if total <= filled {
                return Err(RejectReason::QuantityBelowFilled);
            }
        }
        let limit = self.store.limit(slot);
        if let Some(price) = amend.price {
            if limit.is_none() {
                return Err(RejectReason::PriceNotAllowed);
            }
            self.market.admit_limit(price)?;
        }
        let price = amend.price.or(limit);
        self.admit_amended_size(slot, price, total, total - filled)?;
        let keeps = |price: Option<Price>| price == limit && total <= details.total;
        let price = if keeps(price) {
            price
        } else {
            self.admit_amended_posting(slot, price)?
        };
        Ok(Amended {
            price,
            total,
            remaining: total - filled,
            keeps_place: keeps(price),
        })
    }

    /// The limits on the size of an order as it will be.
    fn admit_amended_size(
        &self,
        slot: Slot,
        price: Option<Price>,
        total: Qty,
        remaining: Qty,
    ) -> Result<(), RejectReason> {
        if let Some(display) = self.store.conditions(slot).and_then(Conditions::display)
            && total != self.store.details(slot).total
        {
            self.market.admit_display(total.max(display), display)?;
        }
        let peg_limit = self
            .store
            .conditions(slot)
            .and_then(|conditions| conditions.peg_limit);
        let worst = price.or(peg_limit);
        if worst.is_some_and(|price| price.notional(total).abs() < self.market.spec.min_notional()) {
            return Err(RejectReason::MinNotional);
        }
        let others = self.market.live[self.store.orders.side(slot) as usize] - self.store.remaining(slot);
        others
            .checked_add(remaining)
            .map(|_| ())
            .ok_or(RejectReason::BookFull)
    }

    /// Whether a post-only order may be entered again at this price, and at which one it will be.
    fn admit_amended_posting(&self, slot: Slot, price: Option<Price>) -> Result<Option<Price>, RejectReason> {
        let post_only = self
            .store
            .conditions(slot)
            .map_or(PostOnly::No, |conditions| conditions.post_only);
        let is_queued = self.store.orders.queue(slot).is_some();
        match price {
            Some(price) if post_only != PostOnly::No && is_queued => {
                let side = self.store.orders.side(slot);
                self.market
                    .admit_post_only(post_only, side, price, self.store)
                    .map(Some)
            }
            price => Ok(price),
        }
    }

    /// Rule 12.2: less, at the same place.
    fn amend_in_place(&mut self, slot: Slot, amended: &Amended) {
        let by = self.change_total(slot, amended);
        self.say_amended(slot, amended);
        if self.store.orders.queue(slot).is_none() {
            self.store.orders.set_quantity(slot, amended.remaining);
            return;
        }
        let from_reserve = match self.store.conditions(slot).map(|conditions| conditions.reserve) {
            Some(reserve) if !reserve.is_zero() => {
                let part = reserve.min(by);
                self.store.conditions_mut(slot).reserve -= part;
                part
            }
            _ => Qty::ZERO,
        };
        let shown_less = by - from_reserve;
        if !shown_less.is_zero() {
            self.reduce_displayed(slot, shown_less);
            self.market.sides.reduce(&mut self.store.orders, slot, shown_less);
        }
    }

    /// Sets the new total, and tells by how much less the order is.
    fn change_total(&mut self, slot: Slot, amended: &Amended) -> Qty {
        let before = self.store.remaining(slot);
        let live = &mut self.market.live[self.store.orders.side(slot) as usize];
        *live = *live - before + amended.remaining;
        self.store.orders.data_mut(slot).total = amended.total;
        before.saturating_sub(amended.remaining)
    }

    fn say_amended(&mut self, slot: Slot, amended: &Amended) {
        let peg_limit = self
            .store
            .conditions(slot)
            .and_then(|conditions| conditions.peg_limit);
        let said = Event::Amended {
            instrument: self.market.id,
            order: self.store.orders.id(slot),
            account: self.store.details(slot).account,
            price: amended.price.or(peg_limit),
            quantity: amended.total,
            kept_priority: amended.keeps_place,
        };
        self.say(said);
    }

    /// Rules 12.3 and 12.4: out of its place, and in again.
    fn amend_anew(&mut self, slot: Slot, amended: &Amended) {
        self.change_total(slot, amended);
        let waits = self.waits(slot);
        if waits == Some(WaitsFor::Trigger) {
            self.unwait_for_trigger(slot);
        }
        let was_queued = self.store.orders.queue(slot).is_some();
        if let Some(shown) = self.unqueue(slot) {
            self.say(Event::Pulled {
                instrument: self.market.id,
                order: self.store.orders.id(slot),
                side: self.store.orders.side(slot),
                price: shown.price,
                displayed: shown.quantity,
            });
        }
        self.say_amended(slot, amended);
        self.rearrive(slot);
        if let Some(price) = amended.price {
            self.store.orders.set_price(slot, price);
        }
        self.store.orders.set_quantity(slot, amended.remaining);
        if was_queued {
            self.reenter(slot);
        } else if waits == Some(WaitsFor::Trigger) {
            self.wait_for_trigger(slot);
        }
    }

    /// Enters an order that has left its queue again, with all that it has left.
    fn reenter(&mut self, slot: Slot) {
        if let Some(conditions) = self.store.conditions(slot)
            && !conditions.reserve.is_zero()
        {
            self.store.conditions_mut(slot).reserve = Qty::ZERO;
        }
        if self.store.order_type(slot) == OrderType::Pegged {
            self.store.wait(slot, WaitsFor::Peg);
            self.market.pending.book_moved = true;
            return;
        }
        let entry = Entry::again(self.store.conditions(slot));
        if self.market.phase == Phase::Continuous {
            self.enter_continuous(slot, &entry);
        } else {
            self.collect(slot, &entry);
        }
    }

    /// Gives an order a new arrival, also in the lists that go by it.
    fn rearrive(&mut self, slot: Slot) {
        let before = self.store.details(slot).arrival;
        self.arrive_anew(slot);
        let after = self.store.details(slot).arrival;
        let side = self.store.orders.side(slot);
        let market = &mut *self.market;
        for list in [
            &mut market.pegs,
            &mut market.for_auction,
            &mut market.auction.markets[side as usize],
        ] {
            if list.remove(&before).is_some() {
                list.insert(after, slot);
            }
        }
    }
}
