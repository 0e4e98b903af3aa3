use super::command::{Command, Header, Kind, Workload};
use super::draw::{Draw, Geometric};
use super::flow::{Flow, Recipe};
use super::ladder::{Ladders, PRICES, empty_end};
use engine_core::Side;

/// The price around which all flow is drawn.
const CENTRE: i64 = PRICES / 2;

/// Out of 100 takers, how many reach no further than one, two, three, four, five levels.
const LEVELS_TAKEN: [u64; 5] = [40, 65, 80, 92, 100];

/// Per mille of the commands that are adds, cancels and takers when the book has its size; the rest amend.
const ADDS: i64 = 550;
const ADDS_AND_CANCELS: i64 = 900;
const ALL_BUT_AMENDS: i64 = 950;

/// Below so few live orders of a symbol, every command for it adds one.
const LIVE_MIN: usize = 20;

/// The levels, and the orders at each of them, that one round of the sweep flow puts up and takes.
const SWEEP_LEVELS: i64 = 10;
const SWEEP_ORDERS: usize = 50;

/// How often progress is told, in commands.
const PROGRESS_STEP: usize = 1 << 16;

/// Makes a workload. `progress` is told from time to time how many commands there are.
pub fn generate(recipe: &Recipe, progress: impl FnMut(u64)) -> Workload {
    let mut stream = Stream::new(recipe, progress);
    match recipe.flow {
        Flow::Sweep => stream.sweep(recipe.commands),
        Flow::Mixed | Flow::Deep | Flow::Multi => stream.mix(recipe.commands),
    }
    stream.finish()
}

/// A workload in the making: the commands so far, and the books as they are after them.
struct Stream<P> {
    flow: Flow,
    chance: Draw,
    ladders: Ladders,
    /// How far from the touch an order stands, in ticks.
    near: Geometric,
    popularity: Popularity,
    commands: Vec<Command>,
    prefill: u64,
    progress: P,
}

impl<P: FnMut(u64)> Stream<P> {
    fn new(recipe: &Recipe, progress: P) -> Self {
        let flow = recipe.flow;
        let near = match flow {
            Flow::Deep => Geometric::new(5, 64),
            Flow::Mixed | Flow::Sweep | Flow::Multi => Geometric::new(40, 200),
        };
        let mut stream = Self {
            flow,
            chance: Draw::seeded(recipe.seed),
            ladders: Ladders::new(usize::from(flow.symbols())),
            near,
            popularity: Popularity::new(flow.symbols(), recipe.resting),
            commands: Vec::with_capacity((recipe.resting + recipe.commands) as usize),
            prefill: 0,
            progress,
        };
        for symbol in 0..flow.symbols() {
            for _ in 0..stream.popularity.targets[usize::from(symbol)] {
                stream.prefill_one(symbol);
            }
        }
        stream.prefill = stream.commands.len() as u64;
        stream
    }

    /// Adds an order that is placed by its distance from the centre, so that both sides fill alike.
    fn prefill_one(&mut self, symbol: u16) {
        let side = self.either(Side::Buy, Side::Sell);
        let distance = match self.flow {
            Flow::Sweep => 11 + self.near.draw(&mut self.chance),
            Flow::Deep => {
                // The choice between near and far is drawn and not used: everything is far.
                self.chance.below(100);
                1 + self.chance.below(DEEP_FAR) as i64
            }
            Flow::Mixed | Flow::Multi => {
                self.chance.below(100);
                1 + self.near.draw(&mut self.chance)
            }
        };
        let quantity = self.quantity();
        self.enter(Kind::Add, side, symbol, behind(CENTRE, side, distance), quantity);
    }

    fn sweep(&mut self, commands: u64) {
        for _ in 0..commands / (SWEEP_ORDERS as u64 + 1) {
            self.sweep_round();
        }
    }

    /// Puts up fifty orders on ten levels of one side, in random order, and takes them all at once.
    fn sweep_round(&mut self) {
        let makers = self.either(Side::Buy, Side::Sell);
        let mut distances: [i64; SWEEP_ORDERS] = std::array::from_fn(|index| 1 + index as i64 % SWEEP_LEVELS);
        for last in (1..SWEEP_ORDERS).rev() {
            let other = self.chance.below(last as u64 + 1) as usize;
            distances.swap(last, other);
        }
        let mut total = 0;
        for distance in distances {
            let quantity = self.quantity();
            total += quantity;
            self.enter(Kind::Add, makers, 0, behind(CENTRE, makers, distance), quantity);
        }
        self.enter(
            Kind::Ioc,
            makers.opposite(),
            0,
            behind(CENTRE, makers, SWEEP_LEVELS),
            total,
        );
    }

