//! Orders that share a hold because only one of them can trade, and brackets, whose exits live off their entry.

use super::Ledger;
use super::holds::Footprint;
use super::orders::{At, BONDS_MAX, OpenOrder};
use crate::{LinkKind, Price, Qty, Side};

/// Which order of a pair alone holds, because it has traded or was set off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Lead {
    /// None yet: the pair holds the larger of both.
    #[default]
    Open,
    /// This one.
    Taken(At),
    /// One that is over: what is left of the pair will not trade.
    Over,
}

/// What ties orders together.
///
/// Invariant: `applied` is the pair's footprint as its account's line and balance count it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bond {
    pub(super) instrument: u32,
    pub(super) account: u32,
    /// The side of the pair.
    pub(super) side: Side,
    /// The entry of a bracket, as long as it lives.
    pub(super) entry: Option<At>,
    /// The pair: both orders of a one-cancels-other, or the exits of a bracket.
    pub(super) pair: [Option<At>; 2],
    pub(super) lead: Lead,
    /// What the entry has traded.
    pub(super) traded: Qty,
    pub(super) applied: Footprint,
}

/// All bonds, by number.
pub(super) struct Bonds {
    all: Vec<Option<Bond>>,
    free: Vec<u32>,
    /// How many there may be: orders say their bond's number in few bits.
    bonds_max: u32,
}

impl Default for Bonds {
    fn default() -> Self {
        Self {
            all: Vec::new(),
            free: Vec::new(),
            bonds_max: BONDS_MAX,
        }
    }
}

impl Bonds {
    /// Whether no further lists can be tied.
    pub(super) fn is_full(&self) -> bool {
        self.free.is_empty() && self.all.len() >= self.bonds_max as usize
    }

    pub(super) fn insert(&mut self, bond: Bond) -> u32 {
        let Some(number) = self.free.pop() else {
            self.all.push(Some(bond));
            return self.all.len() as u32 - 1;
        };
        self.all[number as usize] = Some(bond);
        number
    }

    pub(super) fn at(&self, number: u32) -> &Bond {
        self.all[number as usize]
            .as_ref()
            .expect("a bond lives while its orders do")
    }

    fn at_mut(&mut self, number: u32) -> &mut Bond {
        self.all[number as usize]
            .as_mut()
            .expect("a bond lives while its orders do")
    }

    fn remove(&mut self, number: u32) {
        self.all[number as usize] = None;
        self.free.push(number);
    }

    /// How many there are, with those whose numbers are free.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// All bonds that there are, with their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &Bond)> {
        (0..)
            .zip(&self.all)
            .filter_map(|(number, bond)| Some((number, bond.as_ref()?)))
    }
}

impl Ledger {
    /// Ties the orders of a list, which were just accepted, together.
    pub(super) fn tie(&mut self, kind: LinkKind, instrument: u32, orders: &[At]) -> u32 {
        let (entry, pair) = match (kind, orders) {
            (LinkKind::OneCancelsOther, [one, other]) => (None, [*one, *other]),
            (LinkKind::Bracket, [entry, one, other]) => (Some(*entry), [*one, *other]),
            _ => unreachable!("the market checked how many orders the list has"),
        };
        let first = self.orders.at(pair[0]);
        let number = self.bonds.insert(Bond {
            instrument,
            account: first.account,
            side: first.side(),
            entry,
            pair: pair.map(Some),
            lead: Lead::Open,
            traded: Qty::ZERO,
            applied: Footprint::default(),
        });
        for at in orders {
            self.orders.at_mut(*at).set_bond(number);
        }
        if entry.is_some() {
            for at in pair {
                self.orders.at_mut(at).set_unarmed(true);
            }
        }
        number
    }

    /// Whether an order is one of a pair, not an entry and not alone.
    #[inline]
    pub(super) fn is_in_pair(&self, at: At) -> bool {
        let bond = self.orders.at(at).bond();
        bond.is_some_and(|bond| self.bonds.at(bond).entry != Some(at))
    }

