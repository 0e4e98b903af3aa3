//! Reads ahead, so that the memory that a command will need is on its way while something else is done.
//!
//! Accounts are many and commands are anyone's, so what the ledger needs of an account is rarely in a near cache. A
//! processor waits for several such reads at the same time if it sees them early enough. Nothing here changes or
//! decides anything.

use std::hint::black_box;

use super::{Ledger, direct};
use crate::{AccountId, Event, InstrumentId, OrderId, Side};

impl Ledger {
    /// Reads what a live order of this account will change when it is over.
    #[inline]
    pub(crate) fn touch(&self, account: Option<AccountId>, instrument: InstrumentId, side: Side) {
        let Some(account) = account.and_then(direct) else {
            return;
        };
        let kept = &self.instruments[instrument.get() as usize];
        let balances = &self.assets[kept.held_asset(side) as usize].balances;
        balances.rows.touch(account);
    }

    /// Reads what the trades among these events will change of their makers.
    #[inline]
    pub(super) fn touch_makers(&self, events: &[Event]) {
        for event in events {
            if let Event::Traded {
                instrument,
                maker_account: Some(account),
                maker,
                ..
            } = event
            {
                self.touch_maker(*account, *instrument, *maker);
            }
        }
    }

    #[inline]
    fn touch_maker(&self, account: AccountId, instrument: InstrumentId, maker: OrderId) {
        black_box(self.orders.find(maker));
        let Some(account) = self.number(account) else {
            return;
        };
        let kept = &self.instruments[instrument.get() as usize];
        black_box(kept.lines.find(account));
        for asset in [kept.base, kept.quote] {
            let balances = &self.assets[asset as usize].balances;
            balances.rows.touch(account);
        }
    }
}
