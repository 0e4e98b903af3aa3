//! Traders that together make the market of an instrument.

use engine_core::{
    AccountId, Command, Event, EventBatch, InstrumentId, InstrumentSpec, MassCancel, Price, Qty, Timestamp,
};

use crate::fair::FairPrice;
use crate::market_maker::MarketMaker;
use crate::momentum::Momentum;
use crate::needs::{Need, Use};
use crate::noise::Noise;
use crate::own::OwnOrders;
use crate::random::Random;
use crate::setting::Setting;
use crate::strategy::Strategy;
use crate::trader::Trader;
use crate::view::{Top, View};

const SECOND_NS: u64 = 1_000_000_000;
/// How many trades are remembered for those who follow them.
const TRADES_MAX: usize = 16;
const MAKERS: usize = 2;
const NOISES: usize = 3;
/// Bounds of what is owned or owed, in usual orders. What the others own, the makers owe.
const MAKER_INVENTORY_MAX: u64 = 2_000;
const NOISE_INVENTORY_MAX: u64 = 100;
const MOMENTUM_INVENTORY_MAX: u64 = 30;

/// What a [`Crowd`] is made of.
#[derive(Clone, Debug)]
pub struct CrowdConfig {
    /// Where it trades.
    pub instrument: InstrumentId,
    /// The instrument's spec.
    pub spec: InstrumentSpec,
    /// What is usual there.
    pub setting: Setting,
    /// Its accounts: two market makers, three that trade at random, one that follows the price.
    pub accounts: [AccountId; Crowd::ACCOUNTS],
    /// How many commands it gives in a second, at least 1.
    pub orders_per_second: u32,
    /// Everything that looks random follows from it.
    pub seed: u64,
    /// What the instrument is worth when it begins: the last trade's price, or the setting's.
    pub price: Price,
    /// When it begins.
    pub start: Timestamp,
}

/// Traders that together make the market of an instrument: two sides are always quoted, a few ticks apart, and
/// something trades every few seconds.
///
/// It gives commands ([`Crowd::act`]) and is told what happened ([`Crowd::observe`]), at once or somewhat later. It
/// begins by taking back whatever orders its accounts have there, so that it may be stopped and begun anew.
///
/// ```
/// use engine_core::{AccountId, InstrumentId, Timestamp};
/// use engine_traders::{Crowd, CrowdConfig, Top, demo};
///
/// let [(spec, setting), ..] = demo();
/// let mut crowd = Crowd::new(CrowdConfig {
///     instrument: InstrumentId::new(0),
///     spec,
///     setting,
///     accounts: [1, 2, 3, 4, 5, 6].map(|number| AccountId::new(number).expect("it is not 0")),
///     orders_per_second: 10,
///     seed: 7,
///     price: setting.price,
///     start: Timestamp::ZERO,
/// });
/// let mut commands = Vec::new();
/// crowd.act(crowd.next_due(), Top::default(), &mut commands);
/// assert_eq!(commands.len(), 6, "it takes back what was left over");
/// commands.clear();
/// crowd.act(crowd.next_due(), Top::default(), &mut commands);
/// assert!(commands.len() >= 40, "it quotes both sides");
/// ```
#[derive(Debug)]
pub struct Crowd {
    config: CrowdConfig,
    fair: FairPrice,
    random: Random,
    traders: Vec<Trader>,
    /// The prices of the last trades, the newest last.
    trades: Vec<Price>,
    next_due: Timestamp,
    stage: Stage,
}

/// How far a crowd has come with opening its market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Orders of an earlier crowd may be in the book.
    New,
    /// They have been taken back, but may still be displayed.
    TakenBack,
    /// Both sides were quoted.
    Open,
}

impl Crowd {
    /// How many accounts it trades for.
    pub const ACCOUNTS: usize = MAKERS + NOISES + 1;

    /// A crowd that has done nothing yet.
    pub fn new(config: CrowdConfig) -> Self {
        let seed = config.seed;
        let strategies = strategies(&config);
        let traders = (1..).zip(config.accounts).zip(strategies);
        let traders = traders.map(|((number, account), strategy)| {
            Trader::new(OwnOrders::new(account), strategy, Random::stream(seed, number))
        });
        Self {
            fair: FairPrice::new(
                &config.setting,
                config.price,
                config.start,
                Random::stream(seed, 0).next_u64(),
            ),
            random: Random::stream(seed, 100),
            traders: traders.collect(),
            trades: Vec::with_capacity(TRADES_MAX),
            next_due: config.start,
            stage: Stage::New,
            config,
        }
    }

    /// When it will next have something to say.
    pub fn next_due(&self) -> Timestamp {
        self.next_due
    }

    /// Where it trades.
    pub fn instrument(&self) -> InstrumentId {
        self.config.instrument
    }

    /// What each of its accounts has to own for so many days of trading among themselves; what the accounts need in
    /// several instruments adds up. Others who trade with it can win more from it than that.
    pub fn needs(&self, days: u32) -> Vec<Need> {
        let Setting { quantity, .. } = self.config.setting;
        // Each command is counted as if it traded as much as the largest orders do.
        let commands = u128::from(self.config.orders_per_second) * 86_400 * u128::from(days);
        let turnover = commands * u128::from(quantity.lots());
        let needs = self.traders.iter().map(|trader| {
            let needed = Use {
                exposure: trader.strategy.exposure_max(),
                price_max: self.fair.price_max(),
                turnover,
            };
            needed.need(trader.own.account, &self.config.spec)
        });
        needs.collect()
    }

