//! Metrics of predictions: all figures with their intervals, of a classifier or of a regression.
//!
//! The figures equal scikit-learn's on `predictions.parquet`. Rows without a label are predicted and not scored.

use std::collections::BTreeMap;

use corpus::label::names_ascend;
use corpus::task::CUT_OFFS;
use metrics::{
    Average, ClassEvaluation, ClassRows, Classification, ConfusionMatrix, Estimate, Figure, Interval, MetricsError,
    Reason, Regression, Score, ScoreFigure, ScoreRows, cut_accuracy, score_estimate, wilson_interval,
};
use run_files::metrics_json::{
    AverageIntervals, ClassIntervals, ClassMetrics, EvaluatedSplit, Intervals, Metrics, MoreFigures, Reasons,
    ScoreMetrics,
};

use crate::labeled::Labeled;

/// The metrics of the rows that have a label.
///
/// # Errors
/// Fails on a class that has no name.
pub(crate) fn score(labeled: &Labeled, evaluated: EvaluatedSplit) -> Result<Metrics, MetricsError> {
    Ok(match labeled {
        Labeled::Classes(classes) => {
            let rows = classes.class_rows()?;
            let matrix = ConfusionMatrix::new(rows.labels(), rows.predictions(), classes.label_names)?;
            Metrics::Classes(Box::new(class_metrics(rows, matrix, evaluated)))
        }
        Labeled::Scores(scores) => Metrics::Scores(Box::new(score_metrics(scores.score_rows()?, evaluated))),
    })
}

fn class_metrics(rows: ClassRows, matrix: ConfusionMatrix, evaluated: EvaluatedSplit) -> ClassMetrics {
    let evaluation = ClassEvaluation::new(rows);
    let names = &matrix.label_names;
    let mut found = Found::default();
    for figure in Figure::all(names.len(), names_ascend(names)) {
        found.add(figure.name(), evaluation.estimate(figure));
    }
    for (figure, reason) in [
        (Figure::QuadraticKappa, "the classes have no order"),
        (Figure::MeanAbsoluteError, "the classes have no order"),
        (Figure::TopK(2), "there are no more classes than that"),
        (Figure::TopK(3), "there are no more classes than that"),
        (Figure::TopK(5), "there are no more classes than that"),
    ] {
        if !found.values.contains_key(&figure.name()) {
            found.reasons.undefined.entry(figure.name()).or_insert_with(|| reason.to_owned());
        }
    }
    let per_class = names.iter().enumerate().map(|(class, label)| {
        let mut interval = |score| {
            let figure = Figure::OfClass(score, class);
            found.interval(format!("{}.{label}", figure.name()), evaluation.estimate(figure))
        };
        ClassIntervals {
            label: label.clone(),
            precision: interval(Score::Precision),
            recall: interval(Score::Recall),
            f1: interval(Score::F1),
        }
    });
    let per_class = per_class.collect();
    let mut averages = |score| {
        let mut take = |average| found.intervals.remove(&Figure::Averaged(average, score).name());
        AverageIntervals { weighted: take(Average::Weighted), macro_: take(Average::Macro) }
    };
    let (precision, recall, f1) = (averages(Score::Precision), averages(Score::Recall), averages(Score::F1));
    let accuracy = wilson_interval(matrix.n_correct(), matrix.n());
    found.intervals.remove(&Figure::Accuracy.name());
    let value = |figure: Figure| found.values.get(&figure.name()).copied();
    ClassMetrics {
        evaluated,
        loss: value(Figure::Loss).unwrap_or_default(),
        classification: Classification::new(&matrix),
        roc_auc: value(Figure::RocAuc),
        expected_calibration_error: value(Figure::CalibrationError),
        more: MoreFigures {
            balanced_accuracy: value(Figure::BalancedAccuracy),
            kappa: value(Figure::Kappa),
            quadratic_kappa: value(Figure::QuadraticKappa),
            mean_absolute_error: value(Figure::MeanAbsoluteError),
            brier: value(Figure::Brier),
            pr_auc: value(Figure::PrAuc),
            top_2_accuracy: value(Figure::TopK(2)),
            top_3_accuracy: value(Figure::TopK(3)),
            top_5_accuracy: value(Figure::TopK(5)),
            majority_rate: value(Figure::MajorityRate),
        },
        intervals: Intervals { accuracy, f1, precision, recall, per_class, more: found.intervals },
        confusion_matrix: matrix,
        reasons: found.reasons,
    }
}

