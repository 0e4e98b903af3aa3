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
use super::feed::{Cursor, Divergence, FeedError, Projection, RestoreError};
use crate::book::{OrderIds, Orders, Queue, Sides};
use crate::event::{Event, EventBatch};
use crate::types::{InstrumentId, OrderId, Price, Qty, Seq, Side, Timestamp};

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

/// How much a [`Depth`] may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct DepthLimits {
    /// The most displayed orders: the engine's own limit.
    pub orders_max: u32,
    /// The most changes to levels that are remembered for the next update; 0 where nobody asks for updates.
    pub changes_max: usize,
    /// Decides where order ids land in an index, and nothing that can be seen. Somebody who does not know it
    /// cannot choose ids that collide.
    pub hash_seed: u64,
}

impl Default for DepthLimits {
    /// A million orders, a thousand changes.
    fn default() -> Self {
        Self {
            orders_max: 1_000_000,
            changes_max: 1_000,
            hash_seed: 0,
        }
    }
}

/// The displayed book of one instrument.
///
/// It is the sum of what events say, so it must be fed from the first one on, or be restored from an image.
///
/// ```
/// use engine_core::data::{Depth, DepthLimits, Projection};
/// use engine_core::{Event, EventBatch, InstrumentId, OrderId, Price, Qty, Seq, Side, Timestamp};
///
/// let instrument = InstrumentId::new(0);
/// let mut depth = Depth::new(instrument, DepthLimits::default());
/// let rested = Event::Rested {
///     instrument,
///     order: OrderId::new(1),
///     side: Side::Buy,
///     price: Price::new(100),
///     displayed: Qty::new(5),
/// };
/// depth.apply(&EventBatch { seq: Seq::new(1), time: Timestamp::ZERO, events: &[rested] })?;
/// let best = depth.best(Side::Buy).expect("an order is displayed");
/// assert_eq!((best.price, best.quantity), (Price::new(100), Qty::new(5)));
/// # Ok::<(), engine_core::data::FeedError>(())
/// ```
pub struct Depth {
    instrument: InstrumentId,
    pub(super) cursor: Cursor,
    limits: DepthLimits,
    orders: Orders<()>,
    sides: Sides,
    changes: Changes,
}

/// A [`Depth`] as plain data.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct DepthImage {
    /// Whose book.
    pub instrument: InstrumentId,
    /// How far it has come.
    pub cursor: Cursor,
    /// How much it may hold.
    pub limits: DepthLimits,
    /// The orders on the bid, first in priority first.
    pub bids: Vec<DepthOrder>,
    /// The orders on the ask, first in priority first.
    pub asks: Vec<DepthOrder>,
    /// What has changed since the last update was handed out; `None` if it is too much to remember.
    pub changed: Option<Vec<(Side, Price)>>,
    /// The last batch that the last update covered.
    pub covered: Seq,
}

impl Depth {
    /// An empty book.
    pub fn new(instrument: InstrumentId, limits: DepthLimits) -> Self {
        let hash_seed = limits.hash_seed;
        Self {
            instrument,
            cursor: Cursor::default(),
            limits,
            orders: Orders::new(OrderIds::Chosen { hash_seed }, limits.orders_max),
            sides: Sides::new(),
            changes: Changes::new(limits.changes_max),
        }
    }

    /// The best displayed price and what is displayed there.
    pub fn best(&self, side: Side) -> Option<DepthLevel> {
        self.levels(side).next()
    }

    /// The displayed levels, best first. The first n take time for n.
    pub fn levels(&self, side: Side) -> impl Iterator<Item = DepthLevel> {
        let levels = self.sides.levels(side);
        levels.map(|(price, quantity)| DepthLevel { price, quantity })
    }

    /// The displayed orders, first in priority first.
    pub fn orders(&self, side: Side) -> impl Iterator<Item = DepthOrder> {
        let first = self.sides.first_displayed(&self.orders, side);
        let slots = std::iter::successors(first, |slot| self.sides.next_displayed(&self.orders, *slot));
        slots.map(|slot| DepthOrder {
            order: self.orders.id(slot),
            price: self.orders.price(slot),
            quantity: self.orders.quantity(slot),
        })
    }

    /// How many orders are displayed.
    pub fn order_count(&self) -> usize {
        self.orders.len()
    }

    /// The best `levels` levels of each side.
    pub fn snapshot(&self, levels: usize) -> DepthSnapshot {
        let mut snapshot = DepthSnapshot::default();
        self.snapshot_into(levels, &mut snapshot);
        snapshot
    }

    /// Like [`snapshot`](Self::snapshot), into one that was used before: its memory is used again.
    pub fn snapshot_into(&self, levels: usize, snapshot: &mut DepthSnapshot) {
        snapshot.sequence = self.cursor.last().unwrap_or_default();
        snapshot.time = self.cursor.time();
        snapshot.bids.clear();
        snapshot.bids.extend(self.levels(Side::Buy).take(levels));
        snapshot.asks.clear();
        snapshot.asks.extend(self.levels(Side::Sell).take(levels));
    }

    /// Puts the levels that have changed since the last call into `update`: everything that a copy of the book
    /// as of then needs to become the book as of now. Several batches become one update.
    pub fn drain_update(&mut self, update: &mut DepthUpdate) -> Drained {
        update.time = self.cursor.time();
        let sides = &self.sides;
        self.changes.drain(self.cursor.last(), update, |side, price| sides.level_quantity(side, price))
    }

