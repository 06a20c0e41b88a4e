//! From what was typed to a plan whose fields can no longer be wrong.

use anyhow::bail;
use bert::{Compute, Precision};
use checkpoint::BertConfig;
use serde::Serialize;

use crate::settings::args::Args;
use crate::data::step_plan::StepPlan;
use crate::data::batch_sampler::BatchSampler;
use crate::settings::{BatchPlan, IntervalPlan, ObjectivePlan, OptimizerPlan, Saving, Schedule, WeightPlan, When};

/// Everything in the settings that defines the result.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Plan {
    pub(crate) precision: Precision,
    #[serde(flatten)]
    pub(crate) batches: BatchPlan,
    #[serde(flatten)]
    pub(crate) optimizer: OptimizerPlan,
    #[serde(flatten)]
    pub(crate) schedule: Schedule,
    pub(crate) warmup_ratio: f64,
    pub(crate) warmup_steps: u64,
    #[serde(flatten)]
    pub(crate) objective: ObjectivePlan,
    #[serde(flatten)]
    pub(crate) weights: WeightPlan,
    #[serde(flatten)]
    pub(crate) intervals: IntervalPlan,
    /// Does not define the result.
    #[serde(skip)]
    pub(crate) saving: Saving,
}

impl Plan {
    /// Checks the arguments against each other and against the model's shape, before anything is loaded.
    pub(crate) fn resolve(
        args: &Args,
        compute: &Compute,
        config: &BertConfig,
        has_validation: bool,
    ) -> anyhow::Result<Self> {
        let optimizer = OptimizerPlan::resolve(&args.optimizer)?;
        let intervals = IntervalPlan::resolve(&args.intervals)?;
        if intervals.eval_strategy != When::Never && !has_validation {
            bail!(
                "{} has no validation.parquet; with --eval-strategy no, the last weights are kept",
                args.tokens.display()
            );
        }
        let schedule = Schedule::resolve(&args.schedule, optimizer.learning_rate)?;
        if matches!(schedule, Schedule::ReduceLrOnPlateau(_)) && intervals.eval_strategy == When::Never {
            bail!("--lr-scheduler-type reduce_lr_on_plateau needs an evaluation, but --eval-strategy is no");
        }
        Ok(Self {
            precision: compute.precision,
            batches: BatchPlan::resolve(&args.batches)?,
            optimizer,
            schedule,
            warmup_ratio: args.schedule.warmup_ratio,
            warmup_steps: args.schedule.warmup_steps,
            objective: ObjectivePlan::resolve(&args.objective)?,
            weights: WeightPlan::resolve(&args.weights, config)?,
            intervals,
            saving: Saving::resolve(&args.intervals)?,
        })
    }

    pub(crate) fn evaluates(&self) -> bool {
        self.intervals.eval_strategy != When::Never
    }

    /// The order of rows of these lengths, and the steps that they come to.
    pub(crate) fn lay_out(&self, lengths: Vec<usize>) -> (BatchSampler<'_>, StepPlan) {
        let order = BatchSampler::new(&self.batches, lengths);
        let step_plan = StepPlan::new(&self.batches, &order, (self.warmup_steps, self.warmup_ratio));
        (order, step_plan)
    }

    /// The plan and its counts as one JSON object.
    pub(crate) fn with_counts<'a>(&'a self, step_plan: &'a StepPlan) -> impl Serialize + 'a {
        #[derive(Serialize)]
        struct PlanWithCounts<'a> {
            #[serde(flatten)]
            plan: &'a Plan,
            saving: Saving,
            counts: &'a StepPlan,
        }
        PlanWithCounts { plan: self, saving: self.saving, counts: step_plan }
    }
}
