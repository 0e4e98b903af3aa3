//! The open orders of each account, as lists.

use std::hint::select_unpredictable;

use crate::book::{Index, Slab, Slot};
use crate::data::cells::NIL;
use crate::types::AccountId;

/// Where an order stands in its owner's list. These lie by themselves, and close together, because the ones of the
/// orders before and after change with every order that comes or goes.
#[derive(Clone, Copy)]
struct Links {
    older: u32,
    newer: u32,
}

const _: () = assert!(size_of::<Links>() == 8, "as documented");

impl Links {
    const NONE: Self = Self {
        older: NIL,
        newer: NIL,
    };
}

/// An account that has open orders.
#[derive(Clone, Copy)]
struct Owner {
    account: u64,
    newest: u32,
}

/// An owner is named by its place here, which each of its orders keeps.
///
/// Invariants: an account that has an open order is here, once, and no other; its list holds its open orders,
/// newest first.
pub(super) struct Owners {
    /// By slot plus one. The first ones are nobody's: they are what an order without neighbours writes to.
    links: Slab<Links>,
    owners: Vec<Owner>,
    free: Vec<u32>,
    index: Index,
}

impl Owners {
    pub(super) fn new(hash_seed: u64, orders_max: u32) -> Self {
        let mut links = Slab::new(orders_max as usize + 1);
        links.push(Links::NONE);
        Self {
            links,
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
        let some = |slot: u32| (slot != NIL).then_some(slot);
        let owner = self.find(account.get());
        let newest = owner.and_then(|owner| some(self.owners[owner as usize].newest));
        std::iter::successors(newest, move |slot| some(self.links[slot + 1].older))
    }

    /// The accounts that have open orders, in order.
    pub(super) fn accounts(&self) -> Vec<AccountId> {
        let has_orders = |owner: &&Owner| owner.newest != NIL;
        let owners = self.owners.iter().filter(has_orders);
        let mut accounts: Vec<AccountId> = owners.filter_map(|owner| AccountId::new(owner.account)).collect();
        accounts.sort_unstable();
        accounts
    }

    /// The account of an owner, if it is one.
    #[inline]
    pub(super) fn account(&self, owner: u32) -> Option<AccountId> {
        AccountId::new(self.owners.get(owner as usize)?.account)
    }

    #[inline]
    fn find(&self, account: u64) -> Option<u32> {
        let account_of = |place: Slot| self.owners[place.get() as usize].account;
        self.index.find(account, account_of).map(Slot::get)
    }

    /// Puts an order at the end of its owner's list, and says which owner that is.
    #[inline]
    pub(super) fn enter(&mut self, account: AccountId, slot: u32) -> u32 {
        let place = self
            .find(account.get())
            .unwrap_or_else(|| self.add(account.get()));
        let older = std::mem::replace(&mut self.owners[place as usize].newest, slot);
        self.links[slot + 1] = Links { older, newer: NIL };
        self.links[older.wrapping_add(1)].newer = slot;
        place
    }

    #[inline(never)]
    fn add(&mut self, account: u64) -> u32 {
        let new = Owner { account, newest: NIL };
        let place = self.free.pop().unwrap_or(self.owners.len() as u32);
        match self.owners.get_mut(place as usize) {
            Some(owner) => *owner = new,
            None => self.owners.push(new),
        }
        let account_of = |place: Slot| self.owners[place.get() as usize].account;
        self.index.insert(account, Slot::new(place), account_of);
        place
    }

    /// Takes an order out of the list of its owner, if it has one, and says which account that is. An owner without
    /// open orders is forgotten.
    #[inline]
    pub(super) fn leave(&mut self, owner: u32, slot: u32) -> Option<AccountId> {
        let place = self.owners.get_mut(owner as usize)?;
        let Links { older, newer } = self.links[slot + 1];
        self.links[older.wrapping_add(1)].newer = newer;
        self.links[newer.wrapping_add(1)].older = older;
        let account = place.account;
        place.newest = select_unpredictable(newer == NIL, older, place.newest);
        if place.newest == NIL {
            self.forget(account, owner);
        }
        AccountId::new(account)
    }

    #[inline(never)]
    fn forget(&mut self, account: u64, owner: u32) {
        self.index.remove(account, Slot::new(owner));
        self.free.push(owner);
    }
}
