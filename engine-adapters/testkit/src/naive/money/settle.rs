//! What the events of the markets do to money (6 to 8), and what is said of it (12).

use engine_core::{
    AccountId, Amount, AssetId, Event, InstrumentId, LinkKind, Notional, OrderId, Price, Qty, Side,
};

use super::admit::day;
use super::{List, Money, Order, Position, millionths_up};

/// The taker of the last trades: its owner, its id and where.
type Run = Option<(AccountId, OrderId, usize)>;

impl Money {
    /// Reads events, the first of which is the `first`th of its command, and returns what there is to say.
    pub(in super::super) fn settle(&mut self, events: &[Event], first: usize) -> Vec<Event> {
        let mut said = Vec::new();
        let mut run: Run = None;
        for (index, event) in events.iter().enumerate() {
            match *event {
                Event::Traded {
                    instrument,
                    taker,
                    taker_account: Some(owner),
                    ..
                } => {
                    let this = Some((owner, taker, instrument.get() as usize));
                    if run.is_some() && run != this {
                        self.say_account(run, &mut said);
                    }
                    run = this;
                    self.trade(event, first + index, &mut said);
                }
                Event::Marked { instrument, price } => {
                    self.instruments[instrument.get() as usize].mark = Some(price);
                }
                _ => {
                    if is_about_money(event) {
                        self.say_account(run.take(), &mut said);
                        self.change(event, &mut said);
                    }
                }
            }
        }
        self.say_account(run, &mut said);
        let over: Vec<OrderId> = self
            .orders
            .iter()
            .filter(|order| order.immediate)
            .map(|order| order.id)
            .collect();
        for id in over {
            self.close(id);
        }
        self.admitted.clear();
        said
    }

    /// Everything but trades: says the balances whose hold is then another.
    fn change(&mut self, event: &Event, said: &mut Vec<Event>) {
        let (owner, assets) = match *event {
            Event::Accepted {
                account: Some(owner), ..
            } => (owner, Vec::new()),
            Event::Cancelled {
                order,
                account: Some(owner),
                ..
            }
            | Event::Amended {
                order,
                account: Some(owner),
                ..
            }
            | Event::Decremented {
                order,
                account: Some(owner),
                ..
            }
            | Event::Triggered {
                order,
                account: Some(owner),
                ..
            }
            | Event::Armed {
                order,
                account: Some(owner),
                ..
            } => (owner, self.assets_of(order)),
            _ => return,
        };
        let before: Vec<i128> = (0..self.assets.len())
            .map(|asset| self.held(owner, asset))
            .collect();
        let accepted = self.apply(event);
        let assets = if assets.is_empty() { accepted } else { assets };
        for asset in assets {
            if self.held(owner, asset) != before[asset] {
                said.push(self.balance_event(owner, asset));
            }
        }
    }

    /// Does what an event says; of an order that is accepted, returns the assets that it or its list holds.
    fn apply(&mut self, event: &Event) -> Vec<usize> {
        match *event {
            Event::Accepted {
                instrument,
                order,
                account: Some(owner),
                side,
                price,
                quantity,
                ..
            } => return self.accept(order, (instrument, owner, side), price, quantity),
            Event::Cancelled { order, .. } => self.close(order),
            Event::Amended { order, price, .. } => self.amended(order, price),
            Event::Decremented { order, remaining, .. } => {
                let order = self.order_mut(order);
                if !order.by_value {
                    order.left = remaining;
                }
            }
            Event::Triggered { order, .. } => self.lead(order),
            Event::Armed { order, quantity, .. } => {
                let armed = self.order_mut(order);
                (armed.is_unarmed, armed.left) = (false, quantity);
            }
            _ => unreachable!("{event:?} is not about money"),
        }
        Vec::new()
    }

    fn accept(
        &mut self,
        id: OrderId,
        (instrument, owner, side): (InstrumentId, AccountId, Side),
        price: Option<Price>,
        quantity: Qty,
    ) -> Vec<usize> {
        let admitted = self.admitted[self.arriving.len()];
        let at = instrument.get() as usize;
        let is_margin_sell = side == Side::Sell && self.is_margin(at);
        let price = match price {
            Some(price) if is_margin_sell => price.max(admitted.price),
            Some(price) => price,
            None => admitted.price,
        };
        self.arriving.push(Order {
            id,
            owner,
            at,
            side,
            left: quantity,
            price,
            rates: admitted.rates,
            exact_fees: 0,
            charged: 0,
            immediate: admitted.immediate,
            by_value: quantity.is_zero(),
            reduce_only: admitted.reduce_only,
            is_unarmed: false,
            list: None,
        });
        if self.counts_rate(owner, at) {
            let second = self.now.nanos() / 1_000_000_000;
            self.counted.push((owner, at, second));
        }
        if self.arriving.len() < self.admitted.len() {
            return Vec::new();
        }
        let arrived = std::mem::take(&mut self.arriving);
        let first = arrived[0].id;
        let ids: Vec<OrderId> = arrived.iter().map(|order| order.id).collect();
        self.orders.extend(arrived);
        if let Some(kind) = self.admitted_list {
            self.tie(kind, &ids);
        }
        self.assets_of(first)
    }

    /// 6
    fn tie(&mut self, kind: LinkKind, ids: &[OrderId]) {
        let number = self.lists.last().map_or(1, |list| list.number + 1);
        let (entry, pair) = match kind {
            LinkKind::OneCancelsOther => (None, ids),
            LinkKind::Bracket => (Some(ids[0]), &ids[1..]),
        };
        for id in ids {
            let order = self.order_mut(*id);
            order.list = Some(number);
            order.is_unarmed = entry.is_some() && entry != Some(*id);
        }
        self.lists.push(List {
            number,
            entry,
            pair: pair.to_vec(),
            lead: None,
            traded: Qty::ZERO,
        });
    }

