//! Steps on a GPU: the host gives them to the device and reads the numbers of one while the next is on its way. Of several processes
//! each computes its micro-batches, and what they say of a step comes with its numbers.

use std::collections::VecDeque;

use bert::{DeviceMicroBatch, DeviceSteps, DeviceStepsOptions, Gradients, Model, Recording};
use corpus::tokens::TokenSet;

use crate::optim::lr_scheduler::LearningRates;
use crate::optim::optimizer::{Optimizer, StepRates};
use crate::processes::Team;
use crate::settings::Plan;
use crate::training::loss::Objective;
use crate::training::step::{StepBatches, StepDropout, StepReport, clip_coefficient};

/// The device's part of a trainer.
pub(super) struct DeviceTraining<'a> {
    steps: DeviceSteps<'a>,
    /// The processes that train together; `None` for one alone.
    team: Option<&'a Team>,
    /// Steps that were not reported yet, the oldest first.
    launched: VecDeque<Launched>,
    max_grad_norm: f64,
}

/// A step that the device was given.
struct Launched {
    report: StepReport,
    /// The rows of each of its micro-batches; `None` where the report has its numbers.
    rows: Option<Vec<Vec<usize>>>,
}

/// What a step reads beside its batches, and changes.
pub(super) struct DeviceStep<'a> {
    pub(super) model: &'a mut Model,
    pub(super) optimizer: &'a mut Optimizer,
    pub(super) objective: &'a Objective,
    pub(super) dropout: StepDropout,
    pub(super) learning_rates: LearningRates,
}

impl<'a> DeviceTraining<'a> {
    pub(super) fn new(
        model: &Model,
        optimizer: &Optimizer,
        recording: Recording,
        plan: &Plan,
        team: Option<&'a Team>,
    ) -> anyhow::Result<Self> {
        let max_grad_norm = plan.optimizer.max_grad_norm;
        let options = DeviceStepsOptions {
            optimizer: optimizer.elementwise(),
            max_grad_norm,
            n_micro_batches: plan.batches.gradient_accumulation_steps,
            recording,
            processes: team.map(Team::group),
        };
        Ok(Self { steps: DeviceSteps::new(model, options)?, team, launched: VecDeque::new(), max_grad_norm })
    }

    /// Gives the step of `report` to the device. An optimizer that is no element-wise one computes on the host's word: its step
    /// is waited for.
    pub(super) fn step(
        &mut self,
        step: DeviceStep<'_>,
        batches: StepBatches<'_>,
        report: StepReport,
    ) -> anyhow::Result<()> {
        let queue = self.steps.queue();
        queue.run(|| self.step_on_queue(step, batches, report))
    }

    fn step_on_queue(
        &mut self,
        step: DeviceStep<'_>,
        batches: StepBatches<'_>,
        mut report: StepReport,
    ) -> anyhow::Result<()> {
        let DeviceStep { model, optimizer, objective, dropout, learning_rates } = step;
        self.team.inspect(|team| team.step_begins());
        let of = batches.rows.len();
        let (rank, size) = self.team.map_or((0, 1), |team| (team.rank(), team.size()));
        for first in (0..of).step_by(size) {
            let index = first + rank;
            if let Some(rows) = batches.rows.get(index) {
                let micro_batch = DeviceMicroBatch {
                    sentences: &batches.sentences(index),
                    targets: &objective.targets(&batches.train.labels, rows),
                    sites: dropout.sites(index),
                    index,
                    of,
                };
                self.steps.add(model, &micro_batch, |logits, targets| objective.mean(logits, targets) / of as f64)?;
            }
            self.steps.exchange(size.min(of - first))?;
        }
        self.steps.finish_exchange(f64::from(batches.signal.unwrap_or(0)))?;
        self.steps.update(model, report.step, |highest| learning_rates.of(highest))?;
        let mut rows = Some(batches.rows.to_vec());
        if !optimizer.is_elementwise() {
            self.read_numbers(&mut report, batches.train, batches.rows)?;
            rows = None;
            let gradients = Gradients::from_tensors(model.parameters(), self.steps.gradients())?;
            let grad_scale = clip_coefficient(report.grad_norm, self.max_grad_norm);
            optimizer.step(model, &gradients, StepRates { step: report.step - 1, learning_rates, grad_scale })?;
        }
        self.launched.push_back(Launched { report, rows });
        Ok(())
    }

    /// The report of the oldest step, if there is one; waits for its numbers.
    pub(super) fn next_report(&mut self, train: &TokenSet) -> anyhow::Result<Option<StepReport>> {
        let Some(Launched { mut report, rows }) = self.launched.pop_front() else { return Ok(None) };
        if let Some(rows) = rows {
            self.read_numbers(&mut report, train, &rows)?;
        }
        Ok(Some(report))
    }

    fn read_numbers(&mut self, report: &mut StepReport, train: &TokenSet, rows: &[Vec<usize>]) -> anyhow::Result<()> {
        let numbers = self.steps.receive(rows.len())?;
        if let Some(team) = self.team {
            team.numbers_came(self.launched.iter().any(|step| step.rows.is_some()));
            report.signal = (numbers.signal > 0.0).then_some(numbers.signal as i32);
        }
        report.add_losses(&numbers.losses, train, rows)?;
        report.set_grad_norm(numbers.grad_norm, train, rows)
    }

    /// How many steps were not reported yet.
    pub(super) fn n_launched(&self) -> usize {
        self.launched.len()
    }

    pub(super) fn n_graphs(&self) -> usize {
        self.steps.n_graphs()
    }

    pub(super) fn take_remark(&mut self) -> Option<String> {
        self.steps.take_remark()
    }
}

#[cfg(test)]
mod tests;
