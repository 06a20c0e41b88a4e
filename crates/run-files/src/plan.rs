//! Training plan: what `bert-finetune --plan` prints, and `bert-sweep` keeps as `plan.json` beside each run.
//!
//! One JSON object: all settings that define the result, then `saving` and `counts`. The settings are the writer's own
//! and are hashed into the key of the run; of them only [`EvaluationSettings`] is read by others, and so it is here.
//!
//! | field | type | meaning |
//! |---|---|---|
//! | ... | | the other settings, under the names of their flags |
//! | `eval_strategy` | string or object | `"never"`, `"each_epoch"` or `{"every_steps": n}` |
//! | `saving` | object | [`Saving`] |
//! | `counts` | object | [`Counts`] |
//! | `memory` | object, optional | [`Memory`], an estimate |
//! | `disk` | object, optional | [`Disk`], an upper bound |
//! | `time` | object, optional | [`Time`], with `--timed` |
//!
//! Invariants: every count but `warmup_steps` is at least 1, and `steps_per_epoch <= batches_per_epoch`. Counts per epoch
//! are those of the first epoch; with `max_tokens_per_batch` the others may differ. `memory` and `disk` are absent in plans
//! of earlier programs.

use serde::{Deserialize, Serialize};

use crate::schema::{Field, Table};

/// The printed plan; the writer has all settings as `Settings`, readers have the default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan<Settings = EvaluationSettings> {
    /// What defines the result.
    #[serde(flatten)]
    pub settings: Settings,
    /// How checkpoints are kept, which does not define the result.
    pub saving: Saving,
    /// What the settings come to on the rows of the train split.
    pub counts: Counts,
    /// The last step of each epoch; `None` where all epochs have as many steps as the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch_ends: Option<Vec<u64>>,
    /// What the run takes of memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Memory>,
    /// What the run takes of the disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk: Option<Disk>,
    /// How long the run takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Time>,
}

/// The settings that other programs read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvaluationSettings {
    /// When the validation split is evaluated.
    pub eval_strategy: When,
}

/// When something recurring is done, with its interval. The last step counts as the end of an epoch and of an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Never.
    Never,
    /// At the end of each epoch.
    EachEpoch,
    /// After every so many steps, at least 1.
    EverySteps(u64),
}

/// How checkpoints are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saving {
    /// When one is saved.
    pub when: When,
    /// How many are kept, at least 1.
    pub total_limit: u64,
}

/// Numbers of rows, batches and optimizer steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Rows of the train split.
    pub train_rows: u64,
    /// The texts whose windows these rows are; `None` where each row is a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train_texts: Option<u64>,
    /// Batches of the first epoch.
    pub batches_per_epoch: u64,
    /// Optimizer steps of the first epoch.
    pub steps_per_epoch: u64,
    /// Optimizer steps of the whole run.
    pub total_steps: u64,
    /// Of these, the steps of the warm-up.
    pub warmup_steps: u64,
}

/// Memory in bytes, estimated from the shapes of tensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// The weights.
    pub parameters: u64,
    /// Their gradients.
    pub gradients: u64,
    /// The optimizer's state.
    pub optimizer: u64,
    /// The moving average of the weights.
    pub average: u64,
    /// Copies of the matrices as the products read them.
    pub weight_copies: u64,
    /// What a pass over the largest batch keeps.
    pub activations: u64,
    /// The largest of what is held for a while: to write a checkpoint, to evaluate an average, to update by Adafactor.
    pub temporary: u64,
    /// Libraries, and the tokens of both splits.
    pub program: u64,
    /// All together.
    pub peak: u64,
}

/// Bytes of the disk, at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// The checkpoints that are kept, and one more while it is written.
    pub checkpoints: u64,
    /// The best weights that each of them refers to, and those of the last evaluation.
    pub best_weights: u64,
    /// The result's weights.
    pub result: u64,
    /// All together.
    pub total: u64,
}

