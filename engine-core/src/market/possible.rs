//! Whether an order can be as a snapshot says.
//!
//! Every rule here is what admission and the steps after it leave behind, so an order of an engine never fails, and
//! one that passes can go through all of them again.

use super::stops::trigger_behind;
use crate::command::{Phase, PostOnly, TimeInForce, Trail, Visibility};
use crate::event::OrderType;
use crate::snapshot::{ConditionsSnapshot, OrderFault, OrderSnapshot, PegSnapshot, TrailSnapshot, Waits};
use crate::spec::InstrumentSpec;
use crate::types::{Price, Qty, Side, Timestamp};

type Check = Result<(), OrderFault>;

/// Where an order is said to live.
pub(super) struct Home<'a> {
    pub(super) spec: &'a InstrumentSpec,
    pub(super) phase: Phase,
    pub(super) side: Side,
    /// Whether it stands in the book.
    pub(super) queued: bool,
    pub(super) now: Timestamp,
    /// How many arrivals were counted.
    pub(super) arrivals: u64,
}

impl Home<'_> {
    /// Whether this order can live here.
    pub(super) fn admits(&self, order: &OrderSnapshot) -> Check {
        holds(self.has_its_price(order), OrderFault::Price)?;
        let quantities = Qty::new(1) <= order.remaining
            && order.remaining <= order.total
            && order.total <= self.spec.terms().max_quantity;
        holds(quantities, OrderFault::Quantity)?;
        let arrived = 0 < order.arrival && order.arrival <= self.arrivals;
        holds(arrived, OrderFault::Arrival)?;
        let says_something = order.conditions.as_deref() != Some(&ConditionsSnapshot::NONE);
        holds(says_something, OrderFault::Conditions)?;
        let conditions = order.conditions.as_deref().unwrap_or(&ConditionsSnapshot::NONE);
        self.admits_type(conditions)?;
        self.admits_time_in_force(conditions)?;
        self.admits_reserve(conditions, order)?;
        holds(go_together(conditions), OrderFault::Conditions)?;
        holds(self.has_its_trigger(conditions), OrderFault::Trigger)?;
        holds(self.has_its_peg(conditions), OrderFault::Peg)
    }

    /// An order of this type stands in the book, or waits for this.
    fn admits_type(&self, conditions: &ConditionsSnapshot) -> Check {
        use OrderType as T;
        let order_type = conditions.order_type;
        let fits = match conditions.waits {
            None => self.queued && matches!(order_type, T::Limit | T::Pegged),
            Some(_) if self.queued => false,
            Some(Waits::Trigger) => order_type.is_stop(),
            Some(Waits::Auction) => matches!(order_type, T::Limit | T::Market),
            Some(Waits::Uncrossing) => order_type == T::Market,
            Some(Waits::Peg) => order_type == T::Pegged,
            Some(Waits::Arming) => order_type == T::Limit || order_type.is_stop(),
        };
        holds(fits, OrderFault::Type)
    }

    /// An order with this time in force can be here in this phase.
    fn admits_time_in_force(&self, conditions: &ConditionsSnapshot) -> Check {
        use TimeInForce as T;
        let collecting = matches!(self.phase, Phase::Auction | Phase::Halted);
        let lasting = matches!(conditions.time_in_force, T::Gtc | T::Gtd(_) | T::Day);
        let fits = match (conditions.waits, conditions.time_in_force) {
            (None, T::AtOpen) => collecting && conditions.order_type == OrderType::Limit,
            (Some(Waits::Trigger), T::Ioc | T::Fok) => true,
            (Some(Waits::Uncrossing), T::Gtc | T::AtOpen) => collecting,
            (Some(Waits::Auction), T::AtOpen) => self.phase != Phase::Auction,
            (Some(Waits::Auction), T::AtClose) => true,
            (Some(Waits::Auction | Waits::Uncrossing), _) => false,
            _ => lasting,
        };
        let ended = self.phase == Phase::Closed
            && matches!(conditions.time_in_force, T::Day | T::AtOpen | T::AtClose);
        holds(fits && !ended, OrderFault::TimeInForce)?;
        match conditions.time_in_force {
            T::Gtd(deadline) => holds(is_ahead(deadline, self.now), OrderFault::Expired),
            _ => Ok(()),
        }
    }

    /// Only an iceberg in the book keeps something back, and shows no more than it may.
    fn admits_reserve(&self, conditions: &ConditionsSnapshot, order: &OrderSnapshot) -> Check {
        let reserve = conditions.reserve;
        let Visibility::Iceberg { display } = conditions.visibility else {
            return holds(reserve.is_zero(), OrderFault::Reserve);
        };
        let parts = !display.is_zero() && order.total <= self.spec.terms().most_in_parts(display);
        let shown = if self.queued {
            reserve < order.remaining && order.remaining - reserve <= display
        } else {
            reserve.is_zero()
        };
        holds(parts && shown, OrderFault::Reserve)
    }

    /// It stands at a price of its instrument, or it is an order without a price that stands nowhere.
    fn has_its_price(&self, order: &OrderSnapshot) -> bool {
        let order_type = order
            .conditions
            .as_deref()
            .map(|conditions| conditions.order_type);
        let has_none = !self.queued
            && order.price == Price::new(0)
            && order_type
                .is_some_and(|order_type| order_type == OrderType::Pegged || !order_type.has_limit());
        has_none || self.spec.allows_price(order.price)
    }

    /// A stop has a valid trigger, one that trails the one that its best price means for it; nothing else has any.
    fn has_its_trigger(&self, conditions: &ConditionsSnapshot) -> bool {
        let valid = |price| self.spec.allows_price(price);
        let trails = matches!(
            conditions.order_type,
            OrderType::TrailingStop | OrderType::TrailingStopLimit
        );
        match (conditions.trail, conditions.trigger) {
            (Some(TrailSnapshot { distance, best }), trigger) => {
                trails
                    && is_distance(distance)
                    && best.is_none_or(valid)
                    && trigger == best.map(|best| trigger_behind(best, distance, self.side, self.spec))
            }
            (None, Some(trigger)) => conditions.order_type.is_stop() && !trails && valid(trigger),
            (None, None) => !conditions.order_type.is_stop(),
        }
    }

    fn has_its_peg(&self, conditions: &ConditionsSnapshot) -> bool {
        match conditions.peg {
            None => conditions.order_type != OrderType::Pegged,
            Some(PegSnapshot { offset, limit, .. }) => {
                conditions.order_type == OrderType::Pegged
                    && Price::new(offset).is_valid()
                    && limit.is_none_or(|limit| self.spec.allows_price(limit))
            }
        }
    }
}

