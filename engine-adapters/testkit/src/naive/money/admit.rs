//! The checks of new orders (3).

use engine_core::{AccountId, LinkKind, Linked, Place, RejectReason, Side};

use super::super::NaiveEngine;
use super::super::admit::asked_limit;
use super::limits::Measured;
use super::worst::Worst;
use super::{Admitted, Money, Order, Rates, Refused, millionths_up};

impl NaiveEngine {
    /// 3.1, for an order alone.
    pub(in super::super) fn admit_paid(&mut self, place: &Place) -> Result<(), Refused> {
        let Some(money) = &self.money else { return Ok(()) };
        let (admitted, need) = self.check_paid(money, place, false)?;
        money.check_free(place, need)?;
        let money = self.money.as_mut().expect("it is there");
        money.admitted = vec![admitted];
        money.admitted_list = None;
        Ok(())
    }

    /// 3.3
    pub(in super::super) fn admit_paid_list(&mut self, linked: &Linked) -> Result<(), Refused> {
        let Some(money) = &self.money else { return Ok(()) };
        let mut all = Vec::new();
        for (index, place) in linked.orders.iter().enumerate() {
            let is_exit = linked.kind == LinkKind::Bracket && index > 0;
            all.push(self.check_paid(money, place, is_exit)?);
        }
        let [first, second] = [&linked.orders[0], &linked.orders[1]];
        let (one, other) = (all[0].1, all[1].1);
        match linked.kind {
            LinkKind::OneCancelsOther => money.check_free(first, larger(one, other))?,
            LinkKind::Bracket => {
                money.check_free(first, one)?;
                let at = first.instrument.get() as usize;
                if first.side == Side::Sell && !money.is_margin(at) {
                    money.check_free(second, larger(other, all[2].1))?;
                }
            }
        }
        let money = self.money.as_mut().expect("it is there");
        money.admitted = all.into_iter().map(|(admitted, _)| admitted).collect();
        money.admitted_list = Some(linked.kind);
        Ok(())
    }

    /// 3.1, 1 to 5, and what the order would hold, with its exposure on margin.
    fn check_paid(
        &self,
        money: &Money,
        place: &Place,
        is_exit: bool,
    ) -> Result<(Admitted, Option<Need>), Refused> {
        let owner = place.account.ok_or(RejectReason::AccountRequired)?;
        if money.account(owner).is_some_and(|account| account.is_frozen) {
            return Err(RejectReason::AccountFrozen.into());
        }
        let at = place.instrument.get() as usize;
        let worst = self.worst(place, money.is_margin(at), is_exit);
        let worst = worst.ok_or(RejectReason::UnboundedCost)?;
        let lots = i128::from(worst.quantity.lots());
        let measured = Measured {
            owner,
            at,
            side: place.side,
            quantity: Some(worst.quantity),
            value: Some(worst.value),
            more: if is_exit { 0 } else { lots },
            limit_price: asked_limit(&place.kind),
            is_new: true,
        };
        money.check_limits(&measured).map_err(RejectReason::RiskLimit)?;
        if !is_exit && place.reduce_only && lots > money.reducible(owner, at, place.side) {
            return Err(RejectReason::ReduceOnly.into());
        }
        if !is_exit {
            let reducing = money.check_reducing(owner, at, place.side, lots);
            reducing.map_err(RejectReason::RiskLimit)?;
        }
        let rates = money.rates_for(owner, at);
        let admitted = Admitted {
            price: worst.price,
            rates,
            immediate: worst.immediate,
            reduce_only: place.reduce_only,
        };
        Ok((admitted, money.need(place, &worst, rates)))
    }
}

/// What an order needs: of its asset, and on margin beside that for its exposure.
#[derive(Clone, Copy, Debug)]
struct Need {
    held: i128,
    exposure: i128,
}

fn larger(one: Option<Need>, other: Option<Need>) -> Option<Need> {
    let (one, other) = (one?, other?);
    Some(Need {
        held: one.held.max(other.held),
        exposure: one.exposure.max(other.exposure),
    })
}

