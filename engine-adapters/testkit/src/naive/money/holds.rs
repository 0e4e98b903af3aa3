//! What is held: added up anew from the live orders and the positions (5, 6, 9).

use engine_core::{AccountId, Amount, AssetId, Event, Price, Qty, Side};

use super::{List, Money, Order, Paid, margin_of, millionths_up};

impl Paid {
    /// value(p, q) of 1.2, or `None` above what there can be.
    pub(super) fn value(&self, price: Price, quantity: Qty) -> Option<i128> {
        let value = price.notional(quantity).units().checked_mul(self.value_units)?;
        (value <= Amount::MAX.units()).then_some(value)
    }

    /// The number of the asset that orders of a side hold.
    pub(super) fn asset_held(&self, side: Side) -> usize {
        if side == Side::Buy || margin_of(&self.spec).is_some() {
            self.quote
        } else {
            self.base
        }
    }
}

impl Money {
    /// 5.1 and the fee part of 9.3, if the order had this much left.
    pub(super) fn hold_for(&self, order: &Order, left: Qty) -> Option<i128> {
        let paid = &self.instruments[order.at];
        let is_margin = self.is_margin(order.at);
        if order.immediate {
            return Some(0);
        }
        if order.side == Side::Sell && !is_margin {
            return Some(i128::from(left.lots()) * paid.lot_units);
        }
        let value = paid.value(order.price, left)?;
        let h = order.rates.taker.max(0).max(order.rates.maker);
        // c = charged × 10^6 − exact, so ⌈(value × h − c) / 10^6⌉ is this:
        let fee = millionths_up(value * i128::from(h) + order.exact_fees) - order.charged;
        Some(if is_margin { fee } else { value + fee })
    }

    /// 6.2: for how much an order of a pair holds, and as how much it counts.
    fn pair_quantity(&self, list: &List, order: &Order) -> (Qty, Qty) {
        if !order.is_unarmed {
            return (order.left, order.left);
        }
        let entry_left = list.entry.map_or(Qty::ZERO, |entry| self.order(entry).left);
        if order.side == Side::Buy && !self.is_margin(order.at) {
            (list.traded + entry_left, list.traded)
        } else {
            (list.traded, list.traded)
        }
    }

    /// The orders of a pair that count (6.1).
    fn counting<'a>(&'a self, list: &'a List) -> impl Iterator<Item = &'a Order> {
        let counts = |id: &&super::OrderId| list.lead.is_none_or(|lead| lead == **id);
        list.pair.iter().filter(counts).map(|id| self.order(*id))
    }

    /// What a pair holds together.
    pub(super) fn hold_of_pair(&self, list: &List) -> Option<i128> {
        let mut most = 0;
        for order in self.counting(list) {
            let (held_for, _) = self.pair_quantity(list, order);
            most = most.max(self.hold_for(order, held_for)?);
        }
        Some(most)
    }

    /// The live orders that hold for themselves alone.
    fn single(&self) -> impl Iterator<Item = &Order> {
        self.orders.iter().filter(|order| !self.is_in_pair(order))
    }

    pub(super) fn is_in_pair(&self, order: &Order) -> bool {
        self.list_of(order)
            .is_some_and(|list| list.pair.contains(&order.id))
    }

    /// Whose pair it is, and its instrument and side.
    pub(super) fn pair_place(&self, list: &List) -> Option<(AccountId, usize, Side)> {
        let order = self.order(*list.pair.first()?);
        Some((order.owner, order.at, order.side))
    }

    /// All that an account holds of an asset, or `None` if that cannot be counted.
    pub(super) fn try_held(&self, owner: AccountId, asset: usize) -> Option<i128> {
        let mut held = 0;
        for order in self.single().filter(|order| order.owner == owner) {
            if self.instruments[order.at].asset_held(order.side) == asset {
                held += self.hold_for(order, order.left)?;
            }
        }
        for list in &self.lists {
            if let Some((whose, at, side)) = self.pair_place(list)
                && whose == owner
                && self.instruments[at].asset_held(side) == asset
            {
                held += self.hold_of_pair(list)?;
            }
        }
        for at in 0..self.instruments.len() {
            if self.instruments[at].quote == asset {
                held += self.requirement(owner, at, [0, 0]);
            }
        }
        Some(held)
    }

