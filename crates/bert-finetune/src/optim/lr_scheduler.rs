//! Learning rate schedulers: the learning rate as a pure function of the step, by the formulas of Transformers.
//!
//! Each function is the `lr_lambda` of a scheduler: a step in, a fraction of the highest learning rate out. A plateau, which bounds
//! the rates themselves, has none: `plateau`.

use std::f64::consts::PI;

use super::plateau::reduced;
use crate::settings::{Plateau, Ramp, Schedule, StableDecay};

/// Where in its run a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ScheduleStep {
    /// Steps done before.
    pub(crate) step: u64,
    pub(crate) warmup_steps: u64,
    pub(crate) total_steps: u64,
}

impl ScheduleStep {
    fn is_warmup(self) -> bool {
        self.step < self.warmup_steps
    }

    /// From 0 up to 1 over the warmup; `None` behind it.
    fn linear_warmup(self) -> Option<f64> {
        self.is_warmup().then(|| self.step as f64 / self.warmup_steps.max(1) as f64)
    }

    /// Steps since the warmup.
    fn since_warmup(self) -> f64 {
        (self.step - self.warmup_steps) as f64
    }

    /// Steps behind the warmup, at least 1.
    fn decay_steps(self) -> f64 {
        self.total_steps.saturating_sub(self.warmup_steps).max(1) as f64
    }

    /// From 0 at the end of the warmup to 1 at the end of the run.
    fn progress(self) -> f64 {
        self.since_warmup() / self.decay_steps()
    }
}

/// The learning rates of a step, each by its highest one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum LearningRates {
    /// This fraction of it.
    Fraction(f64),
    /// What so many reductions of a plateau have left of it.
    Reduced(Plateau, u64),
}

impl LearningRates {
    /// The learning rate of parameters whose highest one is `highest`.
    pub(crate) fn of(self, highest: f64) -> f64 {
        match self {
            Self::Fraction(fraction) => highest * fraction,
            Self::Reduced(plateau, reductions) => reduced(&plateau, highest, reductions),
        }
    }
}

/// The learning rates of a step; `reductions`: how often a plateau has reduced them.
pub(crate) fn learning_rates(schedule: &Schedule, at: ScheduleStep, reductions: u64) -> LearningRates {
    let fraction = match *schedule {
        Schedule::ReduceLrOnPlateau(plateau) => return LearningRates::Reduced(plateau, reductions),
        Schedule::Constant => 1.0,
        Schedule::ConstantWithWarmup => at.linear_warmup().unwrap_or(1.0),
        Schedule::Linear => linear(at),
        Schedule::Cosine { num_cycles, min_lr_rate } => cosine(at, num_cycles, min_lr_rate),
        Schedule::CosineWarmupWithMinLr { num_cycles, min_lr_rate, warmup_lr_rate } => {
            cosine_warmup_with_min_lr(at, num_cycles, min_lr_rate, warmup_lr_rate)
        }
        Schedule::CosineWithRestarts { num_cycles } => cosine_with_restarts(at, num_cycles),
        Schedule::Polynomial { power, lr_end_rate } => polynomial(at, power, lr_end_rate),
        Schedule::InverseSqrt { timescale } => inverse_sqrt(at, timescale),
        Schedule::WarmupStableDecay(shape) => warmup_stable_decay(at, shape),
    };
    LearningRates::Fraction(fraction)
}

fn linear(at: ScheduleStep) -> f64 {
    at.linear_warmup().unwrap_or_else(|| at.total_steps.saturating_sub(at.step) as f64 / at.decay_steps())
}

fn cosine(at: ScheduleStep, num_cycles: f64, min_lr_rate: f64) -> f64 {
    at.linear_warmup().unwrap_or_else(|| interpolate_from(min_lr_rate, half_cosine(num_cycles, at.progress())))
}

fn cosine_warmup_with_min_lr(at: ScheduleStep, num_cycles: f64, min_lr_rate: f64, warmup_lr_rate: Option<f64>) -> f64 {
    let (step, warmup) = (at.step, at.warmup_steps);
    if at.is_warmup() {
        return match warmup_lr_rate {
            None => (step + 1) as f64 / warmup as f64,
            Some(lowest) => lowest + (1.0 - lowest) * step as f64 / (warmup - 1).max(1) as f64,
        };
    }
    let progress = (at.since_warmup() + 1.0) / at.decay_steps();
    interpolate_from(min_lr_rate, half_cosine(num_cycles, progress))
}

fn cosine_with_restarts(at: ScheduleStep, num_cycles: f64) -> f64 {
    if let Some(warmup) = at.linear_warmup() {
        return warmup;
    }
    let progress = at.progress();
    if progress >= 1.0 { 0.0 } else { half_cosine(0.5, (num_cycles * progress) % 1.0).max(0.0) }
}

