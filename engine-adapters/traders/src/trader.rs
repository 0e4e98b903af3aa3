//! An account with orders and a strategy.

use engine_core::{Command, Timestamp};

use crate::own::OwnOrders;
use crate::random::Random;
use crate::strategy::Strategy;
use crate::view::View;

/// One trader of a crowd.
#[derive(Debug)]
pub(crate) struct Trader {
    pub(crate) own: OwnOrders,
    pub(crate) strategy: Box<dyn Strategy>,
    random: Random,
}

impl Trader {
    pub(crate) fn new(own: OwnOrders, strategy: Box<dyn Strategy>, random: Random) -> Self {
        Self {
            own,
            strategy,
            random,
        }
    }

    /// The trader's next command. `market` is the view without what only this trader has.
    pub(crate) fn decide(&mut self, market: &View<'_>, now: Timestamp) -> Option<Command> {
        self.own.give_up(now);
        let view = View {
            account: self.own.account,
            own: &self.own.open,
            position: self.own.position,
            ..*market
        };
        let command = self.strategy.decide(&view, &mut self.random)?;
        self.own.ask(&command, now);
        Some(command)
    }
}
