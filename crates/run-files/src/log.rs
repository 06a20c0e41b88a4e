//! Training log, `log.jsonl`: the deterministic events of a run, one JSON object a line.
//!
//! | `event` | fields |
//! |---|---|
//! | `begin` | `train_rows`, `steps_per_epoch` (of the first epoch), `total_steps`, `warmup_steps` |
//! | `train` | `step`, `epoch`, `loss` (mean since the last such line), `learning_rate`, `grad_norm` (of this step) |
//! | `evaluate` | `step`, `epoch`, the figures of an [`Evaluation`], `best` (whether it is the best so far) |
//! | `warning` | `step`, `message` |
//! | `end` | `step`, `best_step`, `stopped_early` |
//!
//! Invariants: `begin` is the first line and `end` the last; steps do not decrease; no number is NaN or infinite. The log
//! holds no time, so that of a resumed run is byte for byte that of an uninterrupted one.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{RunFileError, read_bytes};
use crate::schema::{Field, Table};

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The first line.
    Begin {
        /// Rows of the train split.
        train_rows: usize,
        /// Optimizer steps of the first epoch.
        steps_per_epoch: u64,
        /// Optimizer steps of the whole run.
        total_steps: u64,
        /// Steps of the warm-up.
        warmup_steps: u64,
    },
    /// The training since the last such line.
    Train {
        /// Optimizer steps done.
        step: u64,
        /// The same in epochs.
        epoch: f64,
        /// Mean of the objective over the steps since the last such line.
        loss: f64,
        /// Of this step.
        learning_rate: f64,
        /// Euclidean norm of the gradient of this step, before clipping.
        grad_norm: f64,
    },
    /// An evaluation of the validation split.
    Evaluate {
        /// Optimizer steps done.
        step: u64,
        /// The same in epochs.
        epoch: f64,
        /// What was measured.
        #[serde(flatten)]
        figures: Evaluation,
        /// Whether it is the best so far, so that its weights are kept.
        best: bool,
    },
    /// Something that looks wrong and does not stop the run.
    Warning {
        /// Optimizer steps done.
        step: u64,
        /// What it is.
        message: String,
    },
    /// The last line.
    End {
        /// Optimizer steps done.
        step: u64,
        /// The step whose weights were kept.
        best_step: u64,
        /// Whether early stopping ended the run.
        stopped_early: bool,
    },
}

/// Figures of the validation split. Those of regression and those of classification exclude each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// The training objective: the mean over the sentences.
    pub eval_loss: f64,
    /// Fraction of right predictions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eval_accuracy: Option<f64>,
    /// Precision, weighted by support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eval_precision: Option<f64>,
    /// Recall, weighted by support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eval_recall: Option<f64>,
    /// F1, weighted by support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eval_f1: Option<f64>,
    /// F1, the plain mean over the classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eval_f1_macro: Option<f64>,
    /// Matthews' correlation coefficient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eval_mcc: Option<f64>,
    /// Mean squared error, in the unit of the scores squared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eval_mse: Option<f64>,
    /// Pearson's correlation; absent where it is not defined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eval_pearson: Option<f64>,
    /// Spearman's rank correlation; absent where it is not defined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eval_spearman: Option<f64>,
}

impl Event {
    /// The event as a line of the log, without its end.
    ///
    /// # Errors
    /// None in practice: every event has a JSON form.
    pub fn to_line(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// The optimizer steps that were done at the event; `None` for `begin`.
    #[must_use]
    pub fn step(&self) -> Option<u64> {
        match self {
            Self::Begin { .. } => None,
            Self::Train { step, .. }
            | Self::Evaluate { step, .. }
            | Self::Warning { step, .. }
            | Self::End { step, .. } => Some(*step),
        }
    }
}

impl Evaluation {
    /// The names of the figures of which less is better, where nobody says otherwise.
    pub const LESS_IS_BETTER: [&str; 2] = ["loss", "mse"];

