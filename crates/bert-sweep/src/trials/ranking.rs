//! Ranking of trials by the objective: the mean of each over its seeds and folds.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use metrics::Sample;
use serde::Serialize;
use serde_json::Value;

use super::objective::Objective;
use super::row::{Row, Status};

/// One trial among the others.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct RankedTrial {
    pub(crate) trial: usize,
    pub(crate) arguments: BTreeMap<String, Value>,
    /// Of the run that is least far.
    pub(crate) status: Status,
    /// The objective over the seeds and folds that were evaluated.
    #[serde(rename = "figure")]
    pub(crate) metric: Option<Sample>,
    pub(crate) best_seed: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) best_fold: Option<u32>,
    pub(crate) worst_seed: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) worst_fold: Option<u32>,
    /// How many seeds its runs have.
    #[serde(skip)]
    pub(crate) n_seeds: usize,
    /// How many folds; 0 without cross-validation.
    #[serde(skip)]
    pub(crate) n_folds: usize,
    /// Of all runs together.
    pub(crate) steps: u64,
    /// Why it failed.
    pub(crate) reason: Option<String>,
    /// The mean of the objective, with its sign turned so that greater is better.
    #[serde(skip)]
    mean_score: Option<f64>,
}

/// All trials, the best first: those that are done before those that are not, and of equals the earlier.
pub(crate) fn rank(rows: &[Row], objective: &Objective) -> Vec<RankedTrial> {
    let mut by_trial: BTreeMap<usize, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        by_trial.entry(row.trial).or_default().push(row);
    }
    let mut ranking: Vec<RankedTrial> = by_trial.values().map(|rows| RankedTrial::new(rows, objective)).collect();
    ranking.sort_by(RankedTrial::order);
    ranking
}

/// The best trial that is done.
pub(crate) fn best_trial(ranking: &[RankedTrial]) -> Option<&RankedTrial> {
    ranking.first().filter(|best| best.score().is_some())
}

/// The run whose weights are kept: the best seed of the best trial. None of cross-validation is: it was trained
/// without a fold of train, and knows the texts of all others.
pub(crate) fn kept_row<'a>(ranking: &[RankedTrial], rows: &'a [Row]) -> Option<&'a Row> {
    let best = best_trial(ranking).filter(|best| best.n_folds == 0)?;
    rows.iter().find(|row| row.trial == best.trial && Some(row.seed) == best.best_seed)
}

/// The objective of the best trial: that of the run that is kept, else the mean over its folds.
pub(crate) fn best_value(ranking: &[RankedTrial], rows: &[Row], objective: &Objective) -> Option<f64> {
    match kept_row(ranking, rows) {
        Some(row) => objective.value(&row.metrics),
        None => best_trial(ranking)?.metric.map(|metric| metric.mean),
    }
}

impl RankedTrial {
    fn new(rows: &[&Row], objective: &Objective) -> Self {
        let evaluated = rows.iter().filter_map(|row| Some((*row, objective.value(&row.metrics)?)));
        let mut evaluated: Vec<(&Row, f64)> = evaluated.collect();
        let values: Vec<f64> = evaluated.iter().map(|(_, value)| *value).collect();
        let metric = Sample::new(&values);
        // A stable sort: of equal runs the first counts as the best.
        evaluated.sort_by(|left, right| objective.score(right.1).total_cmp(&objective.score(left.1)));
        let (best, worst) = (evaluated.first().map(|(row, _)| *row), evaluated.last().map(|(row, _)| *row));
        Self {
            trial: rows[0].trial,
            arguments: rows[0].arguments.clone(),
            status: rows.iter().map(|row| row.status).max().unwrap_or(Status::Unfinished),
            metric,
            best_seed: best.map(|row| row.seed),
            best_fold: best.and_then(|row| row.fold),
            worst_seed: worst.map(|row| row.seed),
            worst_fold: worst.and_then(|row| row.fold),
            n_seeds: rows.iter().map(|row| row.seed).collect::<BTreeSet<_>>().len(),
            n_folds: rows.iter().filter_map(|row| row.fold).collect::<BTreeSet<_>>().len(),
            steps: rows.iter().map(|row| row.steps).sum(),
            reason: rows.iter().find_map(|row| row.reason.clone()),
            mean_score: metric.map(|metric| objective.score(metric.mean)),
        }
    }

    /// The mean score over the seeds and folds, once all its runs are done: the greater the better.
    pub(crate) fn score(&self) -> Option<f64> {
        self.mean_score.filter(|_| self.status == Status::Done)
    }

    fn order(left: &Self, right: &Self) -> Ordering {
        let score = |trial: &Self| trial.mean_score.unwrap_or(f64::NEG_INFINITY);
        let by_score = || score(right).total_cmp(&score(left));
        left.status.cmp(&right.status).then_with(by_score).then(left.trial.cmp(&right.trial))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::args::Direction;
    use crate::trials::run_log::{Metrics, RunLog};

    /// A row with an accuracy.
    pub(crate) fn row(trial: usize, seed: i64, status: Status, accuracy: f64) -> Row {
        Row {
            trial,
            seed,
            fold: None,
            id: format!("{trial}-{seed}"),
            arguments: BTreeMap::from([("rate".to_owned(), Value::from(0.1 * trial as f64))]),
            status,
            metrics: Metrics::from([("accuracy".to_owned(), accuracy)]),
            best_step: Some(7),
            steps: 7,
            total_steps: Some(14),
            reason: (status == Status::Failed).then(|| "out of memory".to_owned()),
            sentences_trained: 1.0,
            sentences_planned: 2.0,
            log: RunLog::default(),
            can_retry: false,
        }
    }

    pub(crate) fn accuracy() -> Objective {
        Objective { metric: "accuracy".to_owned(), direction: Direction::Maximize }
    }

    #[test]
    fn the_mean_over_seeds_ranks_and_the_best_seed_is_kept() {
        let rows = [
            row(0, 42, Status::Done, 0.80),
            row(0, 1, Status::Done, 0.90),
            row(1, 42, Status::Done, 0.84),
            row(1, 1, Status::Done, 0.88),
            row(2, 42, Status::RuledOut, 0.95),
            row(2, 1, Status::RuledOut, 0.95),
            row(3, 42, Status::Done, 0.99),
            row(3, 1, Status::Failed, 0.5),
        ];
        let ranking = rank(&rows, &accuracy());
        assert_eq!(ranking.iter().map(|ranked| ranked.trial).collect::<Vec<_>>(), [1, 0, 2, 3]);
        assert_eq!(kept_row(&ranking, &rows).unwrap().id, "1-1");
        assert_eq!((ranking[1].best_seed, ranking[1].worst_seed), (Some(1), Some(42)));
        assert_eq!(ranking[3].reason.as_deref(), Some("out of memory"));
    }

    #[test]
    fn without_a_trial_that_is_done_there_is_no_best() {
        let rows = [row(0, 42, Status::Failed, 0.9), row(1, 42, Status::Unfinished, 0.9)];
        assert!(kept_row(&rank(&rows, &accuracy()), &rows).is_none());
    }
}
