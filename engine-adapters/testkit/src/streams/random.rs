//! Random numbers: from a seed by SplitMix64, as published by Steele, Lea and Flood (2014), or from given bytes.

/// Numbers that look random and follow from a seed, or from bytes that somebody else has chosen.
#[derive(Clone, Debug)]
pub struct Random {
    source: Source,
}

#[derive(Clone, Debug)]
enum Source {
    Seed(u64),
    /// The bytes, the next of which is the last.
    Bytes(Vec<u8>),
}

impl Random {
    /// The sequence of this seed.
    pub fn new(seed: u64) -> Self {
        Self {
            source: Source::Seed(seed),
        }
    }

    /// A number for every two of these bytes, then zeros. A fuzzer that changes some bytes changes some decisions.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self {
            source: Source::Bytes(bytes.iter().rev().copied().collect()),
        }
    }

    /// Whether there were bytes and there are no more.
    pub fn is_used_up(&self) -> bool {
        matches!(&self.source, Source::Bytes(bytes) if bytes.is_empty())
    }

    /// The next number.
    pub fn next_u64(&mut self) -> u64 {
        match &mut self.source {
            Source::Bytes(bytes) => {
                let mut next = || bytes.pop().unwrap_or_default();
                u64::from(u16::from_le_bytes([next(), next()]))
            }
            Source::Seed(state) => {
                *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
                let mut z = *state;
                z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
                z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
                z ^ (z >> 31)
            }
        }
    }

    /// A number below `bound`, which is not zero. The bias of the remainder does not matter for small bounds.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next_u64() % bound
    }

    /// A number from `low` to `high`, both included.
    pub fn within(&mut self, low: i64, high: i64) -> i64 {
        low + self.below(high.abs_diff(low) + 1) as i64
    }

    /// Whether an event of this chance in a hundred happens.
    pub fn percent(&mut self, chance: u32) -> bool {
        self.below(100) < u64::from(chance)
    }

    /// One of these, each as likely.
    ///
    /// # Panics
    /// When there is none.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }

    /// One of these, as likely as its weight says.
    ///
    /// # Panics
    /// When the weights are all zero.
    pub fn weighted<T: Copy>(&mut self, choices: &[(u32, T)]) -> T {
        let sum: u32 = choices.iter().map(|(weight, _)| weight).sum();
        let mut at = self.below(u64::from(sum)) as u32;
        for (weight, choice) in choices {
            if at < *weight {
                return *choice;
            }
            at -= weight;
        }
        panic!("a number below the sum of weights falls on one of them");
    }
}
