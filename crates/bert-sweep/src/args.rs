//! Command-line flags; in a profile they are the keys of `[sweep]`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Parser, ValueEnum};
use serde::Serialize;

const EXAMPLE: &str = "Examples:
  bert-sweep --profile pipeline/profiles/sst2-sweep.toml \\
      --tokens data/tokens/sst2 --model data/models/minilm \\
      --out data/runs/sst2/sweep
  # The same settings with five seeds
  bert-sweep --profile pipeline/profiles/sst2.toml --seeds 5 ...
  # Trials ranked by five-fold cross-validation
  bert-sweep --profile pipeline/profiles/sst2-sweep.toml --folds 5 ...
  # One run, as a task of an engine; afterwards bert-sweep collect ...
  bert-sweep trial --index 3 ...

The profile has the search space:
  [sweep.space]
  learning_rate = { min = 1e-5, max = 2e-4, log = true }
  per_device_train_batch_size = [8, 16, 32]

All other training arguments are those in [finetune].";

/// Hyper-parameter search: trains each trial in a bert-finetune process, ranks all trials, keeps the best model
#[derive(Debug, Clone, Parser)]
#[command(name = "bert-sweep", version, after_help = EXAMPLE)]
pub struct Args {
    /// run: train the trials; plan: write their commands and train nothing; list: print their runs, a JSON object a line;
    /// trial: train the run --index; collect: rank trials that were trained elsewhere
    #[arg(value_enum, default_value_t = Action::Run, value_name = "ACTION")]
    pub action: Action,

    /// Token files written by sst-tokenize; the test split is not read
    #[arg(long, value_name = "DIR")]
    pub tokens: PathBuf,

    /// Pretrained model that every trial starts from
    #[arg(long, value_name = "DIR")]
    pub model: PathBuf,

    /// With `trial`: the run to train, from 0 on in the order of `list`; `auto` takes it from JOB_COMPLETION_INDEX (Kubernetes)
    /// or SLURM_ARRAY_TASK_ID (Slurm, --array=0-(N-1))
    #[arg(long, value_name = "I", value_parser = index)]
    pub index: Option<u64>,

    /// Search algorithm
    #[arg(long, value_enum, default_value_t = Method::Random, value_name = "METHOD")]
    pub method: Method,

    /// Number of trials; not for grid, which runs every combination
    #[arg(long, value_name = "N")]
    pub trials: Option<usize>,

    /// Seed of the search and of the folds; the seed of the training is that of [finetune]
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub seed: u64,

    /// Runs of each trial, with different training seeds: the seed of [finetune], then 1, 2, 3, ...
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub seeds: u64,

    /// Cross-validation: each trial is trained K times, without one of K folds of train, and evaluated on that fold
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(2..))]
    pub folds: Option<u32>,

    /// Folder of the raw texts that --tokens was made of, where it is no longer where sst-tokenize read it
    #[arg(long, value_name = "DIR", requires = "folds")]
    pub raw: Option<PathBuf>,

    /// Validation metric that ranks the trials, such as accuracy, f1 or loss [default: metric_for_best_model in
    /// [finetune], else accuracy, or loss for regression]
    #[arg(long, value_name = "NAME")]
    pub metric: Option<String>,

    /// Whether to minimize or maximize the metric [default: minimize loss, maximize any other]
    #[arg(long, value_enum, value_name = "DIRECTION")]
    pub direction: Option<Direction>,

    /// Trials to run at the same time, or auto: one on each CUDA device, where there are several. The cores are divided among them, and
    /// each needs the memory of one training; several trials with few threads finish sooner than the same trials in turn with all threads
    #[arg(long, default_value = "1", value_name = "N|auto")]
    pub jobs: Jobs,

    /// Threads per trial [default: threads in [finetune], else the number of cores divided by --jobs]
    #[arg(long, value_name = "N")]
    pub threads: Option<u64>,

    /// Whose weights are kept: run (the best run), trial (all seeds and folds of the best trial), or all
    #[arg(long, value_enum, default_value_t = KeepWeights::Run, value_name = "WHOSE")]
    pub keep_weights: KeepWeights,

    /// Path of the bert-finetune program [default: in the folder of bert-sweep]
    #[arg(long, value_name = "FILE")]
    pub finetune: Option<PathBuf>,

    /// Output folder, profile, freshness
    #[command(flatten)]
    pub common: stage::CommonArgs,
}

/// How many trials run at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jobs {
    /// So many.
    Number(usize),
    /// One on each CUDA device.
    Auto,
}

impl FromStr for Jobs {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.parse()) {
            ("auto", _) => Ok(Self::Auto),
            (_, Ok(number @ 1..=1024)) => Ok(Self::Number(number)),
            _ => Err("expected 1 to 1024, or auto".to_owned()),
        }
    }
}

/// What is done with the trials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Action {
    /// Train and rank the trials.
    Run,
    /// Write the command of each trial, and train nothing.
    Plan,
    /// Print all runs of the trials.
    List,
    /// Train one run.
    Trial,
    /// Rank trials that were trained elsewhere.
    Collect,
}

impl Action {
    /// Whether it needs to know all trials before one of them is trained.
    pub(crate) fn needs_independent_trials(self) -> bool {
        matches!(self, Self::Plan | Self::List | Self::Trial)
    }
}

fn index(text: &str) -> Result<u64, String> {
    match text {
        "auto" => stage::task_index(),
        _ => text.parse().map_err(|_| "expected a number from 0 on, or auto".to_owned()),
    }
}

/// Whose weights are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum KeepWeights {
    /// Those of the best run.
    Run,
    /// Those of every seed and fold of the best trial.
    Trial,
    /// Those of all runs.
    All,
}

/// The search algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Every combination.
    Grid,
    /// Each argument sampled independently.
    Random,
    /// Tree-structured Parzen estimators, which learn from earlier trials.
    Tpe,
}

/// Whether a lower or a higher metric is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Lower is better.
    Minimize,
    /// Higher is better.
    Maximize,
}
