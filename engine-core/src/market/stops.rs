//! Orders that wait for a price: rule 7.

use std::collections::BTreeMap;

use super::enter::Entry;
use super::floor::{Floor, Instrument};
use super::store::{Conditions, WaitsFor};
use crate::book::Slot;
use crate::command::{Phase, Trail};
use crate::event::{Event, OrderType};
use crate::spec::{InstrumentSpec, TriggerSource};
use crate::types::{Price, Side};

/// The waiting stops of one instrument.
///
/// Invariants: a stop with a trigger stands once in `rising` or `falling`; one that trails also stands in
/// `followed`, under the best price that it has seen, or in `blind` as long as there was none.
#[derive(Default)]
pub(crate) struct Stops {
    /// Set off at or above their trigger; by trigger and arrival.
    rising: BTreeMap<(i64, u64), Slot>,
    /// Set off at or below their trigger; by the trigger's negative and arrival.
    falling: BTreeMap<(i64, u64), Slot>,
    /// Trailing sells by the highest price that they have seen, and buys by the negative of the lowest.
    followed: [BTreeMap<(i64, u64), Slot>; 2],
    /// Trailing stops that have seen no price, by arrival.
    blind: BTreeMap<u64, Slot>,
}

/// The prices that count at an election: rule 7.1.
struct Seen {
    lowest: Price,
    highest: Price,
    now: Price,
}

impl Seen {
    /// The price that a trailing stop of this side follows to.
    fn best(&self, side: Side) -> Price {
        match side {
            Side::Sell => self.highest,
            Side::Buy => self.lowest,
        }
    }
}

/// Whether a stop of this type and side is set off by a rise.
fn is_rising(order_type: OrderType, side: Side) -> bool {
    let takes_profit = matches!(order_type, OrderType::TakeProfit | OrderType::TakeProfitLimit);
    (side == Side::Buy) != takes_profit
}

/// The higher, the better for a trailing stop of this side.
fn height(side: Side, price: Price) -> i64 {
    match side {
        Side::Sell => price.ticks(),
        Side::Buy => -price.ticks(),
    }
}

impl Stops {
    fn insert(&mut self, slot: Slot, conditions: &Conditions, arrival: u64, side: Side) {
        let Some(trigger) = conditions.trigger else {
            self.blind.insert(arrival, slot);
            return;
        };
        if is_rising(conditions.order_type, side) {
            self.rising.insert((trigger.ticks(), arrival), slot);
        } else {
            self.falling.insert((-trigger.ticks(), arrival), slot);
        }
        if let Some(best) = conditions.trail_best {
            self.followed[side as usize].insert((height(side, best), arrival), slot);
        }
    }

    /// Forgets a waiting stop.
    pub(crate) fn remove(&mut self, conditions: &Conditions, arrival: u64, side: Side) {
        let removed = match conditions.trigger {
            None => self.blind.remove(&arrival),
            Some(trigger) if is_rising(conditions.order_type, side) => {
                self.rising.remove(&(trigger.ticks(), arrival))
            }
            Some(trigger) => self.falling.remove(&(-trigger.ticks(), arrival)),
        };
        assert!(removed.is_some(), "a waiting stop stands where its trigger says");
        if let Some(best) = conditions.trail_best {
            self.followed[side as usize].remove(&(height(side, best), arrival));
        }
    }

    /// Whether this stop waits, for checks: it looks through all of them.
    pub(crate) fn contains(&self, slot: Slot) -> bool {
        let waiting = self
            .rising
            .values()
            .chain(self.falling.values())
            .chain(self.blind.values());
        waiting.copied().any(|waiting| waiting == slot)
    }

    /// Whether a price sets nothing off and moves no trigger.
    #[inline]
    fn is_quiet(&self) -> bool {
        self.rising.is_empty() && self.falling.is_empty() && self.blind.is_empty()
    }

