//! The short way: limit orders that hold for themselves alone, in spot instruments where nothing but funds counts.
//!
//! Most commands are of this kind. The rules are those of the long way, which come to little here: a row of a balance
//! and an entry for the order are all that is changed.

use super::admit::{Admission, Admitted};
use super::fees::Fees;
use super::instrument::Instrument;
use super::orders::{At, NewOrder, OpenOrder};
use super::{FROZEN, GROUPED, Ledger, ON_MARGIN, Row};
use crate::{
    AccountId, Amount, AssetId, Event, InstrumentId, OrderId, OrderKind, Place, PostOnly, Price, Qty,
    Timestamp,
};

/// What was found out about a plain order when it was admitted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlainOrder {
    pub(super) account: u32,
    /// Where its balance of what it holds is.
    pub(super) row: u32,
    pub(super) price: Price,
    pub(super) held: i64,
}

/// A plain order as an amend makes it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlainAmend {
    at: At,
    row: u32,
    order: OpenOrder,
    more: i64,
}

impl Ledger {
    /// Admits a limit order where nothing but funds has to be looked at, if they are there.
    #[inline]
    pub(crate) fn admit_plain(&self, place: &Place) -> Option<PlainOrder> {
        let OrderKind::Limit { price } = place.kind else {
            return None;
        };
        let kept = &self.instruments[place.instrument.get() as usize];
        let (account, flags) = self.number_and_flags(place.account?)?;
        let side = place.side;
        // A sliding order gets its price later, one of a grouped account its group, and a buy at 0 holds nothing.
        if !kept.is_plain()
            || flags & (FROZEN | ON_MARGIN | GROUPED) != 0
            || place.reduce_only
            || place.post_only == PostOnly::Slide
            || price.ticks() <= 0
        {
            return None;
        }
        let fees = Fees::new(self.rates.at(kept.base_rates()));
        let held = kept.hold_plain(side, price, place.quantity, fees)?;
        let balances = &self.assets[kept.held_asset(side) as usize].balances;
        let row = balances.rows.find(account)?;
        let [total, held_before] = balances.rows.near(row)?;
        // What is held is there, so neither this nor the sum below can overflow.
        if held > total - held_before {
            return None;
        }
        let has_room = if kept.counted {
            let line = kept.lines.read(account);
            line.extra == 0 && line.has_room(side, place.quantity)
        } else {
            kept.is_roomy((held_before + held).unsigned_abs(), 0)
        };
        has_room.then_some(PlainOrder {
            account,
            row,
            price,
            held,
        })
    }

    /// Settles a plain order that was admitted, whatever it did.
    #[inline]
    pub(crate) fn settle_plain(
        &mut self,
        (place, plain): (&Place, &PlainOrder),
        now: Timestamp,
        events: &mut Vec<Event>,
        (batch, unread): (usize, usize),
    ) {
        if let [Event::Accepted { order, .. }, Event::Rested { .. }] = events[unread..] {
            self.keep_plain(order, place, plain, (place.quantity, 0));
            return self.hold((place, plain), plain.held, events);
        }
        if !self.settle_taken((place, plain), events, (batch, unread)) {
            let kept = &self.instruments[place.instrument.get() as usize];
            let admission = Admission {
                account: plain.account,
                price: plain.price,
                rates: kept.base_rates(),
                immediate: false,
                reduce_only: false,
            };
            self.settle_all(Admitted::Order(&admission), now, events, (batch, unread));
        }
    }

    /// Makes a plain order known that rests with this quantity and carry.
    #[inline(always)]
    pub(super) fn keep_plain(
        &mut self,
        id: OrderId,
        place: &Place,
        plain: &PlainOrder,
        (quantity, carry): (Qty, u32),
    ) {
        let kept = &mut self.instruments[place.instrument.get() as usize];
        let mut order = OpenOrder::new(&NewOrder {
            account: plain.account,
            side: place.side,
            price: plain.price,
            quantity,
            rates: kept.base_rates(),
            reduce_only: false,
            immediate: false,
        });
        order.set_carry(carry);
        self.orders.insert(id, order);
        if kept.counted {
            let open = kept.lines.open_mut(plain.account);
            open.orders += 1;
            open.lots[place.side as usize] += quantity.lots();
        }
    }

    /// Changes what the owner of a new order holds for it, and says so.
    #[inline(always)]
    pub(super) fn hold(&mut self, (place, plain): (&Place, &PlainOrder), by: i64, events: &mut Vec<Event>) {
        if let (Some(owner), true) = (place.account, by != 0) {
            let asset = self.instruments[place.instrument.get() as usize].held_asset(place.side);
            self.change_held(owner, (plain.row, plain.account, asset), by, events);
        }
    }

