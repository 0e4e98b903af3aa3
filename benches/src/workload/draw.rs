/// The generator of all chance in a workload: xoshiro256++, seeded through `SplitMix64`.
///
/// Both are public-domain algorithms by Blackman, Vigna and Steele. They are written out here because a
/// workload must come out the same for ever, and a library promises that only within a version.
pub(super) struct Draw([u64; 4]);

impl Draw {
    pub(super) fn seeded(seed: u64) -> Self {
        let mut state = seed;
        Self([(); 4].map(|()| {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut word = state;
            word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            word ^ (word >> 31)
        }))
    }

    /// Uniform in `0..end`, as the high word of a product. The bias is below `end` in 2^64.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.word()) * u128::from(end)) >> 64) as u64
    }

    fn word(&mut self) -> u64 {
        let [a, b, c, d] = self.0;
        let word = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let (c, d) = (c ^ a, d ^ b);
        self.0 = [a ^ d, b ^ c, c ^ (b << 17), d.rotate_left(45)];
        word
    }
}

/// A geometric distribution that is cut off, drawn without floating point.
///
/// `survival[k]` is the probability of at least `k`, scaled by 2^63.
pub(super) struct Geometric {
    survival: Vec<u64>,
}

impl Geometric {
    pub(super) fn new(mean: u64, end: usize) -> Self {
        let next =
            |&scaled: &u64| Some((u128::from(scaled) * u128::from(mean) / u128::from(mean + 1)) as u64);
        Self {
            survival: std::iter::successors(Some(1 << 63), next).take(end + 1).collect(),
        }
    }

    /// A value in `0..end`.
    pub(super) fn draw(&self, chance: &mut Draw) -> i64 {
        let (first, last) = (self.survival[0], self.survival[self.survival.len() - 1]);
        let scaled = last + 1 + chance.below(first - last);
        let at_least = self.survival.partition_point(|&survival| survival >= scaled);
        // The first entry is above every draw, so one is always counted too many.
        at_least as i64 - 1
    }
}
