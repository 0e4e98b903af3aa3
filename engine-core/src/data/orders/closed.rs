//! The states of the orders that closed last.
//!
//! ```text
//! ring      position (a running number) -> state, and the position before it in the same bucket
//! buckets   hash of an id -> the newest position that has this hash
//! ```
//!
//! A position that is older than what the ring holds leads nowhere, so nothing has to be taken out of a
//! bucket when the ring comes round: closing an order writes one state, one link and one bucket.

use super::life::{Ended, Extras, Progress};
use super::state::{OrderState, OrderStatus};
use crate::book::{Keys, Slab};
use crate::command::ClientOrderId;
use crate::data::cells::Cell;
use crate::types::{AccountId, Amount, OrderId};

/// The most buckets: 4 MiB of them. With more states than that, a bucket's chain is a few steps long.
const BUCKETS_MAX: usize = 1 << 20;

/// Invariants: the ring holds the newest `len` positions up to the newest one; a chain of positions leads from
/// newer to older ones.
pub(super) struct Closed {
    ring: Slab<Ended>,
    /// The extras of each place of the ring, where its order has some.
    extras: Slab<Extras>,
    /// The position before, of each place of the ring.
    links: Slab<u32>,
    buckets: Vec<u32>,
    keys: Keys,
    closed_max: u32,
    len: u32,
    /// The position of the newest state, and so, but for turns of 2^32, how many there have been.
    newest: u32,
    /// The place of the newest state in the ring.
    newest_at: u32,
    lost: u64,
}

impl Closed {
    pub(super) fn new(closed_max: u32, hash_seed: u64) -> Self {
        let buckets = (closed_max as usize).min(BUCKETS_MAX).next_power_of_two();
        Self {
            ring: Slab::new(closed_max as usize),
            extras: Slab::new(closed_max as usize),
            links: Slab::new(closed_max as usize),
            buckets: vec![0; buckets],
            keys: Keys::new(hash_seed),
            closed_max,
            len: 0,
            newest: 0,
            newest_at: closed_max.saturating_sub(1),
            lost: 0,
        }
    }

    /// How many states were overwritten without having been handed out.
    pub(super) fn lost(&self) -> u64 {
        self.lost
    }

    pub(super) fn set_lost(&mut self, lost: u64) {
        self.lost = lost;
    }

    #[inline]
    fn bucket(&self, order: OrderId) -> usize {
        self.keys.hash32(order.get()) as usize & (self.buckets.len() - 1)
    }

    /// Takes in an order that closed just now, as it is, with its extras if it has any.
    #[inline(always)]
    pub(super) fn push(
        &mut self,
        cell: &Cell,
        progress: Progress,
        (account, status): (Option<AccountId>, OrderStatus),
        extras: Option<&Extras>,
    ) {
        let Some(at) = self.next_place(cell.id) else {
            return;
        };
        self.ring[at].set(cell, progress, account, status);
        if let Some(extras) = extras {
            self.extras[at] = *extras;
            if cell.has_limit_apart {
                self.ring[at].price = extras.limit;
            }
        }
    }

    /// Takes in the state of an order that is closed.
    pub(super) fn push_state(&mut self, state: &OrderState) {
        let Some(at) = self.next_place(state.order) else {
            return;
        };
        (self.ring[at], self.extras[at]) = (Ended::of(state), Extras::of(state));
    }

    /// The place in the ring for an order that closed just now, if any is kept.
    #[inline]
    fn next_place(&mut self, order: OrderId) -> Option<u32> {
        if self.len == self.closed_max {
            self.lost = self.lost.saturating_add(1);
            if self.closed_max == 0 {
                return None;
            }
            self.len -= 1;
        }
        self.len += 1;
        let bucket = self.bucket(order);
        self.newest = self.newest.wrapping_add(1);
        let link = std::mem::replace(&mut self.buckets[bucket], self.newest);
        self.newest_at = if self.newest_at + 1 == self.closed_max {
            0
        } else {
            self.newest_at + 1
        };
        if self.newest_at as usize == self.ring.len() {
            self.add_place();
        }
        self.links[self.newest_at] = link;
        Some(self.newest_at)
    }

    #[cold]
    #[inline(never)]
    fn add_place(&mut self) {
        self.ring.push(Ended::NONE);
        self.extras.push(Extras::NONE);
        self.links.push(0);
    }

    /// The place of a state that is so much older than the newest one.
    #[inline]
    fn place(&self, age: u32) -> u32 {
        match self.newest_at.checked_sub(age) {
            Some(place) => place,
            // The age is less than the size of the ring, and more than the place of the newest.
            None => self.closed_max - (age - self.newest_at),
        }
    }

    /// The newest state with this id.
    pub(super) fn find(&self, order: OrderId) -> Option<OrderState> {
        self.place_of(order).map(|place| self.state(place))
    }

    /// Adds to what the newest order with this id was charged, if it is still kept.
    pub(super) fn charge(&mut self, order: OrderId, fee: Amount) {
        let Some(place) = self.place_of(order) else { return };
        let ended = &mut self.ring[place];
        if !ended.has_extras {
            (ended.has_extras, self.extras[place]) = (true, Extras::NONE);
        }
        self.extras[place].charge(fee);
    }

    fn place_of(&self, order: OrderId) -> Option<u32> {
        let mut position = self.buckets[self.bucket(order)];
        let mut age_before = None;
        loop {
            let age = self.newest.wrapping_sub(position);
            // A chain leads to older states only; what does not is what a turn of all positions has left.
            if age >= self.len || age_before >= Some(age) {
                return None;
            }
            let place = self.place(age);
            if self.ring[place].order == order {
                return Some(place);
            }
            (position, age_before) = (self.links[place], Some(age));
        }
    }

    /// The states, the one that closed first first.
    pub(super) fn iter(&self) -> impl Iterator<Item = OrderState> {
        (0..self.len).rev().map(|age| self.state(self.place(age)))
    }

    #[inline]
    fn state(&self, place: u32) -> OrderState {
        self.ring[place].state(&self.extras[place])
    }

    /// Hands out the state of the order that closed first.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<OrderState> {
        self.len = self.len.checked_sub(1)?;
        let place = self.place(self.len);
        if self.len == 0 {
            // Whoever takes them all gets the memory used again that is still at hand.
            self.newest_at = self.closed_max - 1;
        }
        Some(self.state(place))
    }

    /// Notes the owner's own name of the order that closed last, if that is this one.
    pub(super) fn name_newest(&mut self, order: OrderId, client_id: ClientOrderId) {
        let at = self.newest_at;
        if self.len > 0 && self.ring[at].order == order {
            // A refused order has extras from the beginning.
            self.extras[at].client_id = Some(client_id);
        }
    }
}
