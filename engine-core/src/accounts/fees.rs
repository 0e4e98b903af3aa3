//! What a fill costs beside its price: rates, their rounding over an order's life, and the volume that decides them.

use crate::Timestamp;

/// Rates are millionths of a value.
pub(super) const MILLION: i64 = 1_000_000;

/// What an order pays as maker and as taker, in millionths of the value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rates {
    pub(super) maker: i32,
    pub(super) taker: i32,
}

impl Rates {
    /// The rate for which an order holds: it may come to pay either, and never holds less than nothing.
    #[inline]
    pub(super) fn held(self) -> i32 {
        self.maker.max(self.taker_held())
    }

    /// The rate for which an order that only takes is measured.
    #[inline]
    pub(super) fn taker_held(self) -> i32 {
        self.taker.max(0)
    }
}

/// An order's rates and its carry: what it has paid ahead by rounding up, in millionths of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fees {
    pub(super) rates: Rates,
    pub(super) carry: u32,
}

impl Fees {
    /// No fills yet.
    #[inline]
    pub(super) fn new(rates: Rates) -> Self {
        Self { rates, carry: 0 }
    }

    /// The fee that an order is sure to cover for a value still to be traded.
    #[inline]
    pub(super) fn bound(self, value: i128) -> i128 {
        charge(value, self.rates.held(), self.carry).0
    }
}

/// Every pair of rates that an order ever had, once, so that orders can say theirs in few bits.
#[derive(Default)]
pub(super) struct RateTable {
    known: Vec<Rates>,
}

/// Where rates are in their table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct RateId(pub(super) u32);

impl RateTable {
    /// The most pairs of rates: 20 bits name them.
    const RATES_MAX: usize = 1 << 20;

    /// Where these rates are, if they are known.
    pub(super) fn find(&self, rates: Rates) -> Option<RateId> {
        let found = self.known.iter().position(|known| *known == rates)?;
        Some(RateId(found as u32))
    }

    /// Where these rates are, or `None` if there are too many others.
    pub(super) fn intern(&mut self, rates: Rates) -> Option<RateId> {
        if let Some(found) = self.find(rates) {
            return Some(found);
        }
        if self.known.len() == Self::RATES_MAX {
            return None;
        }
        self.known.push(rates);
        Some(RateId(self.known.len() as u32 - 1))
    }

    #[inline]
    pub(super) fn at(&self, id: RateId) -> Rates {
        self.known[id.0 as usize]
    }
}

/// The fee of a value at a rate and the carry after it: ⌈(value × rate − carry) / 10^6⌉, and what that rounded up.
///
/// A value is at most `Amount::MAX`, 96 bits, and a rate has 21, so the product fits.
#[inline]
pub(super) fn charge(value: i128, rate: i32, carry: u32) -> (i128, u32) {
    if let Ok(value) = u64::try_from(value)
        && value < SMALL_MAX
    {
        let (fee, carry) = charge_small(value, rate, carry);
        return (i128::from(fee), carry);
    }
    charge_large(value, rate, carry)
}

/// Below this, a value and the fee of it fit in 64 bits together.
pub(super) const SMALL_MAX: u64 = 1 << 62;

/// A multiple of a million that no value below a million times a rate falls short of.
const ABOVE_ZERO: i64 = MILLION << 21;

/// The same for a value below [`SMALL_MAX`]. Whole millions are charged exactly; the rest of them times the rate has 40
/// bits. A number above zero divided by a constant is a multiplication, so the rest is lifted above zero for that.
#[inline(always)]
pub(super) fn charge_small(value: u64, rate: i32, carry: u32) -> (i64, u32) {
    let million = MILLION as u64;
    let (whole, rest) = ((value / million) as i64, (value % million) as i64);
    let exact = rest * i64::from(rate) - i64::from(carry);
    // Rounding up is rounding down what is greater by a million less one.
    let lifted = (exact + ABOVE_ZERO + MILLION - 1) as u64;
    let fee = whole * i64::from(rate) + (lifted / million) as i64 - ABOVE_ZERO / MILLION;
    (fee, (million - 1 - lifted % million) as u32)
}

#[cold]
fn charge_large(value: i128, rate: i32, carry: u32) -> (i128, u32) {
    let exact = value * i128::from(rate) - i128::from(carry);
    let million = i128::from(MILLION);
    (-(-exact).div_euclid(million), (-exact).rem_euclid(million) as u32)
}

/// From a volume on, an account has these rates.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tier {
    /// In units of the quote asset.
    pub(super) volume_min: i128,
    pub(super) rates: RateId,
}

/// Days before the current one whose volume counts.
const DAYS: usize = 29;

const DAY_NS: u64 = 86_400_000_000_000;

/// The day of engine time, counted from the epoch in UTC.
pub(super) fn day_of(now: Timestamp) -> u32 {
    // At most 213,503 days fit in 64 bits of nanoseconds.
    (now.nanos() / DAY_NS) as u32
}

