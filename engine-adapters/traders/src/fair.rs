//! What an instrument is worth at a moment, as those believe who quote it.

use engine_core::{Price, Timestamp};

use crate::random::Random;
use crate::setting::Setting;

/// Deviations from the usual price are counted in billionths of it.
const WHOLE: i64 = 1_000_000_000;
/// The price is never further from the usual one than this: half of what a band of ± 50 % from the last trade leaves.
const DEVIATION_MAX: i64 = WHOLE / 4;
/// Shorter steps would round their small parts away.
const STEP_MS: u64 = 250;
const DAY_MS: u64 = 86_400_000;
/// How long a deviation takes to fall to 1/e by itself: the spread over months is about twice that of a day.
const DEVIATION_FADES_MS: u64 = 10 * DAY_MS;
/// How long excitement takes to fall to 1/e: quiet and wild hours follow each other.
const HEAT_FADES_MS: u64 = 40 * 60_000;
/// One doubling of the volatility.
const HEAT_UNIT: i64 = 1 << 20;
/// The volatility is between a quarter and four times the usual one.
const HEAT_MAX: i64 = 2 * HEAT_UNIT;
/// The usual distance of the heat from its middle.
const HEAT_DEVIATION: i64 = HEAT_UNIT * 3 / 4;

/// A price that wanders around a usual one, in quiet hours and wild ones, and always comes back.
///
/// ```
/// use engine_core::Timestamp;
/// use engine_traders::{FairPrice, Setting, demo};
///
/// let (_, setting) = &demo()[0];
/// let mut fair = FairPrice::new(setting, setting.price, Timestamp::ZERO, 7);
/// fair.advance(Timestamp::from_nanos(3_600_000_000_000));
/// assert_ne!(fair.price(), setting.price);
/// ```
#[derive(Clone, Debug)]
pub struct FairPrice {
    usual: Price,
    daily_move_ppm: u32,
    now_ms: u64,
    /// In billionths of the usual price.
    deviation: i64,
    /// The binary logarithm of the volatility in usual ones, in `HEAT_UNIT`s.
    heat: i64,
    random: Random,
}

impl FairPrice {
    /// A price that is `price` at `now`, or as near to that as the setting allows.
    pub fn new(setting: &Setting, price: Price, now: Timestamp, seed: u64) -> Self {
        let usual = setting.price.ticks().max(1);
        let deviation = i128::from(price.ticks() - usual) * i128::from(WHOLE) / i128::from(usual);
        let most = i128::from(DEVIATION_MAX);
        Self {
            usual: Price::new(usual),
            daily_move_ppm: setting.daily_move_ppm,
            now_ms: now.millis(),
            deviation: deviation.clamp(-most, most) as i64,
            heat: 0,
            random: Random::new(seed),
        }
    }

    /// The price now.
    pub fn price(&self) -> Price {
        let usual = i128::from(self.usual.ticks());
        let deviation = usual * i128::from(self.deviation) / i128::from(WHOLE);
        // At most a quarter of a valid price is added to it.
        Price::new(((usual + deviation) as i64).max(1))
    }

    /// The highest price that it can ever be.
    pub fn price_max(&self) -> Price {
        let usual = self.usual.ticks();
        Price::new(usual + usual / (WHOLE / DEVIATION_MAX) + 1)
    }

    /// How lively the market is, in percent of what is usual: 25 to 400.
    pub fn liveliness(&self) -> u64 {
        (self.multiplier() * 100 / HEAT_UNIT) as u64
    }

    /// Lets time pass. Going back does nothing.
    pub fn advance(&mut self, now: Timestamp) {
        let passed = now.millis().saturating_sub(self.now_ms);
        if passed < STEP_MS {
            return;
        }
        self.now_ms = now.millis();
        self.heat = (self.heat + self.heat_step(passed)).clamp(-HEAT_MAX, HEAT_MAX);
        let back = faded(self.deviation, passed, DEVIATION_FADES_MS);
        let moved = self.deviation - back + self.random_step(passed);
        self.deviation = reflected(moved, DEVIATION_MAX);
    }

    fn heat_step(&mut self, passed: u64) -> i64 {
        let back = faded(self.heat, passed, HEAT_FADES_MS);
        let shares = (2 * passed * 1_000_000 / HEAT_FADES_MS).min(1_000_000);
        let deviation = HEAT_DEVIATION * shares.isqrt() as i64 / 1_000;
        deviation * self.random.normal() / Random::DEVIATION - back
    }

