//! Shape check of class probabilities, for the metrics that take them.

/// The number of classes, if there is one row of probabilities for each label, all rows have the same width, and every
/// label is a column of it.
pub(crate) fn n_classes(labels: &[usize], probabilities: &[Vec<f64>]) -> Option<usize> {
    let n_classes = probabilities.first()?.len();
    let fits = labels.len() == probabilities.len()
        && labels.iter().all(|&label| label < n_classes)
        && probabilities.iter().all(|row| row.len() == n_classes);
    fits.then_some(n_classes)
}
