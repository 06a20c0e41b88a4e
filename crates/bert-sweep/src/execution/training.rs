//! Training of trials in parallel: which runs are started, and what is recorded when one ends.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use stage::{CommonArgs, ExitReason, Interrupt, Manifest, OutputFolder, Progress, ensure_input};

use super::process_pool::{self, Event, Finished, Task};
use super::retention::{self, FailedRuns};
use super::trial_process::describe_exit;
use crate::args::Action;
use crate::settings::SweepSettings;
use crate::trials::ranking::{RankedTrial, best_trial, best_value, rank};
use crate::trials::row::{Row, Status, json_lines};
use crate::trials::trial::{Run, Trial};
use crate::trials::trial_folder::Failure;

/// How often the logs of running trials are read for the progress.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(1);

/// All trials so far, and what is needed to train them.
pub(crate) struct Training<'a> {
    pub(crate) action: Action,
    pub(crate) settings: &'a SweepSettings,
    pub(crate) common: &'a CommonArgs,
    /// The tokens and the model that the sweep was given.
    pub(crate) tokens: &'a Path,
    pub(crate) model: &'a Path,
    pub(crate) interrupt: &'a Interrupt,
    pub(crate) output: &'a mut OutputFolder,
    pub(crate) trials: Vec<Trial>,
    /// Wall-clock seconds of the processes that this sweep ran, by the run's id.
    pub(crate) seconds: BTreeMap<String, f64>,
    /// The warnings of trials that were said.
    pub(crate) warnings: BTreeSet<String>,
}

/// Further warnings of trials are in their logs alone.
const MOST_WARNINGS: usize = 5;

/// How a run failed whose process has ended; `None` where it reached its target step.
pub(crate) fn failure(run: &Run, finished: &Finished, target_step: u64) -> anyhow::Result<Option<Failure>> {
    let reason = match finished.status.code() {
        Some(0) if run.folder.log()?.reached(target_step) => None,
        Some(0) => Some(format!("it exited with code 0, but its log does not reach step {target_step}")),
        Some(code) => Some(format!("{} (exit code {code})", run.folder.last_message())),
        None => Some(describe_exit(finished.status)),
    };
    Ok(reason.map(|reason| Failure { code: finished.status.code(), reason }))
}

/// A run that has not reached its target step yet.
struct PendingRun {
    /// Indices into the trials, and into the runs of the trial.
    trial: usize,
    run: usize,
    target_step: u64,
}

