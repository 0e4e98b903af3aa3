//! What orders are limited to, per account and instrument.

use super::admit::Outlook;
use super::instrument::Instrument;
use super::position::Line;
use crate::{Limits, Price, Qty, RiskLimit, Side, Timestamp};

/// What a limit is measured against: an order, or what an amend makes of one.
pub(super) struct Measured {
    pub(super) side: Side,
    /// The whole order, where it is new or more than before.
    pub(super) quantity: Option<Qty>,
    /// Its value in ticks times lots, likewise.
    pub(super) notional: Option<i128>,
    /// By how much the open quantity of its side grows.
    pub(super) more: u64,
    /// Its limit price, where it has one that is new.
    pub(super) limit_price: Option<Price>,
    /// Whether it counts as a new order, at this time.
    pub(super) new_at: Option<Timestamp>,
}

impl Measured {
    /// A new order. An exit of a bracket opens nothing before its entry trades.
    pub(super) fn new_order(side: Side, outlook: &Outlook, exit: bool, now: Timestamp) -> Self {
        Self {
            side,
            quantity: Some(outlook.quantity),
            notional: Some(outlook.notional),
            more: if exit { 0 } else { outlook.quantity.lots() },
            limit_price: outlook.limit_price,
            new_at: Some(now),
        }
    }
}

impl Instrument {
    /// The first limit that an order would exceed.
    #[inline]
    pub(super) fn check_limits(&self, line: &Line, measured: &Measured) -> Result<(), RiskLimit> {
        let own = self.extra(line).and_then(|extra| extra.limits.as_ref());
        match own.or(self.limits.as_ref()) {
            None => check_position(self, line, measured, None),
            Some(limits) => check_all(self, line, measured, limits),
        }
    }
}

#[inline(never)]
fn check_all(
    instrument: &Instrument,
    line: &Line,
    measured: &Measured,
    limits: &Limits,
) -> Result<(), RiskLimit> {
    let above = |value: Option<i128>, limit: Option<i128>| {
        value.zip(limit).is_some_and(|(value, limit)| value > limit)
    };
    let lots = |limit: Option<Qty>| limit.map(|limit| i128::from(limit.lots()));
    if above(lots(measured.quantity), lots(limits.order_quantity_max)) {
        return Err(RiskLimit::OrderQuantity);
    }
    if above(
        measured.notional,
        limits.order_notional_max.map(|limit| limit.units()),
    ) {
        return Err(RiskLimit::OrderNotional);
    }
    let is_new = measured.new_at.is_some();
    if is_new && limits.open_orders_max.is_some_and(|max| line.open.orders >= max) {
        return Err(RiskLimit::OpenOrders);
    }
    let open = i128::from(line.open.lots[measured.side as usize]) + i128::from(measured.more);
    if measured.more > 0 && above(Some(open), lots(limits.open_quantity_max)) {
        return Err(RiskLimit::OpenQuantity);
    }
    check_position(instrument, line, measured, limits.position_max)?;
    if let (Some(limit), Some(last), Some(bps)) =
        (measured.limit_price, instrument.last, limits.price_collar_bps)
    {
        // 54 and 14 bits; 53 and 32.
        let (limit, last) = (i128::from(limit.ticks()), i128::from(last.ticks()));
        if (limit - last).abs() * 10_000 > i128::from(bps) * last.abs() {
            return Err(RiskLimit::PriceCollar);
        }
    }
    let max = measured.new_at.zip(limits.orders_per_second_max);
    let so_far = |now| {
        instrument
            .extra(line)
            .map_or(0, |extra| extra.orders_this_second(now))
    };
    if max.is_some_and(|(now, max)| so_far(now) >= max) {
        return Err(RiskLimit::OrderRate);
    }
    Ok(())
}

/// The position that all orders of the side lead to stays within the limit, within what margin allows, and within
/// what can be counted.
#[inline]
fn check_position(
    instrument: &Instrument,
    line: &Line,
    measured: &Measured,
    limit: Option<Qty>,
) -> Result<(), RiskLimit> {
    let max = limit.unwrap_or(Qty::MAX).min(instrument.position_max());
    let fits =
        measured.more == 0 || line.position_with(measured.side, measured.more) <= i128::from(max.lots());
    if fits { Ok(()) } else { Err(RiskLimit::Position) }
}
