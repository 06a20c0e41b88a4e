//! `bert-eval`: how good a fine-tuned model is, whether it is better than another, where it is wrong.
//!
//! In: the output folder of `bert-finetune` and the token file of a split; its texts, on request. Out: `predictions.parquet`,
//! figures with intervals, pictures, and what explains them, as files and as one page. This is the only stage that reads the
//! test split, and only with `--split test`. From several evaluations: comparisons, means over seeds, likely label errors.

mod args;
mod labeled;
mod flat_figures;
mod evaluate;

pub use args::{Args, Split};
pub use evaluate::{STAGE, run};
