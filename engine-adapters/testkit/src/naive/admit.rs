//! What may be refused: the table of rule 2.1, in its order.

use engine_core::{
    InstrumentSpec, Notional, OrderKind, Phase, Place, PostOnly, Price, Qty, RejectReason, Side, TimeInForce,
    Trail, Visibility,
};

use super::NaiveEngine;

type Checked = Result<(), RejectReason>;

pub(super) fn refuse_if(is_so: bool, reason: RejectReason) -> Checked {
    if is_so { Err(reason) } else { Ok(()) }
}

impl NaiveEngine {
    /// Checks a new order but for number 18; `earlier` are the orders before it in its list.
    pub(super) fn check(&self, place: &Place, earlier: &[Place]) -> Checked {
        self.check_identity(place, earlier)?; // 1 to 4
        let market = self.market(place.instrument);
        let spec = &market.spec;
        check_open(market.phase)?; // 5
        check_size(place, spec)?; // 6
        let in_auction = market.phase == Phase::Auction;
        check_time_in_force(place, in_auction)?; // 7
        if let TimeInForce::Gtd(until) = place.time_in_force {
            refuse_if(until <= self.now, RejectReason::ExpiryInPast)?; // 8
        }
        if let Visibility::Iceberg { display } = place.visibility {
            check_display(place.quantity, display, spec)?; // 9
        }
        if let Some(min) = place.min_quantity {
            refuse_if(
                min.is_zero() || min > place.quantity,
                RejectReason::InvalidMinQuantity,
            )?; // 10
        }
        let refused = !goes_together(place) || (in_auction && !goes_with_auction(place));
        refuse_if(refused, RejectReason::InvalidCombination)?; // 11
        refuse_if(!self.reduces(place), RejectReason::ReduceOnly)?; // 12
        check_prices(&place.kind, market)?; // 13
        if let Some(price) = asked_limit(&place.kind) {
            self.check_band(place, price)?; // 14
        }
        check_notional(place, spec)?; // 15
        self.check_room(place, earlier)?; // 16
        self.check_stops(place, earlier) // 17
    }

    /// Whether an order may be, as far as it is reduce-only (11.2 of the page of accounts).
    fn reduces(&self, place: &Place) -> bool {
        let (Some(money), Some(owner)) = (&self.money, place.account) else {
            return !place.reduce_only;
        };
        let most = money.reducible(owner, place.instrument.get() as usize, place.side);
        !place.reduce_only || most > 0 && i128::from(place.quantity.lots()) <= most
    }

    fn check_identity(&self, place: &Place, earlier: &[Place]) -> Checked {
        refuse_if(!self.has(place.instrument), RejectReason::UnknownInstrument)?;
        let same_id = self.is_live(place.id) || earlier.iter().any(|other| other.id == place.id);
        refuse_if(self.config.ids_chosen && same_id, RejectReason::DuplicateOrderId)?;
        if place.account.is_some() && place.client_id.is_some() {
            let same_name =
                |other: &Place| (other.account, other.client_id) == (place.account, place.client_id);
            let is_taken =
                self.orders.iter().any(|order| same_name(&order.place)) || earlier.iter().any(same_name);
            refuse_if(is_taken, RejectReason::DuplicateClientOrderId)?;
        }
        refuse_if(self.is_killed(place.account), RejectReason::Killed)
    }

    /// 2.4, for a new order and for an amend.
    pub(super) fn check_band(&self, place: &Place, price: Price) -> Checked {
        let market = self.market(place.instrument);
        let (Some(bps), Some(reference)) = (market.spec.terms().price_band_bps, market.last_trade) else {
            return Ok(());
        };
        refuse_if(is_beyond_band(price, reference, bps), RejectReason::PriceBand)
    }

    /// 1.4, for a new order; the orders before it in its list count as if they lived.
    fn check_room(&self, place: &Place, earlier: &[Place]) -> Checked {
        let orders = self.orders.len() + earlier.len() + 1;
        refuse_if(orders > self.config.orders_max as usize, RejectReason::BookFull)?;
        let listed = earlier.iter().filter(|other| other.side == place.side);
        let listed: u128 = listed.map(|other| u128::from(other.quantity.lots())).sum();
        let side = self.remaining_of_side(place) + listed + u128::from(place.quantity.lots());
        refuse_if(side > u128::from(Qty::MAX.lots()), RejectReason::BookFull)
    }