    /// Takes what an event says about the displayed book.
    #[inline]
    pub(super) fn event(&mut self, event: &Event) -> Result<(), Divergence> {
        match *event {
            Event::Rested {
                order,
                side,
                price,
                displayed,
                ..
            } if !displayed.is_zero() => self.show(order, side, price, displayed),
            Event::Replenished {
                order,
                side,
                price,
                displayed,
                ..
            } => self.show(order, side, price, displayed),
            Event::Traded {
                maker,
                taker_side,
                maker_displayed: true,
                price,
                quantity,
                ..
            } => self.take(maker, taker_side.opposite(), price, quantity),
            Event::Reduced {
                order,
                side,
                price,
                by,
                ..
            } => self.take(order, side, price, by),
            Event::Pulled {
                order,
                side,
                price,
                displayed,
                ..
            } => self.hide(order, side, price, displayed),
            Event::Cancelled {
                order,
                side,
                displayed: Some(displayed),
                ..
            } => self.hide(order, side, displayed.price, displayed.quantity),
            _ => Ok(()),
        }
    }

    #[inline]
    fn show(&mut self, order: OrderId, side: Side, price: Price, displayed: Qty) -> Result<(), Divergence> {
        if self.orders.is_full() {
            return Err(Divergence::OrdersMax(self.limits.orders_max));
        }
        if displayed.is_zero() || !price.is_valid() {
            return Err(Divergence::Level { side, price });
        }
        if self.orders.find(order).is_some() {
            return Err(Divergence::Order(order));
        }
        let slot = self.orders.insert(order, side, price, displayed, ());
        self.sides.enqueue(&mut self.orders, slot, Queue::Displayed);
        self.changes.note(side, price);
        Ok(())
    }

    #[inline]
    fn take(&mut self, order: OrderId, side: Side, price: Price, by: Qty) -> Result<(), Divergence> {
        let slot = self.orders.find(order).ok_or(Divergence::Order(order))?;
        let left = self.orders.quantity(slot).checked_sub(by);
        let is_there = self.orders.price(slot) == price && self.orders.side(slot) == side;
        let left = left.filter(|_| is_there).ok_or(Divergence::Level { side, price })?;
        if left.is_zero() {
            self.sides.dequeue(&mut self.orders, slot);
            self.orders.remove(slot);
        } else {
            self.sides.reduce(&mut self.orders, slot, by);
        }
        self.changes.note(side, price);
        Ok(())
    }

    #[inline]
    fn hide(&mut self, order: OrderId, side: Side, price: Price, displayed: Qty) -> Result<(), Divergence> {
        let slot = self.orders.find(order).ok_or(Divergence::Order(order))?;
        if self.orders.quantity(slot) != displayed {
            return Err(Divergence::Level { side, price });
        }
        self.take(order, side, price, displayed)
    }

    /// Walks everything and panics where an invariant of the containers is broken.
    #[doc(hidden)]
    pub fn check_invariants(&self) {
        self.orders.check_invariants();
        let queued = self.sides.check_invariants(&self.orders);
        assert_eq!(queued, self.orders.len(), "every order that is kept is displayed");
    }
}

impl Depth {
    /// The image, as of a cursor that may be ahead of its own: nothing has happened to it since.
    pub(super) fn image_at(&self, cursor: Cursor) -> DepthImage {
        DepthImage {
            instrument: self.instrument,
            cursor,
            limits: self.limits,
            bids: self.orders(Side::Buy).collect(),
            asks: self.orders(Side::Sell).collect(),
            changed: self.changes.remembered(),
            covered: self.changes.covered(),
        }
    }
}

impl Projection for Depth {
    type Image = DepthImage;

    fn apply(&mut self, batch: &EventBatch<'_>) -> Result<(), FeedError> {
        self.cursor.admit(batch.seq, batch.time)?;
        let instrument = Some(self.instrument);
        let mut mine = batch.events.iter().filter(|event| event.instrument() == instrument);
        let outcome = mine.try_for_each(|event| self.event(event));
        self.cursor.advance(batch.seq, batch.time, outcome)
    }

    fn last(&self) -> Option<Seq> {
        self.cursor.last()
    }

    fn time(&self) -> Timestamp {
        self.cursor.time()
    }

    fn image(&self) -> DepthImage {
        self.image_at(self.cursor)
    }

    fn restore(image: DepthImage) -> Result<Self, RestoreError> {
        let mut restored = Self::new(image.instrument, image.limits);
        restored.cursor = image.cursor;
        for (side, orders) in [(Side::Buy, &image.bids), (Side::Sell, &image.asks)] {
            let ordered = orders.is_sorted_by(|one, next| !next.price.is_better(one.price, side));
            let shown = orders
                .iter()
                .try_for_each(|order| restored.show(order.order, side, order.price, order.quantity));
            if !ordered || shown.is_err() {
                return Err(RestoreError::Inconsistent("displayed orders that no book has"));
            }
        }
        restored.changes = Changes::restore(image.limits.changes_max, image.changed, image.covered)?;
        if Some(image.covered) > image.cursor.last().or(Some(Seq::default())) {
            return Err(RestoreError::Inconsistent("an update of a batch that has not been"));
        }
        Ok(restored)
    }
}

impl std::fmt::Debug for Depth {
    /// The best of each side: a whole book helps nobody.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Depth")
            .field("instrument", &self.instrument)
            .field("cursor", &self.cursor)
            .field("bid", &self.best(Side::Buy))
            .field("ask", &self.best(Side::Sell))
            .finish_non_exhaustive()
    }
}
