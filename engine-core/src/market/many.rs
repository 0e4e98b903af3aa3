//! What concerns all orders of an account, or all instruments: mass cancels and things that are due.

use super::floor::{Floor, Instrument};
use super::store::Store;
use crate::book::Slot;
use crate::event::{CancelReason, Event};
use crate::types::{AccountId, InstrumentId, OrderId, Side, Timestamp};

/// All instruments with their orders, at a moment.
pub(crate) struct Floors<'a> {
    pub(crate) instruments: &'a mut [Instrument],
    pub(crate) store: &'a mut Store,
    pub(crate) now: Timestamp,
    pub(crate) events: &'a mut Vec<Event>,
}

/// Which orders a mass cancel concerns; what is `None` does not matter.
#[derive(Clone, Copy, Default)]
pub(crate) struct Wanted {
    pub(crate) account: Option<AccountId>,
    pub(crate) instrument: Option<InstrumentId>,
    pub(crate) side: Option<Side>,
}

impl Wanted {
    fn is(&self, store: &Store, slot: Slot) -> bool {
        let details = store.details(slot);
        self.account
            .is_none_or(|account| details.account == Some(account))
            && self
                .instrument
                .is_none_or(|instrument| details.instrument == instrument)
            && self.side.is_none_or(|side| store.orders.side(slot) == side)
    }
}

impl Floors<'_> {
    /// The floor of one instrument.
    ///
    /// # Panics
    /// If there is no such instrument.
    #[inline]
    pub(crate) fn floor(&mut self, instrument: InstrumentId) -> Floor<'_> {
        let first = self.instruments.first().map_or(0, |first| first.id.get());
        Floor {
            market: &mut self.instruments[(instrument.get() - first) as usize],
            store: self.store,
            now: self.now,
            events: self.events,
        }
    }

    /// The floor on which a live order stands.
    #[inline]
    pub(crate) fn floor_of(&mut self, slot: Slot) -> Floor<'_> {
        let instrument = self.store.details(slot).instrument;
        self.floor(instrument)
    }

    /// Cancels all orders that are wanted, oldest first, then what follows from that, instrument by instrument:
    /// rule 11.2.
    pub(crate) fn cancel_all(&mut self, wanted: Wanted, reason: CancelReason) {
        let orders = self.store.pick(|store, slot| wanted.is(store, slot));
        self.cancel_each(orders, reason);
    }

    /// Cancels these orders in their order, then what follows from that, instrument by instrument.
    fn cancel_each(&mut self, orders: Vec<OrderId>, reason: CancelReason) {
        let mut touched: Vec<InstrumentId> = Vec::new();
        for order in orders {
            // Cancelling one order ends no other before what follows from it is carried out.
            let slot = self
                .store
                .orders
                .find(order)
                .expect("an order is live until its turn");
            touched.push(self.store.details(slot).instrument);
            self.floor_of(slot).cancel(slot, reason);
        }
        touched.sort_unstable();
        touched.dedup();
        for instrument in touched {
            self.floor(instrument).come_to_rest();
        }
    }

    /// The first moment at which something of the markets is due.
    #[inline]
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        match (self.store.next_expiry(), self.store.next_auction_end()) {
            (Some(expiry), Some(end)) => Some(expiry.min(end)),
            (expiry, end) => expiry.or(end),
        }
    }

    /// Ends the orders whose time is up at this moment, then what follows from that: rule 10.2.
    pub(crate) fn expire(&mut self, moment: Timestamp) {
        let due = self.store.due(moment);
        self.cancel_each(due, CancelReason::Expired);
    }

    /// Ends the volatility auctions that are over at this moment: rule 10.3.
    pub(crate) fn end_auctions(&mut self, moment: Timestamp) {
        while let Some(instrument) = self.store.ended_auction(moment) {
            self.floor(instrument).end_auction();
        }
    }
}
