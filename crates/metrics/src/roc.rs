//! ROC AUC: the area under the receiver operating characteristic, from ranks.
//!
//! The area is the probability that a row of the class scores above a row of another class, half counted for ties: the
//! Mann-Whitney statistic, so no curve has to be drawn (Hanley and McNeil 1982).

use crate::probabilities::Probabilities;
use crate::ranks::average_ranks;

/// Area under the ROC curve of `probabilities`, `(n, n_classes)`, against `labels`, `(n)`.
///
/// With two classes it is the area for class 1, otherwise the plain mean over the classes of each against the rest: in
/// scikit-learn `roc_auc_score(multi_class="ovr", average="macro")`. `None` when a class has no rows or when the
/// shapes do not fit.
#[must_use]
pub fn roc_auc(labels: &[usize], probabilities: Probabilities) -> Option<f64> {
    let n_classes = probabilities.n_classes();
    if labels.len() != probabilities.n_rows() || labels.iter().any(|&label| label >= n_classes) {
        return None;
    }
    match n_classes {
        0 | 1 => None,
        2 => one_against_rest(1, labels, probabilities),
        n_classes => {
            let areas = (0..n_classes).map(|class| one_against_rest(class, labels, probabilities));
            let sum: f64 = areas.sum::<Option<f64>>()?;
            Some(sum / n_classes as f64)
        }
    }
}

fn one_against_rest(class: usize, labels: &[usize], probabilities: Probabilities) -> Option<f64> {
    let scores: Vec<f64> = probabilities.column(class).collect();
    let ranks = average_ranks(&scores);
    let own_ranks = labels.iter().zip(&ranks).filter(|&(&label, _)| label == class);
    let rank_sum: f64 = own_ranks.map(|(_, rank)| rank).sum();

    let n_own = labels.iter().filter(|&&label| label == class).count() as f64;
    let n_rest = labels.len() as f64 - n_own;
    if n_own == 0.0 || n_rest == 0.0 {
        return None;
    }
    Some((rank_sum - n_own * (n_own + 1.0) / 2.0) / (n_own * n_rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(labels: &[usize], values: &[f64], n_classes: usize) -> Option<f64> {
        roc_auc(labels, Probabilities::new(values, n_classes).unwrap())
    }

    /// The expectations are those of scikit-learn 1.9.
    #[test]
    fn agrees_with_scikit_learn_where_scores_tie() {
        let labels = [0, 1, 1, 0, 1, 0, 1, 0];
        let scores = [0.2, 0.8, 0.5, 0.5, 0.5, 0.1, 0.3, 0.4];
        assert_eq!(area(&labels, scores.map(|s| [1.0 - s, s]).as_flattened(), 2), Some(0.8125));

        let labels = [0, 1, 2, 2, 1, 0, 2];
        let probabilities = [
            [0.6, 0.3, 0.1],
            [0.2, 0.5, 0.3],
            [0.1, 0.3, 0.6],
            [0.3, 0.4, 0.3],
            [0.3, 0.4, 0.3],
            [0.2, 0.4, 0.4],
            [0.25, 0.25, 0.5],
        ];
        let area = area(&labels, probabilities.as_flattened(), 3).unwrap();
        assert!((area - 0.794_444_444_444_444_4).abs() < 1e-15);
    }

    #[test]
    fn is_undefined_without_rows_of_a_class() {
        assert_eq!(area(&[], &[], 2), None);
        assert_eq!(area(&[1, 1], &[0.3, 0.7, 0.6, 0.4], 2), None);
        assert_eq!(area(&[0, 1], &[0.2, 0.5, 0.3, 0.3, 0.3, 0.4], 3), None);
    }

    #[test]
    fn is_undefined_for_shapes_that_do_not_fit() {
        assert_eq!(area(&[0, 1], &[0.3, 0.7], 2), None);
        assert_eq!(area(&[0, 2], &[0.3, 0.7, 0.6, 0.4], 2), None);
    }
}
