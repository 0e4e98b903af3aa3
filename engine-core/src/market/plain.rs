//! The plain path: limit orders without conditions, and their cancels, in a market where nothing reacts to others.
//!
//! Most commands are of this kind. The rules are those of the general path, which come to little here: an order is
//! checked, takes what it reaches, and rests or is over. What this path cannot do it hands on: it takes nothing from an
//! order with conditions, and stops in front of it.

use super::enter::Entry;
use super::floor::Floor;
use super::store::Details;
use crate::book::{NewOrder, Slot, Vacancy, View};
use crate::command::{Amend, OrderKind, Place, TimeInForce};
use crate::event::{CancelReason, Displayed, Event, OrderType, Request};
use crate::types::{Price, Qty};

impl Floor<'_> {
    /// The same floor, for a call that is rare: then what it is made of stays in registers where there is none.
    #[inline(always)]
    pub(super) fn again(&mut self) -> Floor<'_> {
        Floor {
            market: self.market,
            store: self.store,
            now: self.now,
            events: self.events,
        }
    }

    /// Carries out a new order, from the checks to what follows.
    #[inline(always)]
    pub(crate) fn place(&mut self, place: &Place) {
        let Some(price) = self.plain_price(place) else {
            return self.again().place_any(place);
        };
        match self.admit_plain(place, price) {
            Ok(()) => self.carry_out_plain(place, price),
            Err(reason) => self.again().refuse_order(Request::Place, place, reason),
        }
    }

    /// The limit of an order that has nothing but one, in a market where nothing reacts to it.
    #[inline(always)]
    pub(crate) fn plain_price(&self, place: &Place) -> Option<Price> {
        match place.kind {
            OrderKind::Limit { price } if place.is_plain() && self.market.is_plain() => Some(price),
            _ => None,
        }
    }

    /// Carries out such an order, which was admitted.
    #[inline(always)]
    pub(crate) fn carry_out_plain(&mut self, place: &Place, price: Price) {
        let vacancy = self.store.orders.reserve(place.id);
        let arrival = self.store.next_arrival();
        self.say_accepted_plain(vacancy, place, price);
        if self.market.sides.may_meet(place.side, price) {
            self.again().take_and_rest_plain(vacancy, arrival, place, price);
        } else {
            self.rest_plain(vacancy, arrival, place, (price, place.quantity));
        }
    }

    #[inline(always)]
    fn say_accepted_plain(&mut self, vacancy: Vacancy, place: &Place, price: Price) {
        self.say(Event::Accepted {
            instrument: self.market.id,
            order: vacancy.id(),
            account: place.account,
            side: place.side,
            order_type: OrderType::Limit,
            price: Some(price),
            quantity: place.quantity,
        });
        if place.time_in_force != TimeInForce::Gtc {
            self.say(Event::Terms {
                order: vacancy.id(),
                time_in_force: place.time_in_force,
                trigger: None,
            });
        }
    }

    /// Deals with what a plain order has left after taking.
    #[inline(always)]
    fn rest_plain(&mut self, vacancy: Vacancy, arrival: u64, place: &Place, (price, left): (Price, Qty)) {
        let Self { market, store, .. } = self;
        if place.time_in_force != TimeInForce::Gtc {
            store.orders.decline(vacancy);
            return self.again().say_cancelled_plain(vacancy, place, left);
        }
        market.live[place.side as usize] += left;
        let order = NewOrder {
            id: vacancy.id(),
            side: place.side,
            price,
            quantity: left,
            data: Details::new(place.account, place.quantity, arrival, place.instrument),
        };
        market.sides.rest_in(&mut store.orders, vacancy, order);
        self.say(Event::Rested {
            instrument: self.market.id,
            order: vacancy.id(),
            side: place.side,
            price,
            displayed: left,
        });
    }

    #[inline(never)]
    fn say_cancelled_plain(&mut self, vacancy: Vacancy, place: &Place, left: Qty) {
        self.say(Event::Cancelled {
            instrument: self.market.id,
            order: vacancy.id(),
            account: place.account,
            side: place.side,
            remaining: left,
            displayed: None,
            reason: CancelReason::IocRemainder,
        });
    }

    /// Rules 3.3 to 3.5 for makers without conditions; with the first other one the general case goes on.
    #[inline(never)]
    fn take_and_rest_plain(&mut self, vacancy: Vacancy, arrival: u64, place: &Place, price: Price) {
        let left =
            if self.market.bounds().trade_plainly() && !self.market.sides.has_behind(place.side.opposite()) {
                self.take_plain(vacancy, place, price)
            } else {
                place.quantity
            };
        if left.is_zero() {
            self.store.orders.decline(vacancy);
        } else if self
            .market
            .sides
            .best_any(place.side.opposite())
            .is_some_and(|best| price.reaches(best, place.side))
        {
            self.market.live[place.side as usize] += left;
            let details = Details::new(place.account, place.quantity, arrival, place.instrument);
            let orders = &mut self.store.orders;
            let slot = orders.occupy_parked(vacancy, place.side, price, left, details);
            let entry = Entry {
                time_in_force: place.time_in_force,
                ..Entry::PLAIN
            };
            self.enter_continuous(slot, &entry);
            self.come_to_rest();
        } else {
            self.rest_plain(vacancy, arrival, place, (price, left));
        }
    }

    /// Trades with plain makers and returns what is left.
    #[inline]
    fn take_plain(&mut self, vacancy: Vacancy, place: &Place, limit: Price) -> Qty {
        let Self {
            market,
            store,
            events,
            ..
        } = self;
        let instrument = market.id;
        let mut last = None;
        let makers = place.side.opposite();
        let left = market.sides.take_plain(
            &mut store.orders,
            makers,
            limit,
            place.quantity,
            |maker, details, price, quantity| {
                last = Some(price);
                events.push(Event::Traded {
                    instrument,
                    maker,
                    maker_account: details.account,
                    taker: vacancy.id(),
                    taker_account: place.account,
                    taker_side: place.side,
                    maker_displayed: true,
                    price,
                    quantity,
                });
            },
        );
        market.live[makers as usize] -= place.quantity - left;
        market.last = last.or(market.last);
        left
    }

    /// Cancels a live order if that is all that follows. Whether it is.
    #[inline(always)]
    pub(super) fn cancel_plain(&mut self, slot: Slot, reason: CancelReason) -> bool {
        if !self.market.is_plain() {
            return false;
        }
        let Self { market, store, .. } = self;
        let account = store.details(slot).account;
        let Some(order) = market.sides.evict_plain(&mut store.orders, slot) else {
            return false;
        };
        let quantity = order.quantity();
        market.live[order.side() as usize] -= quantity;
        self.say(Event::Cancelled {
            instrument: self.market.id,
            order: order.id(),
            account,
            side: order.side(),
            remaining: quantity,
            displayed: Some(Displayed {
                price: order.price(),
                quantity,
            }),
            reason,
        });
        true
    }
}

