use engine_core::Side;

/// What a command of a workload asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A limit order that stays until it is cancelled. It may cross; what is left of it rests.
    Add,
    /// Takes a resting order out of the book.
    Cancel,
    /// A limit order whose unfilled rest is cancelled at once.
    Ioc,
    /// Sets a smaller quantity at the same price. The order keeps its place.
    Reduce,
    /// Sets another price and quantity. The order keeps its id, loses its place and never crosses.
    Reprice,
}

/// One command of a workload, with the quantity that it must trade.
///
/// Which fields are set does not depend on the kind: a cancel, too, says where its order rests. An order book
/// that is measured has to find that by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command {
    /// What is asked for.
    pub kind: Kind,
    /// The side of the order.
    pub side: Side,
    /// The instrument, counted from 0.
    pub symbol: u16,
    /// The quantity asked for; for a cancel, what rests.
    pub quantity: u32,
    /// The order: dense and ascending from 1 in the order of the adds and IOCs.
    pub id: u64,
    /// The limit in ticks; for a cancel and a reduce, where the order rests.
    pub price: i64,
    /// The quantity that this command trades in a correct book.
    pub traded: u64,
}

// Five million of these are read while the clock runs: two to a cache line.
const _: () = assert!(size_of::<Command>() == 32);

/// What is known of a workload before its first command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// How many instruments there are.
    pub symbols: u64,
    /// How many commands fill the book before the clock starts.
    pub prefill: u64,
    /// How many commands are measured.
    pub commands: u64,
    /// The largest order id.
    pub max_id: u64,
    /// The lowest price of any order.
    pub min_price: i64,
    /// The highest price of any order.
    pub max_price: i64,
    /// The quantity that prefill and measured commands trade together, each fill counted once.
    pub traded: u64,
}

/// A stream of commands in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workload {
    /// What is known of the stream as a whole.
    pub header: Header,
    /// The prefill, then the measured commands.
    pub commands: Vec<Command>,
}

impl Workload {
    /// The commands that fill the book before the clock starts.
    pub fn prefill(&self) -> &[Command] {
        &self.commands[..self.header.prefill as usize]
    }

    /// The commands that are measured.
    pub fn measured(&self) -> &[Command] {
        &self.commands[self.header.prefill as usize..]
    }

    /// Keeps the prefill and the first `limit` measured commands.
    ///
    /// The traded quantity of the header becomes the sum over the commands that are left.
    pub fn truncate(&mut self, limit: u64) {
        if limit >= self.header.commands {
            return;
        }
        self.commands.truncate((self.header.prefill + limit) as usize);
        self.header.commands = limit;
        self.header.traded = self.commands.iter().map(|command| command.traded).sum();
    }
}
