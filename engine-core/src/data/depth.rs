//! The displayed book: every level (L2), every order (L3), and the best prices (L1).
//!
//! ```text
//! Rested Replenished          -> an order is shown at the back of its price
//! Traded Reduced              -> a shown order loses quantity; without any left it is shown no more
//! Pulled Cancelled            -> a shown order is shown no more
//! ```

mod update;

pub use update::{DepthUpdate, Drained};

use std::hint::select_unpredictable;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use self::update::Changes;
use super::cells::{Cells, NIL};
use super::feed::{Divergence, RestoreError};
use crate::book::{Ladder, Level, price_at, rank};
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
    pub(super) cells: &'a Cells,
    pub(super) sequence: Seq,
    pub(super) time: Timestamp,
}

impl<'a> Depth<'a> {
    /// The best displayed price and what is displayed there.
    pub fn best(self, side: Side) -> Option<DepthLevel> {
        let ladder = self.shown.ladder(side);
        let best = ladder.best()?;
        Some(DepthLevel {
            price: price_at(side, best),
            quantity: Qty::new(ladder.level(best).quantity),
        })
    }

    /// The displayed levels, best first. The first n take time for n.
    pub fn levels(self, side: Side) -> impl Iterator<Item = DepthLevel> + 'a {
        let levels = self.shown.ladder(side).iter();
        levels.map(move |(rank, level)| DepthLevel {
            price: price_at(side, rank),
            quantity: Qty::new(level.quantity),
        })
    }

    /// The displayed orders, first in priority first.
    pub fn orders(self, side: Side) -> impl Iterator<Item = DepthOrder> + 'a {
        let Self { shown, cells, .. } = self;
        let levels = shown.ladder(side).iter();
        let slots = levels.flat_map(|(_, level)| queue(cells, level));
        slots.map(|slot| {
            let cell = cells.at(slot);
            DepthOrder {
                order: cell.id,
                price: cell.price,
                quantity: cell.displayed,
            }
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
    /// What has changed since the last update was handed out, each level once, asks before bids and best first; `None`
    /// if it is too much to remember.
    pub changed: Option<Vec<(Side, Price)>>,
    /// The last batch that the last update covered.
    pub covered: Seq,
}

/// The orders of a level, first to last.
fn queue<'a>(cells: &'a Cells, level: &Level) -> impl Iterator<Item = u32> + 'a {
    let some = |slot: u32| (slot != NIL).then_some(slot);
    std::iter::successors(some(level.head), move |slot| some(cells.at(*slot).next))
}

/// Where the orders of one instrument stand that everybody sees. The orders themselves are cells, which serve all
/// instruments.
///
/// Invariants: an order stands at its price once; a level holds what its orders hold; a side shows at most
/// [`Qty::MAX`], so no level overflows.
pub(super) struct Shown {
    ladders: [Ladder; 2],
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

