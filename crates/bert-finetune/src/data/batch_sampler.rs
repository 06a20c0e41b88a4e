//! Batch sampler: which rows each batch of an epoch holds, a pure function of (seed, epoch) and the rows' lengths.

use crate::settings::{BatchPlan, BatchSize};

/// The most batches in a mega-batch, whose rows are sorted by length, as in Transformers' `LengthGroupedSampler`.
const BATCHES_PER_MEGA_BATCH: usize = 50;

/// The rows of a train split as the run will read them.
#[derive(Debug, Clone)]
pub(crate) struct BatchSampler<'a> {
    plan: &'a BatchPlan,
    /// The length of every row, in tokens.
    lengths: Vec<usize>,
}

impl<'a> BatchSampler<'a> {
    pub(crate) fn new(plan: &'a BatchPlan, lengths: Vec<usize>) -> Self {
        Self { plan, lengths }
    }

    pub(crate) fn n_rows(&self) -> usize {
        self.lengths.len()
    }

    /// The tokens of these rows together.
    pub(crate) fn n_tokens(&self, rows: &[usize]) -> usize {
        rows.iter().map(|&row| self.lengths[row]).sum()
    }

    /// The rows of each batch of `epoch`; the last one may be short.
    pub(crate) fn batches(&self, epoch: u64) -> Vec<Vec<usize>> {
        let mut rows = bert::random::permutation(self.lengths.len(), self.plan.data_seed, epoch);
        if self.plan.group_by_length {
            rows = self.group_by_length(rows);
        }
        match self.plan.size {
            BatchSize::Sentences { per_device_train_batch_size: n } => rows.chunks(n).map(<[usize]>::to_vec).collect(),
            BatchSize::Tokens { max_tokens_per_batch } => self.limit_tokens(&rows, max_tokens_per_batch),
        }
    }

    /// How many batches an epoch has; `None` where epochs differ.
    pub(crate) fn batches_per_epoch(&self) -> Option<u64> {
        match self.plan.size {
            BatchSize::Sentences { per_device_train_batch_size: n } => Some(self.lengths.len().div_ceil(n) as u64),
            BatchSize::Tokens { .. } => None,
        }
    }

    /// Mega-batches of the permutation, each sorted from long to short, with the longest row of all first: a batch that
    /// does not fit into memory fails in the first step.
    fn group_by_length(&self, rows: Vec<usize>) -> Vec<usize> {
        let batch = self.rows_of_a_step();
        let mega_batch_size =
            batch.saturating_mul((rows.len() / batch.saturating_mul(4)).clamp(1, BATCHES_PER_MEGA_BATCH));
        let mut mega_batches: Vec<Vec<usize>> = rows.chunks(mega_batch_size).map(<[usize]>::to_vec).collect();
        for mega_batch in &mut mega_batches {
            mega_batch.sort_by_key(|&row| std::cmp::Reverse(self.lengths[row]));
        }
        // Among equals the first is taken, so that rows are moved only where they have to be.
        let longest =
            (0..mega_batches.len()).rev().max_by_key(|&index| self.lengths[mega_batches[index][0]]).unwrap_or(0);
        if longest > 0 {
            let (first, others) = mega_batches.split_at_mut(longest);
            std::mem::swap(&mut first[0][0], &mut others[0][0]);
        }
        mega_batches.concat()
    }

    /// About as many rows as one optimizer step reads.
    fn rows_of_a_step(&self) -> usize {
        let batch = match self.plan.size {
            BatchSize::Sentences { per_device_train_batch_size: n } => n,
            BatchSize::Tokens { max_tokens_per_batch } => {
                let tokens: usize = self.lengths.iter().sum();
                max_tokens_per_batch.saturating_mul(self.lengths.len()) / tokens.max(1)
            }
        };
        batch.max(1).saturating_mul(self.plan.gradient_accumulation_steps)
    }

    /// Batches of as many consecutive rows as have at most `budget` tokens together, and of at least one row.
    fn limit_tokens(&self, rows: &[usize], budget: usize) -> Vec<Vec<usize>> {
        let mut batches: Vec<Vec<usize>> = Vec::new();
        let mut tokens = 0;
        for &row in rows {
            tokens += self.lengths[row];
            match batches.last_mut() {
                Some(batch) if tokens <= budget => batch.push(row),
                _ => {
                    tokens = self.lengths[row];
                    batches.push(vec![row]);
                }
            }
        }
        batches
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(size: BatchSize, group_by_length: bool) -> BatchPlan {
        BatchPlan {
            size,
            gradient_accumulation_steps: 1,
            group_by_length,
            num_train_epochs: 1.0,
            max_steps: None,
            seed: 42,
            data_seed: 42,
        }
    }

    fn lengths() -> Vec<usize> {
        (0..40).map(|row| 3 + (row * 7) % 17).collect()
    }

    #[test]
    fn every_row_is_read_once_an_epoch() {
        for size in
            [BatchSize::Sentences { per_device_train_batch_size: 6 }, BatchSize::Tokens { max_tokens_per_batch: 50 }]
        {
            for grouped in [false, true] {
                let plan = plan(size, grouped);
                let sampler = BatchSampler::new(&plan, lengths());
                let mut rows = sampler.batches(1).concat();
                assert_ne!(rows, sampler.batches(2).concat());
                rows.sort_unstable();
                assert_eq!(rows, (0..40).collect::<Vec<_>>(), "{size:?}, grouped {grouped}");
            }
        }
    }

    #[test]
    fn a_batch_keeps_to_its_budget_of_tokens() {
        let plan = plan(BatchSize::Tokens { max_tokens_per_batch: 30 }, false);
        let sampler = BatchSampler::new(&plan, [lengths(), vec![45]].concat());
        for batch in sampler.batches(0) {
            let tokens: usize = batch.iter().map(|&row| sampler.lengths[row]).sum();
            assert!(tokens <= 30 || batch == [40], "{batch:?} has {tokens} tokens");
        }
    }

    #[test]
    fn grouped_batches_begin_with_the_longest_row_and_pad_less() {
        let padded = |grouped: bool| -> usize {
            let plan = plan(BatchSize::Sentences { per_device_train_batch_size: 5 }, grouped);
            let sampler = BatchSampler::new(&plan, lengths());
            let batches = sampler.batches(0);
            if grouped {
                assert_eq!(sampler.lengths[batches[0][0]], 19);
            }
            let longest = |batch: &Vec<usize>| batch.iter().map(|&row| sampler.lengths[row]).max().unwrap();
            batches.iter().map(|batch| batch.len() * longest(batch)).sum()
        };
        assert!(padded(true) < padded(false), "{} and {}", padded(true), padded(false));
    }
}
