//! The trades of a plain order with plain orders.
//!
//! A taker may meet fifty makers, and each is somebody else, somewhere else in memory. So all of them are looked at
//! before the first is settled: what they need is on its way when it is needed.

use std::hint::black_box;

use super::fees::{Fees, charge_small};
use super::instrument::Instrument;
use super::orders::{At, OpenOrder};
use super::plain::{PlainOrder, balance_changed};
use super::position::Cost;
use super::{Ledger, Row};
use crate::{AccountId, Amount, AssetId, Event, InstrumentId, OrderId, Place, Price, Qty, Side};

/// Where the trades of a taker stand among the events.
struct Trades {
    first: usize,
    end: usize,
    /// Whether the taker is over although it has something left.
    cancelled: bool,
}

/// The maker of a trade that is still to be settled.
#[derive(Clone, Copy)]
pub(super) struct Maker {
    at: At,
    /// Its account's line, if there was one before the first trade.
    line: Option<u32>,
}

/// A trade that is not worth much.
#[derive(Clone, Copy)]
struct Trade {
    price: Price,
    quantity: Qty,
    /// In units of the quote asset.
    value: i64,
    /// In units of the base asset.
    delivered: i64,
}

/// A plain order while it takes.
struct Taker {
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

impl Ledger {
    /// Settles a new order that did not just come to rest, if all that it met hold for themselves alone.
    #[inline(never)]
    pub(super) fn settle_taken(
        &mut self,
        (place, plain): (&Place, &PlainOrder),
        events: &mut Vec<Event>,
        (batch, unread): (usize, usize),
    ) -> bool {
        let Some((order, trades)) = trades_of(&events[unread..], unread) else {
            return false;
        };
        let Some(owner) = place.account else {
            return false;
        };
        if !self.note_makers(&events[trades.first..trades.end], (place, plain)) {
            return false;
        }
        self.hold(place, (plain.account, plain.held), events);
        let left = self.take(owner, (place, plain), (&trades, batch), events);
        if trades.cancelled {
            let kept = &self.instruments[place.instrument.get() as usize];
            let held = kept.hold_plain(place.side, plain.price, left.0, left.1);
            let held = held.expect("what is left holds no more than when it was admitted");
            self.hold(place, (plain.account, -held), events);
        } else if !left.0.is_zero() {
            self.keep_plain(order, place, plain, (left.0, left.1.carry));
        }
        true
    }

    /// Notes who the makers are, and reads what their trades will change. Whether all of them hold for themselves
    /// alone, are not the taker's, and trade for little.
    #[inline]
    fn note_makers(&mut self, trades: &[Event], (place, plain): (&Place, &PlainOrder)) -> bool {
        let kept = &self.instruments[place.instrument.get() as usize];
        let (base, quote) = (&self.assets[kept.base as usize], &self.assets[kept.quote as usize]);
        let mut all = true;
        self.makers.clear();
        if let [_, ..] = trades {
            base.balances.rows.touch(plain.account);
            quote.balances.rows.touch(plain.account);
            black_box(kept.lines.find(plain.account));
        }
        for event in trades {
            let Event::Traded {
                maker,
                maker_account: Some(_),
                price,
                quantity,
                ..
            } = *event
            else {
                return false;
            };
            let at = self.live(maker);
            let order = self.orders.at(at);
            base.balances.rows.touch(order.account);
            quote.balances.rows.touch(order.account);
            let line = kept.lines.find(order.account);
            all &= order.is_plain() && order.account != plain.account;
            all &= kept.trade_small(price, quantity).is_some();
            self.makers.push(Maker { at, line });
        }
        all
    }

    /// Settles the trades of a taker, and says what they leave. Returns what is left of it.
    #[inline]
    fn take(
        &mut self,
        owner: AccountId,
        (place, plain): (&Place, &PlainOrder),
        (trades, batch): (&Trades, usize),
        events: &mut Vec<Event>,
    ) -> (Qty, Fees) {
        let instrument = place.instrument.get();
        let kept = &mut self.instruments[instrument as usize];
        let fees = Fees::new(self.rates.at(kept.base_rates()));
        if trades.first == trades.end {
            return (place.quantity, fees);
        }
        let mut taker = Taker {
            line: kept.lines.ensure(plain.account),
            fees,
            remaining: place.quantity,
            delivered: 0,
            value: 0,
            charged: 0,
            position: (0, Cost::default()),
        };
        for (index, maker) in (trades.first..trades.end).zip(0..) {
            let maker = self.makers[maker];
            self.take_one(instrument, (&mut taker, place.side), maker, (index, batch), events);
        }
        let filled = self.fill_taker(instrument, (&taker, place), plain);
        self.say_filled(owner, instrument, &filled, events);
        (taker.remaining, taker.fees)
    }

