//! What a trader does.

use std::fmt::Debug;

use engine_core::{Command, Qty};

use crate::random::Random;
use crate::view::View;

/// What a trader does when it is its turn.
pub trait Strategy: Debug + Send {
    /// The next command, or `None` if everything is as it should be.
    ///
    /// An order that [is waiting](crate::OpenOrder::is_waiting) for an answer should be left alone: what is asked of
    /// it now may be about an order that is over.
    fn decide(&mut self, view: &View<'_>, random: &mut Random) -> Option<Command>;

    /// The most that it can ever own or owe, all its open orders included.
    fn exposure_max(&self) -> Qty;
}
