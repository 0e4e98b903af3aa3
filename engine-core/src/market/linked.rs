//! Orders that depend on each other: rule 9.

use super::enter::Entry;
use super::floor::Floor;
use super::store::{WaitsFor, flag};
use crate::book::{OrderIds, Slot};
use crate::command::{LinkKind, Linked, OrderKind, Phase, Place, TimeInForce};
use crate::event::{CancelReason, Event, OrderType, RejectReason, Request};
use crate::types::{OrderId, Qty};

/// Live orders that depend on each other.
pub(crate) struct Link {
    kind: LinkKind,
    /// The live orders of the list, each in its place.
    members: [Option<Slot>; 3],
    /// One-cancels-other: the order that has traded or was set off.
    winner: Option<Slot>,
    /// Bracket: what its entry traded, once it is over.
    entered: Option<Qty>,
}

impl Link {
    /// The live members but the winner.
    fn others(&self) -> impl Iterator<Item = Slot> {
        let winner = self.winner;
        self.members.into_iter().flatten().filter(move |slot| Some(*slot) != winner)
    }
}

impl Floor<'_> {
    /// Carries out a list of orders: all or none.
    pub(crate) fn place_linked(&mut self, linked: &Linked) {
        let first = linked.orders.first();
        let (order, account) = first.map_or((OrderId::new(0), None), |place| (place.id, place.account));
        match self.admit_linked(linked) {
            Ok(()) => {
                self.accept_linked(linked);
                self.come_to_rest();
            }
            Err(reason) => self.refuse(Request::PlaceLinked, order, account, reason),
        }
    }

    /// Rule 9.1.
    fn admit_linked(&self, linked: &Linked) -> Result<(), RejectReason> {
        let orders = linked.orders.as_slice();
        if !is_well_linked(linked.kind, orders) {
            return Err(RejectReason::InvalidLink);
        }
        if self.market.phase == Phase::Auction {
            return Err(RejectReason::InvalidCombination);
        }
        for place in orders {
            self.admit(place)?;
        }
        for (at, place) in orders.iter().enumerate() {
            let chosen = matches!(self.store.orders.ids(), OrderIds::Chosen { .. });
            if chosen && orders[..at].iter().any(|other| other.id == place.id) {
                return Err(RejectReason::DuplicateOrderId);
            }
            let named = place.account.is_some() && place.client_id.is_some();
            if named && orders[..at].iter().any(|other| other.client_id == place.client_id) {
                return Err(RejectReason::DuplicateClientOrderId);
            }
        }
        self.admit_room_together(orders)
    }

    /// The limits of rule 1.4 and that on stops, for all orders of the list.
    fn admit_room_together(&self, orders: &[Place]) -> Result<(), RejectReason> {
        let mut live = self.market.live;
        for place in orders {
            let side = &mut live[place.side as usize];
            *side = side.checked_add(place.quantity).ok_or(RejectReason::BookFull)?;
        }
        if !self.store.orders.has_room_for(orders.len()) {
            return Err(RejectReason::BookFull);
        }
        let stops = orders.iter().filter(|place| OrderType::of(&place.kind).is_stop()).count();
        if stops > 0 && self.market.stops.len() + stops > self.market.spec.terms().stops_max as usize {
            return Err(RejectReason::TooManyStops);
        }
        Ok(())
    }

    /// Makes the orders live, links them and enters those that come in now.
    fn accept_linked(&mut self, linked: &Linked) {
        let mut members = [None; 3];
        let mut id = None;
        for (place, member) in linked.orders.iter().zip(&mut members) {
            let price = self.admit(place).expect("the list was admitted, and accepting changes no condition");
            let slot = self.accept(place, price);
            let link = *id.get_or_insert(self.store.details(slot).arrival);
            self.store.link(slot, link);
            *member = Some(slot);
        }
        let id = id.expect("a list has orders");
        self.market.links.insert(id, Link { kind: linked.kind, members, winner: None, entered: None });
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
            let is_member = |link: &Link| link.members.contains(&Some(slot));
            if !self.market.links.get(&id).is_some_and(is_member) {
                return;
            }
            let entry = Entry::again(self.store.conditions(slot));
            self.enter(slot, &entry);
            if self.market.pending.touched.contains(&id) {
                self.settle_link(id);
            }
        }
    }

    /// Notes that an order of a list has traded.
    pub(super) fn touch_link(&mut self, slot: Slot) {
        let Some(id) = self.store.conditions(slot).and_then(|conditions| conditions.link) else { return };
        let Some(link) = self.market.links.get_mut(&id) else { return };
        if link.kind == LinkKind::OneCancelsOther {
            link.winner.get_or_insert(slot);
            self.market.pending.touched.push_back(id);
        }
    }

    /// Notes that an order of a list is over, having traded this much.
    pub(super) fn unlink(&mut self, id: u64, slot: Slot, traded: Qty) {
        let Some(link) = self.market.links.get_mut(&id) else { return };
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
        let Some(link) = self.market.links.get(&id) else { return };
        match (link.kind, link.entered) {
            (LinkKind::OneCancelsOther, _) => self.end_link(id),
            (LinkKind::Bracket, Some(entered)) if entered.is_zero() => self.end_link(id),
            (LinkKind::Bracket, Some(entered)) => self.arm(id, entered),
            (LinkKind::Bracket, None) => {}
        }
    }

    /// Cancels what is left of a list but its winner, which goes on alone.
    fn end_link(&mut self, id: u64) {
        let Some(link) = self.market.links.remove(&id) else { return };
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
        let Some(link) = self.market.links.get_mut(&id) else { return };
        if link.kind == LinkKind::OneCancelsOther {
            link.winner = Some(winner);
            self.end_link(id);
        }
    }

    /// Rule 9.3: the exits come to life with what the entry traded.
    fn arm(&mut self, id: u64, quantity: Qty) {
        let Some(link) = self.market.links.get_mut(&id) else { return };
        link.kind = LinkKind::OneCancelsOther;
        let exits = link.members;
        for slot in exits.into_iter().flatten() {
            let details = self.store.orders.data_mut(slot);
            let (before, account) = (details.total, details.account);
            details.total = quantity;
            self.arrive_anew(slot);
            self.market.live[self.store.orders.side(slot) as usize] -= before.saturating_sub(quantity);
            self.store.orders.set_quantity(slot, quantity);
            self.store.conditions_mut(slot).waits = None;
            let order = self.store.orders.id(slot);
            self.say(Event::Armed { instrument: self.market.id, order, account, quantity });
        }
        self.market.pending.touched.retain(|touched| *touched != id);
        self.enter_members(id);
    }
}

