//! Many instruments behind one stream of commands.

mod batch;
mod image;
mod with_accounts;

use std::collections::{BTreeMap, BTreeSet};

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use crate::accounts::{AccountsConfig, Ledger};
use crate::book::{OrderIds, Slot};
use crate::command::{
    Amend, Cancel, CancelAllAfter, Command, Linked, MassCancel, MassCancelCause, Place, Scope,
};
use crate::event::{CancelReason, Event, RejectReason, Request};
use crate::market::{
    Floor, Floors, Instrument, Store, Wanted, is_well_linked, say_not_found, say_refused_order,
};
use crate::sequencer::{Gap, Sequenced};
use crate::spec::InstrumentSpec;
use crate::types::{AccountId, InstrumentId, OrderId, Seq, Timestamp};
use with_accounts::refuse_without_accounts;

/// How an [`Engine`] is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct EngineConfig {
    /// Who names the orders.
    pub ids: OrderIds,
    /// How many orders may live at a time, in all instruments together.
    pub orders_max: u32,
    /// How many instruments may be listed.
    pub instruments_max: u32,
    /// Whether orders are paid for, and how many accounts there may be.
    pub accounts: Option<AccountsConfig>,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            ids: OrderIds::default(),
            orders_max: 16_000_000,
            instruments_max: 65_536,
            accounts: None,
        }
    }
}

/// Many instruments, fed with one gap-free stream of commands.
///
/// Invariant: what it says and what it becomes depend on nothing but the commands that it was given.
///
/// ```
/// use engine_core::{Command, Engine, EngineConfig, Event, InstrumentId, InstrumentSpec, OrderId, Place};
/// use engine_core::{Price, Qty, Seq, Sequenced, Side, Timestamp};
/// use rust_decimal::Decimal;
///
/// let mut engine = Engine::new(EngineConfig::default());
/// let spec = InstrumentSpec::builder("BTC-KRW", Decimal::from(1000), Decimal::new(1, 8)).build()?;
/// let btc = InstrumentId::new(0);
/// let order = |side| Place::limit(btc, OrderId::new(0), side, Price::new(50_000), Qty::new(3));
/// let commands =
///     [Command::List(Box::new(spec)), Command::Place(order(Side::Sell)), Command::Place(order(Side::Buy))];
///
/// let mut events = Vec::new();
/// for (seq, value) in (1..).zip(commands) {
///     engine.apply(&Sequenced { seq: Seq::new(seq), time: Timestamp::ZERO, value }, &mut events)?;
/// }
/// assert!(matches!(events.last(), Some(Event::Traded { .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Engine {
    config: EngineConfig,
    applied: Seq,
    now: Timestamp,
    instruments: Vec<Instrument>,
    store: Store,
    /// Armed dead-man's switches, by the moment at which they fire, and by account.
    switches: BTreeSet<(Timestamp, AccountId)>,
    armed: BTreeMap<AccountId, Timestamp>,
    /// Everybody's money, if orders are paid for.
    ledger: Option<Box<Ledger>>,
}

impl Engine {
    /// An engine without instruments.
    pub fn new(config: EngineConfig) -> Self {
        Self {
            config,
            applied: Seq::new(0),
            now: Timestamp::ZERO,
            instruments: Vec::new(),
            store: Store::new(config.ids, config.orders_max),
            switches: BTreeSet::new(),
            armed: BTreeMap::new(),
            ledger: config
                .accounts
                .map(|accounts| Box::new(Ledger::new(accounts, config.ids, config.orders_max))),
        }
    }

    /// Applies the next command and appends what happened to `events`. A command that was applied before is
    /// ignored.
    ///
    /// # Errors
    /// When commands are missing before this one; nothing happens then.
    #[inline]
    pub fn apply(&mut self, command: &Sequenced<Command>, events: &mut Vec<Event>) -> Result<(), Gap> {
        if command.seq != self.applied.next() {
            return self.out_of_sequence(command.seq);
        }
        self.applied = command.seq;
        match self.ledger {
            None => self.apply_without_accounts(command, events),
            Some(_) => self.apply_with_accounts(command, events),
        }
        Ok(())
    }

