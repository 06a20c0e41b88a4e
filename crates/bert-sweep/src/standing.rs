//! Trials by their rank: the figure of each over its seeds.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use metrics::Sample;
use serde::Serialize;
use serde_json::Value;

use crate::row::{Row, Status};
use crate::sweep::Objective;

/// One trial among the others.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Standing {
    pub(crate) trial: usize,
    pub(crate) arguments: BTreeMap<String, Value>,
    /// The least far of its runs.
    pub(crate) status: Status,
    /// The figure over its seeds, as far as they have one.
    pub(crate) figure: Option<Sample>,
    /// The seeds with the best and the worst figure.
    pub(crate) best_seed: Option<i64>,
    pub(crate) worst_seed: Option<i64>,
    /// Of the runs together.
    pub(crate) steps: u64,
    /// Why it failed.
    pub(crate) reason: Option<String>,
    #[serde(skip)]
    merit: Option<f64>,
}

/// Ranks trials: those that are done before those that are not, better before worse, and of equals the first.
pub(crate) fn standings(rows: &[Row], objective: &Objective) -> Vec<Standing> {
    let mut by_trial: BTreeMap<usize, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        by_trial.entry(row.trial).or_default().push(row);
    }
    let mut standings: Vec<Standing> = by_trial.values().map(|rows| Standing::of(rows, objective)).collect();
    standings.sort_by(Standing::order);
    standings
}

impl Standing {
    fn of(rows: &[&Row], objective: &Objective) -> Self {
        let of_seeds = rows.iter().filter_map(|row| Some((row.seed, objective.value(&row.figures)?)));
        let mut of_seeds: Vec<(i64, f64)> = of_seeds.collect();
        let values: Vec<f64> = of_seeds.iter().map(|(_, value)| *value).collect();
        let figure = Sample::new(&values);
        // A stable sort: of equal seeds the first counts as the best.
        of_seeds.sort_by(|left, right| objective.merit(right.1).total_cmp(&objective.merit(left.1)));
        Self {
            trial: rows[0].trial,
            arguments: rows[0].arguments.clone(),
            status: rows.iter().map(|row| row.status).max().unwrap_or(Status::Unfinished),
            figure,
            best_seed: of_seeds.first().map(|(seed, _)| *seed),
            worst_seed: of_seeds.last().map(|(seed, _)| *seed),
            steps: rows.iter().map(|row| row.steps).sum(),
            reason: rows.iter().find_map(|row| row.reason.clone()),
            merit: figure.map(|figure| objective.merit(figure.mean)),
        }
    }

    /// How good it is, once all its runs are done.
    pub(crate) fn merit(&self) -> Option<f64> {
        self.merit.filter(|_| self.status == Status::Done)
    }

    fn order(left: &Self, right: &Self) -> Ordering {
        let merit = |standing: &Self| standing.merit.unwrap_or(f64::NEG_INFINITY);
        let by_merit = || merit(right).total_cmp(&merit(left));
        left.status.cmp(&right.status).then_with(by_merit).then(left.trial.cmp(&right.trial))
    }
}

/// The run whose weights are kept: the best seed of the best trial that is done.
pub(crate) fn best_row<'a>(standings: &[Standing], rows: &'a [Row]) -> Option<&'a Row> {
    let best = standings.first().filter(|standing| standing.merit().is_some())?;
    rows.iter().find(|row| row.trial == best.trial && Some(row.seed) == best.best_seed)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::args::Direction;
    use crate::log::{Figures, RunLog};

    /// A row with an accuracy.
    pub(crate) fn row(trial: usize, seed: i64, status: Status, accuracy: f64) -> Row {
        Row {
            trial,
            seed,
            id: format!("{trial}-{seed}"),
            arguments: BTreeMap::from([("rate".to_owned(), Value::from(0.1 * trial as f64))]),
            status,
            figures: Figures::from([("accuracy".to_owned(), accuracy)]),
            best_step: Some(7),
            steps: 7,
            total_steps: Some(14),
            reason: (status == Status::Failed).then(|| "out of memory".to_owned()),
            compute: (1.0, 2.0),
            log: RunLog::default(),
            passing: false,
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
        let standings = standings(&rows, &accuracy());
        assert_eq!(standings.iter().map(|standing| standing.trial).collect::<Vec<_>>(), [1, 0, 2, 3]);
        assert_eq!(best_row(&standings, &rows).unwrap().id, "1-1");
        assert_eq!((standings[1].best_seed, standings[1].worst_seed), (Some(1), Some(42)));
        assert_eq!(standings[3].reason.as_deref(), Some("out of memory"));
    }

    #[test]
    fn without_a_trial_that_is_done_there_is_no_best() {
        let rows = [row(0, 42, Status::Failed, 0.9), row(1, 42, Status::Unfinished, 0.9)];
        assert!(best_row(&standings(&rows, &accuracy()), &rows).is_none());
    }
}
