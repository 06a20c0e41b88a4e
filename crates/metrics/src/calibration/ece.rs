//! Expected calibration error (ECE): how far confidence is from accuracy.

use crate::probabilities::{Probabilities, most_probable};

/// The customary number of bins, as in Guo et al. 2017.
pub const CALIBRATION_BINS: usize = 15;

/// Expected calibration error of `probabilities`, `(n, n_classes)`, against `labels`, `(n)`; in `[0, 1]`.
///
/// Rows fall by the probability of the predicted class into `n_bins` bins of equal width, each open below and closed
/// above. The error is the mean over rows of `|accuracy - mean confidence|` of the row's bin (Guo et al. 2017, "On
/// Calibration of Modern Neural Networks"). Of equal probabilities the first is the prediction. `None` when there are no
/// rows or no bins, or when the shapes do not fit.
#[must_use]
pub fn expected_calibration_error(labels: &[usize], probabilities: Probabilities, n_bins: usize) -> Option<f64> {
    if n_bins == 0 || labels.is_empty() || labels.len() != probabilities.n_rows() {
        return None;
    }
    // The sum of (correct - confidence) over the rows of a bin is its size times its gap.
    let mut gaps = vec![0.0; n_bins];
    for (&label, row) in labels.iter().zip(probabilities.rows()) {
        let (prediction, confidence) = most_probable(row);
        let correct = if prediction == label { 1.0 } else { 0.0 };
        gaps[bin(confidence, n_bins)] += correct - confidence;
    }
    let sum: f64 = gaps.iter().map(|gap| gap.abs()).sum();
    Some(sum / labels.len() as f64)
}

/// The bin with `lower < confidence <= upper`, where the upper edge of bin `i` is `(i + 1) / n_bins`.
pub(super) fn bin(confidence: f64, n_bins: usize) -> usize {
    let inner_edges = (1..n_bins).map(|edge| edge as f64 / n_bins as f64);
    inner_edges.filter(|&edge| edge < confidence).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_belongs_to_the_bin_below_it() {
        assert_eq!(bin(0.0, 5), 0);
        assert_eq!(bin(0.2, 5), 0);
        assert_eq!(bin(0.200_000_1, 5), 1);
        assert_eq!(bin(0.6, 5), 2);
        assert_eq!(bin(1.0, 5), 4);
    }

    /// The expectation is that of the same definition written with NumPy.
    #[test]
    fn is_the_mean_gap_over_the_rows() {
        let labels = [0, 1, 1, 0, 1, 0, 1, 0];
        let scores = [0.2, 0.8, 0.5, 0.5, 0.5, 0.1, 0.3, 0.4];
        let probabilities = scores.map(|s| [1.0 - s, s]);
        let probabilities = Probabilities::new(probabilities.as_flattened(), 2).unwrap();
        let error = expected_calibration_error(&labels, probabilities, CALIBRATION_BINS).unwrap();
        assert!((error - 0.2625).abs() < 1e-15);
    }

    #[test]
    fn is_undefined_for_shapes_that_do_not_fit() {
        let row = Probabilities::new(&[0.3, 0.7], 2).unwrap();
        assert_eq!(expected_calibration_error(&[], Probabilities::new(&[], 2).unwrap(), 15), None);
        assert_eq!(expected_calibration_error(&[0], row, 0), None);
        assert_eq!(expected_calibration_error(&[0, 1], row, 15), None);
    }
}
