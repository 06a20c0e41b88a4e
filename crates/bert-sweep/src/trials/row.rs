//! Trial table, `trials.jsonl`: a line for each trial, seed and fold, in the order of the trials.
//!
//! | field | |
//! |---|---|
//! | `trial`, `seed`, `id` | which run it is; its folder is `trials/<id>` |
//! | `fold` | with `--folds`: the fold that the run was trained without and evaluated on, from 1 on |
//! | `arguments` | the values of the searched arguments |
//! | `status` | `done`; `ruled_out` at a rung; `failed`; `unfinished` |
//! | `figures`, `best_step` | validation metrics of the best checkpoint, and its step |
//! | `steps`, `total_steps` | optimizer steps done, and planned |
//! | `reason` | of a failure |
//!
//! Every line is read from the run's own folder, and holds no time: the table of a sweep that was killed and resumed is
//! byte for byte that of an undisturbed one.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::run_log::{Metrics, RunLog};
use super::trial::{Run, Trial};
use super::values::json;

/// Exit codes that the settings caused: bad input, and a number that is not finite. All others, such as after a signal,
/// may not come again, and the table is not complete before the trial ran again.
const PERMANENT_EXIT_CODES: [i32; 2] = [2, 3];

/// One line of the table.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    pub(crate) trial: usize,
    pub(crate) seed: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fold: Option<u32>,
    pub(crate) id: String,
    pub(crate) arguments: BTreeMap<String, Value>,
    pub(crate) status: Status,
    #[serde(rename = "figures")]
    pub(crate) metrics: Metrics,
    pub(crate) best_step: Option<u64>,
    pub(crate) steps: u64,
    pub(crate) total_steps: Option<u64>,
    pub(crate) reason: Option<String>,
    /// Training sentences processed so far, repeats counted.
    #[serde(skip)]
    pub(crate) sentences_trained: f64,
    /// Training sentences of all steps, repeats counted.
    #[serde(skip)]
    pub(crate) sentences_planned: f64,
    #[serde(skip)]
    pub(crate) log: RunLog,
    /// Whether the failure may not come again.
    #[serde(skip)]
    pub(crate) can_retry: bool,
}

/// How far a run is, from the most to the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// All its steps.
    Done,
    /// Up to a rung of successive halving, and not among the best there.
    RuledOut,
    /// It ended with an error.
    Failed,
    /// Not begun, or not at its end.
    Unfinished,
}

impl Row {
    /// What the run's folder says now.
    pub(crate) fn read(trial: &Trial, run: &Run) -> anyhow::Result<Self> {
        let log = run.folder.log()?;
        let failure = run.folder.failure();
        // A trial that is ruled out counts up to its rung, even if an earlier sweep has trained it further.
        let rung =
            trial.ruled_out_at.and_then(|rung| Some(run.plan.as_ref()?.rung(rung))).filter(|rung| log.reached(*rung));
        let status = match rung {
            Some(_) => Status::RuledOut,
            None if log.ended => Status::Done,
            None if failure.is_some() => Status::Failed,
            None => Status::Unfinished,
        };
        let steps = rung.unwrap_or(log.steps).min(log.steps);
        let best = log.best_up_to(steps);
        let is_permanent = |code: Option<i32>| code.is_some_and(|code| PERMANENT_EXIT_CODES.contains(&code));
        Ok(Self {
            trial: trial.number,
            seed: run.seed,
            fold: run.fold,
            id: run.id.clone(),
            arguments: trial.arguments.iter().map(|(name, value)| (name.clone(), json(value))).collect(),
            status,
            metrics: best.map(|best| best.metrics.clone()).unwrap_or_default(),
            best_step: best.map(|best| best.step),
            steps,
            total_steps: run.plan.as_ref().map(|plan| plan.total_steps),
            can_retry: failure.as_ref().is_some_and(|failure| !is_permanent(failure.code)),
            reason: failure.filter(|_| status == Status::Failed).map(|failure| failure.reason),
            sentences_trained: run.plan.as_ref().map_or(0.0, |plan| plan.sentences(steps)),
            sentences_planned: run.plan.as_ref().map_or(0.0, |plan| plan.sentences(plan.total_steps)),
            log,
        })
    }

    /// Whether the table is not complete before this run is trained, further or again. One that its settings made fail is trained
    /// again only where the same command goes on for the sake of others, since a full disk has that exit code, too.
    pub(crate) fn is_open(&self) -> bool {
        self.status == Status::Unfinished || (self.status == Status::Failed && self.can_retry)
    }
}

/// The whole table as JSON lines.
pub(crate) fn json_lines(rows: &[Row]) -> anyhow::Result<String> {
    let lines = rows.iter().map(|row| Ok(serde_json::to_string(row)? + "\n"));
    lines.collect()
}
