//! Step plan: how many steps a run has and where each lies in its epoch, by the arithmetic of Transformers' `Trainer`,
//! extended to epochs that differ in length.

use run_files::plan::{Counts, When};

use crate::data::batch_sampler::BatchSampler;
use crate::settings::{BatchPlan, Warmup};

/// The steps that a plan comes to on the rows of a train split.
#[derive(Debug, Clone)]
pub(crate) struct StepPlan {
    pub(crate) counts: Counts,
    gradient_accumulation_steps: u64,
    /// The epochs, where they differ.
    uneven: Option<Vec<Epoch>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Epoch {
    /// The number of steps done at its end.
    end: u64,
    batches: u64,
}

/// Where a step lies: its epoch, and how many steps of that epoch came before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EpochPosition {
    /// Counted from 0.
    pub(crate) epoch: u64,
    pub(crate) steps_before: u64,
}

impl StepPlan {
    /// `steps = ceil(ceil(n / batch) / accumulation)`, `total = ceil(epochs * steps)`, unless `max_steps` is given.
    pub(crate) fn new(plan: &BatchPlan, sampler: &BatchSampler<'_>, warmup: Warmup) -> Self {
        let gradient_accumulation_steps = plan.gradient_accumulation_steps as u64;
        let steps_of = |batches: u64| batches.div_ceil(gradient_accumulation_steps);
        let (batches_per_epoch, total_steps, uneven) = match sampler.batches_per_epoch() {
            Some(batches) => {
                let total = plan.max_steps.unwrap_or((plan.num_train_epochs * steps_of(batches) as f64).ceil() as u64);
                (batches, total, None)
            }
            None => {
                let (epochs, total) = uneven_epochs(plan, |epoch| sampler.batches(epoch).len() as u64);
                (epochs[0].batches, total, Some(epochs))
            }
        };
        let counts = Counts {
            train_rows: sampler.n_rows() as u64,
            train_texts: None,
            batches_per_epoch,
            steps_per_epoch: steps_of(batches_per_epoch),
            total_steps,
            warmup_steps: warmup.steps(total_steps),
        };
        Self { counts, gradient_accumulation_steps, uneven }
    }

    /// The last step of each epoch, where the epochs differ in length.
    pub(crate) fn uneven_epoch_ends(&self) -> Option<Vec<u64>> {
        let ends = |epochs: &Vec<Epoch>| epochs.iter().map(|epoch| epoch.end.min(self.counts.total_steps)).collect();
        self.uneven.as_ref().map(ends)
    }

    /// The position of the step that comes after `done` steps.
    pub(crate) fn position(&self, done: u64) -> EpochPosition {
        let Some(epochs) = &self.uneven else {
            let steps = self.counts.steps_per_epoch;
            return EpochPosition { epoch: done / steps, steps_before: done % steps };
        };
        let epoch = epochs.partition_point(|epoch| epoch.end <= done);
        let begin = if epoch == 0 { 0 } else { epochs[epoch - 1].end };
        EpochPosition { epoch: epoch as u64, steps_before: done - begin }
    }

    /// How many epochs `done` steps are: of the epoch that goes on, the share of its micro-batches.
    pub(crate) fn epochs(&self, done: u64) -> f64 {
        let EpochPosition { epoch, steps_before } = self.position(done);
        let batches = match &self.uneven {
            None => self.counts.batches_per_epoch,
            Some(epochs) => epochs.get(epoch as usize).map_or(1, |epoch| epoch.batches),
        };
        epoch as f64 + (steps_before * self.gradient_accumulation_steps) as f64 / batches as f64
    }

    /// How often `when` is due in the whole run.
    pub(crate) fn occurrences(&self, when: When) -> u64 {
        let last_in_addition = match when {
            When::Never => false,
            When::EachEpoch => self.position(self.counts.total_steps).steps_before > 0,
            When::EverySteps(n) => !self.counts.total_steps.is_multiple_of(n),
        };
        self.occurrences_until(when, self.counts.total_steps) + u64::from(last_in_addition)
    }

    /// How often `when` was due in the first `done` steps, not counting that the run's last step is always due.
    pub(crate) fn occurrences_until(&self, when: When, done: u64) -> u64 {
        match when {
            When::Never => 0,
            When::EachEpoch => self.position(done).epoch,
            When::EverySteps(n) => done / n,
        }
    }

