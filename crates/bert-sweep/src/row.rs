//! The table of trials, `trials.jsonl`: a line for each trial and seed, in the order of the trials.
//!
//! | field | |
//! |---|---|
//! | `trial`, `seed`, `id` | which run it is; its folder is `trials/<id>` |
//! | `arguments` | the values of what is searched |
//! | `status` | `done`; `ruled_out` at a rung; `failed`; `unfinished` |
//! | `figures`, `best_step` | of the validation split, at the checkpoint that was kept |
//! | `steps`, `total_steps` | done, and planned |
//! | `reason` | of a failure |
//!
//! Every line is read from the run's own folder, and holds no time: the table of a sweep that was killed and went on is
//! byte for byte that of an undisturbed one.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::log::{Figures, RunLog};
use crate::trial::{Run, Trial};

/// One line of the table.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    pub(crate) trial: usize,
    pub(crate) seed: i64,
    pub(crate) id: String,
    pub(crate) arguments: BTreeMap<String, Value>,
    pub(crate) status: Status,
    pub(crate) figures: Figures,
    pub(crate) best_step: Option<u64>,
    pub(crate) steps: u64,
    pub(crate) total_steps: Option<u64>,
    pub(crate) reason: Option<String>,
    /// Sentences trained and planned, repeats counted.
    #[serde(skip)]
    pub(crate) compute: (f64, f64),
    #[serde(skip)]
    pub(crate) log: RunLog,
    /// A failure that another try may not meet.
    #[serde(skip)]
    pub(crate) passing: bool,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// All its steps.
    Done,
    /// Up to a rung, and not among the best there.
    RuledOut,
    /// It ended with an error.
    Failed,
    /// Not begun, or not at its end.
    Unfinished,
}

impl Row {
    /// What the run's folder says now.
    pub(crate) fn read(trial: &Trial, run: &Run) -> anyhow::Result<Self> {
        let log = run.log()?;
        let failure = run.failure();
        // A trial that is ruled out counts up to its rung, whatever an earlier sweep of the folder made of it.
        let rung = trial.ruled_out.and_then(|share| Some(run.length?.rung(share))).filter(|rung| log.reached(*rung));
        let status = match rung {
            Some(_) => Status::RuledOut,
            None if log.ended => Status::Done,
            None if failure.is_some() => Status::Failed,
            None => Status::Unfinished,
        };
        let steps = rung.unwrap_or(log.steps).min(log.steps);
        let kept = log.kept(steps);
        let compute =
            run.length.map_or((0.0, 0.0), |length| (length.sentences(steps), length.sentences(length.total_steps)));
        Ok(Self {
            trial: trial.number,
            seed: run.seed,
            id: run.id.clone(),
            arguments: trial.arguments.iter().map(|(name, value)| (name.clone(), json(value))).collect(),
            status,
            figures: kept.map(|kept| kept.figures.clone()).unwrap_or_default(),
            best_step: kept.map(|kept| kept.step),
            steps,
            total_steps: run.length.map(|length| length.total_steps),
            passing: failure.as_ref().is_some_and(|failure| !SETTLED.contains(&failure.code)),
            reason: failure.filter(|_| status == Status::Failed).map(|failure| failure.reason),
            compute,
            log,
        })
    }

    /// Whether the same command has something left to try here.
    pub(crate) fn is_open(&self) -> bool {
        self.status == Status::Unfinished || (self.status == Status::Failed && self.passing)
    }
}

/// Exit codes that belong to the settings: bad input, and a number that is not finite. All others, such as a signal,
/// belong to the moment, and the next sweep tries again.
const SETTLED: [Option<i32>; 2] = [Some(2), Some(3)];

/// The whole table as JSON lines.
pub(crate) fn json_lines(rows: &[Row]) -> anyhow::Result<String> {
    let lines = rows.iter().map(|row| Ok(serde_json::to_string(row)? + "\n"));
    lines.collect()
}

fn json(value: &toml::Value) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}
