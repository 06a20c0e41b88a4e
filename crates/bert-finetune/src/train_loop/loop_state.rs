//! What the loop knows beside weights and optimizer; a checkpoint holds it whole.

use serde::{Deserialize, Serialize};

use crate::training::evaluation::Evaluation;
use crate::optim::lr_scheduler::PlateauState;
use crate::settings::{EarlyStopping, BestModelCriterion};
use crate::training::trainer::StepReport;

/// The checkpoint that is kept, and why.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Best {
    pub(crate) step: u64,
    pub(crate) figures: Option<Evaluation>,
}

/// Everything that a step or an evaluation leaves for the next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct LoopState {
    pub(crate) best: Option<Best>,
    /// Evaluations in a row that did not get better.
    pub(crate) evaluations_without_gain: u64,
    pub(crate) plateau: PlateauState,
    pub(crate) watch: LossWatch,
    pub(crate) loss_since_log: f64,
    pub(crate) steps_since_log: u64,
    pub(crate) log_bytes: u64,
}

impl LoopState {
    pub(crate) fn count(&mut self, report: &StepReport) {
        self.loss_since_log += report.loss;
        self.steps_since_log += 1;
        self.watch.see(report.loss);
    }

    pub(crate) fn take_mean_loss(&mut self) -> f64 {
        let mean = self.loss_since_log / self.steps_since_log as f64;
        (self.loss_since_log, self.steps_since_log) = (0.0, 0);
        mean
    }

    /// Takes an evaluation in and tells whether it is the best so far; of equals the first stays.
    ///
    /// As in the reference, the patience of early stopping is measured against the best before this evaluation.
    pub(crate) fn judge(
        &mut self,
        step: u64,
        figures: Evaluation,
        judge: BestModelCriterion,
        stopping: Option<EarlyStopping>,
    ) -> bool {
        let merit = figures.merit(judge);
        let old = self.best.and_then(|best| best.figures).map(|figures| figures.merit(judge));
        let gain = old.map_or(f64::INFINITY, |old| merit - old);
        let threshold = stopping.map_or(0.0, |stopping| stopping.threshold);
        self.evaluations_without_gain = if gain > threshold { 0 } else { self.evaluations_without_gain + 1 };
        if gain > 0.0 {
            self.best = Some(Best { step, figures: Some(figures) });
        }
        gain > 0.0
    }

    pub(crate) fn patience_is_over(&self, stopping: Option<EarlyStopping>) -> bool {
        stopping.is_some_and(|stopping| self.evaluations_without_gain >= stopping.patience)
    }
}

/// Whether the loss stays at that of guessing: ln(classes).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct LossWatch {
    /// A mean that forgets.
    recent: f64,
    steps: u64,
    warned: bool,
}

impl LossWatch {
    const SHARE_OF_OLD: f64 = 0.98;
    /// Steps at the full learning rate after which a loss that has not moved is worth a word.
    const STEPS: u64 = 200;

    fn see(&mut self, loss: f64) {
        self.steps += 1;
        let old = if self.steps == 1 { loss } else { self.recent };
        self.recent = Self::SHARE_OF_OLD * old + (1.0 - Self::SHARE_OF_OLD) * loss;
    }

    /// Whether to warn now: once, after the warm-up, when the mean is within 1 % of ln(classes).
    pub(crate) fn warns(&mut self, n_classes: usize, warmup_steps: u64) -> bool {
        let guessing = (n_classes as f64).ln();
        let stuck = (self.recent - guessing).abs() < 0.01 * guessing;
        let warns = !self.warned && self.steps >= warmup_steps.saturating_add(Self::STEPS) && stuck;
        self.warned |= warns;
        warns
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Metric;

    const JUDGE: BestModelCriterion = BestModelCriterion { metric: Metric::Accuracy, greater_is_better: true };

    fn figures(accuracy: f64) -> Evaluation {
        Evaluation { eval_accuracy: Some(accuracy), ..Evaluation::default() }
    }

    #[test]
    fn patience_counts_evaluations_that_gain_too_little() {
        let stopping = Some(EarlyStopping { patience: 2, threshold: 0.05 });
        let mut state = LoopState::default();
        let mut told = Vec::new();
        for (step, accuracy) in [0.5, 0.52, 0.6, 0.6, 0.58].into_iter().enumerate() {
            let best = state.judge(step as u64, figures(accuracy), JUDGE, stopping);
            told.push((best, state.evaluations_without_gain, state.patience_is_over(stopping)));
        }
        let expected = [(true, 0, false), (true, 1, false), (true, 0, false), (false, 1, false), (false, 2, true)];
        assert_eq!(told, expected);
        assert_eq!(state.best.map(|best| best.step), Some(2));
    }

    #[test]
    fn a_loss_that_stays_at_that_of_guessing_is_said_once() {
        let mut watch = LossWatch::default();
        let mut warned_at = Vec::new();
        for step in 1..=500 {
            watch.see(0.69 + 0.005 * f64::from(step % 3));
            if watch.warns(2, 20) {
                warned_at.push(step);
            }
        }
        assert_eq!(warned_at, [220]);

        let mut watch = LossWatch::default();
        for step in 1..=500 {
            watch.see(0.7 - 0.001 * f64::from(step));
            assert!(!watch.warns(2, 0), "step {step} of a loss that falls");
        }
    }
}
