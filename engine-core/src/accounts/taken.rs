//! The trades of a plain order with plain orders.
//!
//! A taker may meet fifty makers, and each is somebody else, somewhere else in memory. So all of them are looked at
//! before the first is settled: what they need is on its way when it is needed, and every check is made before
//! anything changes. What the trades come to for the taker is noted when all of them are settled.

use std::ops::Range;

use super::fees::charge_small;
use super::instrument::Instrument;
use super::numbers::LargeIds;
use super::orders::{At, OpenOrders};
use super::pairs::are_small;
use super::plain::{Hold, PlainOrder, balance_changed};
use super::position::{Position, signed};
use super::{Asset, Ledger};
use crate::{AccountId, Amount, AssetId, Event, InstrumentId, OrderId, Place, Price, Qty, Side};

/// What the trades of a taker are worth together at most, and deliver. Fees are at most as much again, so none of it
/// leads what [`are_small`] out of 64 bits.
const TRADED_MAX: i64 = 1 << 60;

/// Of how many events the ledger tells about a trade: what it was charged, and the maker's two balances and position.
const TOLD: usize = 4;

/// Stands for an event until it is told.
const UNTOLD: Event = Event::Resumed { account: None };

/// Where the maker of a trade has what that changes.
#[derive(Clone, Copy)]
pub(super) struct Maker {
    at: At,
    places: Places,
}

/// Where an account has its position, and its balances of base and quote.
#[derive(Clone, Copy)]
struct Places {
    line: u32,
    base: u32,
    quote: u32,
}

/// What a new order did.
struct Taken {
    order: OrderId,
    /// Where its trades are among the events.
    trades: Range<usize>,
    /// Whether it is over although it has something left.
    cancelled: bool,
}

/// What trades come to, in units of their assets.
#[derive(Clone, Copy, Default)]
struct Sums {
    lots: i64,
    /// In ticks times lots.
    notional: i64,
    taker_fees: i64,
    maker_fees: i64,
    /// What the taker has paid ahead.
    carry: u32,
}

/// The parts of a ledger that the trades of one instrument change.
struct Counter<'a> {
    instrument: InstrumentId,
    kept: &'a mut Instrument,
    base: &'a mut Asset,
    quote: &'a mut Asset,
    orders: &'a mut OpenOrders,
    large: &'a LargeIds,
}

/// A trade as far as money is concerned.
#[derive(Clone, Copy)]
struct Trade {
    owner: AccountId,
    price: Price,
    quantity: Qty,
    /// In ticks times lots.
    notional: i64,
    value: i64,
    delivered: i64,
}

impl Ledger {
    /// Settles a new order that did not just come to rest, if all that it met hold for themselves alone and trade for
    /// little. Whether that was so.
    #[inline(never)]
    pub(super) fn settle_taken(
        &mut self,
        (place, plain): (&Place, &PlainOrder),
        events: &mut Vec<Event>,
        (batch, unread): (usize, usize),
    ) -> bool {
        let mut makers = std::mem::take(&mut self.makers);
        makers.clear();
        let noted = self.note_taken((place, plain), (events, unread), &mut makers);
        if let Some((taken, places)) = &noted {
            plain.say_hold(events);
            let mut left = (place.quantity, 0);
            if !makers.is_empty() {
                let mut counter = self.counter(place.instrument);
                let sums = counter.settle_makers(place.side, &makers, (events, taken, batch));
                left = counter.settle_taker((place, plain), places, (&sums, taken), events);
            }
            self.leave(taken, (place, plain), left, events);
        }
        self.makers = makers;
        noted.is_some()
    }

    /// Looks at everything that a new order and its trades will change. `None` if the long way has to be gone.
    #[inline]
    fn note_taken(
        &mut self,
        (place, plain): (&Place, &PlainOrder),
        (events, unread): (&[Event], usize),
        makers: &mut Vec<Maker>,
    ) -> Option<(Taken, Places)> {
        let Event::Accepted { order, .. } = *events.get(unread)? else {
            return None;
        };
        let terms = usize::from(matches!(events.get(unread + 1), Some(Event::Terms { .. })));
        let first = unread + 1 + terms;
        let mut counter = self.counter(place.instrument);
        let places = counter.places(plain.hold.seat.account)?;
        let worth = counter.note_makers((order, plain.hold.seat.account), &events[first..], makers)?;
        // What a buyer trades is worth no more than it holds, what a seller trades no more than its makers hold.
        let delivered = counter.kept.delivered_small(place.quantity)?;
        if worth.max(delivered).max(plain.hold.more) > TRADED_MAX {
            return None;
        }
        let end = first + makers.len();
        let cancelled = match events[end..] {
            [] => false,
            [Event::Rested { order: rested, .. }] if rested == order => false,
            [Event::Cancelled { order: cancelled, .. }] if cancelled == order => true,
            _ => return None,
        };
        let taken = Taken {
            order,
            trades: first..end,
            cancelled,
        };
        Some((taken, places))
    }

