//! The trades of a plain order with plain orders.
//!
//! A taker may meet fifty makers, and each is somebody else, somewhere else in memory. So all of them are looked at
//! before the first is settled: what they need is on its way when it is needed.

use std::hint::black_box;

use super::fees::{Fees, RateTable, charge_small};
use super::instrument::Instrument;
use super::orders::{At, OpenOrder, OpenOrders};
use super::plain::{PlainOrder, balance_changed};
use super::position::Cost;
use super::{Asset, Ledger, Row};
use crate::{AccountId, Amount, AssetId, Event, InstrumentId, OrderId, Place, Price, Qty, Side};

/// Where the trades of a taker stand among the events.
struct Trades {
    first: usize,
    end: usize,
    /// Whether the taker is over although it has something left.
    cancelled: bool,
}

/// A trade that is still to be settled, and where its maker is found.
#[derive(Clone, Copy)]
pub(super) struct Maker {
    at: At,
    account: u32,
    /// Its account's line, if there was one before the first trade.
    line: Option<u32>,
    /// Its balances of base and quote.
    base: u32,
    quote: u32,
    trade: Trade,
}

/// A trade that is not worth much.
#[derive(Clone, Copy)]
struct Trade {
    /// In units of the quote asset.
    value: i64,
    /// In units of the base asset.
    delivered: i64,
}

/// A plain order while it takes.
struct Taker {
    side: Side,
    line: u32,
    fees: Fees,
    remaining: Qty,
    /// What its trades came to.
    delivered: i128,
    value: i128,
    charged: i128,
    position: (i64, Cost),
}

/// What a fill leaves of an account.
struct Filled {
    base: Row,
    quote: Row,
    position: (i64, Cost),
}

/// The parts of a ledger that the trades of one instrument change.
struct Counter<'a> {
    instrument: u32,
    kept: &'a mut Instrument,
    base: &'a mut Asset,
    quote: &'a mut Asset,
    orders: &'a mut OpenOrders,
    rates: &'a RateTable,
}

impl Ledger {
    /// Settles a new order that did not just come to rest, if all that it met hold for themselves alone.
    #[inline(never)]
    pub(super) fn settle_taken(
        &mut self,
        (place, plain): (&Place, &PlainOrder),
        events: &mut Vec<Event>,
        (batch, unread): (usize, usize),
    ) -> bool {
        let (Some((order, trades)), Some(owner)) = (trades_of(&events[unread..], unread), place.account)
        else {
            return false;
        };
        let mut makers = std::mem::take(&mut self.makers);
        makers.clear();
        let all = self.note_makers(&events[trades.first..trades.end], (place, plain), &mut makers);
        if all {
            self.hold((place, plain), plain.held, events);
            let first = trades.first - batch;
            let left = self.take(owner, (place, plain), (&makers, &trades, first), events);
            self.leave(order, (place, plain), (left, trades.cancelled), events);
        }
        self.makers = makers;
        all
    }

    /// Notes who the makers are, and reads what their trades will change. Whether all of them hold for themselves
    /// alone, are not the taker's, and trade for little.
    #[inline]
    fn note_makers(
        &self,
        trades: &[Event],
        (place, plain): (&Place, &PlainOrder),
        makers: &mut Vec<Maker>,
    ) -> bool {
        let kept = &self.instruments[place.instrument.get() as usize];
        let base = &self.assets[kept.base as usize].balances.rows;
        let quote = &self.assets[kept.quote as usize].balances.rows;
        let mut read = 0;
        for event in trades {
            let Event::Traded {
                maker,
                price,
                quantity,
                ..
            } = *event
            else {
                return false;
            };
            let at = self.live(maker);
            let order = self.orders.at(at);
            let account = order.account;
            if !order.is_plain() || account == plain.account {
                return false;
            }
            let line = kept.lines.find(account);
            let (Some(base_row), Some(quote_row), Some(trade)) = (
                base.find(account),
                quote.find(account),
                kept.trade_small(price, quantity),
            ) else {
                return false;
            };
            read ^= base.touch(base_row) ^ quote.touch(quote_row);
            read ^= line.map_or(0, |line| kept.lines.touch(line));
            makers.push(Maker {
                at,
                account,
                line,
                base: base_row,
                quote: quote_row,
                trade,
            });
        }
        black_box(read);
        true
    }

