//! The learning rate as a pure function of the step, by the formulas of the reference's schedulers.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use crate::settings::{Plateau, Ramp, Schedule, ThresholdMode};

/// The share of the highest learning rate in step `step`, from 0.
///
/// `reduced` is what a plateau has left of it.
pub(crate) fn factor(schedule: &Schedule, step: u64, warmup: u64, total: u64, reduced: f64) -> f64 {
    match schedule {
        Schedule::Constant => return 1.0,
        Schedule::ReduceLrOnPlateau(_) => return reduced,
        Schedule::WarmupStableDecay(shape) if step < warmup => {
            let progress = step as f64 / warmup.max(1) as f64;
            let risen = match shape.warmup_type {
                Ramp::Linear => progress,
                Ramp::Cosine => 0.5 * (1.0 - (PI * progress).cos()),
                Ramp::OneMinusSqrt => 1.0 - (1.0 - progress).sqrt(),
            };
            return between(shape.min_lr_ratio, risen);
        }
        Schedule::CosineWarmupWithMinLr { warmup_lr_rate, .. } if step < warmup => {
            return match warmup_lr_rate {
                None => (step + 1) as f64 / warmup as f64,
                Some(lowest) => lowest + (1.0 - lowest) * step as f64 / (warmup - 1).max(1) as f64,
            };
        }
        _ if step < warmup => return step as f64 / warmup.max(1) as f64,
        _ => {}
    }
    let after = (step - warmup) as f64;
    let progress = after / total.saturating_sub(warmup).max(1) as f64;
    match schedule {
        Schedule::Constant | Schedule::ConstantWithWarmup | Schedule::ReduceLrOnPlateau(_) => 1.0,
        Schedule::Linear => total.saturating_sub(step) as f64 / total.saturating_sub(warmup).max(1) as f64,
        Schedule::Cosine { num_cycles, min_lr_rate } => between(*min_lr_rate, half_cosine(*num_cycles, progress)),
        Schedule::CosineWarmupWithMinLr { num_cycles, min_lr_rate, .. } => {
            let progress = (after + 1.0) / total.saturating_sub(warmup).max(1) as f64;
            between(*min_lr_rate, half_cosine(*num_cycles, progress))
        }
        Schedule::CosineWithRestarts { .. } if progress >= 1.0 => 0.0,
        Schedule::CosineWithRestarts { num_cycles } => half_cosine(0.5, (num_cycles * progress) % 1.0).max(0.0),
        Schedule::Polynomial { lr_end_rate, .. } if step > total => *lr_end_rate,
        Schedule::Polynomial { power, lr_end_rate } => {
            (1.0 - lr_end_rate) * (1.0 - progress).powf(*power) + lr_end_rate
        }
        Schedule::InverseSqrt { timescale } => {
            let timescale = timescale.unwrap_or(if warmup > 0 { warmup } else { 10_000 }) as f64;
            1.0 / ((after + timescale) / timescale).sqrt()
        }
        Schedule::WarmupStableDecay(shape) => {
            let decay = shape.num_decay_steps;
            let stable = shape.num_stable_steps.unwrap_or(total.saturating_sub(warmup.saturating_add(decay)));
            let into_decay = (step - warmup).saturating_sub(stable);
            let progress = into_decay as f64 / decay.max(1) as f64;
            if step < warmup.saturating_add(stable) {
                return 1.0;
            }
            if into_decay >= decay {
                return shape.min_lr_ratio;
            }
            let fallen = match shape.decay_type {
                Ramp::Linear => 1.0 - progress,
                Ramp::Cosine => half_cosine(shape.num_cycles, progress),
                Ramp::OneMinusSqrt => 1.0 - progress.sqrt(),
            };
            between(shape.min_lr_ratio, fallen)
        }
    }
}

/// From 1 down to 0 at half a cycle.
fn half_cosine(num_cycles: f64, progress: f64) -> f64 {
    0.5 * (1.0 + (PI * num_cycles * 2.0 * progress).cos())
}

/// `share` of the way from `lowest` to 1, never below 0.
fn between(lowest: f64, share: f64) -> f64 {
    (share * (1.0 - lowest) + lowest).max(0.0)
}

/// What a plateau has seen so far, as PyTorch's `ReduceLROnPlateau` keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct PlateauState {
    best: Option<f64>,
    bad_evaluations: u64,
    cooldown_left: u64,
    /// What is left of the highest learning rate.
    pub(crate) reduced: f64,
}

impl Default for PlateauState {
    fn default() -> Self {
        Self { best: None, bad_evaluations: 0, cooldown_left: 0, reduced: 1.0 }
    }
}

impl PlateauState {
    /// Takes in an evaluation: `value` is the metric, of which more is better if `greater_is_better`.
    pub(crate) fn see(&mut self, plateau: &Plateau, value: f64, greater_is_better: bool, learning_rate: f64) {
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
            let (old, lowest) = (self.reduced * learning_rate, plateau.min_lr);
            let new = (old * plateau.factor).max(lowest);
            if old - new > plateau.eps {
                self.reduced = new / learning_rate;
            }
            self.cooldown_left = plateau.cooldown;
            self.bad_evaluations = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::{Parser, ValueEnum};
    use serde_json::Value;

    use super::*;
    use crate::settings::{ScheduleArgs, SchedulerType};

    #[derive(Parser)]
    struct Typed {
        #[command(flatten)]
        schedule: ScheduleArgs,
    }

    fn schedule(case: &Value, kwargs: &Value, learning_rate: f64) -> Schedule {
        let kwargs = kwargs.to_string();
        let words = ["", "--lr-scheduler-type", case["type"].as_str().unwrap(), "--lr-scheduler-kwargs", &kwargs];
        Schedule::resolve(&Typed::parse_from(words).schedule, learning_rate).unwrap()
    }

    /// `tests/fixtures/schedules.json` holds what the reference's `get_scheduler` gives; its plateaus of a metric of
    /// which more is better say so by `mode`, which here follows from the metric.
    #[test]
    fn every_scheduler_is_that_of_the_reference() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/schedules.json");
        let table: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let highest = table["learning_rate"].as_f64().unwrap();
        let mut seen = std::collections::BTreeSet::new();
        for case in table["cases"].as_array().unwrap() {
            seen.insert(case["type"].as_str().unwrap().to_owned());
            let mut kwargs = case["kwargs"].clone();
            let mode = kwargs.as_object_mut().unwrap().remove("mode");
            let schedule = schedule(case, &kwargs, highest);
            let number = |name: &str| case[name].as_u64().unwrap_or(0);
            let (warmup, total) = (number("warmup_steps"), number("total_steps"));
            let mut plateau = PlateauState::default();
            for (step, expected) in case["learning_rates"].as_array().unwrap().iter().enumerate() {
                if let (Schedule::ReduceLrOnPlateau(arguments), true) = (&schedule, step > 0) {
                    let metric = case["metrics"][step - 1].as_f64().unwrap();
                    plateau.see(arguments, metric, mode.is_some(), highest);
                }
                let rate = highest * factor(&schedule, step as u64, warmup, total, plateau.reduced);
                let expected = expected.as_f64().unwrap();
                assert!((rate - expected).abs() < 1e-17, "{case}: {rate} in step {step}, expected {expected}");
            }
        }
        let ours: std::collections::BTreeSet<String> = SchedulerType::value_variants()
            .iter()
            .map(|kind| kind.to_possible_value().unwrap().get_name().to_owned())
            .collect();
        assert_eq!(ours, seen);
    }
}
