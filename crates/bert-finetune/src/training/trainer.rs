//! Trainer: one optimizer step is forward and backward of each micro-batch, gradient clipping, update.

use std::collections::BTreeMap;

use anyhow::anyhow;
use bert::{Batch, Compute, DropoutCounters, DropoutRates, DropoutSites, Gradients, Machine, Model, Parameters};
use checkpoint::BertConfig;
use corpus::tokens::TokenSet;
use stage::ExitReason;
use tch::Tensor;

use crate::optim::ema::Ema;
use crate::optim::optimizer::{Optimizer, StepRates};
use crate::settings::Plan;
use crate::training::loss::Objective;

/// Everything that a step changes, and what it needs to do so.
pub(crate) struct Trainer<'a> {
    /// Owns the parameters.
    pub(crate) model: Model,
    optimizer: Optimizer,
    /// The moving average of the weights, where one is kept.
    pub(crate) ema: Option<Ema>,
    pub(crate) objective: Objective,
    /// Steps done.
    pub(crate) step: u64,
    gradients: Gradients,
    dropout_rates: DropoutRates,
    setup: TrainerSetup<'a>,
}

/// What a trainer needs to know of the run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TrainerSetup<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) config: &'a BertConfig,
    pub(crate) compute: Compute,
}

/// What a step reports.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StepReport {
    pub(crate) loss: f64,
    pub(crate) learning_rate: f64,
    pub(crate) grad_norm: f64,
    pub(crate) sentences: usize,
    pub(crate) tokens: usize,
}

impl<'a> Trainer<'a> {
    /// `new`: the tensors that no checkpoint brought.
    pub(crate) fn new(
        parameters: Parameters,
        new: &[String],
        objective: Objective,
        setup: TrainerSetup<'a>,
    ) -> anyhow::Result<Self> {
        let TrainerSetup { plan, config, compute } = setup;
        let model = Model::new(prepare(parameters, new, plan, config), config, compute.precision)?;
        Ok(Self {
            optimizer: Optimizer::new(plan.optimizer, model.parameters(), config),
            ema: plan.weights.ema_decay.map(|decay| Ema::new(decay, model.parameters())),
            objective,
            step: 0,
            gradients: model.gradients(),
            dropout_rates: plan.weights.dropout_rates(config),
            model,
            setup,
        })
    }

    /// The parameters that are trained or frozen, adapters apart.
    pub(crate) fn parameters(&self) -> &Parameters {
        self.model.parameters()
    }

    /// The optimizer's tensors that a checkpoint has to keep, by name.
    pub(crate) fn optimizer_state(&self) -> BTreeMap<String, Tensor> {
        self.optimizer.state(&self.model)
    }

    /// What the run's bytes depend on beside its input and settings.
    pub(crate) fn machine(&self) -> Machine {
        let depends_on_threads = self.model.depends_on_threads() || self.optimizer.depends_on_threads();
        self.setup.compute.machine(depends_on_threads)
    }

    /// After weights were read from a checkpoint.
    pub(crate) fn weights_were_set(&mut self) -> anyhow::Result<()> {
        Ok(self.model.read_weights()?)
    }

    /// The weights that are evaluated and kept: the EMA where there is one, with the adapters merged.
    pub(crate) fn result(&self) -> Parameters {
        self.ema.as_ref().map_or(self.parameters(), |ema| &ema.parameters).merged()
    }

    /// Does `evaluate` with the model as it would be kept now.
    pub(crate) fn with_result<R>(&self, evaluate: impl FnOnce(&Model) -> anyhow::Result<R>) -> anyhow::Result<R> {
        let TrainerSetup { plan, config, compute } = self.setup;
        if self.ema.is_none() && plan.weights.lora.is_none() {
            return evaluate(&self.model);
        }
        evaluate(&tch::no_grad(|| Model::new(self.result(), config, compute.precision))?)
    }