/// Whether a day still counts on one that is not before it.
pub(super) fn counts_on(day: u32, today: u32) -> bool {
    today - day <= DAYS as u32
}

/// What an account has traded in one quote asset in the last thirty days, the current one included.
///
/// Invariant: `before` is the sum of `days`, which holds the days before `day`, each in the place of its number
/// modulo their count.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Volume {
    day: u32,
    today: i128,
    before: i128,
    days: [i128; DAYS],
}

impl Volume {
    /// The sum on a day that is not before the last one noted.
    pub(super) fn on(mut self, day: u32) -> i128 {
        self.move_to(day);
        self.before.saturating_add(self.today)
    }

    /// What was traded on each day that still counts on this one, which is not before the last one noted.
    pub(super) fn days_on(mut self, day: u32) -> impl Iterator<Item = (u32, i128)> {
        self.move_to(day);
        let first = day.saturating_sub(DAYS as u32);
        let before = (first..day).map(move |day| (day, self.days[day as usize % DAYS]));
        before.chain([(day, self.today)]).filter(|(_, value)| *value != 0)
    }

    /// Adds what was traded on a day.
    #[inline]
    pub(super) fn add(&mut self, day: u32, value: i128) {
        if day != self.day {
            self.move_to(day);
        }
        self.today = self.today.saturating_add(value);
    }

    /// Makes `day` the current one and forgets what is then too old.
    fn move_to(&mut self, day: u32) {
        if day - self.day > DAYS as u32 {
            *self = Self {
                day,
                ..Self::default()
            };
        }
        while self.day < day {
            // The place of the day that ends is that of the one 29 days before it, which leaves the window.
            self.days[self.day as usize % DAYS] = self.today;
            self.today = 0;
            self.day += 1;
        }
        self.before = self.days.iter().fold(0, |sum, day| sum.saturating_add(*day));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fees_are_rounded_over_the_life_of_an_order() {
        // 200 ppm of 7 is 0.0014. Charged ⌈0.0014⌉ = 1, so 0.9986 is paid ahead, then nothing twice.
        let mut carry = 0;
        let mut charge_next = |value, rate| {
            let (fee, after) = charge(value, rate, carry);
            carry = after;
            (fee, after)
        };
        assert_eq!(charge_next(7, 200), (1, 998_600));
        assert_eq!(charge_next(7, 200), (0, 997_200));
        assert_eq!(charge_next(7, 200), (0, 995_800));
        // Rebate: −200 ppm of 12,500 is −2.5; given 2, and 0.5 is carried, so the next gets 3.
        assert_eq!(charge(12_500, -200, 0), (-2, 500_000));
        assert_eq!(charge(12_500, -200, 500_000), (-3, 0));
    }

    #[test]
    fn rates_are_kept_once() {
        let mut table = RateTable::default();
        let rates = |maker, taker| Rates { maker, taker };
        assert_eq!(table.intern(rates(1, 2)), Some(RateId(0)));
        assert_eq!(table.intern(rates(2, 1)), Some(RateId(1)));
        assert_eq!(table.intern(rates(1, 2)), Some(RateId(0)));
        assert_eq!(table.at(RateId(1)), rates(2, 1));
    }

    #[test]
    fn large_and_small_values_are_charged_alike() {
        // 2^96 − 1 at 7 ppm, in 128 bits: the same formula by hand.
        let value = (1_i128 << 96) - 1;
        let (fee, carry) = charge(value, 7, 5);
        assert_eq!(fee * 1_000_000 - i128::from(carry), value * 7 - 5);
        assert!(carry < 1_000_000);
        let (rebate, carry) = charge(value, -7, 5);
        assert_eq!(rebate * 1_000_000 - i128::from(carry), -value * 7 - 5);
        // Around where another formula is used, at every rate and carry that is a limit.
        for value in [
            0,
            1,
            999_999,
            1_000_001,
            (1 << 62) - 1,
            1 << 62,
            i128::from(i64::MAX),
            1 << 64,
        ] {
            for rate in [-1_000_000, -7, 0, 1, 500, 1_000_000] {
                for paid_ahead in [0, 1, 999_999] {
                    let (fee, carry) = charge(value, rate, paid_ahead);
                    let exact = value * i128::from(rate) - i128::from(paid_ahead);
                    assert_eq!(fee * 1_000_000 - i128::from(carry), exact, "{value} at {rate}");
                    assert!(carry < 1_000_000);
                }
            }
        }
    }

    #[test]
    fn a_day_leaves_the_volume_when_the_thirtieth_after_it_begins() {
        let mut volume = Volume::default();
        volume.add(100, 7);
        volume.add(101, 5);
        assert_eq!(volume.on(129), 12);
        assert_eq!(volume.on(130), 5);
        assert_eq!(volume.on(131), 0);
        volume.add(130, 1);
        assert_eq!(volume.on(130), 6);
        assert_eq!(volume.on(500), 0);
    }
}
