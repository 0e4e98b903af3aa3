//! Whether an instrument's lines say what live orders add up to.
//!
//! How much an account has open in an instrument is asked for by limits, by orders that only reduce, and on margin.
//! Without these the only rule about it is that positions can be counted, and where all quantities are small against
//! [`Qty::MAX`] that needs no looking. Then orders are not counted, and an order needs no line: with a hundred
//! instruments and a hundred thousand accounts that is most of what an order would wait for.
//!
//! An instrument is counted from its listing on if it is on margin, else from the first command on that asks. That
//! command pays for a walk over the live orders, once for each instrument. What happens does not depend on it.

use super::Ledger;
use super::instrument::Instrument;
use crate::{AccountId, InstrumentId, Linked, OrderId, OrderKind, Place, Price, Qty, Side};

/// Four summands up to this stay below [`Qty::MAX`] together, with twice as much to spare. All its bits are ones, so none of
/// some numbers is greater if what they are with all their bits together is not.
pub(super) const ROOM: u64 = Qty::MAX.lots() / 8;

const _: () = assert!(Qty::MAX.lots() == i64::MAX as u64 && (ROOM + 1).is_power_of_two());

impl Instrument {
    /// Whether no position that could come about is too large to be counted, if an order adds so many lots at most
    /// where its account holds so much already.
    ///
    /// A live order holds a unit for each lot at least, whatever it shares with others, unless its worst price is 0;
    /// those are summed up in `unheld`. So open lots, position and order together are at most the sum of four numbers.
    #[inline]
    pub(super) fn is_roomy(&self, held: u64, more: u64) -> bool {
        held | more | self.position_reached | self.unheld <= ROOM
    }

    /// Notes lots that count as open and need hold nothing.
    #[inline]
    pub(super) fn add_unheld(&mut self, side: Side, price: Price, quantity: Qty) {
        if side == Side::Buy && price.ticks() <= 0 {
            self.unheld = self.unheld.saturating_add(quantity.lots());
        }
    }
}

impl Ledger {
    /// Whether a new order can be looked at only when orders are counted.
    pub(crate) fn must_count(&self, place: &Place) -> bool {
        // Of an order by value each lot is worth at least one tick times one lot of the budget.
        let lots = match place.kind {
            OrderKind::MarketByQuote { budget } => u64::try_from(budget.units()).unwrap_or(u64::MAX),
            _ => place.quantity.lots(),
        };
        let kept = &self.instruments[place.instrument.get() as usize];
        !kept.counted && (place.reduce_only || !self.has_room_for(kept, (place.account, place.side), lots))
    }

    /// Whether one of these linked orders can be looked at only when orders are counted.
    pub(crate) fn must_count_linked(&self, linked: &Linked) -> bool {
        linked.orders.iter().any(|place| self.must_count(place))
    }

    /// Whether an amend to a total of `quantity` can be looked at only when orders are counted.
    pub(crate) fn must_count_amend(
        &self,
        instrument: InstrumentId,
        whose: (Option<AccountId>, Side),
        quantity: Qty,
    ) -> bool {
        let kept = &self.instruments[instrument.get() as usize];
        !kept.counted && !self.has_room_for(kept, whose, quantity.lots())
    }

    /// Whether limits for this instrument can be kept only when orders are counted.
    pub(crate) fn must_count_limits(&self, instrument: InstrumentId) -> bool {
        let kept = self.instruments.get(instrument.get() as usize);
        kept.is_some_and(|kept| !kept.counted)
    }

    fn has_room_for(&self, kept: &Instrument, (owner, side): (Option<AccountId>, Side), lots: u64) -> bool {
        let account = owner.and_then(|owner| self.number(owner));
        let held = account.map_or(0, |account| {
            let balances = &self.assets[kept.held_asset(side) as usize].balances;
            balances.read(account).held / i128::from(kept.held[side as usize].units)
        });
        kept.is_roomy(u64::try_from(held).unwrap_or(u64::MAX), lots)
    }

    /// Counts the orders of an instrument from now on. `live` are those that there are.
    #[cold]
    pub(crate) fn count(&mut self, instrument: InstrumentId, live: impl Iterator<Item = OrderId>) {
        let index = instrument.get();
        let kept = &mut self.instruments[index as usize];
        kept.counted = true;
        for id in live {
            let at = self.live(id);
            let order = *self.orders.at(at);
            let alone = !self.is_in_pair(at);
            let open = self.instruments[index as usize].lines.open_mut(order.account);
            open.orders += 1;
            if alone {
                open.lots[order.side() as usize] += order.remaining().lots();
            }
        }
        for (_, bond) in self.bonds.iter().filter(|(_, bond)| bond.instrument == index) {
            let open = self.instruments[index as usize].lines.open_mut(bond.account);
            open.lots[bond.side as usize] += bond.applied.quantity;
        }
    }

    /// Stops counting where nothing asks for it: after a restart most instruments are as they were before it.
    pub(super) fn uncount(&mut self) {
        for kept in &mut self.instruments {
            if kept.margin.is_none() && kept.limits.is_none() && !kept.has_extras() {
                kept.counted = false;
                kept.lines.uncount();
            }
        }
    }
}
