//! Repeated measurements of one figure, such as an accuracy over seeds: mean, standard deviation, Student's t interval.

use serde::{Deserialize, Serialize};

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
            let half_width = student_quantile(n - 1) * deviation / (n as f64).sqrt();
            Interval { low: mean - half_width, high: mean + half_width }
        });
        Some(Self { n, mean, deviation, interval, min, max })
    }
}

/// The two-sided 95 % quantile of Student's t with `freedom` degrees.
///
/// Up to 12 degrees it is a table, since the known expansions begin with the normal distribution and miss most where
/// values are few; beyond, that of Cornish and Fisher is right to 1e-4.
fn student_quantile(freedom: usize) -> f64 {
    const FEW: [f64; 12] = [
        12.706_204_736_175,
        4.302_652_729_749,
        3.182_446_305_284,
        2.776_445_105_198,
        2.570_581_835_636,
        2.446_911_851_145,
        2.364_624_251_593,
        2.306_004_135_204,
        2.262_157_162_798,
        2.228_138_851_986,
        2.200_985_160_092,
        2.178_812_829_667,
    ];
    if let Some(exact) = freedom.checked_sub(1).and_then(|index| FEW.get(index)) {
        return *exact;
    }
    let (z, n) = (1.959_963_984_540_054_f64, freedom as f64);
    let first = (z.powi(3) + z) / 4.0;
    let second = (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0;
    let third = (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z) / 384.0;
    z + first / n + second / n.powi(2) + third / n.powi(3)
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
    fn quantiles_agree_with_scipy() {
        let expected = [(1, 12.706_204_736_174_694), (12, 2.178_812_829_667_228_4), (13, 2.160_368_656_462_791_3)];
        for (freedom, quantile) in
            expected.into_iter().chain([(20, 2.085_963_447_265_864), (50, 2.008_559_112_100_761)])
        {
            assert_close(student_quantile(freedom), quantile, 1e-4);
        }
    }

    #[test]
    fn one_value_has_no_interval_and_none_has_no_summary() {
        assert_eq!(Sample::new(&[]), None);
        let single = Sample::new(&[0.5]).unwrap();
        assert_eq!((single.mean, single.deviation, single.interval), (0.5, None, None));
    }
}
