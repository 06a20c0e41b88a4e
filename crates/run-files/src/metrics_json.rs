//! Evaluation metrics, `metrics.json`: the confusion matrix of a split and all figures that derive from it, or the errors
//! and correlations of a regression.
//!
//! | field | type | meaning |
//! |---|---|---|
//! | `dataset`, `split`, `rows`, `remark` | | [`EvaluatedSplit`] |
//! | `loss` | number | mean cross-entropy in nats, or mean squared error |
//! | `n`, `accuracy`, `weighted`, `macro`, `micro`, `mcc`, `per_class`, `warnings` | | [`Classification`] |
//! | `roc_auc`, `expected_calibration_error` | number, nullable | of the probabilities |
//! | `intervals` | object | 95 % each: [`Intervals`] |
//! | `balanced_accuracy`, `kappa`, `brier` and the other fields of [`MoreFigures`] | number, nullable | absent in files of version 1 |
//! | `undefined`, `no_interval` | object | why a figure is null, or has no interval |
//! | `confusion_matrix` | object | the counts, from which all but the probabilities' figures derive |
//! | `n`, `mse`, `mae`, `pearson`, `spearman`, `r2` | | instead, of a regression: [`Regression`] |
//!
//! Invariants: `n <= rows` (rows without a label are predicted and not scored); `n` is the sum of the confusion matrix;
//! all figures but the loss and `mcc` lie in [0, 1]. A reader never meets a gap: a missing figure is an error that names
//! the file and the field. A file without labels has no metrics at all, and then the file is absent.

mod tables;

use std::collections::BTreeMap;
use std::path::Path;

use metrics::{Classification, ConfusionMatrix, Interval, Regression};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{RunFileError, read_bytes};

pub use tables::TABLES;

/// What was evaluated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvaluatedSplit {
    /// The name of the dataset.
    pub dataset: String,
    /// `validation` or `test`.
    pub split: String,
    /// Rows predicted; those with a label are `n`.
    pub rows: usize,
    /// What has to stand beside the figures, e.g. that they are those of the sample data.
    #[serde(rename = "remark", default, skip_serializing_if = "Option::is_none")]
    pub disclaimer: Option<String>,
}

/// The metrics of a classifier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassMetrics {
    /// What was evaluated.
    #[serde(flatten)]
    pub evaluated: EvaluatedSplit,
    /// Mean cross-entropy in nats.
    pub loss: f64,
    /// Accuracy, precision, recall, F1 and MCC.
    #[serde(flatten)]
    pub classification: Classification,
    /// Area under the ROC curve; `None` where it is not defined.
    pub roc_auc: Option<f64>,
    /// With 15 bins; `None` where it is not defined.
    pub expected_calibration_error: Option<f64>,
    /// How sure the figures are.
    pub intervals: Intervals,
    /// The counts.
    pub confusion_matrix: ConfusionMatrix,
    /// Further figures.
    #[serde(flatten)]
    pub more: MoreFigures,
    /// What is not there, and why.
    #[serde(flatten)]
    pub reasons: Reasons,
}

/// Figures that files of version 1 do not have. `None` where a figure is not defined.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MoreFigures {
    /// Mean recall of the classes that have rows.
    pub balanced_accuracy: Option<f64>,
    /// Cohen's kappa.
    pub kappa: Option<f64>,
    /// Cohen's kappa with squared distances of class indices, of ordered classes.
    pub quadratic_kappa: Option<f64>,
    /// Mean distance of class indices, of ordered classes.
    pub mean_absolute_error: Option<f64>,
    /// Brier score.
    pub brier: Option<f64>,
    /// Average precision.
    pub pr_auc: Option<f64>,
    /// Fraction of rows whose label is among the two largest probabilities.
    pub top_2_accuracy: Option<f64>,
    /// Among the three largest.
    pub top_3_accuracy: Option<f64>,
    /// Among the five largest.
    pub top_5_accuracy: Option<f64>,
    /// Share of the most frequent label.
    pub majority_rate: Option<f64>,
}

