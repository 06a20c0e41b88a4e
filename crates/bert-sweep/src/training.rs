//! Trials trained side by side: what is run, and what is told and kept when one ends.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::Context;
use stage::{Common, Interrupt, Progress, ExitReason, OutputFolder};

use crate::child::told;
use crate::keep;
use crate::pool::{self, Ended, Event, Task};
use crate::row::{Row, Status, json_lines};
use crate::standing::{Standing, best_row, standings};
use crate::sweep::Sweep;
use crate::trial::{Failure, Run, Trial};

/// How often the logs of running trials are read for the progress.
const BETWEEN_READINGS: Duration = Duration::from_secs(1);

/// All trials so far, and what is needed to train them.
pub(crate) struct Training<'a> {
    pub(crate) sweep: &'a Sweep,
    pub(crate) common: &'a Common,
    pub(crate) interrupt: &'a Interrupt,
    pub(crate) work: &'a mut OutputFolder,
    pub(crate) trials: Vec<Trial>,
    /// Of the processes that this sweep ran, by the run's id.
    pub(crate) seconds: BTreeMap<String, f64>,
}

/// A run on its way to a step.
struct Leg {
    trial: usize,
    run: usize,
    goal: u64,
}

impl Training<'_> {
    /// Trains all trials that are still in to a share of their steps.
    pub(crate) fn advance(&mut self, first: usize, share: f64, rung: &str) -> anyhow::Result<()> {
        let legs = self.legs(first, share)?;
        let mut tasks = Vec::new();
        for (index, leg) in legs.iter().enumerate() {
            let run = self.run(leg);
            run.write_failure(None)?;
            let mut command = run.command(&self.sweep.effort.finetune);
            if run.length.is_some_and(|length| leg.goal < length.total_steps) {
                command.args(["--stop-at-step", &leg.goal.to_string()]);
            }
            tasks.push(Task { index, command, log: Some(run.stderr()) });
        }
        let total = legs.iter().filter_map(|leg| Some(self.run(leg).length?.sentences(leg.goal))).sum::<f64>();
        let begun = self.sentences(&legs)?;
        let title = format!("bert-sweep{rung}");
        let mut progress = Progress::new(&title, begun as u64, total.ceil() as u64, self.common.quiet);
        let mut busy: BTreeSet<usize> = (0..legs.len()).collect();
        let mut read = Instant::now();
        let (jobs, interrupt) = (self.sweep.effort.jobs, self.interrupt);
        pool::run(tasks, jobs, interrupt, |event| {
            match event {
                Event::Ended(ended) => {
                    busy.remove(&ended.index);
                    let line = self.end(&legs[ended.index], &ended)?;
                    progress.say(&line);
                    self.settle(&busy.iter().map(|&index| self.run(&legs[index]).id.clone()).collect())?;
                }
                Event::Look(n_running) if read.elapsed() >= BETWEEN_READINGS => {
                    read = Instant::now();
                    let (done, rows) = (self.sentences(&legs)?, self.rows()?);
                    progress.set(done as u64, || self.state_of_things(n_running, &rows));
                }
                Event::Look(_) => {}
            }
            Ok(())
        })?;
        progress.finish();
        Ok(())
    }

    /// The runs that have to be trained to reach a share of their steps.
    fn legs(&self, first: usize, share: f64) -> anyhow::Result<Vec<Leg>> {
        let mut legs = Vec::new();
        for (trial, of) in self.trials.iter().enumerate().skip(first).filter(|(_, trial)| trial.ruled_out.is_none()) {
            for (run, of) in of.runs.iter().enumerate() {
                let (Some(length), log) = (of.length, of.log()?) else { continue };
                let goal = length.rung(share);
                let there = if goal == length.total_steps { log.ended } else { log.reached(goal) };
                if !there {
                    legs.push(Leg { trial, run, goal });
                }
            }
        }
        Ok(legs)
    }

    /// Keeps how a run ended, and returns it as a line.
    fn end(&mut self, leg: &Leg, ended: &Ended) -> anyhow::Result<String> {
        let (run, log) = (self.run(leg), self.run(leg).log()?);
        let reason = match ended.status.code() {
            Some(0) if log.reached(leg.goal) => None,
            Some(0) => Some(format!("it ended well, but its log does not reach step {}", leg.goal)),
            Some(code) => Some(format!("{} (exit code {code})", run.last_words())),
            None => Some(told(ended.status)),
        };
        let failure = reason.map(|reason| Failure { code: ended.status.code(), reason });
        run.write_failure(failure.as_ref())?;
        let objective = &self.sweep.objective;
        let news = match (failure, log.kept(leg.goal)) {
            (Some(failure), _) => format!("failed: {}", failure.reason),
            (None, None) => format!("no evaluation by step {}", leg.goal),
            (None, Some(kept)) => {
                format!("{} {:.4} by step {}", objective.metric, objective.judged(&kept.figures)?, leg.goal)
            }
        };
        let seed = if self.sweep.seeds.len() > 1 { format!(", seed {}", run.seed) } else { String::new() };
        let line = format!("  trial {}{seed}: {news}", self.trials[leg.trial].number);
        *self.seconds.entry(run.id.clone()).or_default() += ended.seconds;
        Ok(line)
    }

    /// Writes the table as it is, and prunes what is no longer needed; `busy` runs are left alone.
    pub(crate) fn settle(&mut self, busy: &BTreeSet<String>) -> anyhow::Result<()> {
        let rows = self.rows()?;
        self.work.write_unlisted("trials.jsonl", json_lines(&rows)?)?;
        let standings = self.standings(&rows);
        let is_busy =
            |standing: &Standing| rows.iter().any(|row| row.trial == standing.trial && busy.contains(&row.id));
        let settled: Vec<Standing> = standings.into_iter().filter(|standing| !is_busy(standing)).collect();
        keep::prune(&self.trials, &rows, &settled, false)
    }

    /// Trains a run once more whose weights are gone, though it was run: killed while it was kept, or ranked otherwise
    /// when it was pruned.
    pub(crate) fn restore(&mut self, id: &str) -> anyhow::Result<()> {
        let run = self.trials.iter().flat_map(|trial| &trial.runs).find(|run| run.id == id);
        let run = run.with_context(|| format!("no trial has the id {id}"))?;
        if stage::Manifest::read(&run.train()).is_some() {
            return Ok(());
        }
        self.common.say(&format!("bert-sweep: making the weights of {} again", run.folder.display()));
        let task = Task { index: 0, command: run.command(&self.sweep.effort.finetune), log: Some(run.stderr()) };
        pool::run(vec![task], 1, self.interrupt, |event| match event {
            Event::Ended(ended) if !ended.status.success() => {
                let problem =
                    format!("the best trial could not be finished ({}): {}", told(ended.status), run.last_words());
                Err(ExitReason::Unhealthy(problem).into())
            }
            _ => Ok(()),
        })
    }

    pub(crate) fn rows(&self) -> anyhow::Result<Vec<Row>> {
        let runs = self.trials.iter().flat_map(|trial| trial.runs.iter().map(move |run| (trial, run)));
        let rows = runs.map(|(trial, run)| Row::read(trial, run)).collect::<anyhow::Result<Vec<Row>>>()?;
        let evaluated = rows.iter().map(|row| &row.figures).filter(|figures| !figures.is_empty());
        evaluated.map(|figures| self.sweep.objective.judged(figures)).collect::<anyhow::Result<Vec<f64>>>()?;
        Ok(rows)
    }

    pub(crate) fn standings(&self, rows: &[Row]) -> Vec<Standing> {
        standings(rows, &self.sweep.objective)
    }

    fn run(&self, leg: &Leg) -> &Run {
        &self.trials[leg.trial].runs[leg.run]
    }

    /// What the legs have trained on so far.
    fn sentences(&self, legs: &[Leg]) -> anyhow::Result<f64> {
        let of_leg = |leg: &Leg| -> anyhow::Result<f64> {
            let run = self.run(leg);
            let steps = run.log()?.steps.min(leg.goal);
            Ok(run.length.map_or(0.0, |length| length.sentences(steps)))
        };
        legs.iter().map(of_leg).sum()
    }

    fn state_of_things(&self, n_running: usize, rows: &[Row]) -> String {
        let n_done = rows.iter().filter(|row| row.status == Status::Done).count();
        let best = best_row(&self.standings(rows), rows)
            .and_then(|row| Some((row.trial, self.sweep.objective.value(&row.figures)?)));
        let best = best.map_or(String::new(), |(trial, value)| {
            format!("  best {} {value:.4} (trial {trial})", self.sweep.objective.metric)
        });
        format!("sentences  {n_done} of {} runs done, {n_running} running{best}", rows.len())
    }
}
