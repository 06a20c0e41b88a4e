//! Reliability: how often rows of a confidence are right.

use serde::{Deserialize, Serialize};

use super::ece::bin;
use crate::interval::{Interval, wilson_interval};
use crate::probabilities::{Probabilities, most_probable};

/// Rows of similar confidence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityBin {
    /// Number of rows.
    pub n: u64,
    /// Mean probability of the predicted class.
    pub confidence: f64,
    /// Fraction of right predictions.
    pub accuracy: f64,
    /// Wilson's 95 % interval of the accuracy.
    pub interval: Interval,
    /// The lower edge.
    pub low: f64,
    /// The upper edge.
    pub high: f64,
}

/// The bins of `probabilities`, `(n, n_classes)`, against `labels`, `(n)`: of equal width, open below and closed above as those of the
/// calibration error, by ascending confidence; empty ones are left out. The confidence is the largest probability, the first of equals
/// the prediction.
#[must_use]
pub fn reliability(labels: &[usize], probabilities: Probabilities, n_bins: usize) -> Vec<ReliabilityBin> {
    if n_bins == 0 {
        return Vec::new();
    }
    let mut sums = vec![(0_u64, 0.0, 0_u64); n_bins];
    for (&label, row) in labels.iter().zip(probabilities.rows()) {
        let (prediction, confidence) = most_probable(row);
        let sum = &mut sums[bin(confidence, n_bins)];
        *sum = (sum.0 + 1, sum.1 + confidence, sum.2 + u64::from(prediction == label));
    }
    let edge = |index: usize| index as f64 / n_bins as f64;
    let filled = sums.into_iter().enumerate().filter(|(_, (n, ..))| *n > 0);
    let of_sums = |(index, (n, confidence, right)): (usize, (u64, f64, u64))| ReliabilityBin {
        n,
        confidence: confidence / n as f64,
        accuracy: right as f64 / n as f64,
        interval: wilson_interval(right, n),
        low: edge(index),
        high: edge(index + 1),
    };
    filled.map(of_sums).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibration::expected_calibration_error;

    fn rows() -> (Vec<usize>, Vec<f64>) {
        let scores: Vec<f64> = (0..97).map(|row| f64::from(row * 37 % 97) / 97.0).collect();
        let labels =
            scores.iter().enumerate().map(|(row, score)| usize::from(*score > 0.3) ^ usize::from(row % 5 == 0));
        (labels.collect(), scores.iter().flat_map(|score| [1.0 - score, *score]).collect())
    }

    #[test]
    fn the_calibration_error_is_the_mean_gap_of_the_bins() {
        let (labels, values) = rows();
        let probabilities = Probabilities::new(&values, 2).unwrap();
        let bins = reliability(&labels, probabilities, 15);
        let n: u64 = bins.iter().map(|bin| bin.n).sum();
        assert_eq!(n, 97);
        let gap: f64 = bins.iter().map(|bin| bin.n as f64 * (bin.accuracy - bin.confidence).abs()).sum();
        let error = expected_calibration_error(&labels, probabilities, 15).unwrap();
        assert!((gap / 97.0 - error).abs() < 1e-15);
        assert!(bins.iter().all(|bin| bin.low < bin.confidence && bin.confidence <= bin.high));
    }
}
