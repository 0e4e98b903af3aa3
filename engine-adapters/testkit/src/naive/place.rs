//! New orders, alone and in lists: refused or accepted, then entered (2, 9).

use engine_core::{
    Asked, Event, LinkKind, Linked, OrderKind, OrderType, Phase, Place, Qty, RejectReason, Request,
    TimeInForce,
};

use super::NaiveEngine;
use super::admit::{asked_limit, is_stop, refuse_if};
use super::money::Refused;
use super::order::{Order, State};

impl NaiveEngine {
    pub(super) fn place(&mut self, place: &Place) {
        let place = &self.with_group(place);
        match self.check_alone(place) {
            Ok(place) => {
                self.accept(&place);
                self.enter(place.id);
            }
            Err(refused) => self.refuse_new(Some(place), Request::Place, refused),
        }
    }

    /// The checks of accounts come before the last (3.1 of their page).
    fn check_alone(&mut self, place: &Place) -> Result<Place, Refused> {
        self.check(place, &[])?;
        self.admit_paid(place)?;
        Ok(self.check_post_only(place)?)
    }

    /// 2.6 of the page of accounts.
    fn with_group(&self, place: &Place) -> Place {
        let group = self
            .money
            .as_ref()
            .and_then(|money| money.group_of(place.account));
        Place {
            group: place.group.or(group),
            ..*place
        }
    }

    /// 9.1 to 9.3
    pub(super) fn place_linked(&mut self, linked: &Linked) {
        let orders = linked.orders.iter().map(|place| self.with_group(place)).collect();
        let linked = &Linked {
            kind: linked.kind,
            orders,
        };
        let checked = self.check_linked(linked).map_err(Refused::from);
        let places = match checked.and_then(|places| self.admit_paid_list(linked).map(|()| places)) {
            Ok(places) => places,
            Err(refused) => return self.refuse_new(linked.orders.first(), Request::PlaceLinked, refused),
        };
        for place in &places {
            self.accept(place);
        }
        match places[..] {
            [first, second] => self.begin_pair([first.id, second.id]),
            [entry, profit, stop] => self.begin_bracket(entry.id, [profit.id, stop.id]),
            _ => unreachable!("a list of another length was refused"),
        }
    }

    fn check_linked(&self, linked: &Linked) -> Result<Vec<Place>, RejectReason> {
        let fits = match linked.kind {
            LinkKind::OneCancelsOther => fits_one_cancels_other(&linked.orders),
            LinkKind::Bracket => fits_bracket(&linked.orders),
        };
        refuse_if(!fits, RejectReason::InvalidLink)?;
        let at = linked.orders[0].instrument;
        refuse_if(!self.has(at), RejectReason::UnknownInstrument)?;
        let in_auction = self.market(at).phase == Phase::Auction;
        refuse_if(in_auction, RejectReason::InvalidCombination)?;
        let orders = linked.orders.iter().enumerate();
        orders
            .map(|(at, place)| {
                self.check(place, &linked.orders[..at])?;
                self.check_post_only(place)
            })
            .collect()
    }

    /// 2.1: what is said of an order, or of the first of a list, that is refused.
    fn refuse_new(&mut self, place: Option<&Place>, request: Request, refused: Refused) {
        let id = place.map(|place| place.id).filter(|_| self.config.ids_chosen);
        let order = id.unwrap_or_default();
        self.events.push(Event::Rejected {
            instrument: place.map(|place| place.instrument),
            order,
            account: place.and_then(|place| place.account),
            request,
            reason: refused.reason,
            asked: place.map(|place| Asked {
                side: place.side,
                order_type: order_type(&place.kind),
                price: asked_limit(&place.kind),
                quantity: place.quantity,
            }),
        });
        if let Some(client_id) = place.and_then(|place| place.client_id) {
            self.events.push(Event::Named { order, client_id });
        }
        self.events.extend(refused.shortfall);
    }

