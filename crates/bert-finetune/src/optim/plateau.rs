//! Plateau: the scheduler `reduce_lr_on_plateau`, whose learning rates fall when evaluations no longer get better.
//!
//! As in PyTorch's `ReduceLROnPlateau` each learning rate falls by itself: `min_lr` and `eps` are of every one of them.

use serde::{Deserialize, Serialize};

use crate::settings::{Plateau, PlateauMode, ThresholdMode};

/// State of a plateau, as PyTorch's `ReduceLROnPlateau` keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct PlateauState {
    best: Option<f64>,
    bad_evaluations: u64,
    cooldown_left: u64,
    /// How often the learning rates were due to fall, those included that could not.
    #[serde(default)]
    pub(crate) reductions: u64,
    /// What is left of `--learning-rate`: all that earlier programs wrote and read.
    reduced: f64,
}

impl Default for PlateauState {
    fn default() -> Self {
        Self { best: None, bad_evaluations: 0, cooldown_left: 0, reductions: 0, reduced: 1.0 }
    }
}

impl PlateauState {
    /// One evaluation: `value` is the metric, of which more is better if `greater_is_better`.
    pub(crate) fn step(&mut self, plateau: &Plateau, value: f64, greater_is_better: bool, learning_rate: f64) {
        let greater_is_better = plateau.mode.map_or(greater_is_better, |mode| mode == PlateauMode::Max);
        let sign = if greater_is_better { 1.0 } else { -1.0 };
        let better = self.best.is_none_or(|best| {
            let bar = match plateau.threshold_mode {
                ThresholdMode::Rel => best * (1.0 + sign * plateau.threshold),
                ThresholdMode::Abs => best + sign * plateau.threshold,
            };
            sign * value > sign * bar
        });
        if better {
            self.best = Some(value);
            self.bad_evaluations = 0;
        } else {
            self.bad_evaluations += 1;
        }
        if self.cooldown_left > 0 {
            self.cooldown_left -= 1;
            self.bad_evaluations = 0;
        }
        if self.bad_evaluations > plateau.patience {
            self.reductions += 1;
            if learning_rate > 0.0 {
                self.reduced = reduced(plateau, learning_rate, self.reductions) / learning_rate;
            }
            self.cooldown_left = plateau.cooldown;
            self.bad_evaluations = 0;
        }
    }

    /// Counts the reductions of a state that an earlier program wrote, by what is left of `learning_rate`.
    pub(crate) fn count_reductions(&mut self, plateau: &Plateau, learning_rate: f64) {
        let left = |reductions| reduced(plateau, learning_rate, reductions);
        let written = self.reduced * learning_rate * (1.0 + 1e-9);
        while left(self.reductions) > written && left(self.reductions + 1) < left(self.reductions) {
            self.reductions += 1;
        }
    }
}

/// What reductions have left of a learning rate.
pub(super) fn reduced(plateau: &Plateau, highest: f64, reductions: u64) -> f64 {
    let mut rate = highest;
    for _ in 0..reductions {
        let new = (rate * plateau.factor).max(plateau.min_lr);
        // A rate that is not reduced once never is.
        if rate - new <= plateau.eps {
            break;
        }
        rate = new;
    }
    rate
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plateau_without_a_mode_looks_for_what_is_better_for_the_best_model() {
        let plateau: Plateau = serde_json::from_str(r#"{"patience": 0}"#).unwrap();
        let left = |greater_is_better: bool| {
            let mut state = PlateauState::default();
            [0.5, 0.6, 0.7].iter().for_each(|&metric| state.step(&plateau, metric, greater_is_better, 1.0));
            reduced(&plateau, 1.0, state.reductions)
        };
        assert_eq!((left(true), left(false)), (1.0, 0.1 * 0.1));
    }

    #[test]
    fn each_learning_rate_has_its_own_floor() {
        let plateau: Plateau = serde_json::from_str(r#"{"factor": 0.1, "min_lr": 5e-4, "eps": 1e-8}"#).unwrap();
        let rates = |highest| [0, 1, 2, 3].map(|reductions| reduced(&plateau, highest, reductions));
        assert_eq!(rates(1e-2), [1e-2, 1e-3, 5e-4, 5e-4]);
        assert_eq!(rates(1e-3), [1e-3, 5e-4, 5e-4, 5e-4]);
        assert_eq!(rates(1e-4), [1e-4; 4], "it was below from the beginning");
        assert_eq!(rates(0.0), [0.0; 4]);
    }

    #[test]
    fn what_earlier_programs_wrote_is_counted() {
        let plateau: Plateau = serde_json::from_str(r#"{"factor": 0.5, "min_lr": 1e-5, "patience": 0}"#).unwrap();
        for reductions in 0..5 {
            let written = reduced(&plateau, 5e-5, reductions) / 5e-5;
            let text = format!(r#"{{"best": 0.5, "bad_evaluations": 0, "cooldown_left": 0, "reduced": {written}}}"#);
            let mut state: PlateauState = serde_json::from_str(&text).unwrap();
            state.count_reductions(&plateau, 5e-5);
            // The third reaches the floor; how often it was due after that is not known.
            assert_eq!(state.reductions, reductions.min(3));
        }
    }
}
