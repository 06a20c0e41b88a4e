//! A random generator for tests: the same numbers in every run.

/// A linear congruential generator (Knuth's MMIX constants); its upper bits are good enough to choose with.
#[derive(Debug)]
pub struct Random(u64);

impl Random {
    /// A generator whose first numbers differ even between neighboring seeds.
    pub fn new(seed: u64) -> Self {
        let mut random = Self(seed);
        random.below(1);
        random
    }

    /// A number from 0 to `n - 1`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 24) % n
    }
}
