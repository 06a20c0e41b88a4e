//! From what was typed to a plan whose fields can no longer be wrong.

use anyhow::{bail, ensure};
use bert::{Compute, Precision};
use serde::Serialize;

use crate::args::{Args, Metric, SchedulerType, Strategy};

/// Everything in the settings that defines the result.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Plan {
    pub(crate) precision: Precision,
    pub(crate) per_device_train_batch_size: usize,
    pub(crate) gradient_accumulation_steps: usize,
    pub(crate) learning_rate: f64,
    pub(crate) weight_decay: f64,
    pub(crate) adam_beta1: f64,
    pub(crate) adam_beta2: f64,
    pub(crate) adam_epsilon: f64,
    pub(crate) max_grad_norm: f64,
    pub(crate) num_train_epochs: f64,
    pub(crate) max_steps: Option<u64>,
    pub(crate) lr_scheduler_type: SchedulerType,
    pub(crate) warmup_ratio: f64,
    pub(crate) warmup_steps: u64,
    pub(crate) seed: u64,
    pub(crate) data_seed: u64,
    pub(crate) hidden_dropout_prob: Option<f64>,
    pub(crate) attention_probs_dropout_prob: Option<f64>,
    pub(crate) classifier_dropout: Option<f64>,
    pub(crate) eval_strategy: When,
    pub(crate) metric_for_best_model: Option<Metric>,
    pub(crate) logging_steps: u64,
    /// Does not define the result.
    #[serde(skip)]
    pub(crate) saving: Saving,
}

/// When something recurring is done, with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum When {
    Never,
    EachEpoch,
    EverySteps(u64),
}

/// How checkpoints are kept.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Saving {
    pub(crate) when: When,
    pub(crate) total_limit: u64,
}

/// What the plan comes to on a number of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Counts {
    pub(crate) train_rows: usize,
    pub(crate) batches_per_epoch: u64,
    pub(crate) steps_per_epoch: u64,
    pub(crate) total_steps: u64,
    pub(crate) warmup_steps: u64,
}

impl Plan {
    /// Checks the arguments against each other, before anything is loaded.
    pub(crate) fn resolve(args: &Args, compute: &Compute, has_validation: bool) -> anyhow::Result<Self> {
        check_numbers(args)?;
        let eval_strategy = when("eval", args.eval_strategy, args.eval_steps)?;
        let saving =
            Saving { when: when("save", args.save_strategy, args.save_steps)?, total_limit: args.save_total_limit };
        if eval_strategy != When::Never && !has_validation {
            bail!(
                "{} has no validation.parquet; with --eval-strategy no, the last weights are kept",
                args.tokens.display()
            );
        }
        if eval_strategy == When::Never && args.metric_for_best_model.is_some() {
            bail!("--metric-for-best-model needs an evaluation, but --eval-strategy is no");
        }
        if args.lr_scheduler_type == SchedulerType::Constant && (args.warmup_steps > 0 || args.warmup_ratio > 0.0) {
            bail!("--lr-scheduler-type constant has no warm-up; use constant_with_warmup");
        }
        Ok(Self {
            precision: compute.precision,
            per_device_train_batch_size: args.per_device_train_batch_size,
            gradient_accumulation_steps: args.gradient_accumulation_steps,
            learning_rate: args.learning_rate,
            weight_decay: args.weight_decay,
            adam_beta1: args.adam_beta1,
            adam_beta2: args.adam_beta2,
            adam_epsilon: args.adam_epsilon,
            max_grad_norm: args.max_grad_norm,
            num_train_epochs: args.num_train_epochs,
            max_steps: args.max_steps,
            lr_scheduler_type: args.lr_scheduler_type,
            warmup_ratio: args.warmup_ratio,
            warmup_steps: args.warmup_steps,
            seed: args.seed,
            data_seed: args.data_seed.unwrap_or(args.seed),
            hidden_dropout_prob: args.hidden_dropout_prob,
            attention_probs_dropout_prob: args.attention_probs_dropout_prob,
            classifier_dropout: args.classifier_dropout,
            eval_strategy,
            metric_for_best_model: args.metric_for_best_model,
            logging_steps: args.logging_steps,
            saving,
        })
    }

