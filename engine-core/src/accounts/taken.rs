//! The trades of a plain order with plain orders.
//!
//! A taker may meet fifty makers, and each is somebody else, somewhere else in memory. So all of them are looked at
//! before the first is settled: what they need is on its way when it is needed, and every check is made before
//! anything changes. What the trades come to for the taker is noted when all of them are settled.

use super::fees::charge_small;
use super::instrument::Instrument;
use super::orders::{At, OpenOrders};
use super::pairs::are_small;
use super::plain::{Hold, PlainOrder, balance_changed};
use super::position::{Row, signed};
use super::{Asset, Ledger};
use crate::{AccountId, Amount, AssetId, Event, InstrumentId, OrderId, Place, Price, Qty, Side};

/// What the trades of a taker are worth together at most, and deliver. Fees are at most as much again, so with what
/// [`are_small`] nothing leads out of 64 bits.
const TRADED_MAX: i64 = 1 << 60;

/// A trade that is still to be settled, and where what it changes of its maker is found.
#[derive(Clone, Copy)]
pub(super) struct Maker {
    at: At,
    places: Places,
    /// In units of the quote asset.
    value: i64,
    /// In units of the base asset.
    delivered: i64,
}

/// Where an account has its position, and its balances of base and quote.
#[derive(Clone, Copy)]
struct Places {
    line: u32,
    base: u32,
    quote: u32,
}

/// What the trades of a taker come to.
struct Taker {
    side: Side,
    position: Row,
    delivered: i64,
    value: i64,
    charged: i64,
    remaining: Qty,
    carry: u32,
}

/// What happened to a new order.
struct Taken {
    order: OrderId,
    /// Where its trades begin among the events.
    first: usize,
    /// Whether it is over although it has something left.
    cancelled: bool,
}

/// The parts of a ledger that the trades of one instrument change.
struct Counter<'a> {
    instrument: InstrumentId,
    kept: &'a mut Instrument,
    base: &'a mut Asset,
    quote: &'a mut Asset,
    orders: &'a mut OpenOrders,
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
        let noted = self.note_taken((place, plain.account), (events, unread), &mut makers);
        if let (Some((taken, places)), Some(owner)) = (&noted, place.account) {
            self.hold(place.account, &plain.hold, events);
            let (left, carry) = if makers.is_empty() {
                (place.quantity, 0)
            } else {
                let mut counter = self.counter(place.instrument);
                let mut taker = counter.taker(place, places);
                counter.settle_makers(&mut taker, (&makers, taken.first, batch), events);
                counter.settle_taker(&taker, (owner, places, plain), events);
                (taker.remaining, taker.carry)
            };
            self.leave(taken, (place, plain), (left, carry), events);
        }
        self.makers = makers;
        noted.is_some()
    }

    /// Looks at everything that a new order and its trades will change. `None` if the long way has to be gone.
    #[inline]
    fn note_taken(
        &mut self,
        (place, account): (&Place, u32),
        (events, unread): (&[Event], usize),
        makers: &mut Vec<Maker>,
    ) -> Option<(Taken, Places)> {
        let Event::Accepted { order, .. } = *events.get(unread)? else {
            return None;
        };
        let terms = usize::from(matches!(events.get(unread + 1), Some(Event::Terms { .. })));
        let first = unread + 1 + terms;
        let mut counter = self.counter(place.instrument);
        let places = counter.places(account)?;
        let mut traded = 0;
        for event in &events[first..] {
            let Event::Traded {
                maker,
                maker_account: Some(_),
                taker,
                price,
                quantity,
                ..
            } = *event
            else {
                break;
            };
            let maker = counter.note_maker(maker, account, (price, quantity))?;
            // Each is below half of what 64 bits can say, and so is their sum so far.
            traded += maker.value.max(maker.delivered);
            if traded > TRADED_MAX || taker != order {
                return None;
            }
            makers.push(maker);
        }
        let cancelled = match events[first + makers.len()..] {
            [] => false,
            [Event::Rested { order: rested, .. }] if rested == order => false,
            [Event::Cancelled { order: cancelled, .. }] if cancelled == order => true,
            _ => return None,
        };
        let taken = Taken {
            order,
            first,
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
            self.hold(place.account, &Hold { more, ..plain.hold }, events);
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
        }
    }
}

