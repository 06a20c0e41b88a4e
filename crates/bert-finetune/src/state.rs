//! What the loop knows beside weights and optimizer, and how fast it went.

use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::evaluation::Evaluation;
use crate::plan::Plan;
use crate::trainer::StepReport;

/// The checkpoint that is kept, and why.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Best {
    pub(crate) step: u64,
    pub(crate) figures: Option<Evaluation>,
}

/// What the loop knows beside weights and optimizer; a checkpoint holds it whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct LoopState {
    pub(crate) best: Option<Best>,
    pub(crate) loss_since_log: f64,
    pub(crate) steps_since_log: u64,
    pub(crate) log_bytes: u64,
}

impl LoopState {
    pub(crate) fn count(&mut self, report: &StepReport) {
        self.loss_since_log += report.loss;
        self.steps_since_log += 1;
    }

    pub(crate) fn take_mean_loss(&mut self) -> f64 {
        let mean = self.loss_since_log / self.steps_since_log as f64;
        (self.loss_since_log, self.steps_since_log) = (0.0, 0);
        mean
    }

    /// Only a better one replaces the best: of equals the first stays.
    pub(crate) fn is_best(&self, figures: &Evaluation, plan: &Plan) -> bool {
        let merit = |figures: &Evaluation| figures.merit(plan.metric_for_best_model);
        let old = self.best.as_ref().and_then(|best| best.figures.as_ref());
        old.is_none_or(|old| merit(figures) > merit(old))
    }
}

/// The rates of the part of a run that this process did.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct Timing {
    pub(crate) train_steps: u64,
    pub(crate) train_seconds: f64,
    pub(crate) evaluate_seconds: f64,
    pub(crate) save_seconds: f64,
    pub(crate) train_sentences: usize,
    pub(crate) train_tokens: usize,
    pub(crate) sentences_per_second: f64,
    pub(crate) tokens_per_second: f64,
}

impl Timing {
    pub(crate) fn count(&mut self, report: &StepReport, clock: Instant) {
        self.train_steps += 1;
        self.train_seconds += clock.elapsed().as_secs_f64();
        self.train_sentences += report.sentences;
        self.train_tokens += report.tokens;
        self.sentences_per_second = self.train_sentences as f64 / self.train_seconds;
        self.tokens_per_second = self.train_tokens as f64 / self.train_seconds;
    }
}
