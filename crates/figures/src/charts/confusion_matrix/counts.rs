//! What a confusion matrix is drawn from: counts and names.

/// The counts of a confusion matrix, with its title and class names.
#[derive(Clone, Copy, Debug)]
pub struct Confusion<'a> {
    /// May be empty.
    pub title: &'a str,
    /// Such as "n = 1821 · accuracy 88.6 %"; may be empty.
    pub subtitle: &'a str,
    /// The name of each class. Length `n_classes`.
    pub label_names: &'a [String],
    /// Numbers of rows by true class (outer) and predicted class (inner), `(n_classes, n_classes)`.
    pub counts: &'a [Vec<u64>],
}

pub(super) fn fraction(count: u64, n: u64) -> Option<f64> {
    (n > 0).then(|| count as f64 / n as f64)
}