    /// Settles the end of an order, if nothing is to be looked at but what it held. Whether that was so.
    #[inline]
    pub(super) fn settle_cancelled(&mut self, cancelled: &Event, events: &mut Vec<Event>) -> bool {
        let Event::Cancelled {
            instrument,
            order,
            account: Some(owner),
            ..
        } = *cancelled
        else {
            return false;
        };
        let at = self.live(order);
        self.close_plain(owner, instrument, at, events)
    }

    /// Forgets an order that is over, and what it held, if nothing else is to be looked at. Whether that was so.
    #[inline(always)]
    pub(super) fn close_plain(
        &mut self,
        owner: AccountId,
        instrument: InstrumentId,
        at: At,
        events: &mut Vec<Event>,
    ) -> bool {
        let order = *self.orders.at(at);
        let kept = &self.instruments[instrument.get() as usize];
        if !order.is_plain() || !kept.is_plain() {
            return false;
        }
        let side = order.side();
        let Some(held) = self.held_by(kept, &order) else {
            return false;
        };
        let asset = kept.held_asset(side);
        self.orders.remove(at);
        let kept = &mut self.instruments[instrument.get() as usize];
        if kept.counted {
            let open = kept.lines.open_mut(order.account);
            open.orders -= 1;
            open.lots[side as usize] -= order.remaining().lots();
        }
        if held != 0 {
            let row = self.assets[asset as usize].balances.rows.ensure(order.account);
            self.change_held(owner, (row, order.account, asset), -held, events);
        }
        true
    }

    /// What a plain order holds, if that is not much.
    #[inline(always)]
    fn held_by(&self, kept: &Instrument, order: &OpenOrder) -> Option<i64> {
        kept.hold_plain(order.side(), order.price(), order.remaining(), self.fees(order))
    }

    /// Changes what an account holds of an asset, and says so.
    #[inline(always)]
    fn change_held(
        &mut self,
        owner: AccountId,
        (row, account, asset): (u32, u32, u32),
        by: i64,
        events: &mut Vec<Event>,
    ) {
        let balances = &mut self.assets[asset as usize].balances;
        let row = balances.add_small((row, account), 0, by);
        events.push(balance_changed(owner, asset, row));
    }

    /// Admits another price or quantity of a plain order where nothing but funds has to be looked at, if they are
    /// there. `total` is the quantity that it has, `changes` what it shall have.
    #[inline]
    pub(crate) fn admit_plain_amend(
        &self,
        (instrument, order): (InstrumentId, OrderId),
        total: Qty,
        changes: (Option<Price>, Option<Qty>),
    ) -> Option<PlainAmend> {
        let kept = &self.instruments[instrument.get() as usize];
        let at = self.orders.find(order)?;
        let before = *self.orders.at(at);
        if !before.is_plain()
            || !kept.is_plain()
            || kept.counted
            || self.flags.read(before.account) & (FROZEN | ON_MARGIN) != 0
        {
            return None;
        }
        let filled = total.checked_sub(before.remaining())?;
        let mut then = before;
        then.set_price(changes.0.unwrap_or(before.price()));
        then.set_remaining(changes.1.unwrap_or(total).checked_sub(filled)?);
        if then.price().ticks() <= 0 {
            return None;
        }
        let (held, held_then) = (self.held_by(kept, &before)?, self.held_by(kept, &then)?);
        let balances = &self.assets[kept.held_asset(before.side()) as usize].balances;
        let row = balances.rows.find(before.account)?;
        let [all, held_before] = balances.rows.near(row)?;
        let more = held_then - held;
        let is_free = more <= all - held_before;
        let fits = is_free && kept.is_roomy((held_before + more).unsigned_abs(), 0);
        fits.then_some(PlainAmend {
            at,
            row,
            order: then,
            more,
        })
    }

    /// Settles an amend of a plain order that was admitted and carried out.
    #[inline]
    pub(crate) fn settle_plain_amend(
        &mut self,
        (owner, instrument): (Option<AccountId>, InstrumentId),
        amend: &PlainAmend,
        events: &mut Vec<Event>,
    ) {
        *self.orders.at_mut(amend.at) = amend.order;
        if let (Some(owner), true) = (owner, amend.more != 0) {
            let (account, side) = (amend.order.account, amend.order.side());
            let asset = self.instruments[instrument.get() as usize].held_asset(side);
            self.change_held(owner, (amend.row, account, asset), amend.more, events);
        }
    }
}

/// Says what an account has of an asset.
#[inline]
pub(super) fn balance_changed(account: AccountId, asset: u32, row: Row) -> Event {
    Event::BalanceChanged {
        account,
        asset: AssetId::new(asset),
        total: Amount::new(row.total),
        held: Amount::new(row.held),
    }
}
