use super::market::{amend, cancel, place};
use super::{Books, Contender, Markets, Tally, Terms, WholeEngine, count};
use crate::workload::{Command, Header, Kind};
use engine_core::{Market, OrderBook, OrderId, Seq, Sequenced, Timestamp};
use std::hint::select_unpredictable;

/// A contender that can load what commands will read before it is their turn.
pub trait Touched: Contender {
    /// The name with commands looked at in advance.
    const BATCHED: &'static str;

    /// Loads what these commands will read, and changes nothing.
    fn look_ahead(&self, commands: &[Command]);
}

impl<const ASSIGNED: bool> Touched for Books<ASSIGNED> {
    const BATCHED: &'static str = if ASSIGNED { "book-batch" } else { "book-u64-batch" };

    #[inline]
    fn look_ahead(&self, commands: &[Command]) {
        let book = |command: &Command| &self.books[usize::from(command.symbol)];
        OrderBook::look_ahead(
            commands
                .iter()
                .map(|command| (book(command), named::<ASSIGNED>(command))),
        );
    }
}

impl<const ASSIGNED: bool> Touched for Markets<ASSIGNED> {
    const BATCHED: &'static str = if ASSIGNED {
        "market-batch"
    } else {
        "market-u64-batch"
    };

    #[inline]
    fn look_ahead(&self, commands: &[Command]) {
        let market = |command: &Command| &self.markets[usize::from(command.symbol)];
        Market::look_ahead(
            commands
                .iter()
                .map(|command| (market(command), named::<ASSIGNED>(command))),
        );
    }
}

/// The order that a command names; a new one has no name yet where ids are handed out.
#[inline]
fn named<const ASSIGNED: bool>(command: &Command) -> OrderId {
    let is_new = 1 << (command.kind as u8) & (1 << (Kind::Add as u8) | 1 << (Kind::Ioc as u8)) != 0;
    OrderId::new(select_unpredictable(ASSIGNED && is_new, 0, command.id))
}

/// A contender that looks at some commands in advance, whatever the size of its books.
pub struct Batched<C>(C);

impl<C: Touched> Contender for Batched<C> {
    const NAME: &'static str = C::BATCHED;
    const NOTE: Option<&'static str> = Some("looks at 64 commands in advance");
    const BATCH: usize = 64;
    const TERMS: Terms = C::TERMS;

    fn new(header: &Header) -> Self {
        Self(C::new(header))
    }

    fn apply(&mut self, command: &Command, tally: &mut Tally) {
        self.0.apply(command, tally);
    }

    fn replay(&mut self, commands: &[Command], tally: &mut Tally) {
        for window in commands.chunks(Self::BATCH) {
            self.0.look_ahead(window);
            for command in window {
                self.0.apply(command, tally);
            }
        }
    }
}

/// [`WholeEngine`], given its commands by the batch.
pub struct EngineInBatches<const ASSIGNED: bool> {
    whole: WholeEngine<ASSIGNED>,
    batch: Vec<Sequenced<engine_core::Command>>,
    ends: Vec<usize>,
}

impl<const ASSIGNED: bool> Contender for EngineInBatches<ASSIGNED> {
    const NAME: &'static str = if ASSIGNED {
        "engine-batch"
    } else {
        "engine-u64-batch"
    };
    const NOTE: Option<&'static str> = Some("takes 64 commands in a call");
    const BATCH: usize = 64;
    const TERMS: Terms = WholeEngine::<ASSIGNED>::TERMS;

    fn new(header: &Header) -> Self {
        Self {
            whole: WholeEngine::new(header),
            batch: Vec::new(),
            ends: Vec::new(),
        }
    }

    fn apply(&mut self, command: &Command, tally: &mut Tally) {
        self.replay(std::slice::from_ref(command), tally);
    }

    fn replay(&mut self, commands: &[Command], tally: &mut Tally) {
        let whole = &mut self.whole.engine;
        for batch in commands.chunks(Self::BATCH) {
            self.batch.clear();
            self.batch
                .extend(batch.iter().zip(whole.next..).map(|(command, seq)| Sequenced {
                    seq: Seq::new(seq),
                    time: Timestamp::from_nanos(seq),
                    value: match command.kind {
                        Kind::Add | Kind::Ioc => engine_core::Command::Place(place(command)),
                        Kind::Cancel => engine_core::Command::Cancel(cancel(command)),
                        Kind::Reduce | Kind::Reprice => engine_core::Command::Amend(amend(command)),
                    },
                }));
            whole.next += batch.len() as u64;
            whole.events.clear();
            self.ends.clear();
            whole
                .engine
                .apply_all(&self.batch, &mut whole.events, &mut self.ends)
                .expect("commands are numbered without a gap");
            count(&whole.events, tally);
        }
    }
}
