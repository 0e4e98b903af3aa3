//! The short way: limit orders that hold for themselves alone, in spot instruments where nothing but funds counts.
//!
//! Most commands are of this kind. The rules are those of the long way, which come to little here.

use super::admit::{Admission, Admitted, Plain};
use super::fees::{Fees, RateId, charge_small};
use super::orders::{At, NewOrder, OpenOrder};
use super::position::{Cost, Line};
use super::settle::Party;
use super::{Ledger, Row};
use crate::{AccountId, Amount, AssetId, Event, InstrumentId, OrderId, Price, Qty, Side};

/// What a fill leaves of an account.
struct Filled {
    fee: i64,
    base: Row,
    quote: Row,
    quantity: i64,
    cost: Cost,
}

/// Where the trades of a taker stand among the events.
struct Trades {
    first: usize,
    end: usize,
    /// Whether the taker is over although it has something left.
    cancelled: bool,
}

impl Ledger {
    /// Settles a new order that came to rest, if nothing is to be looked at but what it holds.
    #[inline]
    pub(super) fn settle_accepted(
        &mut self,
        admitted: Admitted<'_>,
        accepted: &Event,
        events: &mut Vec<Event>,
    ) -> bool {
        let (Admitted::Order(admission), Event::Accepted { order, account, .. }) = (admitted, accepted)
        else {
            return false;
        };
        let (Some(plain), Some(owner)) = (admission.plain, *account) else {
            return false;
        };
        let party = Party {
            instrument: plain.instrument,
            owner,
            order: *order,
        };
        self.open_plain(party, admission, &plain, events);
        true
    }

