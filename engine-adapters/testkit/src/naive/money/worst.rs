//! What an order could come to at its worst (4), as the book is.

use engine_core::{OrderKind, Phase, Place, Price, Qty, SelfTrade, Side, TimeInForce, Trail};

use super::super::NaiveEngine;
use super::super::admit::asked_limit;
use super::super::enter::protected_from;
use super::super::order::Order;

/// How far an order could go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Worst {
    /// W, or V of 9.3.
    pub(super) price: Price,
    pub(super) quantity: Qty,
    /// Price × quantity, at worst.
    pub(super) value: i128,
    pub(super) immediate: bool,
}

impl NaiveEngine {
    /// 4.3, 4.5, 9.3; `None` is `UnboundedCost`.
    pub(super) fn worst(&self, place: &Place, is_margin: bool, is_exit: bool) -> Option<Worst> {
        let waits = self.market(place.instrument).phase != Phase::Continuous
            || matches!(place.time_in_force, TimeInForce::AtOpen | TimeInForce::AtClose);
        let best = self
            .queue(place.instrument, place.side.opposite())
            .first()
            .and_then(|order| order.queued_at());
        let immediate = |quantity, value| Worst {
            price: Price::new(0),
            quantity,
            value,
            immediate: true,
        };
        match (place.kind, place.side) {
            (OrderKind::Market, Side::Buy) if !waits => {
                Some(immediate(place.quantity, self.worst_cost(place)))
            }
            (OrderKind::Market, Side::Buy) => None,
            (OrderKind::Market, Side::Sell) if waits && is_margin => None,
            (OrderKind::Market, Side::Sell) if !waits => {
                let best = best.filter(|best| best.ticks() > 0).unwrap_or(Price::new(0));
                Some(immediate(place.quantity, best.notional(place.quantity).units()))
            }
            (OrderKind::MarketByQuote { budget }, Side::Buy) => {
                let lots = best
                    .filter(|best| best.ticks() > 0)
                    .map_or(0, |best| budget.units() / i128::from(best.ticks()));
                let lots = lots.min(i128::from(Qty::MAX.lots()));
                Some(immediate(Qty::new(lots as u64), budget.units()))
            }
            (OrderKind::MarketByQuote { budget }, Side::Sell) => Some(immediate(
                self.worst_quantity(place, budget.units()),
                budget.units(),
            )),
            (_, Side::Buy) => self.worst_resting(place, self.worst_price_of_buy(place, is_exit)?),
            (OrderKind::Pegged { limit: None, .. }, Side::Sell) if is_margin => None,
            (_, Side::Sell) => {
                let own = asked_limit(&place.kind).or_else(|| self.first_trigger(place));
                let best = best.filter(|best| best.ticks() > 0);
                let price = if is_margin { own.max(best) } else { own.or(best) };
                self.worst_resting(place, price.unwrap_or(Price::new(0)))
            }
        }
    }

    fn worst_resting(&self, place: &Place, price: Price) -> Option<Worst> {
        Some(Worst {
            price,
            quantity: place.quantity,
            value: price.notional(place.quantity).units(),
            immediate: false,
        })
    }

    /// W of the table in 4.3.
    fn worst_price_of_buy(&self, place: &Place, is_exit: bool) -> Option<Price> {
        match place.kind {
            OrderKind::MarketToLimit => {
                let best = self.best_to_take(place.instrument, place.side);
                Some(best.unwrap_or(Price::new(0)))
            }
            OrderKind::TrailingStop { .. } if is_exit => None,
            OrderKind::Stop { .. } | OrderKind::TakeProfit { .. } | OrderKind::TrailingStop { .. } => {
                let market = self.market(place.instrument);
                let bps = market.spec.terms().market_protection_bps?;
                let bound = protected_from(self.first_trigger(place)?, bps, place.side);
                let [least, greatest] = market.prices();
                Some(bound.clamp(least, greatest))
            }
            _ => asked_limit(&place.kind),
        }
    }

