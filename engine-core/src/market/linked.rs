//! Orders that depend on each other: rule 9.

use super::admit::{NOT_REDUCIBLE, Reducible};
use super::enter::Entry;
use super::floor::Floor;
use super::store::{Conditions, WaitsFor, flag};
use crate::book::{OrderIds, Slot};
use crate::command::{LinkKind, Linked, OrderKind, Phase, Place, PostOnly, TimeInForce};
use crate::event::{CancelReason, Event, OrderType, RejectReason, Request};
use crate::types::{Price, Qty};

/// Live orders that depend on each other.
pub(crate) struct Link {
    pub(super) kind: LinkKind,
    /// The live orders of the list, each in its place.
    pub(super) members: [Option<Slot>; 3],
    /// One-cancels-other: the order that has traded or was set off.
    pub(super) winner: Option<Slot>,
    /// Bracket: what its entry traded, once it is over.
    entered: Option<Qty>,
}

impl Link {
    /// A list none of whose orders has traded.
    pub(super) fn new(kind: LinkKind, members: [Option<Slot>; 3]) -> Self {
        Self {
            kind,
            members,
            winner: None,
            entered: None,
        }
    }

    /// The live members but the winner.
    fn others(&self) -> impl Iterator<Item = Slot> {
        let winner = self.winner;
        self.members
            .into_iter()
            .flatten()
            .filter(move |slot| Some(*slot) != winner)
    }
}

