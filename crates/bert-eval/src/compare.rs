//! `bert-eval compare`: evaluations of the same rows side by side, each held against the first: differences with intervals,
//! McNemar's test, the paired bootstrap, and in words whether a difference is more than chance.

mod comparison;
mod disagreements;
mod settings;
mod page;

use std::path::PathBuf;

use run_files::layout::compare::{COMPARISON, DISAGREEMENTS, REPORT};
use serde_json::json;
use stage::{CommonArgs, Job, OutputWriter, Stage};

use self::comparison::{Comparison, compare};
use crate::evaluations::Evaluation;

const STAGE: Stage = Stage { name: "bert-eval compare", version: 1 };

const EXAMPLE: &str = "Example:
  bert-eval compare data/runs/a/eval/test data/runs/b/eval/test \\
      --out data/compare/a-b";

/// Compare evaluations of the same rows
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLE)]
pub struct CompareArgs {
    /// Output folders of bert-eval; the others are compared with the first
    #[arg(value_name = "EVAL_DIR", required = true)]
    pub evaluations: Vec<PathBuf>,

    /// Resamples of the paired bootstrap
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub resamples: usize,

    /// Seed of the bootstrap
    #[arg(long, value_name = "N", default_value_t = 42)]
    pub seed: u64,

    /// Output folder, profile, freshness
    #[command(flatten)]
    pub common: CommonArgs,
}

/// Compares.
///
/// # Errors
/// Fails when a folder is no finished evaluation, or two evaluate different rows.
pub(crate) fn run(args: &CompareArgs) -> anyhow::Result<()> {
    let evaluations = Evaluation::open_all(&args.evaluations, 2)?;
    let names: Vec<&str> = evaluations.iter().map(|evaluation| evaluation.name.as_str()).collect();
    let job = Job::new(STAGE, &args.common).plan(&json!({
        "names": names, "resamples": args.resamples, "seed": args.seed
    }))?;
    let Some(mut output) = Evaluation::inputs(&evaluations, job).begin()? else { return Ok(()) };

    let (read, doubts) = Evaluation::read_of_same_rows(&evaluations)?;
    doubts.iter().for_each(|doubt| args.common.say(&format!("{}: warning: {doubt}", STAGE.name)));
    let comparison: Comparison = compare(&evaluations, &read, args.resamples, args.seed)?;
    let disagreements = disagreements::disagreements(&evaluations, &read);
    output.write_json(COMPARISON, &comparison)?;
    output.write_json_lines(DISAGREEMENTS, &disagreements)?;
    let differing = settings::differing(&evaluations);
    let page = page::page(&evaluations, &comparison, &differing, &disagreements);
    output.write(REPORT, figures::html(&page))?;
    output.finish()?;
    for pair in &comparison.pairs {
        args.common.say(&format!("{}: {}", STAGE.name, pair.in_words));
    }
    args.common.say(&format!("{}: {}", STAGE.name, args.common.out.join(REPORT).display()));
    Ok(())
}