    #[inline(never)]
    fn apply_without_accounts(&mut self, command: &Sequenced<Command>, events: &mut Vec<Event>) {
        self.advance(command.time, events);
        match &command.value {
            Command::Place(place) => self.place(place, events),
            Command::Cancel(cancel) => self.cancel(cancel, events),
            Command::Amend(amend) => self.amend(amend, events),
            other => self.apply_rare(other, events),
        }
    }

    #[cold]
    fn out_of_sequence(&self, found: Seq) -> Result<(), Gap> {
        if found <= self.applied {
            Ok(())
        } else {
            Err(Gap {
                applied: self.applied,
                found,
            })
        }
    }

    /// The last command that was applied.
    pub fn applied(&self) -> Seq {
        self.applied
    }

    /// Engine time: that of the newest command.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The spec of an instrument.
    pub fn spec(&self, instrument: InstrumentId) -> Option<&InstrumentSpec> {
        self.instruments
            .get(instrument.get() as usize)
            .map(|market| &market.spec)
    }

    #[inline]
    fn floors<'a>(&'a mut self, events: &'a mut Vec<Event>) -> Floors<'a> {
        Floors {
            instruments: &mut self.instruments,
            store: &mut self.store,
            now: self.now,
            events,
        }
    }

    /// The floor of an instrument, if it is listed.
    #[inline]
    fn floor<'a>(&'a mut self, instrument: InstrumentId, events: &'a mut Vec<Event>) -> Option<Floor<'a>> {
        let market = self.instruments.get_mut(instrument.get() as usize)?;
        Some(Floor {
            market,
            store: &mut self.store,
            now: self.now,
            events,
        })
    }

    /// The floor on which a live order stands.
    #[inline]
    fn floor_of<'a>(&'a mut self, slot: Slot, events: &'a mut Vec<Event>) -> Floor<'a> {
        let instrument = self.store.details(slot).instrument;
        self.floor(instrument, events)
            .expect("a live order stands in a listed instrument")
    }

    fn lists(&self, instrument: InstrumentId) -> bool {
        (instrument.get() as usize) < self.instruments.len()
    }

    #[inline]
    fn place(&mut self, place: &Place, events: &mut Vec<Event>) {
        match self.floor(place.instrument, events) {
            Some(mut floor) => floor.place(place),
            None => {
                let reason = RejectReason::UnknownInstrument;
                say_refused_order(events, self.config.ids, Request::Place, place, reason);
            }
        }
    }

    #[inline]
    fn cancel(&mut self, cancel: &Cancel, events: &mut Vec<Event>) {
        match self.store.resolve(&cancel.order, cancel.account) {
            Some(slot) => self.floor_of(slot, events).cancel_asked(slot),
            None => say_not_found(events, Request::Cancel, cancel.order, cancel.account),
        }
    }

    #[inline]
    fn amend(&mut self, amend: &Amend, events: &mut Vec<Event>) {
        match self.store.resolve(&amend.order, amend.account) {
            Some(slot) => self.floor_of(slot, events).amend(slot, amend),
            None => say_not_found(events, Request::Amend, amend.order, amend.account),
        }
    }

