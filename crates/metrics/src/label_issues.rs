//! Likely label errors by confident learning (Northcutt, Jiang and Chuang 2021), as cleanlab's `find_label_issues` finds them.
//!
//! The probabilities have to be out of fold: a model that has seen a label repeats it. A class is meant confidently where its
//! probability is above its mean over the rows that carry its label; how often which label is confidently meant as which
//! other gives the number of errors of each kind, and those with the largest margin are taken.

use serde::{Deserialize, Serialize};

use crate::error::{MetricsError, check_lengths};
use crate::probabilities::{Probabilities, most_probable};

/// A row whose label is likely wrong.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LabelIssue {
    /// Index of the row.
    pub row: usize,
    /// The label that it has.
    pub label: usize,
    /// The most probable class.
    pub suggested: usize,
    /// Probability of the label that it has.
    pub self_confidence: f64,
}

/// What confident learning finds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LabelIssues {
    /// The least probable label first.
    pub issues: Vec<LabelIssue>,
    /// Estimated number of rows by the label that they have and by the class that they are of, `(n_classes, n_classes)`.
    pub confident_joint: Vec<Vec<u64>>,
}

/// Differences below this are none, as in cleanlab.
const TOLERANCE: f64 = 1e-6;

/// Finds rows whose label contradicts out-of-fold `probabilities`, `(n, n_classes)`.
///
/// # Errors
/// When there are no rows, when the lengths differ, or when a label has no column.
pub fn find_label_issues(labels: &[usize], probabilities: Probabilities) -> Result<LabelIssues, MetricsError> {
    check_lengths(labels.len(), probabilities.n_rows())?;
    let n_classes = probabilities.n_classes();
    if let Some((row, &class)) = labels.iter().enumerate().find(|&(_, &label)| label >= n_classes) {
        return Err(MetricsError::UnknownClass { row, class, n_classes });
    }
    let confident_joint = calibrated_joint(labels, probabilities);
    let is_issue = pruned_by_noise_rate(labels, probabilities, &confident_joint);
    let mut issues: Vec<LabelIssue> =
        ranked_labels(labels, probabilities).into_iter().filter(|issue| is_issue[issue.row]).collect();
    issues.retain(|issue| {
        let own = issue.self_confidence + TOLERANCE;
        let others = probabilities.row(issue.row).iter().enumerate().filter(|&(class, _)| class != issue.label);
        let ahead = |(class, &p): (usize, &f64)| p > own || (p == own && class < issue.label);
        others.into_iter().any(ahead)
    });
    Ok(LabelIssues { issues, confident_joint })
}

/// All rows, that with the least probable label first: a ranking without a decision how many are wrong.
#[must_use]
pub fn ranked_labels(labels: &[usize], probabilities: Probabilities) -> Vec<LabelIssue> {
    let rows = labels.iter().zip(probabilities.rows()).enumerate();
    let mut ranked: Vec<LabelIssue> = rows
        .map(|(row, (&label, of_row))| LabelIssue {
            row,
            label,
            suggested: most_probable(of_row).0,
            self_confidence: of_row[label],
        })
        .collect();
    ranked.sort_by(|left, right| left.self_confidence.total_cmp(&right.self_confidence));
    ranked
}

/// Counts of confident rows by label and meant class, scaled to the number of rows of each label.
fn calibrated_joint(labels: &[usize], probabilities: Probabilities) -> Vec<Vec<u64>> {
    let n_classes = probabilities.n_classes();
    let (mut sums, mut supports) = (vec![0.0; n_classes], vec![0.0; n_classes]);
    for (&label, row) in labels.iter().zip(probabilities.rows()) {
        sums[label] += row[label];
        supports[label] += 1.0;
    }
    let threshold = |class: usize| {
        if supports[class] == 0.0 { f64::INFINITY } else { (sums[class] / supports[class]).max(2.0 * TOLERANCE) }
    };
    let thresholds: Vec<f64> = (0..n_classes).map(threshold).collect();
    let mut joint = vec![vec![0.0; n_classes]; n_classes];
    for (&label, row) in labels.iter().zip(probabilities.rows()) {
        let mut confident = (0..n_classes).filter(|&class| row[class] >= thresholds[class] - TOLERANCE);
        let meant = match (confident.next(), confident.next()) {
            (Some(class), None) => class,
            (Some(_), Some(_)) => most_probable(row).0,
            (None, _) => continue,
        };
        joint[label][meant] += 1.0;
    }
    for (class, row) in joint.iter_mut().enumerate() {
        row[class] = f64::max(row[class], 1.0);
        let sum: f64 = row.iter().sum();
        row.iter_mut().for_each(|count| *count = *count / sum * supports[class]);
    }
    joint.iter().map(|row| rounded(row)).collect()
}