impl Money {
    /// 7.5
    fn rates_for(&self, owner: AccountId, at: usize) -> Rates {
        let paid = &self.instruments[at];
        let terms = paid.spec.terms();
        let mut tiers = vec![(0, terms.maker_fee_ppm, terms.taker_fee_ppm)];
        for tier in &terms.fee_tiers {
            let scale = u32::from(self.assets[paid.quote].scale);
            let volume =
                super::whole_units(tier.volume_min, scale).expect("it was checked when it was listed");
            tiers.push((volume, tier.maker_fee_ppm, tier.taker_fee_ppm));
        }
        let fixed = self.account(owner).and_then(|account| account.tier);
        let volume = self.volume(owner, paid.quote);
        let (_, maker, taker) = match fixed {
            Some(tier) => tiers[usize::from(tier).min(tiers.len() - 1)],
            None => *tiers
                .iter()
                .rfind(|(from, ..)| *from <= volume)
                .expect("the first begins at 0"),
        };
        Rates { maker, taker }
    }

    /// 7.6
    fn volume(&self, owner: AccountId, asset: usize) -> i128 {
        let today = day(self.now.nanos());
        let recent = self
            .volumes
            .iter()
            .filter(|(whose, of, on, _)| (*whose, *of) == (owner, asset) && on + 29 >= today);
        recent.map(|(.., value)| value).sum()
    }

    /// The second table of 5.1, and 9.3; `None` is more than there can be.
    fn need(&self, place: &Place, worst: &Worst, rates: Rates) -> Option<Need> {
        let at = place.instrument.get() as usize;
        let is_margin = self.is_margin(at);
        let exposure = if is_margin && !place.reduce_only {
            worst.value
        } else {
            0
        };
        let held = if !worst.immediate {
            let order = self.new_order(place, worst, rates);
            self.hold_for(&order, worst.quantity)?
        } else if place.side == Side::Sell && !is_margin {
            i128::from(worst.quantity.lots()) * self.instruments[at].lot_units
        } else {
            let value = worst.value.checked_mul(self.instruments[at].value_units)?;
            if value > engine_core::Amount::MAX.units() {
                return None;
            }
            let fee = millionths_up(value * i128::from(rates.taker.max(0)));
            if is_margin { fee } else { value + fee }
        };
        Some(Need { held, exposure })
    }

    fn new_order(&self, place: &Place, worst: &Worst, rates: Rates) -> Order {
        Order {
            id: place.id,
            owner: place.account.expect("it was checked"),
            at: place.instrument.get() as usize,
            side: place.side,
            left: worst.quantity,
            price: worst.price,
            rates,
            exact_fees: 0,
            charged: 0,
            immediate: worst.immediate,
            by_value: false,
            reduce_only: place.reduce_only,
            is_unarmed: false,
            list: None,
        }
    }

    /// 3.1, 6, and 3.2, 9.4.
    fn check_free(&self, place: &Place, need: Option<Need>) -> Result<(), Refused> {
        let owner = place.account.expect("it was checked");
        let at = place.instrument.get() as usize;
        let asset = self.instruments[at].asset_held(place.side);
        if self.account(owner).is_none() {
            return Err(Self::short(
                owner,
                asset,
                need.map_or(i128::MAX, |need| need.held),
                0,
            ));
        }
        let free = self.free(owner, asset);
        let Some(need) = need else {
            return Err(Self::short(owner, asset, i128::MAX, free));
        };
        let mut more = [0, 0];
        more[place.side as usize] = need.exposure;
        let margin = self.requirement(owner, at, more) - self.requirement(owner, at, [0, 0]);
        let needed = need.held + margin;
        let closes = self.is_margin(at) && needed <= 0;
        if needed > free && !closes {
            return Err(Self::short(owner, asset, needed, free));
        }
        Ok(())
    }
}

pub(super) fn day(nanos: u64) -> u64 {
    nanos / (24 * 60 * 60 * 1_000_000_000)
}
