//! Errors of the model that are shown: the surest wrong predictions of a classifier, the farthest of a regression.
//!
//! `errors.jsonl` has one line for each, the worst first.

use corpus::raw::Record;
use run_files::attribution::TokenContribution;
use run_files::predictions::{Outcomes, Predictions};
use serde::Serialize;

/// A text of another split that is nearly the same.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct NearText {
    pub(crate) split: &'static str,
    pub(crate) id: i64,
    pub(crate) text: String,
}

/// One wrong prediction.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct WrongPrediction {
    /// Its number among the predictions.
    #[serde(skip)]
    pub(crate) row: usize,
    pub(crate) id: i64,
    /// With `--raw`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    #[serde(flatten)]
    pub(crate) outcome: WrongOutcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source_file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source_line: Option<i64>,
    /// The columns that the user kept.
    #[serde(skip_serializing_if = "serde_json::Map::is_empty")]
    pub(crate) kept: serde_json::Map<String, serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) near_duplicate: Option<NearText>,
    /// Whether confident learning takes the label, not the model, for wrong.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_label_issue: bool,
    /// With `--attributions`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) attribution: Option<Vec<TokenContribution>>,
}

/// What was predicted, and what is true.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum WrongOutcome {
    /// Of a classifier.
    Class {
        label: String,
        prediction: String,
        /// Of the predicted class.
        probability: f64,
        /// Of the true class.
        probability_of_label: f64,
    },
    /// Of a regression.
    Score { score: f32, prediction: f32 },
}

/// Marks the errors whose label is likely wrong; `issues` are rows of the predictions, ascending.
pub(crate) fn mark_label_issues(errors: &mut [WrongPrediction], issues: &[usize]) {
    for error in errors {
        error.is_label_issue = issues.binary_search(&error.row).is_ok();
    }
}

/// The `n` worst, the worst first; of equals the first.
pub(crate) fn worst(predictions: &Predictions, n: usize) -> Vec<WrongPrediction> {
    let mut wrong: Vec<(usize, f64)> = match &predictions.outcomes {
        Outcomes::Classes { labels, predictions: predicted, probabilities, .. } => {
            let n_classes = predictions.label_names.len();
            let is_wrong = |&row: &usize| labels[row].is_some_and(|label| label != predicted[row]);
            let surely = |row: usize| (row, probabilities[row * n_classes + predicted[row] as usize]);
            (0..labels.len()).filter(is_wrong).map(surely).collect()
        }
        Outcomes::Scores { labels, predictions: predicted } => {
            let distance = |row: usize| Some((row, f64::from((labels[row]? - predicted[row]).abs())));
            (0..labels.len()).filter_map(distance).collect()
        }
    };
    wrong.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    wrong.truncate(n);
    wrong.into_iter().filter_map(|(row, _)| wrong_prediction(predictions, row)).collect()
}

fn wrong_prediction(predictions: &Predictions, row: usize) -> Option<WrongPrediction> {
    let outcome = match &predictions.outcomes {
        Outcomes::Classes { labels, predictions: predicted, probabilities, .. } => {
            let names = &predictions.label_names;
            let (label, prediction) = (labels[row]? as usize, predicted[row] as usize);
            let probability = |class: usize| probabilities[row * names.len() + class];
            WrongOutcome::Class {
                label: names[label].clone(),
                prediction: names[prediction].clone(),
                probability: probability(prediction),
                probability_of_label: probability(label),
            }
        }
        Outcomes::Scores { labels, predictions } => {
            WrongOutcome::Score { score: labels[row]?, prediction: predictions[row] }
        }
    };
    Some(WrongPrediction {
        row,
        id: predictions.ids[row],
        text: None,
        outcome,
        source_file: None,
        source_line: None,
        kept: serde_json::Map::new(),
        near_duplicate: None,
        is_label_issue: false,
        attribution: None,
    })
}

impl WrongPrediction {
    /// Adds what the raw file knows of the text.
    pub(crate) fn describe(&mut self, record: &Record, kept_names: &[String]) {
        self.text = Some(record.text.clone());
        self.source_file = record.source.as_ref().map(|source| source.file.to_string());
        self.source_line = record.source.as_ref().map(|source| source.line);
        let kept = kept_names.iter().cloned().zip(record.kept.iter().map(|value| value.clone().into()));
        self.kept = kept.collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn predictions(outcomes: Outcomes) -> Predictions {
        let label_names = vec!["negative".to_owned(), "positive".to_owned()];
        Predictions { label_names, ids: vec![10, 11, 12, 13], sentence_ids: vec![0; 4], outcomes }
    }

    #[test]
    fn the_surest_wrong_predictions_come_first() {
        let found = worst(
            &predictions(Outcomes::Classes {
                labels: vec![Some(0), Some(1), None, Some(0)],
                predictions: vec![1, 1, 0, 1],
                probabilities: vec![0.25, 0.75, 0.0, 1.0, 1.0, 0.0, 0.125, 0.875],
                logits: Vec::new(),
            }),
            5,
        );
        assert_eq!(found.iter().map(|wrong| wrong.id).collect::<Vec<_>>(), [13, 10]);
        let line =
            r#"{"id":13,"label":"negative","prediction":"positive","probability":0.875,"probability_of_label":0.125}"#;
        assert_eq!(serde_json::to_string(&found[0]).unwrap(), line);
    }

    #[test]
    fn rows_whose_label_is_likely_wrong_are_marked() {
        let labels = vec![Some(0), Some(1), None, Some(0)];
        let outcomes = Outcomes::Classes {
            labels,
            predictions: vec![1, 0, 0, 0],
            probabilities: vec![0.5; 8],
            logits: Vec::new(),
        };
        let mut found = worst(&predictions(outcomes), 5);
        mark_label_issues(&mut found, &[1, 3]);
        assert_eq!(
            found.iter().map(|wrong| (wrong.row, wrong.is_label_issue)).collect::<Vec<_>>(),
            [(0, false), (1, true)]
        );
        assert!(serde_json::to_string(&found[1]).unwrap().ends_with(r#""is_label_issue":true}"#));
        assert!(!serde_json::to_string(&found[0]).unwrap().contains("issue"));
    }

    #[test]
    fn the_farthest_scores_come_first() {
        let labels = vec![Some(0.5), None, Some(1.0), Some(0.0)];
        let found = worst(&predictions(Outcomes::Scores { labels, predictions: vec![0.25, 9.0, 0.5, 0.125] }), 2);
        assert_eq!(found.iter().map(|wrong| wrong.id).collect::<Vec<_>>(), [12, 10]);
    }
}