impl Floor<'_> {
    /// Carries out a list of orders: all or none.
    pub(crate) fn place_linked(&mut self, linked: &Linked) {
        match self.admit_linked(&linked.orders, NOT_REDUCIBLE) {
            Ok(()) => self.carry_out_linked(linked, NOT_REDUCIBLE),
            Err(reason) => self.refuse_order(Request::PlaceLinked, &linked.orders[0], reason),
        }
    }

    /// Carries out a list of orders that was admitted.
    pub(crate) fn carry_out_linked(&mut self, linked: &Linked, reducible: Reducible) {
        self.accept_linked(linked, reducible);
        self.come_to_rest();
    }

    /// Rule 9.1, for a list whose orders go together: each order is checked as if those before it were there.
    pub(crate) fn admit_linked(&self, orders: &[Place], reducible: Reducible) -> Result<(), RejectReason> {
        if self.market.phase == Phase::Auction {
            return Err(RejectReason::InvalidCombination);
        }
        for (at, place) in orders.iter().enumerate() {
            let before = &orders[..at];
            let reasons = [
                self.admit_to_list(place, reducible).err(),
                self.admit_name(place, before),
                self.admit_room_beside(place, before),
            ];
            // The reasons stand in the order of the checks.
            if let Some(first) = reasons.into_iter().flatten().min() {
                return Err(first);
            }
        }
        Ok(())
    }

    /// Whether an order of a list would be admitted alone, and at what price.
    fn admit_to_list(&self, place: &Place, reducible: Reducible) -> Result<Price, RejectReason> {
        let price = self.admit(place, reducible)?;
        self.admit_posting(place, price)
    }

    /// Whether an order is named like one before it in its list.
    fn admit_name(&self, place: &Place, before: &[Place]) -> Option<RejectReason> {
        let chosen = matches!(self.store.orders.ids(), OrderIds::Chosen { .. });
        let named = place.account.is_some() && place.client_id.is_some();
        if chosen && before.iter().any(|other| other.id == place.id) {
            return Some(RejectReason::DuplicateOrderId);
        }
        let called_so = |other: &Place| other.client_id == place.client_id;
        (named && before.iter().any(called_so)).then_some(RejectReason::DuplicateClientOrderId)
    }

    /// The limits of rule 1.4 and that on stops, for an order and those before it in its list.
    fn admit_room_beside(&self, place: &Place, before: &[Place]) -> Option<RejectReason> {
        let same_side = before.iter().filter(|other| other.side == place.side);
        let live = same_side
            .chain([place])
            .try_fold(self.market.live[place.side as usize], |live, order| {
                live.checked_add(order.quantity)
            });
        if live.is_none() || !self.store.orders.has_room_for(before.len() + 1) {
            return Some(RejectReason::BookFull);
        }
        let is_stop = |place: &&Place| OrderType::of(&place.kind).is_stop();
        let stops = before.iter().chain([place]).filter(is_stop).count();
        let too_many = self.market.stop_count as usize + stops > self.market.spec.terms().stops_max as usize;
        (is_stop(&place) && too_many).then_some(RejectReason::TooManyStops)
    }

    /// Makes the orders live, links them and enters those that come in now.
    fn accept_linked(&mut self, linked: &Linked, reducible: Reducible) {
        let mut members = [None; 3];
        let mut id = None;
        for (place, member) in linked.orders.iter().zip(&mut members) {
            let price = self
                .admit_to_list(place, reducible)
                .expect("the list was admitted, and accepting changes no condition");
            let slot = self.accept(place, price);
            let link = *id.get_or_insert(self.store.details(slot).arrival);
            self.store.link(slot, link);
            *member = Some(slot);
        }
        let id = id.expect("a list has orders");
        self.market.links.insert(id, Link::new(linked.kind, members));
        match linked.kind {
            LinkKind::OneCancelsOther => self.enter_members(id),
            LinkKind::Bracket => {
                for exit in members[1..].iter().flatten() {
                    self.store.wait(*exit, WaitsFor::Arming);
                }
                let place = &linked.orders[0];
                let entry = members[0].expect("a bracket has an entry");
                self.enter_as(entry, place);
            }
        }
    }

    /// Enters the members of a one-cancels-other in order, unless one that came before has ended the list.
    fn enter_members(&mut self, id: u64) {
        let members = self.market.links.get(&id).map_or([None; 3], |link| link.members);
        for slot in members.into_iter().flatten() {
            if self.market.pending.touched.contains(&id) {
                self.settle_link(id);
                return;
            }
            if self.admit_posting_again(slot) {
                let entry = Entry::again(self.store.conditions(slot));
                self.enter(slot, &entry);
            }
        }
    }

    /// Asks a post-only order of a list again whether it would trade: it is cancelled, or moved, if so. Whether it
    /// can be entered.
    fn admit_posting_again(&mut self, slot: Slot) -> bool {
        let Some(conditions) = self.store.conditions(slot) else {
            return true;
        };
        if conditions.post_only == PostOnly::No {
            return true;
        }
        let (post_only, side, price) = (
            conditions.post_only,
            self.store.orders.side(slot),
            self.store.orders.price(slot),
        );
        match self.market.admit_post_only(post_only, side, price, self.store) {
            Ok(price) => self.store.orders.set_price(slot, price),
            Err(_) => {
                self.cancel(slot, CancelReason::PostOnly);
                return false;
            }
        }
        true
    }

    /// Notes that an order of a list has traded.
    pub(super) fn touch_link(&mut self, slot: Slot) {
        let Some(id) = self.store.conditions(slot).and_then(|conditions| conditions.link) else {
            return;
        };
        let Some(link) = self.market.links.get_mut(&id) else {
            return;
        };
        if link.kind == LinkKind::OneCancelsOther {
            link.winner.get_or_insert(slot);
            self.market.pending.touched.push_back(id);
        }
    }

    /// Notes that an order of a list is over, having traded this much.
    pub(super) fn unlink(&mut self, id: u64, slot: Slot, traded: Qty) {
        let Some(link) = self.market.links.get_mut(&id) else {
            return;
        };
        let at = link.members.iter().position(|member| *member == Some(slot));
        let at = at.expect("an order is a member of its list");
        link.members[at] = None;
        if link.winner == Some(slot) {
            link.winner = None;
        }
        let is_entry = at == 0;
        match link.kind {
            LinkKind::Bracket if is_entry => link.entered = Some(traded),
            LinkKind::Bracket => return,
            LinkKind::OneCancelsOther => {}
        }
        self.market.pending.touched.push_back(id);
    }

    /// Does what a list's orders have agreed: 4.6, step 1.
    pub(super) fn settle_link(&mut self, id: u64) {
        let Some(link) = self.market.links.get(&id) else {
            return;
        };
        match (link.kind, link.entered) {
            (LinkKind::OneCancelsOther, _) => self.end_link(id),
            (LinkKind::Bracket, Some(entered)) if entered.is_zero() => self.end_link(id),
            (LinkKind::Bracket, Some(entered)) => self.arm(id, entered),
            (LinkKind::Bracket, None) => {}
        }
    }

    /// Cancels what is left of a list but its winner, which goes on alone.
    fn end_link(&mut self, id: u64) {
        let Some(link) = self.market.links.remove(&id) else {
            return;
        };
        for slot in link.members.into_iter().flatten() {
            self.store.unlink(slot);
        }
        for slot in link.others() {
            self.cancel(slot, CancelReason::Linked);
        }
        self.market.pending.touched.retain(|touched| *touched != id);
    }

    /// An order of a list was set off: a one-cancels-other ends with it.
    pub(super) fn cancel_partner(&mut self, id: u64, winner: Slot) {
        let Some(link) = self.market.links.get_mut(&id) else {
            return;
        };
        if link.kind == LinkKind::OneCancelsOther {
            link.winner = Some(winner);
            self.end_link(id);
        }
    }

    /// Rule 9.3: the exits come to life with what the entry traded.
    fn arm(&mut self, id: u64, quantity: Qty) {
        let Some(link) = self.market.links.get_mut(&id) else {
            return;
        };
        link.kind = LinkKind::OneCancelsOther;
        let exits = link.members;
        if exits.iter().all(Option::is_none) {
            self.market.links.remove(&id);
        }
        for slot in exits.into_iter().flatten() {
            let quantity = self.size_exit(slot, quantity);
            let account = self.store.details(slot).account;
            self.arrive_anew(slot);
            let conditions = self.store.conditions_mut(slot);
            (conditions.waits, conditions.trail_best) = (None, None);
            if conditions.trail.is_some() {
                conditions.trigger = None;
                self.begin_trailing(slot);
            }
            let order = self.store.orders.id(slot);
            self.say(Event::Armed {
                instrument: self.market.id,
                order,
                account,
                quantity,
            });
        }
        self.market.pending.touched.retain(|touched| *touched != id);
        self.enter_members(id);
    }

    /// Gives an exit the quantity that its entry traded, or its own if that is less: it may have been amended.
    fn size_exit(&mut self, slot: Slot, traded: Qty) -> Qty {
        let before = self.store.remaining(slot);
        let quantity = traded.min(before);
        self.market.live[self.store.orders.side(slot) as usize] -= before - quantity;
        self.store.orders.data_mut(slot).total = quantity;
        self.store.orders.set_quantity(slot, quantity);
        quantity
    }
}

