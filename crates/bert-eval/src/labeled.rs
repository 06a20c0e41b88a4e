//! Labeled rows of predictions, which are those that figures are computed of.

use std::borrow::Cow;

use metrics::{ClassRows, MetricsError, Probabilities, ScoreRows, find_label_issues};
use run_files::predictions::{Outcomes, Predictions};

/// The rows of predictions that have a label.
#[derive(Debug)]
pub(crate) enum Labeled<'a> {
    Classes(LabeledClasses<'a>),
    Scores(LabeledScores),
}

/// Those of a classifier; `(n)` each.
#[derive(Debug)]
pub(crate) struct LabeledClasses<'a> {
    /// The number of each row among all predictions, ascending.
    pub(crate) rows: Vec<usize>,
    pub(crate) label_names: &'a [String],
    labels: Vec<usize>,
    predictions: Vec<usize>,
    /// `(n, n_classes)`
    probabilities: Cow<'a, [f64]>,
}

/// Those of a regression; `(n)` each.
#[derive(Debug)]
pub(crate) struct LabeledScores {
    /// The number of each row among all predictions, ascending.
    pub(crate) rows: Vec<usize>,
    targets: Vec<f64>,
    predictions: Vec<f64>,
}

impl<'a> Labeled<'a> {
    /// `None` where no row has a label.
    pub(crate) fn of(predictions: &'a Predictions) -> Option<Self> {
        let labeled = match &predictions.outcomes {
            Outcomes::Classes { labels, predictions: predicted, probabilities, .. } => {
                let rows: Vec<usize> = (0..labels.len()).filter(|&row| labels[row].is_some()).collect();
                let n_classes = predictions.label_names.len();
                Self::Classes(LabeledClasses {
                    label_names: &predictions.label_names,
                    labels: labels.iter().flatten().map(|&label| label as usize).collect(),
                    predictions: rows.iter().map(|&row| predicted[row] as usize).collect(),
                    probabilities: if rows.len() == labels.len() {
                        Cow::Borrowed(probabilities)
                    } else {
                        let of_row = |&row: &usize| &probabilities[row * n_classes..(row + 1) * n_classes];
                        Cow::Owned(rows.iter().flat_map(of_row).copied().collect())
                    },
                    rows,
                })
            }
            Outcomes::Scores { labels, predictions } => {
                let rows: Vec<usize> = (0..labels.len()).filter(|&row| labels[row].is_some()).collect();
                Self::Scores(LabeledScores {
                    targets: labels.iter().flatten().map(|&label| f64::from(label)).collect(),
                    predictions: rows.iter().map(|&row| f64::from(predictions[row])).collect(),
                    rows,
                })
            }
        };
        (labeled.n() > 0).then_some(labeled)
    }

    /// How many rows have a label.
    pub(crate) fn n(&self) -> usize {
        self.rows().len()
    }

    /// The number of each row among all predictions, ascending.
    pub(crate) fn rows(&self) -> &[usize] {
        match self {
            Self::Classes(classes) => &classes.rows,
            Self::Scores(scores) => &scores.rows,
        }
    }
}

impl<'a> LabeledClasses<'a> {
    /// The same rows with the probabilities of another classifier, `(n, n_classes)`.
    pub(crate) fn with_probabilities(&self, probabilities: Vec<f64>) -> LabeledClasses<'a> {
        LabeledClasses {
            rows: self.rows.clone(),
            label_names: self.label_names,
            labels: self.labels.clone(),
            predictions: probabilities.chunks(self.label_names.len()).map(bert::argmax).collect(),
            probabilities: Cow::Owned(probabilities),
        }
    }

    /// The rows whose label is likely wrong if the model has not seen it, by their numbers among all predictions, ascending.
    ///
    /// # Errors
    /// Fails on a class that has no name.
    pub(crate) fn label_issues(&self) -> Result<Vec<usize>, MetricsError> {
        let probabilities = Probabilities::new(&self.probabilities, self.label_names.len())?;
        let found = find_label_issues(&self.labels, probabilities)?;
        let mut rows: Vec<usize> = found.issues.iter().map(|issue| self.rows[issue.row]).collect();
        rows.sort_unstable();
        Ok(rows)
    }

    /// As the figures take them.
    ///
    /// # Errors
    /// Fails on a class that has no name.
    pub(crate) fn class_rows(&self) -> Result<ClassRows<'_>, MetricsError> {
        let probabilities = Probabilities::new(&self.probabilities, self.label_names.len())?;
        ClassRows::new(&self.labels, &self.predictions, probabilities)
    }
}

impl LabeledScores {
    /// The same rows with other predictions, `(n)`.
    pub(crate) fn with_predictions(&self, predictions: Vec<f64>) -> Self {
        Self { rows: self.rows.clone(), targets: self.targets.clone(), predictions }
    }

    /// As the figures take them.
    ///
    /// # Errors
    /// Fails where there is no row.
    pub(crate) fn score_rows(&self) -> Result<ScoreRows<'_>, MetricsError> {
        ScoreRows::new(&self.targets, &self.predictions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_issues_are_counted_among_all_predictions() {
        // Row 1 has no label, row 4 contradicts a sure model.
        let labels = vec![Some(0), None, Some(0), Some(0), Some(0), Some(1), Some(1), Some(1), Some(1)];
        let of_zero = [0.9, 0.5, 0.9, 0.8, 0.05, 0.1, 0.1, 0.2, 0.3];
        let outcomes = Outcomes::Classes {
            predictions: of_zero.iter().map(|&p| i32::from(p < 0.5)).collect(),
            probabilities: of_zero.iter().flat_map(|&p| [p, 1.0 - p]).collect(),
            logits: Vec::new(),
            labels,
        };
        let label_names = vec!["negative".to_owned(), "positive".to_owned()];
        let predictions = Predictions { label_names, ids: (0..9).collect(), sentence_ids: vec![0; 9], outcomes };
        let Some(Labeled::Classes(classes)) = Labeled::of(&predictions) else { unreachable!("a classifier") };
        assert_eq!(classes.label_issues().unwrap(), [4]);
    }
}
