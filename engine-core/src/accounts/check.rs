//! What must hold after every command, worked out from scratch.

use std::collections::{BTreeMap, BTreeSet};

use super::Ledger;
use super::flags::ON_MARGIN;
use super::holds::Footprint;
use super::instrument::Instrument;
use super::orders::OpenOrder;
use super::position::{Line, Open};
use crate::{AccountId, InstrumentId, OrderId, Price, Qty, Side};

/// A live order, as the market knows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LiveOrder {
    pub(crate) id: OrderId,
    pub(crate) instrument: InstrumentId,
    pub(crate) account: Option<AccountId>,
    pub(crate) side: Side,
    pub(crate) total: Qty,
    /// What is left of it; of an exit that is not armed this says nothing.
    pub(crate) remaining: Qty,
    /// Beyond which price it cannot trade.
    pub(crate) worst_price: Option<Price>,
    pub(crate) reduce_only: bool,
    /// Whether it is an exit of a bracket that waits for its entry.
    pub(crate) unarmed: bool,
}

/// What the orders of one account in one instrument add up to.
#[derive(Clone, Copy, Default)]
struct Sums {
    held: [i128; 2],
    open: Open,
    exposure: [i128; 2],
    reduce_only: [u32; 2],
}

impl Sums {
    fn add(&mut self, side: Side, footprint: &Footprint) {
        self.held[side as usize] += footprint.held;
        self.open.lots[side as usize] += footprint.quantity;
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
        let orders = self.orders.len();
        assert_eq!(
            live.len(),
            orders,
            "the ledger and the markets have the same orders"
        );
        let mut lines = self.sum_orders(live);
        for (index, instrument) in (0..).zip(&self.instruments) {
            for (account, _) in instrument.lines.iter() {
                lines.entry((index, account)).or_default();
            }
        }
        for ((index, account), sums) in &lines {
            let instrument = &self.instruments[*index as usize];
            instrument.check_line(&instrument.lines.read(*account), sums);
        }
        self.check_held(&lines);
        self.check_supply();
    }

    /// Adds up every live order, each once, pairs together.
    fn sum_orders(&self, live: &[LiveOrder]) -> Lines {
        let mut lines = Lines::new();
        let mut pairs = BTreeSet::new();
        for known in live {
            let at = self.orders.find(known.id);
            let at = at.unwrap_or_else(|| panic!("live order {} is in the ledger", known.id));
            let order = self.orders.at(at);
            self.check_order(order, known);
            let instrument = known.instrument.get();
            let sums = lines.entry((instrument, order.account)).or_default();
            sums.open.orders += 1;
            sums.reduce_only[order.side() as usize] += u32::from(order.is_reduce_only());
            if self.is_in_pair(at) {
                pairs.extend(order.bond());
            } else {
                sums.add(order.side(), &self.footprint(instrument, order));
            }
        }
        for (number, bond) in self.bonds.iter() {
            let together = self.pair_footprint(number, None);
            let together = together.expect("what a pair holds can be counted");
            assert_eq!(bond.applied, together, "a pair is counted with what it holds");
            let sums = lines.entry((bond.instrument, bond.account)).or_default();
            sums.add(bond.side, &together);
            pairs.remove(&number);
        }
        assert!(pairs.is_empty(), "every pair has its bond");
        lines
    }

    fn check_order(&self, order: &OpenOrder, known: &LiveOrder) {
        let id = known.id;
        let owner = self.accounts.at(order.account).and_then(|account| account.id);
        assert_eq!(owner, known.account, "order {id} is its owner's");
        assert_eq!(order.side(), known.side, "order {id} is on its side");
        assert_eq!(
            order.is_reduce_only(),
            known.reduce_only,
            "order {id} reduces or not"
        );
        assert!(
            !order.is_immediate(),
            "order {id} was over when its command was done"
        );
        assert_eq!(
            order.is_unarmed(),
            known.unarmed,
            "order {id} waits for its entry or not"
        );
        assert!(
            known.side == Side::Sell || known.worst_price.is_some_and(|worst| worst <= order.price()),
            "buy {id} cannot trade at a higher price than it holds by"
        );
        if !order.is_unarmed() {
            assert_eq!(order.remaining(), known.remaining, "order {id} has this left");
        }
    }

