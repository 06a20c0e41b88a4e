//! When the run evaluates, saves, logs and stops.

use anyhow::{bail, ensure};
use clap::ValueEnum;
use serde::Serialize;

use super::checks::at_least_zero;

/// When to evaluate, save, log and stop.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Evaluating, saving, logging, stopping")]
pub struct IntervalArgs {
    /// When to evaluate on the validation split
    #[arg(long, value_enum, default_value_t = Strategy::Epoch, value_name = "WHEN")]
    pub eval_strategy: Strategy,

    /// Steps between evaluations, with --eval-strategy steps
    #[arg(long, value_name = "N")]
    pub eval_steps: Option<u64>,

    /// The metric that chooses the best checkpoint; default: accuracy, or loss for scores
    #[arg(long, value_enum, value_name = "METRIC")]
    pub metric_for_best_model: Option<Metric>,

    /// Whether more of that metric is better; default: yes, but not for losses and errors
    #[arg(long, value_name = "BOOL")]
    pub greater_is_better: Option<bool>,

    /// Stop after this many evaluations in a row without a better metric
    #[arg(long, value_name = "N")]
    pub early_stopping_patience: Option<u64>,

    /// By how much the metric must be better to count, with --early-stopping-patience; default: 0
    #[arg(long, value_name = "DIFFERENCE")]
    pub early_stopping_threshold: Option<f64>,

    /// When to save a checkpoint
    #[arg(long, value_enum, default_value_t = Strategy::Epoch, value_name = "WHEN")]
    pub save_strategy: Strategy,

    /// Steps between checkpoints, with --save-strategy steps
    #[arg(long, value_name = "N")]
    pub save_steps: Option<u64>,

    /// Checkpoints that are kept
    #[arg(long, default_value_t = 2, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub save_total_limit: u64,

    /// When to log a training loss
    #[arg(long, value_enum, default_value_t = Strategy::Steps, value_name = "WHEN")]
    pub logging_strategy: Strategy,

    /// Steps between lines of the log, with --logging-strategy steps; default: 10
    #[arg(long, value_name = "N")]
    pub logging_steps: Option<u64>,
}

/// When something recurring is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Strategy {
    /// Never.
    No,
    /// At the end of each epoch.
    Epoch,
    /// Every so many steps.
    Steps,
}

/// A figure of the validation split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum Metric {
    /// Mean of the training objective.
    #[value(alias = "eval_loss")]
    Loss,
    /// Share of right answers.
    #[value(alias = "eval_accuracy")]
    Accuracy,
    /// Precision, weighted by support.
    #[value(alias = "eval_precision")]
    Precision,
    /// Recall, weighted by support.
    #[value(alias = "eval_recall")]
    Recall,
    /// F1, weighted by support.
    #[value(alias = "eval_f1")]
    F1,
    /// F1, the mean over the classes.
    #[value(alias = "eval_f1_macro")]
    F1Macro,
    /// Matthews' correlation.
    #[value(alias = "eval_mcc")]
    Mcc,
    /// Mean squared error of scores.
    #[value(alias = "eval_mse")]
    Mse,
    /// Pearson's correlation of scores.
    #[value(alias = "eval_pearson")]
    Pearson,
    /// Spearman's correlation of scores.
    #[value(alias = "eval_spearman")]
    Spearman,
}

/// [`IntervalArgs`], valid, as far as they define the result.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct IntervalPlan {
    pub(crate) eval_strategy: When,
    metric_for_best_model: Option<Metric>,
    greater_is_better: Option<bool>,
    pub(crate) early_stopping: Option<EarlyStopping>,
    pub(crate) logging: When,
}

/// Which figure chooses the best checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BestModelCriterion {
    pub(crate) metric: Metric,
    pub(crate) greater_is_better: bool,
}

/// When the run ends before its last step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct EarlyStopping {
    pub(crate) patience: u64,
    pub(crate) threshold: f64,
}