impl Counter<'_> {
    /// Where an account has what its trades change, if all of that is small. From now on it has it somewhere.
    #[inline]
    fn places(&mut self, account: u32) -> Option<Places> {
        let (base, quote) = (&mut self.base.balances.rows, &mut self.quote.balances.rows);
        let places = Places {
            line: self.kept.lines.ensure(account),
            base: base.ensure(account),
            quote: quote.ensure(account),
        };
        let is_small = self.kept.lines.row(places.line).is_small()
            & are_small(*base.near_mut(places.base))
            & are_small(*quote.near_mut(places.quote));
        is_small.then_some(places)
    }

    /// A trade with a maker, if it is somebody else's and plain, and all that matters is small.
    #[inline]
    fn note_maker(&mut self, maker: OrderId, taker: u32, (price, quantity): (Price, Qty)) -> Option<Maker> {
        let at = self.orders.live(maker);
        let order = *self.orders.at(at);
        if !order.is_plain() || order.account == taker {
            return None;
        }
        let kept = &*self.kept;
        kept.hold_plain(order.side(), order.price(), order.remaining(), 0)?;
        let (value, delivered) = (
            kept.value_small(price, quantity)?,
            kept.delivered_small(quantity)?,
        );
        Some(Maker {
            at,
            places: self.places(order.account)?,
            value,
            delivered,
        })
    }

    /// A taker before its trades.
    fn taker(&self, place: &Place, places: &Places) -> Taker {
        Taker {
            side: place.side,
            position: *self.kept.lines.row(places.line),
            delivered: 0,
            value: 0,
            charged: 0,
            remaining: place.quantity,
            carry: 0,
        }
    }

    /// Settles all trades of a taker, and notes in it what they come to.
    #[inline]
    fn settle_makers(
        &mut self,
        taker: &mut Taker,
        (makers, first, batch): (&[Maker], usize, usize),
        events: &mut Vec<Event>,
    ) {
        let (mut fees, mut reached) = (0, 0);
        events.reserve(4 * makers.len() + 4);
        for (maker, index) in makers.iter().zip(first..) {
            let Event::Traded {
                maker_account: Some(owner),
                price,
                quantity,
                ..
            } = events[index]
            else {
                unreachable!("the trades were noted");
            };
            let (taker_fee, carry) =
                charge_small(maker.value.unsigned_abs(), self.kept.rates.taker, taker.carry);
            taker.carry = carry;
            taker.charged += taker_fee;
            taker.value += maker.value;
            taker.delivered += maker.delivered;
            taker.remaining -= quantity;
            taker.position.trade_small(signed(taker.side, quantity), price);
            let maker_fee = self.fill_maker(maker, (price, quantity));
            fees += maker_fee + taker_fee;
            let position = self.kept.lines.row(maker.places.line);
            reached = taker
                .position
                .quantity
                .unsigned_abs()
                .max(position.quantity.unsigned_abs())
                .max(reached);
            self.kept.last = Some(price);
            events.push(Event::Settled {
                trade: (index - batch) as u32,
                asset: AssetId::new(self.kept.quote),
                maker_fee: Amount::new(maker_fee.into()),
                taker_fee: Amount::new(taker_fee.into()),
            });
            self.say_account(owner, &maker.places, events);
        }
        self.quote.fees += i128::from(fees);
        self.kept.reach_position(reached);
    }

    /// The maker's side of a trade. Returns what it is charged.
    #[inline]
    fn fill_maker(&mut self, maker: &Maker, (price, quantity): (Price, Qty)) -> i64 {
        let Self { kept, orders, .. } = self;
        let order = orders.at_mut(maker.at);
        let (side, before, rest) = (order.side(), *order, order.remaining() - quantity);
        let (fee, carry) = charge_small(maker.value.unsigned_abs(), kept.rates.maker, before.carry());
        order.set_remaining(rest);
        order.set_carry(carry);
        if rest.is_zero() {
            orders.remove(maker.at);
        }
        kept.lines
            .row_mut(maker.places.line)
            .trade_small(signed(side, quantity), price);
        if kept.counted {
            let open = kept.lines.open_of(maker.places.line);
            open.lots[side as usize] -= quantity.lots();
            open.orders -= u32::from(rest.is_zero());
        }
        let base = self.base.balances.rows.near_mut(maker.places.base);
        let quote = self.quote.balances.rows.near_mut(maker.places.quote);
        match side {
            Side::Sell => {
                base[0] -= maker.delivered;
                base[1] -= maker.delivered;
                quote[0] += maker.value - fee;
            }
            Side::Buy => {
                let held = |quantity, carry| kept.held_plain(side, before.price(), quantity, carry);
                base[0] += maker.delivered;
                quote[0] -= maker.value + fee;
                quote[1] -= held(before.remaining(), before.carry());
                if !rest.is_zero() {
                    quote[1] += held(rest, carry);
                }
            }
        }
        fee
    }

    /// Notes what all trades came to for the taker, and says what that leaves it with.
    #[inline]
    fn settle_taker(
        &mut self,
        taker: &Taker,
        (owner, places, plain): (AccountId, &Places, &PlainOrder),
        events: &mut Vec<Event>,
    ) {
        *self.kept.lines.row_mut(places.line) = taker.position;
        let left = self
            .kept
            .held_plain(taker.side, plain.price, taker.remaining, taker.carry);
        let released = plain.hold.more - left;
        let base = self.base.balances.rows.near_mut(places.base);
        let quote = self.quote.balances.rows.near_mut(places.quote);
        match taker.side {
            Side::Buy => {
                base[0] += taker.delivered;
                quote[0] -= taker.value + taker.charged;
                quote[1] -= released;
            }
            Side::Sell => {
                base[0] -= taker.delivered;
                base[1] -= released;
                quote[0] += taker.value - taker.charged;
            }
        }
        self.say_account(owner, places, events);
    }

    /// Says what trades have left an account with: its balances, then its position.
    #[inline]
    fn say_account(&mut self, owner: AccountId, places: &Places, events: &mut Vec<Event>) {
        let base = *self.base.balances.rows.near_mut(places.base);
        let quote = *self.quote.balances.rows.near_mut(places.quote);
        let position = self.kept.lines.row(places.line).position();
        events.push(balance_changed(owner, self.kept.base, base));
        events.push(balance_changed(owner, self.kept.quote, quote));
        events.push(Event::PositionChanged {
            account: owner,
            instrument: self.instrument,
            quantity: position.quantity,
            cost: position.cost,
            realised: position.realised,
        });
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