/// Whether a moment at which something happens has not come. The last one there is never comes.
pub(crate) fn is_ahead(moment: Timestamp, now: Timestamp) -> bool {
    moment > now || moment == Timestamp::from_nanos(u64::MAX)
}

fn holds(condition: bool, fault: OrderFault) -> Check {
    if condition { Ok(()) } else { Err(fault) }
}

/// Rule 2.3, of what lasts.
fn go_together(conditions: &ConditionsSnapshot) -> bool {
    use TimeInForce as T;
    let order_type = conditions.order_type;
    let is_limit = order_type == OrderType::Limit;
    let for_auction = matches!(conditions.time_in_force, T::AtOpen | T::AtClose);
    let iceberg = matches!(conditions.visibility, Visibility::Iceberg { .. });
    let undisplayed = conditions.visibility != Visibility::Displayed;
    let post_only = conditions.post_only != PostOnly::No;
    (!undisplayed || order_type.has_limit() && !for_auction)
        && (!post_only || is_limit && !for_auction && !conditions.all_or_none)
        && (!conditions.all_or_none || is_limit && !iceberg && !for_auction)
}

/// Whether a stop may trail at this distance.
pub(super) fn is_distance(distance: Trail) -> bool {
    match distance {
        Trail::Ticks(ticks) => ticks > 0 && ticks <= Price::MAX.ticks().unsigned_abs(),
        Trail::BasisPoints(bps) => bps > 0 && bps < 10_000,
    }
}
