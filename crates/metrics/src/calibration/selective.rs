//! Selective prediction: how accuracy grows when the least certain rows are left out.

use serde::{Deserialize, Serialize};

use crate::interval::{Interval, wilson_interval};
use crate::rows::ClassRows;

/// The rows that are kept at one threshold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CoveragePoint {
    /// Share of the rows that are kept.
    pub coverage: f64,
    /// The smallest confidence among them.
    pub threshold: f64,
    /// Fraction of right predictions among them.
    pub accuracy: f64,
}

/// The smallest confidence at which predictions are as precise as wished.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PrecisionThreshold {
    /// Predictions at least as confident are kept.
    pub threshold: f64,
    /// Share of the predictions, of the class or of all, that are kept.
    pub coverage: f64,
    /// Fraction of right ones among them, at least the wished one.
    pub precision: f64,
    /// Wilson's 95 % interval of it; the threshold was chosen on the same rows, so the precision of others is rather lower.
    pub interval: Interval,
}

/// Accuracy against coverage, from the most certain row on, in at most `most_points` points of evenly spread coverage.
/// Rows of equal confidence, the probability of the prediction, are kept together.
#[must_use]
pub fn accuracy_by_coverage(rows: ClassRows, most_points: usize) -> Vec<CoveragePoint> {
    let points = kept(descending(rows, None), rows.n());
    let (n, most) = (points.len(), most_points.max(1));
    let index = |point: usize| if n <= most { point } else { (point + 1) * n / most - 1 };
    (0..n.min(most)).map(|point| points[index(point)].0).collect()
}

/// The threshold with the largest coverage at which the precision of predictions of `class`, or of all, is at least
/// `wished`; `None` where no threshold reaches it.
#[must_use]
pub fn threshold_for_precision(rows: ClassRows, class: Option<usize>, wished: f64) -> Option<PrecisionThreshold> {
    let descending = descending(rows, class);
    let n = descending.len();
    let points = kept(descending, n);
    let (point, n_right, n_kept) = points.into_iter().rev().find(|(point, ..)| point.accuracy >= wished)?;
    Some(PrecisionThreshold {
        threshold: point.threshold,
        coverage: point.coverage,
        precision: point.accuracy,
        interval: wilson_interval(n_right, n_kept),
    })
}

/// Confidence and whether the prediction is right, from the most certain on.
fn descending(rows: ClassRows, class: Option<usize>) -> Vec<(f64, bool)> {
    let predictions = rows.labels().iter().zip(rows.predictions()).zip(rows.probabilities().rows());
    let mut descending: Vec<(f64, bool)> = predictions
        .filter(|&((_, prediction), _)| class.is_none_or(|class| class == *prediction))
        .map(|((label, &prediction), row)| (row[prediction], *label == prediction))
        .collect();
    descending.sort_unstable_by(|left, right| right.0.total_cmp(&left.0));
    descending
}

/// A point at the end of every run of equal confidences, with the right and all predictions up to it.
fn kept(descending: Vec<(f64, bool)>, n: usize) -> Vec<(CoveragePoint, u64, u64)> {
    let (mut n_kept, mut n_right) = (0, 0);
    let ties = descending.chunk_by(|left, right| left.0 == right.0);
    ties.map(|tie| {
        n_kept += tie.len() as u64;
        n_right += tie.iter().filter(|row| row.1).count() as u64;
        let accuracy = n_right as f64 / n_kept as f64;
        (CoveragePoint { coverage: n_kept as f64 / n as f64, threshold: tie[0].0, accuracy }, n_right, n_kept)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probabilities::Probabilities;

    const LABELS: [usize; 5] = [1, 1, 0, 0, 1];
    const PREDICTIONS: [usize; 5] = [1, 1, 1, 0, 0];
    const VALUES: [f64; 10] = [0.1, 0.9, 0.2, 0.8, 0.2, 0.8, 0.7, 0.3, 0.6, 0.4];

    fn rows() -> ClassRows<'static> {
        ClassRows::new(&LABELS, &PREDICTIONS, Probabilities::new(&VALUES, 2).unwrap()).unwrap()
    }

    #[test]
    fn the_surest_come_first_and_equals_together() {
        let points = accuracy_by_coverage(rows(), 200);
        let expected = [(0.2, 0.9, 1.0), (0.6, 0.8, 2.0 / 3.0), (0.8, 0.7, 0.75), (1.0, 0.6, 0.6)];
        let found: Vec<_> = points.iter().map(|point| (point.coverage, point.threshold, point.accuracy)).collect();
        assert_eq!(found, expected);
        let thinned = accuracy_by_coverage(rows(), 2);
        assert_eq!(thinned.iter().map(|point| point.coverage).collect::<Vec<_>>(), [0.6, 1.0]);
    }

    #[test]
    fn the_threshold_keeps_as_much_as_it_can() {
        let of_all = threshold_for_precision(rows(), None, 0.7).unwrap();
        assert_eq!((of_all.threshold, of_all.coverage, of_all.precision), (0.7, 0.8, 0.75));
        let of_class = threshold_for_precision(rows(), Some(1), 0.9).unwrap();
        assert_eq!((of_class.threshold, of_class.coverage), (0.9, 1.0 / 3.0));
        assert_eq!(threshold_for_precision(rows(), Some(0), 1.0).unwrap().coverage, 0.5);
        assert_eq!(threshold_for_precision(rows(), None, 1.1), None);
    }
}
