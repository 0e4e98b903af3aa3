//! Loads the orders that the next commands name, for many of them together.
//!
//! ```text
//! first    where the id leads
//! second   the order, and its links
//! third    the links of its neighbours, which change when it leaves
//! ```
//!
//! A book that does not fit the caches waits for memory several times per command, one load after the other. A step
//! here asks for something of every order before the next step needs it of any, so the loads of one step overlap.
//! These are plain reads: nothing changes but what is in the caches.
//!
//! Only orders are worth it. What a new one needs (a slot that was left a moment ago, a level, the last order there) is
//! near or soon found; reading it in advance costs more than it saves. Nothing here branches on which commands follow
//! each other: that cannot be guessed, and a wrong guess costs as much as a dozen of these loads.

use std::hint::{black_box, select_unpredictable};

use super::cell::Kept;
use super::orders::{NOBODY, Orders};
use super::record::NIL;
use crate::OrderId;

/// How many commands are looked at together. What they use fits the nearest cache.
pub(crate) const AHEAD: usize = 64;

/// How many orders are worth it: with fewer the loads of a step do not fill the time of one.
const AHEAD_MIN: usize = 4;

/// Loads the orders with these ids. What comes after [`AHEAD`] of them is left, and so are few.
#[inline]
pub(crate) fn load<'a, D: Kept + 'a>(named: impl Iterator<Item = (&'a Orders<D>, OrderId)>) {
    let mut looks = [None; AHEAD];
    let (mut len, mut read) = (0, 0);
    for (orders, id) in named.take(AHEAD) {
        read ^= orders.touch_index(id);
        looks[len] = Some(Look {
            orders,
            id,
            slot: NIL,
        });
        len += usize::from(id != NOBODY);
    }
    if len < AHEAD_MIN {
        return;
    }
    let looks = &mut looks[..len];
    for look in looks.iter_mut().flatten() {
        read ^= look.load_order();
    }
    for look in looks.iter().flatten() {
        read ^= look.load_neighbours();
    }
    black_box(read);
}

/// An order that is named, and where it is.
#[derive(Clone, Copy)]
struct Look<'a, D: Kept> {
    orders: &'a Orders<D>,
    id: OrderId,
    slot: u32,
}

impl<D: Kept> Look<'_, D> {
    #[inline]
    fn load_order(&mut self) -> u64 {
        self.slot = self.orders.presumed_slot(self.id).get();
        self.orders.touch(self.slot)
    }

    #[inline]
    fn load_neighbours(&self) -> u64 {
        let Some(links) = self.orders.near_links(self.slot) else {
            return 0;
        };
        let load = |at: u32| {
            let at = select_unpredictable(at == NIL, self.slot, at);
            let links = self.orders.near_links(at);
            links.map_or(0, |links| u64::from(links.next))
        };
        load(links.prev) ^ load(links.next)
    }
}
