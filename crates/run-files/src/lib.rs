//! File formats of a training run: the log, the printed plan, the metrics, the predictions, and the names of all files.
//!
//! Each format that one stage writes and another reads has one module with its types, its reader, its writer and its
//! table of fields, so that a renamed field fails to compile on the other side. The records hold plain numbers and
//! strings; nothing here links libtorch. What a format means is told in `docs/formats.md`, and a test holds the tables
//! there against the [`Table`]s here.
//!
//! | module | file | written by | read by |
//! |---|---|---|---|
//! | [`layout`] | names only | | all |
//! | [`plan`] | stdout of `bert-finetune --plan` | `bert-finetune` | `bert-sweep` |
//! | [`log`] | `log.jsonl` | `bert-finetune` | `bert-finetune`, `bert-sweep`, `bert-eval` |
//! | [`metrics_json`] | `metrics.json` | `bert-eval` | `bert-eval`, `bert-export` |
//! | [`calibration`] | `calibration.json` | `bert-eval` | `bert-eval`, `bert-predict`, `bert-export` |
//! | [`event_file`] | `events.out.tfevents.*` | `bert-finetune`, `bert-eval` | TensorBoard |
//! | [`attribution`] | a part of `errors.jsonl` and of answers | `bert-eval`, `bert-predict` | |
//! | [`predictions`] | `predictions.parquet` | `bert-eval` | programs that compare evaluations |
//! | [`verification`] | `verification.json` | `bert-export` | people and their tools |

pub mod layout;
pub mod plan;
pub mod log;
pub mod event_file;
pub mod metrics_json;
pub mod calibration;
pub mod attribution;
pub mod predictions;
pub mod verification;
mod error;
mod schema;

pub use error::RunFileError;
pub use schema::{Field, Table, check_json};

/// The tables of all formats, in the order of the modules.
pub const TABLES: [&[Table]; 6] =
    [plan::TABLES, log::TABLES, metrics_json::TABLES, calibration::TABLES, predictions::TABLES, verification::TABLES];
