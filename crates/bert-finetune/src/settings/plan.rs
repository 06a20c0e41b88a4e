//! Training plan: every setting that defines the result, validated against the others and against the model's shape.

use bert::{Compute, DropoutCounters, Precision};
use checkpoint::{BertConfig, ProblemType as TrainedProblem};
use run_files::plan::{Saving, When};
use serde::Serialize;
use stage::{bail_input, ensure_input};

use super::args::Args;
use super::batches::BatchPlan;
use super::intervals::{BestModelCriterion, IntervalPlan, resolve_saving};
use super::objective::ObjectivePlan;
use super::optimizer::OptimizerPlan;
use super::problem_type::ProblemType;
use super::schedule::{Schedule, Warmup};
use super::weights::WeightPlan;

/// Everything in the settings that defines the result. Its JSON is part of the run's key.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Plan {
    pub(crate) precision: Precision,
    /// Left out where it is the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) head_precision: Option<Precision>,
    #[serde(flatten)]
    pub(crate) batches: BatchPlan,
    #[serde(flatten)]
    pub(crate) optimizer: OptimizerPlan,
    #[serde(flatten)]
    pub(crate) schedule: Schedule,
    #[serde(flatten)]
    pub(crate) warmup: Warmup,
    #[serde(flatten)]
    pub(crate) objective: ObjectivePlan,
    #[serde(flatten)]
    pub(crate) weights: WeightPlan,
    #[serde(flatten)]
    pub(crate) intervals: IntervalPlan,
    /// Not part of the key: how often a run saves does not change its result.
    #[serde(skip)]
    pub(crate) saving: Saving,
}

/// What the settings are held to, beside each other and the model.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RunFacts {
    pub(crate) has_validation: bool,
    /// How many processes train together.
    pub(crate) processes: usize,
}

impl Plan {
    /// Checks the arguments against each other and against the model's shape, before any weights are loaded.
    pub(crate) fn resolve(
        args: &Args,
        compute: &Compute,
        config: &BertConfig,
        facts: RunFacts,
    ) -> anyhow::Result<Self> {
        let RunFacts { has_validation, processes } = facts;
        if config.problem_type == Some(TrainedProblem::MultiLabelClassification) && !args.weights.new_head {
            bail_input!(
                "{}: problem_type is multi_label_classification, which is not trained here; --new-head begins with its encoder \
                 and a new classifier of one label a text",
                args.model.join("config.json").display()
            );
        }
        let optimizer = OptimizerPlan::resolve(&args.optimizer)?;
        let intervals = IntervalPlan::resolve(&args.intervals)?;
        if intervals.eval_strategy() != When::Never && !has_validation {
            bail_input!(
                "{} has no validation.parquet; to train without evaluation and keep the last weights, \
                 add --eval-strategy no",
                args.tokens.display()
            );
        }
        let schedule = Schedule::resolve(&args.schedule, optimizer.learning_rate)?;
        if matches!(schedule, Schedule::ReduceLrOnPlateau(_)) && intervals.eval_strategy() == When::Never {
            bail_input!("--lr-scheduler-type reduce_lr_on_plateau requires evaluation, but --eval-strategy is no");
        }
        let batches = BatchPlan::resolve(&args.batches, processes)?;
        let weights = WeightPlan::resolve(&args.weights, config)?;
        let n_micro_batches = batches.gradient_accumulation_steps;
        ensure_input!(
            n_micro_batches <= DropoutCounters::MAX_MICRO_BATCHES || !weights.resolved(config).drops(),
            "a step has {n_micro_batches} micro-batches, --gradient-accumulation-steps of all processes; at most {} have masks of \
             dropout of their own: take larger batches, or no dropout",
            DropoutCounters::MAX_MICRO_BATCHES
        );
        Ok(Self {
            precision: compute.precision,
            head_precision: compute.precision.of_head(),
            batches,
            optimizer,
            schedule,
            warmup: Warmup::resolve(&args.schedule)?,
            objective: ObjectivePlan::resolve(&args.objective)?,
            weights,
            intervals,
            saving: resolve_saving(&args.intervals)?,
        })
    }

    /// Checks the plan against what is learned, and returns the metric that selects the best checkpoint.
    pub(crate) fn check(&self, problem_type: ProblemType) -> anyhow::Result<BestModelCriterion> {
        self.objective.check(problem_type)?;
        self.intervals.best_model_criterion(problem_type)
    }

    /// The plan as people read it: what the model's config or the task decides is filled in. Its JSON is not that of the
    /// key.
    pub(crate) fn resolved(&self, config: &BertConfig, problem_type: ProblemType) -> anyhow::Result<Self> {
        let (weights, intervals) = (self.weights.resolved(config), self.intervals.resolved(problem_type)?);
        Ok(Self { weights, intervals, ..self.clone() })
    }

    pub(crate) fn evaluates(&self) -> bool {
        self.intervals.eval_strategy() != When::Never
    }
}
