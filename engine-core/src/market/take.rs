//! The matching loop: an order takes from the other side what its terms allow.

use super::enter::Entry;
use super::floor::{Floor, Instrument};
use super::self_trade::Prevented;
use super::store::{Store, flag};
use crate::book::{Queue, Slot, View};
use crate::command::SelfTrade;
use crate::event::{Event, OrderType};
use crate::spec::Allocation;
use crate::types::{AccountId, GroupId, Notional, OrderId, Price, Qty, Side};

/// An order that is taking.
pub(super) struct Taker {
    pub(super) slot: Slot,
    pub(super) order: OrderId,
    pub(super) account: Option<AccountId>,
    pub(super) side: Side,
    pub(super) bound: Bound,
    /// The prices at which the dynamic band lets it trade.
    pub(super) band: Option<(Price, Price)>,
    pub(super) remaining: Qty,
    /// What it may still spend, if it was given a value instead of a quantity.
    pub(super) budget: Option<Notional>,
    pub(super) self_trade: SelfTrade,
    pub(super) group: Option<GroupId>,
    pub(super) has_traded: bool,
}

/// How far a taker goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    /// To this price.
    Price(Price),
    /// To any price.
    Any,
    /// Nowhere: its bound depends on the best opposite price, and there is none.
    Nowhere,
}

/// How taking ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// The taker has nothing left.
    All,
    /// There is nothing more for it to take.
    NoMore,
    /// Self-trade prevention has ended it, and said so.
    Over,
    /// The next trade would leave the dynamic band.
    Interrupted,
}

impl Taker {
    /// Whether its bound lets it trade at `price`.
    #[inline]
    pub(super) fn reaches(&self, price: Price) -> bool {
        match self.bound {
            Bound::Price(bound) => bound.reaches(price, self.side),
            Bound::Any => true,
            Bound::Nowhere => false,
        }
    }

    /// Whether the dynamic band lets it trade at `price`.
    #[inline]
    pub(super) fn is_within_band(&self, price: Price) -> bool {
        self.band
            .is_none_or(|(lowest, highest)| lowest <= price && price <= highest)
    }

    /// How much it can take at `price`.
    #[inline]
    pub(super) fn wants(&self, price: Price) -> Qty {
        match self.budget {
            None => self.remaining,
            Some(budget) => affordable(budget, price),
        }
    }

    /// How taking ended when nothing more is in reach.
    fn out_of_makers(&self) -> Taken {
        match self.budget {
            Some(Notional::ZERO) => Taken::All,
            _ => Taken::NoMore,
        }
    }

    /// Takes `quantity` at `price` off what it still wants.
    #[inline]
    pub(super) fn spend(&mut self, price: Price, quantity: Qty) {
        match &mut self.budget {
            None => self.remaining -= quantity,
            Some(budget) => *budget = Notional::new(budget.units() - price.notional(quantity).units()),
        }
    }
}

/// How much `budget` buys at `price`; nothing at a price that is not positive.
pub(super) fn affordable(budget: Notional, price: Price) -> Qty {
    if price.ticks() <= 0 {
        return Qty::ZERO;
    }
    let lots = (budget.units() / i128::from(price.ticks())).clamp(0, i128::from(Qty::MAX.lots()));
    Qty::new(u64::try_from(lots).expect("it was clamped to the limits of a quantity"))
}

