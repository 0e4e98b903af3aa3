//! An engine whose orders are paid for: the ledger is asked before an order comes in, and reads what happened.

use std::hint::black_box;

use super::{Engine, rejected};
use crate::accounts::{
    Admitted, AmendCheck, Balance, Holder, Ledger, LiveOrder, MarginStatus, Position, Refusal,
};
use crate::book::Slot;
use crate::command::{Amend, Cancel, Command, Linked, OrderRef, Place};
use crate::event::{Event, RejectReason, Request};
use crate::market::{Floor, Floors, NOT_REDUCIBLE, Reducible, is_well_linked};
use crate::sequencer::Sequenced;
use crate::snapshot::Direction;
use crate::spec::{AssetSpec, InstrumentSpec};
use crate::types::{AccountId, Amount, AssetId, InstrumentId, Side};

/// How many balances are read together.
const HOLDERS: usize = 16;

/// An engine's parts, so that the ledger and the markets can be used side by side.
struct Desk<'a> {
    ledger: &'a mut Ledger,
    floors: Floors<'a>,
    /// Where the events of the command begin.
    batch: usize,
    /// Where the events begin that the ledger has not read.
    unread: usize,
}

impl Desk<'_> {
    /// Lets the ledger read what has happened since it last did.
    #[inline]
    fn settle(self, admitted: Admitted<'_>) {
        let now = self.floors.now;
        self.ledger
            .settle(admitted, now, self.floors.events, (self.batch, self.unread));
    }

    fn reducible(&self, place: &Place) -> Reducible {
        if !place.reduce_only {
            return NOT_REDUCIBLE;
        }
        Side::BOTH.map(|side| self.ledger.reducible(place.account, place.instrument, side))
    }

    /// Lets the ledger count what is open in an instrument from now on.
    #[cold]
    fn count(&mut self, instrument: InstrumentId) {
        let store = &*self.floors.store;
        let there = store
            .orders
            .iter()
            .filter(|slot| store.details(*slot).instrument == instrument);
        self.ledger
            .count(instrument, there.map(|slot| store.orders.id(slot)));
    }

    #[inline(never)]
    fn place_any(mut self, place: &Place) {
        let group = place.group.or_else(|| self.ledger.group_for(place));
        let place = &Place { group, ..*place };
        if self.ledger.must_count(place) {
            self.count(place.instrument);
        }
        let reducible = self.reducible(place);
        let now = self.floors.now;
        let mut floor = self.floors.floor(place.instrument);
        let verdict = floor
            .admit(place, reducible)
            .map_err(Refusal::from)
            .and_then(|price| {
                let admission = self.ledger.admit(place, now, &floor)?;
                Ok((floor.admit_posting(place, price)?, admission))
            });
        match verdict {
            Ok((price, admission)) => {
                floor.carry_out(place, price);
                self.settle(Admitted::Order(&admission));
            }
            Err(refusal) => self.refuse(Request::Place, place, refusal),
        }
    }

    #[cold]
    fn refuse(mut self, request: Request, place: &Place, refusal: Refusal) {
        self.floors
            .floor(place.instrument)
            .refuse_order(request, place, refusal.reason);
        self.floors.events.extend(refusal.shortfall);
    }

    #[inline]
    fn amend(mut self, slot: Slot, amend: &Amend) {
        let mut floor = self.floors.floor_of(slot);
        let (instrument, order) = (floor.market.id, floor.store.orders.id(slot));
        let details = floor.store.details(slot);
        let (owner, total) = (details.account, details.total);
        let changes = (amend.price, amend.quantity);
        let plain = self.ledger.admit_plain_amend((instrument, order), total, changes);
        match (plain, owner) {
            (Some(plain), Some(owner)) if floor.amend_plain(slot, amend) => {
                self.ledger.settle_plain_amend(owner, &plain, self.floors.events);
            }
            _ => self.amend_any(slot, amend),
        }
    }

    #[inline(never)]
    fn amend_any(mut self, slot: Slot, amend: &Amend) {
        let store = &*self.floors.store;
        let (instrument, owner) = (store.details(slot).instrument, store.details(slot).account);
        let whose = (owner, store.orders.side(slot));
        let quantity = amend.quantity.unwrap_or(store.details(slot).total);
        if self.ledger.must_count_amend(instrument, whose, quantity) {
            self.count(instrument);
        }
        let mut floor = self.floors.floor_of(slot);
        let verdict = floor
            .admit_amend(slot, amend)
            .map_err(Refusal::from)
            .and_then(|amended| {
                let check = AmendCheck {
                    instrument: floor.market.id,
                    order: floor.store.orders.id(slot),
                    price: amended.price.filter(|_| amend.price.is_some()),
                    totals: (floor.store.details(slot).total, amended.total),
                    remaining: amended.remaining,
                };
                let paid = self.ledger.admit_amend(&check, &floor)?;
                Ok((amended, paid))
            });
        match verdict {
            Ok((amended, paid)) => {
                floor.carry_out_amend(slot, &amended);
                self.settle(Admitted::Amend(&paid));
            }
            Err(refusal) => {
                floor.refuse_amend(slot, amend, refusal.reason);
                self.floors.events.extend(refusal.shortfall);
            }
        }
    }

    fn place_linked(mut self, linked: &Linked) {
        if self.ledger.must_count_linked(linked) {
            self.count(linked.orders[0].instrument);
        }
        let reducible = match linked.orders.iter().find(|place| place.reduce_only) {
            Some(place) => self.reducible(place),
            None => NOT_REDUCIBLE,
        };
        let now = self.floors.now;
        let first = &linked.orders[0];
        let mut floor = self.floors.floor(first.instrument);
        let verdict = floor
            .admit_linked(&linked.orders, reducible)
            .map_err(Refusal::from)
            .and_then(|()| self.ledger.admit_linked(linked, now, &floor));
        match verdict {
            Ok(admissions) => {
                floor.carry_out_linked(linked, reducible);
                self.settle(Admitted::List(linked.kind, &admissions));
            }
            Err(refusal) => self.refuse(Request::PlaceLinked, first, refusal),
        }
    }
}

