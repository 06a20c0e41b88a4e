//! Trainer: one optimizer step is forward and backward of each micro-batch, gradient clipping, update; on the CPU at once
//! (host_steps.rs), on a GPU behind the host (device_training.rs).

use std::collections::{BTreeMap, VecDeque};

use bert::{Compute, DropoutRates, Machine, Model, Parameters, Recording};
use checkpoint::BertConfig;
use corpus::tokens::TokenSet;
use tch::Tensor;

use crate::optim::ema::Ema;
use crate::optim::lr_scheduler::LearningRates;
use crate::optim::optimizer::{Optimizer, StepRates};
use crate::processes::Team;
use crate::settings::Plan;
use crate::training::device_training::{DeviceStep, DeviceTraining};
use crate::training::host_steps::{HostSteps, Pass};
use crate::training::loss::Objective;
use crate::training::step::{StepBatches, StepDropout, StepReport, clip_coefficient};

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
    backend: Backend<'a>,
    /// Of steps whose numbers are there, the oldest first.
    reports: VecDeque<StepReport>,
    dropout_rates: DropoutRates,
    setup: TrainerSetup<'a>,
}

/// Where the passes are computed.
enum Backend<'a> {
    Host(Box<HostSteps<'a>>),
    Device(Box<DeviceTraining<'a>>),
}

/// What a trainer needs to know of the run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TrainerSetup<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) config: &'a BertConfig,
    pub(crate) compute: Compute,
    /// The processes that train together; `None` for one alone.
    pub(crate) team: Option<&'a Team>,
    /// For a device that works behind the host; `None` for the CPU.
    pub(crate) recording: Option<Recording>,
}

/// Which reports are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reports {
    /// Those that are there without holding up the device: of all steps but perhaps the last.
    Early,
    /// Of all steps.
    All,
}

impl<'a> Trainer<'a> {
    /// `new`: the tensors that no checkpoint brought.
    pub(crate) fn new(
        parameters: Parameters,
        new: &[String],
        objective: Objective,
        setup: TrainerSetup<'a>,
    ) -> anyhow::Result<Self> {
        let TrainerSetup { plan, config, compute, team, recording } = setup;
        let parameters = prepare(parameters, new, plan, config);
        let make = if recording.is_some() { Model::with_operators } else { Model::new };
        let model = make(parameters, config, compute.precision)?;
        let optimizer = Optimizer::new(plan.optimizer, model.parameters(), config);
        let backend = match recording {
            None => Backend::Host(Box::new(HostSteps::new(&model, team))),
            Some(recording) => {
                Backend::Device(Box::new(DeviceTraining::new(&model, &optimizer, recording, plan, team)?))
            }
        };
        Ok(Self {
            optimizer,
            ema: plan.weights.ema_decay.map(|decay| Ema::new(decay, model.parameters())),
            objective,
            step: 0,
            backend,
            reports: VecDeque::new(),
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

    /// Takes the next step over these micro-batches. Its report comes from [`Self::take_report`].
    pub(crate) fn training_step(
        &mut self,
        batches: StepBatches<'_>,
        learning_rates: LearningRates,
    ) -> anyhow::Result<()> {
        let plan = self.setup.plan;
        let dropout = StepDropout { rates: self.dropout_rates, seed: plan.batches.seed, step: self.step };
        let mut report = StepReport::begun(batches, self.step, learning_rates.of(plan.optimizer.learning_rate));
        let StepBatches { train, rows, .. } = batches;
        let Self { model, optimizer, objective, .. } = self;
        match &mut self.backend {
            Backend::Host(host) => {
                let accumulated = host.accumulate(Pass { model, objective, dropout }, batches)?;
                (report.signal, report.exchange_seconds) = (accumulated.signal, accumulated.exchange_seconds);
                report.add_losses(&accumulated.losses, train, rows)?;
                report.set_grad_norm(host.gradient_norm(model)?, train, rows)?;
                let grad_scale = clip_coefficient(report.grad_norm, plan.optimizer.max_grad_norm);
                let rates = StepRates { step: self.step, learning_rates, grad_scale };
                optimizer.step(model, host.gradients(), rates)?;
                self.reports.push_back(report);
            }
            Backend::Device(device) => {
                device.step(DeviceStep { model, optimizer, objective, dropout, learning_rates }, batches, report)?;
            }
        }
        if let Some(ema) = &mut self.ema {
            ema.update(self.model.parameters());
        }
        self.step += 1;
        Ok(())
    }

    /// The report of the oldest step that was not asked for yet, where it is among those that are wanted. `train` is what the
    /// steps have read. Fails where the numbers of the step are not finite; then it was not taken.
    pub(crate) fn take_report(&mut self, wanted: Reports, train: &TokenSet) -> anyhow::Result<Option<StepReport>> {
        let in_flight = usize::from(wanted == Reports::Early);
        match &mut self.backend {
            Backend::Device(device) if device.n_launched() > in_flight => device.next_report(train),
            Backend::Device(_) => Ok(None),
            Backend::Host(_) => Ok(self.reports.pop_front()),
        }
    }

    /// How many CUDA graphs there are; `None` where steps are not a device's.
    pub(crate) fn n_graphs(&self) -> Option<usize> {
        match &self.backend {
            Backend::Device(device) => Some(device.n_graphs()),
            Backend::Host(_) => None,
        }
    }

    /// What has to be said of the way in which the device works, once.
    pub(crate) fn take_remark(&mut self) -> Option<String> {
        match &mut self.backend {
            Backend::Device(device) => device.take_remark(),
            Backend::Host(_) => None,
        }
    }
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