    /// Settles the trades of a taker, and says what they leave. Returns what is left of it.
    #[inline]
    fn take(
        &mut self,
        owner: AccountId,
        (place, plain): (&Place, &PlainOrder),
        (makers, trades, first): (&[Maker], &Trades, usize),
        events: &mut Vec<Event>,
    ) -> (Qty, Fees) {
        let mut counter = self.counter(place.instrument);
        let fees = Fees::new(counter.rates.at(counter.kept.base_rates()));
        if makers.is_empty() {
            return (place.quantity, fees);
        }
        let mut taker = Taker {
            side: place.side,
            line: counter.kept.lines.ensure(plain.account),
            fees,
            remaining: place.quantity,
            delivered: 0,
            value: 0,
            charged: 0,
            position: (0, Cost::default()),
        };
        events.reserve(4 * makers.len() + 4);
        for (maker, index) in makers.iter().zip(0..) {
            let Event::Traded {
                maker_account: Some(maker_owner),
                price,
                quantity,
                ..
            } = events[trades.first + index]
            else {
                unreachable!("only trades stand between the acceptance and the end");
            };
            let taker_fee = counter.fill_taker(&mut taker, maker.trade, (price, quantity));
            let (filled, maker_fee) = counter.fill_maker(maker, (price, quantity));
            counter.quote.fees += i128::from(maker_fee + taker_fee);
            events.push(Event::Settled {
                trade: (first + index) as u32,
                asset: AssetId::new(counter.kept.quote),
                maker_fee: Amount::new(maker_fee.into()),
                taker_fee: Amount::new(taker_fee.into()),
            });
            counter.say_filled(maker_owner, &filled, events);
        }
        let filled = counter.end_taker(&taker, plain);
        counter.say_filled(owner, &filled, events);
        (taker.remaining, taker.fees)
    }

    /// Keeps what is left of a taker, or releases what it holds if it is over.
    #[inline]
    fn leave(
        &mut self,
        order: OrderId,
        (place, plain): (&Place, &PlainOrder),
        ((left, fees), cancelled): ((Qty, Fees), bool),
        events: &mut Vec<Event>,
    ) {
        if cancelled {
            let kept = &self.instruments[place.instrument.get() as usize];
            let held = kept.hold_plain(place.side, plain.price, left, fees);
            let held = held.expect("what is left holds no more than when it was admitted");
            self.hold((place, plain), -held, events);
        } else if !left.is_zero() {
            self.keep_plain(order, place, plain, (left, fees.carry));
        }
    }

    #[inline]
    fn counter(&mut self, instrument: InstrumentId) -> Counter<'_> {
        let kept = &mut self.instruments[instrument.get() as usize];
        let assets = [kept.base as usize, kept.quote as usize];
        let assets = self.assets.get_disjoint_mut(assets);
        let [base, quote] = assets.expect("a simple instrument has two assets");
        Counter {
            instrument: instrument.get(),
            kept,
            base,
            quote,
            orders: &mut self.orders,
            rates: &self.rates,
        }
    }
}

