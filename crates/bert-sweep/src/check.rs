//! Every trial is checked before the first one starts: `bert-finetune --plan` judges its arguments against each other
//! and against the inputs, and says how many steps it has. Names and values are checked nowhere else.

use anyhow::{Context, bail};
use stage::{Interrupt, bad_input};

use crate::leaderboard::plain;
use crate::pool::{self, Event, Task};
use crate::sweep::Effort;
use crate::trial::{Trial, last_line};

/// Writes the profiles of the trials, and checks those that no earlier sweep has checked.
pub(crate) fn check(trials: &mut [Trial], effort: &Effort, interrupt: &Interrupt) -> anyhow::Result<()> {
    let mut unknown = Vec::new();
    for (trial, place) in
        trials.iter().enumerate().flat_map(|(trial, of)| (0..of.runs.len()).map(move |run| (trial, run)))
    {
        let run = &trials[trial].runs[place];
        run.write_profile()?;
        if run.length.is_none() {
            unknown.push((trial, place));
        }
    }
    let task = |(index, &(trial, run)): (usize, &(usize, usize))| {
        let mut command = trials[trial].runs[run].command(&effort.finetune);
        command.arg("--plan");
        Task { index, command, log: None }
    };
    let tasks: Vec<Task> = unknown.iter().enumerate().map(task).collect();
    let mut refusals: Vec<(usize, String)> = Vec::new();
    pool::run(tasks, effort.jobs, interrupt, |event| {
        let Event::Ended(ended) = event else { return Ok(()) };
        let (trial, run) = unknown[ended.index];
        if !ended.status.success() {
            refusals.push((trial, last_line(&ended.stderr)));
            return Ok(());
        }
        let kept = trials[trial].runs[run].write_plan(&ended.stdout);
        if let Err(error) = kept {
            refusals.push((trial, format!("{error:#}")));
        }
        Ok(())
    })?;
    refusals.sort();
    refuse(&refusals, trials)
}

/// Names the first refused trial, its values, and how many others there are.
fn refuse(refusals: &[(usize, String)], trials: &[Trial]) -> anyhow::Result<()> {
    let Some((trial, reason)) = refusals.first() else { return Ok(()) };
    let trial = &trials[*trial];
    let values =
        trial.arguments.iter().map(|(name, value)| Ok(format!("{name} = {}", plain(&serde_json::to_value(value)?))));
    let values = values.collect::<anyhow::Result<Vec<_>>>().context("an argument has no JSON form")?.join(", ");
    let others = match refusals.len() - 1 {
        0 => String::new(),
        1 => " (one more is refused)".to_owned(),
        n => format!(" ({n} more are refused)"),
    };
    let refused = || -> anyhow::Result<()> {
        bail!("nothing was started: trial {} ({values}) is refused: {reason}{others}", trial.number)
    };
    refused().map_err(bad_input)
}