impl Engine {
    /// Applies the next command with accounts.
    #[inline(never)]
    pub(super) fn apply_with_accounts(&mut self, command: &Sequenced<Command>, events: &mut Vec<Event>) {
        let batch = events.len();
        self.now = self.now.max(command.time);
        if self.now >= self.store.due {
            self.advance_with_accounts(events);
        }
        match &command.value {
            Command::Place(place) => self.place_paid(place, events, batch),
            Command::Cancel(cancel) => self.cancel_paid(cancel, events, batch),
            Command::Amend(amend) => self.amend_paid(amend, events, batch),
            _ => self.apply_rare_with_accounts(command, events, batch),
        }
    }

    #[cold]
    fn advance_with_accounts(&mut self, events: &mut Vec<Event>) {
        let batch = events.len();
        self.happen_up_to(self.now, events);
        self.settle(events, (batch, batch));
    }

    /// Carries out a new order. The order of the checks matters only where one fails.
    #[inline(never)]
    fn place_paid(&mut self, place: &Place, events: &mut Vec<Event>, batch: usize) {
        let (now, unread) = (self.now, events.len());
        let ledger = self.ledger.as_deref_mut().expect("the engine has accounts");
        // First of all, because its balance may be far away.
        let seat = ledger.seat(place.account, place.instrument, place.side);
        let Some(market) = self.instruments.get_mut(place.instrument.get() as usize) else {
            return self.place_nowhere(place, events);
        };
        let mut floor = Floor {
            market,
            store: &mut self.store,
            now,
            events,
        };
        if let Some(price) = floor.plain_price(place)
            && floor.admit_plain(place, price).is_ok()
            && let Some(seat) = seat
            && let Some(plain) = ledger.reserve(place, price, seat)
        {
            floor.carry_out_plain(place, price);
            ledger.settle_plain((place, &plain), now, events, (batch, unread));
        } else {
            self.desk(events, batch).place_any(place);
        }
    }

    #[cold]
    fn place_nowhere(&mut self, place: &Place, events: &mut Vec<Event>) {
        self.place(place, events);
    }

    #[inline(never)]
    fn apply_rare_with_accounts(
        &mut self,
        command: &Sequenced<Command>,
        events: &mut Vec<Event>,
        batch: usize,
    ) {
        let unread = events.len();
        match &command.value {
            Command::PlaceLinked(linked) => return self.place_linked_paid(linked, events, batch),
            Command::List(spec) => self.list_paid(spec, events),
            other if is_about_money(other) => self.apply_to_ledger(command, events),
            other => self.apply_rare(other, events),
        }
        self.settle(events, (batch, unread));
    }

