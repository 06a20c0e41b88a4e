//! `bert-eval`: how good a fine-tuned model is, whether it is better than another, where it is wrong.
//!
//! In: the output folder of `bert-finetune` and the token file of a split; its texts, on request. Out: `predictions.parquet`,
//! figures with intervals, pictures, and what explains them, as files and as one page. This is the only stage that reads the
//! test split, and only with `--split test`. From several evaluations: comparisons, means over seeds, likely label errors.

mod labeled;
mod flat_figures;
mod p_value;
mod evaluations;

mod compare;
mod seeds;
mod suspects;
mod source_columns;

mod args;
mod evaluate;

pub use args::{Analysis, AnalysisArgs, Args, Split};
pub use compare::CompareArgs;
pub use evaluate::{STAGE, run};
pub use seeds::SeedsArgs;
pub use suspects::SuspectsArgs;

/// Runs what is made from several evaluations.
///
/// # Errors
/// Fails when a folder is no finished evaluation, or they do not belong together.
pub fn analyze(args: &AnalysisArgs) -> anyhow::Result<()> {
    match &args.analysis {
        Analysis::Compare(args) => compare::run(args),
        Analysis::Seeds(args) => seeds::run(args),
        Analysis::Suspects(args) => suspects::run(args),
    }
}