impl Floor<'_> {
    /// A live order as the taker that it is about to be.
    #[inline]
    pub(super) fn taker(&self, slot: Slot, entry: &Entry) -> Taker {
        let orders = &self.store.orders;
        let side = orders.side(slot);
        let bound = match entry.order_type {
            OrderType::Limit | OrderType::Pegged => Bound::Price(orders.price(slot)),
            _ => self.market_bound(slot, entry.order_type, side),
        };
        let conditions = self.store.conditions(slot);
        Taker {
            slot,
            order: orders.id(slot),
            account: self.store.details(slot).account,
            side,
            bound,
            band: self.market.dynamic_band(),
            remaining: self.store.remaining(slot),
            budget: entry.budget,
            self_trade: conditions.map_or(SelfTrade::None, |conditions| conditions.self_trade),
            group: conditions.and_then(|conditions| conditions.group),
            has_traded: false,
        }
    }

    /// Rule 3.2, for orders without a limit price.
    #[cold]
    fn market_bound(&self, slot: Slot, order_type: OrderType, side: Side) -> Bound {
        let protection = self.market.spec.terms().market_protection_bps;
        let bps = match (order_type, protection) {
            (OrderType::MarketToLimit, _) => 0,
            (_, Some(bps)) => bps,
            (_, None) => return Bound::Any,
        };
        let trigger = self
            .store
            .conditions(slot)
            .and_then(|conditions| conditions.trigger);
        let reference = trigger.or_else(|| self.market.best_for_market(side.opposite(), self.store));
        reference.map_or(Bound::Nowhere, |reference| {
            Bound::Price(self.market.bound_from(reference, bps, side))
        })
    }

    /// Trades with the first maker of the other side for as long as the taker's terms allow.
    #[inline]
    pub(super) fn take(&mut self, taker: &mut Taker) -> Taken {
        let mut passed = None;
        loop {
            let Some((slot, maker)) = self.next_maker(taker, passed) else {
                return taker.out_of_makers();
            };
            let price = maker.price();
            let wanted = taker.wants(price);
            if maker.mark() & flag::ALL_OR_NONE != 0 && maker.quantity() > wanted {
                passed = Some(slot);
                continue;
            }
            if wanted.is_zero() {
                return Taken::All;
            }
            if !taker.is_within_band(price) {
                return Taken::Interrupted;
            }
            if self.shares_level(&maker, wanted) {
                if self.share_level(taker, slot, price, wanted) == Prevented::Taker {
                    return Taken::Over;
                }
            } else if taker.self_trade != SelfTrade::None && self.is_own(taker, slot) {
                if self.prevent(taker, slot, wanted) == Prevented::Taker {
                    return Taken::Over;
                }
            } else {
                let quantity = wanted.min(maker.quantity());
                self.say_traded(taker, slot, &maker, quantity);
                taker.spend(price, quantity);
                self.fill_maker(slot, &maker, quantity);
            }
            if taker.remaining.is_zero() && taker.budget.is_none() {
                return Taken::All;
            }
        }
    }

    /// The next order that the taker reaches, after the all-or-none order that it has passed.
    #[inline]
    fn next_maker(&self, taker: &Taker, passed: Option<Slot>) -> Option<(Slot, View)> {
        let orders = &self.store.orders;
        let slot = match passed {
            None => self.market.sides.first(orders, taker.side.opposite())?,
            Some(passed) => self.market.sides.next(orders, passed)?,
        };
        let maker = orders.view(slot);
        taker.reaches(maker.price()).then_some((slot, maker))
    }

    /// Says a trade and remembers its price.
    #[inline]
    pub(super) fn say_traded(&mut self, taker: &mut Taker, slot: Slot, maker: &View, quantity: Qty) {
        debug_assert!(!quantity.is_zero(), "a trade has a quantity");
        let traded = Event::Traded {
            instrument: self.market.id,
            maker: maker.id(),
            maker_account: self.store.details(slot).account,
            taker: taker.order,
            taker_account: taker.account,
            taker_side: taker.side,
            maker_displayed: maker.queue() == Some(Queue::Displayed),
            price: maker.price(),
            quantity,
        };
        self.say(traded);
        if taker.budget.is_none() {
            self.market.live[taker.side as usize] -= quantity;
        }
        self.market.saw_trade(maker.price());
        taker.has_traded = true;
    }

    /// Takes a traded quantity off a queued maker, which is then over, shows its next part, or keeps its place.
    #[inline]
    pub(super) fn fill_maker(&mut self, slot: Slot, maker: &View, quantity: Qty) {
        if maker.mark() & flag::LINKED != 0 {
            self.touch_link(slot);
        }
        self.market.live[maker.side() as usize] -= quantity;
        if quantity < maker.quantity() {
            self.market.sides.reduce(&mut self.store.orders, slot, quantity);
        } else if maker.mark() & flag::ICEBERG == 0 || !self.replenish(slot) {
            self.leave(slot, Qty::ZERO);
        }
    }

    /// Shows the next part of an iceberg whose displayed part is used up; `false` if it has none.
    pub(super) fn replenish(&mut self, slot: Slot) -> bool {
        let conditions = self.store.conditions_mut(slot);
        let display = conditions.display().expect("only an iceberg is replenished");
        let shown = display.min(conditions.reserve);
        if shown.is_zero() {
            return false;
        }
        conditions.reserve -= shown;
        let Self { market, store, .. } = self;
        market.sides.requeue(&mut store.orders, slot, shown);
        let replenished = Event::Replenished {
            instrument: market.id,
            order: store.orders.id(slot),
            side: store.orders.side(slot),
            price: store.orders.price(slot),
            displayed: shown,
        };
        self.say(replenished);
        true
    }

    /// Whether the level of this maker is shared out by size: it is displayed and not used up by the taker.
    #[inline]
    fn shares_level(&self, maker: &View, wanted: Qty) -> bool {
        self.market.spec.terms().allocation != Allocation::PriceTime
            && maker.queue() == Some(Queue::Displayed)
            && wanted < self.market.sides.level_quantity(maker.side(), maker.price())
    }

    /// What the taker could trade now, as far as `enough`: the walk of rule 4.
    pub(super) fn executable(&self, taker: &Taker, enough: Qty) -> Qty {
        let orders = &self.store.orders;
        let mut counted = Qty::ZERO;
        let mut next = self.market.sides.first(orders, taker.side.opposite());
        while let Some(maker) = next {
            let price = orders.price(maker);
            if counted >= enough || !taker.reaches(price) || !taker.is_within_band(price) {
                break;
            }
            next = self.market.sides.next(orders, maker);
            let quantity = self.store.remaining(maker);
            if orders.mark(maker) & flag::ALL_OR_NONE != 0
                && quantity > taker.remaining.saturating_sub(counted)
            {
                continue;
            }
            if taker.self_trade == SelfTrade::CancelOldest && self.is_own(taker, maker) {
                continue;
            }
            if self.ends_at_level_of(taker, maker) {
                return counted + self.displayed_before_own(taker, maker);
            }
            counted += quantity;
        }
        counted
    }

    /// Whether self-trade prevention would end the taker at the level and queue of this maker.
    #[inline]
    fn ends_at_level_of(&self, taker: &Taker, maker: Slot) -> bool {
        let ends = !matches!(taker.self_trade, SelfTrade::None | SelfTrade::CancelOldest);
        ends && match self.store.orders.queue(maker) {
            Some(Queue::Displayed) => self.level_from(maker).any(|slot| self.is_own(taker, slot)),
            _ => self.is_own(taker, maker),
        }
    }

    /// What a taker that will meet an own order in this level can trade there before: displayed parts only, because
    /// reserves come after it, and nothing of a level that is shared by size.
    fn displayed_before_own(&self, taker: &Taker, maker: Slot) -> Qty {
        let shared = self.market.spec.terms().allocation != Allocation::PriceTime;
        if shared || self.store.orders.queue(maker) != Some(Queue::Displayed) {
            return Qty::ZERO;
        }
        let before = self
            .level_from(maker)
            .take_while(|slot| !self.is_own(taker, *slot));
        before.fold(Qty::ZERO, |sum, slot| sum + self.store.orders.quantity(slot))
    }

    /// The displayed orders of a level, beginning with this one.
    pub(super) fn level_from(&self, first: Slot) -> impl Iterator<Item = Slot> {
        let orders = &self.store.orders;
        let price = orders.price(first);
        let next = move |slot: &Slot| self.market.sides.next_displayed(orders, *slot);
        std::iter::successors(Some(first), next).take_while(move |slot| orders.price(*slot) == price)
    }
}