fn score_metrics(rows: ScoreRows, evaluated: EvaluatedSplit) -> ScoreMetrics {
    let regression = Regression::of(rows);
    let mut found = Found::default();
    for figure in ScoreFigure::ALL {
        found.add(figure.name().to_owned(), score_estimate(figure, rows));
    }
    let name = "five_class_accuracy".to_owned();
    if rows.targets().iter().all(|target| (0.0..=1.0).contains(target)) {
        found.add(name.clone(), Ok(cut_accuracy(rows, &CUT_OFFS.map(f64::from))));
    } else {
        found.add(name.clone(), Err("the scores do not all lie between 0 and 1"));
    }
    ScoreMetrics {
        evaluated,
        loss: regression.mse,
        regression,
        five_class_accuracy: found.values.get(&name).copied(),
        intervals: found.intervals,
        reasons: found.reasons,
    }
}

/// Figures and intervals by name, and why others are not there.
#[derive(Default)]
struct Found {
    values: BTreeMap<String, f64>,
    intervals: BTreeMap<String, Interval>,
    reasons: Reasons,
}

impl Found {
    fn add(&mut self, name: String, estimate: Result<Estimate, Reason>) {
        match &estimate {
            Ok(estimate) => {
                self.values.insert(name.clone(), estimate.value);
            }
            Err(reason) => {
                self.reasons.undefined.insert(name, (*reason).to_owned());
                return;
            }
        }
        if let Some(interval) = self.interval(name.clone(), estimate) {
            self.intervals.insert(name, interval);
        }
    }

    /// The interval, or the reason for none in its place.
    fn interval(&mut self, name: String, estimate: Result<Estimate, Reason>) -> Option<Interval> {
        let interval = estimate.and_then(|estimate| estimate.interval());
        interval.map_err(|reason| self.reasons.no_interval.insert(name, reason.to_owned())).ok()
    }
}

#[cfg(test)]
mod tests {
    use run_files::predictions::{Outcomes, Predictions};

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
        let predicted = predictions(outcomes(vec![Some(0), None, Some(0)]));
        let scored = score(&Labeled::of(&predicted).unwrap(), evaluated()).unwrap();
        let Metrics::Classes(metrics) = scored else { panic!("not of classes: {scored:?}") };
        assert_eq!(metrics.confusion_matrix.counts, [[1, 1], [0, 0]]);
        assert_eq!((metrics.classification.n, metrics.classification.accuracy), (2, 0.5));
        assert_eq!(metrics.loss, (2f64.ln() + 4f64.ln()) / 2.0);
        assert_eq!(metrics.more.majority_rate, Some(1.0));
        assert_eq!(metrics.reasons.undefined["pr_auc"], "a class has no rows, or all of them");
        assert_eq!(metrics.reasons.undefined["top_2_accuracy"], "there are no more classes than that");
        assert_eq!(metrics.reasons.no_interval["loss"], "too few rows");
        assert_eq!(metrics.reasons.no_interval["f1.positive"], "the class has fewer than 30 rows or predictions");
        assert!(Labeled::of(&predictions(outcomes(vec![None; 3]))).is_none());
    }

    #[test]
    fn scores_are_measured_as_a_regression() {
        let outcomes = Outcomes::Scores { labels: vec![Some(0.5), None, Some(1.0)], predictions: vec![0.5, 0.0, 0.5] };
        let predicted = predictions(outcomes);
        let scored = score(&Labeled::of(&predicted).unwrap(), evaluated()).unwrap();
        let Metrics::Scores(metrics) = scored else { panic!("not of scores: {scored:?}") };
        assert_eq!((metrics.regression.n, metrics.loss), (2, 0.125));
    }
}
