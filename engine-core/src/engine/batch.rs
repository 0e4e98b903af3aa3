//! Many commands at once, so that what they wait for in memory overlaps.

use std::hint::black_box;

use super::Engine;
use crate::accounts::Holder;
use crate::book::{OrderIds, Slot};
use crate::command::{Command, OrderRef};
use crate::event::Event;
use crate::sequencer::{Gap, Sequenced};
use crate::types::{OrderId, Price, Side};

/// How many commands are looked at in advance. Less leaves loads waiting for each other, more pushes the first out of
/// the nearest cache before they are used; between 12 and 32 it makes no difference.
const AHEAD: usize = 16;

/// From how many orders on this pays: what fewer use stays in a second-level cache.
const ORDERS_MIN: usize = 32 * 1024;

/// The same of accounts.
const ACCOUNTS_MIN: u32 = 16 * 1024;

impl Engine {
    /// Applies the next commands, exactly as [`apply`](Self::apply) would one after the other, and appends for each to
    /// `ends` how many events there are after it.
    ///
    /// With many orders a command waits for memory several times, one load after the other. Here the loads of a dozen
    /// commands are begun together.
    ///
    /// ```
    /// use engine_core::{Command, Engine, EngineConfig, Seq, Sequenced, Timestamp};
    ///
    /// let mut engine = Engine::new(EngineConfig::default());
    /// let ticks = [1, 2, 3].map(|seq| Sequenced { seq: Seq::new(seq), time: Timestamp::ZERO, value: Command::Tick });
    /// let (mut events, mut ends) = (Vec::new(), Vec::new());
    /// engine.apply_all(&ticks, &mut events, &mut ends)?;
    /// assert_eq!(ends, [0, 0, 0]);
    /// # Ok::<(), engine_core::Gap>(())
    /// ```
    ///
    /// # Errors
    /// When commands are missing before one of them; those before the gap are applied.
    pub fn apply_all(
        &mut self,
        commands: &[Sequenced<Command>],
        events: &mut Vec<Event>,
        ends: &mut Vec<usize>,
    ) -> Result<(), Gap> {
        for window in commands.chunks(AHEAD) {
            if self.store.orders.slots_used() >= ORDERS_MIN || self.has_many_accounts() {
                self.touch(window);
            }
            for command in window {
                self.apply(command, events)?;
                ends.push(events.len());
            }
        }
        Ok(())
    }

    /// Whether what accounts have is more than stays in a second-level cache.
    fn has_many_accounts(&self) -> bool {
        self.ledger
            .as_ref()
            .is_some_and(|ledger| ledger.account_count() >= ACCOUNTS_MIN)
    }

    /// Reads what these commands will read, step by step: a step of one command need not wait for the other commands'.
    fn touch(&self, window: &[Sequenced<Command>]) {
        let orders = &self.store.orders;
        let mut read = 0;
        if orders.ids() != OrderIds::Assigned {
            for id in window.iter().filter_map(|command| named(&command.value)) {
                read ^= orders.touch_index(id);
            }
        }
        let mut slots: [Option<Slot>; AHEAD] = [None; AHEAD];
        for (command, slot) in window.iter().zip(&mut slots) {
            match &command.value {
                Command::Place(place) => {
                    read ^= self.touch_price(
                        place.instrument.get(),
                        place.side,
                        place.kind.limit(),
                        Step::Level,
                    );
                }
                other => {
                    *slot = named(other).and_then(|id| orders.touch_order(id));
                    if let (Some(ledger), Some(id)) = (&self.ledger, named(other)) {
                        read ^= ledger.touch_order(id);
                    }
                }
            }
        }
        for (command, slot) in window.iter().zip(&slots) {
            match (&command.value, *slot) {
                (Command::Place(place), _) => {
                    read ^= self.touch_price(
                        place.instrument.get(),
                        place.side,
                        place.kind.limit(),
                        Step::LastOrder,
                    );
                }
                (_, Some(slot)) => {
                    let instrument = self.store.details(slot).instrument.get();
                    if let Some(market) = self.instruments.get(instrument as usize) {
                        read ^= market.sides.touch_neighbours(orders, slot);
                    }
                }
                _ => {}
            }
        }
        if let Some(ledger) = &self.ledger {
            read ^= ledger.touch_all(&self.holders(window, &slots));
        }
        black_box(read);
    }

    /// Whose balances these commands change first.
    fn holders(&self, window: &[Sequenced<Command>], slots: &[Option<Slot>; AHEAD]) -> [Holder; AHEAD] {
        let mut holders = [Holder::default(); AHEAD];
        for ((command, slot), holder) in window.iter().zip(slots).zip(&mut holders) {
            *holder = match (&command.value, *slot) {
                (Command::Place(place), _) => Some((place.account, place.instrument, place.side)),
                (_, Some(slot)) => {
                    let details = self.store.details(slot);
                    Some((details.account, details.instrument, self.store.orders.side(slot)))
                }
                _ => None,
            };
        }
        holders
    }

    #[inline]
    fn touch_price(&self, instrument: u32, side: Side, price: Option<Price>, step: Step) -> u64 {
        let (Some(market), Some(price)) = (self.instruments.get(instrument as usize), price) else {
            return 0;
        };
        match step {
            Step::Level => market.sides.touch_level(side, price),
            Step::LastOrder => market.sides.touch_last(&self.store.orders, side, price),
        }
    }
}

/// What is read at a price.
#[derive(Clone, Copy)]
enum Step {
    Level,
    LastOrder,
}

/// The order that a command names by its id.
#[inline]
fn named(command: &Command) -> Option<OrderId> {
    match command {
        Command::Place(place) => Some(place.id),
        Command::Cancel(cancel) => id_of(&cancel.order),
        Command::Amend(amend) => id_of(&amend.order),
        _ => None,
    }
}

#[inline]
fn id_of(order: &OrderRef) -> Option<OrderId> {
    match *order {
        OrderRef::Id(id) => Some(id),
        OrderRef::Client(..) => None,
    }
}