    /// Whether `when` is due after `done` steps. The last step ends an epoch, too.
    pub(crate) fn is_due(&self, when: When, done: u64) -> bool {
        let last = done == self.counts.total_steps;
        match when {
            When::Never => false,
            When::EachEpoch => last || self.position(done).steps_before == 0,
            When::EverySteps(n) => last || done.is_multiple_of(n),
        }
    }
}

/// The epochs and the total number of steps, for epochs that differ in their number of micro-batches.
fn uneven_epochs(plan: &BatchPlan, batches_of: impl Fn(u64) -> u64) -> (Vec<Epoch>, u64) {
    let mut epochs = Vec::new();
    let mut done = 0;
    loop {
        let epoch = epochs.len() as u64;
        let batches = batches_of(epoch);
        let steps = batches.div_ceil(plan.gradient_accumulation_steps as u64);
        let left = plan.num_train_epochs - epoch as f64;
        let last_of_epochs = if left < 1.0 { (left * steps as f64).ceil() as u64 } else { steps };
        epochs.push(Epoch { end: done + steps, batches });
        match plan.max_steps {
            Some(max) if done + steps >= max => return (epochs, max),
            None if left <= 1.0 => return (epochs, done + last_of_epochs),
            _ => done += steps,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::BatchSize;

    fn plan(size: BatchSize, epochs: f64, max_steps: Option<u64>) -> BatchPlan {
        BatchPlan {
            size,
            gradient_accumulation_steps: 2,
            group_by_length: false,
            num_train_epochs: epochs,
            max_steps,
            seed: 1,
            data_seed: 1,
        }
    }

    fn step_plan(plan: &BatchPlan, warmup_ratio: f64) -> StepPlan {
        let lengths = (0..40).map(|row| 3 + row % 9).collect();
        let warmup = Warmup { warmup_ratio, warmup_steps: 0 };
        StepPlan::new(plan, &BatchSampler::new(plan, lengths), warmup)
    }

    #[test]
    fn the_counts_are_those_of_the_reference() {
        let size = BatchSize::Sentences { per_device_train_batch_size: 6 };
        let step_plan = step_plan(&plan(size, 2.5, None), 0.15);
        assert_eq!(
            (step_plan.counts.batches_per_epoch, step_plan.counts.steps_per_epoch, step_plan.counts.total_steps),
            (7, 4, 10)
        );
        assert_eq!(step_plan.counts.warmup_steps, 2);
        assert_eq!(step_plan.position(9), EpochPosition { epoch: 2, steps_before: 1 });
        // Of seven micro-batches a step takes two, and the last of an epoch one.
        assert_eq!((step_plan.epochs(3), step_plan.epochs(4), step_plan.epochs(9)), (6.0 / 7.0, 1.0, 2.0 + 2.0 / 7.0));
        assert_eq!(step_plan.epochs(10), 2.0 + 4.0 / 7.0);
        let due: Vec<u64> = (1..=10).filter(|&done| step_plan.is_due(When::EachEpoch, done)).collect();
        assert_eq!(due, [4, 8, 10]);
        let every_three = When::EverySteps(3);
        assert_eq!((step_plan.occurrences(When::EachEpoch), step_plan.occurrences(every_three)), (3, 4));
        assert_eq!(
            (step_plan.occurrences_until(When::EachEpoch, 7), step_plan.occurrences_until(every_three, 7)),
            (1, 2)
        );
    }

    #[test]
    fn epochs_of_different_lengths_follow_each_other() {
        let size = BatchSize::Tokens { max_tokens_per_batch: 30 };
        let whole = step_plan(&plan(size, 3.0, None), 0.0);
        let epochs = whole.uneven.clone().unwrap();
        let ends: Vec<u64> = epochs.iter().map(|epoch| epoch.end).collect();
        assert_eq!(ends.len(), 3);
        assert_eq!(whole.counts.total_steps, ends[2]);
        assert!(whole.is_due(When::EachEpoch, ends[0]) && !whole.is_due(When::EachEpoch, ends[0] + 1));
        assert_eq!(whole.position(ends[1]), EpochPosition { epoch: 2, steps_before: 0 });
        assert_eq!((whole.epochs(ends[0]), whole.epochs(ends[2])), (1.0, 3.0));
        assert_eq!(whole.epochs(ends[1] + 1), 2.0 + 2.0 / epochs[2].batches as f64);
        let part = step_plan(&plan(size, 2.5, None), 0.0);
        assert_eq!(part.counts.total_steps, ends[1] + (ends[2] - ends[1]).div_ceil(2));
        assert_eq!(step_plan(&plan(size, 1.0, Some(ends[1] + 1)), 0.0).counts.total_steps, ends[1] + 1);
    }
}
