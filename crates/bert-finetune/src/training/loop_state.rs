//! Loop state (`state.json` of a checkpoint): best step, early stopping, plateau scheduler, running mean of the loss.
//!
//! It is everything that the training loop knows beside the parameters and the optimizer.

use run_files::log::Evaluation;
use serde::{Deserialize, Serialize};

use crate::optim::plateau::PlateauState;
use crate::settings::{BestModelCriterion, EarlyStopping};
use crate::training::step::StepReport;

/// The step whose weights are the result, and its metrics; `None` where the run does not evaluate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Best {
    pub(crate) step: u64,
    pub(crate) figures: Option<Evaluation>,
}

/// Everything that a step or an evaluation leaves for the next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct LoopState {
    pub(crate) best: Option<Best>,
    /// Evaluations in a row without improvement.
    pub(crate) evaluations_without_gain: u64,
    pub(crate) plateau: PlateauState,
    pub(crate) watch: LossWatch,
    pub(crate) loss_since_log: f64,
    pub(crate) steps_since_log: u64,
    /// The size of `log.jsonl` when this was saved.
    pub(crate) log_bytes: u64,
}

impl LoopState {
    /// Adds a step.
    pub(crate) fn count(&mut self, report: &StepReport) {
        self.loss_since_log += report.loss;
        self.steps_since_log += 1;
        self.watch.update(report.loss);
    }

    /// The mean loss since the last call.
    pub(crate) fn take_mean_loss(&mut self) -> f64 {
        let mean = self.loss_since_log / self.steps_since_log as f64;
        (self.loss_since_log, self.steps_since_log) = (0.0, 0);
        mean
    }

    /// Adds an evaluation and returns whether it is the best so far; among equals the first stays the best.
    ///
    /// As in Transformers, early stopping compares with the best before this evaluation.
    pub(crate) fn update_best(
        &mut self,
        step: u64,
        figures: Evaluation,
        criterion: BestModelCriterion,
        early_stopping: Option<EarlyStopping>,
    ) -> bool {
        let merit = criterion.merit(&figures);
        let old = self.best.and_then(|best| best.figures).map(|figures| criterion.merit(&figures));
        let gain = old.map_or(f64::INFINITY, |old| merit - old);
        let threshold = early_stopping.map_or(0.0, |early_stopping| early_stopping.threshold);
        self.evaluations_without_gain = if gain > threshold { 0 } else { self.evaluations_without_gain + 1 };
        if gain > 0.0 {
            self.best = Some(Best { step, figures: Some(figures) });
        }
        gain > 0.0
    }

    /// Whether early stopping ends the run here.
    pub(crate) fn is_out_of_patience(&self, early_stopping: Option<EarlyStopping>) -> bool {
        early_stopping.is_some_and(|early_stopping| self.evaluations_without_gain >= early_stopping.patience)
    }
}

/// Watches for a loss that stays at the loss of random guessing, ln(classes).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct LossWatch {
    /// Exponential moving average of the loss, from the first loss on.
    recent: f64,
    steps: u64,
    warned: bool,
    /// The same with a shorter memory and from nothing on: its weight says how much it has seen. Checkpoints of earlier
    /// programs have neither.
    #[serde(default)]
    latest: f64,
    #[serde(default)]
    latest_weight: f64,
}

impl LossWatch {
    const DECAY: f64 = 0.98;
    const LATEST_DECAY: f64 = 0.9;
    /// Steps after the warmup before a warning.
    const STEPS: u64 = 200;
    /// Fewer steps say nothing, even at the end of a run.
    const FEWEST_STEPS: i32 = 8;

    fn update(&mut self, loss: f64) {
        self.steps += 1;
        let old = if self.steps == 1 { loss } else { self.recent };
        self.recent = Self::DECAY * old + (1.0 - Self::DECAY) * loss;
        self.latest = Self::LATEST_DECAY * self.latest + (1.0 - Self::LATEST_DECAY) * loss;
        self.latest_weight = Self::LATEST_DECAY * self.latest_weight + (1.0 - Self::LATEST_DECAY);
    }

    /// Whether to warn now: once, after the warmup, when the average is within 1 % of ln(classes).
    pub(crate) fn should_warn(&mut self, n_classes: usize, warmup_steps: u64) -> bool {
        let guessing = (n_classes as f64).ln();
        let stuck = (self.recent - guessing).abs() < 0.01 * guessing;
        let warns = !self.warned && self.steps >= warmup_steps.saturating_add(Self::STEPS) && stuck;
        self.warned |= warns;
        warns
    }