    pub(super) fn is_not_so(self) -> Divergence {
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
            ladders: Default::default(),
            totals: [Qty::ZERO; 2],
            changes: Changes::new(changes_max),
        }
    }

    #[inline]
    fn ladder(&self, side: Side) -> &Ladder {
        &self.ladders[side as usize]
    }

    /// Shows an order that is not displayed at the back of its price.
    #[inline]
    pub(super) fn show(&mut self, cells: &mut Cells, slot: u32, place: Place) -> Result<(), Divergence> {
        let Place {
            side,
            price,
            quantity,
        } = place;
        let cell = cells.at_mut(slot);
        let can_be = price.is_valid() && !quantity.is_zero() && cell.side == side && !cell.is_displayed();
        let total = self.totals[side as usize].checked_add(quantity);
        let Some(total) = total.filter(|_| can_be) else {
            return Err(place.is_not_so());
        };
        self.totals[side as usize] = total;
        let rank = rank(side, price);
        let ladder = &mut self.ladders[side as usize];
        let level = ladder.level_or_new(rank);
        let last = std::mem::replace(&mut level.tail, slot);
        level.quantity += quantity.lots();
        (cell.price, cell.displayed) = (price, quantity);
        (cell.prev, cell.next) = (last, NIL);
        level.head = select_unpredictable(last == NIL, slot, level.head);
        cells.at_mut(last).next = slot;
        // Whether it is the first one there nobody can guess, and a level may be opened again.
        ladder.open(rank);
        self.changes.note(side, price);
        Ok(())
    }

    /// Takes quantity from a displayed order. With nothing left of it, it is displayed no more.
    #[inline]
    pub(super) fn take(&mut self, cells: &mut Cells, slot: u32, place: Place) -> Result<(), Divergence> {
        let Place {
            side,
            price,
            quantity,
        } = place;
        let cell = cells.at_mut(slot);
        let is_there = cell.price == price && cell.side == side && cell.is_displayed();
        let left = cell.displayed.checked_sub(quantity).filter(|_| is_there);
        let Some(left) = left else {
            return Err(place.is_not_so());
        };
        cell.displayed = left;
        let (prev, next) = (cell.prev, cell.next);
        self.totals[side as usize] -= quantity;
        let rank = rank(side, price);
        let ladder = &mut self.ladders[side as usize];
        let level = ladder.level_mut(rank);
        level.quantity -= quantity.lots();
        if left.is_zero() {
            level.head = select_unpredictable(prev == NIL, next, level.head);
            level.tail = select_unpredictable(next == NIL, prev, level.tail);
            let is_empty = level.head == NIL;
            cells.at_mut(prev).next = next;
            cells.at_mut(next).prev = prev;
            if is_empty {
                ladder.close(rank);
            }
        }
        self.changes.note(side, price);
        Ok(())
    }

    /// Hands out what has changed since the last call.
    pub(super) fn drain_update(&mut self, last: Seq, time: Timestamp, update: &mut DepthUpdate) -> Drained {
        update.time = time;
        let ladders = &self.ladders;
        self.changes.drain(last, update, |side, price| {
            Qty::new(ladders[side as usize].level(rank(side, price)).quantity)
        })
    }

    pub(super) fn image(&self, depth: Depth<'_>) -> DepthImage {
        DepthImage {
            bids: depth.orders(Side::Buy).collect(),
            asks: depth.orders(Side::Sell).collect(),
            changed: self.changes.remembered(),
            covered: self.changes.covered(),
        }
    }

    /// The book that has this image. `slot_of` finds the order, or takes it in.
    pub(super) fn restore(
        image: DepthImage,
        changes_max: usize,
        cells: &mut Cells,
        mut slot_of: impl FnMut(&mut Cells, OrderId, Side) -> Option<u32>,
    ) -> Result<Self, RestoreError> {
        let mut restored = Self::new(changes_max);
        for (side, shown) in [(Side::Buy, &image.bids), (Side::Sell, &image.asks)] {
            for order in shown {
                let place = Place {
                    side,
                    price: order.price,
                    quantity: order.quantity,
                };
                let slot = slot_of(cells, order.order, side);
                let outcome = slot.map(|slot| restored.show(cells, slot, place));
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

    /// Walks everything and panics where an invariant is broken. Returns the number of displayed orders.
    pub(super) fn check_invariants(&self, cells: &Cells) -> usize {
        self.changes.check_invariants();
        let mut count = 0;
        for side in Side::BOTH {
            self.ladder(side).check_invariants();
            let mut total = 0;
            for (rank, level) in self.ladder(side).iter() {
                let (len, quantity) = check_level(cells, (side, price_at(side, rank)), level);
                assert_eq!(level.quantity, quantity, "a level holds what its orders hold");
                (count, total) = (count + len, total + quantity);
            }
            assert_eq!(
                total,
                self.totals[side as usize].lots(),
                "the total is that of the levels"
            );
        }
        count
    }
}

/// Checks the orders of a level, and returns how many they are and what they hold.
fn check_level(cells: &Cells, (side, price): (Side, Price), level: &Level) -> (usize, u64) {
    let (mut count, mut quantity, mut last) = (0, 0, NIL);
    for slot in queue(cells, level) {
        let cell = cells.at(slot);
        assert_eq!(
            (cell.side, cell.price),
            (side, price),
            "an order stands at its price"
        );
        assert_eq!(cell.prev, last, "links agree in both directions");
        assert!(cell.is_displayed(), "an order that stands somewhere is displayed");
        (count, quantity, last) = (count + 1, quantity + cell.displayed.lots(), slot);
    }
    assert_eq!(level.tail, last, "a level ends with its last order");
    (count, quantity)
}
