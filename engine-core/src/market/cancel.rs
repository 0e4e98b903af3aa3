//! Taking orders back: rule 11.

use super::floor::Floor;
use super::store::Store;
use crate::book::Slot;
use crate::command::OrderRef;
use crate::event::CancelReason;
use crate::types::{AccountId, OrderId};

impl Store {
    /// The live order that is meant; if someone asks for it, only if it is theirs.
    #[inline]
    pub(crate) fn resolve(&self, order: OrderRef, asks: Option<AccountId>) -> Option<Slot> {
        let slot = match order {
            OrderRef::Id(id) => self.orders.find(id)?,
            OrderRef::Client(account, client_id) => self.find_client(account, client_id)?,
        };
        let is_theirs = asks.is_none() || asks == self.details(slot).account;
        is_theirs.then_some(slot)
    }
}

impl OrderRef {
    /// The order's id, or 0 if it was named otherwise.
    pub(crate) fn id_or_zero(self) -> OrderId {
        match self {
            Self::Id(id) => id,
            Self::Client(..) => OrderId::new(0),
        }
    }
}

impl Floor<'_> {
    /// Cancels a live order and carries out what follows from it.
    #[inline]
    pub(crate) fn cancel_one(&mut self, slot: Slot, reason: CancelReason) {
        self.cancel(slot, reason);
        self.come_to_rest();
    }

    /// Cancels a live order; what follows from it waits for [`Floor::come_to_rest`].
    pub(crate) fn cancel_of_many(&mut self, slot: Slot, reason: CancelReason) {
        self.cancel(slot, reason);
    }
}
