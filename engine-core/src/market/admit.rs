//! The checks of a new order: everything is looked at before anything is changed.

use super::floor::{Floor, Instrument};
use super::possible::is_distance;
use super::store::Store;
use crate::command::{OrderKind, Phase, Place, PostOnly, TimeInForce, Visibility};
use crate::event::{OrderType, RejectReason};
use crate::types::{Price, Qty, Side, Timestamp};

type Check = Result<(), RejectReason>;

/// By how much orders may reduce the position of who asks, by side.
pub(crate) type Reducible = [Qty; 2];

/// Nobody has a position.
pub(crate) const NOT_REDUCIBLE: Reducible = [Qty::ZERO; 2];

impl Floor<'_> {
    /// Whether this order may come in, but for whether it is posted, and at what price; rule 2.1, to 17.
    pub(crate) fn admit(&self, place: &Place, reducible: Reducible) -> Result<Price, RejectReason> {
        admit_identity(self.store, place)?;
        let market = &*self.market;
        admit_phase(market.phase)?;
        market.admit_quantity(place.quantity, place)?;
        let price = match place.kind {
            OrderKind::Limit { price } if is_simple(place, market.phase) => market.admit_limit(price)?,
            _ => market.admit_terms(place, self.now, reducible)?,
        };
        market.admit_notional(place)?;
        self.admit_room(place)?;
        Ok(price)
    }

    /// The last check: the price at which an order that was admitted may be posted, if it is to be; rule 2.1, 18.
    #[inline]
    pub(crate) fn admit_posting(&self, place: &Place, price: Price) -> Result<Price, RejectReason> {
        match place.post_only {
            PostOnly::No => Ok(price),
            _ => self
                .market
                .admit_post_only(place.post_only, place.side, price, self.store),
        }
    }

    /// The checks that a limit order without conditions can fail, in the same order.
    #[inline(always)]
    pub(crate) fn admit_plain(&self, place: &Place, price: Price) -> Check {
        admit_identity(self.store, place)?;
        let market = &*self.market;
        if !market.bounds().cover(place.quantity, price) {
            market.admit_value(place.quantity, price)?;
        }
        let live = market.live[place.side as usize];
        if self.store.orders.is_full() || live.checked_add(place.quantity).is_none() {
            return Err(RejectReason::BookFull);
        }
        Ok(())
    }

    /// The limits of rule 1.4, and that on stops.
    #[inline]
    fn admit_room(&self, place: &Place) -> Check {
        let live = self.market.live[place.side as usize];
        if self.store.orders.is_full() || live.checked_add(place.quantity).is_none() {
            return Err(RejectReason::BookFull);
        }
        if OrderType::of(&place.kind).is_stop()
            && self.market.stop_count >= self.market.spec.terms().stops_max
        {
            return Err(RejectReason::TooManyStops);
        }
        Ok(())
    }
}

/// Whether nothing but the price of a limit order has to be looked at.
#[inline]
fn is_simple(place: &Place, phase: Phase) -> bool {
    (place.time_in_force == TimeInForce::Gtc
        || place.time_in_force == TimeInForce::Ioc && phase == Phase::Continuous)
        && place.visibility == Visibility::Displayed
        && place.min_quantity.is_none()
        && place.post_only == PostOnly::No
        && !place.all_or_none
        && !place.reduce_only
}

/// The names of a new order are free, and it may be entered at all.
#[inline(always)]
fn admit_identity(store: &Store, place: &Place) -> Check {
    if store.is_taken(place.id) {
        return Err(RejectReason::DuplicateOrderId);
    }
    if let (Some(account), Some(client_id)) = (place.account, place.client_id)
        && store.find_client(account, client_id).is_some()
    {
        return Err(RejectReason::DuplicateClientOrderId);
    }
    if store.killed.concerns(place.account) {
        return Err(RejectReason::Killed);
    }
    Ok(())
}

/// Whether anything but cancels is taken.
#[inline]
pub(super) fn admit_phase(phase: Phase) -> Check {
    match phase {
        Phase::Continuous | Phase::Auction => Ok(()),
        Phase::Halted => Err(RejectReason::MarketHalted),
        Phase::Closed => Err(RejectReason::MarketClosed),
    }
}

