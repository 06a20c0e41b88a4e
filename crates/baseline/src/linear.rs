//! Linear models of sparse rows: scores are the weighted sum of a row's features and an intercept.

use crate::lbfgs::minimize;
use crate::tfidf::SparseRows;

/// The largest part of the gradient of the mean loss at which training ends. Scikit-learn's default of 1e-4 leaves
/// probabilities a few thousandths from the minimum.
const TOLERANCE: f64 = 1e-7;

/// Weights, `(n_features + 1, n_outputs)`; the last row is the intercepts.
#[derive(Clone, Debug)]
pub(crate) struct Linear {
    weights: Vec<f64>,
    n_outputs: usize,
}

impl Linear {
    /// Minimizes the sum of the losses and half of `penalty` times the squared weights; intercepts are free.
    ///
    /// `loss` takes a row's index and its scores, `(n_outputs)`, which it replaces by the derivatives of the loss.
    pub(crate) fn fit(
        rows: &SparseRows,
        n_outputs: usize,
        penalty: f64,
        loss: impl Fn(usize, &mut [f64]) -> f64,
    ) -> Self {
        let n_weights = rows.n_features * n_outputs;
        let n = rows.n_rows() as f64;
        let mut scores = vec![0.0; n_outputs];
        let weights = minimize(n_weights + n_outputs, TOLERANCE, |weights, gradient| {
            let squares: f64 = weights[..n_weights].iter().map(|weight| weight * weight).sum();
            let mut sum = penalty / 2.0 * squares;
            for (gradient, weight) in gradient.iter_mut().zip(&weights[..n_weights]) {
                *gradient = penalty * weight / n;
            }
            gradient[n_weights..].fill(0.0);
            for row in 0..rows.n_rows() {
                score(weights, rows, row, &mut scores);
                sum += loss(row, &mut scores);
                for (feature, value) in rows.row(row) {
                    let of_feature = &mut gradient[feature * n_outputs..(feature + 1) * n_outputs];
                    of_feature.iter_mut().zip(&scores).for_each(|(gradient, score)| *gradient += value * score / n);
                }
                gradient[n_weights..].iter_mut().zip(&scores).for_each(|(gradient, score)| *gradient += score / n);
            }
            sum / n
        });
        Self { weights, n_outputs }
    }

    /// The scores of each row, `(n_rows, n_outputs)`.
    pub(crate) fn scores(&self, rows: &SparseRows) -> Vec<f64> {
        let mut scores = vec![0.0; rows.n_rows() * self.n_outputs];
        for (row, scores) in scores.chunks_mut(self.n_outputs).enumerate() {
            score(&self.weights, rows, row, scores);
        }
        scores
    }
}

fn score(weights: &[f64], rows: &SparseRows, row: usize, scores: &mut [f64]) {
    let n_outputs = scores.len();
    scores.copy_from_slice(&weights[rows.n_features * n_outputs..]);
    for (feature, value) in rows.row(row) {
        let of_feature = &weights[feature * n_outputs..(feature + 1) * n_outputs];
        scores.iter_mut().zip(of_feature).for_each(|(score, weight)| *score += value * weight);
    }
}
