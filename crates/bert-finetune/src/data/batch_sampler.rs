//! Which rows each batch of an epoch holds: a pure function of (seed, epoch) and the lengths of the rows.

use crate::settings::{BatchPlan, BatchSize};

/// Batches in a stretch of rows that is sorted by length, at most: as the reference's `LengthGroupedSampler`.
const BATCHES_PER_STRETCH: usize = 50;

/// The rows of a train split as the run will read them.
#[derive(Debug, Clone)]
pub(crate) struct BatchSampler<'a> {
    plan: &'a BatchPlan,
    /// Of every row, in tokens.
    lengths: Vec<usize>,
}

impl<'a> BatchSampler<'a> {
    pub(crate) fn new(plan: &'a BatchPlan, lengths: Vec<usize>) -> Self {
        Self { plan, lengths }
    }

    pub(crate) fn n_rows(&self) -> usize {
        self.lengths.len()
    }

    /// The rows of each batch of `epoch`; the last one may be short.
    pub(crate) fn batches(&self, epoch: u64) -> Vec<Vec<usize>> {
        let mut rows = bert::random::permutation(self.lengths.len(), self.plan.data_seed, epoch);
        if self.plan.group_by_length {
            rows = self.grouped(rows);
        }
        match self.plan.size {
            BatchSize::Sentences { per_device_train_batch_size: n } => rows.chunks(n).map(<[usize]>::to_vec).collect(),
            BatchSize::Tokens { max_tokens_per_batch } => self.within(&rows, max_tokens_per_batch),
        }
    }

    /// How many batches an epoch has; `None` where epochs differ.
    pub(crate) fn batches_per_epoch(&self) -> Option<u64> {
        match self.plan.size {
            BatchSize::Sentences { per_device_train_batch_size: n } => Some(self.lengths.len().div_ceil(n) as u64),
            BatchSize::Tokens { .. } => None,
        }
    }

    /// Stretches of the permutation, each sorted from long to short, the longest row first of all: what does not fit
    /// into memory fails at once.
    fn grouped(&self, rows: Vec<usize>) -> Vec<usize> {
        let batch = self.rows_of_a_step();
        let stretch = batch.saturating_mul((rows.len() / batch.saturating_mul(4)).clamp(1, BATCHES_PER_STRETCH));
        let mut stretches: Vec<Vec<usize>> = rows.chunks(stretch).map(<[usize]>::to_vec).collect();
        for stretch in &mut stretches {
            stretch.sort_by_key(|&row| std::cmp::Reverse(self.lengths[row]));
        }
        // Of equals the first, so that nothing is moved without need.
        let longest = (0..stretches.len()).rev().max_by_key(|&place| self.lengths[stretches[place][0]]).unwrap_or(0);
        if longest > 0 {
            let (first, others) = stretches.split_at_mut(longest);
            std::mem::swap(&mut first[0][0], &mut others[0][0]);
        }
        stretches.concat()
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

    /// As many of the next rows as hold at most `budget` tokens, and at least one.
    fn within(&self, rows: &[usize], budget: usize) -> Vec<Vec<usize>> {
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
                let order = BatchSampler::new(&plan, lengths());
                let mut rows = order.batches(1).concat();
                assert_ne!(rows, order.batches(2).concat());
                rows.sort_unstable();
                assert_eq!(rows, (0..40).collect::<Vec<_>>(), "{size:?}, grouped {grouped}");
            }
        }
    }

    #[test]
    fn a_batch_keeps_to_its_budget_of_tokens() {
        let plan = plan(BatchSize::Tokens { max_tokens_per_batch: 30 }, false);
        let order = BatchSampler::new(&plan, [lengths(), vec![45]].concat());
        for batch in order.batches(0) {
            let tokens: usize = batch.iter().map(|&row| order.lengths[row]).sum();
            assert!(tokens <= 30 || batch == [40], "{batch:?} has {tokens} tokens");
        }
    }

    #[test]
    fn grouped_batches_begin_with_the_longest_row_and_pad_less() {
        let padded = |grouped: bool| -> usize {
            let plan = plan(BatchSize::Sentences { per_device_train_batch_size: 5 }, grouped);
            let order = BatchSampler::new(&plan, lengths());
            let batches = order.batches(0);
            if grouped {
                assert_eq!(order.lengths[batches[0][0]], 19);
            }
            let longest = |batch: &Vec<usize>| batch.iter().map(|&row| order.lengths[row]).max().unwrap();
            batches.iter().map(|batch| batch.len() * longest(batch)).sum()
        };
        assert!(padded(true) < padded(false), "{} and {}", padded(true), padded(false));
    }
}
