//! The training loop.

use bert::Compute;
use checkpoint::ModelFolder;
use stage::{Common, Interrupt, ExitReason, OutputFolder};

use crate::data::dataset::Dataset;
use crate::settings::plan::Plan;
use crate::train_loop::run::{Finished, Run};

/// Who looks on, and who may ask for a pause.
pub(crate) struct RunContext<'a> {
    pub(crate) common: &'a Common,
    pub(crate) interrupt: Interrupt,
    pub(crate) stop_at_step: Option<u64>,
}

/// How the loop ended.
pub(crate) enum End {
    Paused { step: u64 },
    Finished(Box<Finished>),
}

/// Why the loop stops before its end.
pub(crate) enum Pause {
    Signal(i32),
    Asked,
}

/// Trains to the end of the plan, or to a pause, from the newest checkpoint of the same key that verifies.
pub(crate) fn train(
    work: &mut OutputFolder,
    plan: &Plan,
    folder: &ModelFolder,
    data: &Dataset,
    (compute, around): (Compute, RunContext<'_>),
) -> anyhow::Result<End> {
    let mut run = Run::begin(work, plan, folder, data, (compute, around))?;
    while !run.is_done() {
        let report = run.step()?;
        run.log_if_due(&report)?;
        run.evaluate_if_due()?;
        let pause = run.pause();
        run.save_if_due(pause.is_some())?;
        let step = run.steps_done();
        match pause {
            None => {}
            Some(Pause::Asked) => return Ok(End::Paused { step }),
            Some(Pause::Signal(signal)) => {
                let message = format!("interrupted; saved at step {step}; the same command goes on from there");
                return Err(ExitReason::Interrupted { signal, message }.into());
            }
        }
    }
    Ok(End::Finished(Box::new(run.end()?)))
}
