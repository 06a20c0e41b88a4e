//! `log.jsonl`: the deterministic events of a run, one JSON object a line.
//!
//! | event | fields |
//! |---|---|
//! | `begin` | `train_rows`, `steps_per_epoch` (of the first), `total_steps`, `warmup_steps` |
//! | `train` | `step`, `epoch`, `loss` (mean since the last such line), `learning_rate`, `grad_norm` (of this step) |
//! | `evaluate` | `step`, `epoch`, `eval_loss`; of classes `eval_accuracy`, `eval_precision`, `eval_recall`, `eval_f1` (weighted), `eval_f1_macro`, `eval_mcc`; of scores `eval_mse`, `eval_pearson`, `eval_spearman`; `best` (whether it is the best so far) |
//! | `warning` | `step`, `message` |
//! | `end` | `step`, `best_step`, `stopped_early` |
//!
//! It holds no time: the log of a resumed run is byte for byte that of an uninterrupted one.

use std::fs;
use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::training::evaluation::Evaluation;

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Event {
    Begin {
        train_rows: usize,
        steps_per_epoch: u64,
        total_steps: u64,
        warmup_steps: u64,
    },
    Train {
        step: u64,
        epoch: f64,
        loss: f64,
        learning_rate: f64,
        grad_norm: f64,
    },
    Evaluate {
        step: u64,
        epoch: f64,
        #[serde(flatten)]
        figures: Evaluation,
        best: bool,
    },
    Warning {
        step: u64,
        message: String,
    },
    End {
        step: u64,
        best_step: u64,
        stopped_early: bool,
    },
}

/// Reads a whole log back.
pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<Event>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let parse = |(line, text): (usize, &str)| {
        serde_json::from_str(text).with_context(|| format!("{}: line {}", path.display(), line + 1))
    };
    text.lines().enumerate().map(parse).collect()
}
