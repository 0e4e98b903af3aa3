//! Changing an order (12).

use engine_core::{Amend, Event, OrderId, OrderKind, Place, Price, Qty, RejectReason, Request, Visibility};

use super::NaiveEngine;
use super::admit::{asked_limit, check_open, check_parts, check_quantity, refuse_if};
use super::money::Refused;
use super::order::State;

/// What an order will be.
struct Changed {
    price: Option<Price>,
    total: Qty,
    keeps_place: bool,
}

impl NaiveEngine {
    pub(super) fn amend(&mut self, amend: &Amend) {
        let Some(id) = self.owned(amend.order, amend.account) else {
            return self.refuse_unknown(amend.order, amend.account, Request::Amend);
        };
        let checked = self.check_amend(id, amend).map_err(Refused::from);
        let paid = checked.and_then(|changed| {
            let price = changed.price.filter(|_| amend.price.is_some());
            self.admit_paid_amend(id, price, changed.total).map(|()| changed)
        });
        match paid {
            Ok(changed) => self.change(id, &changed),
            Err(refused) => {
                self.events.push(Event::Rejected {
                    instrument: Some(self.order(id).instrument()),
                    order: id,
                    account: amend.account.or(amend.order.owner()),
                    request: Request::Amend,
                    reason: refused.reason,
                    asked: None,
                });
                self.events.extend(refused.shortfall);
            }
        }
    }

    /// 12.1
    fn check_amend(&self, id: OrderId, amend: &Amend) -> Result<Changed, RejectReason> {
        let order = self.order(id);
        let place = &order.place;
        let market = self.market(order.instrument());
        refuse_if(self.is_killed(place.account), RejectReason::Killed)?;
        check_open(market.phase)?;
        let nothing = amend.price.is_none() && amend.quantity.is_none();
        refuse_if(nothing, RejectReason::NothingToAmend)?;
        if let Some(quantity) = amend.quantity {
            check_quantity(quantity, &market.spec)?;
            refuse_if(quantity <= order.traded, RejectReason::QuantityBelowFilled)?;
        }
        if let Some(price) = amend.price {
            refuse_if(order.limit.is_none(), RejectReason::PriceNotAllowed)?;
            refuse_if(!market.allows(price), RejectReason::InvalidPrice)?;
            self.check_band(place, price)?;
        }
        let total = amend.quantity.unwrap_or(order.total);
        if let Visibility::Iceberg { display } = place.visibility {
            check_parts(total, display, &market.spec)?;
        }
        let price = amend.price.or(order.limit);
        let limit = price.or(peg_limit(&place.kind));
        let value = limit.map(|limit| limit.notional(total).abs());
        let too_small = value.is_some_and(|value| value < market.spec.min_notional());
        refuse_if(too_small, RejectReason::MinNotional)?;
        self.check_room_for(id, total)?;
        self.place_after(id, price, total)
    }

    /// 1.4, for an amend.
    fn check_room_for(&self, id: OrderId, total: Qty) -> Result<(), RejectReason> {
        let order = self.order(id);
        let others = self.remaining_of_side(&order.place) - u128::from(order.remaining().lots());
        let side = others + u128::from((total - order.traded).lots());
        refuse_if(side > u128::from(Qty::MAX.lots()), RejectReason::BookFull)
    }

    /// 4.5 for an order that will be entered again, then 12.2.
    fn place_after(&self, id: OrderId, price: Option<Price>, total: Qty) -> Result<Changed, RejectReason> {
        let order = self.order(id);
        let keeps = |price: Option<Price>| price == order.limit && total <= order.total;
        let mut price = price;
        if !keeps(price)
            && order.queued_at().is_some()
            && let (OrderKind::Limit { .. }, Some(asked)) = (order.place.kind, price)
        {
            let kind = OrderKind::Limit { price: asked };
            let placed = self.check_post_only(&Place { kind, ..order.place })?;
            price = asked_limit(&placed.kind);
        }
        Ok(Changed {
            price,
            total,
            keeps_place: keeps(price),
        })
    }

    fn change(&mut self, id: OrderId, changed: &Changed) {
        let queued = self.order(id).queued_at().is_some();
        if changed.keeps_place {
            self.keep_place(id, changed);
        } else if queued {
            self.lose_place(id, changed);
        } else {
            // 12.4: it stays waiting.
            self.set(id, changed);
            let arrival = self.next_arrival();
            self.order_mut(id).arrival = arrival;
        }
    }

    /// 12.2: an iceberg's reserve falls first.
    fn keep_place(&mut self, id: OrderId, changed: &Changed) {
        self.set(id, changed);
        let order = self.order(id);
        let fallen = order.shown().saturating_sub(order.remaining());
        self.reduce_shown(id, fallen);
    }

    /// 12.3
    fn lose_place(&mut self, id: OrderId, changed: &Changed) {
        let order = self.order(id);
        let (instrument, side) = (order.instrument(), order.side());
        if let Some(displayed) = order.displayed() {
            self.events.push(Event::Pulled {
                instrument,
                order: id,
                side,
                price: displayed.price,
                displayed: displayed.quantity,
            });
        }
        let arrival = self.next_arrival();
        let order = self.order_mut(id);
        order.state = State::Entering;
        order.arrival = arrival;
        self.set(id, changed);
        self.enter(id);
    }

    /// Sets what was asked for, and says so.
    fn set(&mut self, id: OrderId, changed: &Changed) {
        let order = self.order_mut(id);
        order.total = changed.total;
        order.limit = changed.price;
        let event = Event::Amended {
            instrument: order.instrument(),
            order: id,
            account: order.place.account,
            price: changed.price.or(peg_limit(&order.place.kind)),
            quantity: changed.total,
            kept_priority: changed.keeps_place,
        };
        self.events.push(event);
    }
}

/// The limit of a pegged order, which no amend changes.
fn peg_limit(kind: &OrderKind) -> Option<Price> {
    match kind {
        OrderKind::Pegged { limit, .. } => *limit,
        _ => None,
    }
}