/// Whether these orders can depend on each other in this way.
fn is_well_linked(kind: LinkKind, orders: &[Place]) -> bool {
    let same = |one: &Place, other: &Place| one.instrument == other.instrument && one.account == other.account;
    let lasting = |place: &Place| {
        matches!(place.time_in_force, TimeInForce::Gtc | TimeInForce::Gtd(_) | TimeInForce::Day)
    };
    let is_limit = |place: &Place| matches!(place.kind, OrderKind::Limit { .. });
    let is_stop = |place: &Place| OrderType::of(&place.kind).is_stop();
    match (kind, orders) {
        (LinkKind::OneCancelsOther, [one, other]) => {
            same(one, other)
                && one.side == other.side
                && [one, other].into_iter().all(|place| lasting(place) && (is_limit(place) || is_stop(place)))
                && !(is_limit(one) && is_limit(other))
        }
        (LinkKind::Bracket, [entry, target, stop]) => {
            let exits = [target, stop];
            exits.iter().all(|exit| same(entry, exit) && exit.side != entry.side && lasting(exit))
                && exits.iter().all(|exit| exit.quantity == entry.quantity)
                && (is_limit(entry) || is_stop(entry) || matches!(entry.kind, OrderKind::Market))
                && (is_limit(target)
                    || matches!(target.kind, OrderKind::TakeProfit { .. } | OrderKind::TakeProfitLimit { .. }))
                && is_stop(stop)
                && !matches!(stop.kind, OrderKind::TakeProfit { .. } | OrderKind::TakeProfitLimit { .. })
        }
        _ => false,
    }
}

impl super::store::Store {
    /// Makes an order a member of a list.
    pub(super) fn link(&mut self, slot: Slot, id: u64) {
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
