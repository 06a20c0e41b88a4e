//! Timing (`timing.json`): sentences and tokens per second, and the estimate of the remaining time.
//!
//! No deterministic output holds any of it.

use std::time::Instant;

use serde::Serialize;

use crate::training::step::StepReport;

/// Durations and rates of the part of a run that this process did.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct Timing {
    pub(crate) train_steps: u64,
    pub(crate) train_seconds: f64,
    pub(crate) evaluate_seconds: f64,
    pub(crate) save_seconds: f64,
    /// Of the training: what several processes waited for each other's gradients.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) exchange_seconds: Option<f64>,
    pub(crate) train_sentences: usize,
    pub(crate) train_tokens: usize,
    pub(crate) sentences_per_second: f64,
    pub(crate) tokens_per_second: f64,
    /// Of a GPU: how many CUDA graphs there were at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cuda_graphs: Option<usize>,
}

impl Timing {
    /// Steps after which the rate is good enough for an estimate.
    const STEPS_OF_ESTIMATE: u64 = 20;

    /// Adds what training took since `started`.
    pub(crate) fn add_training(&mut self, started: Instant) {
        self.train_seconds += started.elapsed().as_secs_f64();
        self.set_rates();
    }

    /// Adds a step.
    pub(crate) fn count(&mut self, report: &StepReport) {
        self.train_steps += 1;
        if let Some(seconds) = report.exchange_seconds {
            *self.exchange_seconds.get_or_insert(0.0) += seconds;
        }
        self.train_sentences += report.sentences;
        self.train_tokens += report.tokens;
        self.set_rates();
    }

    fn set_rates(&mut self) {
        self.sentences_per_second = self.train_sentences as f64 / self.train_seconds;
        self.tokens_per_second = self.train_tokens as f64 / self.train_seconds;
    }

    /// True once, when this process has done enough steps.
    pub(crate) fn is_time_for_estimate(&self) -> bool {
        self.train_steps == Self::STEPS_OF_ESTIMATE
    }

    /// The seconds that `steps` and the evaluation of `eval_tokens` will take.
    ///
    /// Evaluating a token is a third of the work of training on it: there is no backward pass.
    pub(crate) fn estimate(&self, steps: u64, eval_tokens: usize) -> f64 {
        let per_step = self.train_seconds / self.train_steps as f64;
        per_step * steps as f64 + eval_tokens as f64 / (3.0 * self.tokens_per_second)
    }
}