    /// Lets the ledger read the events from the second place on; the first is where those of the command begin.
    #[inline]
    fn settle(&mut self, events: &mut Vec<Event>, places: (usize, usize)) {
        if let Some(ledger) = &mut self.ledger {
            ledger.settle(Admitted::Nothing, self.now, events, places);
        }
    }

    #[inline]
    fn desk<'a>(&'a mut self, events: &'a mut Vec<Event>, batch: usize) -> Desk<'a> {
        Desk {
            ledger: self.ledger.as_deref_mut().expect("the engine has accounts"),
            batch,
            unread: events.len(),
            floors: Floors {
                instruments: &mut self.instruments,
                store: &mut self.store,
                now: self.now,
                events,
            },
        }
    }

    fn place_linked_paid(&mut self, linked: &Linked, events: &mut Vec<Event>, batch: usize) {
        let known = linked
            .orders
            .first()
            .is_some_and(|first| self.lists(first.instrument));
        if !known || !is_well_linked(linked.kind, &linked.orders) {
            return self.place_linked(linked, events);
        }
        let desk = self.desk(events, batch);
        let mut linked = linked.clone();
        for place in &mut linked.orders {
            place.group = place.group.or(desk.ledger.group_for(place));
        }
        desk.place_linked(&linked);
    }

    #[inline(never)]
    fn cancel_paid(&mut self, cancel: &Cancel, events: &mut Vec<Event>, batch: usize) {
        let Some(slot) = self.store.resolve(&cancel.order, cancel.account) else {
            return self.cancel(cancel, events);
        };
        let unread = events.len();
        let ledger = self.ledger.as_deref_mut().expect("the engine has accounts");
        let details = self.store.details(slot);
        let (owner, instrument) = (details.account, details.instrument);
        let id = match cancel.order {
            OrderRef::Id(id) => id,
            OrderRef::Client(..) => self.store.orders.id(slot),
        };
        let plain = ledger.admit_plain_cancel(instrument, id);
        let mut floor = Floor {
            market: &mut self.instruments[instrument.get() as usize],
            store: &mut self.store,
            now: self.now,
            events,
        };
        floor.cancel_asked(slot);
        match (plain, owner) {
            (Some(plain), Some(owner)) if events.len() == unread + 1 => {
                ledger.settle_plain_cancel((owner, instrument), &plain, events);
            }
            _ => self.settle(events, (batch, unread)),
        }
    }

    #[inline(never)]
    fn amend_paid(&mut self, amend: &Amend, events: &mut Vec<Event>, batch: usize) {
        match self.store.resolve(&amend.order, amend.account) {
            Some(slot) => self.desk(events, batch).amend(slot, amend),
            None => self.amend(amend, events),
        }
    }

    fn list_paid(&mut self, spec: &InstrumentSpec, events: &mut Vec<Event>) {
        if self.instruments.len() >= self.config.instruments_max as usize {
            return self.list(spec, events);
        }
        let ledger = self.ledger.as_deref_mut().expect("the engine has accounts");
        match ledger.list(spec) {
            Ok(spec) => self.list(&spec, events),
            Err(reason) => events.push(rejected(None, None, Request::List, reason)),
        }
    }

    /// Carries out a command that is about money and no order.
    fn apply_to_ledger(&mut self, command: &Sequenced<Command>, events: &mut Vec<Event>) {
        if let Command::SetLimits(set) = &command.value {
            let mut desk = self.desk(events, 0);
            if desk.ledger.must_count_limits(set.instrument) {
                desk.count(set.instrument);
            }
        }
        let ledger = self.ledger.as_deref_mut().expect("the engine has accounts");
        let done = match &command.value {
            Command::AddAsset(spec) => ledger.add_asset(spec, events).map_err(Refusal::from),
            Command::Deposit(transfer) => ledger.transfer(Direction::In, transfer, command.seq, events),
            Command::Withdraw(transfer) => ledger.transfer(Direction::Out, transfer, command.seq, events),
            Command::SetAccount(set) => ledger.set_account(set, events).map_err(Refusal::from),
            Command::SetLimits(set) => ledger.set_limits(set, events).map_err(Refusal::from),
            Command::Freeze(account) => ledger.freeze(*account, events).map_err(Refusal::from),
            Command::Unfreeze(account) => ledger.unfreeze(*account, events).map_err(Refusal::from),
            _ => unreachable!("no other command is about money"),
        };
        if let Err(refusal) = done {
            refuse(&command.value, refusal.reason, events);
            events.extend(refusal.shortfall);
        }
    }

