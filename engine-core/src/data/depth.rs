//! The displayed book: every level (L2), every order (L3), and the best prices (L1).
//!
//! ```text
//! Rested Replenished          -> an order is shown at the back of its price
//! Traded Reduced              -> a shown order loses quantity; without any left it is shown no more
//! Pulled Cancelled            -> a shown order is shown no more
//! ```

mod update;

pub use update::{DepthUpdate, Drained};

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use self::update::Changes;
use super::feed::{Divergence, RestoreError};
use crate::book::{Orders, Queue, Sides, Slot};
use crate::types::{OrderId, Price, Qty, Seq, Side, Timestamp};

/// What is displayed at one price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct DepthLevel {
    /// The price.
    pub price: Price,
    /// How much is displayed there; in an update zero for a level that is no more.
    pub quantity: Qty,
}

/// One displayed order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct DepthOrder {
    /// Which order.
    pub order: OrderId,
    /// Its price.
    pub price: Price,
    /// How much of it is displayed.
    pub quantity: Qty,
}

/// The displayed book at one moment, as it is sent to others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct DepthSnapshot {
    /// The last batch that is in it; 0 before the first one. The updates that follow begin after it.
    pub sequence: Seq,
    /// The time of that batch.
    pub time: Timestamp,
    /// What is bid, highest price first.
    pub bids: Vec<DepthLevel>,
    /// What is asked, lowest price first.
    pub asks: Vec<DepthLevel>,
}

/// The displayed book of one instrument, as [`Projections`](super::Projections) have it.
#[derive(Clone, Copy)]
pub struct Depth<'a> {
    pub(super) shown: &'a Shown,
    pub(super) orders: &'a Orders<()>,
    pub(super) sequence: Seq,
    pub(super) time: Timestamp,
}

impl<'a> Depth<'a> {
    /// The best displayed price and what is displayed there.
    pub fn best(self, side: Side) -> Option<DepthLevel> {
        let price = self.shown.sides.best(side)?;
        let quantity = self.shown.sides.level_quantity(side, price);
        Some(DepthLevel { price, quantity })
    }

    /// The displayed levels, best first. The first n take time for n.
    pub fn levels(self, side: Side) -> impl Iterator<Item = DepthLevel> + 'a {
        let levels = self.shown.sides.levels(side);
        levels.map(|(price, quantity)| DepthLevel { price, quantity })
    }

    /// The displayed orders, first in priority first.
    pub fn orders(self, side: Side) -> impl Iterator<Item = DepthOrder> + 'a {
        let Self { shown, orders, .. } = self;
        let first = shown.sides.first_displayed(orders, side);
        let slots = std::iter::successors(first, |slot| shown.sides.next_displayed(orders, *slot));
        slots.map(|slot| DepthOrder {
            order: orders.id(slot),
            price: orders.price(slot),
            quantity: orders.quantity(slot),
        })
    }

    /// The best `levels` levels of each side.
    pub fn snapshot(self, levels: usize) -> DepthSnapshot {
        let mut snapshot = DepthSnapshot::default();
        self.snapshot_into(levels, &mut snapshot);
        snapshot
    }

    /// Like [`snapshot`](Self::snapshot), into one that was used before: its memory is used again.
    pub fn snapshot_into(self, levels: usize, snapshot: &mut DepthSnapshot) {
        (snapshot.sequence, snapshot.time) = (self.sequence, self.time);
        snapshot.bids.clear();
        snapshot.bids.extend(self.levels(Side::Buy).take(levels));
        snapshot.asks.clear();
        snapshot.asks.extend(self.levels(Side::Sell).take(levels));
    }
}

impl std::fmt::Debug for Depth<'_> {
    /// The best of each side: a whole book helps nobody.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Depth")
            .field("sequence", &self.sequence)
            .field("bid", &self.best(Side::Buy))
            .field("ask", &self.best(Side::Sell))
            .finish_non_exhaustive()
    }
}

/// A displayed book as plain data.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct DepthImage {
    /// The orders on the bid, first in priority first.
    pub bids: Vec<DepthOrder>,
    /// The orders on the ask, first in priority first.
    pub asks: Vec<DepthOrder>,
    /// What has changed since the last update was handed out; `None` if it is too much to remember.
    pub changed: Option<Vec<(Side, Price)>>,
    /// The last batch that the last update covered.
    pub covered: Seq,
}

/// Where the orders of one instrument stand that everybody sees. The orders themselves live in a store that
/// serves all instruments; one that is not shown is parked there.
///
/// Invariant: a side shows at most [`Qty::MAX`], so no level overflows.
pub(super) struct Shown {
    sides: Sides,
    /// What each side shows.
    totals: [Qty; 2],
    changes: Changes,
}