    /// The stops that a price seen lately has reached, those first that are set off first, each with whether the
    /// price as it is reaches it too.
    fn reached(&self, seen: &Seen) -> impl Iterator<Item = (Slot, bool)> {
        let Seen { lowest, highest, now } = *seen;
        let rising = self
            .rising
            .iter()
            .take_while(move |((trigger, _), _)| *trigger <= highest.ticks());
        let rising = rising.map(move |((trigger, _), slot)| (*slot, *trigger <= now.ticks()));
        let falling = self
            .falling
            .iter()
            .take_while(move |((trigger, _), _)| -*trigger >= lowest.ticks());
        let falling = falling.map(move |((trigger, _), slot)| (*slot, -*trigger >= now.ticks()));
        rising.chain(falling)
    }

    /// A trailing stop that has not followed to this price yet.
    fn first_behind(&self, seen: &Seen) -> Option<Slot> {
        let lowest = |side: Side| {
            let first = self.followed[side as usize].first_key_value();
            let best = height(side, seen.best(side));
            first
                .filter(|((followed, _), _)| *followed < best)
                .map(|(_, slot)| *slot)
        };
        let blind = || self.blind.first_key_value().map(|(_, slot)| *slot);
        lowest(Side::Buy).or_else(|| lowest(Side::Sell)).or_else(blind)
    }
}

/// The trigger of a trailing stop whose best price is `best`: rule 7.2.
pub(super) fn trigger_behind(best: Price, trail: Trail, side: Side, spec: &InstrumentSpec) -> Price {
    let distance = match trail {
        Trail::Ticks(ticks) => i128::from(ticks),
        Trail::BasisPoints(bps) => {
            let part = u128::from(best.ticks().unsigned_abs()) * u128::from(bps);
            (part.div_ceil(10_000) as i128).max(1)
        }
    };
    let trigger = match side {
        Side::Sell => i128::from(best.ticks()) - distance,
        Side::Buy => i128::from(best.ticks()) + distance,
    };
    // Beyond 64 bits it is far outside of every range of prices.
    let trigger = trigger.clamp(i64::MIN.into(), i64::MAX.into()) as i64;
    spec.nearest_price(Price::new(trigger))
}

impl Instrument {
    /// A waiting stop that the price as it is sets off, or that has not followed it. In a continuous market there is
    /// none between commands.
    pub(super) fn reached_stop(&self) -> Option<Slot> {
        let now = self.trigger_price()?;
        let seen = Seen {
            lowest: now,
            highest: now,
            now,
        };
        let reached = self.stops.reached(&seen).map(|(slot, _)| slot).next();
        reached.or_else(|| self.stops.first_behind(&seen))
    }
}