    /// The figures that there are, by the names that `--metric-for-best-model` and a sweep's `metric` give them.
    pub fn figures(&self) -> impl Iterator<Item = (&'static str, f64)> {
        // All of them: the compiler asks for a new one.
        let Self {
            eval_loss,
            eval_accuracy,
            eval_precision,
            eval_recall,
            eval_f1,
            eval_f1_macro,
            eval_mcc,
            eval_mse,
            eval_pearson,
            eval_spearman,
        } = *self;
        let figures = [
            ("loss", Some(eval_loss)),
            ("accuracy", eval_accuracy),
            ("precision", eval_precision),
            ("recall", eval_recall),
            ("f1", eval_f1),
            ("f1_macro", eval_f1_macro),
            ("mcc", eval_mcc),
            ("mse", eval_mse),
            ("pearson", eval_pearson),
            ("spearman", eval_spearman),
        ];
        figures.into_iter().filter_map(|(name, figure)| Some((name, figure?)))
    }
}

/// Reads a whole log.
///
/// # Errors
/// Names the file, and the line that is not an event.
pub fn read(path: &Path) -> Result<Vec<Event>, RunFileError> {
    let text = String::from_utf8(read_bytes(path)?).map_err(|error| RunFileError::damaged(path, error))?;
    parse(path, &text)
}

/// Reads the log of a run that may not have begun, may be going on, or was killed: without a log there are no events, and
/// a last line that has no end yet is not read, since the run will write it again.
///
/// # Errors
/// Names the file, and the line that is not an event.
pub fn read_unfinished(path: &Path) -> Result<Vec<Event>, RunFileError> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        bytes => bytes.map_err(|source| RunFileError::Read { file: path.to_owned(), source })?,
    };
    let n_whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1);
    let text = std::str::from_utf8(&bytes[..n_whole]).map_err(|error| RunFileError::damaged(path, error))?;
    parse(path, text)
}

fn parse(path: &Path, text: &str) -> Result<Vec<Event>, RunFileError> {
    let event = |(index, line): (usize, &str)| {
        serde_json::from_str(line).map_err(|error| RunFileError::Line {
            file: path.to_owned(),
            line: index + 1,
            problem: format!("not an event of bert-finetune: {error}"),
        })
    };
    text.lines().enumerate().map(event).collect()
}

const EVENT: Field = Field { name: "event", type_name: "string", meaning: "the kind of the line" };
const STEP: Field = Field { name: "step", type_name: "integer", meaning: "optimizer steps done" };
const EPOCH: Field = Field {
    name: "epoch",
    type_name: "number",
    meaning: "the same in epochs, of the last one the share of its micro-batches",
};

/// The tables of `docs/formats.md`.
pub const TABLES: &[Table] = &[
    Table {
        name: "log.begin",
        fields: &[
            EVENT,
            Field { name: "train_rows", type_name: "integer", meaning: "rows of the train split" },
            Field { name: "steps_per_epoch", type_name: "integer", meaning: "optimizer steps of the first epoch" },
            Field { name: "total_steps", type_name: "integer", meaning: "optimizer steps of the run" },
            Field { name: "warmup_steps", type_name: "integer", meaning: "steps of the warm-up" },
        ],
    },
    Table {
        name: "log.train",
        fields: &[
            EVENT,
            STEP,
            EPOCH,
            Field { name: "loss", type_name: "number", meaning: "mean since the last such line" },
            Field { name: "learning_rate", type_name: "number", meaning: "of this step" },
            Field { name: "grad_norm", type_name: "number", meaning: "of this step, before clipping" },
        ],
    },
    Table {
        name: "log.evaluate",
        fields: &[
            EVENT,
            STEP,
            EPOCH,
            Field { name: "eval_loss", type_name: "number", meaning: "the training objective" },
            Field { name: "eval_accuracy", type_name: "number, optional", meaning: "fraction of right predictions" },
            Field { name: "eval_precision", type_name: "number, optional", meaning: "weighted by support" },
            Field { name: "eval_recall", type_name: "number, optional", meaning: "weighted by support" },
            Field { name: "eval_f1", type_name: "number, optional", meaning: "weighted by support" },
            Field { name: "eval_f1_macro", type_name: "number, optional", meaning: "plain mean over the classes" },
            Field { name: "eval_mcc", type_name: "number, optional", meaning: "Matthews' correlation coefficient" },
            Field { name: "eval_mse", type_name: "number, optional", meaning: "mean squared error" },
            Field { name: "eval_pearson", type_name: "number, optional", meaning: "Pearson's correlation" },
            Field { name: "eval_spearman", type_name: "number, optional", meaning: "Spearman's rank correlation" },
            Field { name: "best", type_name: "boolean", meaning: "whether it is the best so far" },
        ],
    },
    Table {
        name: "log.warning",
        fields: &[EVENT, STEP, Field { name: "message", type_name: "string", meaning: "what looks wrong" }],
    },
    Table {
        name: "log.end",
        fields: &[
            EVENT,
            STEP,
            Field { name: "best_step", type_name: "integer", meaning: "the step whose weights were kept" },
            Field { name: "stopped_early", type_name: "boolean", meaning: "whether early stopping ended the run" },
        ],
    },
];

#[cfg(test)]
mod tests;