    pub(super) fn held(&self, owner: AccountId, asset: usize) -> i128 {
        let held = self.try_held(owner, asset);
        held.expect("what is held was found possible when it was admitted")
    }

    /// 9.3, with more open on each side.
    pub(super) fn requirement(&self, owner: AccountId, at: usize, more: [i128; 2]) -> i128 {
        let Some((initial, ..)) = margin_of(&self.instruments[at].spec) else {
            return 0;
        };
        let cost = self.position(owner, at).cost;
        let [buys, sells] = Side::BOTH.map(|side| self.exposure(owner, at, side) + more[side as usize]);
        let most = (cost + buys).max(sells - cost).max(0);
        millionths_up(most * self.instruments[at].value_units * initial)
    }

    /// Σ W × R or V × R of 9.3.
    fn exposure(&self, owner: AccountId, at: usize, side: Side) -> i128 {
        let beside = |order: &Order| (order.owner, order.at, order.side) == (owner, at, side);
        let value = |order: &Order, quantity: Qty| {
            if order.reduce_only {
                0
            } else {
                order.price.notional(quantity).units()
            }
        };
        let single = self.single().filter(|order| beside(order) && !order.immediate);
        let single: i128 = single.map(|order| value(order, order.left)).sum();
        let pairs = self
            .lists
            .iter()
            .filter(|list| self.pair_place(list) == Some((owner, at, side)));
        let pairs = pairs.map(|list| {
            let each = self
                .counting(list)
                .map(|order| value(order, self.pair_quantity(list, order).1));
            each.max().unwrap_or(0)
        });
        single + pairs.sum::<i128>()
    }

    /// What is left of an account's live orders of a side (10.2, 11).
    pub(super) fn open(&self, owner: AccountId, at: usize, side: Side) -> i128 {
        let beside = |order: &Order| (order.owner, order.at, order.side) == (owner, at, side);
        let single = self.single().filter(|order| beside(order) && !order.immediate);
        let single: u64 = single.map(|order| order.left.lots()).sum();
        let pairs = self
            .lists
            .iter()
            .filter(|list| self.pair_place(list) == Some((owner, at, side)));
        let pairs = pairs.map(|list| {
            let each = self
                .counting(list)
                .map(|order| self.pair_quantity(list, order).1.lots());
            each.max().unwrap_or(0)
        });
        i128::from(single) + i128::from(pairs.sum::<u64>())
    }

    /// 11.2: by how much a reduce-only order could reduce.
    pub(in super::super) fn reducible(&self, owner: AccountId, at: usize, side: Side) -> i128 {
        let quantity = self.position(owner, at).quantity;
        let against = match side {
            Side::Buy => -quantity,
            Side::Sell => quantity,
        };
        (against - self.open(owner, at, side)).max(0)
    }

    /// 2.2
    pub(super) fn free(&self, owner: AccountId, asset: usize) -> i128 {
        let mut losses = 0;
        for (at, paid) in self.instruments.iter().enumerate() {
            if self.is_margin(at) && paid.quote == asset {
                losses += self.unrealised(owner, at).min(0) * paid.value_units;
            }
        }
        self.total(owner, asset) - self.held(owner, asset) + losses
    }

    /// 8.5
    fn unrealised(&self, owner: AccountId, at: usize) -> i128 {
        let position = self.position(owner, at);
        let paid = &self.instruments[at];
        let mark = paid.mark.or(paid.last);
        mark.map_or(0, |mark| {
            i128::from(mark.ticks()) * position.quantity - position.cost
        })
    }

    pub(super) fn balance_event(&self, account: AccountId, asset: usize) -> Event {
        Event::BalanceChanged {
            account,
            asset: AssetId::new(asset as u32),
            total: Amount::new(self.total(account, asset)),
            held: Amount::new(self.held(account, asset)),
        }
    }
}
