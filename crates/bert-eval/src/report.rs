//! `metrics.json` and the confusion matrix, from the predictions alone.
//!
//! The confusion matrix is the primary fact; all that is derived from it equals scikit-learn's on
//! `predictions.parquet`. Rows without a label are predicted but not scored.

use anyhow::Context;
use figures::{Confusion, confusion_matrix, png};
use metrics::{
    CALIBRATION_BINS, Classification, ConfusionMatrix, F1Intervals, Interval, Regression, expected_calibration_error,
    roc_auc, wilson_interval,
};
use serde::Serialize;
use stage::OutputFolder;

use crate::predictions::{Outcomes, Predictions};

/// Pixels of the picture for each unit of the drawing.
const PNG_SCALE: f32 = 2.0;

/// What the figures are of.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Evaluated {
    pub(crate) dataset: String,
    pub(crate) split: &'static str,
    /// Rows predicted; those with a label are `n`.
    pub(crate) rows: usize,
    /// What has to stand beside the figures.
    #[serde(rename = "remark", skip_serializing_if = "Option::is_none")]
    pub(crate) disclaimer: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct ClassMetrics {
    #[serde(flatten)]
    evaluated: Evaluated,
    loss: f64,
    #[serde(flatten)]
    classification: Classification,
    roc_auc: Option<f64>,
    expected_calibration_error: Option<f64>,
    intervals: Intervals,
    confusion_matrix: ConfusionMatrix,
}

/// 95 % each.
#[derive(Debug, Serialize)]
struct Intervals {
    accuracy: Interval,
    f1: F1Intervals,
}

#[derive(Debug, Serialize)]
struct ScoreMetrics {
    #[serde(flatten)]
    evaluated: Evaluated,
    loss: f64,
    #[serde(flatten)]
    regression: Regression,
}

/// Writes what can be said of the predictions, and returns it as half a line.
pub(crate) fn write(work: &mut OutputFolder, predictions: &Predictions, evaluated: Evaluated) -> anyhow::Result<String> {
    match &predictions.outcomes {
        Outcomes::Classes { labels, predictions: predicted, probabilities, .. } => {
            let labelled: Vec<usize> = (0..labels.len()).filter(|&row| labels[row].is_some()).collect();
            if labelled.is_empty() {
                return Ok(format!("{} rows predicted, none has a label", labels.len()));
            }
            let truth: Vec<usize> =
                labelled.iter().filter_map(|&row| labels[row]).map(|label| label as usize).collect();
            let guesses: Vec<usize> = labelled.iter().map(|&row| predicted[row] as usize).collect();
            let shares: Vec<Vec<f64>> = labelled.iter().map(|&row| probabilities[row].clone()).collect();
            let matrix = ConfusionMatrix::new(&truth, &guesses, &predictions.label_names)?;
            let metrics = class_metrics(matrix, &truth, &shares, evaluated);
            work.write_json("metrics.json", &metrics)?;
            write_matrix(work, &metrics)?;
            let figures = &metrics.classification;
            Ok(format!(
                "accuracy {:.2} % ({:.1} to {:.1}), F1 {:.4}, loss {:.4}, n = {}",
                100.0 * figures.accuracy,
                100.0 * metrics.intervals.accuracy.low,
                100.0 * metrics.intervals.accuracy.high,
                figures.weighted.f1,
                metrics.loss,
                figures.n
            ))
        }
        Outcomes::Scores { labels, predictions: predicted } => {
            let pairs = labels
                .iter()
                .zip(predicted)
                .filter_map(|(label, guess)| Some((f64::from((*label)?), f64::from(*guess))));
            let (truth, guesses): (Vec<f64>, Vec<f64>) = pairs.unzip();
            if truth.is_empty() {
                return Ok(format!("{} rows predicted, none has a score", labels.len()));
            }
            let regression = Regression::new(&truth, &guesses)?;
            let summary = format!("mean squared error {:.4}, n = {}", regression.mse, regression.n);
            let metrics = ScoreMetrics { evaluated, loss: regression.mse, regression };
            work.write_json("metrics.json", &metrics)?;
            Ok(summary)
        }
    }
}

fn class_metrics(matrix: ConfusionMatrix, truth: &[usize], shares: &[Vec<f64>], evaluated: Evaluated) -> ClassMetrics {
    let losses = truth.iter().zip(shares).map(|(&label, row)| -row[label].ln());
    ClassMetrics {
        evaluated,
        loss: losses.sum::<f64>() / truth.len() as f64,
        roc_auc: roc_auc(truth, shares),
        expected_calibration_error: expected_calibration_error(truth, shares, CALIBRATION_BINS),
        intervals: Intervals {
            accuracy: wilson_interval(matrix.n_correct(), matrix.n()),
            f1: F1Intervals::new(&matrix),
        },
        classification: Classification::new(&matrix),
        confusion_matrix: matrix,
    }
}

fn write_matrix(work: &mut OutputFolder, metrics: &ClassMetrics) -> anyhow::Result<()> {
    let figures = &metrics.classification;
    let disclaimer = metrics.evaluated.disclaimer.map_or(String::new(), |disclaimer| format!(" · {disclaimer}"));
    let subtitle = format!(
        "{} · n = {} · accuracy {:.1} % · F1 {:.3}{disclaimer}",
        metrics.evaluated.split,
        figures.n,
        100.0 * figures.accuracy,
        figures.weighted.f1
    );
    let svg = confusion_matrix(&Confusion {
        title: "Confusion matrix",
        subtitle: &subtitle,
        label_names: &metrics.confusion_matrix.label_names,
        counts: &metrics.confusion_matrix.counts,
    });
    work.write("confusion_matrix.svg", &svg)?;
    work.write("confusion_matrix.png", png(&svg, PNG_SCALE).context("the confusion matrix cannot be drawn")?)
}
