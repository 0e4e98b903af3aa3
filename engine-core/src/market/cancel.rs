//! Taking orders back: rule 11.

use super::floor::Floor;
use super::store::Store;
use crate::book::Slot;
use crate::command::OrderRef;
use crate::event::CancelReason;
use crate::types::AccountId;

impl Store {
    /// The live order that is meant; if someone asks for it, only if it is theirs.
    #[inline(always)]
    pub(crate) fn resolve(&self, order: &OrderRef, asks: Option<AccountId>) -> Option<Slot> {
        let slot = match *order {
            OrderRef::Id(id) => self.orders.find(id)?,
            OrderRef::Client(account, client_id) => self.find_client(account, client_id)?,
        };
        let is_theirs = asks.is_none() || asks == self.details(slot).account;
        is_theirs.then_some(slot)
    }
}

impl Floor<'_> {
    /// Carries out a cancel.
    #[inline(always)]
    pub(crate) fn cancel_asked(&mut self, slot: Slot) {
        self.cancel_one(slot, CancelReason::User);
    }

    /// Cancels a live order and carries out what follows from it.
    #[inline(always)]
    pub(crate) fn cancel_one(&mut self, slot: Slot, reason: CancelReason) {
        if !self.cancel_plain(slot, reason) {
            let mut floor = self.again();
            floor.cancel(slot, reason);
            floor.come_to_rest();
        }
    }
}
