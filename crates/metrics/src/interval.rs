//! Confidence intervals (95 %): Wilson's score interval and the bootstrap.
//!
//! A proportion has Wilson's interval; F1 has a percentile bootstrap over the rows. The rows are redrawn from the
//! confusion matrix, which says all that F1 needs, and the generator is a function of a counter: the same matrix gives
//! the same interval on every machine, whatever the order of the rows was.

use serde::{Deserialize, Serialize};

use crate::classification::{Tally, macro_average, weighted_average};
use crate::confusion::ConfusionMatrix;
use crate::split_mix64::{SPLIT_MIX_INCREMENT, split_mix64};

/// The two-sided 95 % quantile of the standard normal distribution.
const Z: f64 = 1.959_963_984_540_054;
const N_RESAMPLES: usize = 1000;
const SEED: u64 = 42;

/// The bounds of a 95 % confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
}

/// 95 % intervals of the averages of F1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct F1Intervals {
    /// Of F1 weighted by support.
    pub weighted: Interval,
    /// Of the plain mean of F1 over the classes.
    #[serde(rename = "macro")]
    pub macro_: Interval,
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
    Interval { low: (center - half_width).max(0.0), high: (center + half_width).min(1.0) }
}

impl F1Intervals {
    /// Percentile bootstrap (Efron 1979) with 1000 resamples of as many rows as the matrix counts. A resample is scored
    /// like any evaluation: a class that it lost is left out of the macro average.
    #[must_use]
    pub fn new(matrix: &ConfusionMatrix) -> Self {
        let rows = rows(matrix);
        if rows.is_empty() {
            return Self { weighted: Interval::UNKNOWN, macro_: Interval::UNKNOWN };
        }
        let n_classes = matrix.label_names.len();
        let (weighted, macro_) = (0..N_RESAMPLES)
            .map(|resample| resampled_tallies(&rows, n_classes, resample))
            .map(|tallies| (weighted_average(&tallies).f1, macro_average(&tallies).f1))
            .unzip();
        Self { weighted: percentile_interval(weighted), macro_: percentile_interval(macro_) }
    }
}

/// The rows that the matrix counts, as `(label, prediction)`, in the order of its cells.
fn rows(matrix: &ConfusionMatrix) -> Vec<(usize, usize)> {
    let mut rows = Vec::new();
    for (label, row) in matrix.counts.iter().enumerate() {
        for (prediction, &count) in row.iter().enumerate() {
            rows.extend((0..count).map(|_| (label, prediction)));
        }
    }
    rows
}

/// Draws as many rows as there are, with replacement, and tallies them by class.
fn resampled_tallies(rows: &[(usize, usize)], n_classes: usize, resample: usize) -> Vec<Tally> {
    let mut tallies = vec![Tally::default(); n_classes];
    let first_draw = resample * rows.len();
    for draw in first_draw..first_draw + rows.len() {
        let (label, prediction) = rows[random_below(rows.len(), draw as u64)];
        tallies[label].support += 1;
        tallies[prediction].n_predicted += 1;
        if label == prediction {
            tallies[label].n_correct += 1;
        }
    }
    tallies
}

/// The central 95 % of the values, with linear interpolation between neighbors as `numpy.percentile` does by default.
fn percentile_interval(mut values: Vec<f64>) -> Interval {
    values.sort_by(f64::total_cmp);
    let quantile = |q: f64| {
        let position = q * (values.len() - 1) as f64;
        let below = values[position.floor() as usize];
        let above = values[position.ceil() as usize];
        below + (above - below) * position.fract()
    };
    Interval { low: quantile(0.025), high: quantile(0.975) }
}

/// 64 random bits for a draw.
fn random_bits(draw: u64) -> u64 {
    split_mix64(SEED.wrapping_add(draw.wrapping_mul(SPLIT_MIX_INCREMENT)))
}

/// An integer in `0..n`: the high half of the product of `n` and 64 random bits.
fn random_below(n: usize, draw: u64) -> usize {
    ((u128::from(random_bits(draw)) * n as u128) >> 64) as usize
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn matrix(counts: Vec<Vec<u64>>) -> ConfusionMatrix {
        let label_names = (0..counts.len()).map(|class| class.to_string()).collect();
        ConfusionMatrix::from_counts(label_names, counts).unwrap()
    }

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
    }

    /// The expectations are scikit-learn's F1 of the same resamples and NumPy's percentiles of them.
    #[test]
    fn bootstrap_agrees_with_scikit_learn_on_the_same_draws() {
        assert_eq!([random_bits(0), random_bits(1)], [13_679_457_532_755_275_413, 2_949_826_092_126_892_291]);
        let intervals = F1Intervals::new(&matrix(vec![vec![20, 5, 1], vec![4, 15, 6], vec![2, 3, 24]]));
        assert_close(intervals.weighted, 0.634_423_023_784_427_9, 0.834_564_613_374_692_5);
        assert_close(intervals.macro_, 0.624_107_531_431_334_7, 0.825_540_311_172_991_9);
    }

    #[test]
    fn nothing_measured_leaves_everything_possible() {
        assert_eq!(F1Intervals::new(&matrix(vec![vec![0]])).weighted, Interval::UNKNOWN);
    }

    #[test]
    fn a_test_split_takes_no_noticeable_time() {
        let sst5 = matrix(vec![
            vec![88, 191, 0, 0, 0],
            vec![90, 400, 143, 0, 0],
            vec![0, 189, 100, 100, 0],
            vec![0, 0, 110, 300, 100],
            vec![0, 0, 0, 149, 250],
        ]);
        assert_eq!(sst5.n(), 2210);
        let start = Instant::now();
        let _ = F1Intervals::new(&sst5);
        // Tens of milliseconds are expected; the rest is for a busy machine.
        assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    }
}
