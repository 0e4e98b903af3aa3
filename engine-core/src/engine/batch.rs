//! Many commands at once, so that what they wait for in memory overlaps.

use super::Engine;
use crate::book::{AHEAD, OrderIds, Orders, load};
use crate::command::{Amend, Cancel, Command, OrderRef};
use crate::event::Event;
use crate::market::Details;
use crate::sequencer::{Gap, Sequenced};
use crate::types::OrderId;

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
                load(window.iter().map(|command| self.named(&command.value)));
            }
            self.touch_accounts(window);
            for command in window {
                self.apply(command, events)?;
                ends.push(events.len());
            }
        }
        Ok(())
    }

    /// The order that a command names.
    #[inline]
    fn named(&self, command: &Command) -> (&Orders<Details>, OrderId) {
        let id = match command {
            Command::Place(place) if self.store.orders.ids() != OrderIds::Assigned => place.id,
            Command::Cancel(Cancel {
                order: OrderRef::Id(id),
                ..
            })
            | Command::Amend(Amend {
                order: OrderRef::Id(id),
                ..
            }) => *id,
            _ => OrderId::new(0),
        };
        (&self.store.orders, id)
    }
}