/// Why figures, or their intervals, are not there, by the names of the figures.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reasons {
    /// Of figures that are null.
    pub undefined: BTreeMap<String, String>,
    /// Of figures without an interval.
    pub no_interval: BTreeMap<String, String>,
}

/// Confidence intervals, 95 % each. `None` where no interval holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Intervals {
    /// Wilson's interval of the accuracy.
    pub accuracy: Interval,
    /// Of the averages of F1.
    pub f1: AverageIntervals,
    /// Of the averages of precision; not in files of version 1.
    #[serde(default, skip_serializing_if = "AverageIntervals::is_empty")]
    pub precision: AverageIntervals,
    /// Of the averages of recall; not in files of version 1.
    #[serde(default, skip_serializing_if = "AverageIntervals::is_empty")]
    pub recall: AverageIntervals,
    /// Of the classes' own figures, in their order; not in files of version 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub per_class: Vec<ClassIntervals>,
    /// Of all other figures, by their names.
    #[serde(flatten)]
    pub more: BTreeMap<String, Interval>,
}

/// Intervals of the averages of a score over the classes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct AverageIntervals {
    /// Of the average weighted by support.
    pub weighted: Option<Interval>,
    /// Of the plain average.
    #[serde(rename = "macro")]
    pub macro_: Option<Interval>,
}

impl AverageIntervals {
    fn is_empty(&self) -> bool {
        self.weighted.is_none() && self.macro_.is_none()
    }
}

/// Intervals of the figures of one class.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ClassIntervals {
    /// Name of the class.
    pub label: String,
    /// Of its precision.
    pub precision: Option<Interval>,
    /// Of its recall.
    pub recall: Option<Interval>,
    /// Of its F1.
    pub f1: Option<Interval>,
}

/// The metrics of a regression.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoreMetrics {
    /// What was evaluated.
    #[serde(flatten)]
    pub evaluated: EvaluatedSplit,
    /// Mean squared error.
    pub loss: f64,
    /// Errors and correlations.
    #[serde(flatten)]
    pub regression: Regression,
    /// Accuracy after true and predicted scores from 0 to 1 are cut into the five classes of the treebank; not in files of
    /// version 1.
    #[serde(default)]
    pub five_class_accuracy: Option<f64>,
    /// Confidence intervals, 95 % each, by the names of the figures; not in files of version 1.
    #[serde(default)]
    pub intervals: BTreeMap<String, Interval>,
    /// What is not there, and why.
    #[serde(flatten)]
    pub reasons: Reasons,
}

/// The content of the file.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Metrics {
    /// Of a classifier.
    Classes(Box<ClassMetrics>),
    /// Of a regression.
    Scores(Box<ScoreMetrics>),
}

impl Metrics {
    /// What was evaluated.
    #[must_use]
    pub fn evaluated(&self) -> &EvaluatedSplit {
        match self {
            Self::Classes(metrics) => &metrics.evaluated,
            Self::Scores(metrics) => &metrics.evaluated,
        }
    }
}

/// Reads the file.
///
/// # Errors
/// Names the file, and the field that is missing or of another type.
pub fn read(path: &Path) -> Result<Metrics, RunFileError> {
    let bytes = read_bytes(path)?;
    let value: Value = typed(path, &bytes)?;
    match value.get("mse") {
        Some(_) => Ok(Metrics::Scores(Box::new(typed(path, &bytes)?))),
        None => Ok(Metrics::Classes(Box::new(typed(path, &bytes)?))),
    }
}

fn typed<T: DeserializeOwned>(path: &Path, bytes: &[u8]) -> Result<T, RunFileError> {
    let problem = |error| format!("not the metrics of bert-eval: {error}; evaluate again");
    serde_json::from_slice(bytes).map_err(|error| RunFileError::damaged(path, problem(error)))
}

#[cfg(test)]
mod tests;
