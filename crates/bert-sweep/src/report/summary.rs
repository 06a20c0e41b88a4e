//! Summary of a sweep for programs, `summary.json`: the best trial, the ranking, the effects and the compute.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context;
use serde::Serialize;
use serde_json::{Map, Value};

use super::marginal_effects::{MarginalEffect, marginal_effects};
use crate::trials::objective::Objective;
use crate::trials::ranking::{RankedTrial, best_trial, best_value, kept_row};
use crate::trials::row::{Row, Status};

/// The file.
pub(crate) const SUMMARY: &str = "summary.json";

/// The content of `summary.json`.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    pub(crate) objective: Objective,
    /// With `--folds`: how many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) folds: Option<usize>,
    /// The number of trials by their status.
    pub(crate) trials: BTreeMap<Status, usize>,
    pub(crate) compute: Compute,
    pub(crate) best: Option<Best>,
    pub(crate) effects: Vec<MarginalEffect>,
    #[serde(rename = "standings")]
    pub(crate) ranking: Vec<RankedTrial>,
}

/// Training sentences, repeats counted: those of all steps of all trials, and those that were processed.
#[derive(Debug, Serialize)]
pub(crate) struct Compute {
    pub(crate) sentences_planned: f64,
    pub(crate) sentences_trained: f64,
    #[serde(rename = "share_saved")]
    pub(crate) fraction_saved: f64,
}

/// The best trial.
#[derive(Debug, Serialize)]
pub(crate) struct Best {
    pub(crate) trial: usize,
    /// The run whose weights are kept; none with `--folds`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    /// Its seed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seed: Option<i64>,
    /// The objective of that run; with `--folds` the mean.
    pub(crate) value: f64,
    pub(crate) arguments: BTreeMap<String, serde_json::Value>,
}

/// Trials by their status, the metric and the best trial, of a finished sweep.
pub(crate) fn figures(folder: &Path) -> anyhow::Result<Map<String, Value>> {
    let path = folder.join(SUMMARY);
    let read = || -> anyhow::Result<Value> { Ok(serde_json::from_slice(&fs::read(&path)?)?) };
    let summary = read().with_context(|| format!("cannot read {}", path.display()))?;
    let fields =
        [("trials", &summary["trials"]), ("metric", &summary["objective"]["metric"]), ("best", &summary["best"])];
    Ok(fields.into_iter().map(|(name, value)| (name.to_owned(), value.clone())).collect())
}

impl Summary {
    pub(crate) fn new(objective: &Objective, rows: &[Row], ranking: Vec<RankedTrial>) -> Self {
        let mut trials = BTreeMap::new();
        ranking.iter().for_each(|ranked| *trials.entry(ranked.status).or_default() += 1);
        let best = best_trial(&ranking).and_then(|best| {
            let kept = kept_row(&ranking, rows);
            Some(Best {
                trial: best.trial,
                id: kept.map(|row| row.id.clone()),
                seed: kept.map(|row| row.seed),
                value: best_value(&ranking, rows, objective)?,
                arguments: best.arguments.clone(),
            })
        });
        let effects = marginal_effects(&ranking);
        let folds = ranking.first().map(|first| first.n_folds).filter(|folds| *folds > 0);
        Self { objective: objective.clone(), folds, trials, compute: Compute::new(rows), best, effects, ranking }
    }
}

impl Compute {
    fn new(rows: &[Row]) -> Self {
        let sentences_trained: f64 = rows.iter().map(|row| row.sentences_trained).sum();
        let sentences_planned: f64 = rows.iter().map(|row| row.sentences_planned).sum();
        let fraction_saved = if sentences_planned > 0.0 { 1.0 - sentences_trained / sentences_planned } else { 0.0 };
        Self { sentences_planned, sentences_trained, fraction_saved }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::trials::ranking::rank;
    use crate::trials::ranking::tests::{accuracy, row};
    use crate::trials::row::json_lines;

    fn summary(rows: &[Row]) -> serde_json::Value {
        serde_json::to_value(Summary::new(&accuracy(), rows, rank(rows, &accuracy()))).unwrap()
    }

    #[test]
    fn without_folds_nothing_names_them() {
        let rows = [row(0, 42, Status::Done, 0.75)];
        assert_eq!(
            json_lines(&rows).unwrap(),
            "{\"trial\":0,\"seed\":42,\"id\":\"0-42\",\"arguments\":{\"rate\":0.0},\"status\":\"done\",\
             \"figures\":{\"accuracy\":0.75},\"best_step\":7,\"steps\":7,\"total_steps\":14,\"reason\":null}\n"
        );
        let summary = serde_json::to_string(&summary(&rows)).unwrap();
        assert!(!summary.contains("fold"), "{summary}");
        let best = r#""best":{"arguments":{"rate":0.0},"id":"0-42","seed":42,"trial":0,"value":0.75}"#;
        assert!(summary.contains(best), "{summary}");
    }

    #[test]
    fn with_folds_the_best_is_a_trial_and_its_mean() {
        let run = |trial, fold, value| Row { fold: Some(fold), ..row(trial, 42, Status::Done, value) };
        let rows = [run(0, 1, 0.875), run(0, 2, 0.25), run(1, 1, 0.5), run(1, 2, 0.75)];
        assert!(json_lines(&rows).unwrap().starts_with("{\"trial\":0,\"seed\":42,\"fold\":1,\"id\":\"0-42\","));
        let summary = summary(&rows);
        assert_eq!(summary["folds"], 2);
        assert_eq!(summary["best"], json!({"trial": 1, "value": 0.625, "arguments": {"rate": 0.1}}));
        let standing = &summary["standings"][1];
        assert_eq!((&standing["best_fold"], &standing["worst_fold"]), (&json!(1), &json!(2)));
    }
}
