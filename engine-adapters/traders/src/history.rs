//! A past that never was: trades of weeks, dense near the end, for charts that are full from the first second.

use std::iter::Peekable;

use engine_core::{
    AccountId, Command, InstrumentId, InstrumentSpec, Place, Price, Qty, Side, TimeInForce, Timestamp,
};

use crate::fair::FairPrice;
use crate::needs::{Need, Use};
use crate::random::Random;
use crate::setting::Setting;

const SECOND_NS: u64 = 1_000_000_000;
const HOUR_NS: u64 = 3_600 * SECOND_NS;
const DAY_NS: u64 = 24 * HOUR_NS;
/// The largest order, in percent of a usual one, where trades are densest.
const SIZE_PERCENT_MAX: u64 = 400;
/// From this on, in usual orders, the trades go the other way.
const INVENTORY_MAX: u64 = 2_000;

/// How far apart trades are, the nearest past first: up to which age, and from how long to how long. The longest is
/// below the candle that people look at when they look so far back: 1 minute, 5 minutes, 15 minutes.
const DENSITIES: [(u64, u64, u64); 3] = [
    (26 * HOUR_NS, 10 * SECOND_NS, 25 * SECOND_NS),
    (8 * DAY_NS, 80 * SECOND_NS, 240 * SECOND_NS),
    (u64::MAX, 300 * SECOND_NS, 840 * SECOND_NS),
];

/// What a simulated past is made from.
#[derive(Clone, Debug)]
pub struct Past {
    /// Where it was traded.
    pub instrument: InstrumentId,
    /// The instrument's spec.
    pub spec: InstrumentSpec,
    /// What is usual there.
    pub setting: Setting,
    /// Who offered and who took.
    pub accounts: [AccountId; 2],
    /// When it ends; nothing happens at that moment or later.
    pub until: Timestamp,
    /// How long it lasts.
    pub days: u32,
    /// Everything that looks random follows from it.
    pub seed: u64,
}

/// The commands of a simulated past, in the order of their times. Each pair is a trade: somebody offers, somebody takes
/// all of it. So the book is empty in between and in the end.
///
/// ```
/// use engine_core::{AccountId, InstrumentId, Timestamp};
/// use engine_traders::{Past, demo};
///
/// let [(spec, setting), ..] = demo();
/// let past = Past {
///     instrument: InstrumentId::new(0),
///     spec,
///     setting,
///     accounts: [1, 2].map(|number| AccountId::new(number).expect("it is not 0")),
///     until: Timestamp::from_nanos(1_700_000_000_000_000_000),
///     days: 2,
///     seed: 7,
/// };
/// let times: Vec<Timestamp> = past.history().map(|(time, _)| time).collect();
/// assert!(times.is_sorted() && times.len() > 10_000);
/// ```
#[derive(Clone, Debug)]
pub struct History {
    past: Past,
    fair: FairPrice,
    random: Random,
    now: Timestamp,
    /// What the first account has bought less what it has sold, in lots.
    position: i64,
    taker: Option<Place>,
}

impl Past {
    /// Its commands.
    pub fn history(self) -> History {
        let length = DAY_NS.saturating_mul(u64::from(self.days));
        let begin = Timestamp::from_nanos(self.until.nanos().saturating_sub(length));
        let seed = |number| Random::stream(self.seed, number).next_u64();
        let fair = FairPrice::new(&self.setting, self.setting.price, begin, seed(1));
        History {
            fair,
            random: Random::new(seed(2)),
            now: begin,
            position: 0,
            taker: None,
            past: self,
        }
    }

    /// What each of its accounts has to own.
    pub fn needs(&self) -> Vec<Need> {
        let usual = u128::from(self.setting.quantity.lots());
        let (_, least, _) = DENSITIES[0];
        let trades = u128::from(self.days) * u128::from(DAY_NS / least);
        let exposure = usual * u128::from(2 * INVENTORY_MAX);
        let needed = Use {
            exposure: Qty::new(u64::try_from(exposure).unwrap_or(u64::MAX).min(Qty::MAX.lots())),
            price_max: FairPrice::new(&self.setting, self.setting.price, self.until, 0).price_max(),
            turnover: trades * usual * u128::from(SIZE_PERCENT_MAX / 100),
        };
        self.accounts
            .map(|account| needed.need(account, &self.spec))
            .to_vec()
    }
}