impl Floor<'_> {
    /// Gives a new trailing stop the trigger that the price as it is means for it.
    pub(super) fn begin_trailing(&mut self, slot: Slot) {
        if let Some(price) = self.market.trigger_price() {
            self.follow(slot, price);
        }
    }

    /// Sets a trailing stop's best price, and its trigger accordingly.
    fn follow(&mut self, slot: Slot, best: Price) {
        let side = self.store.orders.side(slot);
        let conditions = self.store.conditions_mut(slot);
        let trail = conditions.trail.expect("only a trailing stop follows");
        conditions.trail_best = Some(best);
        conditions.trigger = Some(trigger_behind(best, trail, side, &self.market.spec));
    }

    /// Lets a stop wait for its trigger.
    pub(super) fn wait_for_trigger(&mut self, slot: Slot) {
        self.store.wait(slot, WaitsFor::Trigger);
        let conditions = *self.store.conditions_mut(slot);
        let (arrival, side) = (self.store.details(slot).arrival, self.store.orders.side(slot));
        self.market.stops.insert(slot, &conditions, arrival, side);
        self.market.pending.trigger_moved = true;
    }

    /// Takes a waiting stop out of the list of those that wait.
    pub(super) fn unwait_for_trigger(&mut self, slot: Slot) {
        let conditions = *self.store.conditions_mut(slot);
        let (arrival, side) = (self.store.details(slot).arrival, self.store.orders.side(slot));
        self.market.stops.remove(&conditions, arrival, side);
    }

    /// Elects the stops that the price sets off, and sets the first elected one off: rules 7.3 and 7.4. `false` if
    /// there was none.
    #[inline]
    pub(super) fn elect_and_set_off(&mut self) -> bool {
        if std::mem::take(&mut self.market.pending.trigger_moved) {
            if self.market.stops.is_quiet() {
                self.market.pending.seen = None;
            } else {
                self.elect();
            }
        }
        !self.market.pending.elected.is_empty() && self.set_off_next()
    }

    /// Rule 7.6: prices that were seen before a stop begins to wait are for those that wait already.
    pub(super) fn elect_by_what_was_seen(&mut self) {
        if self.market.phase == Phase::Continuous && self.market.pending.seen.is_some() {
            self.elect();
        }
    }

    #[cold]
    fn elect(&mut self) {
        let seen = self.market.pending.seen.take();
        let Some(now) = self.market.trigger_price() else {
            return;
        };
        let trades = seen.filter(|_| self.market.spec.terms().trigger_source == TriggerSource::LastTrade);
        let (lowest, highest) = trades.unwrap_or((now, now));
        let seen = Seen {
            lowest: lowest.min(now),
            highest: highest.max(now),
            now,
        };
        while let Some(slot) = self.market.stops.first_behind(&seen) {
            self.unwait_for_trigger(slot);
            self.follow(slot, seen.best(self.store.orders.side(slot)));
            self.wait_for_trigger(slot);
        }
        while let Some(slot) = self.first_due(&seen) {
            self.unwait_for_trigger(slot);
            self.store.wait(slot, WaitsFor::Turn);
            self.market.pending.elected.push_back(self.store.orders.id(slot));
        }
        self.market.pending.trigger_moved = false;
    }

    /// The stop that is set off first: one that trails only by the price as it is.
    fn first_due(&self, seen: &Seen) -> Option<Slot> {
        let trails = |slot: Slot| {
            self.store
                .conditions(slot)
                .is_some_and(|conditions| conditions.trail.is_some())
        };
        let mut reached = self.market.stops.reached(seen);
        reached
            .find(|(slot, now)| *now || !trails(*slot))
            .map(|(slot, _)| slot)
    }

    #[cold]
    fn set_off_next(&mut self) -> bool {
        while let Some(order) = self.market.pending.elected.pop_front() {
            let Some(slot) = self.store.orders.find(order) else {
                continue;
            };
            if self
                .store
                .conditions(slot)
                .and_then(|conditions| conditions.waits)
                == Some(WaitsFor::Turn)
            {
                self.set_off(slot);
                return true;
            }
        }
        false
    }

    fn set_off(&mut self, slot: Slot) {
        self.arrive_anew(slot);
        let order = self.store.orders.id(slot);
        let account = self.store.details(slot).account;
        self.say(Event::Triggered {
            instrument: self.market.id,
            order,
            account,
        });
        let conditions = self.store.conditions_mut(slot);
        conditions.waits = None;
        conditions.order_type = if conditions.order_type.has_limit() {
            OrderType::Limit
        } else {
            OrderType::Market
        };
        self.market.stop_count -= 1;
        let link = conditions.link;
        if let Some(link) = link {
            self.cancel_partner(link, slot);
        }
        let entry = Entry::again(self.store.conditions(slot));
        self.enter(slot, &entry);
    }

    /// Rule 7.5: elected stops wait as before.
    pub(super) fn unelect(&mut self) {
        while let Some(order) = self.market.pending.elected.pop_front() {
            let Some(slot) = self.store.orders.find(order) else {
                continue;
            };
            if self
                .store
                .conditions(slot)
                .and_then(|conditions| conditions.waits)
                == Some(WaitsFor::Turn)
            {
                self.wait_for_trigger(slot);
            }
        }
    }
}