/// A plain order as an amend leaves it.
struct Changed {
    price: Price,
    total: Qty,
    left: Qty,
}

impl Floor<'_> {
    /// Changes a live order if nothing follows from it, and nothing speaks against it at first sight. Whether it did.
    #[inline]
    pub(crate) fn amend_plain(&mut self, slot: Slot, amend: &Amend) -> bool {
        if !self.market.is_plain() {
            return false;
        }
        let order = self.store.orders.view(slot);
        if !order.is_plain() {
            return false;
        }
        let Some(changed) = self.admit_change(slot, &order, amend) else {
            return false;
        };
        let keeps_place = changed.price == order.price() && changed.left <= order.quantity();
        if keeps_place {
            self.reduce_plain(slot, &order, &changed);
        } else if !self.market.sides.may_meet(order.side(), changed.price) {
            self.move_plain(slot, &order, &changed);
        } else {
            return false;
        }
        true
    }

    /// What a plain order would be after an amend, or `None` where the general case has to look at it.
    #[inline]
    fn admit_change(&self, slot: Slot, order: &View, amend: &Amend) -> Option<Changed> {
        let market = &*self.market;
        let details = self.store.details(slot);
        let total = amend.quantity.unwrap_or(details.total);
        let price = amend.price.unwrap_or(order.price());
        let left = total.checked_sub(details.total - order.quantity())?;
        let others = market.live[order.side() as usize] - order.quantity();
        let is_fine = (amend.price.is_some() || amend.quantity.is_some())
            && !left.is_zero()
            && !self.store.killed.concerns(details.account)
            && (market.bounds().cover(total, price) || market.admit_value(total, price).is_ok())
            && others.checked_add(left).is_some();
        is_fine.then_some(Changed { price, total, left })
    }

    /// Rule 12.2 for a plain order: less, at the same place.
    #[inline]
    fn reduce_plain(&mut self, slot: Slot, order: &View, changed: &Changed) {
        let by = order.quantity() - changed.left;
        self.store.orders.data_mut(slot).total = changed.total;
        self.say_amended_plain(slot, order, changed, true);
        if by.is_zero() {
            return;
        }
        let Self { market, store, .. } = self;
        market.live[order.side() as usize] -= by;
        market.sides.reduce(&mut store.orders, slot, by);
        self.say(Event::Reduced {
            instrument: self.market.id,
            order: order.id(),
            side: order.side(),
            price: order.price(),
            by,
        });
    }

    /// Rule 12.3 for a plain order that takes nothing: out of its place, and in at the back of another.
    #[inline]
    fn move_plain(&mut self, slot: Slot, order: &View, changed: &Changed) {
        let (instrument, side) = (self.market.id, order.side());
        self.say(Event::Pulled {
            instrument,
            order: order.id(),
            side,
            price: order.price(),
            displayed: order.quantity(),
        });
        self.say_amended_plain(slot, order, changed, false);
        let Self { market, store, .. } = self;
        let arrival = store.next_arrival();
        let details = store.orders.data_mut(slot);
        (details.total, details.arrival) = (changed.total, arrival);
        let live = &mut market.live[side as usize];
        *live = *live - order.quantity() + changed.left;
        market
            .sides
            .move_displayed(&mut store.orders, slot, changed.price, changed.left);
        self.say(Event::Rested {
            instrument,
            order: order.id(),
            side,
            price: changed.price,
            displayed: changed.left,
        });
    }

    #[inline]
    fn say_amended_plain(&mut self, slot: Slot, order: &View, changed: &Changed, kept_priority: bool) {
        self.say(Event::Amended {
            instrument: self.market.id,
            order: order.id(),
            account: self.store.details(slot).account,
            price: Some(changed.price),
            quantity: changed.total,
            kept_priority,
        });
    }
}