impl History {
    /// What the instrument is worth as of the last command: where a crowd can go on.
    pub fn price(&self) -> Price {
        self.fair.price()
    }

    /// The next two orders: one that rests, and one that takes all of it.
    fn trade(&mut self, waited: u64) -> (Place, Place) {
        let before = self.fair.price();
        self.fair.advance(self.now);
        let fair = self.fair.price();
        let taker_side = self.taker_side(before, fair);
        // Those who take pay up to three ticks more than it is worth.
        let paid = self.random.within(1, 3) as i64;
        let ticks = match taker_side {
            Side::Buy => fair.ticks() + paid,
            Side::Sell => (fair.ticks() - paid).max(1),
        };
        let quantity = self.quantity(waited);
        self.count(taker_side, quantity);
        let [offers, takes] = self.past.accounts;
        let order = |side, account| Place {
            account: Some(account),
            ..Place::limit(
                self.past.instrument,
                Default::default(),
                side,
                Price::new(ticks),
                quantity,
            )
        };
        let taker = Place {
            time_in_force: TimeInForce::Ioc,
            ..order(taker_side, takes)
        };
        (order(taker_side.opposite(), offers), taker)
    }

    /// Mostly the way the price goes, but against what is owned once that is too much.
    fn taker_side(&mut self, before: Price, now: Price) -> Side {
        let most = self.past.setting.quantity.lots().saturating_mul(INVENTORY_MAX) as i64;
        if self.position > most {
            return Side::Buy;
        }
        if self.position < -most {
            return Side::Sell;
        }
        let goes = if now > before { Side::Buy } else { Side::Sell };
        if self.random.percent(70) {
            goes
        } else {
            goes.opposite()
        }
    }

    /// Where trades are rare each stands for many; in wild hours more is traded. At most a hundredth of the bound of the
    /// inventory at a time.
    fn quantity(&mut self, waited: u64) -> Qty {
        let (_, least, _) = DENSITIES[0];
        let stands_for = (waited / least).clamp(1, 20);
        let most = SIZE_PERCENT_MAX >> self.random.below(4);
        let percent = self.random.within(10, most) * stands_for * self.fair.liveliness() / 100;
        self.past
            .setting
            .quantity_percent(percent.clamp(10, INVENTORY_MAX * 100))
    }

    /// What the offering account sells to a buyer is less for it.
    fn count(&mut self, taker_side: Side, quantity: Qty) {
        let lots = quantity.lots() as i64;
        self.position += if taker_side == Side::Sell { lots } else { -lots };
    }
}

impl Iterator for History {
    type Item = (Timestamp, Command);

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(taker) = self.taker.take() {
            return Some((self.now, Command::Place(taker)));
        }
        let age = self.past.until.nanos().saturating_sub(self.now.nanos());
        let (_, least, most) = DENSITIES
            .into_iter()
            .find(|(age_max, ..)| age <= *age_max)
            .unwrap_or(DENSITIES[2]);
        let waited = self.random.within(least, most);
        let now = self.now.saturating_add_nanos(waited);
        if now >= self.past.until {
            return None;
        }
        self.now = now;
        let (maker, taker) = self.trade(waited);
        self.taker = Some(taker);
        Some((self.now, Command::Place(maker)))
    }
}

/// Several histories as one, in the order of their times; of the same time, in the order given.
pub fn together(histories: Vec<History>) -> impl Iterator<Item = (Timestamp, Command)> {
    let mut histories: Vec<Peekable<History>> = histories.into_iter().map(Iterator::peekable).collect();
    std::iter::from_fn(move || {
        let next = |history: &mut Peekable<History>| history.peek().map(|(time, _)| *time);
        let times = histories.iter_mut().enumerate();
        let (_, first) = times
            .filter_map(|(number, history)| Some((next(history)?, number)))
            .min()?;
        histories[first].next()
    })
}