    /// Settles the end of an order, if nothing is to be looked at but what it held.
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
        let party = Party {
            instrument: instrument.get(),
            owner,
            order,
        };
        let at = self.live(order);
        self.close_plain(party, at, events)
    }

    /// Settles a new order that took from others, if all of them hold for themselves alone.
    #[inline(never)]
    pub(super) fn settle_taken(
        &mut self,
        admitted: Admitted<'_>,
        events: &mut Vec<Event>,
        (batch, unread): (usize, usize),
    ) -> bool {
        let (
            Admitted::Order(admission),
            Event::Accepted {
                order,
                account: Some(owner),
                ..
            },
        ) = (admitted, events[unread])
        else {
            return false;
        };
        let Some(plain) = admission.plain else {
            return false;
        };
        let Some(trades) = trades_of(order, &events[unread..], unread) else {
            return false;
        };
        if !self.are_plain_makers(
            &events[trades.first..trades.end],
            admission.account,
            plain.instrument,
        ) {
            return false;
        }
        let party = Party {
            instrument: plain.instrument,
            owner,
            order,
        };
        let mut taker = Taker::new(self, admission, plain);
        self.change_held(owner, (admission.account, taker.held_asset), plain.held, events);
        for index in trades.first..trades.end {
            self.take(&mut taker, index, batch, events);
        }
        self.end_taker(party, &taker, events);
        self.leave_taker(party, &taker, trades.cancelled, events);
        true
    }

    /// Whether all makers hold for themselves alone and are not the taker's. Reads what their trades will change, so that
    /// it is near then.
    #[inline]
    fn are_plain_makers(&self, trades: &[Event], taker: u32, instrument: u32) -> bool {
        let kept = &self.instruments[instrument as usize];
        let mut all = kept.is_plain();
        for event in trades {
            let Event::Traded { maker, .. } = event else {
                continue;
            };
            let order = self.orders.at(self.live(*maker));
            all &= order.is_plain() && order.account != taker;
            kept.touch(order.account);
            for asset in [kept.base, kept.quote] {
                self.assets[asset as usize].balances.rows.touch(order.account);
            }
        }
        all
    }

    /// Settles one trade: the maker's side at once, the taker's in `taker`.
    #[inline]
    fn take(&mut self, taker: &mut Taker, index: usize, batch: usize, events: &mut Vec<Event>) {
        let Event::Traded {
            maker,
            maker_account: Some(owner),
            price,
            quantity,
            ..
        } = events[index]
        else {
            unreachable!("only trades stand between the acceptance and the end");
        };
        let kept = &self.instruments[taker.instrument as usize];
        let small = "trades that are worth much were not taken for plain ones";
        let trade = Trade {
            instrument: taker.instrument,
            price,
            quantity,
            value: kept.value_small(price, quantity).expect(small),
            delivered: kept.delivered_small(quantity).expect(small),
        };
        let filled = self.fill_plain(&trade, self.live(maker));
        let fee = taker.fill(&trade);
        let (base, quote) = (taker.base, taker.quote);
        self.assets[quote as usize].fees += i128::from(filled.fee + fee);
        events.push(Event::Settled {
            trade: (index - batch) as u32,
            asset: AssetId::new(quote),
            maker_fee: Amount::new(filled.fee.into()),
            taker_fee: Amount::new(fee.into()),
        });
        say_filled(owner, taker.instrument, (base, quote), &filled, events);
    }

    /// Notes what all trades of a taker came to, and says it.
    #[inline]
    fn end_taker(&mut self, party: Party, taker: &Taker, events: &mut Vec<Event>) {
        let kept = &mut self.instruments[taker.instrument as usize];
        kept.last = Some(taker.last);
        let line = kept.lines.at_mut(taker.account);
        *line = taker.line;
        let quantity = line.quantity;
        kept.set_cost(taker.account, taker.cost);
        let row = |total, held| Row { total, held };
        let delivered = taker.delivered;
        let (base, quote) = match taker.side {
            Side::Buy => {
                let held = kept.hold(taker.side, taker.price, taker.remaining, taker.fees);
                let held = held.expect("what is left holds no more than when it was admitted");
                (
                    row(delivered, 0),
                    row(-taker.value - taker.charged, held - i128::from(taker.held)),
                )
            }
            Side::Sell => (row(-delivered, -delivered), row(taker.value - taker.charged, 0)),
        };
        let filled = Filled {
            fee: 0,
            base: self.assets[taker.base as usize].balances.add(taker.account, base),
            quote: self.assets[taker.quote as usize]
                .balances
                .add(taker.account, quote),
            quantity,
            cost: taker.cost,
        };
        say_filled(
            party.owner,
            taker.instrument,
            (taker.base, taker.quote),
            &filled,
            events,
        );
    }

    /// Keeps what is left of a taker, or releases what it holds if it is over.
    #[inline]
    fn leave_taker(&mut self, party: Party, taker: &Taker, cancelled: bool, events: &mut Vec<Event>) {
        if taker.remaining.is_zero() {
            return;
        }
        let kept = &mut self.instruments[taker.instrument as usize];
        if cancelled {
            let held = kept.hold_plain(taker.side, taker.price, taker.remaining, taker.fees);
            let held = held.expect("what is left holds no more than when it was admitted");
            return self.change_held(party.owner, (taker.account, taker.held_asset), -held, events);
        }
        let line = kept.lines.at_mut(taker.account);
        line.open_orders += 1;
        line.open[taker.side as usize] += taker.remaining.lots();
        let mut order = OpenOrder::new(&NewOrder {
            account: taker.account,
            side: taker.side,
            price: taker.price,
            quantity: taker.remaining,
            rates: taker.rates,
            reduce_only: false,
            immediate: false,
        });
        order.set_carry(taker.fees.carry);
        self.orders.insert(party.order, order);
    }

    /// Notes a new order where nothing else is to be looked at, and what it holds.
    #[inline]
    pub(super) fn open_plain(
        &mut self,
        party: Party,
        admission: &Admission,
        plain: &Plain,
        events: &mut Vec<Event>,
    ) {
        let (side, quantity, account) = (plain.side, plain.quantity, admission.account);
        let order = NewOrder {
            account,
            side,
            price: admission.price,
            quantity,
            rates: admission.rates,
            reduce_only: false,
            immediate: false,
        };
        self.orders.insert(party.order, OpenOrder::new(&order));
        let kept = &mut self.instruments[party.instrument as usize];
        let line = kept.lines.at_mut(account);
        line.open_orders += 1;
        line.open[side as usize] += quantity.lots();
        let asset = kept.held_asset(side);
        self.change_held(party.owner, (account, asset), plain.held, events);
    }

    /// Forgets an order that is over, and what it held, where nothing else is to be looked at. Says whether that was
    /// so.
    #[inline]
    pub(super) fn close_plain(&mut self, party: Party, at: At, events: &mut Vec<Event>) -> bool {
        let order = *self.orders.at(at);
        let fees = self.fees(&order);
        let kept = &mut self.instruments[party.instrument as usize];
        if !order.is_plain() || !kept.is_plain() {
            return false;
        }
        let side = order.side();
        let Some(held) = kept.hold_plain(side, order.price(), order.remaining(), fees) else {
            return false;
        };
        let line = kept.lines.at_mut(order.account);
        line.open_orders -= 1;
        line.open[side as usize] -= order.remaining().lots();
        let asset = kept.held_asset(side);
        self.orders.remove(at);
        self.change_held(party.owner, (order.account, asset), -held, events);
        true
    }

    /// Changes what an account holds of an asset, and says so.
    #[inline]
    fn change_held(
        &mut self,
        owner: AccountId,
        (account, asset): (u32, u32),
        by: i64,
        events: &mut Vec<Event>,
    ) {
        let row = self.assets[asset as usize].balances.add_small(account, 0, by);
        if by != 0 {
            events.push(balance_changed(owner, asset, row));
        }
    }

    /// The maker's side of a trade.
    #[inline]
    fn fill_plain(&mut self, trade: &Trade, at: At) -> Filled {
        let kept = &mut self.instruments[trade.instrument as usize];
        let before = *self.orders.at(at);
        let rates = self.rates.at(before.rates());
        let (fee, carry) = charge_small(trade.value, rates.maker, before.carry());
        let rest = before.remaining() - trade.quantity;
        let (account, side) = (before.account, before.side());
        let mut cost = kept.cost(account);
        let line = kept.lines.at_mut(account);
        line.trade(&mut cost, side, trade.price, trade.quantity);
        line.open[side as usize] -= trade.quantity.lots();
        line.open_orders -= u32::from(rest.is_zero());
        let quantity = line.quantity;
        kept.set_cost(account, cost);
        let value = trade.value as i64;
        let (base, quote) = match side {
            Side::Buy => {
                let hold = |quantity, carry| {
                    let held = kept.hold(side, before.price(), quantity, Fees { rates, carry });
                    held.expect("an order that trades holds no more than when it was admitted")
                };
                let mut released = hold(before.remaining(), before.carry());
                if !rest.is_zero() {
                    released -= hold(rest, carry);
                }
                ((trade.delivered, 0), (-value - fee, -released))
            }
            Side::Sell => ((-trade.delivered, -trade.delivered), (value - fee, 0)),
        };
        let base = self.assets[kept.base as usize]
            .balances
            .add_small(account, base.0, base.1);
        let quote = self.assets[kept.quote as usize].balances.add(
            account,
            Row {
                total: quote.0.into(),
                held: quote.1,
            },
        );
        if rest.is_zero() {
            self.orders.remove(at);
        } else {
            let order = self.orders.at_mut(at);
            order.set_remaining(rest);
            order.set_carry(carry);
        }
        Filled {
            base,
            quote,
            fee,
            quantity,
            cost,
        }
    }
}

