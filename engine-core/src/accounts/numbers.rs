//! The numbers of accounts whose ids are too large to be their numbers.

use crate::book::{Index, Slab, Slot};
use crate::{AccountId, OrderIds};

/// Accounts with an id below this have it as their number too; the others get numbers from here on.
pub(super) const DIRECT_MAX: u32 = 1 << 20;

/// How many of them lie in one piece.
const NEAR: u32 = 1 << 20;

/// Large ids in the order in which they came, found by a keyed search.
pub(super) struct LargeIds {
    hash_seed: u64,
    /// With the first of them comes the table.
    table: Option<Box<Table>>,
}

struct Table {
    index: Index,
    ids: Slab<u64>,
}

impl LargeIds {
    pub(super) fn new(ids: OrderIds) -> Self {
        Self {
            hash_seed: match ids {
                OrderIds::Assigned => 0,
                OrderIds::Chosen { hash_seed } => hash_seed,
            },
            table: None,
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> u32 {
        self.table.as_ref().map_or(0, |table| table.ids.len() as u32)
    }

    /// The number of an account if it exists; otherwise perhaps none.
    #[inline]
    pub(super) fn number(&self, account: AccountId) -> Option<u32> {
        match direct(account) {
            None => Some(DIRECT_MAX + self.find(account)?),
            direct => direct,
        }
    }

    /// Which of them this one is.
    #[inline(never)]
    fn find(&self, account: AccountId) -> Option<u32> {
        let table = self.table.as_ref()?;
        let found = table.index.find(account.get(), |slot| table.ids[slot.get()]);
        found.map(Slot::get)
    }

    /// Notes one that is not here yet.
    pub(super) fn insert(&mut self, account: AccountId) {
        let at = self.len();
        let table = self.table.get_or_insert_with(|| {
            Box::new(Table {
                index: Index::new(self.hash_seed, NEAR),
                ids: Slab::new(NEAR as usize),
            })
        });
        table.ids.push(account.get());
        let ids = &table.ids;
        table
            .index
            .insert(account.get(), Slot::new(at), |slot| ids[slot.get()]);
    }

    /// All of them, in the order in which they came.
    pub(super) fn iter(&self) -> impl Iterator<Item = AccountId> {
        let ids = self.table.iter().map(|table| &table.ids);
        ids.flat_map(|ids| (0..ids.len() as u32).map(|at| ids[at]))
            .filter_map(AccountId::new)
    }
}

/// The number of an account that is found by its id directly.
#[inline]
pub(super) fn direct(account: AccountId) -> Option<u32> {
    (account.get() < u64::from(DIRECT_MAX)).then_some(account.get() as u32)
}