    fn apply_rare(&mut self, command: &Command, events: &mut Vec<Event>) {
        match command {
            Command::List(spec) => self.list(spec, events),
            Command::PlaceLinked(linked) => self.place_linked(linked, events),
            Command::MassCancel(cancel) => self.mass_cancel(cancel, events),
            Command::SetPhase(set) => {
                if let Some(mut floors) = self.known(set.instrument, Request::SetPhase, events) {
                    floors.floor(set.instrument).set_phase(set.phase);
                }
            }
            Command::Uncross(instrument) => {
                if let Some(mut floors) = self.known(*instrument, Request::Uncross, events) {
                    floors.floor(*instrument).end_auction();
                }
            }
            Command::SetMark(set) => {
                if let Some(mut floors) = self.known(set.instrument, Request::SetMark, events) {
                    floors.floor(set.instrument).set_mark(set.price);
                }
            }
            Command::CancelAllAfter(switch) => self.arm(switch, events),
            Command::Kill(scope) => self.kill(*scope, events),
            Command::Resume(scope) => self.resume(*scope, events),
            Command::Tick => {}
            Command::AddAsset(_)
            | Command::Deposit(_)
            | Command::Withdraw(_)
            | Command::SetAccount(_)
            | Command::SetLimits(_)
            | Command::Freeze(_)
            | Command::Unfreeze(_) => refuse_without_accounts(command, events),
            Command::Place(_) | Command::Cancel(_) | Command::Amend(_) => {
                unreachable!("the frequent commands do not come here")
            }
        }
    }

