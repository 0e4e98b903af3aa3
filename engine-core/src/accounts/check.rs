//! What must hold after every command, worked out from scratch.

use std::collections::BTreeMap;

use super::Ledger;
use super::holds::Footprint;
use super::orders::{At, OpenOrder};
use super::position::Line;
use crate::{AccountId, InstrumentId, OrderId, Qty, Side};

/// A live order, as the market knows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LiveOrder {
    pub(crate) id: OrderId,
    pub(crate) instrument: InstrumentId,
    pub(crate) account: Option<AccountId>,
    pub(crate) side: Side,
    /// What is left of it; of an exit that is not armed this says nothing.
    pub(crate) remaining: Qty,
    pub(crate) reduce_only: bool,
}

/// What the orders of one account in one instrument add up to.
#[derive(Clone, Copy, Default)]
struct Sums {
    held: [i128; 2],
    open: [u64; 2],
    exposure: [i128; 2],
    open_orders: u32,
    reduce_only: [u32; 2],
}

impl Sums {
    fn add(&mut self, side: Side, footprint: &Footprint) {
        self.held[side as usize] += footprint.held;
        self.open[side as usize] += footprint.quantity;
        self.exposure[side as usize] += footprint.exposure;
    }
}

/// By instrument and account.
type Lines = BTreeMap<(u32, u32), Sums>;

impl Ledger {
    /// Walks everything and panics where an invariant of section 13 of the rules is broken. `live` are the live
    /// orders of all markets.
    pub(crate) fn check_invariants(&self, live: &[LiveOrder]) {
        self.keys.check_invariants();
        assert_eq!(
            live.len(),
            self.orders.len(),
            "the ledger and the markets have the same orders"
        );
        let lines = self.sum_orders(live);
        for (index, instrument) in self.instruments.iter().enumerate() {
            for (account, line) in instrument.lines.iter() {
                let sums = lines.get(&(index as u32, account)).copied().unwrap_or_default();
                assert_eq!(
                    line.open, sums.open,
                    "open quantities are those of the open orders"
                );
                assert_eq!(line.open_orders, sums.open_orders, "open orders are counted");
                assert_eq!(
                    line.reduce_only, sums.reduce_only,
                    "reduce-only orders are counted"
                );
                assert_eq!(
                    line.exposure, sums.exposure,
                    "exposure is that of the open orders"
                );
                check_reduce_only(line);
            }
        }
        self.check_held(&lines);
        self.check_supply();
    }

    /// Adds up every live order, each once, pairs together.
    fn sum_orders(&self, live: &[LiveOrder]) -> Lines {
        let mut lines = Lines::new();
        let mut pairs = BTreeMap::new();
        for known in live {
            let at = self.orders.find(known.id);
            let at = at.unwrap_or_else(|| panic!("live order {} is in the ledger", known.id));
            let order = self.orders.at(at);
            self.check_order(order, known);
            let sums = lines.entry((known.instrument.get(), order.account)).or_default();
            sums.open_orders += 1;
            sums.reduce_only[order.side() as usize] += u32::from(order.is_reduce_only());
            if self.is_in_pair(at) {
                pairs.insert(order.bond(), known.instrument.get());
            } else {
                sums.add(order.side(), &self.alone(at, known.instrument.get()));
            }
        }
        for (number, bond) in self.bonds.iter() {
            let together = self
                .pair_footprint(number, None)
                .expect("a pair's hold can be counted");
            assert_eq!(bond.applied, together, "a pair is counted with what it holds");
            let sums = lines.entry((bond.instrument, bond.account)).or_default();
            sums.add(bond.side, &together);
            pairs.remove(&Some(number));
        }
        assert!(pairs.is_empty(), "every pair has its bond");
        lines
    }

    fn check_order(&self, order: &OpenOrder, known: &LiveOrder) {
        let owner = self.accounts.at(order.account).and_then(|account| account.id);
        assert_eq!(owner, known.account, "order {} is its owner's", known.id);
        assert_eq!(order.side(), known.side, "order {} is on its side", known.id);
        assert_eq!(
            order.is_reduce_only(),
            known.reduce_only,
            "order {} reduces or not",
            known.id
        );
        assert!(
            !order.is_immediate(),
            "order {} was over when its command was done",
            known.id
        );
        if !order.is_unarmed() {
            assert_eq!(
                order.remaining(),
                known.remaining,
                "order {} has this left",
                known.id
            );
        }
    }

    /// What an order that shares with no other holds, by its terms.
    fn alone(&self, at: At, instrument: u32) -> Footprint {
        let order = self.orders.at(at);
        let instrument = &self.instruments[instrument as usize];
        let from_terms = instrument.footprint(order, order.remaining(), order.remaining());
        assert_eq!(
            from_terms,
            instrument.present(order),
            "order {} holds what its terms say",
            order.id()
        );
        from_terms
    }

    /// What is held of every asset is what orders and positions need.
    fn check_held(&self, lines: &Lines) {
        let mut held: BTreeMap<(u32, u32), i128> = BTreeMap::new();
        for ((index, account), sums) in lines {
            let instrument = &self.instruments[*index as usize];
            for side in Side::BOTH {
                *held.entry((instrument.held_asset(side), *account)).or_default() += sums.held[side as usize];
            }
        }
        for instrument in &self.instruments {
            for (account, line) in instrument.lines.iter() {
                *held.entry((instrument.quote, account)).or_default() += instrument.requirement(line);
            }
        }
        for (asset, kept) in (0..).zip(&self.assets) {
            for (account, row) in kept.balances.iter() {
                let needed = held.remove(&(asset, account)).unwrap_or_default();
                assert_eq!(
                    row.held, needed,
                    "what is held of asset {asset} is what orders need"
                );
                let on_margin = self
                    .flags
                    .get(account as usize)
                    .is_some_and(|flags| flags & super::ON_MARGIN != 0);
                assert!(row.held >= 0, "nothing holds less than nothing");
                assert!(on_margin || row.held <= row.total, "what is held is there");
            }
        }
        assert!(held.values().all(|held| *held == 0), "what is held has a balance");
    }

    /// Nothing appears and nothing vanishes.
    fn check_supply(&self) {
        for (asset, kept) in (0..).zip(&self.assets) {
            let totals: i128 = kept.balances.iter().map(|(_, row)| row.total).sum();
            let mut open_cost = 0;
            for instrument in self
                .instruments
                .iter()
                .filter(|instrument| instrument.quote == asset)
            {
                if instrument.margin.is_some() {
                    let lines = || instrument.lines.iter().map(|(_, line)| line);
                    let cost: i128 = lines().map(|line| line.cost).sum();
                    open_cost += cost * i128::from(instrument.quote_units);
                    let bought: i128 = lines().map(|line| i128::from(line.quantity)).sum();
                    assert_eq!(bought, 0, "what one has bought another has sold");
                }
            }
            assert_eq!(
                kept.supply,
                totals + kept.fees - open_cost,
                "asset {asset} is conserved"
            );
            assert!(kept.fees >= 0, "no rebate is paid from nothing");
        }
    }
}

/// While a reduce-only order lives, all orders of its side together are at most the position.
fn check_reduce_only(line: &Line) {
    for side in Side::BOTH {
        if line.reduce_only[side as usize] == 0 {
            continue;
        }
        let against = match side {
            Side::Buy => line.quantity < 0,
            Side::Sell => line.quantity > 0,
        };
        let open = line.open[side as usize];
        assert!(
            open == 0 || against,
            "a reduce-only order is against the position"
        );
        assert!(
            open <= line.quantity.unsigned_abs(),
            "reduce-only orders cannot turn the position"
        );
    }
}
