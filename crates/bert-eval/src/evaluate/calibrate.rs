//! Calibration of a split: whether probabilities say how often they are right, and the temperature that mends them.
//!
//! A temperature is fitted on the validation split alone: fitted on the test split, it would have seen what it is judged by.

use bert::calibrated_probabilities;
use metrics::{
    CALIBRATION_BINS, CoveragePoint, MetricsError, PrecisionThreshold, Probabilities, ReliabilityBin,
    accuracy_by_coverage, fit_temperature, reliability, threshold_for_precision,
};
use run_files::calibration::Calibration;
use run_files::metrics_json::ClassMetrics;
use run_files::predictions::{Outcomes, Predictions};
use serde::Serialize;

use crate::labeled::LabeledClasses;

/// The precisions for which a threshold is looked for.
const WISHED_PRECISIONS: [f64; 4] = [0.9, 0.95, 0.98, 0.99];
const MOST_POINTS: usize = 200;

/// `confidence.json`: what the confidences of the split are worth, with the temperature that was given.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Confidence {
    /// By which the logits were divided.
    pub(crate) temperature: f64,
    pub(crate) reliability: Vec<ReliabilityBin>,
    /// The bins without the temperature, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reliability_uncalibrated: Option<Vec<ReliabilityBin>>,
    /// What the fitted temperature makes of them, where one was fitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reliability_fitted: Option<Vec<ReliabilityBin>>,
    pub(crate) accuracy_by_coverage: Vec<CoveragePoint>,
    pub(crate) thresholds: Vec<Threshold>,
}

/// From which confidence on predictions have a wished precision.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Threshold {
    pub(crate) wished_precision: f64,
    /// Null where none reaches it.
    pub(crate) reached: Option<PrecisionThreshold>,
    /// The same of the predictions of each class by itself.
    pub(crate) per_class: Vec<ClassThreshold>,
}

/// The threshold of one class.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ClassThreshold {
    pub(crate) label: String,
    pub(crate) reached: Option<PrecisionThreshold>,
}

/// The temperature of the labeled rows, for `calibration.json`; `metrics`: those of the rows without one.
///
/// # Errors
/// Fails where the logits are not of the labels.
pub(crate) fn fit(
    classes: &LabeledClasses,
    predictions: &Predictions,
    metrics: &ClassMetrics,
    weights_sha256: &str,
) -> Result<Calibration, MetricsError> {
    let rows = classes.class_rows()?;
    let logits = labeled_logits(classes, predictions);
    let fitted = fit_temperature(rows.labels(), &logits, rows.n_classes())?;
    Ok(Calibration {
        temperature: fitted.temperature,
        split: metrics.evaluated.split.clone(),
        n: rows.n() as u64,
        loss_before: metrics.loss,
        loss_after: fitted.loss_after,
        expected_calibration_error_before: Some(fitted.ece_before),
        expected_calibration_error_after: Some(fitted.ece_after),
        weights_sha256: weights_sha256.to_owned(),
        note: fitted.bounded.map(str::to_owned),
    })
}

/// What the confidences of the labeled rows are worth; `fitted`: the temperature that was fitted on them.
///
/// # Errors
/// Fails on a class that has no name.
pub(crate) fn confidence(
    classes: &LabeledClasses,
    predictions: &Predictions,
    temperature: Option<f64>,
    fitted: Option<f64>,
) -> Result<Confidence, MetricsError> {
    let rows = classes.class_rows()?;
    let bins = |probabilities: Probabilities| reliability(rows.labels(), probabilities, CALIBRATION_BINS);
    let at = |temperature: f64| -> Result<Vec<ReliabilityBin>, MetricsError> {
        let values = calibrated_probabilities(&labeled_logits(classes, predictions), rows.n_classes(), temperature);
        Ok(bins(Probabilities::new(&values, rows.n_classes())?))
    };
    let threshold = |wished_precision: f64| Threshold {
        wished_precision,
        reached: threshold_for_precision(rows, None, wished_precision),
        per_class: classes
            .label_names
            .iter()
            .enumerate()
            .map(|(class, label)| ClassThreshold {
                label: label.clone(),
                reached: threshold_for_precision(rows, Some(class), wished_precision),
            })
            .collect(),
    };
    Ok(Confidence {
        temperature: temperature.unwrap_or(1.0),
        reliability: bins(rows.probabilities()),
        reliability_uncalibrated: temperature.map(|_| at(1.0)).transpose()?,
        reliability_fitted: fitted.map(at).transpose()?,
        accuracy_by_coverage: accuracy_by_coverage(rows, MOST_POINTS),
        thresholds: WISHED_PRECISIONS.map(threshold).into(),
    })
}

/// The logits of the labeled rows, row after row.
fn labeled_logits(classes: &LabeledClasses, predictions: &Predictions) -> Vec<f32> {
    let Outcomes::Classes { logits, .. } = &predictions.outcomes else { return Vec::new() };
    let n_classes = predictions.label_names.len();
    classes.rows.iter().flat_map(|&row| &logits[row * n_classes..(row + 1) * n_classes]).copied().collect()
}