impl Instrument {
    /// A limit order's quantity, its price, and what they come to.
    #[inline(never)]
    pub(super) fn admit_value(&self, quantity: Qty, price: Price) -> Check {
        self.admit_lots(quantity)?;
        self.admit_limit(price)?;
        let least = self.spec.min_notional();
        if least.units() != 0 && price.notional(quantity).abs() < least {
            return Err(RejectReason::MinNotional);
        }
        Ok(())
    }

    #[inline]
    fn admit_quantity(&self, quantity: Qty, place: &Place) -> Check {
        if let OrderKind::MarketByQuote { budget } = place.kind {
            return if !quantity.is_zero() {
                Err(RejectReason::ZeroQuantity)
            } else if budget.units() <= 0 {
                Err(RejectReason::InvalidBudget)
            } else {
                Ok(())
            };
        }
        self.admit_lots(quantity)
    }

    /// A quantity within the spec's limits.
    #[inline]
    pub(super) fn admit_lots(&self, quantity: Qty) -> Check {
        let terms = self.spec.terms();
        if quantity.is_zero() {
            Err(RejectReason::ZeroQuantity)
        } else if quantity > terms.max_quantity {
            Err(RejectReason::QuantityTooLarge)
        } else if quantity < terms.min_quantity {
            Err(RejectReason::QuantityTooSmall)
        } else {
            Ok(())
        }
    }

    /// Everything about an order that is not simple, down to its prices; the price with which it starts.
    fn admit_terms(
        &self,
        place: &Place,
        now: Timestamp,
        reducible: Reducible,
    ) -> Result<Price, RejectReason> {
        self.admit_time_in_force(place, now)?;
        if let Visibility::Iceberg { display } = place.visibility {
            self.admit_display(place.quantity, display)?;
        }
        if place
            .min_quantity
            .is_some_and(|least| least.is_zero() || least > place.quantity)
        {
            return Err(RejectReason::InvalidMinQuantity);
        }
        if !self.goes_together(place) {
            return Err(RejectReason::InvalidCombination);
        }
        let most = reducible[place.side as usize];
        if place.reduce_only && (most.is_zero() || place.quantity > most) {
            return Err(RejectReason::ReduceOnly);
        }
        self.admit_prices(&place.kind)
    }

    /// Rule 2.2, and a deadline that is not over.
    fn admit_time_in_force(&self, place: &Place, now: Timestamp) -> Check {
        let order_type = OrderType::of(&place.kind);
        let fits = match place.time_in_force {
            TimeInForce::Gtc => true,
            TimeInForce::Ioc | TimeInForce::Fok => self.phase != Phase::Auction || order_type.is_stop(),
            TimeInForce::Gtd(_) | TimeInForce::Day => !order_type.is_market(),
            TimeInForce::AtOpen | TimeInForce::AtClose => {
                matches!(order_type, OrderType::Limit | OrderType::Market)
            }
        };
        if !fits {
            return Err(RejectReason::InvalidTimeInForce);
        }
        match place.time_in_force {
            TimeInForce::Gtd(deadline) if deadline <= now => Err(RejectReason::ExpiryInPast),
            _ => Ok(()),
        }
    }

    /// Rule 9 of 2.1: not too many parts.
    pub(super) fn admit_display(&self, quantity: Qty, display: Qty) -> Check {
        if !display.is_zero() && display <= quantity && quantity <= self.spec.terms().most_in_parts(display) {
            Ok(())
        } else {
            Err(RejectReason::InvalidDisplay)
        }
    }

    /// Rule 2.3.
    fn goes_together(&self, place: &Place) -> bool {
        use TimeInForce as T;
        let order_type = OrderType::of(&place.kind);
        let in_auction = self.phase == Phase::Auction;
        let at_once = matches!(place.time_in_force, T::Ioc | T::Fok);
        let for_auction = matches!(place.time_in_force, T::AtOpen | T::AtClose);
        let is_limit = order_type == OrderType::Limit;
        let iceberg = matches!(place.visibility, Visibility::Iceberg { .. });
        let undisplayed = place.visibility != Visibility::Displayed;
        let post_only = place.post_only != PostOnly::No;
        let least = place.min_quantity.is_some();
        let pegged = order_type == OrderType::Pegged;

        let visibility = !undisplayed || order_type.has_limit() && !(at_once && is_limit) && !for_auction;
        let posting = !post_only || is_limit && !at_once && !for_auction && !least && !place.all_or_none;
        let minimum = !least
            || !order_type.is_stop()
                && !pegged
                && !place.all_or_none
                && place.time_in_force != T::Fok
                && !for_auction
                && !in_auction;
        let whole = !place.all_or_none || is_limit && !iceberg && !for_auction;
        let kind = match order_type {
            OrderType::Pegged => !at_once && !in_auction,
            OrderType::MarketByQuote | OrderType::MarketToLimit => {
                place.time_in_force != T::Fok && !in_auction
            }
            _ => true,
        };
        visibility && posting && minimum && whole && kind
    }