    /// Reads the balances that these commands change first, if there are more than stay in a near cache.
    pub(super) fn touch_accounts(&self, window: &[Sequenced<Command>]) {
        let Some(ledger) = self.ledger.as_ref().filter(|ledger| ledger.has_many_accounts()) else {
            return;
        };
        for part in window.chunks(HOLDERS) {
            let mut holders = [Holder::default(); HOLDERS];
            for (command, holder) in part.iter().zip(&mut holders) {
                *holder = match &command.value {
                    Command::Place(place) => Some((place.account, place.instrument, place.side)),
                    Command::Cancel(cancel) => self.holder(&cancel.order),
                    Command::Amend(amend) => self.holder(&amend.order),
                    _ => None,
                };
            }
            black_box(ledger.touch_all(&holders));
        }
    }

    /// Who holds for a live order that is named by its id.
    #[inline]
    fn holder(&self, order: &OrderRef) -> Holder {
        let OrderRef::Id(id) = *order else { return None };
        let slot = self.store.orders.find(id)?;
        black_box(self.ledger.as_ref()?.touch_order(id));
        let details = self.store.details(slot);
        Some((details.account, details.instrument, self.store.orders.side(slot)))
    }

    /// All live orders as the ledger checks them.
    pub(super) fn live_orders(&self) -> Vec<LiveOrder> {
        let live = self.store.orders.iter();
        live.map(|slot| {
            let instrument = self.store.details(slot).instrument;
            self.instruments[instrument.get() as usize].live_order(&self.store, slot)
        })
        .collect()
    }

    /// What an account has of an asset; nothing where either does not exist, or without accounts.
    pub fn balance(&self, account: AccountId, asset: AssetId) -> Balance {
        let ledger = self.ledger.as_ref();
        ledger.map_or_else(Balance::default, |ledger| ledger.balance(account, asset))
    }

    /// What has been collected in fees of an asset.
    pub fn fees_collected(&self, asset: AssetId) -> Amount {
        let ledger = self.ledger.as_ref();
        ledger.map_or(Amount::ZERO, |ledger| ledger.fees_collected(asset))
    }

    /// All assets, by their numbers.
    pub fn assets(&self) -> &[AssetSpec] {
        self.ledger.as_ref().map_or(&[], |ledger| ledger.asset_specs())
    }

    /// An account's position in an instrument.
    pub fn position(&self, account: AccountId, instrument: InstrumentId) -> Position {
        let ledger = self.ledger.as_ref();
        ledger.map_or_else(Position::default, |ledger| ledger.position(account, instrument))
    }

    /// How an account stands in an instrument on margin; `None` elsewhere, or as long as that has no price.
    pub fn margin_status(&self, account: AccountId, instrument: InstrumentId) -> Option<MarginStatus> {
        self.ledger.as_ref()?.margin_status(account, instrument)
    }
}

fn is_about_money(command: &Command) -> bool {
    request_of(command).is_some()
}

/// What a command that is about money asks for, and for whom.
fn request_of(command: &Command) -> Option<(Request, Option<AccountId>)> {
    Some(match command {
        Command::AddAsset(_) => (Request::AddAsset, None),
        Command::Deposit(transfer) => (Request::Deposit, Some(transfer.account)),
        Command::Withdraw(transfer) => (Request::Withdraw, Some(transfer.account)),
        Command::SetAccount(set) => (Request::SetAccount, Some(set.account)),
        Command::SetLimits(set) => (Request::SetLimits, set.account),
        Command::Freeze(account) => (Request::Freeze, Some(*account)),
        Command::Unfreeze(account) => (Request::Unfreeze, Some(*account)),
        _ => return None,
    })
}

fn refuse(command: &Command, reason: RejectReason, events: &mut Vec<Event>) {
    let (request, account) = request_of(command).expect("only commands about money are refused here");
    let instrument = match command {
        Command::SetLimits(set) => Some(set.instrument),
        _ => None,
    };
    events.push(rejected(instrument, account, request, reason));
}

/// Refuses a command that is about money in an engine without.
#[cold]
pub(super) fn refuse_without_accounts(command: &Command, events: &mut Vec<Event>) {
    refuse(command, RejectReason::AccountsOff, events);
}
