//! Metrics of predictions: accuracy, precision, recall, F1, MCC, ROC AUC, calibration and intervals, or the errors and
//! correlations of a regression.
//!
//! The confusion matrix is the primary fact; all that is derived from it equals scikit-learn's figures on
//! `predictions.parquet`. Rows without a label are predicted and not scored.

use metrics::{
    CALIBRATION_BINS, Classification, ConfusionMatrix, F1Intervals, MetricsError, Probabilities, Regression,
    expected_calibration_error, roc_auc, wilson_interval,
};
use run_files::metrics_json::{ClassMetrics, EvaluatedSplit, Intervals, Metrics, ScoreMetrics};
use run_files::predictions::{Outcomes, Predictions};

/// The metrics of `predictions`; `None` where no row has a label.
///
/// # Errors
/// Fails on a class that has no name.
pub(crate) fn score(predictions: &Predictions, evaluated: EvaluatedSplit) -> Result<Option<Metrics>, MetricsError> {
    match &predictions.outcomes {
        Outcomes::Classes { labels, predictions: predicted, probabilities, .. } => {
            let labeled: Vec<usize> = (0..labels.len()).filter(|&row| labels[row].is_some()).collect();
            if labeled.is_empty() {
                return Ok(None);
            }
            let truth: Vec<usize> = labels.iter().flatten().map(|&label| label as usize).collect();
            let guesses: Vec<usize> = labeled.iter().map(|&row| predicted[row] as usize).collect();
            let n_classes = predictions.label_names.len();
            let all = Probabilities::new(probabilities, n_classes)?;
            let values: Vec<f64> = labeled.iter().flat_map(|&row| all.row(row)).copied().collect();
            let probabilities = Probabilities::new(&values, n_classes)?;
            let matrix = ConfusionMatrix::new(&truth, &guesses, &predictions.label_names)?;
            Ok(Some(Metrics::Classes(Box::new(class_metrics(matrix, &truth, probabilities, evaluated)))))
        }
        Outcomes::Scores { labels, predictions: predicted } => {
            let pairs = labels.iter().zip(predicted);
            let (truth, guesses): (Vec<f64>, Vec<f64>) =
                pairs.filter_map(|(label, guess)| Some((f64::from((*label)?), f64::from(*guess)))).unzip();
            if truth.is_empty() {
                return Ok(None);
            }
            let regression = Regression::new(&truth, &guesses)?;
            Ok(Some(Metrics::Scores(ScoreMetrics { evaluated, loss: regression.mse, regression })))
        }
    }
}

fn class_metrics(
    matrix: ConfusionMatrix,
    truth: &[usize],
    probabilities: Probabilities,
    evaluated: EvaluatedSplit,
) -> ClassMetrics {
    let losses = truth.iter().zip(probabilities.rows()).map(|(&label, row)| -row[label].ln());
    ClassMetrics {
        evaluated,
        loss: losses.sum::<f64>() / truth.len() as f64,
        roc_auc: roc_auc(truth, probabilities),
        expected_calibration_error: expected_calibration_error(truth, probabilities, CALIBRATION_BINS),
        intervals: Intervals {
            accuracy: wilson_interval(matrix.n_correct(), matrix.n()),
            f1: F1Intervals::new(&matrix),
        },
        classification: Classification::new(&matrix),
        confusion_matrix: matrix,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluated() -> EvaluatedSplit {
        EvaluatedSplit { dataset: "sst".to_owned(), split: "test".to_owned(), rows: 3, disclaimer: None }
    }

    fn predictions(outcomes: Outcomes) -> Predictions {
        let label_names = vec!["negative".to_owned(), "positive".to_owned()];
        Predictions { label_names, ids: vec![0, 1, 2], sentence_ids: vec![0, 1, 2], outcomes }
    }

    #[test]
    fn rows_without_a_label_are_not_scored() {
        let outcomes = |labels: Vec<Option<i32>>| Outcomes::Classes {
            labels,
            predictions: vec![0, 1, 1],
            probabilities: vec![0.5, 0.5, 0.25, 0.75, 0.25, 0.75],
            logits: vec![0.0; 6],
        };
        let scored = score(&predictions(outcomes(vec![Some(0), None, Some(0)])), evaluated()).unwrap();
        let Some(Metrics::Classes(metrics)) = scored else { panic!("not of classes: {scored:?}") };
        assert_eq!(metrics.confusion_matrix.counts, [[1, 1], [0, 0]]);
        assert_eq!((metrics.classification.n, metrics.classification.accuracy), (2, 0.5));
        assert_eq!(metrics.loss, (2f64.ln() + 4f64.ln()) / 2.0);
        assert_eq!(score(&predictions(outcomes(vec![None; 3])), evaluated()), Ok(None));
    }

    #[test]
    fn scores_are_measured_as_a_regression() {
        let outcomes = Outcomes::Scores { labels: vec![Some(0.5), None, Some(1.0)], predictions: vec![0.5, 0.0, 0.5] };
        let scored = score(&predictions(outcomes), evaluated()).unwrap();
        let Some(Metrics::Scores(metrics)) = scored else { panic!("not of scores: {scored:?}") };
        assert_eq!((metrics.regression.n, metrics.loss), (2, 0.125));
    }
}