    fn mix(&mut self, commands: u64) {
        let mut made = 0;
        while made < commands {
            made += u64::from(self.mix_one());
        }
    }

    /// Makes one command, or none if a taker was drawn and finds nothing to take.
    ///
    /// Adds give way to cancels in proportion to how far the book is above its size, by a tenth at most.
    fn mix_one(&mut self) -> bool {
        let symbol = self.popularity.draw(&mut self.chance);
        let live = self.ladders.live(symbol).len();
        let target = self.popularity.targets[usize::from(symbol)];
        let adds = ADDS + ((target - live as i64) * 400 / target.max(1)).clamp(-100, 100);
        let part = self.chance.below(1000) as i64;
        if part < adds || live < LIVE_MIN {
            let side = self.either(Side::Buy, Side::Sell);
            let price = self.passive_price(symbol, side);
            let quantity = self.quantity();
            self.enter(Kind::Add, side, symbol, price, quantity);
        } else if part < ADDS_AND_CANCELS {
            let id = self.any_live(symbol);
            let order = self.ladders.order(id);
            self.push(Kind::Cancel, symbol, id, order.price, order.quantity);
        } else if part < ALL_BUT_AMENDS {
            return self.taker(symbol);
        } else {
            self.amend(symbol);
        }
        true
    }

    /// Reduces or reprices one of the live orders.
    fn amend(&mut self, symbol: u16) {
        let id = self.any_live(symbol);
        let order = self.ladders.order(id);
        if self.chance.below(10) < 4 && order.quantity > 1 {
            let quantity = 1 + self.chance.below(u64::from(order.quantity) - 1) as u32;
            self.push(Kind::Reduce, symbol, id, order.price, quantity);
        } else {
            let price = self.passive_price(symbol, order.side);
            let quantity = self.quantity();
            self.push(Kind::Reprice, symbol, id, price, quantity);
        }
    }

    /// Takes one to five levels and no more than a few makers; half of the takers are IOC.
    ///
    /// The higher the market stands above the centre, the fewer of them buy, so that it comes back.
    fn taker(&mut self, symbol: u16) -> bool {
        let buys = (500 - (self.ladders.middle(symbol) - CENTRE) / 2).clamp(200, 800) as u64;
        let side = if self.chance.below(1000) < buys {
            Side::Buy
        } else {
            Side::Sell
        };
        let part = self.chance.below(100);
        let levels_max = 1 + LEVELS_TAKEN
            .iter()
            .take_while(|&&reached| part >= reached)
            .count();
        let makers_max = if self.flow == Flow::Deep {
            1 + self.chance.below(7)
        } else {
            12
        };
        let Some((limit, mut quantity)) = self.reach(symbol, side.opposite(), levels_max, makers_max) else {
            return false;
        };
        if self.chance.below(8) == 0 {
            quantity += 1 + self.chance.below(100);
        }
        let kind = self.either(Kind::Ioc, Kind::Add);
        self.enter(kind, side, symbol, limit, quantity as u32);
        true
    }

    /// The last price and the quantity of a walk over the makers of a side, the last of them perhaps in part.
    fn reach(&mut self, symbol: u16, side: Side, levels_max: usize, makers_max: u64) -> Option<(i64, u64)> {
        let mut price = self.ladders.best(symbol, side)?;
        let (mut limit, mut quantity, mut levels, mut makers) = (price, 0, 0, 0);
        while levels < levels_max && price != empty_end(side) {
            let mut at_price = self.ladders.quantities_at(symbol, price).peekable();
            if at_price.peek().is_some() {
                levels += 1;
                limit = price;
            }
            while let Some(maker) = at_price.next() {
                let maker = u64::from(maker);
                makers += 1;
                if makers == makers_max || (levels == levels_max && at_price.peek().is_none()) {
                    let in_part = self.chance.below(2) == 0;
                    quantity += if in_part {
                        1 + self.chance.below(maker)
                    } else {
                        maker
                    };
                    return Some((limit, quantity));
                }
                quantity += maker;
            }
            price = behind(price, side, 1);
        }
        Some((limit, quantity))
    }

