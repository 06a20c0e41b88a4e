//! Steps on the CPU: the gradients of the micro-batches, added up by this process alone or by several.

use std::time::Instant;

use bert::{Batch, GradientExchange, Gradients, MicroBatchFacts, Model};

use crate::processes::Team;
use crate::training::loss::Objective;
use crate::training::step::{StepBatches, StepDropout};

/// The gradients of a step, and who adds them up.
pub(super) struct HostSteps<'a> {
    gradients: Gradients,
    /// Where several processes train.
    shared: Option<Shared<'a>>,
}

/// The other processes, and what goes between them and this one.
struct Shared<'a> {
    team: &'a Team,
    exchange: GradientExchange<'a>,
    /// Written while `gradients` are on their way to the others, and the other way round.
    other: Option<Gradients>,
}

/// What the passes of a step read.
#[derive(Clone, Copy)]
pub(super) struct Pass<'a> {
    pub(super) model: &'a Model,
    pub(super) objective: &'a Objective,
    pub(super) dropout: StepDropout,
}

/// What a step's micro-batches bring, beside the gradients.
pub(super) struct Accumulated {
    /// Of each.
    pub(super) losses: Vec<f64>,
    pub(super) signal: Option<i32>,
    pub(super) exchange_seconds: Option<f64>,
}

impl<'a> HostSteps<'a> {
    pub(super) fn new(model: &Model, team: Option<&'a Team>) -> Self {
        let gradients = team.map_or_else(|| model.gradients(), |team| model.shared_gradients(team.size()));
        let shared = team.map(|team| Shared { team, exchange: team.exchange(&gradients), other: None });
        Self { gradients, shared }
    }

    pub(super) fn gradients(&self) -> &Gradients {
        &self.gradients
    }

    /// Adds up the gradients of the micro-batches.
    pub(super) fn accumulate(&mut self, pass: Pass<'_>, batches: StepBatches<'_>) -> anyhow::Result<Accumulated> {
        let Self { gradients, shared } = self;
        if let Some(shared) = shared {
            return shared.accumulate(gradients, pass, batches);
        }
        gradients.clear();
        let losses =
            (0..batches.rows.len()).map(|index| pass.forward_backward(gradients, batches, index, &mut |_, _| ()));
        let losses = losses.collect::<anyhow::Result<_>>()?;
        Ok(Accumulated { losses, signal: batches.signal, exchange_seconds: None })
    }

    /// Of processes that train together, the first adds the squares up: it has a micro-batch in every step.
    pub(super) fn gradient_norm(&self, model: &Model) -> anyhow::Result<f64> {
        let Some(Shared { team, .. }) = &self.shared else { return Ok(model.gradient_norm(&self.gradients)?) };
        let norm = if team.is_first() { model.gradient_norm_of_sum(&self.gradients)? } else { 0.0 };
        team.number_of_first(norm)
    }
}

impl Shared<'_> {
    /// Micro-batch j is that of process j mod N.
    fn accumulate(
        &mut self,
        gradients: &mut Gradients,
        pass: Pass<'_>,
        batches: StepBatches<'_>,
    ) -> anyhow::Result<Accumulated> {
        let (rank, size) = (self.team.rank(), self.team.size());
        let (n, signal) = (batches.rows.len(), f64::from(batches.signal.unwrap_or(0)));
        let mut seconds = 0.0;
        for first in (0..n).step_by(size) {
            let n_in_round = size.min(n - first);
            if first > 0 {
                // What was computed before is still on its way.
                let other = self.other.get_or_insert_with(|| pass.model.shared_gradients(size));
                std::mem::swap(gradients, other);
            }
            let mut facts = MicroBatchFacts { loss: 0.0, signal };
            if rank < n_in_round {
                gradients.clear();
                let mut begun = Ok(());
                let mut after_layer = |gradients: &Gradients, layer| {
                    let started = Instant::now();
                    if begun.is_ok() && self.team.spans_machines() {
                        begun = self.exchange.begin(gradients, layer, n_in_round);
                    }
                    seconds += started.elapsed().as_secs_f64();
                };
                facts.loss = pass.forward_backward(gradients, batches, first + rank, &mut after_layer)?;
                begun?;
            }
            let started = Instant::now();
            self.exchange.add(gradients, n_in_round, facts)?;
            seconds += started.elapsed().as_secs_f64();
        }
        let started = Instant::now();
        let facts = self.exchange.finish(gradients)?;
        seconds += started.elapsed().as_secs_f64();
        let signal = facts.iter().flatten().fold(0.0, |signal: f64, facts| signal.max(facts.signal));
        let losses = facts.iter().flatten().take(n).map(|facts| facts.loss).collect();
        Ok(Accumulated { losses, signal: (signal > 0.0).then_some(signal as i32), exchange_seconds: Some(seconds) })
    }
}

impl Pass<'_> {
    /// Forward and backward pass of one of a step's micro-batches; returns its share of the loss.
    fn forward_backward(
        &self,
        gradients: &mut Gradients,
        batches: StepBatches<'_>,
        index: usize,
        after_layer: &mut dyn FnMut(&Gradients, usize),
    ) -> anyhow::Result<f64> {
        let Self { model, objective, dropout } = self;
        let batch = Batch::new(&batches.sentences(index), model.device());
        let forward = model.forward_train(&batch, &dropout.sites(index))?;
        let targets = objective.targets(&batches.train.labels, &batches.rows[index]).to_device(model.device());
        let loss = forward.loss(|logits| objective.mean(logits, &targets) / batches.rows.len() as f64);
        forward.backward_by_layers(&loss, gradients, after_layer)?;
        Ok(loss.f_double_value(&[])?)
    }
}
