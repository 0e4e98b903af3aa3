//! The open orders of each account, as lists that are linked through the orders' lives.

use super::life::Open;
use crate::book::{Index, Slab, Slot};
use crate::types::AccountId;

/// No slot.
const NIL: u32 = u32::MAX;

/// Where an order stands in its owner's list, if it has an owner.
#[derive(Clone, Copy)]
pub(super) struct Links {
    /// The place of the owner among the owners.
    owner: u32,
    prev: u32,
    next: u32,
}

impl Links {
    pub(super) const NONE: Self = Self {
        owner: NIL,
        prev: NIL,
        next: NIL,
    };

    /// The order of the same owner that was accepted before.
    pub(super) fn prev(self) -> Option<u32> {
        some(self.prev)
    }
}

/// An account that has open orders.
#[derive(Clone, Copy)]
struct Owner {
    account: u64,
    oldest: u32,
    newest: u32,
}

/// Invariants: an account that has an open order is here, once, and no other; its list holds its open orders,
/// oldest first.
pub(super) struct Owners {
    owners: Vec<Owner>,
    free: Vec<u32>,
    index: Index,
}

impl Owners {
    pub(super) fn new(hash_seed: u64, orders_max: u32) -> Self {
        Self {
            owners: Vec::new(),
            free: Vec::new(),
            index: Index::new(hash_seed, orders_max),
        }
    }

    /// The newest open order of an account.
    pub(super) fn newest(&self, account: AccountId) -> Option<u32> {
        let place = self.find(account.get())?;
        some(self.owners[place as usize].newest)
    }

    /// Whose order this is.
    #[inline]
    pub(super) fn account(&self, links: Links) -> Option<AccountId> {
        let owner = self.owners.get(links.owner as usize)?;
        AccountId::new(owner.account)
    }

    #[inline]
    fn find(&self, account: u64) -> Option<u32> {
        let account_of = |place: Slot| self.owners[place.get() as usize].account;
        self.index.find(account, account_of).map(Slot::get)
    }

    /// Puts an order at the end of its owner's list.
    #[inline]
    pub(super) fn enter(&mut self, lives: &mut Slab<Open>, account: AccountId, slot: u32) {
        let place = self
            .find(account.get())
            .unwrap_or_else(|| self.add(account.get()));
        let owner = &mut self.owners[place as usize];
        lives[slot].fills.links = Links {
            owner: place,
            prev: owner.newest,
            next: NIL,
        };
        match some(owner.newest) {
            Some(newest) => lives[newest].fills.links.next = slot,
            None => owner.oldest = slot,
        }
        owner.newest = slot;
    }

    fn add(&mut self, account: u64) -> u32 {
        let new = Owner {
            account,
            oldest: NIL,
            newest: NIL,
        };
        let place = self.free.pop().unwrap_or(self.owners.len() as u32);
        match self.owners.get_mut(place as usize) {
            Some(owner) => *owner = new,
            None => self.owners.push(new),
        }
        let account_of = |place: Slot| self.owners[place.get() as usize].account;
        self.index.insert(account, Slot::new(place), account_of);
        place
    }

    /// Takes an order out of its owner's list, if it has an owner. An owner without open orders is forgotten.
    #[inline]
    pub(super) fn leave(&mut self, lives: &mut Slab<Open>, slot: u32) {
        let links = std::mem::replace(&mut lives[slot].fills.links, Links::NONE);
        let Some(owner) = self.owners.get_mut(links.owner as usize) else {
            return;
        };
        match some(links.prev) {
            Some(prev) => lives[prev].fills.links.next = links.next,
            None => owner.oldest = links.next,
        }
        match some(links.next) {
            Some(next) => lives[next].fills.links.prev = links.prev,
            None => owner.newest = links.prev,
        }
        if owner.newest == NIL {
            self.index.remove(owner.account, Slot::new(links.owner));
            self.free.push(links.owner);
        }
    }
}

#[inline]
fn some(slot: u32) -> Option<u32> {
    (slot != NIL).then_some(slot)
}