/// A displayed quantity at a price, as events name it.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) side: Side,
    pub(super) price: Price,
    pub(super) quantity: Qty,
}

impl Place {
    #[inline]
    pub(super) fn new(side: Side, price: Price, quantity: Qty) -> Self {
        Self {
            side,
            price,
            quantity,
        }
    }

    fn is_not_so(self) -> Divergence {
        Divergence::Level {
            side: self.side,
            price: self.price,
        }
    }
}

impl Shown {
    /// An empty book that remembers up to `changes_max` changed levels.
    pub(super) fn new(changes_max: usize) -> Self {
        Self {
            sides: Sides::new(),
            totals: [Qty::ZERO; 2],
            changes: Changes::new(changes_max),
        }
    }

    /// Shows a parked order at the back of its price.
    #[inline]
    pub(super) fn show(
        &mut self,
        orders: &mut Orders<()>,
        slot: Slot,
        place: Place,
    ) -> Result<(), Divergence> {
        let can_be = place.price.is_valid() && !place.quantity.is_zero() && orders.side(slot) == place.side;
        let total = self.totals[place.side as usize].checked_add(place.quantity);
        let total = total.filter(|_| can_be && orders.queue(slot).is_none());
        self.totals[place.side as usize] = total.ok_or_else(|| place.is_not_so())?;
        orders.set_price(slot, place.price);
        orders.set_quantity(slot, place.quantity);
        self.sides.enqueue(orders, slot, Queue::Displayed);
        self.changes.note(place.side, place.price);
        Ok(())
    }

    /// Takes quantity from a shown order. Returns whether nothing of it is left: it is parked then.
    #[inline]
    pub(super) fn take(
        &mut self,
        orders: &mut Orders<()>,
        slot: Slot,
        place: Place,
    ) -> Result<bool, Divergence> {
        let is_there = orders.price(slot) == place.price && orders.side(slot) == place.side;
        let is_shown = is_there && orders.queue(slot).is_some();
        let left = orders
            .quantity(slot)
            .checked_sub(place.quantity)
            .filter(|_| is_shown);
        let left = left.ok_or_else(|| place.is_not_so())?;
        self.totals[place.side as usize] -= place.quantity;
        self.changes.note(place.side, place.price);
        if left.is_zero() {
            self.sides.dequeue(orders, slot);
        } else {
            self.sides.reduce(orders, slot, place.quantity);
        }
        Ok(left.is_zero())
    }

    /// Hands out what has changed since the last call.
    pub(super) fn drain_update(&mut self, last: Seq, time: Timestamp, update: &mut DepthUpdate) -> Drained {
        update.time = time;
        let sides = &self.sides;
        self.changes
            .drain(last, update, |side, price| sides.level_quantity(side, price))
    }

    pub(super) fn image(&self, depth: Depth<'_>) -> DepthImage {
        DepthImage {
            bids: depth.orders(Side::Buy).collect(),
            asks: depth.orders(Side::Sell).collect(),
            changed: self.changes.remembered(),
            covered: self.changes.covered(),
        }
    }

    /// The book that has this image. `slot_of` finds the parked order, or puts it into the store.
    pub(super) fn restore(
        image: DepthImage,
        changes_max: usize,
        orders: &mut Orders<()>,
        mut slot_of: impl FnMut(&mut Orders<()>, OrderId, Side) -> Option<Slot>,
    ) -> Result<Self, RestoreError> {
        let mut restored = Self::new(changes_max);
        for (side, shown) in [(Side::Buy, &image.bids), (Side::Sell, &image.asks)] {
            for order in shown {
                let place = Place {
                    side,
                    price: order.price,
                    quantity: order.quantity,
                };
                let slot = slot_of(orders, order.order, side);
                let outcome = slot.map(|slot| restored.show(orders, slot, place));
                if outcome != Some(Ok(())) {
                    return Err(RestoreError::Inconsistent("a displayed order that cannot be"));
                }
            }
            if !shown.is_sorted_by(|one, next| !next.price.is_better(one.price, side)) {
                return Err(RestoreError::Inconsistent("displayed orders are not in order"));
            }
        }
        restored.changes = Changes::restore(changes_max, image.changed, image.covered)?;
        Ok(restored)
    }

    /// Walks everything and panics where an invariant is broken. Returns the number of shown orders.
    pub(super) fn check_invariants(&self, orders: &Orders<()>) -> usize {
        for side in Side::BOTH {
            let levels: u64 = self.sides.levels(side).map(|(_, quantity)| quantity.lots()).sum();
            assert_eq!(
                levels,
                self.totals[side as usize].lots(),
                "the total is that of the levels"
            );
        }
        self.sides.check_invariants(orders)
    }
}