    /// Settles one trade: the maker's side at once, the taker's in `taker`.
    #[inline]
    fn take_one(
        &mut self,
        instrument: u32,
        (taker, side): (&mut Taker, Side),
        maker: Maker,
        (index, batch): (usize, usize),
        events: &mut Vec<Event>,
    ) {
        let Event::Traded {
            maker_account: Some(owner),
            price,
            quantity,
            ..
        } = events[index]
        else {
            unreachable!("only trades stand between the acceptance and the end");
        };
        let kept = &mut self.instruments[instrument as usize];
        let trade = kept.trade_small(price, quantity);
        let trade = trade.expect("it was when the makers were noted");
        let (taker_fee, carry) =
            charge_small(trade.value.unsigned_abs(), taker.fees.rates.taker, taker.fees.carry);
        taker.fees.carry = carry;
        taker.delivered += i128::from(trade.delivered);
        taker.value += i128::from(trade.value);
        taker.charged += i128::from(taker_fee);
        taker.remaining -= quantity;
        taker.position = kept.lines.trade(taker.line, side, price, quantity);
        kept.reach_position(taker.position.0);
        kept.last = Some(price);
        let (filled, maker_fee) = self.fill_maker(instrument, &trade, maker);
        let quote = self.instruments[instrument as usize].quote;
        self.assets[quote as usize].fees += i128::from(maker_fee + taker_fee);
        events.push(Event::Settled {
            trade: (index - batch) as u32,
            asset: AssetId::new(quote),
            maker_fee: Amount::new(maker_fee.into()),
            taker_fee: Amount::new(taker_fee.into()),
        });
        self.say_filled(owner, instrument, &filled, events);
    }

    /// The maker's side of a trade, and what it is charged.
    #[inline]
    fn fill_maker(&mut self, instrument: u32, trade: &Trade, maker: Maker) -> (Filled, i64) {
        let kept = &mut self.instruments[instrument as usize];
        let before = *self.orders.at(maker.at);
        let fees = Fees {
            rates: self.rates.at(before.rates()),
            carry: before.carry(),
        };
        let (fee, carry) = charge_small(trade.value.unsigned_abs(), fees.rates.maker, fees.carry);
        let (account, side) = (before.account, before.side());
        let rest = before.remaining() - trade.quantity;
        let line = maker.line.unwrap_or_else(|| kept.lines.ensure(account));
        let position = kept.lines.trade(line, side, trade.price, trade.quantity);
        kept.reach_position(position.0);
        if kept.counted {
            let line = kept.lines.row_mut(line);
            line.open[side as usize] -= trade.quantity.lots();
            line.open_orders -= u32::from(rest.is_zero());
        }
        let (base, quote) = match side {
            Side::Buy => {
                let released = kept.released(&before, fees, (rest, carry));
                let paid = i128::from(-trade.value - fee);
                ([trade.delivered, 0], [paid, -released])
            }
            Side::Sell => {
                let received = i128::from(trade.value - fee);
                ([-trade.delivered, -trade.delivered], [received, 0])
            }
        };
        let (base_asset, quote_asset) = (kept.base as usize, kept.quote as usize);
        if rest.is_zero() {
            self.orders.remove(maker.at);
        } else {
            let order = self.orders.at_mut(maker.at);
            order.set_remaining(rest);
            order.set_carry(carry);
        }
        let base = self.assets[base_asset].balances.add_small(account, base[0], base[1]);
        let [total, held] = quote;
        let quote = self.assets[quote_asset].balances.add(account, Row { total, held });
        (Filled { base, quote, position }, fee)
    }

    /// Notes what all trades of a taker came to.
    #[inline]
    fn fill_taker(&mut self, instrument: u32, (taker, place): (&Taker, &Place), plain: &PlainOrder) -> Filled {
        let kept = &self.instruments[instrument as usize];
        let row = |total, held| Row { total, held };
        let (base, quote) = match place.side {
            Side::Buy => {
                let held = kept.hold(Side::Buy, plain.price, taker.remaining, taker.fees);
                let held = held.expect("what is left holds no more than when it was admitted");
                let paid = row(-taker.value - taker.charged, held - i128::from(plain.held));
                (row(taker.delivered, 0), paid)
            }
            Side::Sell => (
                row(-taker.delivered, -taker.delivered),
                row(taker.value - taker.charged, 0),
            ),
        };
        let (base_asset, quote_asset) = (kept.base as usize, kept.quote as usize);
        Filled {
            base: self.assets[base_asset].balances.add(plain.account, base),
            quote: self.assets[quote_asset].balances.add(plain.account, quote),
            position: taker.position,
        }
    }

    /// Says what a trade has left an account with: its balances, then its position.
    #[inline]
    fn say_filled(&self, owner: AccountId, instrument: u32, filled: &Filled, events: &mut Vec<Event>) {
        let kept = &self.instruments[instrument as usize];
        let position = filled.position.1.position(filled.position.0);
        events.extend([
            balance_changed(owner, kept.base, filled.base),
            balance_changed(owner, kept.quote, filled.quote),
            Event::PositionChanged {
                account: owner,
                instrument: InstrumentId::new(instrument),
                quantity: position.quantity,
                cost: position.cost,
                realised: position.realised,
            },
        ]);
    }
}

impl Instrument {
    /// A trade, if neither what is paid nor what is delivered is much.
    #[inline]
    fn trade_small(&self, price: Price, quantity: Qty) -> Option<Trade> {
        Some(Trade {
            price,
            quantity,
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
