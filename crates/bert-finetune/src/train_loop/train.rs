//! Training loop: one step, log, evaluate and save if due, until the plan is done or the run is paused.

use stage::{ExitReason, OutputFolder};

use crate::report::TrainingResult;
use crate::train_loop::run::{Inputs, Pause, RunContext};
use crate::train_loop::start::start;

/// How the loop ended.
pub(crate) enum Outcome {
    Paused { step: u64 },
    Finished(Box<TrainingResult>),
}

/// Trains to the end of the plan, or to a pause, from the newest checkpoint of the same key that verifies. Of several processes
/// the first alone has an output folder.
pub(crate) fn train(
    inputs: Inputs<'_>,
    context: &RunContext<'_>,
    output: Option<&mut OutputFolder>,
) -> anyhow::Result<Outcome> {
    let mut run = start(inputs, context, output)?;
    let intervals = &inputs.plan.intervals;
    while !run.is_done() {
        run.step()?;
        if run.is_due(intervals.logging) {
            run.log_step()?;
        }
        if run.is_due(intervals.eval_strategy()) {
            run.evaluate()?;
        }
        if run.is_last_log_due() {
            run.log_step()?;
        }
        let pause = run.pause();
        if pause.is_some() || run.is_save_due() {
            run.save()?;
        }
        let step = run.trainer.step;
        match pause {
            None => {}
            Some(Pause::StopAtStep) => return Ok(Outcome::Paused { step }),
            // What was saved the first process knows.
            Some(Pause::Signal(_)) if inputs.team.is_some_and(|team| !team.is_first()) => {
                return Ok(Outcome::Paused { step });
            }
            Some(Pause::Signal(signal)) => {
                let message = format!("interrupted; saved at step {step}; run the same command to continue");
                return Err(ExitReason::Interrupted { signal, message }.into());
            }
        }
    }
    Ok(Outcome::Finished(Box::new(run.finish()?)))
}