fn polynomial(at: ScheduleStep, power: f64, lr_end_rate: f64) -> f64 {
    if let Some(warmup) = at.linear_warmup() {
        return warmup;
    }
    if at.step > at.total_steps {
        return lr_end_rate;
    }
    (1.0 - lr_end_rate) * (1.0 - at.progress()).powf(power) + lr_end_rate
}

fn inverse_sqrt(at: ScheduleStep, timescale: Option<u64>) -> f64 {
    if let Some(warmup) = at.linear_warmup() {
        return warmup;
    }
    let default = if at.warmup_steps > 0 { at.warmup_steps } else { 10_000 };
    let timescale = timescale.unwrap_or(default) as f64;
    1.0 / ((at.since_warmup() + timescale) / timescale).sqrt()
}

fn warmup_stable_decay(at: ScheduleStep, shape: StableDecay) -> f64 {
    let (step, warmup, decay) = (at.step, at.warmup_steps, shape.num_decay_steps);
    if at.is_warmup() {
        let progress = step as f64 / warmup.max(1) as f64;
        let risen = match shape.warmup_type {
            Ramp::Linear => progress,
            Ramp::Cosine => 0.5 * (1.0 - (PI * progress).cos()),
            Ramp::OneMinusSqrt => 1.0 - (1.0 - progress).sqrt(),
        };
        return interpolate_from(shape.min_lr_ratio, risen);
    }
    // Of a decay that is longer than what is left, the beginning lies before the end of the warmup.
    let decay = decay as f64;
    let stable = shape.num_stable_steps.map_or(at.total_steps as f64 - warmup as f64 - decay, |steps| steps as f64);
    let into_decay = step as f64 - warmup as f64 - stable;
    if into_decay < 0.0 {
        return 1.0;
    }
    if into_decay >= decay {
        return shape.min_lr_ratio;
    }
    let progress = into_decay / decay.max(1.0);
    let fallen = match shape.decay_type {
        Ramp::Linear => 1.0 - progress,
        Ramp::Cosine => half_cosine(shape.num_cycles, progress),
        Ramp::OneMinusSqrt => 1.0 - progress.sqrt(),
    };
    interpolate_from(shape.min_lr_ratio, fallen)
}

/// From 1 down to 0 at half a cycle.
fn half_cosine(num_cycles: f64, progress: f64) -> f64 {
    0.5 * (1.0 + (PI * num_cycles * 2.0 * progress).cos())
}

/// `fraction` of the way from `lowest` to 1, never below 0.
fn interpolate_from(lowest: f64, fraction: f64) -> f64 {
    (fraction * (1.0 - lowest) + lowest).max(0.0)
}

#[cfg(test)]
mod tests {
    use clap::{Parser, ValueEnum};
    use serde_json::Value;

    use super::*;
    use crate::optim::plateau::PlateauState;
    use crate::settings::{ScheduleArgs, SchedulerType};

    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        schedule: ScheduleArgs,
    }

    fn schedule(case: &Value, kwargs: &Value, learning_rate: f64) -> Schedule {
        let kwargs = kwargs.to_string();
        let words = ["", "--lr-scheduler-type", case["type"].as_str().unwrap(), "--lr-scheduler-kwargs", &kwargs];
        Schedule::resolve(&Flags::parse_from(words).schedule, learning_rate).unwrap()
    }

    /// `tests/fixtures/schedules.json` holds what the reference's `get_scheduler` gives.
    #[test]
    fn every_scheduler_is_that_of_the_reference() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/schedules.json");
        let table: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let highest = table["learning_rate"].as_f64().unwrap();
        let mut seen = std::collections::BTreeSet::new();
        for case in table["cases"].as_array().unwrap() {
            seen.insert(case["type"].as_str().unwrap().to_owned());
            let schedule = schedule(case, &case["kwargs"], highest);
            let number = |name: &str| case[name].as_u64().unwrap_or(0);
            let (warmup, total) = (number("warmup_steps"), number("total_steps"));
            let mut plateau = PlateauState::default();
            for (step, expected) in case["learning_rates"].as_array().unwrap().iter().enumerate() {
                if let (Schedule::ReduceLrOnPlateau(arguments), true) = (&schedule, step > 0) {
                    let metric = case["metrics"][step - 1].as_f64().unwrap();
                    plateau.step(arguments, metric, false, highest);
                }
                let at = ScheduleStep { step: step as u64, warmup_steps: warmup, total_steps: total };
                let rate = learning_rates(&schedule, at, plateau.reductions).of(highest);
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
