//! Intervals: when to evaluate, save and log; the metric for the best model; early stopping.

use clap::ValueEnum;
use run_files::log::Evaluation;
use run_files::plan::{EvaluationSettings, Saving, When};
use serde::Serialize;
use stage::{bail_input, ensure_input};

use super::checks::at_least_zero;
use super::problem_type::ProblemType;

/// When to evaluate, save, log and stop.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Evaluation, checkpoints, logging, early stopping")]
pub struct IntervalArgs {
    /// When to evaluate on the validation split
    #[arg(long, value_enum, default_value_t = Strategy::Epoch, value_name = "WHEN")]
    pub eval_strategy: Strategy,

    /// Steps between evaluations, with --eval-strategy steps; the last step is evaluated, too
    #[arg(long, value_name = "N")]
    pub eval_steps: Option<u64>,

    /// Metric that selects the best checkpoint; default: accuracy, or loss for regression
    #[arg(long, value_enum, value_name = "METRIC")]
    pub metric_for_best_model: Option<Metric>,

    /// Whether higher values of that metric are better; default: true, except for loss and mse
    #[arg(long, value_name = "BOOL")]
    pub greater_is_better: Option<bool>,

    /// Stop after this many evaluations in a row without improvement
    #[arg(long, value_name = "N")]
    pub early_stopping_patience: Option<u64>,

    /// Smallest improvement that counts, with --early-stopping-patience; default: 0
    #[arg(long, value_name = "DIFFERENCE")]
    pub early_stopping_threshold: Option<f64>,

    /// When to save a checkpoint
    #[arg(long, value_enum, default_value_t = Strategy::Epoch, value_name = "WHEN")]
    pub save_strategy: Strategy,

    /// Steps between checkpoints, with --save-strategy steps
    #[arg(long, value_name = "N")]
    pub save_steps: Option<u64>,

    /// Number of checkpoints to keep
    #[arg(long, default_value_t = 2, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub save_total_limit: u64,

    /// When to log the training loss
    #[arg(long, value_enum, default_value_t = Strategy::Steps, value_name = "WHEN")]
    pub logging_strategy: Strategy,

    /// Steps between log entries, with --logging-strategy steps; default: 10
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
    /// Every N steps.
    Steps,
}

/// A metric of the validation split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum Metric {
    /// Mean of the training objective.
    #[value(alias = "eval_loss")]
    Loss,
    /// Fraction of correct predictions.
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
    /// F1, unweighted mean over the classes.
    #[value(alias = "eval_f1_macro")]
    F1Macro,
    /// Matthews correlation coefficient.
    #[value(alias = "eval_mcc")]
    Mcc,
    /// Mean squared error (regression).
    #[value(alias = "eval_mse")]
    Mse,
    /// Pearson correlation (regression).
    #[value(alias = "eval_pearson")]
    Pearson,
    /// Spearman correlation (regression).
    #[value(alias = "eval_spearman")]
    Spearman,
}

/// [`IntervalArgs`], valid, as far as they define the result.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct IntervalPlan {
    #[serde(flatten)]
    evaluation: EvaluationSettings,
    metric_for_best_model: Option<Metric>,
    greater_is_better: Option<bool>,
    pub(crate) early_stopping: Option<EarlyStopping>,
    pub(crate) logging: When,
}

/// Which metric selects the best checkpoint.
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

impl Metric {
    /// Whether it is defined for what is learned. Both have a loss.
    fn is_defined_for(self, problem_type: ProblemType) -> bool {
        match self {
            Self::Loss => true,
            Self::Mse | Self::Pearson | Self::Spearman => problem_type == ProblemType::Regression,
            Self::Accuracy | Self::Precision | Self::Recall | Self::F1 | Self::F1Macro | Self::Mcc => {
                problem_type != ProblemType::Regression
            }
        }
    }

    /// The figure of this name; a correlation that is not defined counts as 0.
    pub(crate) fn of(self, figures: &Evaluation) -> f64 {
        let name = self.name();
        figures.figures().find(|(known, _)| *known == name).map_or(0.0, |(_, figure)| figure)
    }

    fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

impl BestModelCriterion {
    /// The metric, with its sign such that more is better.
    pub(crate) fn merit(self, figures: &Evaluation) -> f64 {
        let figure = self.metric.of(figures);
        if self.greater_is_better { figure } else { -figure }
    }
}

impl IntervalPlan {
    pub(crate) fn resolve(args: &IntervalArgs) -> anyhow::Result<Self> {
        let eval_strategy = when("eval", args.eval_strategy, args.eval_steps)?;
        let need_evaluation = [
            ("metric-for-best-model", args.metric_for_best_model.is_some()),
            ("greater-is-better", args.greater_is_better.is_some()),
            ("early-stopping-patience", args.early_stopping_patience.is_some()),
        ];
        if let Some((name, _)) = need_evaluation.iter().find(|(_, is_given)| *is_given)
            && eval_strategy == When::Never
        {
            bail_input!("--{name} requires evaluation, but --eval-strategy is no");
        }
        let logging_steps = match args.logging_strategy {
            Strategy::Steps => args.logging_steps.or(Some(10)),
            _ => args.logging_steps,
        };
        Ok(Self {
            evaluation: EvaluationSettings { eval_strategy },
            metric_for_best_model: args.metric_for_best_model,
            greater_is_better: args.greater_is_better,
            early_stopping: early_stopping(args)?,
            logging: when("logging", args.logging_strategy, logging_steps)?,
        })
    }

    /// When the validation split is evaluated.
    pub(crate) fn eval_strategy(&self) -> When {
        self.evaluation.eval_strategy
    }

    /// The same with the metric that the task decides where none was given; without evaluations there is none.
    pub(crate) fn resolved(&self, problem_type: ProblemType) -> anyhow::Result<Self> {
        let BestModelCriterion { metric, greater_is_better } = self.best_model_criterion(problem_type)?;
        if self.eval_strategy() == When::Never {
            return Ok(*self);
        }
        Ok(Self { metric_for_best_model: Some(metric), greater_is_better: Some(greater_is_better), ..*self })
    }

    /// The metric that selects the best checkpoint for what is learned.
    pub(crate) fn best_model_criterion(&self, problem_type: ProblemType) -> anyhow::Result<BestModelCriterion> {
        let (default, labels) = match problem_type {
            ProblemType::Classification { .. } => (Metric::Accuracy, "classes"),
            ProblemType::Regression => (Metric::Loss, "scores"),
        };
        let metric = self.metric_for_best_model.unwrap_or(default);
        ensure_input!(
            metric.is_defined_for(problem_type),
            "--metric-for-best-model {} is not defined for the labels of the token files, which are {labels}",
            metric.name()
        );
        let greater_is_better =
            self.greater_is_better.unwrap_or(!Evaluation::LESS_IS_BETTER.contains(&metric.name().as_str()));
        Ok(BestModelCriterion { metric, greater_is_better })
    }
}

/// When checkpoints are saved and how many are kept; not part of the key.
pub(crate) fn resolve_saving(args: &IntervalArgs) -> anyhow::Result<Saving> {
    Ok(Saving { when: when("save", args.save_strategy, args.save_steps)?, total_limit: args.save_total_limit })
}

fn early_stopping(args: &IntervalArgs) -> anyhow::Result<Option<EarlyStopping>> {
    let threshold = args.early_stopping_threshold.unwrap_or(0.0);
    at_least_zero("early-stopping-threshold", threshold)?;
    match args.early_stopping_patience {
        Some(0) => bail_input!("--early-stopping-patience is 0; expected at least 1"),
        Some(patience) => Ok(Some(EarlyStopping { patience, threshold })),
        None => {
            ensure_input!(
                args.early_stopping_threshold.is_none(),
                "--early-stopping-threshold requires --early-stopping-patience"
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
        (Strategy::Steps, _) => bail_input!("--{what}-strategy steps requires --{what}-steps of at least 1"),
        (_, Some(_)) => bail_input!("--{what}-steps requires --{what}-strategy steps"),
    }
}
