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
//! | `confusion_matrix` | object | the counts, from which all but the probabilities' figures derive |
//! | `n`, `mse`, `mae`, `pearson`, `spearman`, `r2` | | instead, of a regression: [`Regression`] |
//!
//! Invariants: `n <= rows` (rows without a label are predicted and not scored); `n` is the sum of the confusion matrix;
//! all figures but the loss and `mcc` lie in [0, 1]. A reader never meets a gap: a missing figure is an error that names
//! the file and the field. A file without labels has no metrics at all, and then the file is absent.

use std::path::Path;

use metrics::{Classification, ConfusionMatrix, F1Intervals, Interval, Regression};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{RunFileError, read_bytes};
use crate::schema::{Field, Table};

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
    /// How sure the headline figures are.
    pub intervals: Intervals,
    /// The counts.
    pub confusion_matrix: ConfusionMatrix,
}

/// Confidence intervals, 95 % each.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Intervals {
    /// Wilson's interval of the accuracy.
    pub accuracy: Interval,
    /// Bootstrap intervals of the averages of F1.
    pub f1: F1Intervals,
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
}

/// The content of the file.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Metrics {
    /// Of a classifier.
    Classes(Box<ClassMetrics>),
    /// Of a regression.
    Scores(ScoreMetrics),
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
        Some(_) => Ok(Metrics::Scores(typed(path, &bytes)?)),
        None => Ok(Metrics::Classes(Box::new(typed(path, &bytes)?))),
    }
}

fn typed<T: DeserializeOwned>(path: &Path, bytes: &[u8]) -> Result<T, RunFileError> {
    let problem = |error| format!("not the metrics of bert-eval: {error}; evaluate again");
    serde_json::from_slice(bytes).map_err(|error| RunFileError::damaged(path, problem(error)))
}

const DATASET: Field = Field { name: "dataset", type_name: "string", meaning: "name of the dataset" };
const SPLIT: Field = Field { name: "split", type_name: "string", meaning: "`validation` or `test`" };
const ROWS: Field = Field { name: "rows", type_name: "integer", meaning: "rows predicted" };
const REMARK: Field =
    Field { name: "remark", type_name: "string, optional", meaning: "what has to stand beside the figures" };
const N: Field = Field { name: "n", type_name: "integer", meaning: "rows with a label, which are scored" };
const PRECISION: Field =
    Field { name: "precision", type_name: "number", meaning: "right predictions of a class by all of them" };
const RECALL: Field = Field { name: "recall", type_name: "number", meaning: "found rows of a class by all of them" };
const F1: Field = Field { name: "f1", type_name: "number", meaning: "harmonic mean of the two" };

/// The tables of `docs/formats.md`.
pub const TABLES: &[Table] = &[
    Table {
        name: "metrics.classes",
        fields: &[
            DATASET,
            SPLIT,
            ROWS,
            REMARK,
            Field { name: "loss", type_name: "number", meaning: "mean cross-entropy, nats" },
            N,
            Field { name: "accuracy", type_name: "number", meaning: "fraction of right predictions" },
            Field { name: "weighted", type_name: "object", meaning: "averages, weighted by support" },
            Field { name: "macro", type_name: "object", meaning: "plain averages over the classes" },
            Field { name: "micro", type_name: "object", meaning: "all decisions pooled" },
            Field { name: "mcc", type_name: "number", meaning: "Matthews' correlation coefficient" },
            Field { name: "per_class", type_name: "list of objects", meaning: "in the order of the label names" },
            Field { name: "warnings", type_name: "list of strings", meaning: "divisions by zero, in words" },
            Field { name: "roc_auc", type_name: "number, nullable", meaning: "area under the ROC curve" },
            Field { name: "expected_calibration_error", type_name: "number, nullable", meaning: "with 15 bins" },
            Field { name: "intervals", type_name: "object", meaning: "95 % confidence intervals" },
            Field { name: "confusion_matrix", type_name: "object", meaning: "the counts" },
        ],
    },
    Table { name: "metrics.averages", fields: &[PRECISION, RECALL, F1] },
    Table {
        name: "metrics.per_class",
        fields: &[
            Field { name: "label", type_name: "string", meaning: "name of the class" },
            PRECISION,
            RECALL,
            F1,
            Field { name: "support", type_name: "integer", meaning: "rows of the class" },
        ],
    },
    Table {
        name: "metrics.intervals",
        fields: &[
            Field { name: "accuracy", type_name: "object", meaning: "Wilson's interval" },
            Field { name: "f1", type_name: "object", meaning: "bootstrap intervals `weighted` and `macro`" },
        ],
    },
    Table {
        name: "metrics.interval",
        fields: &[
            Field { name: "low", type_name: "number", meaning: "lower bound" },
            Field { name: "high", type_name: "number", meaning: "upper bound" },
        ],
    },
    Table {
        name: "metrics.confusion_matrix",
        fields: &[
            Field { name: "label_names", type_name: "list of strings", meaning: "by class index" },
            Field { name: "counts", type_name: "list of lists of integers", meaning: "by label, then by prediction" },
        ],
    },
    Table {
        name: "metrics.scores",
        fields: &[
            DATASET,
            SPLIT,
            ROWS,
            REMARK,
            Field { name: "loss", type_name: "number", meaning: "mean squared error" },
            N,
            Field { name: "mse", type_name: "number", meaning: "mean squared error" },
            Field { name: "mae", type_name: "number", meaning: "mean absolute error" },
            Field { name: "pearson", type_name: "number, nullable", meaning: "null where one side is constant" },
            Field { name: "spearman", type_name: "number, nullable", meaning: "null where one side is constant" },
            Field { name: "r2", type_name: "number, nullable", meaning: "coefficient of determination" },
        ],
    },
];

#[cfg(test)]
mod tests;