    /// Keeps what is left of a taker, or releases what it holds if it is over.
    #[inline]
    fn leave(
        &mut self,
        taken: &Taken,
        (place, plain): (&Place, &PlainOrder),
        (left, carry): (Qty, u32),
        events: &mut Vec<Event>,
    ) {
        if taken.cancelled {
            let kept = &self.instruments[place.instrument.get() as usize];
            let more = -kept.held_plain(place.side, plain.price, left, carry);
            self.hold(plain.owner, &Hold { more, ..plain.hold }, events);
        } else if !left.is_zero() {
            self.keep_plain(taken.order, place, plain, (left, carry));
        }
    }

    #[inline]
    fn counter(&mut self, instrument: InstrumentId) -> Counter<'_> {
        let kept = &mut self.instruments[instrument.get() as usize];
        let assets = [kept.base as usize, kept.quote as usize];
        let assets = self.assets.get_disjoint_mut(assets);
        let [base, quote] = assets.expect("a simple instrument has two assets");
        Counter {
            instrument,
            kept,
            base,
            quote,
            orders: &mut self.orders,
            large: &self.large,
        }
    }
}

impl Counter<'_> {
    /// Where an account has what its trades change, if all of that is small. From now on it has it somewhere.
    #[inline(always)]
    fn places(&mut self, account: u32) -> Option<Places> {
        let (base, quote) = (&mut self.base.balances.rows, &mut self.quote.balances.rows);
        let places = Places {
            line: self.kept.lines.ensure(account),
            base: base.ensure(account),
            quote: quote.ensure(account),
        };
        let line = self.kept.lines.row(places.line);
        are_small([line.costs(), base.row(places.base), quote.row(places.quote)]).then_some(places)
    }

    /// Notes the makers of a taker's trades, up to the first event that is no trade. Returns what makers that buy hold
    /// for, or `None` if one is not plain, or the taker's own, or has more than a little.
    #[inline]
    fn note_makers(
        &mut self,
        (taker, account): (OrderId, u32),
        events: &[Event],
        makers: &mut Vec<Maker>,
    ) -> Option<i64> {
        let mut worth = 0;
        for event in events {
            let Event::Traded {
                maker,
                maker_account: Some(owner),
                taker: this,
                ..
            } = *event
            else {
                break;
            };
            let number = self.large.number(owner)?;
            let places = self.places(number)?;
            let at = self.orders.live(maker);
            let order = self.orders.at(at);
            if this != taker || number == account || !order.is_plain() {
                return None;
            }
            if order.side() == Side::Buy {
                // Both are below half of what 64 bits can say.
                worth += self.kept.value_small(order.price(), order.remaining())?;
                if worth > TRADED_MAX {
                    return None;
                }
            }
            makers.push(Maker { at, places });
        }
        Some(worth)
    }

    /// Settles the makers' sides of a taker's trades, and says so. Returns what they come to for the taker.
    #[inline]
    fn settle_makers(
        &mut self,
        side: Side,
        makers: &[Maker],
        (events, taken, batch): (&mut Vec<Event>, &Taken, usize),
    ) -> Sums {
        let mut sums = Sums::default();
        let first = taken.trades.start - batch;
        let told = events.len();
        events.extend((0..TOLD * makers.len()).map(|_| UNTOLD));
        let (market, ledger) = events.split_at_mut(told);
        let trades = market[taken.trades.clone()].iter();
        let told = ledger.chunks_exact_mut(TOLD);
        for (((maker, trade), told), index) in makers.iter().zip(trades).zip(told).zip(first..) {
            let trade = self.trade(trade);
            let (taker_fee, carry) =
                charge_small(trade.value.unsigned_abs(), self.kept.rates.taker, sums.carry);
            let maker_fee = self.settle_maker(side.opposite(), maker, &trade, told);
            told[0] = Event::Settled {
                trade: index as u32,
                asset: AssetId::new(self.kept.quote),
                maker_fee: Amount::new(maker_fee.into()),
                taker_fee: Amount::new(taker_fee.into()),
            };
            sums.carry = carry;
            sums.lots += trade.quantity.lots() as i64;
            sums.notional += trade.notional;
            sums.taker_fees += taker_fee;
            sums.maker_fees += maker_fee;
        }
        sums
    }

    /// What was noted of a trade, so it is small.
    #[inline(always)]
    fn trade(&self, event: &Event) -> Trade {
        let Event::Traded {
            maker_account: Some(owner),
            price,
            quantity,
            ..
        } = *event
        else {
            unreachable!("the trades were noted, and nobody's orders were refused");
        };
        let lots = quantity.lots() as i64;
        let notional = price.ticks() * lots;
        Trade {
            owner,
            price,
            quantity,
            notional,
            value: notional * self.kept.quote_units as i64,
            delivered: lots * self.kept.base_units as i64,
        }
    }

    /// Settles the maker's side of a trade, and says what that leaves it with. Returns what it is charged.
    #[inline(always)]
    fn settle_maker(&mut self, side: Side, maker: &Maker, trade: &Trade, told: &mut [Event]) -> i64 {
        let (kept, places) = (&mut *self.kept, &maker.places);
        let order = self.orders.at_mut(maker.at);
        let (before, rest) = (*order, order.remaining() - trade.quantity);
        let (fee, carry) = charge_small(trade.value.unsigned_abs(), kept.rates.maker, before.carry());
        if rest.is_zero() {
            self.orders.remove(maker.at);
        } else {
            order.set_remaining(rest);
            order.set_carry(carry);
        }
        if kept.counted {
            let open = kept.lines.open_of(places.line);
            open.lots[side as usize] -= trade.quantity.lots();
            open.orders -= u32::from(rest.is_zero());
        }
        let (base, quote) = match side {
            Side::Sell => ([-trade.delivered; 2], [trade.value - fee, 0]),
            Side::Buy => {
                let mut held = -kept.held_plain(side, before.price(), before.remaining(), before.carry());
                if !rest.is_zero() {
                    held += kept.held_plain(side, before.price(), rest, carry);
                }
                ([trade.delivered, 0], [-trade.value - fee, held])
            }
        };
        let base = self.base.balances.rows.add_near(places.base, base);
        let quote = self.quote.balances.rows.add_near(places.quote, quote);
        told[1] = balance_changed(trade.owner, kept.base, base);
        told[2] = balance_changed(trade.owner, kept.quote, quote);
        let line = kept.lines.row_mut(places.line);
        let position = line.trade_small(signed(side, trade.quantity), trade.price);
        told[3] = position_changed(trade.owner, self.instrument, &position);
        kept.reach_position(position.quantity.unsigned_abs());
        fee
    }

    /// Settles the taker's side of its trades, and says what that leaves it with. Returns what is left of it, and its
    /// carry.
    #[inline]
    fn settle_taker(
        &mut self,
        (place, plain): (&Place, &PlainOrder),
        places: &Places,
        (sums, taken): (&Sums, &Taken),
        events: &mut Vec<Event>,
    ) -> (Qty, u32) {
        let kept = &mut *self.kept;
        let trades = &events[taken.trades.clone()];
        let mut trades = trades.iter().filter_map(|event| match *event {
            Event::Traded { price, quantity, .. } => Some((price, quantity)),
            _ => None,
        });
        let line = kept.lines.row_mut(places.line);
        let lots = signed(place.side, Qty::new(sums.lots.unsigned_abs()));
        let position = match line.open(lots, sums.notional) {
            Some(position) => position,
            None => trades.clone().fold(Position::default(), |_, (price, quantity)| {
                line.trade_small(signed(place.side, quantity), price)
            }),
        };
        kept.last = trades.next_back().map(|(price, _)| price);
        kept.reach_position(position.quantity.unsigned_abs());
        let left = place.quantity - Qty::new(sums.lots.unsigned_abs());
        let (delivered, value) = (
            sums.lots * kept.base_units as i64,
            sums.notional * kept.quote_units as i64,
        );
        let held = kept.held_plain(place.side, plain.price, left, sums.carry) - plain.hold.more;
        let (base, quote) = match place.side {
            Side::Buy => ([delivered, 0], [-value - sums.taker_fees, held]),
            Side::Sell => ([-delivered, held], [value - sums.taker_fees, 0]),
        };
        let base = self.base.balances.rows.add_near(places.base, base);
        let quote = self.quote.balances.rows.add_near(places.quote, quote);
        self.quote.fees += i128::from(sums.maker_fees + sums.taker_fees);
        events.push(balance_changed(plain.owner, kept.base, base));
        events.push(balance_changed(plain.owner, kept.quote, quote));
        events.push(position_changed(plain.owner, self.instrument, &position));
        (left, sums.carry)
    }
}

/// Says what an account has bought and sold.
#[inline(always)]
fn position_changed(account: AccountId, instrument: InstrumentId, position: &Position) -> Event {
    Event::PositionChanged {
        account,
        instrument,
        quantity: position.quantity,
        cost: position.cost,
        realised: position.realised,
    }
}

impl Instrument {
    /// What a plain order holds that was looked at.
    #[inline(always)]
    fn held_plain(&self, side: Side, price: Price, quantity: Qty, carry: u32) -> i64 {
        let held = self.hold_plain(side, price, quantity, carry);
        held.expect("what is left holds no more than when it was looked at")
    }
}
