//! The short way: limit orders that hold for themselves alone, in spot instruments where nothing but funds counts.
//!
//! Most commands are of this kind. The rules are those of the long way, which come to little here: a row of a balance
//! and an entry for the order are all that is changed. What will be changed is found out, and its load begun, before
//! the market does anything.

use super::Ledger;
use super::admit::{Admission, Admitted};
use super::orders::{At, OpenOrder};
use crate::{AccountId, Amount, AssetId, Event, InstrumentId, OrderId, Place, Price, Qty, Side, Timestamp};

/// Where an account has what its order holds, and how much it has and holds so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seat {
    pub(super) account: u32,
    asset: u32,
    row: u32,
    balance: [i64; 2],
}

/// By how much more an account will hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hold {
    pub(super) seat: Seat,
    pub(super) more: i64,
}

/// A plain order that was admitted and holds for all of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlainOrder {
    pub(super) owner: AccountId,
    pub(super) price: Price,
    pub(super) hold: Hold,
    /// What its account has and holds since.
    balance: [i64; 2],
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
    side: Side,
    remaining: Qty,
    hold: Hold,
}

impl Ledger {
    /// Where an account has what its orders of a side hold, and how much, if that can be said in short.
    #[inline(always)]
    pub(crate) fn seat(
        &self,
        owner: Option<AccountId>,
        instrument: InstrumentId,
        side: Side,
    ) -> Option<Seat> {
        let account = self.large.number(owner?)?;
        self.seat_of(account, instrument, side)
    }

    #[inline(always)]
    fn seat_of(&self, account: u32, instrument: InstrumentId, side: Side) -> Option<Seat> {
        let asset = self.instruments.get(instrument.get() as usize)?.held_asset(side);
        let rows = &self.assets[asset as usize].balances.rows;
        let row = rows.find(account)?;
        Some(Seat {
            account,
            asset,
            row,
            balance: rows.near(row)?,
        })
    }

    /// Holds for a limit order without conditions that the market takes, if nothing but funds has to be looked at and
    /// they are there.
    #[inline(always)]
    pub(crate) fn reserve(&mut self, place: &Place, price: Price, seat: Seat) -> Option<PlainOrder> {
        let kept = &self.instruments[place.instrument.get() as usize];
        // An order of a grouped account gets its group, and a buy at 0 holds nothing.
        if !kept.is_plain() || self.flags.is_special(seat.account) || price.ticks() <= 0 {
            return None;
        }
        let (side, quantity) = (place.side, place.quantity);
        let more = kept.hold_plain(side, price, quantity, 0)?;
        // Whoever does not exist has nothing. Spot accounts hold what they have at most, so nothing overflows.
        let [total, held] = seat.balance;
        let has_room = if kept.counted {
            let line = kept.lines.read(seat.account);
            line.extra == 0 && line.has_room(side, quantity)
        } else {
            kept.is_roomy((held + more).unsigned_abs(), 0)
        };
        if more > total - held || more == 0 || !has_room {
            return None;
        }
        let hold = Hold { seat, more };
        let balance = self.change_held(&hold);
        Some(PlainOrder {
            owner: place.account?,
            price,
            hold,
            balance,
        })
    }

    /// Settles a plain order that holds, whatever it did.
    #[inline(never)]
    pub(crate) fn settle_plain(
        &mut self,
        (place, plain): (&Place, &PlainOrder),
        now: Timestamp,
        events: &mut Vec<Event>,
        (batch, unread): (usize, usize),
    ) {
        // Two events, of which the first is its acceptance.
        if events.len() == unread + 2
            && let Event::Rested { order, .. } = events[unread + 1]
        {
            self.keep_plain(order, place, plain, (place.quantity, 0));
            plain.say_hold(events);
        } else if !self.settle_taken((place, plain), events, (batch, unread)) {
            self.settle_plain_long((place, plain), now, events, (batch, unread));
        }
    }

    #[cold]
    fn settle_plain_long(
        &mut self,
        (place, plain): (&Place, &PlainOrder),
        now: Timestamp,
        events: &mut Vec<Event>,
        places: (usize, usize),
    ) {
        let kept = &self.instruments[place.instrument.get() as usize];
        let admission = Admission {
            account: plain.hold.seat.account,
            price: plain.price,
            rates: kept.rate_id,
            immediate: false,
            reduce_only: false,
        };
        // There an order holds when it is accepted.
        self.change_held(&Hold {
            more: -plain.hold.more,
            ..plain.hold
        });
        self.settle_all(Admitted::Order(&admission), now, events, places);
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
        let whose = (plain.hold.seat.account, place.side);
        let order = OpenOrder::plain(whose, plain.price, quantity, (kept.rate_id, carry));
        self.orders.insert(id, order);
        if kept.counted {
            let open = kept.lines.open_mut(plain.hold.seat.account);
            open.orders += 1;
            open.lots[place.side as usize] += quantity.lots();
        }
    }

    /// Changes what an account holds, and returns what it has and holds then.
    #[inline(always)]
    fn change_held(&mut self, hold: &Hold) -> [i64; 2] {
        let rows = &mut self.assets[hold.seat.asset as usize].balances.rows;
        rows.add_near(hold.seat.row, [0, hold.more])
    }

    /// Changes what an account holds, and says so.
    #[inline(always)]
    pub(super) fn hold(&mut self, owner: AccountId, hold: &Hold, events: &mut Vec<Event>) {
        if hold.more != 0 {
            let balance = self.change_held(hold);
            events.push(balance_changed(owner, hold.seat.asset, balance));
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
        let seat = self.seat_of(order.account, instrument, side)?;
        Some(PlainCancel {
            at,
            side,
            remaining,
            hold: Hold { seat, more: -held },
        })
    }

    /// Settles a cancel that was carried out and ended nothing but this order.
    #[inline]
    pub(crate) fn settle_plain_cancel(
        &mut self,
        (owner, instrument): (AccountId, InstrumentId),
        cancel: &PlainCancel,
        events: &mut Vec<Event>,
    ) {
        self.orders.remove(cancel.at);
        let kept = &mut self.instruments[instrument.get() as usize];
        if kept.counted {
            let open = kept.lines.open_mut(cancel.hold.seat.account);
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
        if !before.is_plain() || !kept.is_plain() || kept.counted || self.flags.is_special(before.account) {
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
        let seat = self.seat_of(before.account, instrument, before.side())?;
        let [total, held] = seat.balance;
        let fits = more <= total - held && kept.is_roomy((held + more).unsigned_abs(), 0);
        let hold = Hold { seat, more };
        fits.then_some(PlainAmend { at, order, hold })
    }

    /// Settles an amend of a plain order that was admitted and carried out.
    #[inline]
    pub(crate) fn settle_plain_amend(
        &mut self,
        owner: AccountId,
        amend: &PlainAmend,
        events: &mut Vec<Event>,
    ) {
        *self.orders.at_mut(amend.at) = amend.order;
        self.hold(owner, &amend.hold, events);
    }
}

impl PlainOrder {
    /// Says what its account has and holds since it holds for this order.
    #[inline(always)]
    pub(super) fn say_hold(&self, events: &mut Vec<Event>) {
        events.push(balance_changed(self.owner, self.hold.seat.asset, self.balance));
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