    pub(crate) fn evaluates(&self) -> bool {
        self.eval_strategy != When::Never
    }

    /// The reference's arithmetic: `steps = ceil(ceil(n / batch) / accumulation)`, `total = ceil(epochs * steps)`.
    pub(crate) fn counts(&self, train_rows: usize) -> Counts {
        let batches_per_epoch = train_rows.div_ceil(self.per_device_train_batch_size) as u64;
        let steps_per_epoch = batches_per_epoch.div_ceil(self.gradient_accumulation_steps as u64);
        let total_steps =
            self.max_steps.unwrap_or_else(|| (self.num_train_epochs * steps_per_epoch as f64).ceil() as u64);
        let from_ratio = (self.warmup_ratio * total_steps as f64).ceil() as u64;
        let warmup_steps = if self.warmup_steps > 0 { self.warmup_steps } else { from_ratio };
        Counts { train_rows, batches_per_epoch, steps_per_epoch, total_steps, warmup_steps }
    }

    /// The plan and its counts as one JSON object.
    pub(crate) fn with_counts(&self, train_rows: usize) -> impl Serialize {
        #[derive(Serialize)]
        struct PlanWithCounts<'a> {
            #[serde(flatten)]
            plan: &'a Plan,
            saving: Saving,
            counts: Counts,
        }
        PlanWithCounts { plan: self, saving: self.saving, counts: self.counts(train_rows) }
    }
}

impl When {
    /// Whether it is due after `step` steps; every epoch ends the last one too.
    pub(crate) fn is_due(self, step: u64, counts: &Counts) -> bool {
        let last = step == counts.total_steps;
        match self {
            Self::Never => false,
            Self::EachEpoch => last || step.is_multiple_of(counts.steps_per_epoch),
            Self::EverySteps(n) => last || step.is_multiple_of(n),
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

fn check_numbers(args: &Args) -> anyhow::Result<()> {
    ensure!(args.per_device_train_batch_size > 0, "--per-device-train-batch-size is 0; expected at least 1");
    ensure!(args.gradient_accumulation_steps > 0, "--gradient-accumulation-steps is 0; expected at least 1");
    ensure!(args.max_steps != Some(0), "--max-steps is 0; expected at least 1");
    let at_least_zero = [
        ("learning-rate", args.learning_rate),
        ("weight-decay", args.weight_decay),
        ("max-grad-norm", args.max_grad_norm),
    ];
    for (name, value) in at_least_zero {
        ensure!(value.is_finite() && value >= 0.0, "--{name} is {value}; expected 0 or more");
    }
    let positive = [("adam-epsilon", args.adam_epsilon), ("num-train-epochs", args.num_train_epochs)];
    for (name, value) in positive {
        ensure!(value.is_finite() && value > 0.0, "--{name} is {value}; expected more than 0");
    }
    let shares = [
        ("adam-beta1", Some(args.adam_beta1)),
        ("adam-beta2", Some(args.adam_beta2)),
        ("hidden-dropout-prob", args.hidden_dropout_prob),
        ("attention-probs-dropout-prob", args.attention_probs_dropout_prob),
        ("classifier-dropout", args.classifier_dropout),
    ];
    for (name, value) in shares {
        let fits = value.is_none_or(|value| (0.0..1.0).contains(&value));
        ensure!(fits, "--{name} is {}; expected 0 or more and less than 1", value.unwrap_or_default());
    }
    let ratio = args.warmup_ratio;
    ensure!((0.0..=1.0).contains(&ratio), "--warmup-ratio is {ratio}; expected 0 to 1");
    Ok(())
}
