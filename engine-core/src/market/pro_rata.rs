//! Sharing a level out by size: rules 3.7 and 5.5.

use super::floor::Floor;
use super::self_trade::Prevented;
use super::store::flag;
use super::take::Taker;
use crate::book::Slot;
use crate::command::SelfTrade;
use crate::spec::Allocation;
use crate::types::{Price, Qty};

impl Floor<'_> {
    /// Shares out what the taker wants of a displayed level that it does not use up. If self-trade prevention has
    /// to act on the level it does only that, and the level is looked at again.
    #[cold]
    pub(super) fn share_level(
        &mut self,
        taker: &mut Taker,
        first: Slot,
        price: Price,
        wanted: Qty,
    ) -> Prevented {
        let own = self.own_in_level(taker, first);
        if !own.is_empty() {
            return self.prevent_on_level(taker, own, price);
        }
        let shares = self.shares(first, wanted);
        let mut used_up = Vec::new();
        for (maker, share) in shares.into_iter().filter(|(_, share)| !share.is_zero()) {
            let order = self.store.orders.view(maker);
            self.say_traded(taker, maker, &order, share);
            taker.spend(price, share);
            if order.mark() & flag::ICEBERG != 0 && share == order.quantity() {
                used_up.push((maker, order));
            } else {
                self.fill_maker(maker, &order, share);
            }
        }
        for (iceberg, order) in used_up {
            self.fill_maker(iceberg, &order, order.quantity());
        }
        Prevented::NotTaker
    }

    /// The displayed orders of a level that self-trade prevention concerns, in queue order.
    fn own_in_level(&self, taker: &Taker, first: Slot) -> Vec<Slot> {
        if taker.self_trade == SelfTrade::None {
            return Vec::new();
        }
        self.level_from(first)
            .filter(|slot| self.is_own(taker, *slot))
            .collect()
    }

    /// Rule 5.5: the taker's choice, for each of its own orders until it is over itself.
    fn prevent_on_level(&mut self, taker: &mut Taker, own: Vec<Slot>, price: Price) -> Prevented {
        for slot in own {
            let wanted = taker.wants(price);
            if wanted.is_zero() {
                break;
            }
            if self.prevent(taker, slot, wanted) == Prevented::Taker {
                return Prevented::Taker;
            }
        }
        Prevented::NotTaker
    }

    /// What each displayed order of a level gets of `wanted`, in queue order.
    fn shares(&self, first: Slot, wanted: Qty) -> Vec<(Slot, Qty)> {
        let Allocation::ProRata { top_order, min_lots } = self.market.spec.terms().allocation else {
            unreachable!("only a pro-rata level is shared out");
        };
        let mut shares: Vec<(Slot, Qty)> = self.level_from(first).map(|slot| (slot, Qty::ZERO)).collect();
        let mut left = wanted;
        let mut sharing = shares.as_mut_slice();
        if top_order {
            let (top, others) = sharing.split_first_mut().expect("a level has an order");
            top.1 = left.min(self.store.orders.quantity(top.0));
            left -= top.1;
            sharing = others;
        }
        let size = |slot: Slot| u128::from(self.store.orders.quantity(slot).lots());
        let total: u128 = sharing.iter().map(|(slot, _)| size(*slot)).sum();
        let due = u128::from(left.lots());
        for (slot, share) in sharing.iter_mut() {
            let lots =
                Qty::new(u64::try_from(due * size(*slot) / total).expect("a share is at most what is due"));
            *share = if lots < min_lots { Qty::ZERO } else { lots };
            left -= *share;
        }
        for (slot, share) in sharing {
            let more = left.min(self.store.orders.quantity(*slot) - *share);
            *share += more;
            left -= more;
        }
        shares
    }
}
