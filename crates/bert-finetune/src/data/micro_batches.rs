//! Micro-batches of each optimizer step: the batch sampler and the step plan of one run, laid out together.

use crate::data::batch_sampler::BatchSampler;
use crate::data::step_plan::StepPlan;
use crate::settings::Plan;

/// The rows that each step reads. Only the batches of the epoch at hand are kept.
#[derive(Debug, Clone)]
pub(crate) struct MicroBatches<'a> {
    pub(crate) step_plan: StepPlan,
    sampler: BatchSampler<'a>,
    gradient_accumulation_steps: usize,
    current_epoch: Option<Epoch>,
}

/// How large a batch is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BatchShape {
    pub(crate) n_tokens: usize,
    pub(crate) n_sentences: usize,
}

/// So many epochs are looked at for the largest batch; more hardly bring a larger one.
const EPOCHS_OF_LARGEST: u64 = 8;

#[derive(Debug, Clone)]
struct Epoch {
    index: u64,
    batches: Vec<Vec<usize>>,
}

impl<'a> MicroBatches<'a> {
    /// Lays out the run that `plan` makes of train rows with these lengths, in tokens.
    pub(crate) fn new(plan: &'a Plan, lengths: Vec<usize>) -> Self {
        let sampler = BatchSampler::new(&plan.batches, lengths);
        Self {
            step_plan: StepPlan::new(&plan.batches, &sampler, plan.warmup),
            sampler,
            gradient_accumulation_steps: plan.batches.gradient_accumulation_steps,
            current_epoch: None,
        }
    }

    /// The rows of each batch of the first epoch.
    pub(crate) fn first_epoch(&self) -> Vec<Vec<usize>> {
        self.sampler.batches(0)
    }

    /// The batch with the most tokens, of all in the run's first epochs.
    pub(crate) fn largest_batch(&self) -> BatchShape {
        let last = self.step_plan.position(self.step_plan.counts.total_steps.saturating_sub(1)).epoch;
        let batches = (0..=last.min(EPOCHS_OF_LARGEST - 1)).flat_map(|epoch| self.sampler.batches(epoch));
        let shape = |rows: Vec<usize>| BatchShape { n_tokens: self.sampler.n_tokens(&rows), n_sentences: rows.len() };
        batches.map(shape).max().unwrap_or_default()
    }

    /// The rows of each micro-batch of the step that comes after `done` steps.
    pub(crate) fn of_step(&mut self, done: u64) -> &[Vec<usize>] {
        let position = self.step_plan.position(done);
        let sampler = &self.sampler;
        let current = self.current_epoch.take().filter(|epoch| epoch.index == position.epoch);
        let epoch = self.current_epoch.insert(
            current.unwrap_or_else(|| Epoch { index: position.epoch, batches: sampler.batches(position.epoch) }),
        );
        let mut steps = epoch.batches.chunks(self.gradient_accumulation_steps);
        steps.nth(position.steps_before as usize).unwrap_or_default()
    }
}
