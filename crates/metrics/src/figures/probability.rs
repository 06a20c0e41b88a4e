//! Figures of probabilities that are means over the rows: log loss, Brier score, top-k accuracy.

use crate::rows::ClassRows;

/// What a probability is raised to before its logarithm is taken: that of scikit-learn's `log_loss`, the spacing of
/// numbers at 1.
const SMALLEST: f64 = f64::EPSILON;

/// The cross-entropy of each row, in nats.
pub(crate) fn losses(rows: ClassRows) -> Vec<f64> {
    let pairs = rows.labels().iter().zip(rows.probabilities().rows());
    pairs.map(|(&label, row)| -row[label].max(SMALLEST).ln()).collect()
}

/// The Brier score of each row: the sum over the classes of the squared distance between probability and truth; of two
/// classes, where both distances are the same, half of it. As scikit-learn's `brier_score_loss`.
pub(crate) fn brier(rows: ClassRows) -> Vec<f64> {
    let two = rows.n_classes() == 2;
    let score = |(&label, row): (&usize, &[f64])| {
        if two {
            let distance = row[1] - label as f64;
            return distance * distance;
        }
        let all: f64 = row.iter().map(|p| p * p).sum();
        let own = row[label];
        all - own * own + (1.0 - own) * (1.0 - own)
    };
    rows.labels().iter().zip(rows.probabilities().rows()).map(score).collect()
}

/// Whether each row has its label among the `k` largest probabilities; of equal ones the later class comes first, as in
/// scikit-learn's `top_k_accuracy_score`.
pub(crate) fn in_top<'a>(rows: ClassRows<'a>, k: usize) -> impl Iterator<Item = bool> + 'a {
    rows.labels().iter().zip(rows.probabilities().rows()).map(move |(&label, row)| {
        let own = row[label];
        let ahead = |(class, &p): (usize, &f64)| p > own || (p == own && class > label);
        row.iter().enumerate().filter(|&column| ahead(column)).count() < k
    })
}