    /// 2.5, what is said of an order that passes.
    fn accept(&mut self, place: &Place) {
        let arrival = self.next_arrival();
        let budget = match place.kind {
            OrderKind::MarketByQuote { budget } => budget.units(),
            _ => 0,
        };
        let is_pegged = matches!(place.kind, OrderKind::Pegged { .. });
        self.orders.push(Order {
            place: *place,
            arrival,
            total: place.quantity,
            traded: Qty::ZERO,
            budget,
            limit: asked_limit(&place.kind).filter(|_| !is_pegged),
            min_quantity: place.min_quantity,
            // 7.2: the best price begins with the one that holds when the order is accepted.
            trail_best: self.trigger_price(place.instrument),
            triggered: false,
            prices: self.market(place.instrument).prices(),
            list: None,
            state: State::Entering,
        });
        self.events.push(Event::Accepted {
            instrument: place.instrument,
            order: place.id,
            account: place.account,
            side: place.side,
            order_type: order_type(&place.kind),
            price: asked_limit(&place.kind),
            quantity: place.quantity,
        });
        if place.time_in_force != TimeInForce::Gtc || is_stop(&place.kind) {
            self.events.push(Event::Terms {
                order: place.id,
                time_in_force: place.time_in_force,
                trigger: self.order(place.id).trigger(),
            });
        }
        if let Some(client_id) = place.client_id {
            self.events.push(Event::Named {
                order: place.id,
                client_id,
            });
        }
    }
}

fn fits_one_cancels_other(orders: &[Place]) -> bool {
    let [first, second] = orders else { return false };
    let fits = |place: &Place| stays(place) && (is_limit(place) || is_stop(&place.kind));
    belong_together(first, second)
        && first.side == second.side
        && fits(first)
        && fits(second)
        && !(is_limit(first) && is_limit(second))
}

fn fits_bracket(orders: &[Place]) -> bool {
    use OrderKind::{
        Limit, Market, Stop, StopLimit, TakeProfit, TakeProfitLimit, TrailingStop, TrailingStopLimit,
    };
    let [entry, profit, stop] = orders else {
        return false;
    };
    let fits = |exit: &Place| {
        belong_together(entry, exit)
            && exit.side == entry.side.opposite()
            && exit.quantity == entry.quantity
            && stays(exit)
    };
    let for_auction = matches!(entry.time_in_force, TimeInForce::AtOpen | TimeInForce::AtClose);
    !for_auction
        && (matches!(entry.kind, Limit { .. } | Market) || is_stop(&entry.kind))
        && fits(profit)
        && fits(stop)
        && matches!(
            profit.kind,
            Limit { .. } | TakeProfit { .. } | TakeProfitLimit { .. }
        )
        && matches!(
            stop.kind,
            Stop { .. } | StopLimit { .. } | TrailingStop { .. } | TrailingStopLimit { .. }
        )
}

fn stays(place: &Place) -> bool {
    matches!(
        place.time_in_force,
        TimeInForce::Gtc | TimeInForce::Gtd(_) | TimeInForce::Day
    )
}

fn belong_together(one: &Place, other: &Place) -> bool {
    (one.instrument, one.account) == (other.instrument, other.account)
}

fn is_limit(place: &Place) -> bool {
    matches!(place.kind, OrderKind::Limit { .. })
}

fn order_type(kind: &OrderKind) -> OrderType {
    match kind {
        OrderKind::Market => OrderType::Market,
        OrderKind::MarketByQuote { .. } => OrderType::MarketByQuote,
        OrderKind::MarketToLimit => OrderType::MarketToLimit,
        OrderKind::Limit { .. } => OrderType::Limit,
        OrderKind::Stop { .. } => OrderType::Stop,
        OrderKind::StopLimit { .. } => OrderType::StopLimit,
        OrderKind::TakeProfit { .. } => OrderType::TakeProfit,
        OrderKind::TakeProfitLimit { .. } => OrderType::TakeProfitLimit,
        OrderKind::TrailingStop { .. } => OrderType::TrailingStop,
        OrderKind::TrailingStopLimit { .. } => OrderType::TrailingStopLimit,
        OrderKind::Pegged { .. } => OrderType::Pegged,
    }
}