impl Training<'_> {
    /// Trains all trials from index `first` on that are not ruled out up to a rung, a fraction of their steps.
    pub(crate) fn train_to(&mut self, first: usize, rung: f64, title: &str) -> anyhow::Result<()> {
        let pending = self.pending_runs(first, rung)?;
        if !pending.is_empty() {
            self.clear_output()?;
        }
        let tasks = self.tasks(&pending)?;
        let total: f64 = pending
            .iter()
            .filter_map(|pending| Some(self.run(pending).plan.as_ref()?.sentences(pending.target_step)))
            .sum();
        let done = self.sentences_trained(&pending)?;
        let mut progress = Progress::new(title, done as u64, total.ceil() as u64, self.common.quiet);
        let mut unfinished: BTreeSet<usize> = (0..pending.len()).collect();
        let mut last_shown = Instant::now();
        let (resources, interrupt) = (&self.settings.resources, self.interrupt);
        process_pool::run(tasks, (resources.jobs, &resources.devices), interrupt, |event| {
            match event {
                Event::Finished(finished) => {
                    unfinished.remove(&finished.index);
                    let message = self.record_end(&pending[finished.index], &finished)?;
                    progress.say(&message);
                    self.new_warnings(&pending[finished.index]).iter().for_each(|warning| progress.say(warning));
                    let busy = unfinished.iter().map(|&index| self.run(&pending[index]).id.clone()).collect();
                    self.write_table_and_prune(&busy)?;
                }
                Event::Polled { n_running } if last_shown.elapsed() >= PROGRESS_INTERVAL => {
                    last_shown = Instant::now();
                    let (done, rows) = (self.sentences_trained(&pending)?, self.rows()?);
                    progress.set(done as u64, || self.progress_message(n_running, &rows));
                }
                Event::Polled { .. } => {}
            }
            Ok(())
        })?;
        progress.finish();
        Ok(())
    }

    /// Removes the finished result of an earlier sweep: from now on something new is written.
    pub(crate) fn clear_output(&mut self) -> anyhow::Result<()> {
        self.output.clear()?;
        retention::unlink_kept(&self.common.out)?;
        retention::unlink_best(&self.common.out)
    }

    /// The runs that have to be trained to reach a rung.
    fn pending_runs(&self, first: usize, rung: f64) -> anyhow::Result<Vec<PendingRun>> {
        let mut pending = Vec::new();
        for (trial, of_trial) in self.trials.iter().enumerate().skip(first) {
            if of_trial.ruled_out_at.is_some() {
                continue;
            }
            for (run, of_run) in of_trial.runs.iter().enumerate() {
                let (Some(plan), log) = (&of_run.plan, of_run.folder.log()?) else { continue };
                let target_step = plan.rung(rung);
                let is_there = if target_step == plan.total_steps { log.ended } else { log.reached(target_step) };
                if !is_there {
                    pending.push(PendingRun { trial, run, target_step });
                }
            }
        }
        Ok(pending)
    }

    /// The commands of the pending runs, whose earlier failures are forgotten.
    fn tasks(&self, pending: &[PendingRun]) -> anyhow::Result<Vec<Task>> {
        let task = |(index, pending): (usize, &PendingRun)| {
            let run = self.run(pending);
            run.folder.write_failure(None)?;
            let mut command = run.command(&self.settings.resources.finetune);
            if run.plan.as_ref().is_some_and(|plan| pending.target_step < plan.total_steps) {
                command.args(["--stop-at-step", &pending.target_step.to_string()]);
            }
            Ok(Task { index, command, stderr_log: Some(run.folder.stderr()) })
        };
        pending.iter().enumerate().map(task).collect()
    }

    /// Records how a run ended, and returns a message about it.
    fn record_end(&mut self, pending: &PendingRun, finished: &Finished) -> anyhow::Result<String> {
        let run = self.run(pending);
        let (log, target_step) = (run.folder.log()?, pending.target_step);
        let failure = failure(run, finished, target_step)?;
        run.folder.write_failure(failure.as_ref())?;
        let objective = &self.settings.objective;
        let outcome = match (failure, log.best_up_to(target_step)) {
            (Some(failure), _) => format!("failed: {}", failure.reason),
            (None, None) => format!("no evaluation up to step {target_step}"),
            (None, Some(best)) => {
                let value = objective.required_value(&best.metrics)?;
                format!("best {} {value:.4} up to step {target_step}", objective.metric)
            }
        };
        let which = run.suffix(self.settings.seeds.len());
        let message = format!("  trial {}{which}: {outcome}", self.trials[pending.trial].number);
        *self.seconds.entry(run.id.clone()).or_default() += finished.seconds;
        Ok(message)
    }

    /// What the run warned of and no run before it, a line each.
    fn new_warnings(&mut self, pending: &PendingRun) -> Vec<String> {
        let number = self.trials[pending.trial].number;
        let stderr = self.run(pending).folder.stderr();
        let mut lines = Vec::new();
        for warning in self.run(pending).folder.warnings() {
            if self.warnings.len() < MOST_WARNINGS && self.warnings.insert(warning.clone()) {
                lines.push(format!("  warning: {warning} (trial {number}: {})", stderr.display()));
            }
        }
        lines
    }

    /// Writes the table as it is now, and removes weights that are no longer needed, except those of `busy` runs.
    pub(crate) fn write_table_and_prune(&mut self, busy: &BTreeSet<String>) -> anyhow::Result<()> {
        let rows = self.rows()?;
        self.clear_output()?;
        self.output.write_unlisted("trials.jsonl", json_lines(&rows)?)?;
        let is_busy = |ranked: &RankedTrial| rows.iter().any(|row| row.trial == ranked.trial && busy.contains(&row.id));
        let idle: Vec<RankedTrial> = self.ranking(&rows).into_iter().filter(|ranked| !is_busy(ranked)).collect();
        let kept = retention::kept_ids(self.settings.keep_weights, &self.ranking(&rows), &rows);
        retention::prune(&self.trials, &kept, &idle, FailedRuns::Keep)
    }

    /// Refuses to collect a table whose best weights are gone: an earlier sweep that ranked the run lower has removed them.
    pub(crate) fn require_weights(&self, id: &str) -> anyhow::Result<()> {
        let run = self.trials.iter().flat_map(|trial| &trial.runs).find(|run| run.id == id);
        let run = run.with_context(|| format!("no trial has the id {id}"))?;
        let (train, profile) = (run.folder.train(), run.folder.profile());
        ensure_input!(
            Manifest::read(&train).is_some(),
            "the weights of the best trial are not in {}: a sweep that ranked it lower has removed them; `bert-sweep run` \
             with the same settings trains it again, and so does `bert-finetune --profile {}`",
            train.display(),
            profile.display()
        );
        Ok(())
    }

    /// Trains a run again if its weights are gone: the sweep was killed while it pruned, or ranked the run lower then.
    pub(crate) fn ensure_weights(&mut self, id: &str) -> anyhow::Result<()> {
        let run = self.trials.iter().flat_map(|trial| &trial.runs).find(|run| run.id == id);
        let run = run.with_context(|| format!("no trial has the id {id}"))?;
        if Manifest::read(&run.folder.train()).is_some() {
            return Ok(());
        }
        let path = run.folder.path().display();
        self.common
            .say(&format!("bert-sweep: training {path} again, since its weights are to be kept and are missing"));
        let command = run.command(&self.settings.resources.finetune);
        let task = Task { index: 0, command, stderr_log: Some(run.folder.stderr()) };
        process_pool::run(vec![task], (1, &[]), self.interrupt, |event| match event {
            Event::Finished(finished) if !finished.status.success() => {
                let (exit, message) = (describe_exit(finished.status), run.folder.last_message());
                Err(ExitReason::Unhealthy(format!("training the best trial failed ({exit}): {message}")).into())
            }
            _ => Ok(()),
        })
    }

    /// The table as the run folders have it now.
    pub(crate) fn rows(&self) -> anyhow::Result<Vec<Row>> {
        let runs = self.trials.iter().flat_map(|trial| trial.runs.iter().map(move |run| (trial, run)));
        let rows = runs.map(|(trial, run)| Row::read(trial, run)).collect::<anyhow::Result<Vec<Row>>>()?;
        for row in rows.iter().filter(|row| !row.metrics.is_empty()) {
            self.settings.objective.required_value(&row.metrics)?;
        }
        Ok(rows)
    }

    pub(crate) fn ranking(&self, rows: &[Row]) -> Vec<RankedTrial> {
        rank(rows, &self.settings.objective)
    }

    fn run(&self, pending: &PendingRun) -> &Run {
        &self.trials[pending.trial].runs[pending.run]
    }

    /// Sentences that the runs have processed so far, up to their targets.
    fn sentences_trained(&self, pending: &[PendingRun]) -> anyhow::Result<f64> {
        let of_run = |pending: &PendingRun| -> anyhow::Result<f64> {
            let run = self.run(pending);
            let steps = run.folder.log()?.steps.min(pending.target_step);
            Ok(run.plan.as_ref().map_or(0.0, |plan| plan.sentences(steps)))
        };
        pending.iter().map(of_run).sum()
    }

    fn progress_message(&self, n_running: usize, rows: &[Row]) -> String {
        let objective = &self.settings.objective;
        let n_done = rows.iter().filter(|row| row.status == Status::Done).count();
        let ranking = self.ranking(rows);
        let best = best_trial(&ranking).and_then(|best| {
            let value = best_value(&ranking, rows, objective)?;
            Some(format!("  best {} {value:.4} (trial {})", objective.metric, best.trial))
        });
        let best = best.unwrap_or_default();
        format!("sentences  {n_done} of {} runs done, {n_running} running{best}", rows.len())
    }
}
