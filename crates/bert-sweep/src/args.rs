//! What can be typed; in a profile it stands in `[sweep]`.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use serde::Serialize;

const EXAMPLE: &str = "Example:
  bert-sweep --profile pipeline/sst2-sweep.toml --tokens data/tokens/sst2 --model data/models/minilm \\
      --out data/runs/sst2/sweep
  bert-sweep --profile pipeline/sst2.toml --seeds 5 ...     one setting over five seeds

The arguments that are searched stand in the profile:
  [sweep.space]
  learning_rate = { min = 1e-5, max = 2e-4, log = true }
  per_device_train_batch_size = [8, 16, 32]

What a trial does not vary is what the profile says in [finetune].";

/// Searches hyper-parameters: a process of bert-finetune for each trial, a table of all, the best one kept
#[derive(Debug, Clone, Parser)]
#[command(name = "bert-sweep", version, after_help = EXAMPLE)]
pub struct Args {
    /// run: train the trials; plan: write them as files and run nothing; collect: gather what has been run
    #[arg(value_enum, default_value_t = Action::Run, value_name = "ACTION")]
    pub action: Action,

    /// Token files, the output of sst-tokenize; its test split is not read
    #[arg(long, value_name = "DIR")]
    pub tokens: PathBuf,

    /// Model folder that every trial begins with
    #[arg(long, value_name = "DIR")]
    pub model: PathBuf,

    /// How trials are chosen: every combination, at random, or by what came out so far
    #[arg(long, value_enum, default_value_t = Method::Random, value_name = "METHOD")]
    pub method: Method,

    /// Trials in all; a grid has its own number
    #[arg(long, value_name = "N")]
    pub trials: Option<usize>,

    /// Seed of the choice of trials; not of the training
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub seed: u64,

    /// Runs of each trial that differ by their seed alone: the seed of [finetune], then 1, 2, 3 ...
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub seeds: u64,

    /// The figure of the validation split that ranks trials, such as accuracy, f1 or loss [default: what
    /// metric_for_best_model in [finetune] says, else accuracy, and for scores loss]
    #[arg(long, value_name = "NAME")]
    pub metric: Option<String>,

    /// Whether more is better [default: minimize for loss, else maximize]
    #[arg(long, value_enum, value_name = "DIRECTION")]
    pub direction: Option<Direction>,

    /// Trials at the same time. One has all cores and the memory to itself; more of them, with fewer threads each, end
    /// sooner together, since they wait less for each other, but take that many times the memory
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1024))]
    pub jobs: u64,

    /// Threads of each trial [default: what [finetune] says, else the cores divided by the jobs]
    #[arg(long, value_name = "N")]
    pub threads: Option<u64>,

    /// The program that trains [default: bert-finetune beside this one]
    #[arg(long, value_name = "FILE")]
    pub finetune: Option<PathBuf>,

    /// Output folder, profile, freshness
    #[command(flatten)]
    pub common: stage::Common,
}

/// What is done with the trials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Action {
    /// Train them.
    Run,
    /// Write them as files.
    Plan,
    /// Gather what has been run.
    Collect,
}

/// How trials are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Every combination.
    Grid,
    /// Each argument drawn by itself.
    Random,
    /// Tree-structured Parzen estimators.
    Tpe,
}

/// Which way a figure is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Less is better.
    Minimize,
    /// More is better.
    Maximize,
}
