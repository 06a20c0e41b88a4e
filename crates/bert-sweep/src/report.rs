//! What a sweep leaves: the table, the leaderboard, a summary for programs, a page for people, and the best trial.

use std::collections::BTreeMap;

use serde::Serialize;
use stage::ExitReason;
use toml::{Table, Value};

use crate::effect::{Effect, effects};
use crate::keep;
use crate::leaderboard::{markdown, status_name};
use crate::page;
use crate::row::{Row, Status, json_lines};
use crate::standing::{Standing, best_row};
use crate::sweep::{Objective, Sweep};
use crate::training::Training;

/// The table for people, which is also what the program prints.
pub(crate) const LEADERBOARD: &str = "leaderboard.md";

/// `summary.json`.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    pub(crate) objective: Objective,
    /// Trials by their status.
    pub(crate) trials: BTreeMap<Status, usize>,
    pub(crate) compute: Compute,
    pub(crate) best: Option<Best>,
    pub(crate) effects: Vec<Effect>,
    pub(crate) standings: Vec<Standing>,
}

/// Sentences, each repeat counted: what the whole of all trials takes, and what was trained.
#[derive(Debug, Serialize)]
pub(crate) struct Compute {
    pub(crate) sentences_planned: f64,
    pub(crate) sentences_trained: f64,
    pub(crate) share_saved: f64,
}

/// The run whose weights are kept.
#[derive(Debug, Serialize)]
pub(crate) struct Best {
    pub(crate) trial: usize,
    pub(crate) id: String,
    pub(crate) seed: i64,
    pub(crate) value: f64,
    pub(crate) arguments: BTreeMap<String, serde_json::Value>,
}

/// Writes all outputs but the manifest; `true` when every trial is settled and the best one is there.
pub(crate) fn write(training: &mut Training<'_>, train: bool) -> anyhow::Result<bool> {
    let rows = training.rows()?;
    let standings = training.standings(&rows);
    let best = best_row(&standings, &rows);
    let summary = summary(training.sweep, &rows, standings);
    training.work.write("trials.jsonl", json_lines(&rows)?)?;
    training.work.write(LEADERBOARD, markdown(&summary.standings, &summary.objective))?;
    training.work.write_json("summary.json", &summary)?;
    let seconds = serde_json::to_vec_pretty(&training.seconds)?;
    training.work.write_unlisted("timing.json", seconds)?;
    let profile = best.map(|row| best_profile(training, row)).transpose()?;
    if let Some(profile) = &profile {
        training.work.write("best.toml", profile)?;
    }
    training.work.write("sweep.html", page::html(training, &rows, &summary, profile.as_deref()))?;
    let settled = rows.iter().all(|row| !row.is_open());
    if let (true, Some(row)) = (train, best) {
        training.restore(&row.id)?;
        keep::prune(&training.trials, &rows, &summary.standings, settled)?;
    }
    let linked = best.map(|row| keep::link_best(&training.common.out, &row.id)).transpose()?.unwrap_or(false);
    print!("{}", markdown(&summary.standings, &summary.objective));
    training.common.say(&told(training, &rows, &summary));
    if train && best.is_none() {
        let reason = rows.iter().find_map(|row| row.reason.clone()).unwrap_or_else(|| "none was run".to_owned());
        return Err(ExitReason::Unhealthy(format!("no trial came to its end; the first one: {reason}")).into());
    }
    Ok(settled && linked)
}

fn summary(sweep: &Sweep, rows: &[Row], standings: Vec<Standing>) -> Summary {
    let mut trials = BTreeMap::new();
    standings.iter().for_each(|standing| *trials.entry(standing.status).or_default() += 1);
    let trained: f64 = rows.iter().map(|row| row.compute.0).sum();
    let planned: f64 = rows.iter().map(|row| row.compute.1).sum();
    let share_saved = if planned > 0.0 { 1.0 - trained / planned } else { 0.0 };
    let best = best_row(&standings, rows).and_then(|row| {
        let (id, arguments) = (row.id.clone(), row.arguments.clone());
        Some(Best { trial: row.trial, id, seed: row.seed, value: sweep.objective.value(&row.figures)?, arguments })
    });
    Summary {
        objective: sweep.objective.clone(),
        trials,
        compute: Compute { sentences_planned: planned, sentences_trained: trained, share_saved },
        best,
        effects: effects(&standings),
        standings,
    }
}

/// The profile of the sweep with the best trial's values in `[finetune]`: a stage runs it as it is.
fn best_profile(training: &Training<'_>, row: &Row) -> anyhow::Result<String> {
    let sweep = training.sweep;
    let mut finetune = sweep.base.clone();
    finetune.extend(training.trials[row.trial].arguments.clone());
    finetune.insert("seed".to_owned(), Value::Integer(row.seed));
    let mut profile: Table = sweep.others.clone();
    let value = sweep.objective.value(&row.figures).unwrap_or_default();
    let told = format!("Trial {} of a search: validation {} {value:.4}", row.trial, sweep.objective.metric);
    profile.insert("description".to_owned(), Value::String(told));
    profile.insert("finetune".to_owned(), Value::Table(finetune));
    Ok(toml::to_string(&profile)?)
}

fn told(training: &Training<'_>, rows: &[Row], summary: &Summary) -> String {
    let counts = summary.trials.iter().map(|(status, n)| format!("{n} {}", status_name(*status)));
    let counts = counts.collect::<Vec<_>>().join(", ");
    let best = summary.best.as_ref().map_or(String::new(), |best| {
        format!("; best {} {:.4}, trial {}", summary.objective.metric, best.value, best.trial)
    });
    let saved = match summary.compute.share_saved {
        share if training.sweep.halving.is_some() => format!("; {:.0} % of the compute saved", 100.0 * share),
        _ => String::new(),
    };
    let open = if rows.iter().any(Row::is_open) { "; the same command tries the others again" } else { "" };
    format!("bert-sweep: {counts}{best}{saved}{open}; {}", training.common.out.display())
}