/// How checkpoints are kept; defines no result.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Saving {
    pub(crate) when: When,
    pub(crate) total_limit: u64,
}

/// When something recurring is done, with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum When {
    Never,
    EachEpoch,
    EverySteps(u64),
}

impl Metric {
    /// Whether it is one of scores; `None`: of both scores and classes.
    fn is_of_scores(self) -> Option<bool> {
        match self {
            Self::Loss => None,
            Self::Mse | Self::Pearson | Self::Spearman => Some(true),
            _ => Some(false),
        }
    }
}

impl IntervalPlan {
    pub(crate) fn resolve(args: &IntervalArgs) -> anyhow::Result<Self> {
        let eval_strategy = when("eval", args.eval_strategy, args.eval_steps)?;
        let asked = [
            ("metric-for-best-model", args.metric_for_best_model.is_some()),
            ("greater-is-better", args.greater_is_better.is_some()),
            ("early-stopping-patience", args.early_stopping_patience.is_some()),
        ];
        if let Some((name, _)) = asked.iter().find(|(_, asked)| *asked)
            && eval_strategy == When::Never
        {
            bail!("--{name} needs an evaluation, but --eval-strategy is no");
        }
        let logging_steps = match args.logging_strategy {
            Strategy::Steps => args.logging_steps.or(Some(10)),
            _ => args.logging_steps,
        };
        Ok(Self {
            eval_strategy,
            metric_for_best_model: args.metric_for_best_model,
            greater_is_better: args.greater_is_better,
            early_stopping: early_stopping(args)?,
            logging: when("logging", args.logging_strategy, logging_steps)?,
        })
    }

    /// The metric for what is learned: classes, or scores.
    pub(crate) fn judge(&self, of_scores: bool) -> anyhow::Result<BestModelCriterion> {
        let metric = self.metric_for_best_model.unwrap_or(if of_scores { Metric::Loss } else { Metric::Accuracy });
        if metric.is_of_scores().is_some_and(|of| of != of_scores) {
            let (it, these) = if of_scores { ("classes", "scores") } else { ("scores", "classes") };
            bail!("--metric-for-best-model is a metric of {it}, but the tokens are labelled with {these}");
        }
        let greater_is_better = self.greater_is_better.unwrap_or(!matches!(metric, Metric::Loss | Metric::Mse));
        Ok(BestModelCriterion { metric, greater_is_better })
    }
}

impl Saving {
    pub(crate) fn resolve(args: &IntervalArgs) -> anyhow::Result<Self> {
        Ok(Self { when: when("save", args.save_strategy, args.save_steps)?, total_limit: args.save_total_limit })
    }
}

fn early_stopping(args: &IntervalArgs) -> anyhow::Result<Option<EarlyStopping>> {
    let threshold = args.early_stopping_threshold.unwrap_or(0.0);
    at_least_zero("early-stopping-threshold", threshold)?;
    match args.early_stopping_patience {
        Some(0) => bail!("--early-stopping-patience is 0; expected at least 1"),
        Some(patience) => Ok(Some(EarlyStopping { patience, threshold })),
        None => {
            ensure!(
                args.early_stopping_threshold.is_none(),
                "--early-stopping-threshold goes with --early-stopping-patience"
            );
            Ok(None)
        }
    }
}

fn when(what: &str, strategy: Strategy, steps: Option<u64>) -> anyhow::Result<When> {
    match (strategy, steps) {
        (Strategy::No, None) => Ok(When::Never),
        (Strategy::Epoch, None) => Ok(When::EachEpoch),
        (Strategy::Steps, Some(n)) if n > 0 => Ok(When::EverySteps(n)),
        (Strategy::Steps, _) => bail!("--{what}-strategy steps needs --{what}-steps, at least 1"),
        (_, Some(_)) => bail!("--{what}-steps goes with --{what}-strategy steps"),
    }
}
