//! Orders whose price follows the displayed book: rule 6.

use super::admit::one_short_of;
use super::enter::Entry;
use super::floor::Floor;
use super::store::WaitsFor;
use crate::book::Slot;
use crate::command::{Peg, Phase};
use crate::types::{Price, Side};

impl Floor<'_> {
    /// Lets a pegged order wait until it is placed.
    pub(super) fn wait_for_peg(&mut self, slot: Slot) {
        self.store.wait(slot, WaitsFor::Peg);
        self.market.pegs.insert(self.store.details(slot).arrival, slot);
        self.market.pending.book_moved = true;
    }

    /// Puts every pegged order where the displayed book says, oldest first, until one has traded. Whether anything
    /// was queued or traded.
    #[inline]
    pub(super) fn place_pegs(&mut self) -> bool {
        if !std::mem::take(&mut self.market.pending.book_moved) || self.market.pegs.is_empty() {
            return false;
        }
        self.move_pegs()
    }

    #[cold]
    fn move_pegs(&mut self) -> bool {
        let mut moved = false;
        let pegs: Vec<(u64, Slot)> = self
            .market
            .pegs
            .iter()
            .map(|(arrival, slot)| (*arrival, *slot))
            .collect();
        for (arrival, slot) in pegs {
            // One that was placed before may have cancelled it.
            if self.market.pegs.get(&arrival) != Some(&slot) {
                continue;
            }
            let price = self.peg_price(slot);
            if price == self.stands_at(slot) {
                continue;
            }
            self.unqueue(slot);
            let Some(price) = price else {
                self.store.wait(slot, WaitsFor::Peg);
                continue;
            };
            moved = true;
            if self.place_peg(slot, price) {
                break;
            }
        }
        moved
    }

    /// Whether a pegged order stands elsewhere than the displayed book says.
    pub(super) fn is_misplaced(&self, slot: Slot) -> bool {
        self.peg_price(slot) != self.stands_at(slot)
    }

    /// Where a pegged order stands now.
    fn stands_at(&self, slot: Slot) -> Option<Price> {
        let order = self.store.orders.view(slot);
        order.queue().map(|_| order.price())
    }

    /// Enters a pegged order at a price, and tells whether it has traded.
    fn place_peg(&mut self, slot: Slot, price: Price) -> bool {
        self.store.conditions_mut(slot).waits = None;
        self.store.orders.set_price(slot, price);
        let entry = Entry::again(self.store.conditions(slot));
        let has_traded = self.enter_continuous(slot, &entry);
        has_traded || self.market.phase != Phase::Continuous
    }

    /// Rule 6.1.
    fn peg_price(&self, slot: Slot) -> Option<Price> {
        let side = self.store.orders.side(slot);
        let conditions = self
            .store
            .conditions(slot)
            .expect("a pegged order has conditions");
        let (peg, offset) = conditions.peg.expect("a pegged order follows something");
        let (own, other) = (
            self.market.sides.best(side),
            self.market.sides.best(side.opposite()),
        );
        let reference = match peg {
            Peg::Primary => own?.ticks(),
            Peg::Market => other?.ticks(),
            Peg::Mid => middle(own?, other?, side),
        };
        // Both are within 54 bits.
        let mut price = Price::new(reference + offset);
        if let Some(limit) = conditions.peg_limit {
            price = worse_of(price, limit, side);
        }
        if let Some(other) = other {
            price = worse_of(price, one_short_of(other, side)?, side);
        }
        self.market.spec.allows_price(price).then_some(price)
    }
}

/// The price that reaches less far.
fn worse_of(one: Price, other: Price, side: Side) -> Price {
    match side {
        Side::Buy => one.min(other),
        Side::Sell => one.max(other),
    }
}

/// The middle of two prices, rounded away from trading.
fn middle(own: Price, other: Price, side: Side) -> i64 {
    let sum = own.ticks() + other.ticks();
    match side {
        Side::Buy => sum.div_euclid(2),
        Side::Sell => -(-sum).div_euclid(2),
    }
}
