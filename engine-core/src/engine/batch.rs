//! Many commands at once, so that what they wait for in memory overlaps.

use super::Engine;
use crate::book::{AHEAD, Orders, Sides, Upcoming, Venue, load};
use crate::command::{Command, OrderRef, Place};
use crate::event::Event;
use crate::market::Details;
use crate::sequencer::{Gap, Sequenced};
use crate::types::{InstrumentId, Price, Side};

/// From how many orders on this pays: what fewer use stays in a second-level cache.
const ORDERS_MIN: usize = 32 * 1024;

impl Engine {
    /// Applies the next commands, exactly as [`apply`](Self::apply) would one after the other, and appends for each to
    /// `ends` how many events there are after it.
    ///
    /// With many orders a command waits for memory several times, one load after the other. Here the loads of up to
    /// 64 commands overlap.
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
            if self.store.orders.slots_used() >= ORDERS_MIN {
                load(window.iter().filter_map(|command| self.upcoming(&command.value)));
            }
            self.touch_accounts(window);
            for command in window {
                self.apply(command, events)?;
                ends.push(events.len());
            }
        }
        Ok(())
    }

    /// What is known of a command before it is its turn.
    #[inline]
    fn upcoming<'a>(&'a self, command: &Command) -> Option<(Desk<'a>, Upcoming)> {
        let (instrument, upcoming) = match command {
            Command::Place(place) => (place.instrument, upcoming_place(place)),
            Command::Cancel(cancel) => (InstrumentId::default(), upcoming_order(&cancel.order)?),
            Command::Amend(amend) => (InstrumentId::default(), upcoming_order(&amend.order)?),
            _ => return None,
        };
        let engine = self;
        Some((Desk { engine, instrument }, upcoming))
    }
}

/// Where a command is carried out; the instrument matters only where an order comes.
#[derive(Clone, Copy)]
struct Desk<'a> {
    engine: &'a Engine,
    instrument: InstrumentId,
}

impl Desk<'_> {
    #[inline]
    fn sides_in(&self, instrument: InstrumentId) -> Option<&Sides> {
        let market = self.engine.instruments.get(instrument.get() as usize)?;
        Some(&market.sides)
    }
}

impl Venue for Desk<'_> {
    type Kept = Details;

    #[inline]
    fn orders(&self) -> &Orders<Details> {
        &self.engine.store.orders
    }

    #[inline]
    fn sides_of(&self, details: &Details) -> Option<&Sides> {
        self.sides_in(details.instrument)
    }

    #[inline]
    fn sides(&self) -> Option<&Sides> {
        self.sides_in(self.instrument)
    }
}

/// An order without a limit comes to the price at which it would meet everybody.
#[inline]
fn upcoming_place(place: &Place) -> Upcoming {
    let any = match place.side {
        Side::Buy => Price::MAX,
        Side::Sell => Price::MIN,
    };
    Upcoming::Place {
        id: place.id,
        side: place.side,
        price: place.kind.limit().unwrap_or(any),
    }
}

#[inline]
fn upcoming_order(order: &OrderRef) -> Option<Upcoming> {
    match *order {
        OrderRef::Id(id) => Some(Upcoming::Order(id)),
        OrderRef::Client(..) => None,
    }
}