    /// The floors, if the instrument is listed; else that is said.
    fn known<'a>(
        &'a mut self,
        instrument: InstrumentId,
        request: Request,
        events: &'a mut Vec<Event>,
    ) -> Option<Floors<'a>> {
        if self.lists(instrument) {
            return Some(self.floors(events));
        }
        events.push(rejected(
            Some(instrument),
            None,
            request,
            RejectReason::UnknownInstrument,
        ));
        None
    }

    fn list(&mut self, spec: &InstrumentSpec, events: &mut Vec<Event>) {
        let count = u32::try_from(self.instruments.len()).expect("their number is limited by a u32");
        if count >= self.config.instruments_max {
            events.push(rejected(
                None,
                None,
                Request::List,
                RejectReason::TooManyInstruments,
            ));
            return;
        }
        let instrument = InstrumentId::new(count);
        self.instruments.push(Instrument::new(instrument, spec.clone()));
        events.push(Event::Listed { instrument });
    }

    fn place_linked(&mut self, linked: &Linked, events: &mut Vec<Event>) {
        let Some(first) = linked.orders.first() else {
            events.push(rejected(
                None,
                None,
                Request::PlaceLinked,
                RejectReason::InvalidLink,
            ));
            return;
        };
        let reason = if !is_well_linked(linked.kind, &linked.orders) {
            RejectReason::InvalidLink
        } else if !self.lists(first.instrument) {
            RejectReason::UnknownInstrument
        } else {
            return self.floors(events).floor(first.instrument).place_linked(linked);
        };
        say_refused_order(events, self.config.ids, Request::PlaceLinked, first, reason);
    }

    fn mass_cancel(&mut self, cancel: &MassCancel, events: &mut Vec<Event>) {
        let MassCancel {
            account,
            instrument,
            side,
            cause,
        } = *cancel;
        if let Some(unknown) = instrument.filter(|instrument| !self.lists(*instrument)) {
            let reason = RejectReason::UnknownInstrument;
            events.push(rejected(Some(unknown), account, Request::MassCancel, reason));
            return;
        }
        let reason = match cause {
            MassCancelCause::Asked => CancelReason::MassCancel,
            MassCancelCause::Disconnected => CancelReason::Disconnected,
        };
        self.floors(events).cancel_all(
            Wanted {
                account,
                instrument,
                side,
            },
            reason,
        );
    }

    /// Rule 11.3.
    fn arm(&mut self, switch: &CancelAllAfter, events: &mut Vec<Event>) {
        let account = switch.account;
        self.disarm(account);
        let timeout = switch.timeout_ns.filter(|nanos| *nanos > 0);
        let deadline = timeout.map(|nanos| self.now.saturating_add_nanos(nanos));
        if let Some(deadline) = deadline {
            self.switches.insert((deadline, account));
            self.store.due = self.store.due.min(deadline);
            self.armed.insert(account, deadline);
        }
        events.push(Event::CancelAllArmed { account, deadline });
    }

    fn disarm(&mut self, account: AccountId) {
        if let Some(deadline) = self.armed.remove(&account) {
            self.switches.remove(&(deadline, account));
        }
    }

    /// Rule 11.4.
    fn kill(&mut self, scope: Scope, events: &mut Vec<Event>) {
        let account = match scope {
            Scope::Account(account) => Some(account),
            Scope::Engine => None,
        };
        match account {
            Some(account) => drop(self.store.killed.accounts.insert(account)),
            None => self.store.killed.engine = true,
        }
        events.push(Event::Killed { account });
        self.floors(events).cancel_all(
            Wanted {
                account,
                ..Wanted::default()
            },
            CancelReason::Killed,
        );
    }

    fn resume(&mut self, scope: Scope, events: &mut Vec<Event>) {
        let account = match scope {
            Scope::Account(account) => {
                self.store.killed.accounts.remove(&account);
                Some(account)
            }
            Scope::Engine => {
                self.store.killed.engine = false;
                None
            }
        };
        events.push(Event::Resumed { account });
    }

    /// Lets time pass: what is due up to `now` happens, moment by moment; rule 10.
    #[inline]
    fn advance(&mut self, now: Timestamp, events: &mut Vec<Event>) {
        let now = self.now.max(now);
        self.now = now;
        if now >= self.store.due {
            self.happen_up_to(now, events);
        }
    }

    #[inline(never)]
    fn happen_up_to(&mut self, now: Timestamp, events: &mut Vec<Event>) {
        loop {
            let next = self.next_due(events);
            self.store.due = next.unwrap_or(Timestamp::from_nanos(u64::MAX));
            match next {
                Some(moment) if moment <= now => self.happen(moment, events),
                _ => return,
            }
        }
    }

    fn next_due(&mut self, events: &mut Vec<Event>) -> Option<Timestamp> {
        let market = self.floors(events).next_due();
        let switch = self.switches.first().map(|(deadline, _)| *deadline);
        match (market, switch) {
            (Some(market), Some(switch)) => Some(market.min(switch)),
            (market, switch) => market.or(switch),
        }
    }

    /// Everything that is due at one moment: orders, then switches, then auctions.
    #[cold]
    fn happen(&mut self, moment: Timestamp, events: &mut Vec<Event>) {
        self.floors(events).expire(moment);
        while let Some(&(deadline, account)) =
            self.switches.first().filter(|(deadline, _)| *deadline <= moment)
        {
            self.switches.remove(&(deadline, account));
            self.armed.remove(&account);
            let wanted = Wanted {
                account: Some(account),
                ..Wanted::default()
            };
            self.floors(events)
                .cancel_all(wanted, CancelReason::CancelAllAfter);
        }
        self.floors(events).end_auctions(moment);
    }

    /// Panics where an invariant is broken. For tests: it walks everything.
    pub fn check_invariants(&self) {
        self.store.check_invariants();
        for market in &self.instruments {
            market.check_invariants(&self.store);
        }
        if let Some(ledger) = &self.ledger {
            ledger.check_invariants(&self.live_orders());
        }
        let armed: BTreeSet<_> = self
            .armed
            .iter()
            .map(|(account, deadline)| (*deadline, *account))
            .collect();
        let first = self.switches.first().map(|(deadline, _)| *deadline);
        assert!(
            first.is_none_or(|first| self.store.due <= first),
            "no switch fires unseen"
        );
        assert_eq!(
            armed, self.switches,
            "an armed switch is found by account and by moment"
        );
    }
}

/// A refusal of a command that is about no order.
fn rejected(
    instrument: Option<InstrumentId>,
    account: Option<AccountId>,
    request: Request,
    reason: RejectReason,
) -> Event {
    Event::Rejected {
        instrument,
        order: OrderId::new(0),
        account,
        request,
        reason,
        asked: None,
    }
}