/// Seconds, estimated from steps that were taken and thrown away.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Time {
    /// How many optimizer steps were timed.
    pub timed_steps: u64,
    /// Their mean.
    pub seconds_per_step: f64,
    /// All steps.
    pub train_seconds: f64,
    /// All evaluations.
    pub evaluate_seconds: f64,
    /// Both, without loading and saving.
    pub total_seconds: f64,
}

impl Plan {
    /// Reads what `--plan` printed.
    ///
    /// # Errors
    /// Names the field that is missing or of another type.
    pub fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json)
    }
}

/// The tables of `docs/formats.md`.
pub const TABLES: &[Table] = &[
    Table {
        name: "plan",
        fields: &[
            Field { name: "eval_strategy", type_name: "string or object", meaning: "when validation is evaluated" },
            Field { name: "saving", type_name: "object", meaning: "how checkpoints are kept" },
            Field { name: "counts", type_name: "object", meaning: "rows, batches and steps" },
            Field {
                name: "epoch_ends",
                type_name: "array, optional",
                meaning: "the last step of each epoch, where they differ in length",
            },
            Field { name: "memory", type_name: "object, optional", meaning: "estimate of the memory" },
            Field { name: "disk", type_name: "object, optional", meaning: "bound of the disk space" },
            Field { name: "time", type_name: "object, optional", meaning: "estimate of the time, with --timed" },
        ],
    },
    Table {
        name: "plan.saving",
        fields: &[
            Field { name: "when", type_name: "string or object", meaning: "when a checkpoint is saved" },
            Field { name: "total_limit", type_name: "integer", meaning: "how many checkpoints are kept" },
        ],
    },
    Table {
        name: "plan.counts",
        fields: &[
            Field { name: "train_rows", type_name: "integer", meaning: "rows of the train split" },
            Field { name: "train_texts", type_name: "integer, optional", meaning: "texts whose windows the rows are" },
            Field { name: "batches_per_epoch", type_name: "integer", meaning: "batches of the first epoch" },
            Field { name: "steps_per_epoch", type_name: "integer", meaning: "optimizer steps of the first epoch" },
            Field { name: "total_steps", type_name: "integer", meaning: "optimizer steps of the run" },
            Field { name: "warmup_steps", type_name: "integer", meaning: "steps of the warm-up" },
        ],
    },
    Table {
        name: "plan.memory",
        fields: &[
            Field { name: "parameters", type_name: "integer", meaning: "the weights" },
            Field { name: "gradients", type_name: "integer", meaning: "their gradients" },
            Field { name: "optimizer", type_name: "integer", meaning: "the optimizer's state" },
            Field { name: "average", type_name: "integer", meaning: "the moving average" },
            Field { name: "weight_copies", type_name: "integer", meaning: "copies for the products" },
            Field { name: "activations", type_name: "integer", meaning: "a pass over the largest batch" },
            Field { name: "temporary", type_name: "integer", meaning: "the largest of what is held for a while" },
            Field { name: "program", type_name: "integer", meaning: "libraries and tokens" },
            Field { name: "peak", type_name: "integer", meaning: "all together" },
        ],
    },
    Table {
        name: "plan.disk",
        fields: &[
            Field { name: "checkpoints", type_name: "integer", meaning: "those that are kept, and one more" },
            Field { name: "best_weights", type_name: "integer", meaning: "best weights, one a checkpoint" },
            Field { name: "result", type_name: "integer", meaning: "the result's weights" },
            Field { name: "total", type_name: "integer", meaning: "all together" },
        ],
    },
    Table {
        name: "plan.time",
        fields: &[
            Field { name: "timed_steps", type_name: "integer", meaning: "steps that were timed" },
            Field { name: "seconds_per_step", type_name: "number", meaning: "their mean" },
            Field { name: "train_seconds", type_name: "number", meaning: "all steps" },
            Field { name: "evaluate_seconds", type_name: "number", meaning: "all evaluations" },
            Field { name: "total_seconds", type_name: "number", meaning: "both" },
        ],
    },
];

#[cfg(test)]
mod tests;
