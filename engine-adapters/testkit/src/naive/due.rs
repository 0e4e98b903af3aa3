//! What happens because its time has come (10).

use engine_core::{AccountId, CancelReason, OrderId, TimeInForce, Timestamp};

use super::NaiveEngine;
use super::order::Order;

impl NaiveEngine {
    /// All that is due now, moment by moment; at one moment orders expire, then switches fire, then volatility
    /// auctions end (10.3).
    pub(super) fn happen_due(&mut self) {
        while let Some(moment) = self.next_due() {
            while let Some(id) = self.next_expiring(moment) {
                self.cancel(id, CancelReason::Expired);
            }
            self.come_to_rest_everywhere();
            while let Some(account) = self.next_switch(moment) {
                self.switches.retain(|(owner, _)| *owner != account);
                let owned: Vec<OrderId> = self.by_arrival(|order| order.place.account == Some(account));
                self.cancel_each(&owned, CancelReason::CancelAllAfter);
                self.come_to_rest_everywhere();
            }
            for at in self.instruments() {
                if self.market(at).auction_until == Some(moment) {
                    self.begin_continuous(at);
                    self.come_to_rest(at);
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
    fn next_expiring(&self, moment: Timestamp) -> Option<OrderId> {
        let expiring = self.orders.iter().filter(|order| expiry(order) == Some(moment));
        let first = expiring.min_by_key(|order| (order.instrument(), order.arrival));
        first.map(Order::id)
    }

    fn next_switch(&self, moment: Timestamp) -> Option<AccountId> {
        let firing = self.switches.iter().filter(|(_, deadline)| *deadline == moment);
        firing.map(|(account, _)| *account).min()
    }
}

fn expiry(order: &Order) -> Option<Timestamp> {
    match order.place.time_in_force {
        TimeInForce::Gtd(moment) => Some(moment),
        _ => None,
    }
}