    /// Takes in what happened. Batches that concern other instruments or accounts may be left out, but not those
    /// with its own orders.
    pub fn observe(&mut self, batch: &EventBatch<'_>) {
        for event in batch.events {
            match event.instrument() {
                Some(instrument) if instrument == self.config.instrument => self.observe_here(event),
                // A cancel of an order that is over names no instrument.
                None if matches!(event, Event::Rejected { .. }) => self.observe_here(event),
                _ => {}
            }
        }
    }

    fn observe_here(&mut self, event: &Event) {
        if let Event::Traded { price, .. } = event {
            if self.trades.len() == TRADES_MAX {
                self.trades.remove(0);
            }
            self.trades.push(*price);
        }
        for trader in &mut self.traders {
            trader.own.observe(event);
        }
    }

    /// Appends the commands that are due by `now`. After a pause it does not catch up on more than a second.
    pub fn act(&mut self, now: Timestamp, top: Top, commands: &mut Vec<Command>) {
        if now < self.next_due {
            return;
        }
        self.fair.advance(now);
        // Whoever sees a book without what has just been asked for would trade with it.
        let is_open = self.stage == Stage::Open;
        match self.stage {
            Stage::New => self.take_back(commands),
            Stage::TakenBack => self.open(now, top, commands),
            Stage::Open => {}
        }
        let earliest = Timestamp::from_nanos(now.nanos().saturating_sub(SECOND_NS));
        self.next_due = self.next_due.max(earliest);
        let mean = SECOND_NS / u64::from(self.config.orders_per_second.max(1));
        while self.next_due <= now {
            if is_open {
                commands.extend(self.turn(now, top));
            }
            let wait = self.random.wait(mean).max(1);
            self.next_due = self.next_due.saturating_add_nanos(wait);
        }
    }

    /// Takes back what was left over.
    fn take_back(&mut self, commands: &mut Vec<Command>) {
        self.stage = Stage::TakenBack;
        for account in self.config.accounts {
            commands.push(Command::MassCancel(MassCancel {
                account: Some(account),
                instrument: Some(self.config.instrument),
                ..MassCancel::default()
            }));
        }
    }

    /// Fills both sides at once.
    fn open(&mut self, now: Timestamp, top: Top, commands: &mut Vec<Command>) {
        self.stage = Stage::Open;
        for maker in 0..MAKERS {
            while let Some(command) = self.decide(maker, now, top) {
                commands.push(command);
            }
        }
    }

    /// One trader's next command; if it has none, somebody who always has.
    fn turn(&mut self, now: Timestamp, top: Top) -> Option<Command> {
        let noise = MAKERS + self.random.below(NOISES as u64) as usize;
        // Half of the turns are the makers', and more in wild hours, or the price would run away from their quotes.
        let maker = (self.fair.liveliness() / 6).clamp(25, 40);
        let first = match self.random.below(100) {
            roll if roll < 2 * maker => (roll % 2) as usize,
            90.. => MAKERS + NOISES,
            _ => noise,
        };
        self.decide(first, now, top)
            .or_else(|| self.decide(noise, now, top))
    }

    fn decide(&mut self, trader: usize, now: Timestamp, top: Top) -> Option<Command> {
        let market = View {
            instrument: self.config.instrument,
            spec: &self.config.spec,
            setting: &self.config.setting,
            account: self.config.accounts[trader],
            now,
            top,
            fair: self.fair.price(),
            trades: &self.trades,
            own: &[],
            position: 0,
        };
        self.traders[trader].decide(&market, now)
    }
}

/// The strategies of the accounts, in their order. The levels of the makers are as far apart as the price moves while
/// they come to move them: any nearer, and they could not follow.
fn strategies(config: &CrowdConfig) -> [Box<dyn Strategy>; Crowd::ACCOUNTS] {
    let gap = usual_move(config);
    let usual = |times: u64| {
        let lots = config.setting.quantity.lots().saturating_mul(times);
        Qty::new(lots.min(Qty::MAX.lots()))
    };
    let maker = |half_spread, gap| {
        Box::new(MarketMaker {
            levels: 10,
            half_spread,
            gap,
            inventory_max: usual(MAKER_INVENTORY_MAX),
        })
    };
    let noise = |take_percent| {
        Box::new(Noise {
            orders_max: 25,
            take_percent,
            distance_max: u32::try_from(gap * 16).unwrap_or(u32::MAX),
            inventory_max: usual(NOISE_INVENTORY_MAX),
        })
    };
    let momentum = Momentum {
        trades: 12,
        inventory_max: usual(MOMENTUM_INVENTORY_MAX),
    };
    [
        maker(gap / 2 + 1, gap),
        maker(gap / 2 + 2, gap + 1),
        noise(8),
        noise(12),
        noise(16),
        Box::new(momentum),
    ]
}

/// How far the price usually moves in the time of eight commands, in ticks, at least one.
fn usual_move(config: &CrowdConfig) -> i64 {
    let daily = i128::from(config.setting.price.ticks()) * i128::from(config.setting.daily_move_ppm);
    // A day has about 294² seconds, and a move grows with the root of the time.
    let time_ppm = 8_000_000 / u64::from(config.orders_per_second.max(1));
    let ticks = daily * i128::from(time_ppm.isqrt()) / (294 * 1_000 * 1_000_000);
    i64::try_from(ticks).unwrap_or(i64::MAX / 64).max(1)
}
