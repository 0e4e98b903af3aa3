//! Loads what the next commands will read, for many of them together.
//!
//! ```text
//! step     of an order that is taken out or changed      of an order that comes
//! first    where its id leads                            where its id will lead
//! second   its record and what is kept with it           its level, the best level of the other side, a free slot
//! third    its level and its neighbours                  the last order of its level
//! fourth                                                 the orders that it meets
//! ```
//!
//! A book that does not fit the caches waits for memory several times per command, one load after the other. A step
//! here asks for something of every command before the next step needs it of any, so the loads of one step overlap.
//! These are plain reads: nothing changes but what is in the caches.

use std::hint::black_box;

use super::orders::Orders;
use super::record::NIL;
use super::sides::Sides;
use crate::{OrderId, Price, Side};

/// How many commands are looked at together. Fewer leave the memory idle: every step takes as long as one load at least,
/// and the orders that few new ones meet come one by one. What so many use fits the nearest cache.
pub(crate) const AHEAD: usize = 64;

/// How many are worth it: with fewer the loads of a step do not fill the time of one.
const AHEAD_MIN: usize = 8;

/// How many of the orders that a new one meets are loaded.
const MAKERS: usize = 4;

/// What a command that comes soon is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upcoming {
    /// This order is taken out or changed.
    Order(OrderId),
    /// An order comes to this price.
    Place {
        /// Its id, where callers choose ids.
        id: OrderId,
        /// Its side.
        side: Side,
        /// Its price.
        price: Price,
    },
}

/// Where a command is carried out.
pub(crate) trait Venue: Copy {
    /// What is kept with an order.
    type Kept: Copy + Default;

    /// The orders.
    fn orders(&self) -> &Orders<Self::Kept>;

    /// The sides on which an order stands with which this is kept.
    fn sides_of(&self, kept: &Self::Kept) -> Option<&Sides>;

    /// The sides to which a new order comes.
    fn sides(&self) -> Option<&Sides>;
}

/// Loads what these commands will read. What comes after [`AHEAD`] of them is left, and so are few.
#[inline]
pub(crate) fn load<V: Venue>(upcoming: impl Iterator<Item = (V, Upcoming)>) {
    let (mut leaving, mut coming) = ([None; AHEAD], [None; AHEAD]);
    let (mut leaving_len, mut coming_len) = (0, 0);
    let mut read = 0;
    for (venue, upcoming) in upcoming.take(AHEAD) {
        match upcoming {
            Upcoming::Order(id) => {
                read ^= venue.orders().touch_index(id);
                leaving[leaving_len] = Some(Leaving::new(venue, id));
                leaving_len += 1;
            }
            Upcoming::Place { id, side, price } => {
                read ^= venue.orders().touch_index(id);
                coming[coming_len] = Some(Coming::new(venue, side, price));
                coming_len += 1;
            }
        }
    }
    if leaving_len + coming_len < AHEAD_MIN {
        return;
    }
    let leaving = &mut leaving[..leaving_len];
    let coming = &mut coming[..coming_len];
    for order in leaving.iter_mut().flatten() {
        read ^= order.load_record();
    }
    for order in coming.iter_mut().flatten() {
        read ^= order.load_level();
    }
    for order in leaving.iter().flatten() {
        read ^= order.load_neighbours();
    }
    for order in coming.iter_mut().flatten() {
        read ^= order.load_last();
    }
    for order in coming.iter().flatten() {
        read ^= order.load_makers();
    }
    black_box(read);
}

/// An order that is taken out or changed.
#[derive(Clone, Copy)]
struct Leaving<V> {
    venue: V,
    id: OrderId,
    slot: u32,
}

impl<V: Venue> Leaving<V> {
    #[inline]
    fn new(venue: V, id: OrderId) -> Self {
        Self { venue, id, slot: NIL }
    }

    #[inline]
    fn load_record(&mut self) -> u64 {
        let orders = self.venue.orders();
        self.slot = orders.presumed_slot(self.id).0;
        let Some((record, kept)) = orders.near(self.slot) else {
            return 0;
        };
        black_box(*kept);
        record.id
    }

    #[inline]
    fn load_neighbours(&self) -> u64 {
        let orders = self.venue.orders();
        let Some((record, kept)) = orders.near(self.slot) else {
            return 0;
        };
        let level = self
            .venue
            .sides_of(kept)
            .map_or(0, |sides| sides.touch_level(record.side(), record.price()));
        // Without a branch on what has just been asked of memory: a wrong guess would wait for it.
        let prev = if record.prev == NIL {
            self.slot
        } else {
            record.prev
        };
        let next = if record.next == NIL {
            self.slot
        } else {
            record.next
        };
        level ^ orders.touch(prev) ^ orders.touch(next)
    }
}

/// An order that comes to a price.
#[derive(Clone, Copy)]
struct Coming<V> {
    venue: V,
    side: Side,
    price: Price,
    /// The last order of its level.
    last: u32,
    /// The first order that it meets.
    maker: u32,
}

impl<V: Venue> Coming<V> {
    #[inline]
    fn new(venue: V, side: Side, price: Price) -> Self {
        Self {
            venue,
            side,
            price,
            last: NIL,
            maker: NIL,
        }
    }

    #[inline]
    fn load_level(&mut self) -> u64 {
        let orders = self.venue.orders();
        let Some(sides) = self.venue.sides() else {
            return 0;
        };
        self.last = sides.last_near(self.side, self.price);
        self.maker = sides.first_met(self.side, self.price);
        orders.touch(orders.free)
    }

    #[inline]
    fn load_last(&self) -> u64 {
        self.venue.orders().touch(self.last)
    }

    /// The orders that it meets, at the best price: each leads to the next.
    #[inline]
    fn load_makers(&self) -> u64 {
        let orders = self.venue.orders();
        let mut read = 0;
        let mut maker = self.maker;
        for _ in 0..MAKERS {
            let Some((record, kept)) = orders.near(maker) else {
                break;
            };
            black_box(*kept);
            read ^= record.id;
            maker = record.next;
        }
        read
    }
}
