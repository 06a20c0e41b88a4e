//! `bert-eval seeds`: mean, deviation and interval of each figure over evaluations of one setting with several seeds.
//!
//! The interval is Student's, of the mean over trainings: what another seed would give. That of one evaluation is of the rows
//! that it was measured on; the two say different things, and both are written.

use std::path::PathBuf;

use anyhow::Context;
use metrics::Sample;
use run_files::layout::seeds::SEEDS;
use serde::Serialize;
use serde_json::{Map, Value, json};
use stage::{CommonArgs, Job, OutputWriter, Stage, ensure_input};

use crate::evaluations::{Evaluated, Evaluation};
use crate::flat_figures::{flat_figures, is_figure_name};

const STAGE: Stage = Stage { name: "bert-eval seeds", version: 1 };

const EXAMPLE: &str = "Example:
  bert-sweep ... --seeds 5 --keep-weights trial --out data/runs/sst2/sweep
  for run in data/runs/sst2/sweep/kept/*; do
      bert-eval --run $run --tokens data/tokens/sst2 --split test \\
          --out data/runs/sst2/seeds/$(basename $run)
  done
  bert-eval seeds data/runs/sst2/seeds/* --out data/runs/sst2/seeds-test";

/// Mean and interval of each figure over seeds
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLE)]
pub struct SeedsArgs {
    /// Output folders of bert-eval: one setting, several seeds
    #[arg(value_name = "EVAL_DIR", required = true)]
    pub evaluations: Vec<PathBuf>,

    /// Output folder, profile, freshness
    #[command(flatten)]
    pub common: CommonArgs,
}

/// `seeds.json`.
#[derive(Debug, Serialize)]
struct Summary {
    dataset: String,
    split: String,
    /// Rows with a label.
    n: Value,
    evaluations: Vec<OneSeed>,
    /// By the names of the figures.
    figures: Map<String, Value>,
}

#[derive(Debug, Serialize)]
struct OneSeed {
    name: String,
    seed: Value,
    figures: Map<String, Value>,
}

/// Summarizes.
///
/// # Errors
/// Fails when a folder is no finished evaluation, two are of other rows, or two are of the same weights.
pub(crate) fn run(args: &SeedsArgs) -> anyhow::Result<()> {
    let evaluations = Evaluation::open_all(&args.evaluations, 2)?;
    let names: Vec<&str> = evaluations.iter().map(|evaluation| evaluation.name.as_str()).collect();
    let job = Job::new(STAGE, &args.common).plan(&json!({ "names": names }))?;
    let Some(mut output) = Evaluation::inputs(&evaluations, job).begin()? else { return Ok(()) };
    check_weights(&evaluations)?;
    let (read, doubts) = Evaluation::read_of_same_rows(&evaluations)?;
    doubts.iter().for_each(|doubt| args.common.say(&format!("{}: warning: {doubt}", STAGE.name)));
    let summary = summary(&evaluations, &read)?;
    output.write_json(SEEDS, &summary)?;
    output.finish()?;
    for warning in differing_settings(&evaluations) {
        args.common.say(&format!("{}: warning: {warning}", STAGE.name));
    }
    args.common.say(&table(&summary));
    args.common.say(&format!("{}: {}", STAGE.name, args.common.out.join(SEEDS).display()));
    Ok(())
}

/// Two evaluations of the same weights are no two seeds.
fn check_weights(evaluations: &[Evaluation]) -> anyhow::Result<()> {
    for (index, evaluation) in evaluations.iter().enumerate() {
        let same = evaluations[..index].iter().find(|other| other.weights() == evaluation.weights());
        ensure_input!(
            same.is_none(),
            "{} and {} evaluate the same weights; give one evaluation of each seed",
            same.map_or(String::new(), |same| same.folder.display().to_string()),
            evaluation.folder.display()
        );
    }
    Ok(())
}

fn summary(evaluations: &[Evaluation], read: &[Evaluated]) -> anyhow::Result<Summary> {
    let first = read[0].metrics.evaluated().clone();
    let mut of_seeds = Vec::new();
    for (evaluation, Evaluated { metrics, .. }) in evaluations.iter().zip(read) {
        let evaluated = metrics.evaluated();
        let same = (&evaluated.dataset, &evaluated.split, evaluated.rows) == (&first.dataset, &first.split, first.rows);
        ensure_input!(
            same,
            "{} evaluates {} rows of {}, {}; {} evaluates {} of {}, {}",
            evaluation.folder.display(),
            evaluated.rows,
            evaluated.dataset,
            evaluated.split,
            evaluations[0].folder.display(),
            first.rows,
            first.dataset,
            first.split
        );
        let seed = evaluation.manifest.recorded.get("training").and_then(|plan| plan.get("seed")).cloned();
        let figures = flat_figures(&serde_json::to_value(metrics).context("metrics have no JSON form")?);
        of_seeds.push(OneSeed { name: evaluation.name.clone(), seed: seed.unwrap_or_default(), figures });
    }
    let mut figures = Map::new();
    for name in of_seeds[0].figures.keys().filter(|name| is_figure_name(name)) {
        let values: Option<Vec<f64>> = of_seeds.iter().map(|of_seed| of_seed.figures.get(name)?.as_f64()).collect();
        let sample = values.and_then(|values| Sample::new(&values));
        figures.insert(name.clone(), serde_json::to_value(sample)?);
    }
    let n = of_seeds[0].figures.get("n").cloned().unwrap_or_default();
    Ok(Summary { dataset: first.dataset, split: first.split, n, evaluations: of_seeds, figures })
}

/// Settings other than the seed in which the trainings differ.
fn differing_settings(evaluations: &[Evaluation]) -> Vec<String> {
    let plan = |evaluation: &Evaluation| {
        evaluation.manifest.recorded.get("training").and_then(Value::as_object).cloned().unwrap_or_default()
    };
    let first = plan(&evaluations[0]);
    let mut said = Vec::new();
    for evaluation in &evaluations[1..] {
        let other = plan(evaluation);
        let differing: Vec<&str> = first
            .keys()
            .chain(other.keys().filter(|key| !first.contains_key(*key)))
            .filter(|key| !["seed", "data_seed"].contains(&key.as_str()) && first.get(*key) != other.get(*key))
            .map(String::as_str)
            .collect();
        if !differing.is_empty() {
            let (name, of_first) = (&evaluation.name, &evaluations[0].name);
            said.push(format!("{name} and {of_first} differ in more than the seed: {}", differing.join(", ")));
        }
    }
    said
}

/// The figures of all classes together, one a line.
fn table(summary: &Summary) -> String {
    let shown = || summary.figures.iter().filter(|(name, sample)| !name.contains('.') && sample.is_object());
    let width = shown().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut lines = vec![format!(
        "{} seeds on {}, {} (n = {})\n{:width$}  {:>8}  {:>9}  95 % of the mean",
        summary.evaluations.len(),
        summary.dataset,
        summary.split,
        summary.n,
        "",
        "mean",
        "deviation"
    )];
    for (name, sample) in shown() {
        let number = |key: &str| sample.get(key).and_then(Value::as_f64).unwrap_or(f64::NAN);
        let bound = |key: &str| sample.pointer(&format!("/interval/{key}")).and_then(Value::as_f64).unwrap_or(f64::NAN);
        lines.push(format!(
            "{:width$}  {:8.4}  {:9.4}  {:.4} to {:.4}",
            name.replace('_', " "),
            number("mean"),
            number("deviation"),
            bound("low"),
            bound("high")
        ));
    }
    lines.join("\n")
}
