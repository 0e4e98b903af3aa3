//! What happens because its time has come (10).

use engine_core::{CancelReason, InstrumentId, OrderId, TimeInForce, Timestamp};

use super::NaiveEngine;
use super::order::Order;

impl NaiveEngine {
    /// All that is due now, moment by moment; at one moment orders expire, then switches fire, then volatility
    /// auctions end (10.3).
    pub(super) fn happen_due(&mut self) {
        while let Some(moment) = self.next_due() {
            self.expire(moment);
            self.settle_all();
            self.fire_switches(moment);
            self.settle_all();
            for at in self.instruments() {
                if self.market(at).auction_until == Some(moment) {
                    self.end_auction(at);
                    self.settle_all();
                }
            }
        }
    }

    /// The earliest moment at or before now at which something is due.
    fn next_due(&self) -> Option<Timestamp> {
        let expiries = self.orders.iter().filter_map(expiry);
        let switches = self.switches.iter().map(|(_, deadline)| *deadline);
        let auctions = self.markets.iter().filter_map(|market| market.auction_until);
        let due = expiries.chain(switches).chain(auctions);
        due.filter(|moment| *moment <= self.now).min()
    }

    /// 10.2: by instrument, then the oldest first.
    fn expire(&mut self, moment: Timestamp) {
        for at in self.instruments() {
            let expired = self.by_arrival(|order| order.instrument() == at && expiry(order) == Some(moment));
            self.cancel_each(&expired, CancelReason::Expired);
        }
    }

    /// 11.3
    fn fire_switches(&mut self, moment: Timestamp) {
        let mut fired: Vec<_> = self.switches.clone();
        fired.retain(|(_, deadline)| *deadline == moment);
        fired.sort();
        self.switches.retain(|(_, deadline)| *deadline != moment);
        for (account, _) in fired {
            let owned: Vec<OrderId> = self.by_arrival(|order| order.place.account == Some(account));
            self.cancel_each(&owned, CancelReason::CancelAllAfter);
        }
    }

    /// As by `Uncross` (10.3).
    fn end_auction(&mut self, at: InstrumentId) {
        self.begin_continuous(at);
    }
}

fn expiry(order: &Order) -> Option<Timestamp> {
    match order.place.time_in_force {
        TimeInForce::Gtd(moment) => Some(moment),
        _ => None,
    }
}