impl Instrument {
    /// Remembers the price of a trade.
    #[inline]
    pub(super) fn saw_trade(&mut self, price: Price) {
        self.last = Some(price);
        let pending = &mut self.pending;
        pending.book_moved = true;
        if self.stop_count == 0 {
            return;
        }
        pending.trigger_moved = true;
        pending.seen = match pending.seen {
            None => Some((price, price)),
            Some((lowest, highest)) => Some((lowest.min(price), highest.max(price))),
        };
    }

    /// The prices at which the dynamic band lets an order trade that comes now.
    #[inline]
    fn dynamic_band(&self) -> Option<(Price, Price)> {
        let bps = self.spec.terms().dynamic_band_bps?;
        let last = self.last?;
        let room = room_around(last, bps);
        Some((Price::new(last.ticks() - room), Price::new(last.ticks() + room)))
    }

    /// How far an order may go that is protected from `reference` on.
    pub(super) fn bound_from(&self, reference: Price, bps: u32, side: Side) -> Price {
        let room = room_around(reference, bps);
        let bound = match side {
            Side::Buy => reference.ticks() + room,
            Side::Sell => reference.ticks() - room,
        };
        self.spec.nearest_price(Price::new(bound))
    }

    /// The best price of a side, all-or-none orders apart.
    pub(super) fn best_for_market(&self, side: Side, store: &Store) -> Option<Price> {
        let mut next = self.sides.first(&store.orders, side);
        while let Some(slot) = next {
            if store.orders.mark(slot) & flag::ALL_OR_NONE == 0 {
                return Some(store.orders.price(slot));
            }
            next = self.sides.next(&store.orders, slot);
        }
        None
    }
}

/// How many whole ticks `bps` basis points of `price` are. At most the price itself, so it fits.
fn room_around(price: Price, bps: u32) -> i64 {
    let room = i128::from(price.ticks().unsigned_abs()) * i128::from(bps) / 10_000;
    i64::try_from(room).expect("a part of a price is no more than the price")
}
