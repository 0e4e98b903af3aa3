//! The short way: limit orders that hold for themselves alone, in spot instruments where nothing but funds counts.
//!
//! Most commands are of this kind. The rules are those of the long way, which come to little here: a row of a balance
//! and an entry for the order are all that is changed. What will be changed is found out, and its load begun, before
//! the market does anything.

use super::admit::{Admission, Admitted};
use super::instrument::Instrument;
use super::orders::{At, NewOrder, OpenOrder};
use super::{FROZEN, GROUPED, Ledger, ON_MARGIN};
use crate::{AccountId, Amount, AssetId, Event, InstrumentId, OrderId, Place, Price, Qty, Side, Timestamp};

/// What was found out about a plain order when it was admitted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlainOrder {
    pub(super) account: u32,
    pub(super) price: Price,
    pub(super) hold: Hold,
}

/// A plain order as an amend makes it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlainAmend {
    at: At,
    order: OpenOrder,
    hold: Hold,
}

/// A plain order that will be over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlainCancel {
    at: At,
    account: u32,
    side: Side,
    remaining: Qty,
    hold: Hold,
}

/// By how much more an account will hold, and where that balance is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hold {
    pub(super) asset: u32,
    pub(super) row: u32,
    pub(super) more: i64,
}

impl Ledger {
    /// Admits a limit order without conditions where nothing but funds has to be looked at, if they are there.
    #[inline(never)]
    pub(crate) fn admit_plain(&self, place: &Place, price: Price) -> Option<PlainOrder> {
        let kept = &self.instruments[place.instrument.get() as usize];
        let (account, flags) = self.number_and_flags(place.account?)?;
        // An order of a grouped account gets its group, and a buy at 0 holds nothing.
        if !kept.is_plain() || flags & (FROZEN | ON_MARGIN | GROUPED) != 0 || price.ticks() <= 0 {
            return None;
        }
        let (side, quantity) = (place.side, place.quantity);
        let more = kept.hold_plain(side, price, quantity, 0)?;
        let (hold, [total, held]) = self.hold_of(kept, side, account, more)?;
        // Spot accounts hold what they have at most, so nothing here overflows.
        if more > total - held {
            return None;
        }
        let has_room = if kept.counted {
            let line = kept.lines.read(account);
            line.extra == 0 && line.has_room(side, quantity)
        } else {
            kept.is_roomy((held + more).unsigned_abs(), 0)
        };
        has_room.then_some(PlainOrder { account, price, hold })
    }

    /// What an account will hold more for its orders of a side, and what it has and holds so far.
    #[inline(always)]
    fn hold_of(&self, kept: &Instrument, side: Side, account: u32, more: i64) -> Option<(Hold, [i64; 2])> {
        let asset = kept.held_asset(side);
        let rows = &self.assets[asset as usize].balances.rows;
        let row = rows.find(account)?;
        Some((Hold { asset, row, more }, rows.near(row)?))
    }

    /// Settles a plain order that was admitted, whatever it did.
    #[inline(never)]
    pub(crate) fn settle_plain(
        &mut self,
        (place, plain): (&Place, &PlainOrder),
        now: Timestamp,
        events: &mut Vec<Event>,
        (batch, unread): (usize, usize),
    ) {
        if let [Event::Accepted { order, .. }, Event::Rested { .. }] = events[unread..] {
            self.keep_plain(order, place, plain, (place.quantity, 0));
            return self.hold(place.account, &plain.hold, events);
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

    /// Changes what an account holds, and says so.
    #[inline(always)]
    pub(super) fn hold(&mut self, owner: Option<AccountId>, hold: &Hold, events: &mut Vec<Event>) {
        if let (Some(owner), true) = (owner, hold.more != 0) {
            let rows = &mut self.assets[hold.asset as usize].balances.rows;
            let row = rows.near_mut(hold.row);
            row[1] += hold.more;
            events.push(balance_changed(owner, hold.asset, *row));
        }
    }

    /// What a cancel of an order will release, if nothing else has to be looked at.
    #[inline]
    pub(crate) fn admit_plain_cancel(&self, instrument: InstrumentId, order: OrderId) -> Option<PlainCancel> {
        let kept = &self.instruments[instrument.get() as usize];
        let at = self.orders.live(order);
        let order = self.orders.at(at);
        if !order.is_plain() || !kept.is_plain() {
            return None;
        }
        let (side, remaining) = (order.side(), order.remaining());
        let held = kept.hold_plain(side, order.price(), remaining, order.carry())?;
        let (hold, ..) = self.hold_of(kept, side, order.account, -held)?;
        Some(PlainCancel {
            at,
            account: order.account,
            side,
            remaining,
            hold,
        })
    }

    /// Settles a cancel that was carried out and ended nothing but this order.
    #[inline]
    pub(crate) fn settle_plain_cancel(
        &mut self,
        (owner, instrument): (Option<AccountId>, InstrumentId),
        cancel: &PlainCancel,
        events: &mut Vec<Event>,
    ) {
        self.orders.remove(cancel.at);
        let kept = &mut self.instruments[instrument.get() as usize];
        if kept.counted {
            let open = kept.lines.open_mut(cancel.account);
            open.orders -= 1;
            open.lots[cancel.side as usize] -= cancel.remaining.lots();
        }
        self.hold(owner, &cancel.hold, events);
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
        let at = self.orders.live(order);
        let before = *self.orders.at(at);
        if !before.is_plain()
            || !kept.is_plain()
            || kept.counted
            || self.flags.read(before.account) & (FROZEN | ON_MARGIN) != 0
        {
            return None;
        }
        let filled = total.checked_sub(before.remaining())?;
        let mut order = before;
        order.set_price(changes.0.unwrap_or(before.price()));
        order.set_remaining(changes.1.unwrap_or(total).checked_sub(filled)?);
        if order.price().ticks() <= 0 {
            return None;
        }
        let held_by = |order: &OpenOrder| {
            kept.hold_plain(order.side(), order.price(), order.remaining(), order.carry())
        };
        let more = held_by(&order)? - held_by(&before)?;
        let (hold, [total, held]) = self.hold_of(kept, before.side(), before.account, more)?;
        let fits = more <= total - held && kept.is_roomy((held + more).unsigned_abs(), 0);
        fits.then_some(PlainAmend { at, order, hold })
    }

    /// Settles an amend of a plain order that was admitted and carried out.
    #[inline]
    pub(crate) fn settle_plain_amend(
        &mut self,
        owner: Option<AccountId>,
        amend: &PlainAmend,
        events: &mut Vec<Event>,
    ) {
        *self.orders.at_mut(amend.at) = amend.order;
        self.hold(owner, &amend.hold, events);
    }
}

/// Says what an account has of an asset, total and held.
#[inline(always)]
pub(super) fn balance_changed(account: AccountId, asset: u32, row: [i64; 2]) -> Event {
    Event::BalanceChanged {
        account,
        asset: AssetId::new(asset),
        total: Amount::new(row[0].into()),
        held: Amount::new(row[1].into()),
    }
}
