//! Numbers that look random and follow from a seed: SplitMix64, as published by Steele, Lea and Flood (2014).

/// A sequence of numbers that follows from a seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Random {
    state: u64,
}

impl Random {
    /// One [`Random::normal`] standard deviation.
    pub const DEVIATION: i64 = 1024;

    /// The sequence of this seed.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// One of many sequences of this seed, which have nothing to do with each other.
    pub fn stream(seed: u64, number: u64) -> Self {
        let mut seeds = Self::new(seed ^ number.wrapping_mul(0xD1B5_4A32_D192_ED03));
        Self::new(seeds.next_u64())
    }

    /// The next number.
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`, or 0 where that is 0. The bias of the remainder does not matter for small bounds.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next_u64().checked_rem(bound).unwrap_or_default()
    }

    /// A number from `low` to `high`, both included.
    pub fn within(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low).saturating_add(1))
    }

    /// Whether something of this chance in a hundred happens.
    pub fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    /// A number around 0 with a standard deviation of [`Random::DEVIATION`]: the sum of four uniform ones, which
    /// looks like a normal distribution within 3.4 deviations and ends there.
    pub fn normal(&mut self) -> i64 {
        let bits = self.next_u64();
        let sum: u64 = (0..4).map(|part| bits >> (16 * part) & 0xFFFF).sum();
        // The mean of the sum is 4 × 65,535 / 2, its deviation 65,536 / √3.
        (sum as i64 - 131_070) * Self::DEVIATION / 37_837
    }

    /// A length of time until something happens that happens every `mean` on average and never knows when it last
    /// did: an exponential distribution, with its logarithm in straight pieces.
    pub fn wait(&mut self, mean: u64) -> u64 {
        let bits = self.next_u64() | 1;
        let zeros = bits.leading_zeros();
        let fraction = (bits << zeros << 1) >> 48;
        let logarithm = (u64::from(zeros) + 1) * 65_536 - fraction;
        // The mean of the logarithm so taken is 1.5.
        let wait = u128::from(mean) * u128::from(logarithm) / (65_536 * 3 / 2);
        u64::try_from(wait).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNT: i64 = 100_000;

    #[test]
    fn normal_numbers_have_their_mean_and_deviation() {
        let mut random = Random::new(7);
        let numbers: Vec<i64> = (0..COUNT).map(|_| random.normal()).collect();
        let mean = numbers.iter().sum::<i64>() / COUNT;
        let variance = numbers.iter().map(|number| number * number).sum::<i64>() / COUNT;
        assert!(mean.abs() < 15, "{mean}");
        assert!((1_000..1_050).contains(&variance.isqrt()), "{variance}");
    }

    #[test]
    fn waits_have_their_mean_and_are_short_more_often_than_long() {
        let mut random = Random::new(7);
        let waits: Vec<u64> = (0..COUNT).map(|_| random.wait(1_000)).collect();
        let mean = waits.iter().sum::<u64>() / COUNT as u64;
        assert!((980..1_020).contains(&mean), "{mean}");
        let short = waits.iter().filter(|wait| **wait < 1_000).count();
        assert!(
            (58_000..68_000).contains(&short),
            "an exponential has 63 %: {short}"
        );
    }

    #[test]
    fn streams_of_a_seed_differ() {
        let first = |number| Random::stream(1, number).next_u64();
        assert_eq!(first(0), first(0));
        assert_ne!(first(0), first(1));
    }
}