    /// Whether to warn at the end of a run that is too short for [`LossWatch::should_warn`].
    ///
    /// The average of the last steps has to be that of guessing, and so has the best loss of an evaluation, if there
    /// was one. An average of few batches scatters: it may lie 2 % below ln(classes), and 10 % above, where a new
    /// classifier begins. A loss that began far above and is falling has learned something by then.
    pub(crate) fn should_warn_at_end(
        &mut self,
        n_classes: usize,
        warmup_steps: u64,
        best_eval_loss: Option<f64>,
    ) -> bool {
        let guessing = (n_classes as f64).ln();
        let short = self.steps < warmup_steps.saturating_add(Self::STEPS);
        let seen = self.latest_weight > 0.999 * (1.0 - Self::LATEST_DECAY.powi(Self::FEWEST_STEPS));
        let learned = |loss: f64| loss < 0.98 * guessing;
        let latest = self.latest / self.latest_weight;
        let falling = latest < 0.83 * self.recent;
        let stuck = !learned(latest) && latest < 1.1 * guessing && !falling && !best_eval_loss.is_some_and(learned);
        let warns = !self.warned && n_classes > 1 && short && seen && stuck;
        self.warned |= warns;
        warns
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Metric;

    const CRITERION: BestModelCriterion = BestModelCriterion { metric: Metric::Accuracy, greater_is_better: true };

    fn figures(accuracy: f64) -> Evaluation {
        Evaluation { eval_accuracy: Some(accuracy), ..Evaluation::default() }
    }

    #[test]
    fn patience_counts_evaluations_that_gain_too_little() {
        let early_stopping = Some(EarlyStopping { patience: 2, threshold: 0.05 });
        let mut state = LoopState::default();
        let mut seen = Vec::new();
        for (step, accuracy) in [0.5, 0.52, 0.6, 0.6, 0.58].into_iter().enumerate() {
            let best = state.update_best(step as u64, figures(accuracy), CRITERION, early_stopping);
            seen.push((best, state.evaluations_without_gain, state.is_out_of_patience(early_stopping)));
        }
        let expected = [(true, 0, false), (true, 1, false), (true, 0, false), (false, 1, false), (false, 2, true)];
        assert_eq!(seen, expected);
        assert_eq!(state.best.map(|best| best.step), Some(2));
    }

    #[test]
    fn a_loss_that_stays_at_random_guessing_is_reported_once() {
        let mut watch = LossWatch::default();
        let mut warned_at = Vec::new();
        for step in 1..=500 {
            watch.update(0.69 + 0.005 * f64::from(step % 3));
            if watch.should_warn(2, 20) {
                warned_at.push(step);
            }
        }
        assert_eq!(warned_at, [220]);

        let mut watch = LossWatch::default();
        for step in 1..=500 {
            watch.update(0.7 - 0.001 * f64::from(step));
            assert!(!watch.should_warn(2, 0), "step {step} of a loss that falls");
        }
    }

    /// The watch after a run with these losses.
    fn watched(losses: impl IntoIterator<Item = f64>) -> LossWatch {
        let mut watch = LossWatch::default();
        losses.into_iter().for_each(|loss| watch.update(loss));
        watch
    }

    /// Losses that scatter around a line from `first` to `last`.
    fn losses(steps: u32, first: f64, last: f64) -> Vec<f64> {
        let scatter = [0.0, 0.02, -0.015, -0.02, 0.025, -0.01];
        let line = |step: u32| first + (last - first) * f64::from(step) / f64::from(steps - 1);
        (0..steps).map(|step| line(step) + scatter[step as usize % scatter.len()]).collect()
    }

    #[test]
    fn a_short_run_that_learns_nothing_is_warned_at_its_end() {
        for steps in [10, 20, 33, 60, 199] {
            for first in [0.69, 0.72] {
                let mut watch = watched(losses(steps, first, 0.692));
                assert!(watch.should_warn_at_end(2, 1, Some(0.69)), "{steps} steps from {first}");
                assert!(!watch.should_warn_at_end(2, 1, Some(0.69)), "once");
            }
            let unlucky = [0.8].into_iter().chain(losses(steps, 0.7, 0.695));
            assert!(watched(unlucky).should_warn_at_end(2, 1, None), "{steps} steps after an unlucky first batch");
        }
        let many_classes = losses(40, 5.2, 5.16);
        assert!(watched(many_classes).should_warn_at_end(174, 4, None));
    }

    #[test]
    fn a_short_run_that_learns_is_not_warned() {
        for steps in [10, 20, 33, 60, 199] {
            for (first, last) in [(0.7, 0.62), (0.72, 0.4), (0.9, 0.55), (0.7, 0.1)] {
                let mut watch = watched(losses(steps, first, last));
                assert!(!watch.should_warn_at_end(2, 1, None), "{steps} steps from {first} to {last}");
            }
            // The last batches were unlucky, but the evaluation knows better.
            assert!(!watched(losses(steps, 0.72, 0.69)).should_warn_at_end(2, 1, Some(0.66)));
        }
    }

    #[test]
    fn a_run_that_is_too_short_or_long_enough_is_not_judged_at_its_end() {
        assert!(!watched(losses(7, 0.693, 0.693)).should_warn_at_end(2, 1, None));
        assert!(!watched(losses(201, 0.693, 0.693)).should_warn_at_end(2, 1, None));
        assert!(!watched(losses(40, 0.0, 0.0)).should_warn_at_end(1, 1, None));
    }

    #[test]
    fn the_watch_of_an_earlier_checkpoint_goes_on() {
        let mut watch: LossWatch = serde_json::from_str(r#"{"recent":0.7,"steps":30,"warned":false}"#).unwrap();
        assert!(!watch.should_warn_at_end(2, 1, None));
        losses(20, 0.7, 0.693).into_iter().for_each(|loss| watch.update(loss));
        assert!(watch.should_warn_at_end(2, 1, None));
    }
}