    /// Stops that were not set off, elected ones and unarmed exits too, and those before it in its list.
    fn check_stops(&self, place: &Place, earlier: &[Place]) -> Checked {
        let is_waiting = |order: &&super::Order| {
            order.instrument() == place.instrument && is_stop(&order.place.kind) && !order.triggered
        };
        let waiting = self.orders.iter().filter(is_waiting).count();
        let listed = earlier.iter().filter(|other| is_stop(&other.kind)).count();
        let stops_max = self.market(place.instrument).spec.terms().stops_max as usize;
        let too_many = is_stop(&place.kind) && waiting + listed >= stops_max;
        refuse_if(too_many, RejectReason::TooManyStops)
    }

    /// The remaining quantity of all live orders of the instrument and side of `place`.
    pub(super) fn remaining_of_side(&self, place: &Place) -> u128 {
        let beside =
            |order: &&super::Order| order.instrument() == place.instrument && order.side() == place.side;
        let remaining = self
            .orders
            .iter()
            .filter(beside)
            .map(|order| order.remaining().lots());
        remaining.map(u128::from).sum()
    }

    /// 4.5: the order as it may be accepted.
    pub(super) fn check_post_only(&self, place: &Place) -> Result<Place, RejectReason> {
        let OrderKind::Limit { price } = place.kind else {
            return Ok(*place);
        };
        if place.post_only == PostOnly::No || !self.is_continuous(place.instrument) {
            return Ok(*place);
        }
        let others = self.queued(place.instrument, place.side.opposite());
        let first = others.min_by_key(|order| order.priority());
        let first = first.and_then(|order| order.queued_at());
        let Some(touched) = first.filter(|first| price.reaches(*first, place.side)) else {
            return Ok(*place);
        };
        let away = match place.side {
            Side::Buy => -1,
            Side::Sell => 1,
        };
        let market = self.market(place.instrument);
        let beside = touched.checked_add_ticks(away);
        match (place.post_only, beside.filter(|price| market.allows(*price))) {
            (PostOnly::Slide, Some(price)) => Ok(Place {
                kind: OrderKind::Limit { price },
                ..*place
            }),
            _ => Err(RejectReason::PostOnlyWouldCross),
        }
    }
}

/// Whether ∣price − reference∣ is more than `bps` of ∣reference∣ (2.4, 3.6).
pub(super) fn is_beyond_band(price: Price, reference: Price, bps: u32) -> bool {
    let (price, reference) = (i128::from(price.ticks()), i128::from(reference.ticks()));
    (price - reference).abs() * 10_000 > i128::from(bps) * reference.abs()
}

pub(super) fn check_open(phase: Phase) -> Checked {
    refuse_if(phase == Phase::Closed, RejectReason::MarketClosed)?;
    refuse_if(phase == Phase::Halted, RejectReason::MarketHalted)
}

fn check_size(place: &Place, spec: &InstrumentSpec) -> Checked {
    if let OrderKind::MarketByQuote { budget } = place.kind {
        refuse_if(!place.quantity.is_zero(), RejectReason::ZeroQuantity)?;
        return refuse_if(budget <= Notional::ZERO, RejectReason::InvalidBudget);
    }
    check_quantity(place.quantity, spec)
}

pub(super) fn check_quantity(quantity: Qty, spec: &InstrumentSpec) -> Checked {
    refuse_if(quantity.is_zero(), RejectReason::ZeroQuantity)?;
    refuse_if(
        quantity > spec.terms().max_quantity,
        RejectReason::QuantityTooLarge,
    )?;
    refuse_if(
        quantity < spec.terms().min_quantity,
        RejectReason::QuantityTooSmall,
    )
}

/// 2.2
fn check_time_in_force(place: &Place, in_auction: bool) -> Checked {
    use OrderKind::{Limit, Market};
    let refused = match place.time_in_force {
        TimeInForce::Gtd(_) | TimeInForce::Day => is_market(&place.kind),
        TimeInForce::AtOpen | TimeInForce::AtClose => !matches!(place.kind, Limit { .. } | Market),
        TimeInForce::Ioc | TimeInForce::Fok => in_auction && !is_stop(&place.kind),
        TimeInForce::Gtc => false,
    };
    refuse_if(refused, RejectReason::InvalidTimeInForce)
}

pub(super) fn check_display(quantity: Qty, display: Qty, spec: &InstrumentSpec) -> Checked {
    refuse_if(
        display.is_zero() || display > quantity,
        RejectReason::InvalidDisplay,
    )?;
    check_parts(quantity, display, spec)
}

pub(super) fn check_parts(quantity: Qty, display: Qty, spec: &InstrumentSpec) -> Checked {
    let parts = quantity.lots().div_ceil(display.lots());
    refuse_if(
        parts > u64::from(spec.terms().iceberg_parts_max),
        RejectReason::InvalidDisplay,
    )
}

