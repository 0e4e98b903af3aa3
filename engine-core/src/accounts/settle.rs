//! What the events of a command do to money: the ledger reads them, in order, and adds its own.

use super::admit::{Admission, Admitted};
use super::fill::Fill;
use super::holds::Footprint;
use super::orders::{At, NewOrder, OpenOrder};
use super::{Ledger, ON_MARGIN};
use crate::{AccountId, Amount, AssetId, Event, InstrumentId, OrderId, Price, Qty, Side, Timestamp};

/// Whom an event concerns, and where.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Party {
    pub(super) instrument: u32,
    pub(super) owner: AccountId,
    pub(super) order: OrderId,
}

/// One walk over the events of a command.
struct Settlement<'a> {
    ledger: &'a mut Ledger,
    events: &'a mut Vec<Event>,
    admitted: Admitted<'a>,
    now: Timestamp,
    /// The orders of a list, as far as they were accepted.
    list: [At; 3],
    accepted: usize,
    /// An accepted order by value, which may be over without an event.
    by_value: Option<Party>,
    /// The taker of the newest trades, whose balances are still to be said, and its account's number.
    run: Option<(Party, u32)>,
}

impl Ledger {
    /// Does what the market's events from `unread` on mean for money, and adds what the ledger has to say to them.
    /// Those of the command begin at `batch`.
    #[inline]
    pub(crate) fn settle(
        &mut self,
        admitted: Admitted<'_>,
        now: Timestamp,
        events: &mut Vec<Event>,
        (batch, unread): (usize, usize),
    ) {
        if events.len() > unread {
            self.settle_all(admitted, now, events, (batch, unread));
        }
    }

    #[inline(never)]
    pub(super) fn settle_all(
        &mut self,
        admitted: Admitted<'_>,
        now: Timestamp,
        events: &mut Vec<Event>,
        (batch, unread): (usize, usize),
    ) {
        let end = events.len();
        self.touch_makers(&events[unread..]);
        let mut settlement = Settlement {
            ledger: self,
            events,
            admitted,
            now,
            list: [0; 3],
            accepted: 0,
            by_value: None,
            run: None,
        };
        for index in unread..end {
            settlement.read(index, (index - batch) as u32);
        }
        settlement.end();
    }

    #[inline]
    pub(super) fn live(&self, id: OrderId) -> At {
        self.orders.live(id)
    }

    /// Says what an account has of an asset.
    #[inline]
    pub(super) fn say_balance(&self, account: AccountId, number: u32, asset: u32, events: &mut Vec<Event>) {
        let row = self.assets[asset as usize].balances.read(number);
        events.push(Event::BalanceChanged {
            account,
            asset: AssetId::new(asset),
            total: Amount::new(row.total),
            held: Amount::new(row.held),
        });
    }
}