    /// What is held of every asset is what orders and positions need.
    fn check_held(&self, lines: &Lines) {
        let mut needed: BTreeMap<(u32, u32), i128> = BTreeMap::new();
        for ((index, account), sums) in lines {
            let instrument = &self.instruments[*index as usize];
            for side in Side::BOTH {
                let place = (instrument.held_asset(side), *account);
                *needed.entry(place).or_default() += sums.held[side as usize];
            }
        }
        for instrument in &self.instruments {
            for (account, line) in instrument.lines.iter() {
                let extra = instrument.extra(&line).copied().unwrap_or_default();
                let required = instrument.requirement(&instrument.cost(account), &extra);
                *needed.entry((instrument.quote, account)).or_default() += required;
            }
        }
        for (asset, kept) in (0..).zip(&self.assets) {
            for (account, [total, held]) in kept.balances.rows.iter() {
                let needed = needed.remove(&(asset, account)).unwrap_or_default();
                assert_eq!(
                    held, needed,
                    "account {account} holds of {asset} what its orders need"
                );
                let on_margin = self.flags.has(account, ON_MARGIN);
                assert!(held >= 0, "nothing holds less than nothing");
                assert!(on_margin || held <= total, "what is held is there");
            }
        }
        let nothing = needed.values().all(|needed| *needed == 0);
        assert!(nothing, "what is needed has a balance that holds it");
    }

    /// Nothing appears and nothing vanishes.
    fn check_supply(&self) {
        for (asset, kept) in (0..).zip(&self.assets) {
            let there = self.there_is(asset).expect("what there is can be counted");
            assert_eq!(kept.supply, there, "asset {asset} is conserved");
            assert!(kept.fees >= 0, "no rebate is paid from nothing");
        }
        for (index, instrument) in (0..).zip(&self.instruments) {
            let bought = instrument.lines.iter();
            let bought: i128 = bought.map(|(_, line)| i128::from(line.quantity)).sum();
            assert_eq!(bought, 0, "what one has bought of {index} another has sold");
        }
    }
}

impl Instrument {
    /// A line says what the live orders of its account add up to, if they are counted.
    fn check_line(&self, line: &Line, sums: &Sums) {
        let extra = self.extra(line).copied().unwrap_or_default();
        let open = if self.counted { sums.open } else { Open::default() };
        assert_eq!(line.open, open, "what is open is what the live orders are");
        assert_eq!(extra.reduce_only, sums.reduce_only, "so are reduce-only orders");
        assert_eq!(
            extra.exposure, sums.exposure,
            "exposure is that of the live orders"
        );
        assert!(
            only_reduces(line, extra.reduce_only),
            "reduce-only orders cannot turn the position"
        );
        assert!(
            line.quantity.unsigned_abs() <= self.position_reached,
            "no position is greater than any was"
        );
        for side in Side::BOTH {
            let open = sums.open.lots[side as usize];
            let held = sums.held[side as usize] / i128::from(self.held[side as usize].units).max(1);
            assert!(
                self.counted || i128::from(open) <= held + i128::from(self.unheld),
                "where orders are not counted, what is held bounds what is open"
            );
            let then = Line {
                open: sums.open,
                ..*line
            }
            .position_with(side, 0);
            assert!(
                then <= i128::from(self.position_max().lots()),
                "every position that could come about can be counted"
            );
        }
    }
}

/// While a reduce-only order lives, all orders of its side together are at most the position, and against it.
pub(super) fn only_reduces(line: &Line, reduce_only: [u32; 2]) -> bool {
    Side::BOTH.into_iter().all(|side| {
        let open = line.open.lots[side as usize];
        reduce_only[side as usize] == 0 || open <= line.against(side)
    })
}