/// 2.3, as far as it holds in every phase.
fn goes_together(place: &Place) -> bool {
    use OrderKind::*;
    use TimeInForce::{AtClose, AtOpen, Fok, Ioc};
    let kind = &place.kind;
    let at_once = matches!(place.time_in_force, Ioc | Fok);
    let at_auction = matches!(place.time_in_force, AtOpen | AtClose);
    let is_fok = place.time_in_force == Fok;
    let is_limit = matches!(kind, Limit { .. });
    let is_pegged = matches!(kind, Pegged { .. });
    let becomes_limit = is_limit
        || matches!(
            kind,
            StopLimit { .. } | TakeProfitLimit { .. } | TrailingStopLimit { .. }
        );

    let partly_seen = place.visibility != Visibility::Displayed;
    let visibility_ok = becomes_limit && !at_auction && (!at_once || is_stop(kind));
    let post_only_ok =
        is_limit && !at_once && !at_auction && place.min_quantity.is_none() && !place.all_or_none;
    let min_ok = !is_stop(kind) && !is_pegged && !place.all_or_none && !is_fok && !at_auction;
    let is_iceberg = matches!(place.visibility, Visibility::Iceberg { .. });
    let all_or_none_ok = is_limit && !is_iceberg && !at_auction;

    (!partly_seen || visibility_ok)
        && (place.post_only == PostOnly::No || post_only_ok)
        && (place.min_quantity.is_none() || min_ok)
        && (!place.all_or_none || all_or_none_ok)
        && !(is_pegged && at_once)
        && !(is_fok && matches!(kind, MarketByQuote { .. } | MarketToLimit))
}

/// 2.3, what it says about auctions.
fn goes_with_auction(place: &Place) -> bool {
    use OrderKind::{MarketByQuote, MarketToLimit, Pegged};
    let needs_a_book = matches!(place.kind, MarketByQuote { .. } | MarketToLimit | Pegged { .. });
    place.min_quantity.is_none() && !needs_a_book
}

/// 2.1, number 13.
fn check_prices(kind: &OrderKind, market: &super::Market) -> Checked {
    if let Some(price) = asked_limit(kind) {
        refuse_if(!market.allows(price), RejectReason::InvalidPrice)?;
    }
    if let OrderKind::Pegged { offset, .. } = kind {
        refuse_if(!Price::new(*offset).is_valid(), RejectReason::InvalidPrice)?;
    }
    let refused = match kind {
        OrderKind::Stop { trigger }
        | OrderKind::StopLimit { trigger, .. }
        | OrderKind::TakeProfit { trigger }
        | OrderKind::TakeProfitLimit { trigger, .. } => !market.allows(*trigger),
        OrderKind::TrailingStop { trail } | OrderKind::TrailingStopLimit { trail, .. } => match trail {
            Trail::Ticks(ticks) => *ticks == 0 || *ticks > Price::MAX.ticks().unsigned_abs(),
            Trail::BasisPoints(bps) => *bps == 0 || *bps >= 10_000,
        },
        _ => false,
    };
    refuse_if(refused, RejectReason::InvalidTrigger)
}

/// 2.1, number 15.
fn check_notional(place: &Place, spec: &InstrumentSpec) -> Checked {
    let value = match place.kind {
        OrderKind::MarketByQuote { budget } => Some(budget),
        _ => asked_limit(&place.kind).map(|price| price.notional(place.quantity).abs()),
    };
    let too_small = value.is_some_and(|value| value < spec.min_notional());
    refuse_if(too_small, RejectReason::MinNotional)
}

/// Kinds *stop* of 2.2.
pub(super) fn is_stop(kind: &OrderKind) -> bool {
    use OrderKind::*;
    matches!(
        kind,
        Stop { .. }
            | StopLimit { .. }
            | TakeProfit { .. }
            | TakeProfitLimit { .. }
            | TrailingStop { .. }
            | TrailingStopLimit { .. }
    )
}

/// Kinds *market* of 2.2.
fn is_market(kind: &OrderKind) -> bool {
    matches!(kind, OrderKind::Market | OrderKind::MarketByQuote { .. })
}

/// The limit price that was asked for, also a pegged order's.
pub(super) fn asked_limit(kind: &OrderKind) -> Option<Price> {
    match *kind {
        OrderKind::Limit { price }
        | OrderKind::StopLimit { price, .. }
        | OrderKind::TakeProfitLimit { price, .. }
        | OrderKind::TrailingStopLimit { price, .. } => Some(price),
        OrderKind::Pegged { limit, .. } => limit,
        _ => None,
    }
}