/// A trade that is not worth much.
struct Trade {
    instrument: u32,
    price: Price,
    quantity: Qty,
    /// In units of the quote asset.
    value: u64,
    /// In units of the base asset.
    delivered: i64,
}

/// A plain order while it takes.
struct Taker {
    instrument: u32,
    base: u32,
    quote: u32,
    held_asset: u32,
    account: u32,
    side: Side,
    price: Price,
    rates: RateId,
    fees: Fees,
    held: i64,
    remaining: Qty,
    /// What its trades came to.
    delivered: i128,
    value: i128,
    charged: i128,
    last: Price,
    line: Line,
    cost: Cost,
}

impl Taker {
    #[inline]
    fn new(ledger: &Ledger, admission: &Admission, plain: Plain) -> Self {
        let kept = &ledger.instruments[plain.instrument as usize];
        let account = admission.account;
        Self {
            instrument: plain.instrument,
            base: kept.base,
            quote: kept.quote,
            held_asset: kept.held_asset(plain.side),
            account,
            side: plain.side,
            price: admission.price,
            rates: admission.rates,
            fees: Fees::new(ledger.rates.at(admission.rates)),
            held: plain.held,
            remaining: plain.quantity,
            delivered: 0,
            value: 0,
            charged: 0,
            last: admission.price,
            line: kept.lines.read(account),
            cost: kept.cost(account),
        }
    }

    /// Takes its side of a trade, and returns what it is charged.
    #[inline]
    fn fill(&mut self, trade: &Trade) -> i64 {
        let (fee, carry) = charge_small(trade.value, self.fees.rates.taker, self.fees.carry);
        self.fees.carry = carry;
        self.delivered += i128::from(trade.delivered);
        self.value += i128::from(trade.value);
        self.charged += i128::from(fee);
        self.remaining -= trade.quantity;
        self.last = trade.price;
        self.line
            .trade(&mut self.cost, self.side, trade.price, trade.quantity);
        fee
    }
}

/// The trades of a new order, if nothing but them happened between its acceptance and its end. The events begin with its
/// acceptance, which stands at `start`.
#[inline]
fn trades_of(order: OrderId, events: &[Event], start: usize) -> Option<Trades> {
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
    (traded > 0).then_some(Trades {
        first: start + first,
        end: start + first + traded,
        cancelled,
    })
}

/// Says what a trade has left an account with: its balances, then its position.
#[inline]
fn say_filled(
    owner: AccountId,
    instrument: u32,
    (base, quote): (u32, u32),
    filled: &Filled,
    events: &mut Vec<Event>,
) {
    let position = filled.cost.position(filled.quantity);
    events.extend([
        balance_changed(owner, base, filled.base),
        balance_changed(owner, quote, filled.quote),
        Event::PositionChanged {
            account: owner,
            instrument: InstrumentId::new(instrument),
            quantity: position.quantity,
            cost: position.cost,
            realised: position.realised,
        },
    ]);
}

#[inline]
fn balance_changed(account: AccountId, asset: u32, row: Row) -> Event {
    Event::BalanceChanged {
        account,
        asset: AssetId::new(asset),
        total: Amount::new(row.total),
        held: Amount::new(row.held),
    }
}
