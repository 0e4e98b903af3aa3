//! Reads ahead, so that the memory that a command will need is on its way while something else is done.
//!
//! Accounts are many and commands are anyone's, so what the ledger needs of an account is rarely in a near cache. A
//! processor waits for several such reads at the same time if it sees them early enough. Nothing here changes or
//! decides anything.

use std::hint::black_box;

use super::Ledger;
use super::numbers::direct;
use crate::{AccountId, Event, InstrumentId, OrderId, Side};

/// Who holds for an order, and where: the owner, the instrument and the side.
pub(crate) type Holder = Option<(Option<AccountId>, InstrumentId, Side)>;

impl Ledger {
    /// Reads what orders of these change when they come to rest or are over. The result means nothing.
    ///
    /// First it is found out where all of that is, then it is read with nothing in between: a processor waits for as
    /// many reads at once as it has seen.
    #[inline(never)]
    pub(crate) fn touch_all<const COUNT: usize>(&self, holders: &[Holder; COUNT]) -> i64 {
        let mut places = [None; COUNT];
        for (holder, place) in holders.iter().zip(&mut places) {
            *place = holder.and_then(|holder| self.place_of(holder));
        }
        let places = places.into_iter().flatten();
        places.fold(0, |read, (asset, row)| {
            read ^ self.assets[asset as usize].balances.rows.touch(row)
        })
    }

    /// The asset that an account's orders of a side hold, and where it has that.
    #[inline]
    fn place_of(
        &self,
        (account, instrument, side): (Option<AccountId>, InstrumentId, Side),
    ) -> Option<(u32, u32)> {
        let account = account.and_then(direct)?;
        let asset = self.instruments.get(instrument.get() as usize)?.held_asset(side);
        let row = self.assets[asset as usize].balances.rows.find(account)?;
        Some((asset, row))
    }

    /// Reads what is known of the order with this id. The result means nothing.
    #[inline]
    pub(crate) fn touch_order(&self, order: OrderId) -> u64 {
        self.orders.touch(order)
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
        black_box(kept.lines.find(account).map(|row| kept.lines.row(row).quantity));
        for asset in [kept.base, kept.quote] {
            let rows = &self.assets[asset as usize].balances.rows;
            black_box(rows.find(account).map(|row| rows.touch(row)));
        }
    }
}
