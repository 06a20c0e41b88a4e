//! Trainer: one optimizer step is forward and backward of each micro-batch, gradient clipping, update.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::anyhow;
use bert::{
    Batch, Compute, DropoutCounters, DropoutRates, DropoutSites, GradientExchange, Gradients, Machine, MicroBatchFacts,
    Model, Parameters,
};
use checkpoint::BertConfig;
use corpus::tokens::TokenSet;
use stage::ExitReason;
use tch::Tensor;

use crate::optim::ema::Ema;
use crate::optim::optimizer::{Optimizer, StepRates};
use crate::processes::Team;
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
    /// Where several processes train.
    shared: Option<Shared<'a>>,
    dropout_rates: DropoutRates,
    setup: TrainerSetup<'a>,
}

/// The other processes, and what goes between them and this one.
struct Shared<'a> {
    team: &'a Team,
    exchange: GradientExchange<'a>,
    /// Written while `gradients` are on their way to the others, and the other way round.
    other: Option<Gradients>,
}

/// What a trainer needs to know of the run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TrainerSetup<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) config: &'a BertConfig,
    pub(crate) compute: Compute,
    /// The processes that train together; `None` for one alone.
    pub(crate) team: Option<&'a Team>,
}

/// The micro-batches of one step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StepBatches<'a> {
    pub(crate) train: &'a TokenSet,
    /// The rows of each.
    pub(crate) rows: &'a [Vec<usize>],
    /// A signal that this process has received, for the others.
    pub(crate) signal: Option<i32>,
}

/// What a step reports.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StepReport {
    pub(crate) loss: f64,
    pub(crate) learning_rate: f64,
    pub(crate) grad_norm: f64,
    pub(crate) sentences: usize,
    pub(crate) tokens: usize,
    /// A signal that any of the processes had received.
    pub(crate) signal: Option<i32>,
    /// Of several processes: what the exchange of gradients took, with the wait for others.
    pub(crate) exchange_seconds: Option<f64>,
}

/// What a step's micro-batches bring, beside the gradients.
struct Accumulated {
    /// Of each.
    losses: Vec<f64>,
    signal: Option<i32>,
    exchange_seconds: Option<f64>,
}