/// Whether these orders can depend on each other in this way.
pub(crate) fn is_well_linked(kind: LinkKind, orders: &[Place]) -> bool {
    let same =
        |one: &Place, other: &Place| one.instrument == other.instrument && one.account == other.account;
    let lasting = |place: &Place| {
        matches!(
            place.time_in_force,
            TimeInForce::Gtc | TimeInForce::Gtd(_) | TimeInForce::Day
        )
    };
    let is_limit = |place: &Place| matches!(place.kind, OrderKind::Limit { .. });
    let is_stop = |place: &Place| OrderType::of(&place.kind).is_stop();
    match (kind, orders) {
        (LinkKind::OneCancelsOther, [one, other]) => {
            same(one, other)
                && one.side == other.side
                && [one, other]
                    .into_iter()
                    .all(|place| lasting(place) && (is_limit(place) || is_stop(place)))
                && !(is_limit(one) && is_limit(other))
        }
        (LinkKind::Bracket, [entry, target, stop]) => {
            let exits = [target, stop];
            let for_auction = matches!(entry.time_in_force, TimeInForce::AtOpen | TimeInForce::AtClose);
            exits
                .iter()
                .all(|exit| same(entry, exit) && exit.side != entry.side && lasting(exit))
                && exits.iter().all(|exit| exit.quantity == entry.quantity)
                && !for_auction
                && (is_limit(entry) || is_stop(entry) || matches!(entry.kind, OrderKind::Market))
                && (is_limit(target)
                    || matches!(
                        target.kind,
                        OrderKind::TakeProfit { .. } | OrderKind::TakeProfitLimit { .. }
                    ))
                && is_stop(stop)
                && !matches!(
                    stop.kind,
                    OrderKind::TakeProfit { .. } | OrderKind::TakeProfitLimit { .. }
                )
        }
        _ => false,
    }
}

impl super::store::Store {
    /// Makes an order a member of a list; that is a condition, also if it has no other.
    pub(super) fn link(&mut self, slot: Slot, id: u64) {
        if self.conditions(slot).is_none() {
            self.add_conditions(slot, Conditions::NONE);
        }
        self.conditions_mut(slot).link = Some(id);
        let mark = self.orders.mark(slot);
        self.orders.set_mark(slot, mark | flag::LINKED);
    }

    /// Lets an order go on alone.
    fn unlink(&mut self, slot: Slot) {
        self.conditions_mut(slot).link = None;
        let mark = self.orders.mark(slot);
        self.orders.set_mark(slot, mark & !flag::LINKED);
    }
}
