//! Check of all trials before the first one starts: `bert-finetune --plan` checks the arguments of each against each
//! other and against the inputs, and prints its number of steps. Names and values of arguments are checked nowhere
//! else.

use stage::{Interrupt, bail_input};

use super::exit_error::{BAD_INPUT, exit_error};
use super::process_pool::{self, Event, Task};
use crate::settings::Resources;
use crate::trials::trial::{Run, Trial};
use crate::trials::trial_folder::last_message;
use crate::trials::values::{json, plain};

/// A run whose plan is not known yet, by its indices.
struct UncheckedRun {
    trial: usize,
    run: usize,
}

/// A trial that `bert-finetune` rejects.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Rejection {
    trial: usize,
    reason: String,
}

/// What is made of the plans that an earlier sweep wrote.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum KnownPlans {
    /// Their trials were checked.
    Keep,
    /// All trials are checked, as if there were none.
    Discard,
}

/// Writes the profiles of the trials, and the plans of those that no earlier sweep has checked.
///
/// # Errors
/// Fails when `bert-finetune` rejects one of them, naming the first, and when it cannot check one.
pub(crate) fn check(
    trials: &mut [Trial],
    known: KnownPlans,
    resources: &Resources,
    interrupt: &Interrupt,
) -> anyhow::Result<()> {
    let mut unchecked = Vec::new();
    for (trial, of_trial) in trials.iter().enumerate() {
        for (run, of_run) in of_trial.runs.iter().enumerate() {
            of_run.write_profile()?;
            if of_run.plan.is_none() || known == KnownPlans::Discard {
                unchecked.push(UncheckedRun { trial, run });
            }
        }
    }
    let task = |(index, unchecked): (usize, &UncheckedRun)| {
        let mut command = trials[unchecked.trial].runs[unchecked.run].command(&resources.finetune);
        command.arg("--plan");
        Task { index, command, stderr_log: None }
    };
    let tasks: Vec<Task> = unchecked.iter().enumerate().map(task).collect();
    let mut rejections: Vec<Rejection> = Vec::new();
    process_pool::run(tasks, (resources.jobs, &[]), interrupt, |event| {
        let Event::Finished(finished) = event else { return Ok(()) };
        let UncheckedRun { trial, run } = unchecked[finished.index];
        let has_rejected = finished.status.code() == Some(BAD_INPUT);
        if !finished.status.success() && !has_rejected {
            let number = trials[trial].number;
            let error = exit_error(finished.status, last_message(&finished.stderr));
            return Err(error.context(format!("cannot check trial {number}")));
        }
        if has_rejected {
            rejections.push(Rejection { trial, reason: last_message(&finished.stderr) });
        } else if let Err(error) = trials[trial].runs[run].write_plan(&finished.stdout) {
            rejections.push(Rejection { trial, reason: format!("{error:#}") });
        }
        Ok(())
    })?;
    rejections.sort();
    rejections.dedup_by_key(|rejection| rejection.trial); // each run of a trial is rejected
    reject(&rejections, trials)
}

/// Names the first rejected trial, its values, and how many others there are.
fn reject(rejections: &[Rejection], trials: &[Trial]) -> anyhow::Result<()> {
    let Some(Rejection { trial, reason }) = rejections.first() else { return Ok(()) };
    let trial = &trials[*trial];
    let values = trial.arguments.iter().map(|(name, value)| format!("{name} = {}", plain(&json(value))));
    let values = values.collect::<Vec<_>>().join(", ");
    let others = match rejections.len() - 1 {
        0 => String::new(),
        1 => " (1 more is rejected)".to_owned(),
        n => format!(" ({n} more are rejected)"),
    };
    let has_begun = |run: &Run| run.folder.log().is_ok_and(|log| log.steps > 0);
    let was_begun = trials.iter().flat_map(|trial| &trial.runs).any(has_begun);
    let consequence = if was_begun { "" } else { "no trial was started: " };
    bail_input!("{consequence}bert-finetune rejects trial {} ({values}): {reason}{others}", trial.number)
}
