//! Reliability: how often rows of a confidence are right.

use serde::{Deserialize, Serialize};

use super::ece::bin;
use crate::interval::{Interval, wilson_interval};
use crate::probabilities::{Probabilities, most_probable};

/// How rows are put into bins by their confidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Binning {
    /// Bins of equal width, each open below and closed above, as those of the calibration error.
    EqualWidth,
    /// Bins of equally many rows; rows of equal confidence stay together.
    EqualMass,
}

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
    /// The smallest confidence; of bins of equal width the lower edge.
    pub low: f64,
    /// The largest confidence; of bins of equal width the upper edge.
    pub high: f64,
}

/// The bins of `probabilities`, `(n, n_classes)`, against `labels`, `(n)`, by ascending confidence; empty ones are left
/// out. The confidence is the largest probability, the first of equals the prediction.
#[must_use]
pub fn reliability(
    labels: &[usize],
    probabilities: Probabilities,
    n_bins: usize,
    binning: Binning,
) -> Vec<ReliabilityBin> {
    if n_bins == 0 {
        return Vec::new();
    }
    let rows = labels.iter().zip(probabilities.rows()).map(|(&label, row)| {
        let (prediction, confidence) = most_probable(row);
        (confidence, prediction == label)
    });
    match binning {
        Binning::EqualWidth => equal_width(rows, n_bins),
        Binning::EqualMass => {
            let mut rows: Vec<(f64, bool)> = rows.collect();
            rows.sort_unstable_by(|left, right| left.0.total_cmp(&right.0));
            equal_mass(&rows, n_bins)
        }
    }
}

fn equal_width(rows: impl Iterator<Item = (f64, bool)>, n_bins: usize) -> Vec<ReliabilityBin> {
    let mut sums = vec![(0_u64, 0.0, 0_u64); n_bins];
    for (confidence, is_right) in rows {
        let sum = &mut sums[bin(confidence, n_bins)];
        *sum = (sum.0 + 1, sum.1 + confidence, sum.2 + u64::from(is_right));
    }
    let edge = |index: usize| index as f64 / n_bins as f64;
    let filled = sums.into_iter().enumerate().filter(|(_, sum)| sum.0 > 0);
    filled
        .map(|(index, (n, confidence, right))| of_sums(n, confidence, right, (edge(index), edge(index + 1))))
        .collect()
}

fn equal_mass(ascending: &[(f64, bool)], n_bins: usize) -> Vec<ReliabilityBin> {
    let mut bins = Vec::new();
    let mut begin = 0;
    for index in 1..=n_bins {
        let mut end = index * ascending.len() / n_bins;
        while end > 0 && end < ascending.len() && ascending[end].0 == ascending[end - 1].0 {
            end += 1;
        }
        if end <= begin {
            continue;
        }
        let rows = &ascending[begin..end];
        let right = rows.iter().filter(|row| row.1).count() as u64;
        let ends = (rows[0].0, rows[rows.len() - 1].0);
        bins.push(of_sums(rows.len() as u64, rows.iter().map(|row| row.0).sum(), right, ends));
        begin = end;
    }
    bins
}

fn of_sums(n: u64, confidence: f64, right: u64, (low, high): (f64, f64)) -> ReliabilityBin {
    let (confidence, accuracy) = (confidence / n as f64, right as f64 / n as f64);
    ReliabilityBin { n, confidence, accuracy, interval: wilson_interval(right, n), low, high }
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
        let bins = reliability(&labels, probabilities, 15, Binning::EqualWidth);
        let n: u64 = bins.iter().map(|bin| bin.n).sum();
        assert_eq!(n, 97);
        let gap: f64 = bins.iter().map(|bin| bin.n as f64 * (bin.accuracy - bin.confidence).abs()).sum();
        let error = expected_calibration_error(&labels, probabilities, 15).unwrap();
        assert!((gap / 97.0 - error).abs() < 1e-15);
        assert!(bins.iter().all(|bin| bin.low < bin.confidence && bin.confidence <= bin.high));
    }

    #[test]
    fn bins_of_equal_mass_differ_by_a_tie() {
        let (labels, values) = rows();
        let bins = reliability(&labels, Probabilities::new(&values, 2).unwrap(), 10, Binning::EqualMass);
        assert_eq!(bins.len(), 10);
        assert!(bins.iter().all(|bin| (8..=11).contains(&bin.n)), "{bins:?}");
        let constant = reliability(&[0, 1, 0], Probabilities::new(&[0.5; 6], 2).unwrap(), 10, Binning::EqualMass);
        assert_eq!(constant.iter().map(|bin| bin.n).collect::<Vec<_>>(), [3]);
        assert_eq!(reliability(&[], Probabilities::new(&[], 2).unwrap(), 10, Binning::EqualMass), []);
    }
}