    /// A price one tick from the other side's best or further, so that nothing crosses.
    fn passive_price(&mut self, symbol: u16, side: Side) -> i64 {
        let near_percent = if self.flow == Flow::Deep { 35 } else { 100 };
        let distance = if self.chance.below(100) < near_percent {
            self.near.draw(&mut self.chance)
        } else {
            self.chance.below(DEEP_FAR) as i64
        };
        let opposite = self.ladders.best(symbol, side.opposite());
        let touch = opposite.unwrap_or_else(|| behind(CENTRE, side.opposite(), 1));
        let price = behind(touch, side, 1 + distance).clamp(2, PRICES - 3);
        let crosses = opposite.is_some_and(|best| match side {
            Side::Buy => price >= best,
            Side::Sell => price <= best,
        });
        assert!(!crosses, "the market has run off the ladder");
        price
    }

    fn any_live(&mut self, symbol: u16) -> u32 {
        let live = self.ladders.live(symbol);
        live[self.chance.below(live.len() as u64) as usize]
    }

    fn quantity(&mut self) -> u32 {
        1 + self.chance.below(100) as u32
    }

    fn either<T>(&mut self, first: T, second: T) -> T {
        if self.chance.below(2) == 0 { first } else { second }
    }

    /// Submits a new order.
    fn enter(&mut self, kind: Kind, side: Side, symbol: u16, price: i64, quantity: u32) {
        let id = self.ladders.next_id();
        self.submit(Command {
            kind,
            side,
            symbol,
            quantity,
            id,
            price,
            traded: 0,
        });
    }

    /// Submits a command for an order that rests.
    fn push(&mut self, kind: Kind, symbol: u16, id: u32, price: i64, quantity: u32) {
        let side = self.ladders.order(id).side;
        self.submit(Command {
            kind,
            side,
            symbol,
            quantity,
            id: u64::from(id),
            price,
            traded: 0,
        });
    }

    fn submit(&mut self, command: Command) {
        let traded = self.ladders.submit(&command);
        self.commands.push(Command { traded, ..command });
        if self.commands.len().is_multiple_of(PROGRESS_STEP) {
            (self.progress)(self.commands.len() as u64);
        }
    }

    fn finish(self) -> Workload {
        let prices = || {
            self.commands
                .iter()
                .filter(|c| c.kind != Kind::Cancel)
                .map(|c| c.price)
        };
        let header = Header {
            symbols: u64::from(self.flow.symbols()),
            prefill: self.prefill,
            commands: self.commands.len() as u64 - self.prefill,
            max_id: self.ladders.next_id() - 1,
            min_price: prices().min().unwrap_or(i64::MAX),
            max_price: prices().max().unwrap_or(i64::MIN),
            traded: self.ladders.traded(),
        };
        Workload {
            header,
            commands: self.commands,
        }
    }
}

/// How far from the touch the far orders of the deep flow stand at most, in ticks.
const DEEP_FAR: u64 = 5000;

/// The price so many ticks behind another, as a side sees it.
fn behind(price: i64, side: Side, ticks: i64) -> i64 {
    match side {
        Side::Buy => price - ticks,
        Side::Sell => price + ticks,
    }
}

/// Symbols by Zipf's law: the second is drawn half as often as the first, the third a third as often.
struct Popularity {
    /// The sum of the weights up to each symbol, in units of 2^-32.
    cumulative: Vec<u64>,
    /// How many orders should rest in each.
    targets: Vec<i64>,
}

impl Popularity {
    fn new(symbols: u16, resting: u64) -> Self {
        let weights = || (1..=u64::from(symbols)).map(|rank| (1 << 32) / rank);
        let total: u64 = weights().sum();
        let cumulative = weights().scan(0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        });
        // Few orders in an unpopular symbol would make it all spread.
        let targets = weights().map(|weight| (resting * weight / total).max(200) as i64);
        Self {
            cumulative: cumulative.collect(),
            targets: targets.collect(),
        }
    }

    fn draw(&self, chance: &mut Draw) -> u16 {
        let point = chance.below(self.cumulative[self.cumulative.len() - 1]);
        self.cumulative.partition_point(|&sum| sum <= point) as u16
    }
}