impl Settlement<'_> {
    /// Looks at one event. Orders of nobody were refused, so every order has its account.
    #[inline]
    fn read(&mut self, index: usize, trade: u32) {
        let party = |instrument: InstrumentId, owner, order| Party {
            instrument: instrument.get(),
            owner,
            order,
        };
        match self.events[index] {
            Event::Accepted {
                instrument,
                order,
                account: Some(owner),
                price,
                quantity,
                side,
                ..
            } => self.accepted(party(instrument, owner, order), side, price, quantity),
            Event::Traded {
                instrument,
                maker,
                maker_account: Some(maker_owner),
                taker,
                taker_account: Some(taker_owner),
                price,
                quantity,
                ..
            } => {
                let maker = party(instrument, maker_owner, maker);
                self.traded(
                    trade,
                    maker,
                    party(instrument, taker_owner, taker),
                    price,
                    quantity,
                );
            }
            Event::Cancelled {
                instrument,
                order,
                account: Some(owner),
                ..
            } => self.cancelled(party(instrument, owner, order)),
            Event::Amended {
                instrument,
                order,
                account: Some(owner),
                price,
                ..
            } => self.amended(party(instrument, owner, order), price),
            Event::Decremented {
                instrument,
                order,
                account: Some(owner),
                remaining,
                ..
            } => self.decremented(party(instrument, owner, order), remaining),
            Event::Triggered {
                instrument,
                order,
                account: Some(owner),
            } => self.triggered(party(instrument, owner, order)),
            Event::Armed {
                instrument,
                order,
                account: Some(owner),
                quantity,
            } => self.armed(party(instrument, owner, order), quantity),
            Event::Marked { instrument, price } => self.ledger.set_mark(instrument, price),
            _ => {}
        }
    }

    #[inline]
    fn accepted(&mut self, party: Party, side: Side, price: Option<Price>, quantity: Qty) {
        match self.admitted {
            Admitted::Order(admission) => {
                let (order, _) = self.open(party, admission, (side, price, quantity));
                let after = self.ledger.footprint(party.instrument, &order);
                self.adjust(party, &order, &Footprint::default(), &after);
            }
            Admitted::List(kind, admissions) => {
                let admission = &admissions[self.accepted];
                let (_, at) = self.open(party, admission, (side, price, quantity));
                self.list[self.accepted] = at;
                self.accepted += 1;
                if self.accepted == admissions.len() {
                    let orders = &self.list[..self.accepted];
                    let number = self.ledger.tie(kind, party.instrument, orders);
                    self.list_accepted(party, number);
                }
            }
            _ => unreachable!("an order is accepted after it was admitted"),
        }
    }

    /// Makes an order known, still without what it holds.
    #[cold]
    fn open(
        &mut self,
        party: Party,
        admission: &Admission,
        (side, price, quantity): (Side, Option<Price>, Qty),
    ) -> (OpenOrder, At) {
        let kept = &mut self.ledger.instruments[party.instrument as usize];
        let account = admission.account;
        // A sliding order tells its price only now. A sell on margin counts with at least what it was admitted with.
        let price = match side {
            Side::Sell if kept.margin.is_some() => {
                price.map_or(admission.price, |price| price.max(admission.price))
            }
            _ => price.unwrap_or(admission.price),
        };
        let order = OpenOrder::new(&NewOrder {
            account,
            side,
            price,
            quantity,
            rates: admission.rates,
            reduce_only: admission.reduce_only,
            immediate: admission.immediate,
        });
        if kept.counted {
            kept.lines.open_mut(account).orders += 1;
            let has_extra = kept.lines.read(account).extra != 0;
            if has_extra || !kept.is_plain() || admission.reduce_only {
                self.open_special(party.instrument, admission, side);
            }
        } else {
            kept.add_unheld(side, price, quantity);
        }
        if order.is_by_value() {
            self.by_value = Some(party);
        }
        (order, self.ledger.orders.insert(party.order, order))
    }

    /// What else is counted where accounts have limits, orders that only reduce, or margin.
    #[cold]
    fn open_special(&mut self, instrument: u32, admission: &Admission, side: Side) {
        let account = admission.account;
        let kept = &mut self.ledger.instruments[instrument as usize];
        let everyone = kept.limits;
        let extra = kept.extra_mut(account);
        let limits = extra.limits.or(everyone);
        if limits.is_some_and(|limits| limits.orders_per_second_max.is_some()) {
            extra.count_order(self.now);
        }
        extra.reduce_only[side as usize] += u32::from(admission.reduce_only);
        if kept.margin.is_some() {
            self.ledger.flags.set(account, ON_MARGIN, true);
            let margin = &mut self.ledger.accounts.at_mut(account).margin;
            if !margin.contains(&instrument) {
                margin.push(instrument);
            }
        }
    }

    /// Counts the orders of a list when the last of them is accepted: the entry's own, then what the pair shares.
    fn list_accepted(&mut self, party: Party, number: u32) {
        if let Some(entry) = self.ledger.bonds.at(number).entry {
            let entry = *self.ledger.orders.at(entry);
            let after = self.ledger.footprint(party.instrument, &entry);
            self.adjust(party, &entry, &Footprint::default(), &after);
        }
        self.refit(party, Some(number));
    }

    #[inline]
    fn traded(&mut self, index: u32, maker: Party, taker: Party, price: Price, quantity: Qty) {
        if self.run.is_some_and(|(before, _)| before != taker) {
            self.end_run();
        }
        let instrument = &mut self.ledger.instruments[taker.instrument as usize];
        instrument.last = Some(price);
        let asset = AssetId::new(instrument.quote);
        let value = instrument.value(price.notional(quantity).units());
        let (maker_at, taker_at) = (self.ledger.live(maker.order), self.ledger.live(taker.order));
        let maker_account = self.ledger.orders.at(maker_at).account;
        self.run = Some((taker, self.ledger.orders.at(taker_at).account));
        let mut fill = Fill {
            instrument: taker.instrument,
            at: maker_at,
            is_maker: true,
            price,
            quantity,
            value: value.expect("a trade is worth no more than its buyer had"),
        };
        let maker_fee = self.ledger.fill(&fill, self.now);
        (fill.at, fill.is_maker) = (taker_at, false);
        let taker_fee = self.ledger.fill(&fill, self.now);
        self.ledger.assets[asset.get() as usize].fees += maker_fee + taker_fee;
        self.events.push(Event::Settled {
            trade: index,
            asset,
            maker_fee: Amount::new(maker_fee),
            taker_fee: Amount::new(taker_fee),
        });
        self.say_account(maker, maker_account);
    }

    #[inline]
    fn cancelled(&mut self, party: Party) {
        self.end_run();
        let at = self.ledger.live(party.order);
        let order = *self.ledger.orders.at(at);
        if !self.ledger.is_in_pair(at) {
            let before = self.ledger.footprint(party.instrument, &order);
            self.adjust(party, &order, &before, &Footprint::default());
        }
        self.close(party, at, &order);
    }

    fn amended(&mut self, party: Party, price: Option<Price>) {
        self.end_run();
        let Admitted::Amend(amended) = self.admitted else {
            unreachable!("an order is amended after that was admitted");
        };
        let at = self.ledger.live(party.order);
        let mut order = amended.0;
        let on_margin = self.ledger.instruments[party.instrument as usize]
            .margin
            .is_some();
        if let (Some(price), false) = (price, on_margin && order.side() == Side::Sell) {
            order.set_price(price);
        }
        let kept = &mut self.ledger.instruments[party.instrument as usize];
        kept.add_unheld(order.side(), order.price(), order.remaining());
        self.replace(party, at, order);
    }

    fn decremented(&mut self, party: Party, remaining: Qty) {
        self.end_run();
        let at = self.ledger.live(party.order);
        let mut order = *self.ledger.orders.at(at);
        // What an order by value may still spend is the market's, and it holds nothing.
        if !order.is_by_value() {
            order.set_remaining(remaining);
            self.replace(party, at, order);
        }
    }

    /// Puts an order that has changed in its place, and what it holds then.
    fn replace(&mut self, party: Party, at: At, order: OpenOrder) {
        let before = *self.ledger.orders.at(at);
        *self.ledger.orders.at_mut(at) = order;
        if !self.ledger.is_in_pair(at) {
            let before = self.ledger.footprint(party.instrument, &before);
            let after = self.ledger.footprint(party.instrument, &order);
            self.adjust(party, &order, &before, &after);
        }
        self.refit(party, order.bond());
    }

    fn triggered(&mut self, party: Party) {
        self.end_run();
        let at = self.ledger.live(party.order);
        let bond = self.ledger.orders.at(at).bond();
        if let Some(number) = bond {
            self.ledger.take_lead(number, at);
        }
        self.refit(party, bond);
    }

    fn armed(&mut self, party: Party, quantity: Qty) {
        self.end_run();
        let at = self.ledger.live(party.order);
        let bond = self.ledger.orders.at(at).bond();
        self.ledger
            .arm(bond.expect("an exit is tied to its entry"), at, quantity);
        self.refit(party, bond);
    }

    /// Puts one footprint of an order in the place of another and says its balance if that changed.
    #[inline]
    fn adjust(&mut self, party: Party, order: &OpenOrder, before: &Footprint, after: &Footprint) {
        let line = (party.instrument, order.account);
        if self.ledger.adjust(line, order.side(), before, after) {
            self.say_hold(party, order.account, order.side());
        }
    }

    /// Brings a pair up to date and says its balance if that changed.
    fn refit(&mut self, party: Party, bond: Option<u32>) {
        let Some(number) = bond else { return };
        let bond = *self.ledger.bonds.at(number);
        if self.ledger.refit(number) {
            self.say_hold(party, bond.account, bond.side);
        }
    }

    /// Forgets an order that is over and says its pair's balance if that changed.
    #[inline]
    fn close(&mut self, party: Party, at: At, order: &OpenOrder) {
        let pair_side = order.bond().map(|number| self.ledger.bonds.at(number).side);
        if self.ledger.close(party.instrument, at, order) {
            let side = pair_side.expect("only a pair's hold can change then");
            self.say_hold(party, order.account, side);
        }
    }

    /// Says the taker's balances after its trades.
    #[inline]
    fn end_run(&mut self) {
        if let Some((taker, account)) = self.run.take() {
            self.say_account(taker, account);
        }
    }

    /// Forgets an order by value that is over without an event.
    #[inline]
    fn end(&mut self) {
        self.end_run();
        let Some(party) = self.by_value else { return };
        if let Some(at) = self.ledger.orders.find(party.order) {
            let order = *self.ledger.orders.at(at);
            self.close(party, at, &order);
        }
    }

    /// Says the balance that orders of a side hold.
    #[inline]
    fn say_hold(&mut self, party: Party, account: u32, side: Side) {
        let asset = self.ledger.instruments[party.instrument as usize].held_asset(side);
        self.ledger.say_balance(party.owner, account, asset, self.events);
    }

    /// Says what a trade changed of an account: its balances, then its position.
    #[inline]
    fn say_account(&mut self, party: Party, account: u32) {
        let instrument = &self.ledger.instruments[party.instrument as usize];
        if instrument.margin.is_none() {
            self.ledger
                .say_balance(party.owner, account, instrument.base, self.events);
        }
        self.ledger
            .say_balance(party.owner, account, instrument.quote, self.events);
        let quantity = instrument.lines.read(account).quantity;
        let position = instrument.cost(account).position(quantity);
        self.events.push(Event::PositionChanged {
            account: party.owner,
            instrument: InstrumentId::new(party.instrument),
            quantity: position.quantity,
            cost: position.cost,
            realised: position.realised,
        });
    }
}