    /// What a pair holds together, if one of its orders (or the entry) were as given instead. `None` if that is
    /// more than there can be of its asset.
    pub(super) fn pair_footprint(&self, number: u32, instead: Option<(At, &OpenOrder)>) -> Option<Footprint> {
        let bond = self.bonds.at(number);
        let instrument = &self.instruments[bond.instrument as usize];
        let as_given = |at: At| match instead {
            Some((other, order)) if other == at => order,
            _ => self.orders.at(at),
        };
        let left = bond.entry.map_or(Qty::ZERO, |entry| as_given(entry).remaining());
        let mut together = Footprint::default();
        for at in bond.pair.into_iter().flatten() {
            let order = as_given(at);
            let counts = match bond.lead {
                Lead::Open => true,
                Lead::Taken(lead) => lead == at,
                Lead::Over => false,
            };
            if !counts {
                continue;
            }
            let (held_for, counted) = if !order.is_unarmed() {
                (order.remaining(), order.remaining())
            } else if instrument.margin.is_none() && bond.side == Side::Buy {
                (bond.traded + left, bond.traded)
            } else {
                (bond.traded, bond.traded)
            };
            together = together.shared(instrument.footprint(order, self.fees(order), held_for, counted)?);
        }
        Some(together)
    }

    /// Brings what a pair is counted with up to what it holds now. Says whether that changed what is held.
    pub(super) fn refit(&mut self, number: u32) -> bool {
        let after = self.pair_footprint(number, None);
        let after = after.expect("what a pair holds was found possible when it was admitted");
        let bond = self.bonds.at_mut(number);
        let before = std::mem::replace(&mut bond.applied, after);
        let (line, side) = ((bond.instrument, bond.account), bond.side);
        self.adjust(line, side, &before, &after)
    }

    /// From now on this order alone holds for its pair. An exit that is set off or trades is armed.
    pub(super) fn take_lead(&mut self, number: u32, at: At) {
        let bond = self.bonds.at_mut(number);
        if bond.entry != Some(at) {
            bond.lead = Lead::Taken(at);
        }
    }

    /// Notes that an entry has traded more.
    pub(super) fn entry_traded(&mut self, number: u32, quantity: Qty) {
        let bond = self.bonds.at_mut(number);
        bond.traded += quantity;
        // An exit counts with it, whatever its price.
        self.instruments[bond.instrument as usize].add_unheld(bond.side, Price::new(0), quantity);
    }

    /// Arms an exit: from now on it has a quantity of its own.
    pub(super) fn arm(&mut self, number: u32, at: At, quantity: Qty) {
        let order = self.orders.at_mut(at);
        order.set_unarmed(false);
        order.set_remaining(quantity);
        let bond = self.bonds.at_mut(number);
        bond.entry = None;
        self.instruments[bond.instrument as usize].add_unheld(bond.side, order.price(), quantity);
    }

    /// Takes an order that is over out of its bond, and the bond away with the last of them. Says whether that
    /// changed what the pair holds.
    pub(super) fn untie(&mut self, number: u32, at: At) -> bool {
        let bond = self.bonds.at_mut(number);
        if bond.entry == Some(at) {
            bond.entry = None;
        }
        for place in &mut bond.pair {
            if *place == Some(at) {
                *place = None;
            }
        }
        if bond.lead == Lead::Taken(at) {
            bond.lead = Lead::Over;
        }
        let is_last = bond.entry.is_none() && bond.pair == [None, None];
        let changed = self.refit(number);
        if is_last {
            self.bonds.remove(number);
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_tied_up_to_the_limit_and_again_when_one_is_over() {
        let mut bonds = Bonds {
            bonds_max: 2,
            ..Bonds::default()
        };
        let bond = Bond {
            instrument: 0,
            account: 0,
            side: Side::Buy,
            entry: None,
            pair: [None, None],
            lead: Lead::Open,
            traded: Qty::ZERO,
            applied: Footprint::default(),
        };
        assert!(!bonds.is_full(), "none of two");
        bonds.insert(bond);
        assert!(!bonds.is_full(), "one of two");
        let number = bonds.insert(bond);
        assert!(bonds.is_full(), "two of two");
        bonds.remove(number);
        assert!(!bonds.is_full(), "one of two again");
        assert_eq!(bonds.insert(bond), number);
    }
}