impl Counter<'_> {
    /// The taker's side of a trade, of which only its position is noted yet. Returns what it is charged.
    #[inline]
    fn fill_taker(&mut self, taker: &mut Taker, trade: Trade, (price, quantity): (Price, Qty)) -> i64 {
        let (fee, carry) = charge_small(
            trade.value.unsigned_abs(),
            taker.fees.rates.taker,
            taker.fees.carry,
        );
        taker.fees.carry = carry;
        taker.delivered += i128::from(trade.delivered);
        taker.value += i128::from(trade.value);
        taker.charged += i128::from(fee);
        taker.remaining -= quantity;
        taker.position = self.kept.lines.trade(taker.line, taker.side, price, quantity);
        self.kept.reach_position(taker.position.0);
        self.kept.last = Some(price);
        fee
    }

    /// The maker's side of a trade, and what it is charged.
    #[inline]
    fn fill_maker(&mut self, maker: &Maker, (price, quantity): (Price, Qty)) -> (Filled, i64) {
        let Self { kept, orders, .. } = self;
        let before = *orders.at(maker.at);
        let fees = Fees {
            rates: self.rates.at(before.rates()),
            carry: before.carry(),
        };
        let Trade { value, delivered } = maker.trade;
        let (fee, carry) = charge_small(value.unsigned_abs(), fees.rates.maker, fees.carry);
        let (account, side) = (maker.account, before.side());
        let rest = before.remaining() - quantity;
        let line = maker.line.unwrap_or_else(|| kept.lines.ensure(account));
        let position = kept.lines.trade(line, side, price, quantity);
        kept.reach_position(position.0);
        if kept.counted {
            let open = kept.lines.open_of(line);
            open.lots[side as usize] -= quantity.lots();
            open.orders -= u32::from(rest.is_zero());
        }
        if rest.is_zero() {
            orders.remove(maker.at);
        } else {
            let order = orders.at_mut(maker.at);
            order.set_remaining(rest);
            order.set_carry(carry);
        }
        let (base, quote) = (&mut self.base.balances, &mut self.quote.balances);
        let (base_row, quote_row) = ((maker.base, account), (maker.quote, account));
        let (base, quote) = match side {
            Side::Sell => (
                base.add_small(base_row, -delivered, -delivered),
                quote.add_small(quote_row, value - fee, 0),
            ),
            Side::Buy => {
                let base = base.add_small(base_row, delivered, 0);
                let held = -kept.released(&before, fees, (rest, carry));
                let total = i128::from(-value - fee);
                (base, quote.add(account, Row { total, held }))
            }
        };
        (
            Filled {
                base,
                quote,
                position,
            },
            fee,
        )
    }

    /// Notes what all trades of a taker came to.
    #[inline]
    fn end_taker(&mut self, taker: &Taker, plain: &PlainOrder) -> Filled {
        let row = |total, held| Row { total, held };
        let (base, quote) = match taker.side {
            Side::Buy => {
                let held = self
                    .kept
                    .hold(Side::Buy, plain.price, taker.remaining, taker.fees);
                let held = held.expect("what is left holds no more than when it was admitted");
                let paid = row(-taker.value - taker.charged, held - i128::from(plain.held));
                (row(taker.delivered, 0), paid)
            }
            Side::Sell => (
                row(-taker.delivered, -taker.delivered),
                row(taker.value - taker.charged, 0),
            ),
        };
        Filled {
            base: self.base.balances.add(plain.account, base),
            quote: self.quote.balances.add(plain.account, quote),
            position: taker.position,
        }
    }

    /// Says what a trade has left an account with: its balances, then its position.
    #[inline]
    fn say_filled(&self, owner: AccountId, filled: &Filled, events: &mut Vec<Event>) {
        let position = filled.position.1.position(filled.position.0);
        events.push(balance_changed(owner, self.kept.base, filled.base));
        events.push(balance_changed(owner, self.kept.quote, filled.quote));
        events.push(Event::PositionChanged {
            account: owner,
            instrument: InstrumentId::new(self.instrument),
            quantity: position.quantity,
            cost: position.cost,
            realised: position.realised,
        });
    }
}

impl Instrument {
    /// A trade, if neither what is paid nor what is delivered is much.
    #[inline]
    fn trade_small(&self, price: Price, quantity: Qty) -> Option<Trade> {
        Some(Trade {
            value: self.value_small(price, quantity)? as i64,
            delivered: self.delivered_small(quantity)?,
        })
    }

    /// What a buy no longer holds after a fill that leaves `rest`.
    #[inline]
    fn released(&self, before: &OpenOrder, fees: Fees, (rest, carry): (Qty, u32)) -> i128 {
        let hold = |quantity, fees| {
            let held = self.hold(Side::Buy, before.price(), quantity, fees);
            held.expect("an order that trades holds no more than when it was admitted")
        };
        let held = hold(before.remaining(), fees);
        if rest.is_zero() {
            return held;
        }
        held - hold(rest, Fees { carry, ..fees })
    }
}

/// A new order and its trades, if nothing but them happened between its acceptance and its end. The events begin with
/// its acceptance, which stands at `start`.
#[inline]
fn trades_of(events: &[Event], start: usize) -> Option<(OrderId, Trades)> {
    let Event::Accepted { order, .. } = *events.first()? else {
        return None;
    };
    let terms = usize::from(matches!(events.get(1), Some(Event::Terms { .. })));
    let first = 1 + terms;
    let traded = events[first..]
        .iter()
        .take_while(
            |event| matches!(event, Event::Traded { taker, maker_account: Some(_), .. } if *taker == order),
        )
        .count();
    let cancelled = match events[first + traded..] {
        [] => false,
        [Event::Rested { order: rested, .. }] if rested == order => false,
        [Event::Cancelled { order: cancelled, .. }] if cancelled == order => true,
        _ => return None,
    };
    let trades = Trades {
        first: start + first,
        end: start + first + traded,
        cancelled,
    };
    Some((order, trades))
}
