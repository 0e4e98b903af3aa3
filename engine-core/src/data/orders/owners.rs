//! The open orders of each account, as lists.

use crate::book::{Index, Slab, Slot};
use crate::types::AccountId;

/// No slot.
const NIL: u32 = u32::MAX;

/// Where an order stands in its owner's list, if it has an owner. These lie by themselves, because the ones of
/// the orders before and after change with every order that comes or goes.
#[derive(Clone, Copy)]
struct Links {
    /// The place of the owner among the owners.
    owner: u32,
    prev: u32,
    next: u32,
}

impl Links {
    const NONE: Self = Self {
        owner: NIL,
        prev: NIL,
        next: NIL,
    };
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
    /// By slot. A slot without an order that has an owner has none.
    links: Slab<Links>,
    owners: Vec<Owner>,
    free: Vec<u32>,
    index: Index,
}

impl Owners {
    pub(super) fn new(hash_seed: u64, orders_max: u32) -> Self {
        Self {
            links: Slab::new(orders_max as usize),
            owners: Vec::new(),
            free: Vec::new(),
            index: Index::new(hash_seed, orders_max),
        }
    }

    /// Makes room for an order in one slot more.
    pub(super) fn add_slot(&mut self) {
        self.links.push(Links::NONE);
    }

    /// The open orders of an account, newest first.
    pub(super) fn orders(&self, account: AccountId) -> impl Iterator<Item = u32> {
        let place = self.find(account.get());
        let newest = place.and_then(|place| some(self.owners[place as usize].newest));
        std::iter::successors(newest, |slot| some(self.links[*slot].prev))
    }

    /// The accounts that have open orders, in order.
    pub(super) fn accounts(&self) -> Vec<AccountId> {
        let has_orders = |owner: &&Owner| owner.newest != NIL;
        let owners = self.owners.iter().filter(has_orders);
        let mut accounts: Vec<AccountId> = owners.filter_map(|owner| AccountId::new(owner.account)).collect();
        accounts.sort_unstable();
        accounts
    }

    /// Whose order this is.
    #[inline]
    pub(super) fn account(&self, slot: u32) -> Option<AccountId> {
        let owner = self.owners.get(self.links[slot].owner as usize)?;
        AccountId::new(owner.account)
    }

    #[inline]
    fn find(&self, account: u64) -> Option<u32> {
        let account_of = |place: Slot| self.owners[place.get() as usize].account;
        self.index.find(account, account_of).map(Slot::get)
    }

    /// Puts an order at the end of its owner's list.
    #[inline]
    pub(super) fn enter(&mut self, account: AccountId, slot: u32) {
        let place = self
            .find(account.get())
            .unwrap_or_else(|| self.add(account.get()));
        let owner = &mut self.owners[place as usize];
        self.links[slot] = Links {
            owner: place,
            prev: owner.newest,
            next: NIL,
        };
        match some(owner.newest) {
            Some(newest) => self.links[newest].next = slot,
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

    /// Takes an order out of its owner's list, and says whose it was, if it had an owner. An owner without open
    /// orders is forgotten.
    #[inline]
    pub(super) fn leave(&mut self, slot: u32) -> Option<AccountId> {
        let links = self.links[slot];
        let owner = self.owners.get_mut(links.owner as usize)?;
        self.links[slot] = Links::NONE;
        match some(links.prev) {
            Some(prev) => self.links[prev].next = links.next,
            None => owner.oldest = links.next,
        }
        match some(links.next) {
            Some(next) => self.links[next].prev = links.prev,
            None => owner.newest = links.prev,
        }
        let account = owner.account;
        if owner.newest == NIL {
            self.index.remove(account, Slot::new(links.owner));
            self.free.push(links.owner);
        }
        AccountId::new(account)
    }
}

#[inline]
fn some(slot: u32) -> Option<u32> {
    (slot != NIL).then_some(slot)
}
