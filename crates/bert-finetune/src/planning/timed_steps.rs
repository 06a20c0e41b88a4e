//! Timed steps: how long a run will take, from real steps on real batches of the first epoch, and an evaluation of a part of
//! the validation split. The steps are taken at a learning rate of 0, and thrown away.

use std::time::Instant;

use bert::infer;
use corpus::tokens::TokenSet;
use run_files::plan::Time;
use stage::CommonArgs;

use crate::data::MicroBatches;
use crate::optim::lr_scheduler::LearningRates;
use crate::train_loop::{Inputs, untrained};
use crate::training::step::StepBatches;
use crate::training::trainer::{Reports, Trainer};

/// Steps that allocate what later ones use again, and are not timed.
const WARM_UP: u64 = 2;
const STEPS: u64 = 20;
/// Fewer steps are enough where they take long.
const LEAST_STEPS: u64 = 4;
const ENOUGH_SECONDS: f64 = 10.0;
/// Rows of the validation split that are evaluated.
const ROWS: usize = 512;

/// Takes the steps and the evaluation.
pub(super) fn time(inputs: Inputs<'_>, mut batches: MicroBatches<'_>, common: &CommonArgs) -> anyhow::Result<Time> {
    let (mut trainer, _) = untrained(inputs)?;
    common.say("bert-finetune: timing some steps; they are not kept");
    let counts = batches.step_plan.counts;
    let n_steps = counts.steps_per_epoch.min(counts.total_steps);
    let mut timed_steps = 0;
    let mut seconds = 0.0;
    for index in 0..WARM_UP + STEPS {
        let micro_batches = batches.of_step(spread(index, n_steps));
        let started = Instant::now();
        let step = StepBatches { train: &inputs.data.train, rows: micro_batches, signal: None };
        trainer.training_step(step, LearningRates::Fraction(0.0))?;
        while trainer.take_report(Reports::All, &inputs.data.train)?.is_some() {}
        if index >= WARM_UP {
            timed_steps += 1;
            seconds += started.elapsed().as_secs_f64();
        }
        if timed_steps >= LEAST_STEPS && seconds > ENOUGH_SECONDS {
            break;
        }
    }
    let n_evaluations = batches.step_plan.occurrences(inputs.plan.intervals.eval_strategy());
    let evaluate_seconds = match &inputs.data.validation {
        Some(validation) => n_evaluations as f64 * evaluation(&trainer, validation, inputs)?,
        None => 0.0,
    };
    let seconds_per_step = seconds / timed_steps as f64;
    let train_seconds = seconds_per_step * counts.total_steps as f64;
    let total_seconds = train_seconds + evaluate_seconds;
    Ok(Time { timed_steps, seconds_per_step, train_seconds, evaluate_seconds, total_seconds })
}

/// The step of `n` that comes at `index`: halves, quarters, eighths of the epoch (van der Corput's sequence), so that however
/// few are taken, they are spread over it. With `group_by_length`, an epoch begins with its longest batch.
fn spread(index: u64, n: u64) -> u64 {
    let fraction = index.reverse_bits() as f64 / 2f64.powi(64);
    ((fraction * n as f64) as u64).min(n - 1)
}

/// Seconds of one evaluation of the whole split.
fn evaluation(trainer: &Trainer<'_>, validation: &TokenSet, inputs: Inputs<'_>) -> anyhow::Result<f64> {
    let n_outputs = inputs.data.output_names().len();
    let stride = validation.len().div_ceil(ROWS);
    let rows: Vec<&[i32]> = (0..validation.len()).step_by(stride).map(|row| validation.input_ids(row)).collect();
    let n_tokens: usize = rows.iter().map(|row| row.len()).sum();
    let seconds = trainer.with_result(|model| {
        let pass = || -> anyhow::Result<f64> {
            let started = Instant::now();
            infer(model, &rows, n_outputs, |_| ())?;
            Ok(started.elapsed().as_secs_f64())
        };
        pass()?; // allocates what the next one uses again
        pass()
    })?;
    Ok(seconds * validation.input_ids.len() as f64 / n_tokens as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_timed_steps_are_spread_over_the_epoch() {
        let steps: Vec<u64> = (0..8).map(|index| spread(index, 80)).collect();
        assert_eq!(steps, [0, 40, 20, 60, 10, 50, 30, 70]);
        assert!((0..22).all(|index| spread(index, 3) < 3 && spread(index, 1) == 0));
    }
}