    /// Takes the next step over these micro-batches of `train`'s rows, at `lr_factor` times the highest learning rate.
    pub(crate) fn training_step(
        &mut self,
        train: &TokenSet,
        micro_batches: &[Vec<usize>],
        lr_factor: f64,
    ) -> anyhow::Result<StepReport> {
        let TrainerSetup { plan, compute, .. } = self.setup;
        let learning_rate = plan.optimizer.learning_rate * lr_factor;
        let mut report = StepReport { loss: 0.0, learning_rate, grad_norm: 0.0, sentences: 0, tokens: 0 };

        self.gradients.clear();
        let mut losses = Vec::with_capacity(micro_batches.len());
        for (micro_batch, rows) in micro_batches.iter().enumerate() {
            let sentences: Vec<&[i32]> = rows.iter().map(|&row| train.input_ids(row)).collect();
            let batch = Batch::new(&sentences, compute.device);
            let forward = self.model.forward_train(&batch, &self.dropout_sites(micro_batch))?;
            let loss = self.objective.mean(&forward.logits, &train.labels, rows) / micro_batches.len() as f64;
            forward.backward(&loss, &mut self.gradients)?;
            report.sentences += rows.len();
            report.tokens += batch.n_tokens;
            losses.push(loss.detach());
        }
        // Read here, a GPU has been given the backward passes before it is waited for.
        for (rows, loss) in micro_batches.iter().zip(losses) {
            report.loss += loss.f_double_value(&[])?;
            check_finite(self.step, "loss", report.loss, train, rows)?;
        }
        report.grad_norm = self.model.gradient_norm(&self.gradients)?;
        check_finite(self.step, "gradient norm", report.grad_norm, train, &micro_batches.concat())?;

        let grad_scale = clip_coefficient(report.grad_norm, plan.optimizer.max_grad_norm);
        let rates = StepRates { step: self.step, lr_factor, grad_scale };
        self.optimizer.step(&mut self.model, &self.gradients, rates)?;
        if let Some(ema) = &mut self.ema {
            ema.update(self.model.parameters());
        }
        self.step += 1;
        Ok(report)
    }

    fn dropout_sites(&self, micro_batch: usize) -> DropoutSites {
        let (seed, micro_batch) = (self.setup.plan.batches.seed, micro_batch as u64);
        DropoutSites::new(self.dropout_rates, DropoutCounters { seed, step: self.step, micro_batch, rank: 0 })
    }
}

fn check_finite(step: u64, what: &str, value: f64, train: &TokenSet, rows: &[usize]) -> anyhow::Result<()> {
    if value.is_finite() {
        return Ok(());
    }
    let ids: Vec<String> = rows.iter().map(|&row| train.ids[row].to_string()).collect();
    let problem = anyhow!(
        "the {what} of step {} is {value}; the step was not taken. Rows of the batch (ids in the raw train.parquet): {}. \
         Try a lower --learning-rate, --max-grad-norm 1, a longer --warmup-ratio, or --precision float32",
        step + 1,
        ids.join(", ")
    );
    Err(ExitReason::Unhealthy(problem.to_string()).into())
}

/// With the adapters that the plan wants, and frozen where it freezes. `new` are the tensors that no checkpoint brought.
fn prepare(parameters: Parameters, new: &[String], plan: &Plan, config: &BertConfig) -> Parameters {
    let mut parameters = match &plan.weights.lora {
        Some(lora) => parameters.with_adapters(lora, config, new, plan.batches.seed),
        None => parameters,
    };
    parameters.freeze(|name| plan.weights.freezes(name));
    parameters.trainable()
}

/// `min(1, max / (norm + 1e-6))`, as PyTorch's `clip_grad_norm_`; 0 never clips.
fn clip_coefficient(norm: f64, max_norm: f64) -> f64 {
    if max_norm == 0.0 { 1.0 } else { (max_norm / (norm + 1e-6)).min(1.0) }
}