    /// The trigger with which a stop begins.
    fn first_trigger(&self, place: &Place) -> Option<Price> {
        let (OrderKind::TrailingStop { trail } | OrderKind::TrailingStopLimit { trail, .. }) = place.kind
        else {
            return match place.kind {
                OrderKind::Stop { trigger }
                | OrderKind::StopLimit { trigger, .. }
                | OrderKind::TakeProfit { trigger }
                | OrderKind::TakeProfitLimit { trigger, .. } => Some(trigger),
                _ => None,
            };
        };
        let best = i128::from(self.trigger_price(place.instrument)?.ticks());
        let distance = match trail {
            Trail::Ticks(ticks) => i128::from(ticks),
            Trail::BasisPoints(bps) => ((best.abs() * i128::from(bps) + 9_999) / 10_000).max(1),
        };
        let trigger = match place.side {
            Side::Buy => best + distance,
            Side::Sell => best - distance,
        };
        let [least, greatest] = self
            .market(place.instrument)
            .prices()
            .map(|price| i128::from(price.ticks()));
        Some(Price::new(trigger.clamp(least, greatest) as i64))
    }

    /// The other side's orders within the bound, in priority order: those that count, and the all-or-none ones.
    fn within_bound(&self, place: &Place) -> (Vec<&Order>, Vec<&Order>) {
        let bps = self.market(place.instrument).spec.terms().market_protection_bps;
        let best = self.best_to_take(place.instrument, place.side);
        let reaches = |order: &&Order| {
            let price = order.queued_at().expect("it is in a queue");
            bps.is_none_or(|bps| {
                best.is_some_and(|best| protected_from(best, bps, place.side).reaches(price, place.side))
            })
        };
        let queue = self.queue(place.instrument, place.side.opposite());
        let reached: Vec<&Order> = queue.into_iter().filter(reaches).collect();
        reached.into_iter().partition(|order| !order.place.all_or_none)
    }

    fn passes_over(&self, place: &Place, maker: &Order) -> bool {
        let same_account = place.account.is_some() && place.account == maker.place.account;
        let same_group = place.group.is_some() && place.group == maker.place.group;
        place.self_trade != SelfTrade::None && (same_account || same_group)
    }

    /// 4.4
    fn worst_cost(&self, place: &Place) -> i128 {
        let (counting, all_or_none) = self.within_bound(place);
        let mut wanted = place.quantity;
        let mut cost = 0;
        for maker in counting
            .into_iter()
            .filter(|maker| !self.passes_over(place, maker))
        {
            let quantity = wanted.min(maker.remaining());
            cost += price_of(maker).notional(quantity).units();
            wanted -= quantity;
        }
        let highest = all_or_none.into_iter().map(price_of).max();
        cost + highest.map_or(0, |highest| highest.notional(wanted).units())
    }

    /// 4.5
    fn worst_quantity(&self, place: &Place, budget: i128) -> Qty {
        let (counting, all_or_none) = self.within_bound(place);
        let affordable = |left: i128, price: Price| match price.ticks() {
            ..=0 => Qty::ZERO,
            ticks => Qty::new((left / i128::from(ticks)).min(Qty::MAX.lots().into()) as u64),
        };
        let mut left = budget;
        let mut sold = Qty::ZERO;
        for maker in counting {
            let wanted = affordable(left, price_of(maker));
            if wanted.is_zero() {
                return sold;
            }
            if !self.passes_over(place, maker) {
                let quantity = wanted.min(maker.remaining());
                left -= price_of(maker).notional(quantity).units();
                sold += quantity;
            }
        }
        let lowest = all_or_none.iter().map(|maker| price_of(maker)).min();
        let rest = lowest.map_or(Qty::ZERO, |lowest| affordable(left, lowest));
        let there: u64 = all_or_none.iter().map(|maker| maker.remaining().lots()).sum();
        sold + rest.min(Qty::new(there))
    }
}

fn price_of(maker: &Order) -> Price {
    maker.queued_at().expect("it is in a queue")
}