    fn amended(&mut self, id: OrderId, price: Option<Price>) {
        let (admitted, left) = self.amended;
        let order = self.order(id);
        let is_margin_sell = order.side == Side::Sell && self.is_margin(order.at);
        let order = self.order_mut(id);
        if let Some(price) = price {
            order.price = if is_margin_sell { admitted } else { price };
        }
        if !order.is_unarmed {
            order.left = left;
        }
    }

    /// 6.1
    fn lead(&mut self, id: OrderId) {
        for list in self.lists.iter_mut().filter(|list| list.pair.contains(&id)) {
            list.lead = Some(id);
        }
    }

    /// An order is over.
    fn close(&mut self, id: OrderId) {
        for list in &mut self.lists {
            list.entry = list.entry.filter(|entry| *entry != id);
            list.pair.retain(|other| *other != id);
        }
        self.lists
            .retain(|list| list.entry.is_some() || !list.pair.is_empty());
        self.orders.retain(|order| order.id != id);
    }

    /// 7.1 to 7.3, 8
    fn trade(&mut self, event: &Event, index: usize, said: &mut Vec<Event>) {
        let Event::Traded {
            instrument,
            maker,
            maker_account: Some(maker_owner),
            taker,
            price,
            quantity,
            ..
        } = *event
        else {
            unreachable!("nobody's orders were refused");
        };
        let at = instrument.get() as usize;
        self.instruments[at].last = Some(price);
        let maker_fee = self.fill(maker, price, quantity, |order| order.rates.maker);
        let taker_fee = self.fill(taker, price, quantity, |order| order.rates.taker);
        let asset = self.instruments[at].quote;
        self.fees[asset] += maker_fee + taker_fee;
        said.push(Event::Settled {
            trade: index as u32,
            asset: AssetId::new(asset as u32),
            maker_fee: Amount::new(maker_fee),
            taker_fee: Amount::new(taker_fee),
        });
        self.say_account(Some((maker_owner, maker, at)), said);
    }

    /// One side of a trade; what it is charged.
    fn fill(&mut self, id: OrderId, price: Price, quantity: Qty, rate: fn(&Order) -> i32) -> i128 {
        let order = self.order_mut(id);
        let (owner, at, side) = (order.owner, order.at, order.side);
        let value = price.notional(quantity).units() * self.instruments[at].value_units;
        let order = self.order_mut(id);
        order.exact_fees += value * i128::from(rate(order));
        let fee = millionths_up(order.exact_fees) - order.charged;
        order.charged += fee;
        if !order.by_value {
            order.left -= quantity;
        }
        let is_over = order.left.is_zero() && !order.by_value;
        self.lead(id);
        for list in self.lists.iter_mut().filter(|list| list.entry == Some(id)) {
            list.traded += quantity;
        }
        let realised = self
            .positions
            .entry((owner, at))
            .or_default()
            .trade(side, price, quantity);
        let paid = &self.instruments[at];
        let (base, quote) = (paid.base, paid.quote);
        let delivered = i128::from(quantity.lots()) * paid.lot_units;
        let (got_base, got_quote) = match side {
            _ if self.is_margin(at) => (0, realised * paid.value_units),
            Side::Buy => (delivered, -value),
            Side::Sell => (-delivered, value),
        };
        let has_tiers = !paid.spec.terms().fee_tiers.is_empty();
        *self.totals.entry((owner, base)).or_default() += got_base;
        *self.totals.entry((owner, quote)).or_default() += got_quote - fee;
        if has_tiers {
            self.volumes.push((owner, quote, day(self.now.nanos()), value));
        }
        if is_over {
            self.close(id);
        }
        fee
    }

    /// 12.1, of a trade: the balances and the position of one side.
    fn say_account(&self, run: Run, said: &mut Vec<Event>) {
        let Some((owner, _, at)) = run else { return };
        let paid = &self.instruments[at];
        if !self.is_margin(at) {
            said.push(self.balance_event(owner, paid.base));
        }
        said.push(self.balance_event(owner, paid.quote));
        let position = self.position(owner, at);
        said.push(Event::PositionChanged {
            account: owner,
            instrument: InstrumentId::new(at as u32),
            quantity: i64::try_from(position.quantity).expect("10.2 keeps it in 64 bits"),
            cost: Notional::new(position.cost),
            realised: Notional::new(position.realised),
        });
    }
}

impl Position {
    /// 8.2 to 8.4; what it realises.
    fn trade(&mut self, side: Side, price: Price, quantity: Qty) -> i128 {
        let sign = if side == Side::Buy { 1 } else { -1 };
        let (price, lots) = (i128::from(price.ticks()), i128::from(quantity.lots()));
        let closes = if self.quantity.signum() == -sign {
            lots.min(self.quantity.abs())
        } else {
            0
        };
        let mut realised = 0;
        if closes > 0 {
            // ⌈C × k / ∣q∣⌉
            let product = self.cost * closes;
            let size = self.quantity.abs();
            let part = product.div_euclid(size) + i128::from(product.rem_euclid(size) > 0);
            realised = -sign * price * closes - part;
            self.cost -= part;
            self.quantity += sign * closes;
        }
        self.quantity += sign * (lots - closes);
        self.cost += sign * price * (lots - closes);
        self.realised += realised;
        realised
    }
}

fn is_about_money(event: &Event) -> bool {
    matches!(
        event,
        Event::Accepted { .. }
            | Event::Cancelled { .. }
            | Event::Amended { .. }
            | Event::Decremented { .. }
            | Event::Triggered { .. }
            | Event::Armed { .. }
    )
}