    /// The move of a day grows with the root of the time: a step's is the root of its share in a day.
    fn random_step(&mut self, passed: u64) -> i64 {
        let share = (u128::from(passed) * 1_000_000_000_000 / u128::from(DAY_MS)).isqrt();
        let usual = i128::from(self.daily_move_ppm) * share as i128 / 1_000;
        let hot = usual * i128::from(self.multiplier()) / i128::from(HEAT_UNIT);
        let step = hot * i128::from(self.random.normal()) / i128::from(Random::DEVIATION);
        let most = i128::from(DEVIATION_MAX);
        step.clamp(-most, most) as i64
    }

    /// Two to the power of the heat, with straight pieces between the whole powers.
    fn multiplier(&self) -> i64 {
        let whole = self.heat.div_euclid(HEAT_UNIT);
        let scaled = HEAT_UNIT + self.heat.rem_euclid(HEAT_UNIT);
        if whole < 0 {
            scaled >> -whole
        } else {
            scaled << whole
        }
    }
}

/// What of `value` is gone after `passed`, if a whole `fades` takes all of it in a straight line.
fn faded(value: i64, passed: u64, fades: u64) -> i64 {
    (i128::from(value) * i128::from(passed.min(fades)) / i128::from(fades)) as i64
}

/// The value, thrown back at ± `most`, for a value that is beyond it by less than that.
fn reflected(value: i64, most: i64) -> i64 {
    if value > most {
        2 * most - value
    } else if value < -most {
        -2 * most - value
    } else {
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setting::demo;

    const HOUR_NS: u64 = 3_600_000_000_000;

    fn fair(seed: u64) -> FairPrice {
        let (_, setting) = &demo()[0];
        FairPrice::new(setting, setting.price, Timestamp::ZERO, seed)
    }

    #[test]
    fn a_year_stays_within_a_quarter_and_goes_to_both_sides() {
        for seed in 0..20 {
            let mut fair = fair(seed);
            let usual = fair.usual.ticks();
            let prices: Vec<i64> = (1..=365 * 24)
                .map(|hour| {
                    fair.advance(Timestamp::from_nanos(hour * HOUR_NS));
                    fair.price().ticks()
                })
                .collect();
            let (low, high) = (prices.iter().min().copied(), prices.iter().max().copied());
            let (low, high) = low.zip(high).expect("a year has hours");
            assert!(
                usual * 3 / 4 <= low && low < usual * 97 / 100,
                "seed {seed}: {low}"
            );
            assert!(
                usual * 103 / 100 < high && high <= fair.price_max().ticks(),
                "seed {seed}: {high}"
            );
        }
    }

    #[test]
    fn it_is_mostly_near_the_usual_price() {
        let (mut sum, mut count) = (0, 0);
        for seed in 0..20 {
            let mut fair = fair(seed);
            for hour in 1..=365 * 24 {
                fair.advance(Timestamp::from_nanos(hour * HOUR_NS));
                sum += i128::from(fair.deviation.abs());
                count += 1;
            }
        }
        let percent = sum * 100 / count / i128::from(WHOLE);
        assert!((2..8).contains(&percent), "it is {percent} % away on average");
    }

    #[test]
    fn a_day_moves_as_much_as_the_setting_says_however_finely_it_is_stepped() {
        for step_ms in [250, 1_000, 60_000, 900_000] {
            let squares: i64 = (0..200)
                .map(|seed| {
                    let mut fair = fair(seed);
                    for step in 1..=DAY_MS / step_ms / 24 {
                        fair.advance(Timestamp::from_nanos(step * step_ms * 1_000_000));
                    }
                    (fair.deviation / 1_000).pow(2)
                })
                .sum();
            // An hour's move is that of a day by √24; heat makes it a little more.
            let per_day = (squares / 200 * 24).isqrt();
            assert!(
                (12_000..30_000).contains(&per_day),
                "{step_ms} ms: {per_day} ppm a day"
            );
        }
    }

    #[test]
    fn steps_that_are_too_short_add_up() {
        let mut fair = fair(1);
        for ms in 1..=100 {
            fair.advance(Timestamp::from_nanos(ms * 1_000_000));
        }
        assert_eq!(fair.price(), fair.usual);
        for ms in 101..=10_000 {
            fair.advance(Timestamp::from_nanos(ms * 1_000_000));
        }
        assert_ne!(fair.deviation, 0);
    }
}