impl<'a> Trainer<'a> {
    /// `new`: the tensors that no checkpoint brought.
    pub(crate) fn new(
        parameters: Parameters,
        new: &[String],
        objective: Objective,
        setup: TrainerSetup<'a>,
    ) -> anyhow::Result<Self> {
        let TrainerSetup { plan, config, compute, team } = setup;
        let model = Model::new(prepare(parameters, new, plan, config), config, compute.precision)?;
        let gradients = team.map_or_else(|| model.gradients(), |team| model.shared_gradients(team.size()));
        let shared = team.map(|team| Shared { team, exchange: team.exchange(&gradients), other: None });
        Ok(Self {
            optimizer: Optimizer::new(plan.optimizer, model.parameters(), config),
            ema: plan.weights.ema_decay.map(|decay| Ema::new(decay, model.parameters())),
            objective,
            step: 0,
            gradients,
            shared,
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

    /// Takes weights, optimizer state and average from the first of the processes that train together.
    pub(crate) fn take_from_first(&mut self) -> anyhow::Result<()> {
        let Some(team) = self.setup.team else { return Ok(()) };
        self.step = team.number_of_first(self.step as f64)? as u64;
        team.take_from_first(&self.parameters().flat)?;
        for moment in self.optimizer_state().values() {
            team.take_from_first(moment)?;
        }
        if let Some(ema) = &self.ema {
            team.take_from_first(&ema.parameters.flat)?;
        }
        self.weights_were_set()
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
        let TrainerSetup { plan, config, compute, .. } = self.setup;
        if self.ema.is_none() && plan.weights.lora.is_none() {
            return evaluate(&self.model);
        }
        evaluate(&tch::no_grad(|| Model::new(self.result(), config, compute.precision))?)
    }

    /// Takes the next step over these micro-batches, at `lr_factor` times the highest learning rate.
    pub(crate) fn training_step(&mut self, batches: StepBatches<'_>, lr_factor: f64) -> anyhow::Result<StepReport> {
        let StepBatches { train, rows: micro_batches, signal } = batches;
        let plan = self.setup.plan;
        let rows = || micro_batches.iter().flatten();
        let mut report = StepReport {
            loss: 0.0,
            learning_rate: plan.optimizer.learning_rate * lr_factor,
            grad_norm: 0.0,
            sentences: rows().count(),
            tokens: rows().map(|&row| train.input_ids(row).len()).sum(),
            signal,
            exchange_seconds: None,
        };

        let accumulated = match self.shared.take() {
            None => self.accumulate(batches)?,
            Some(mut shared) => {
                let accumulated = self.accumulate_together(&mut shared, batches)?;
                self.shared = Some(shared);
                accumulated
            }
        };
        (report.signal, report.exchange_seconds) = (accumulated.signal, accumulated.exchange_seconds);
        for (rows, loss) in micro_batches.iter().zip(accumulated.losses) {
            report.loss += loss;
            check_finite(self.step, "loss", report.loss, train, rows)?;
        }
        report.grad_norm = self.gradient_norm()?;
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

    /// Adds up the gradients of the micro-batches.
    fn accumulate(&mut self, batches: StepBatches<'_>) -> anyhow::Result<Accumulated> {
        self.gradients.clear();
        let losses = (0..batches.rows.len()).map(|index| self.forward_backward(batches, index));
        let losses = losses.collect::<anyhow::Result<Vec<Tensor>>>()?;
        // Read here, a GPU has been given the backward passes before it is waited for.
        let losses = losses.iter().map(|loss| loss.f_double_value(&[])).collect::<Result<_, _>>()?;
        Ok(Accumulated { losses, signal: batches.signal, exchange_seconds: None })
    }

    /// The same where micro-batch j is that of process j mod N.
    fn accumulate_together(
        &mut self,
        shared: &mut Shared<'_>,
        batches: StepBatches<'_>,
    ) -> anyhow::Result<Accumulated> {
        let (rank, size) = (shared.team.rank(), shared.team.size());
        let (n, signal) = (batches.rows.len(), f64::from(batches.signal.unwrap_or(0)));
        let mut seconds = 0.0;
        for first in (0..n).step_by(size) {
            let n_in_round = size.min(n - first);
            if first > 0 {
                // What was computed before is still on its way.
                let other = shared.other.get_or_insert_with(|| self.model.shared_gradients(size));
                std::mem::swap(&mut self.gradients, other);
            }
            let mut facts = MicroBatchFacts { loss: 0.0, signal };
            if rank < n_in_round {
                self.gradients.clear();
                facts.loss = self.forward_backward(batches, first + rank)?.f_double_value(&[])?;
            }
            let started = Instant::now();
            shared.exchange.add(&mut self.gradients, n_in_round, facts)?;
            seconds += started.elapsed().as_secs_f64();
        }
        let started = Instant::now();
        let facts = shared.exchange.finish(&mut self.gradients)?;
        seconds += started.elapsed().as_secs_f64();
        let signal = facts.iter().flatten().fold(0.0, |signal: f64, facts| signal.max(facts.signal));
        let losses = facts.iter().flatten().take(n).map(|facts| facts.loss).collect();
        Ok(Accumulated { losses, signal: (signal > 0.0).then_some(signal as i32), exchange_seconds: Some(seconds) })
    }

    /// Forward and backward pass of one of a step's micro-batches; returns its share of the loss.
    fn forward_backward(&mut self, batches: StepBatches<'_>, index: usize) -> anyhow::Result<Tensor> {
        let StepBatches { train, rows: micro_batches, .. } = batches;
        let rows = &micro_batches[index];
        let sentences: Vec<&[i32]> = rows.iter().map(|&row| train.input_ids(row)).collect();
        let batch = Batch::new(&sentences, self.setup.compute.device);
        let forward = self.model.forward_train(&batch, &self.dropout_sites(index))?;
        let loss = self.objective.mean(&forward.logits, &train.labels, rows) / micro_batches.len() as f64;
        forward.backward(&loss, &mut self.gradients)?;
        Ok(loss.detach())
    }

    /// Of processes that train together, the first adds the squares up: it has a micro-batch in every step.
    fn gradient_norm(&self) -> anyhow::Result<f64> {
        let Some(Shared { team, .. }) = &self.shared else { return Ok(self.model.gradient_norm(&self.gradients)?) };
        let norm = if team.is_first() { self.model.gradient_norm_of_sum(&self.gradients)? } else { 0.0 };
        team.number_of_first(norm)
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
