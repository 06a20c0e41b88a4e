//! Confidence intervals (95 %), and Wilson's score interval of a proportion.

use serde::{Deserialize, Serialize};

use crate::distributions::Z;

/// The bounds of a 95 % confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
}

impl Interval {
    /// The interval of a proportion when nothing was measured.
    const UNKNOWN: Self = Self { low: 0.0, high: 1.0 };
}

/// Wilson's score interval (1927) for the proportion `n_successes / n`, such as an accuracy. Everything is possible
/// when `n` is zero.
#[must_use]
pub fn wilson_interval(n_successes: u64, n: u64) -> Interval {
    if n == 0 {
        return Interval::UNKNOWN;
    }
    let n = n as f64;
    let proportion = n_successes as f64 / n;
    let scale = 1.0 + Z * Z / n;
    let center = (proportion + Z * Z / (2.0 * n)) / scale;
    let half_width = Z / scale * (proportion * (1.0 - proportion) / n + Z * Z / (4.0 * n * n)).sqrt();
    // Where all or none succeeded, that end is exact, which the rounding of a root would miss.
    let low = if n_successes == 0 { 0.0 } else { (center - half_width).max(0.0) };
    let high = if n_successes as f64 == n { 1.0 } else { (center + half_width).min(1.0) };
    Interval { low, high }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_close(interval: Interval, low: f64, high: f64) {
        assert!((interval.low - low).abs() < 1e-14, "{interval:?}");
        assert!((interval.high - high).abs() < 1e-14, "{interval:?}");
    }

    /// The expectations are those of `scipy.stats.binomtest(..).proportion_ci(method="wilson")`.
    #[test]
    fn wilson_agrees_with_scipy() {
        assert_close(wilson_interval(1613, 1821), 0.870_348_369_188_770_3, 0.899_581_529_766_935_8);
        assert_close(wilson_interval(3, 7), 0.158_219_855_251_469_7, 0.749_541_635_472_342_8);
        assert_close(wilson_interval(0, 10), 0.0, 0.277_532_799_862_889_26);
        assert_close(wilson_interval(10, 10), 0.722_467_200_137_110_7, 1.0);
        assert_eq!(wilson_interval(0, 0), Interval::UNKNOWN);
        assert!((1..2000).all(|n| wilson_interval(n, n).high == 1.0 && wilson_interval(0, n).low == 0.0));
    }
}
