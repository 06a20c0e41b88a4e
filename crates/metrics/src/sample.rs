//! Repeated measurements of one figure, such as an accuracy over seeds: mean, standard deviation, Student's t interval.

use serde::{Deserialize, Serialize};

use crate::distributions::student_quantile;
use crate::interval::Interval;

/// Summary statistics of repeated measurements.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// How many measurements there are.
    pub n: usize,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation, with `n - 1`; `None` for a single one.
    pub deviation: Option<f64>,
    /// 95 % interval of the mean by Student's t; `None` for a single one.
    pub interval: Option<Interval>,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
}

impl Sample {
    /// Summarizes `values`; `None` when there are none. Differences of pairs, seed by seed, are values too: then the
    /// interval is that of the paired comparison.
    #[must_use]
    pub fn new(values: &[f64]) -> Option<Self> {
        let n = values.len();
        let (min, max) = (values.iter().copied().reduce(f64::min)?, values.iter().copied().reduce(f64::max)?);
        let mean = values.iter().sum::<f64>() / n as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let deviation = (n > 1).then(|| (squares / (n - 1) as f64).sqrt());
        let interval = deviation.map(|deviation| {
            let half_width = student_quantile((n - 1) as f64) * deviation / (n as f64).sqrt();
            Interval { low: mean - half_width, high: mean + half_width }
        });
        Some(Self { n, mean, deviation, interval, min, max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_close(value: f64, expected: f64, tolerance: f64) {
        assert!((value - expected).abs() < tolerance, "{value} is not {expected}");
    }

    /// The expectations are those of NumPy and of `scipy.stats.t.interval`.
    #[test]
    fn three_seeds_agree_with_scipy() {
        let sample = Sample::new(&[0.8858, 0.8869, 0.8775]).unwrap();
        let interval = sample.interval.unwrap();
        assert_close(sample.mean, 0.8834, 1e-12);
        assert_close(sample.deviation.unwrap(), 0.005_139_066_063_011_884, 1e-12);
        assert_close(interval.low, 0.870_633_852_189_695_8, 1e-12);
        assert_close(interval.high, 0.896_166_147_810_304_1, 1e-12);
        assert_eq!((sample.n, sample.min, sample.max), (3, 0.8775, 0.8869));
    }

    #[test]
    fn one_value_has_no_interval_and_none_has_no_summary() {
        assert_eq!(Sample::new(&[]), None);
        let single = Sample::new(&[0.5]).unwrap();
        assert_eq!((single.mean, single.deviation, single.interval), (0.5, None, None));
    }
}