/// Whole numbers with the sum of the given ones, rounded: those are moved that rounding has moved most.
fn rounded(values: &[f64]) -> Vec<u64> {
    let mut whole: Vec<f64> = values.iter().map(|value| value.round_ties_even()).collect();
    let total = values.iter().sum::<f64>().round_ties_even();
    let mut missing = total - whole.iter().sum::<f64>();
    while missing.abs() > TOLERANCE {
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by(|&left, &right| (values[left] - whole[left]).total_cmp(&(values[right] - whole[right])));
        if missing > 0.0 {
            order.reverse();
        }
        let changes = (missing.abs().round() as usize).min(order.len());
        order[..changes].iter().for_each(|&index| whole[index] += missing.signum());
        missing = total - whole.iter().sum::<f64>();
    }
    whole.into_iter().map(|value| value.max(0.0) as u64).collect()
}

/// Whether each row is among those with the largest margin of another class over its label, as many as the joint says.
fn pruned_by_noise_rate(labels: &[usize], probabilities: Probabilities, joint: &[Vec<u64>]) -> Vec<bool> {
    let mut is_issue = vec![false; labels.len()];
    for (label, counts) in joint.iter().enumerate() {
        let rows: Vec<usize> = (0..labels.len()).filter(|&row| labels[row] == label).collect();
        // At least one row of each class is taken for right.
        if rows.len() <= 1 {
            continue;
        }
        for (meant, n_wrong) in kept_counts(counts, label).into_iter().enumerate().filter(|&(meant, _)| meant != label)
        {
            let margin = |row: usize| probabilities.row(row)[meant] - probabilities.row(row)[label];
            let mut by_margin = rows.clone();
            if n_wrong > 0 {
                by_margin.sort_by(|&left, &right| margin(right).total_cmp(&margin(left)));
            }
            by_margin.iter().take(n_wrong as usize).for_each(|&row| is_issue[row] = true);
        }
    }
    is_issue
}

/// The counts of a label, of which at least one is left for the label itself.
fn kept_counts(counts: &[u64], label: usize) -> Vec<u64> {
    if counts[label] >= 1 {
        return counts.to_vec();
    }
    let n_others = counts.iter().filter(|&&count| count > 0).count() as f64 - 1.0;
    let reduced = |&count: &u64| (count as f64 - 1.0 / n_others.max(1.0)).max(0.0) as u64;
    counts.iter().map(reduced).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_that_contradicts_a_sure_model_is_found() {
        let labels = [0, 0, 0, 0, 1, 1, 1, 1];
        let own = [0.9, 0.9, 0.8, 0.05, 0.9, 0.9, 0.8, 0.7];
        let values: Vec<f64> = labels
            .iter()
            .zip(own)
            .flat_map(|(&label, p)| if label == 0 { [p, 1.0 - p] } else { [1.0 - p, p] })
            .collect();
        let found = find_label_issues(&labels, Probabilities::new(&values, 2).unwrap()).unwrap();
        assert_eq!(found.issues, [LabelIssue { row: 3, label: 0, suggested: 1, self_confidence: 0.05 }]);
        assert_eq!(found.confident_joint, [[3, 1], [0, 4]]);
        let ranked = ranked_labels(&labels, Probabilities::new(&values, 2).unwrap());
        assert_eq!((ranked[0].row, ranked[1].row, ranked.len()), (3, 7, 8));
    }

    #[test]
    fn rounding_keeps_the_sum() {
        assert_eq!(rounded(&[0.5, 0.5, 2.0]), [0, 1, 2]);
        assert_eq!(rounded(&[1.4, 1.4, 1.2]), [1, 2, 1]);
        assert_eq!(kept_counts(&[0, 3, 2], 0), [0, 2, 1]);
    }

    #[test]
    fn shapes_that_do_not_fit_are_refused() {
        assert!(find_label_issues(&[], Probabilities::new(&[], 2).unwrap()).is_err());
        assert!(find_label_issues(&[2], Probabilities::new(&[0.5, 0.5], 2).unwrap()).is_err());
    }
}