    /// The prices of an order, and the one with which it starts: its limit if it has one.
    fn admit_prices(&self, kind: &OrderKind) -> Result<Price, RejectReason> {
        let limit = kind.limit();
        let offset = match *kind {
            OrderKind::Pegged { offset, .. } => Some(Price::new(offset)),
            _ => None,
        };
        if [limit, offset]
            .into_iter()
            .flatten()
            .any(|price| !price.is_valid())
            || limit.is_some_and(|price| !self.spec.allows_price(price))
        {
            return Err(RejectReason::InvalidPrice);
        }
        if kind.trigger().is_some_and(|price| !self.spec.allows_price(price)) || !trail_is_valid(kind) {
            return Err(RejectReason::InvalidTrigger);
        }
        match limit {
            Some(price) => self.admit_band(price).map(|()| price),
            None => Ok(Price::new(0)),
        }
    }

    /// A limit price that is one, and within the static band.
    #[inline]
    pub(super) fn admit_limit(&self, price: Price) -> Result<Price, RejectReason> {
        if !self.spec.allows_price(price) {
            return Err(RejectReason::InvalidPrice);
        }
        self.admit_band(price).map(|()| price)
    }

    /// Rule 2.4.
    #[inline]
    fn admit_band(&self, price: Price) -> Check {
        match (self.spec.terms().price_band_bps, self.last) {
            (Some(bps), Some(last)) if !within_band(price, last, bps) => Err(RejectReason::PriceBand),
            _ => Ok(()),
        }
    }

    #[inline]
    fn admit_notional(&self, place: &Place) -> Check {
        let least = self.spec.min_notional();
        if least.units() == 0 {
            return Ok(());
        }
        let value = match place.kind {
            OrderKind::MarketByQuote { budget } => budget,
            kind => match kind.limit() {
                Some(price) => price.notional(place.quantity).abs(),
                None => return Ok(()),
            },
        };
        if value < least {
            Err(RejectReason::MinNotional)
        } else {
            Ok(())
        }
    }

    /// Rule 4.5: the price at which a post-only order rests without taking.
    pub(super) fn admit_post_only(
        &self,
        post_only: PostOnly,
        side: Side,
        price: Price,
        store: &Store,
    ) -> Result<Price, RejectReason> {
        if self.phase != Phase::Continuous {
            return Ok(price);
        }
        let Some(first) = self.sides.first(&store.orders, side.opposite()) else {
            return Ok(price);
        };
        let opposite = store.orders.price(first);
        if !price.reaches(opposite, side) {
            return Ok(price);
        }
        match post_only {
            PostOnly::Slide => one_short_of(opposite, side)
                .filter(|price| self.spec.allows_price(*price))
                .ok_or(RejectReason::PostOnlyWouldCross),
            _ => Err(RejectReason::PostOnlyWouldCross),
        }
    }
}

/// The best price at which an order of `side` does not reach `opposite`.
pub(super) fn one_short_of(opposite: Price, side: Side) -> Option<Price> {
    match side {
        Side::Buy => opposite.checked_add_ticks(-1),
        Side::Sell => opposite.checked_add_ticks(1),
    }
}

/// Whether `price` is at most `bps` basis points from `reference`. Neither product can overflow: 54 and 14 bits.
#[inline]
pub(super) fn within_band(price: Price, reference: Price, bps: u32) -> bool {
    let distance = i128::from(price.ticks().abs_diff(reference.ticks()));
    distance * 10_000 <= i128::from(bps) * i128::from(reference.ticks().unsigned_abs())
}

fn trail_is_valid(kind: &OrderKind) -> bool {
    let (OrderKind::TrailingStop { trail } | OrderKind::TrailingStopLimit { trail, .. }) = kind else {
        return true;
    };
    is_distance(*trail)
}
