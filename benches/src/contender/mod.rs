//! Order books that can replay a workload.

mod batched;
mod books;
mod empty;
mod engine;
#[cfg(feature = "peers")]
mod lobster;
mod market;
#[cfg(feature = "peers")]
mod matchcore;
#[cfg(feature = "peers")]
mod orderbook_rs;
mod terms;

pub use batched::{Batched, EngineInBatches, Touched};
pub use books::Books;
pub use empty::EmptyReplay;
pub use engine::WholeEngine;
#[cfg(feature = "peers")]
pub use lobster::Lobster;
pub use market::Markets;
pub(crate) use market::{amend, cancel, place, spec};
#[cfg(feature = "peers")]
pub use matchcore::Matchcore;
#[cfg(feature = "peers")]
pub use orderbook_rs::OrderbookRs;
pub use terms::Terms;

use crate::workload::{Command, Header};
use engine_core::Event;

/// An order book, or what stands in for one, behind the least code that lets it replay a workload.
///
/// What a contender does in [`Self::apply`] is on the clock: also the translation of the command into its own
/// terms and the reading of what it reports.
pub trait Contender: Sized {
    /// The name in the table and on the command line.
    const NAME: &'static str;

    /// What a reader of its row has to know, as a sentence.
    const NOTE: Option<&'static str> = None;

    /// How many commands one call takes.
    const BATCH: usize = 1;

    /// Whether it can do all that a workload asks for, so that it has to trade what the workload says.
    const EXACT: bool = true;

    /// In whose words it wants its commands.
    const TERMS: Terms = Terms::Workload;

    /// An empty book.
    fn new(header: &Header) -> Self;

    /// Does what one command asks for and counts what it trades.
    fn apply(&mut self, command: &Command, tally: &mut Tally);

    /// Does what several commands ask for, one after the other.
    fn replay(&mut self, commands: &[Command], tally: &mut Tally) {
        for command in commands {
            self.apply(command, tally);
        }
    }
}

/// A contender whose events can be read, one command at a time.
trait Rehearsed: Contender {
    /// Does what a command asks for and returns what happened.
    fn perform(&mut self, command: &Command) -> &[Event];
}

/// What a contender reported, summed up so that contenders can be compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many fills there were.
    pub trades: u64,
    /// The quantity of all fills.
    pub quantity: u64,
    /// Price times quantity of all fills, modulo 2^64. It shows fills at a wrong price.
    pub notional: u64,
    /// How many commands were refused. No command of a workload deserves it.
    pub rejects: u64,
}

impl Tally {
    /// Counts one fill.
    #[inline]
    pub fn trade(&mut self, price: i64, quantity: u64) {
        self.trades += 1;
        self.quantity += quantity;
        self.notional = self
            .notional
            .wrapping_add(price.cast_unsigned().wrapping_mul(quantity));
    }

    /// Counts one refused command.
    #[inline]
    pub fn reject(&mut self) {
        self.rejects += 1;
    }
}

/// Counts what the events of this workspace say.
#[inline]
fn count(events: &[Event], tally: &mut Tally) {
    for event in events {
        match event {
            Event::Traded { price, quantity, .. } => tally.trade(price.ticks(), quantity.lots()),
            Event::Rejected { .. } => tally.reject(),
            _ => {}
        }
    }
}
