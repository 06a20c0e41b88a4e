//! What a step is given and what it reports, and the checks of its numbers.

use anyhow::anyhow;
use bert::{DropoutCounters, DropoutRates, DropoutSites};
use corpus::tokens::TokenSet;
use stage::ExitReason;

/// The micro-batches of one step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StepBatches<'a> {
    pub(crate) train: &'a TokenSet,
    /// The rows of each.
    pub(crate) rows: &'a [Vec<usize>],
    /// A signal that this process has received, for the others.
    pub(crate) signal: Option<i32>,
}

impl<'a> StepBatches<'a> {
    /// The sentences of one micro-batch.
    pub(super) fn sentences(&self, index: usize) -> Vec<&'a [i32]> {
        self.rows[index].iter().map(|&row| self.train.input_ids(row)).collect()
    }
}

/// The dropout of a step.
#[derive(Debug, Clone, Copy)]
pub(super) struct StepDropout {
    pub(super) rates: DropoutRates,
    /// The run's seed.
    pub(super) seed: u64,
    /// Steps done before.
    pub(super) step: u64,
}

impl StepDropout {
    pub(super) fn sites(self, micro_batch: usize) -> DropoutSites {
        let Self { rates, seed, step } = self;
        DropoutSites::new(rates, DropoutCounters { seed, step, micro_batch: micro_batch as u64 })
    }
}

/// What a step reports.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct StepReport {
    /// Steps done with it.
    pub(crate) step: u64,
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

impl StepReport {
    /// Without its numbers yet: the step that comes after `done` steps, at `learning_rate`.
    pub(super) fn begun(batches: StepBatches<'_>, done: u64, learning_rate: f64) -> Self {
        let rows = || batches.rows.iter().flatten();
        Self {
            step: done + 1,
            loss: 0.0,
            learning_rate,
            grad_norm: 0.0,
            sentences: rows().count(),
            tokens: rows().map(|&row| batches.train.input_ids(row).len()).sum(),
            signal: batches.signal,
            exchange_seconds: None,
        }
    }

    /// Takes the loss of each of its micro-batches, in their order; fails where one is not finite.
    pub(super) fn add_losses(&mut self, losses: &[f64], train: &TokenSet, rows: &[Vec<usize>]) -> anyhow::Result<()> {
        for (rows, loss) in rows.iter().zip(losses) {
            self.loss += loss;
            self.check_finite("loss", self.loss, train, rows)?;
        }
        Ok(())
    }

    /// Takes the norm of its gradients; fails where that is not finite.
    pub(super) fn set_grad_norm(&mut self, norm: f64, train: &TokenSet, rows: &[Vec<usize>]) -> anyhow::Result<()> {
        self.grad_norm = norm;
        self.check_finite("gradient norm", norm, train, &rows.concat())
    }

    fn check_finite(&self, what: &str, value: f64, train: &TokenSet, rows: &[usize]) -> anyhow::Result<()> {
        if value.is_finite() {
            return Ok(());
        }
        let ids: Vec<String> = rows.iter().map(|&row| train.ids[row].to_string()).collect();
        let problem = anyhow!(
            "the {what} of step {} is {value}; the step was not taken. Rows of the batch (ids in the raw train.parquet): {}. \
             Try a lower --learning-rate, --max-grad-norm 1, a longer --warmup-ratio, or --precision float32",
            self.step,
            ids.join(", ")
        );
        Err(ExitReason::Unhealthy(problem.to_string()).into())
    }
}

/// `min(1, max / (norm + 1e-6))`, as PyTorch's `clip_grad_norm_`; 0 never clips.
pub(super) fn clip_coefficient(norm: f64, max_norm: f64) -> f64 {
    if max_norm == 0.0 { 1.0 } else { (max_norm / (norm + 1e-6)).min(1.0) }
}
