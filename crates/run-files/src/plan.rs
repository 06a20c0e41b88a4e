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
//!
//! Invariants: every count but `warmup_steps` is at least 1, and `steps_per_epoch <= batches_per_epoch`. Counts per epoch
//! are those of the first epoch; with `max_tokens_per_batch` the others may differ.

use serde::{Deserialize, Serialize};

use crate::schema::{Field, Table};

/// The printed plan; the writer has all settings as `Settings`, readers have the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan<Settings = EvaluationSettings> {
    /// What defines the result.
    #[serde(flatten)]
    pub settings: Settings,
    /// How checkpoints are kept, which does not define the result.
    pub saving: Saving,
    /// What the settings come to on the rows of the train split.
    pub counts: Counts,
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
    /// Batches of the first epoch.
    pub batches_per_epoch: u64,
    /// Optimizer steps of the first epoch.
    pub steps_per_epoch: u64,
    /// Optimizer steps of the whole run.
    pub total_steps: u64,
    /// Of these, the steps of the warm-up.
    pub warmup_steps: u64,
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
            Field {
                name: "eval_strategy",
                type_name: "string or object",
                meaning: "when the validation split is evaluated",
            },
            Field { name: "saving", type_name: "object", meaning: "how checkpoints are kept" },
            Field { name: "counts", type_name: "object", meaning: "rows, batches and steps" },
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
            Field { name: "batches_per_epoch", type_name: "integer", meaning: "batches of the first epoch" },
            Field { name: "steps_per_epoch", type_name: "integer", meaning: "optimizer steps of the first epoch" },
            Field { name: "total_steps", type_name: "integer", meaning: "optimizer steps of the run" },
            Field { name: "warmup_steps", type_name: "integer", meaning: "steps of the warm-up" },
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::check_json;

    const GOLDEN: &str = r#"{"eval_strategy":{"every_steps":3},"saving":{"when":"each_epoch","total_limit":2},"counts":{"train_rows":40,"batches_per_epoch":7,"steps_per_epoch":4,"total_steps":10,"warmup_steps":2}}"#;

    fn plan() -> Plan {
        Plan {
            settings: EvaluationSettings { eval_strategy: When::EverySteps(3) },
            saving: Saving { when: When::EachEpoch, total_limit: 2 },
            counts: Counts {
                train_rows: 40,
                batches_per_epoch: 7,
                steps_per_epoch: 4,
                total_steps: 10,
                warmup_steps: 2,
            },
        }
    }

    #[test]
    fn the_bytes_are_those_of_earlier_versions() {
        assert_eq!(serde_json::to_string(&plan()).unwrap(), GOLDEN);
        assert_eq!(Plan::parse(GOLDEN.as_bytes()).unwrap(), plan());
        assert_eq!(serde_json::to_string(&When::Never).unwrap(), r#""never""#);
    }

    #[test]
    fn settings_that_no_reader_needs_are_passed_over() {
        let text = GOLDEN.replacen('{', r#"{"precision":"bf16","seed":42,"lora":null,"#, 1);
        assert_eq!(Plan::parse(text.as_bytes()).unwrap(), plan());
    }

    #[test]
    fn a_missing_field_is_named() {
        let error = Plan::parse(GOLDEN.replace("total_steps", "n_steps").as_bytes()).unwrap_err();
        assert!(error.to_string().contains("missing field `total_steps`"), "{error}");
    }

    #[test]
    fn the_tables_are_those_of_the_types() {
        let value = serde_json::to_value(plan()).unwrap();
        let records = [&value, &value["saving"], &value["counts"]];
        for (record, table) in records.into_iter().zip(TABLES) {
            check_json(record, table).unwrap();
        }
    }
}
