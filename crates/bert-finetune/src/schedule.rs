//! The learning rate as a pure function of the step.

use crate::args::SchedulerType;
use crate::plan::{Counts, Plan};

/// The learning rate of step `step`, from 0, by the formulas of the reference's schedulers.
pub(crate) fn learning_rate(plan: &Plan, counts: &Counts, step: u64) -> f64 {
    plan.learning_rate * factor(plan.lr_scheduler_type, step, counts.warmup_steps, counts.total_steps)
}

fn factor(kind: SchedulerType, step: u64, warmup: u64, total: u64) -> f64 {
    if kind == SchedulerType::Constant {
        return 1.0;
    }
    if step < warmup {
        return step as f64 / warmup.max(1) as f64;
    }
    let after_warmup = total.saturating_sub(warmup).max(1) as f64;
    match kind {
        SchedulerType::Linear => total.saturating_sub(step) as f64 / after_warmup,
        SchedulerType::Cosine => {
            let progress = (step - warmup) as f64 / after_warmup;
            (0.5 * (1.0 + (std::f64::consts::PI * progress).cos())).max(0.0)
        }
        SchedulerType::Constant | SchedulerType::ConstantWithWarmup => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factors(kind: SchedulerType, warmup: u64) -> Vec<f64> {
        (0..=8).map(|step| factor(kind, step, warmup, 8)).collect()
    }

    /// Against `transformers.get_scheduler` with 8 training steps.
    #[test]
    fn factors_are_those_of_the_reference() {
        use SchedulerType::{Constant, ConstantWithWarmup, Cosine, Linear};
        assert_eq!(factors(Linear, 0), [1.0, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125, 0.0]);
        assert_eq!(factors(Linear, 4), [0.0, 0.25, 0.5, 0.75, 1.0, 0.75, 0.5, 0.25, 0.0]);
        assert_eq!(factors(Constant, 0), [1.0; 9]);
        assert_eq!(factors(ConstantWithWarmup, 2), [0.0, 0.5, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]);
        let cosine = factors(Cosine, 4);
        let expected = [0.0, 0.25, 0.5, 0.75, 1.0, 0.853_553_390_593_273_7, 0.5, 0.146_446_609_406_726_24, 0.0];
        for (got, expected) in cosine.iter().zip(expected) {
            assert!((got - expected).abs() < 1e-15, "{cosine:?}");
        }
    }
}
